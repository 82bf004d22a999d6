"""The desk page: one dataclass, filled from a triage, read by one template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from knowledge.models import Resource
from service.cases.words import REJECTED
from service.page.groups import Grouped, group_units, one_list, units_of
from service.page.hours import Hours, hours_of
from service.page.marks import Segment, first_marks, mark_note
from service.present import ROUTES, VERDICTS, badges_of, checked_text, refusal_lines
from service.records.reports import REASONS
from service.triage.answers import Answers
from service.triage.models import Suggestion, Triage

_NOTHING = Grouped((), ())
_DUTIES = {"義務": "must", "義務／努力義務": "must", "努力義務": "should", "できる": "may"}
_WORDS_OF_VALUE = {True: "yes", False: "no", None: "unknown"}


@dataclass(frozen=True, slots=True)
class Offers:
    """What the desk can do with an answer, by the store and the viewer's rights.

    ``reports_to`` is the code of the town that is told when a suggestion came to nothing;
    without one the cards have no form for it.
    """

    reports_to: str = ""
    may_keep: bool = False
    may_see_cases: bool = False


@dataclass(frozen=True, slots=True)
class Picked:
    """What the form said beside the note, shown again as it was.

    ``set_aside`` are answers given to another note than this one.
    """

    chosen: frozenset[str] = frozenset()
    rejected: Mapping[str, str] = field(default_factory=dict)
    answers: Answers = field(default_factory=dict)
    set_aside: Answers = field(default_factory=dict)
    view: str = "problems"
    notices: tuple[str, ...] = ()
    digest: str = ""


@dataclass(frozen=True, slots=True)
class DeskPage:
    """Everything the template may use."""

    note: str = ""
    error: str = ""
    answer: Triage | None = None
    segments: tuple[Segment, ...] = ()
    first_marks: Mapping[str, str] = field(default_factory=dict)
    grouped: Grouped = _NOTHING
    route_text: str = ""
    hours: Mapping[str, Hours] = field(default_factory=dict)
    offers: Offers = Offers()
    picked: Picked = Picked()
    shown_at: str = ""
    verdicts = VERDICTS
    reasons = REASONS
    rejections = REJECTED
    badges_of = staticmethod(badges_of)
    checked_text = staticmethod(checked_text)
    refusal_lines = staticmethod(refusal_lines)

    @property
    def count_words(self) -> str:
        """What a screen reader says when the answer comes."""
        if self.error or self.answer is None:
            return self.error
        words = f"候補 {len(self.answer.suggestions)} 件、緊急 {len(self.answer.red_flags)} 件"
        if self.answer.answered:
            words += f"。{self.answer.changes[0] if self.answer.changes else '並びは変わりません'}"
        return words

    @property
    def gap_categories(self) -> tuple[str, ...]:
        """The categories that the troubles called for, the strongest of each."""
        found = self.answer.problems if self.answer else ()
        return tuple(dict.fromkeys(p.categories[0] for p in found if p.categories))

    @staticmethod
    def key_of(card: Suggestion) -> str:
        """Return what the form calls the card."""
        return f"{card.kind}:{card.service_id}"

    @staticmethod
    def duty_class(duty: str) -> str:
        """Return the look of a duty's badge."""
        return f"duty-{_DUTIES.get(duty, 'info')}"

    @staticmethod
    def value_of(value: bool | int | None) -> str:
        """Return an answer as the form says it."""
        if value is None or isinstance(value, bool):
            return _WORDS_OF_VALUE[value]
        return str(value)


def answer_page(
    note: str,
    answer: Triage,
    resources: Mapping[str, Resource],
    windows: Mapping[str, str],
    now: datetime,
    offers: Offers = Offers(),
    picked: Picked = Picked(),
) -> DeskPage:
    """Return the page for an answered note; ``windows`` maps categories to resource ids."""
    units = units_of(answer.suggestions, answer.problems)
    segments = mark_note(note, answer)
    is_ranked = picked.view == "ranked"
    return DeskPage(
        note=note,
        answer=answer,
        segments=segments,
        first_marks=first_marks(segments),
        grouped=one_list(units) if is_ranked else group_units(units, answer.problems),
        route_text=ROUTES[answer.route],
        hours={
            DeskPage.key_of(s): hours_of(
                resources.get(windows.get(s.category, "") if s.kind == "service" else s.service_id),
                now,
            )
            for s in answer.suggestions
        },
        offers=offers,
        picked=picked,
        shown_at=f"{now:%H:%M}".removeprefix("0"),
    )
