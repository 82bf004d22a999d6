"""The cards of the list: each category's service, its local resources, and the reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from service.triage.desk import Desk, Examined
from service.triage.explain import Reason, nearest_situation, reason_for, strongest_parts
from service.triage.models import Suggestion
from service.triage.rank import Scored, resource_cards, service_card
from service.triage.why_not_higher import Standing, resource_why_not_higher, why_not_higher


def suggest(
    desk: Desk, examined: Examined, shown: Sequence[Scored], today: date
) -> tuple[Suggestion, ...]:
    """Return the cards of the ``shown`` categories, ranked from 1.

    The scores of ``shown`` are those of the order; a card shows the chance of being right.
    """
    near = desk.resources.near(examined.hits, [scored.code for scored in shown])
    standings = _standings(desk, examined, shown)
    labels = {fact.code: fact.label for fact in desk.knowledge.facts}
    cards: list[Suggestion] = []
    taken: set[str] = set()
    for place, scored in enumerate(replace(s, score=desk.ranker.chance(s.score)) for s in shown):
        this = standings[place]
        reason = _reason(desk, examined, scored.code, this)
        service = desk.services[scored.code]
        card = service_card(scored, service, this.eligibility, reason, near.knowledge, today)
        why = why_not_higher(this, standings[place - 1] if place else None, labels)
        local = resource_cards(
            scored, examined.reading, examined.assessment, near.similarity, near.knowledge, reason,
            today, taken,
        )  # fmt: skip
        taken.update(card.service_id for card in local)
        cards += [replace(card, why_not_higher=why), *_with_why(local, why)]
    return tuple(replace(card, rank=rank) for rank, card in enumerate(cards, start=1))


def _with_why(local: Sequence[Suggestion], why: str) -> list[Suggestion]:
    above = ["", *(card.name for card in local)]
    return [
        replace(card, why_not_higher=resource_why_not_higher(card, before, why))
        for card, before in zip(local, above, strict=False)
    ]


def _standings(desk: Desk, examined: Examined, shown: Sequence[Scored]) -> list[Standing]:
    parts = desk.contributions(examined.features)
    called = {code for problem in examined.assessment.problems for code in problem.categories}
    return [
        Standing(
            name=desk.services[scored.code].name,
            score=scored.score,
            eligibility=examined.verdicts[scored.code],
            parts={n: float(column[desk.codes.index(scored.code)]) for n, column in parts.items()},
            has_problem=scored.code in called,
        )
        for scored in shown
    ]


def _reason(desk: Desk, examined: Examined, code: str, standing: Standing) -> Reason:
    nearest = nearest_situation(
        code, examined.hits, desk.rows, desk.index.passages, examined.reading
    )
    return reason_for(
        code,
        examined.assessment,
        desk.flag_weights,
        desk.problem_weights,
        nearest,
        strongest_parts(standing.parts),
    )
