"""Step 5, rank: one list in which every trouble read finds its help.

Sector services and the town's own resources stand side by side: each category gives its
service (with the window that this town uses for it) and the local resources that suit
the note.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from knowledge.freshness import is_stale
from knowledge.models import Contact, Knowledge, Resource, Service
from service.triage.eligibility import check_eligibility
from service.triage.explain import Reason
from service.triage.models import (
    Assessment,
    ContactCard,
    Eligibility,
    Reading,
    Route,
    Suggestion,
)
from service.triage.route import INSUFFICIENT, OTHER_DEPARTMENT

Array = NDArray[np.float32]
# A service that the law closes to this household sinks, but is still shown if it ranks.
_NOT_ELIGIBLE = 0.3
# The two 'no welfare' categories are a route rather than a help.  Where the route is another
# they stand a little below their score: a close call between a help and an errand for
# another section shows both.
_NOT_THE_ROUTE = 0.7
# Within this many places every trouble must find at least one of its categories.
_COVERED_WITHIN = 8
_RESOURCES_PER_CATEGORY = 2
_RESOURCE_PENALTY = {"open": 0.0, "reservation": 0.0, "full": 0.15, "suspended": 0.3}
_STALE_PENALTY = 0.1


@dataclass(frozen=True, slots=True)
class Scored:
    """A category with its score (when ordering) or its chance of being right (on a card)."""

    code: str
    score: float


def order_categories(
    codes: Sequence[str],
    scores: Array,
    route: Route,
    assessment: Assessment,
    closed: frozenset[str],
) -> tuple[Scored, ...]:
    """Return all categories, best first; ``closed`` are those the household cannot use."""
    adjusted = {
        code: float(score) * (_NOT_ELIGIBLE if code in closed else 1.0)
        for code, score in zip(codes, scores, strict=True)
    }
    first = {"other_department": OTHER_DEPARTMENT, "insufficient": INSUFFICIENT}.get(route)
    for code in (OTHER_DEPARTMENT, INSUFFICIENT):
        if code != first:
            adjusted[code] *= _NOT_THE_ROUTE
    if first:
        adjusted[first] = max(adjusted.values())
    order = sorted(adjusted, key=lambda code: (code != first, -adjusted[code], code))
    return tuple(Scored(code, adjusted[code]) for code in _cover(order, assessment))


def _cover(order: list[str], assessment: Assessment) -> list[str]:
    """Lift, for each trouble left out of the first places, its best category into them."""
    lifted: list[str] = []
    head = order[:_COVERED_WITHIN]
    for problem in assessment.problems:
        if problem.weight < 1 or any(c in head + lifted for c in problem.categories):
            continue
        lifted.append(min(problem.categories, key=order.index))
    lifted = list(dict.fromkeys(lifted))[:2]
    kept = [code for code in order if code not in lifted]
    place = _COVERED_WITHIN - len(lifted)
    return kept[:place] + lifted + kept[place:]


def service_card(
    scored: Scored,
    service: Service,
    eligibility: Eligibility,
    reason: Reason,
    knowledge: Knowledge,
    today: date,
) -> Suggestion:
    """Return the card of a sector service, with the window this town uses for it."""
    window = _town_window(service.category, knowledge)
    contact = _window_contact(service, window)
    verified = min(service.verified_on, window.verified_on) if window else service.verified_on
    return Suggestion(
        rank=0,
        category=service.category,
        category_label=_label(service.category, knowledge),
        service_id=service.id,
        name=service.name,
        kind="service",
        level=service.level,
        score=round(scored.score, 4),
        reason=reason.text,
        provides=service.provides,
        evidence=reason.evidence,
        eligibility=eligibility,
        contact=contact,
        cost=service.cost,
        bring=service.bring,
        consent=service.consent,
        next_step=service.first_step,
        status=window.capacity.status if window else "open",
        status_note=window.capacity.note if window else "",
        verified_on=verified,
        is_stale=is_stale(verified, today),
    )


def resource_cards(
    scored: Scored,
    reading: Reading,
    assessment: Assessment,
    similarity: dict[str, float],
    knowledge: Knowledge,
    reason: Reason,
    today: date,
) -> list[Suggestion]:
    """Return the cards of the town's own resources of one category that suit the note best.

    The window of the service card is not repeated; resources the household cannot use are
    left out; full, suspended and stale ones sink.
    """
    window_id = knowledge.town.windows.get(scored.code)
    candidates: list[tuple[float, Resource, Eligibility]] = []
    for resource in knowledge.resources:
        if scored.code not in resource.categories or resource.id == window_id:
            continue
        eligibility = check_eligibility(resource.eligibility, reading.people, assessment.facts)
        if eligibility.verdict != "does_not_fit":
            stale = _STALE_PENALTY * is_stale(resource.verified_on, today)
            value = similarity[resource.id] - _RESOURCE_PENALTY[resource.capacity.status] - stale
            candidates.append((value, resource, eligibility))
    candidates.sort(key=lambda c: (-c[0], c[1].id))
    return [
        _resource_card(scored, resource, eligibility, reason, knowledge, today)
        for _, resource, eligibility in candidates[:_RESOURCES_PER_CATEGORY]
    ]


def _resource_card(
    scored: Scored,
    resource: Resource,
    eligibility: Eligibility,
    reason: Reason,
    knowledge: Knowledge,
    today: date,
) -> Suggestion:
    return Suggestion(
        rank=0,
        category=scored.code,
        category_label=_label(scored.code, knowledge),
        service_id=resource.id,
        name=resource.name,
        kind="resource",
        level=next(c.level for c in knowledge.categories if c.code == scored.code),
        score=round(scored.score, 4),
        reason=reason.text,
        provides=resource.description,
        evidence=reason.evidence,
        eligibility=eligibility,
        contact=_card(resource.contact, resource.organization or resource.name),
        cost=resource.cost,
        bring=resource.bring,
        consent="",
        next_step=resource.first_step or f"{resource.contact.window or resource.name}へ連絡する",
        status=resource.capacity.status,
        status_note=resource.capacity.note,
        verified_on=resource.verified_on,
        is_stale=is_stale(resource.verified_on, today),
    )


def _label(code: str, knowledge: Knowledge) -> str:
    return next(c.label_ja for c in knowledge.categories if c.code == code)


def _town_window(category: str, knowledge: Knowledge) -> Resource | None:
    window_id = knowledge.town.windows.get(category)
    return next((r for r in knowledge.resources if r.id == window_id), None)


def _window_contact(service: Service, window: Resource | None) -> ContactCard:
    if window is None:
        return _card(service.contact, service.name)
    own = _card(window.contact, window.name)
    title = window.name if own.window in window.name else f"{window.name}（{own.window}）"
    return ContactCard(title, own.phone, own.hours, own.address, own.url)


def _card(contact: Contact, name: str) -> ContactCard:
    return ContactCard(
        contact.window or name, contact.phone, contact.hours, contact.address, contact.url
    )
