"""Step 5, rank: one list in which every trouble read finds its help.

Sector services and the town's own resources stand side by side: each category gives its
service (with the window that this town uses for it) and the local resources that suit
the note.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from knowledge.freshness import Freshness, freshness_of, is_doubted, is_stale
from knowledge.importing.text import fold_name
from knowledge.models import Contact, Knowledge, Resource, Service
from service.triage.eligibility import check_eligibility
from service.triage.explain import Reason
from service.triage.models import (
    Assessment,
    ContactCard,
    Eligibility,
    PastRefusal,
    Reading,
    Route,
    Suggestion,
)
from service.triage.places import Memo, Suits, suits
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
# Below this chance a category is a thought to check; places of it would only be more to read.
_PLACES_FROM_CHANCE = 0.35
# What a place gains when the note asks for its kind, see places.py.
_KIND_BONUS: dict[Suits, float] = {
    "asked": 0.2,
    "own": 0.15,
    "needed": 0.1,
    "plain": 0.0,
    "spare": -0.15,
}
_RESOURCE_PENALTY = {"open": 0.0, "reservation": 0.0, "full": 0.15, "suspended": 0.3}
_STALE_PENALTY = 0.1
# Each time somebody was turned away of late; three times weigh as much as a full place.
_REFUSAL_PENALTY = 0.05
_REFUSALS_COUNTED = 3
_REFUSAL_COUNTS_DAYS = 90
_REFUSAL_SHOWN_DAYS = 180


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
    freshness = _oldest(service, window, today)
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
        verified_on=freshness.verified_on,
        is_stale=freshness.is_stale,
        verified_by=freshness.verified_by,
        due_on=freshness.due_on,
        layer=window.layer if window else "national",
        record_id=window.id if window else "",
        refusals=_recent_refusals(window, today) if window else (),
        is_doubted=is_doubted(window.refusals, window.verified_on) if window else False,
    )


def resource_cards(
    scored: Scored,
    reading: Reading,
    assessment: Assessment,
    similarity: dict[str, float],
    knowledge: Knowledge,
    reason: Reason,
    today: date,
    taken: Collection[str] = (),
) -> list[Suggestion]:
    """Return the cards of the town's own resources of one category that suit the note best.

    Left out: the card's window, what is ``taken`` (shown already), a place that another list has
    too, what the household cannot use or is for others.  Full, suspended, stale, refusing and
    doubted ones sink; a kind the note does not ask for is shown only where nothing is nearer.
    """
    if scored.score < _PLACES_FROM_CHANCE:
        return []
    candidates = [
        (_value(similarity[resource.id], suit, resource, today), suit, resource)
        for resource, suit in _suited(scored.code, reading, knowledge, taken)
    ]
    candidates.sort(key=lambda c: (-c[0], c[2].id))
    chosen: list[Resource] = []
    cards: list[Suggestion] = []
    for _, suit, resource in candidates:
        if (suit == "spare" and cards) or any(_is_same(resource, other) for other in chosen):
            continue
        eligibility = check_eligibility(resource.eligibility, reading.people, assessment.facts)
        if eligibility.verdict != "does_not_fit":
            chosen.append(resource)
            cards.append(_resource_card(scored, resource, eligibility, reason, knowledge, today))
        if len(cards) == _RESOURCES_PER_CATEGORY:
            break
    return cards


def _suited(
    category: str, reading: Reading, knowledge: Knowledge, taken: Collection[str]
) -> Iterator[tuple[Resource, Suits]]:
    """Give the category's resources that are not for other people, each with how it suits."""
    left_out = {knowledge.town.windows.get(category), *taken}
    memo: Memo = {}
    for resource in knowledge.resources:
        if category in resource.categories and resource.id not in left_out:
            suit = suits(resource, category, reading, memo)
            if suit != "unfit":
                yield resource, suit


def _value(similarity: float, suit: Suits, resource: Resource, today: date) -> float:
    return similarity + _KIND_BONUS[suit] - _penalty(resource, today)


def _is_same(one: Resource, other: Resource) -> bool:
    """Tell whether two lists have the same place: one phone, and one name within the other."""
    if not one.contact.phone or one.contact.phone != other.contact.phone:
        return False
    shorter, longer = sorted((fold_name(one.name), fold_name(other.name)), key=len)
    return shorter in longer


def _penalty(resource: Resource, today: date) -> float:
    """Return what a resource loses against equally similar ones that are open and verified."""
    state = _RESOURCE_PENALTY[resource.capacity.status]
    if is_doubted(resource.refusals, resource.verified_on):
        state = max(state, _RESOURCE_PENALTY["suspended"])
    refused = sum((today - r.on).days <= _REFUSAL_COUNTS_DAYS for r in resource.refusals)
    return (
        state
        + _STALE_PENALTY * is_stale(resource.verified_on, today)
        + _REFUSAL_PENALTY * min(refused, _REFUSALS_COUNTED)
    )


def _recent_refusals(resource: Resource, today: date) -> tuple[PastRefusal, ...]:
    # A report of "tomorrow" (the store's clock and the desk's may differ) is one of today.
    found = [PastRefusal(r.on, r.reason, max(0, (today - r.on).days)) for r in resource.refusals]
    found.sort(key=lambda r: (r.days_ago, r.reason))
    return tuple(r for r in found if r.days_ago <= _REFUSAL_SHOWN_DAYS)


def _oldest(service: Service, window: Resource | None, today: date) -> Freshness:
    """Return the freshness of the service or of its window, whichever was verified earlier."""
    if window is not None and window.verified_on <= service.verified_on:
        return freshness_of(window.verified_on, window.verified_by, today)
    # Nobody of the town has verified it: the catalogue came with the software.
    return freshness_of(service.verified_on, "", today)


def _resource_card(
    scored: Scored,
    resource: Resource,
    eligibility: Eligibility,
    reason: Reason,
    knowledge: Knowledge,
    today: date,
) -> Suggestion:
    freshness = freshness_of(resource.verified_on, resource.verified_by, today)
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
        verified_on=freshness.verified_on,
        is_stale=freshness.is_stale,
        verified_by=freshness.verified_by,
        due_on=freshness.due_on,
        layer=resource.layer,
        record_id=resource.id,
        refusals=_recent_refusals(resource, today),
        is_doubted=is_doubted(resource.refusals, resource.verified_on),
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
