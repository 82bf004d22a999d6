"""What the desk page shows: one dataclass, filled from a triage, read by one template."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from knowledge.models import OpeningHours, Resource
from service.present import ROUTES, VERDICTS, badges_of, checked_text, refusal_lines
from service.records.reports import REASONS
from service.triage.models import Span, Suggestion, Triage

SHOWN_AT_FIRST = 5


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of the note; ``mark`` is '', 'flag', 'problem' or 'denied'; ``label`` says why."""

    text: str
    mark: str
    label: str


@dataclass(frozen=True, slots=True)
class Group:
    """A category's service card with the local resources beside it."""

    service: Suggestion
    resources: tuple[Suggestion, ...]


@dataclass(frozen=True, slots=True)
class DeskPage:
    """Everything the template may use.

    ``reports_to`` is the code of the town that is told when a suggestion came to nothing;
    without one the cards have no form for it.
    """

    note: str = ""
    error: str = ""
    answer: Triage | None = None
    segments: tuple[Segment, ...] = ()
    groups: tuple[Group, ...] = ()
    more: tuple[Group, ...] = ()
    route_text: str = ""
    open_now: dict[str, str] | None = None
    reports_to: str = ""
    verdicts = VERDICTS
    reasons = REASONS
    badges_of = staticmethod(badges_of)
    checked_text = staticmethod(checked_text)
    refusal_lines = staticmethod(refusal_lines)


def answer_page(
    note: str,
    answer: Triage,
    resources: dict[str, Resource],
    windows: dict[str, str],
    now: datetime,
    reports_to: str = "",
) -> DeskPage:
    """Return the page for an answered note; ``windows`` maps categories to resource ids."""
    groups = _groups(answer.suggestions)
    return DeskPage(
        note=note,
        answer=answer,
        segments=mark_note(note, answer),
        groups=groups[:SHOWN_AT_FIRST],
        more=groups[SHOWN_AT_FIRST:],
        route_text=ROUTES[answer.route],
        open_now={
            s.service_id: _open_now(resources.get(windows.get(s.category, "")), now)
            if s.kind == "service"
            else _open_now(resources.get(s.service_id), now)
            for s in answer.suggestions
        },
        reports_to=reports_to,
    )


def mark_note(note: str, answer: Triage) -> tuple[Segment, ...]:
    """Cut the note into stretches, each marked with the strongest thing read there."""
    marks: list[tuple[int, Span, str, str]] = []
    marks += [(3, s, "flag", f.label) for f in answer.red_flags for s in f.evidence]
    marks += [(2, s, "problem", p.label) for p in answer.problems for s in p.evidence]
    marks += [(1, d.evidence, "denied", f"{d.label}（否定・過去・他の人）") for d in answer.denied]
    strongest: list[tuple[int, str, str]] = [(0, "", "")] * len(note)
    for strength, span, mark, label in marks:
        for i in range(span.start, min(span.end, len(note))):
            if strength > strongest[i][0]:
                strongest[i] = (strength, mark, label)
    segments: list[Segment] = []
    start = 0
    for i in range(1, len(note) + 1):
        if i == len(note) or strongest[i] != strongest[start]:
            _, mark, label = strongest[start]
            segments.append(Segment(note[start:i], mark, label))
            start = i
    return tuple(segments)


def _groups(suggestions: tuple[Suggestion, ...]) -> tuple[Group, ...]:
    groups: list[Group] = []
    for suggestion in suggestions:
        if suggestion.kind == "service":
            groups.append(Group(suggestion, ()))
        else:
            last = groups[-1]
            groups[-1] = Group(last.service, (*last.resources, suggestion))
    return tuple(groups)


def _open_now(resource: Resource | None, now: datetime) -> str:
    """Return 受付中 / 時間外 by the machine-readable hours, '' when they are not known."""
    if resource is None or not resource.opening:
        return ""
    return "いま受付時間内" if any(_is_open(p, now) for p in resource.opening) else "いまは時間外"


def _is_open(period: OpeningHours, now: datetime) -> bool:
    return now.weekday() in period.days and period.opens <= f"{now:%H:%M}" < period.closes
