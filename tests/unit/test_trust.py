"""What age, state and refusals do to a card: what it carries, and where it stands."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from knowledge.models import Capacity, Knowledge, Refusal, Resource
from service.triage.explain import Reason
from service.triage.models import Assessment, Eligibility, Suggestion
from service.triage.rank import Scored, resource_cards, service_card
from service.triage.reading import read
from tests.fixtures.tiny import write_tiny

TODAY = date(2026, 11, 24)
FRESH = date(2026, 11, 1)
REASON = Reason("「米が足りない」とあるため", ())
Changes = dict[str, Any]


@pytest.fixture(scope="module")
def knowledge(tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    """The tiny town, where everything was verified three weeks ago."""
    folder: Path = tmp_path_factory.mktemp("trust")
    tiny = write_tiny(folder).load()
    fresh = tuple(r.model_copy(update={"verified_on": FRESH}) for r in tiny.resources)
    return tiny.model_copy(update={"resources": fresh})


def refusals(*given: tuple[int, str]) -> tuple[Refusal, ...]:
    """Refusals so many days ago, each with its reason."""
    return tuple(Refusal(on=TODAY - timedelta(days=d), reason=reason) for d, reason in given)


def with_resources(knowledge: Knowledge, *changes: Changes) -> Knowledge:
    """The town with pantries "p0", "p1" … that differ from each other by ``changes`` alone."""
    pantry = next(r for r in knowledge.resources if r.id == "chiisa.pantry")
    made = [
        pantry.model_copy(update={"id": f"p{n}", "name": f"架空の食料庫{n}"} | c)
        for n, c in enumerate(changes)
    ]
    windows = {code: r for code, r in knowledge.town.windows.items() if code != "poverty.food"}
    return knowledge.model_copy(
        update={
            "resources": tuple(made),
            "town": knowledge.town.model_copy(update={"windows": windows}),
        }
    )


def cards(
    knowledge: Knowledge,
    likeness: dict[str, float] | None = None,
    taken: Collection[str] = (),
    chance: float = 0.5,
) -> list[Suggestion]:
    """The cards of the town's food help for a note; all resources are equally like it."""
    likeness = likeness or {r.id: 0.8 for r in knowledge.resources}
    reading, nothing = read("米が足りない。", TODAY), Assessment((), (), (), ())
    scored = Scored("poverty.food", chance)
    return resource_cards(scored, reading, nothing, likeness, knowledge, REASON, TODAY, taken)


def service_of(knowledge: Knowledge, category: str = "poverty.food") -> Suggestion:
    """The card of the category's sector service."""
    service = next(s for s in knowledge.services if s.category == category)
    verdict = Eligibility("unknown")
    return service_card(Scored(category, 0.5), service, verdict, REASON, knowledge, TODAY)


@pytest.mark.parametrize(
    "worse",
    [
        {"capacity": Capacity(status="full")},
        {"capacity": Capacity(status="suspended")},
        {"verified_on": TODAY - timedelta(days=367)},
        {"refusals": refusals((4, "満員"))},
        {"refusals": refusals((4, "やめていた"))},
        {"refusals": refusals((4, "記録が誤り"))},
    ],
)
def test_of_two_equally_like_the_note_the_less_reliable_stands_below(
    knowledge: Knowledge, worse: Changes
) -> None:
    found = cards(with_resources(knowledge, worse, {}))
    assert [card.record_id for card in found] == ["p1", "p0"]


@pytest.mark.parametrize(
    "equal",
    [
        {},
        {"capacity": Capacity(status="reservation")},
        {"layer": "prefecture"},
        # Longer ago than three months, or made good by a verification since.
        {"refusals": refusals((91, "満員"))},
        {"refusals": refusals((100, "やめていた"))},
    ],
)
def test_what_says_nothing_against_a_place_does_not_sink_it(
    knowledge: Knowledge, equal: Changes
) -> None:
    found = cards(with_resources(knowledge, equal, {}))
    assert [card.record_id for card in found] == ["p0", "p1"]


def test_more_refusals_sink_deeper_up_to_three(knowledge: Knowledge) -> None:
    def refused(times: int) -> Changes:
        return {"refusals": refusals(*[(day, "満員") for day in range(times)])}

    order = [c.record_id for c in cards(with_resources(knowledge, refused(2), refused(1)))]
    assert order == ["p1", "p0"]
    order = [c.record_id for c in cards(with_resources(knowledge, refused(9), refused(3)))]
    assert order == ["p0", "p1"]


def test_a_place_found_closed_sinks_as_deep_as_one_that_says_it_is(knowledge: Knowledge) -> None:
    """Below a place that was refused as often as it may count, and level with a suspended one."""
    gone = {"refusals": refusals((4, "やめていた"))}
    often = {"refusals": refusals((1, "満員"), (2, "満員"), (3, "満員"))}
    assert [c.record_id for c in cards(with_resources(knowledge, gone, often))] == ["p1", "p0"]
    closed = {"capacity": Capacity(status="suspended"), "refusals": refusals((4, "満員"))}
    assert [c.record_id for c in cards(with_resources(knowledge, gone, closed))] == ["p0", "p1"]


def test_a_place_much_more_like_the_note_stays_above_in_spite_of_a_refusal(
    knowledge: Knowledge,
) -> None:
    town = with_resources(knowledge, {"refusals": refusals((4, "満員"))}, {})
    assert [c.record_id for c in cards(town, {"p0": 0.9, "p1": 0.8})] == ["p0", "p1"]


