"""Step 7, what to ask next: first what decides a law, then what would change the list most."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from knowledge.models import FactDefinition
from service.triage.models import AnswerKind, Eligibility, Question, RedFlag, Route
from service.triage.what_if import Outcome

MOST = 6
# The part of the list that a question must touch to be worth asking.
LOOKED_AT = 8
_EFFECTS_PER_ANSWER = 2
# Facts whose answers are tried: more would cost milliseconds and would not be asked.
_MOST_TRIED = 5
_OPENING_QUESTIONS = (
    "いちばん困っていること、今日どうしたいかを、そのままの言葉で聞かせてください",
    "困りごとがあるのは誰ですか（ご本人・家族・近所の人）。年齢と、一緒に暮らす人を教えてください",
    "いつからですか。今日、明日に危ないこと（食べ物・住まい・体調・暴力）はありませんか",
)
_SETTLED = {"fits": "の対象に合います", "does_not_fit": "は対象外です"}


def questions_to_ask(
    red_flags: Sequence[RedFlag],
    order: Sequence[str],
    verdicts: Mapping[str, Eligibility],
    outcomes: Mapping[str, Sequence[Outcome]],
    facts: Sequence[FactDefinition],
    names: Mapping[str, tuple[str, str]],
    route: Route,
) -> tuple[Question, ...]:
    """Return at most :data:`MOST` questions, the most deciding first.

    ``order`` and ``verdicts`` are the list as it stands, ``outcomes`` what each answer to
    a fact would make of it, ``names`` the id and the name of each category's service.
    """
    urgent = [Question(flag.ask, "", (flag.code,), ()) for flag in red_flags if flag.ask]
    opening = []
    if route in ("insufficient", "none"):
        opening = [Question(text, "", (), ()) for text in _OPENING_QUESTIONS]
    weight = {code: _weight(order, verdicts, found) for code, found in outcomes.items()}
    known = {fact.code: fact for fact in facts}
    open_facts = [
        Question(
            known[code].question,
            code,
            tuple(names[c][0] for c in _touched(order, verdicts, outcomes[code])),
            tuple(
                effect
                for outcome in outcomes[code]
                if (effect := _effect(order, verdicts, outcome, names))
            ),
            kind_of(known[code]),
            known[code].label,
        )
        for code in sorted(weight, key=lambda code: (-weight[code], code))
        if weight[code] > 0
    ]
    return tuple((urgent + opening + open_facts)[:MOST])


def kind_of(fact: FactDefinition) -> AnswerKind:
    """Return how the fact is answered on a screen."""
    if fact.code == "age":
        return "age"
    return "bool" if fact.kind == "bool" else "number"


def open_facts_of(
    order: Sequence[str], verdicts: Mapping[str, Eligibility], answered: Collection[str] = ()
) -> tuple[str, ...]:
    """Return the facts that leave the verdict on a service near the top open, best first.

    What was ``answered`` is not asked a second time, known or not.
    """
    facts = [
        fact
        for code in order[:LOOKED_AT]
        if code in verdicts and verdicts[code].verdict == "unknown"
        for fact in verdicts[code].deciding_facts
        if fact not in answered
    ]
    return tuple(dict.fromkeys(facts))[:_MOST_TRIED]


def _weight(
    order: Sequence[str], verdicts: Mapping[str, Eligibility], outcomes: Sequence[Outcome]
) -> float:
    """Return how much the answers would move and settle, on average; 1/rank near the top."""
    total = 0.0
    for outcome in outcomes:
        for code in {*order[:LOOKED_AT], *outcome.order[:LOOKED_AT]}:
            before, after = order.index(code) + 1, outcome.order.index(code) + 1
            settled = _newly_settled(code, verdicts, outcome)
            total += abs(1 / before - 1 / after) + 0.5 * settled / min(before, after)
    return total / max(1, len(outcomes))


def _newly_settled(code: str, verdicts: Mapping[str, Eligibility], outcome: Outcome) -> bool:
    if code not in verdicts:
        return False
    after = outcome.verdicts[code].verdict
    return after != "unknown" and after != verdicts[code].verdict


def _touched(
    order: Sequence[str], verdicts: Mapping[str, Eligibility], outcomes: Sequence[Outcome]
) -> list[str]:
    return [
        code
        for code in order[:LOOKED_AT]
        if any(_newly_settled(code, verdicts, outcome) for outcome in outcomes)
    ]


def _effect(
    order: Sequence[str],
    verdicts: Mapping[str, Eligibility],
    outcome: Outcome,
    names: Mapping[str, tuple[str, str]],
) -> str:
    """Say what an answer would do: 「賃貸に住んでいる」→「住居確保給付金」の対象に合います."""
    parts = []
    for code in order[:LOOKED_AT]:
        if _newly_settled(code, verdicts, outcome):
            parts.append(f"「{names[code][1]}」{_SETTLED[outcome.verdicts[code].verdict]}")
    for code in outcome.order[:LOOKED_AT]:
        if code not in order[:LOOKED_AT]:
            place = outcome.order.index(code) + 1
            parts.append(f"「{names[code][1]}」が{place}番目に上がります")
    return f"「{outcome.answer}」→ " + "、".join(parts[:_EFFECTS_PER_ANSWER]) if parts else ""
