"""What the desk page makes of an answer: marked stretches, groups by trouble, hours today."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from knowledge.models import OpeningHours, Resource
from service.cases.days import TOWN_TIME
from service.page import mark_note
from service.page.groups import group_units, one_list, units_of
from service.page.hours import hours_of
from service.page.marks import first_marks
from service.triage.models import Denied, Problem, RedFlag, Span, Suggestion, Triage
from tests.unit.test_present_trust import CARD, answer

NOTE = "母は同じ話をくり返す。借金はない。"
TALK = Span("同じ話をくり返す", 2, 10)
WHOLE = Span("母は同じ話をくり返す。", 0, 11)
DEBT = Span("借金", 11, 13)


def problem(code: str, *categories: str, weight: float = 1.0) -> Problem:
    """A trouble that calls for these categories."""
    return Problem(code, f"課題{code}", "", categories, weight, (TALK,))


def service(rank: int, category: str) -> Suggestion:
    """The card of a category's service."""
    return replace(CARD, rank=rank, category=category, kind="service", service_id=f"nat.{category}")


def read() -> Triage:
    """An answer in which everything marks something."""
    flag = RedFlag("f", "危険", "すぐ電話", "義務", "法1条", "警察", "110", "", (TALK,))
    denied = Denied("debt", "借金", "denied", (), DEBT)
    return replace(
        answer(evidence=(WHOLE,)),
        problems=(problem("a"),),
        red_flags=(flag,),
        denied=(denied,),
    )


def test_the_stretches_are_the_note_and_each_has_its_strongest_mark() -> None:
    segments = mark_note(NOTE, read())
    assert "".join(s.text for s in segments) == NOTE
    assert [(s.text, s.mark) for s in segments] == [
        ("母は", "evidence"), ("同じ話をくり返す", "flag"), ("。", "evidence"),
        ("借金", "denied"), ("はない。", ""),
    ]  # fmt: skip


def test_a_stretch_names_all_that_rests_on_it_and_leads_to_the_best_suggestion() -> None:
    segments = mark_note(NOTE, read())
    assert segments[1].links == ("s1", "f0", "p0")
    assert segments[1].target == "s1"
    assert segments[3].target == "d0"
    assert first_marks(segments) == {"s1": "e1", "f0": "e2", "p0": "e2", "d0": "e4"}
    assert segments[-1].id == ""


def test_suggestions_stand_under_the_trouble_they_answer_in_the_order_of_the_list() -> None:
    problems = (problem("a", "x"), problem("b", "y"))
    cards = (service(1, "y"), replace(CARD, rank=2, category="y"), service(3, "x"), service(4, "z"))
    grouped = group_units(units_of(cards, problems), problems)
    assert [(g.title, [u.service.category for u in g.units]) for g in grouped.groups] == [
        ("課題b", ["y"]), ("課題a", ["x"]), ("そのほか、記録の内容から", ["z"]),
    ]  # fmt: skip
    assert [card.rank for card in grouped.groups[0].units[0].resources] == [2]


def test_a_trouble_whose_help_stands_far_down_still_finds_it_at_once() -> None:
    problems = (problem("a", "c1"), problem("b", "c7"))
    cards = tuple(service(n, f"c{n}") for n in range(1, 9))
    grouped = group_units(units_of(cards, problems), problems)
    assert "課題b" in [g.title for g in grouped.groups]
    assert [u.service.category for u in grouped.more] == ["c6", "c8"]


def test_a_service_for_two_troubles_stands_once_and_names_both() -> None:
    problems = (problem("a", "x", weight=0.5), problem("b", "x"))
    (group,) = group_units(units_of((service(1, "x"),), problems), problems).groups
    assert group.title == "課題b"
    assert group.units[0].problems == (("p1", "課題b"), ("p0", "課題a"))


def test_the_whole_list_is_one_group_without_a_rest() -> None:
    cards = tuple(service(n, f"c{n}") for n in range(1, 9))
    listed = one_list(units_of(cards, ()))
    assert len(listed.groups[0].units) == 8
    assert listed.more == ()


def place(*opening: OpeningHours) -> Resource:
    """A place with these hours."""
    return Resource.model_construct(id="r", opening=opening)  # type: ignore[call-arg]  # no more is looked at


MORNING = OpeningHours(days=(0, 1, 2, 3, 4), opens="08:30", closes="12:00")
AFTERNOON = OpeningHours(days=(1,), opens="13:00", closes="17:15")


@pytest.mark.parametrize(
    ("time", "today", "now"),
    [
        ("2026-11-24 09:00", "今日 8:30〜12:00、13:00〜17:15", "いま受付時間内"),
        ("2026-11-24 12:30", "今日 8:30〜12:00、13:00〜17:15", "いまは時間外（13:00から）"),
        ("2026-11-24 17:15", "今日 8:30〜12:00、13:00〜17:15", "いまは時間外（今日は終わり）"),
        ("2026-11-25 07:00", "今日 8:30〜12:00", "いまは時間外（8:30から）"),
        ("2026-11-28 09:00", "今日は休み", "いまは時間外"),
    ],
)
def test_a_card_says_when_the_place_is_open_today_and_whether_it_is_now(
    time: str, today: str, now: str
) -> None:
    moment = datetime.fromisoformat(time).replace(tzinfo=TOWN_TIME)
    hours = hours_of(place(MORNING, AFTERNOON), moment)
    assert (hours.today, hours.now) == (today, now)


def test_unknown_hours_are_not_guessed() -> None:
    moment = datetime(2026, 11, 24, 9, tzinfo=TOWN_TIME)
    assert hours_of(place(), moment) == hours_of(None, moment)
    assert hours_of(None, moment).now == ""
