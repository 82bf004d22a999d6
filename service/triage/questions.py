"""Step 7, what to ask next: first what decides a law, then what decides the top of the list."""

from __future__ import annotations

from collections.abc import Sequence

from knowledge.models import FactDefinition
from service.triage.models import Question, RedFlag, Route, Suggestion

MOST = 6
_OPENING_QUESTIONS = (
    "いちばん困っていること、今日どうしたいかを、そのままの言葉で聞かせてください",
    "困りごとがあるのは誰ですか（ご本人・家族・近所の人）。年齢と、一緒に暮らす人を教えてください",
    "いつからですか。今日、明日に危ないこと（食べ物・住まい・体調・暴力）はありませんか",
)


def questions_to_ask(
    red_flags: Sequence[RedFlag],
    suggestions: Sequence[Suggestion],
    facts: Sequence[FactDefinition],
    route: Route,
) -> tuple[Question, ...]:
    """Return at most :data:`MOST` questions, the most deciding first.

    A question's weight is the sum of 1/rank over the suggestions it decides.
    """
    urgent = [Question(flag.ask, "", (flag.code,)) for flag in red_flags if flag.ask]
    opening = []
    if route in ("insufficient", "none"):
        opening = [Question(text, "", ()) for text in _OPENING_QUESTIONS]
    weights: dict[str, float] = {}
    decides: dict[str, list[str]] = {}
    for suggestion in suggestions:
        if suggestion.eligibility.verdict != "unknown":
            continue
        for code in suggestion.eligibility.deciding_facts:
            weights[code] = weights.get(code, 0.0) + 1 / suggestion.rank
            decides.setdefault(code, []).append(suggestion.service_id)
    wording = {fact.code: fact.question for fact in facts}
    order = sorted(weights, key=lambda code: (-weights[code], code))
    open_facts = [Question(wording[code], code, tuple(decides[code])) for code in order]
    return tuple((urgent + opening + open_facts)[:MOST])
