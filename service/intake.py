"""From an answered note to what the desk keeps of it: masked words, and no others.

Everything that was taken from the note passes through ``Masked``.  What the towns' own records
say (names, phones, hours) is kept as it is: it is nobody's secret and the case needs it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from service.cases.models import (
    MAX_TEXT,
    Answered,
    FlagSeen,
    NewCase,
    ProblemRead,
    Rejected,
    Shown,
    Target,
)
from service.cases.words import AgeGroup, Channel, Consent, FlagDecision, RejectedReason
from service.errors import BadInput
from service.triage.masking import Masked
from service.triage.models import Person, Problem, RedFlag, Span, Suggestion, Triage

_SELF = "本人"
_QUOTED = re.compile(r"「([^「」]*)」")
# As the reasons quote the note, see service.triage.explain.
_QUOTE_CHARS = 40
_NAME_CHARS = 200
_AGES: tuple[tuple[int, int, AgeGroup], ...] = (
    (0, 5, "0-5"),
    (6, 17, "6-17"),
    (18, 39, "18-39"),
    (40, 64, "40-64"),
    (65, 74, "65-74"),
    (75, 200, "75+"),
)


@dataclass(frozen=True, slots=True)
class FlagChoice:
    """What the desk decided about a red flag that it was shown."""

    decision: FlagDecision = "undecided"
    memo: str = ""


@dataclass(frozen=True, slots=True)
class IntakeForm:
    """What the desk says beside the note; every text of it is masked already.

    ``chosen``, ``rejected`` and ``flags`` go by the suggestion's key (``service:…``,
    ``resource:…``) and the flag's code.
    """

    by: str
    at: datetime
    channel: Channel = "visit"
    age_group: AgeGroup = "unknown"
    district: str = ""
    consent: Consent = "unknown"
    consent_memo: str = ""
    memo: str = ""
    next_on: date | None = None
    chosen: Mapping[str, str] = field(default_factory=dict)
    rejected: Mapping[str, RejectedReason] = field(default_factory=dict)
    own: tuple[tuple[Target, str], ...] = ()
    flags: Mapping[str, FlagChoice] = field(default_factory=dict)


def new_case_of(found: Triage, masked: Masked, form: IntakeForm) -> NewCase:
    """Return the case to open.  Raises :class:`BadInput` when the masked text is too long."""
    if len(masked.text) > MAX_TEXT:
        raise BadInput(
            f"名前などを置き換えた文が長すぎます（{len(masked.text):,}文字）。"
            f"{MAX_TEXT:,}文字以内になるように、相談記録を短くしてください。"
        )
    clean = cleaner(masked)
    targets = {key_of(s): target_of(s) for s in found.suggestions}
    chosen = tuple((targets[key], why) for key, why in form.chosen.items() if key in targets)
    return NewCase(
        channel=form.channel,
        text=masked.text,
        people=tuple(dict.fromkeys(clean(person_words(p), (p.span,)) for p in found.people)),
        age_group=form.age_group,
        district=form.district,
        route=found.route,
        problems=tuple(_problem(problem, masked) for problem in found.problems),
        uncovered=found.uncovered,
        answers=tuple(
            Answered(fact=said.fact, question=said.question, answer=said.words)
            for said in found.answered
        ),
        flags=tuple(_flag(f, form, masked) for f in found.red_flags),
        shown=tuple(_shown(s, clean) for s in found.suggestions),
        chosen=(*chosen, *form.own),
        rejected=tuple(
            Rejected(target=targets[key], reason=reason)
            for key, reason in form.rejected.items()
            if key in targets and key not in form.chosen
        ),
        consent=form.consent,
        consent_memo=form.consent_memo,
        memo=form.memo,
        next_on=form.next_on,
        model=dict(found.model),
    )


def key_of(suggestion: Suggestion) -> str:
    """Return what tells a suggestion from the others of one answer, as :attr:`Target.key`."""
    return f"{suggestion.kind}:{suggestion.service_id}"


def target_of(suggestion: Suggestion) -> Target:
    """Return whom a suggestion names, as it is known today."""
    contact = suggestion.contact
    return Target(
        kind=suggestion.kind,
        category=suggestion.category,
        category_label=suggestion.category_label,
        service_id=suggestion.service_id,
        record_id=suggestion.record_id,
        name=suggestion.name[:_NAME_CHARS],
        window=contact.window,
        phone=contact.phone,
        hours=contact.hours,
        address=contact.address,
        provides=suggestion.provides,
        first_step=suggestion.next_step,
        bring=suggestion.bring,
        cost=suggestion.cost,
        consent=suggestion.consent,
    )


def age_group_of(people: tuple[Person, ...]) -> AgeGroup:
    """Return the age group of the person consulted about; "unknown" unless one group holds it."""
    ages = [(p.age_min, p.age_max) for p in people if p.role == _SELF]
    for low, high in ages[:1]:
        if low is None or high is None:
            return "unknown"
        return next((name for a, b, name in _AGES if a <= low and high <= b), "unknown")
    return "unknown"


def person_words(person: Person) -> str:
    """Return role and age without the words of a birth date."""
    if person.age_min is None:
        return person.role
    if person.age_min == person.age_max:
        return f"{person.role}（{person.age_min}歳）"
    return person.label


def cleaner(masked: Masked) -> Callable[[str, tuple[Span, ...]], str]:
    """Return what masks a sentence that the desk composed and that quotes ``evidence``.

    A quote may be cut in the middle of a name, so it is found by its span, not by its words;
    what remains of the note in 「」 and is not in the masked text is left out.
    """
    plain = _flat(masked.text)

    def clean(text: str, evidence: tuple[Span, ...]) -> str:
        for span in evidence:
            text = text.replace(_quote(span.text), _quote(_of(masked, span)))
        for found in sorted(masked.found, key=lambda f: -len(f.text)):
            # One character (林) stands in too many other words; its quotes are done above.
            if len(found.text) > 1:
                text = text.replace(_flat(found.text), found.replacement)
        cut = tuple(_flat(found.text) for found in masked.found)

        def kept(match: re.Match[str]) -> str:
            words = match[1].rstrip("…")
            half = match[1].endswith("…") and any(_ends_within(words, name) for name in cut)
            return "「…」" if half and words not in plain else match[0]

        return _QUOTED.sub(kept, text)

    return clean


def _ends_within(words: str, name: str) -> bool:
    """Tell whether the words end with the beginning of a name."""
    return any(words.endswith(name[:n]) for n in range(1, len(name)))


def _problem(problem: Problem, masked: Masked) -> ProblemRead:
    return ProblemRead(
        code=problem.code,
        label=problem.label,
        person=problem.person,
        quote=_of(masked, problem.evidence[0]),
        categories=problem.categories,
    )


def _flag(flag: RedFlag, form: IntakeForm, masked: Masked) -> FlagSeen:
    choice = form.flags.get(flag.code, FlagChoice())
    is_decided = choice.decision != "undecided"
    return FlagSeen(
        code=flag.code,
        label=flag.label,
        duty=flag.duty,
        article=flag.article,
        recipient=flag.recipient,
        phone=flag.phone,
        first_response=flag.first_response,
        quotes=tuple(dict.fromkeys(_of(masked, span) for span in flag.evidence)),
        source=flag.source,
        shown_at=form.at,
        decision=choice.decision,
        decided_at=form.at if is_decided else None,
        decided_by=form.by if is_decided else None,
        memo=choice.memo,
    )


def _shown(s: Suggestion, clean: Callable[[str, tuple[Span, ...]], str]) -> Shown:
    return Shown(
        rank=s.rank,
        target=target_of(s),
        score=s.score,
        reason=clean(s.reason, s.evidence),
        eligibility=s.eligibility.verdict,
        eligibility_text=tuple(clean(text, ()) for text in s.eligibility.text),
        verified_on=s.verified_on,
    )


def _of(masked: Masked, span: Span) -> str:
    return masked.of(span.start, span.end)


def _flat(text: str) -> str:
    return " ".join(text.split())


def _quote(text: str) -> str:
    flat = _flat(text).strip("「」")
    return f"「{flat[:_QUOTE_CHARS]}{'…' if len(flat) > _QUOTE_CHARS else ''}」"