def test_a_place_that_two_lists_have_is_shown_once(knowledge: Knowledge) -> None:
    """One phone, and one name within the other; two places in one building stay two."""
    twice = {"name": "架空の食料庫0（集会所内）"}
    town = with_resources(knowledge, {}, twice, {"name": "別の窓口"})
    assert [card.record_id for card in cards(town)] == ["p0", "p2"]


def test_what_another_category_shows_leaves_its_seat_to_the_next(knowledge: Knowledge) -> None:
    town = with_resources(knowledge, {}, {}, {})
    assert [card.record_id for card in cards(town, taken={"p0"})] == ["p1", "p2"]


def test_a_category_that_is_only_a_thought_names_no_places(knowledge: Knowledge) -> None:
    assert cards(with_resources(knowledge, {}), chance=0.34) == []
    assert len(cards(with_resources(knowledge, {}), chance=0.35)) == 1


def test_a_kind_of_place_that_nobody_asks_for_is_shown_only_where_nothing_is_nearer(
    knowledge: Knowledge,
) -> None:
    home = {"kind": "生活支援ハウス", "name": "架空の家"}
    town = with_resources(knowledge, home, {})
    assert [card.record_id for card in cards(town)] == ["p1"]
    assert [card.record_id for card in cards(with_resources(knowledge, home))] == ["p0"]


def test_only_who_may_use_it_counts_among_the_two_shown(knowledge: Knowledge) -> None:
    """Places the household cannot use leave their seat to the next one."""
    old = next(r for r in knowledge.resources if r.id == "chiisa.haishoku").eligibility
    only_old = {"eligibility": tuple(c.model_copy(update={"required": True}) for c in old)}
    town = with_resources(knowledge, only_old, {}, {}, {})
    reading = read("38歳の男性。米が足りない。", TODAY)
    likeness = {r.id: 0.8 for r in town.resources}
    found = resource_cards(
        Scored("poverty.food", 0.5),
        reading,
        Assessment((), (), (), ()),
        likeness,
        town,
        REASON,
        TODAY,
    )
    assert [card.record_id for card in found] == ["p1", "p2"]


def test_a_card_carries_who_verified_it_when_and_until_when(knowledge: Knowledge) -> None:
    [card] = cards(with_resources(knowledge, {"verified_by": "福祉係"}))
    assert (card.verified_on, card.verified_by) == (FRESH, "福祉係")
    assert (card.due_on, card.is_stale) == (date(2027, 11, 1), False)
    assert (card.layer, card.is_doubted) == ("town", False)


def test_a_card_carries_the_refusals_of_half_a_year_newest_first(knowledge: Knowledge) -> None:
    given = refusals((181, "予算切れ"), (52, "対象でない"), (4, "満員"), (180, "連絡がつかない"))
    [card] = cards(with_resources(knowledge, {"refusals": given}))
    told = [(r.reason, r.days_ago) for r in card.refusals]
    assert told == [("満員", 4), ("対象でない", 52), ("連絡がつかない", 180)]


def test_a_report_from_a_clock_that_runs_ahead_is_one_of_today(knowledge: Knowledge) -> None:
    [card] = cards(with_resources(knowledge, {"refusals": refusals((-1, "満員"))}))
    assert [r.days_ago for r in card.refusals] == [0]


def test_a_doubt_stays_on_the_card_until_the_record_is_verified(knowledge: Knowledge) -> None:
    """However old: it was reported, and nobody has looked."""
    old = {"verified_on": date(2026, 1, 10), "refusals": refusals((250, "やめていた"))}
    [card] = cards(with_resources(knowledge, old))
    assert card.is_doubted
    assert not card.refusals


def test_a_service_shows_what_is_known_of_the_window_the_town_uses_for_it(
    knowledge: Knowledge,
) -> None:
    changed = {
        "verified_on": date(2025, 3, 1),
        "verified_by": "社協の職員",
        "layer": "prefecture",
        "refusals": refusals((4, "記録が誤り")),
    }
    card = service_of(_window_changed(knowledge, changed))
    assert card.record_id == "chiisa.pantry"
    assert (card.verified_on, card.verified_by) == (date(2025, 3, 1), "社協の職員")
    assert (card.due_on, card.is_stale) == (date(2026, 3, 1), True)
    assert (card.layer, card.is_doubted) == ("prefecture", True)
    assert [r.reason for r in card.refusals] == ["記録が誤り"]


def test_a_service_older_than_its_window_shows_its_own_age_and_nobodys_name(
    knowledge: Knowledge,
) -> None:
    card = service_of(knowledge)
    assert (card.verified_on, card.verified_by) == (date(2026, 4, 1), "")


def test_a_service_without_a_window_has_no_record_to_report_on(knowledge: Knowledge) -> None:
    card = service_of(knowledge, "housing.public")
    assert (card.record_id, card.layer, card.refusals) == ("", "national", ())
    assert card.due_on == date(2027, 4, 1)


def _window_changed(knowledge: Knowledge, changes: Changes) -> Knowledge:
    def changed(resource: Resource) -> Resource:
        own = resource.id == "chiisa.pantry"
        return resource.model_copy(update=changes) if own else resource

    return knowledge.model_copy(update={"resources": tuple(map(changed, knowledge.resources))})
