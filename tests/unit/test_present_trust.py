"""The same age, state and refusals in the terminal's text and in the JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

from service.present import as_json, as_text, badges_of
from service.triage.models import ContactCard, Eligibility, PastRefusal, Suggestion, Triage

CARD = Suggestion(
    rank=1,
    category="poverty.food",
    category_label="食料の支援",
    service_id="chiisa.pantry",
    name="ちいさフードパントリー",
    kind="resource",
    level="local",
    score=0.5,
    reason="「米が足りない」とあるため",
    provides="米や缶詰を箱で渡します。",
    evidence=(),
    eligibility=Eligibility("unknown"),
    contact=ContactCard("社協", "0000-00-0002", "第2土曜", "中町2", ""),
    cost="無料",
    bring=(),
    consent="",
    next_step="電話する",
    status="open",
    status_note="",
    verified_on=date(2026, 4, 1),
    is_stale=False,
    verified_by="福祉係",
    due_on=date(2027, 4, 1),
    layer="town",
    record_id="chiisa.pantry",
    refusals=(),
    is_doubted=False,
)
FULL = PastRefusal(date(2026, 11, 20), "満員", 4)
NOT_ELIGIBLE = PastRefusal(date(2026, 10, 3), "対象でない", 52)
LONG_AGO = PastRefusal(date(2026, 8, 1), "予算切れ", 115)


def answer(**changes: Any) -> Triage:
    """An answer with one card."""
    return Triage(
        route="refer",
        red_flags=(),
        problems=(),
        denied=(),
        people=(),
        suggestions=(replace(CARD, **changes),),
        questions=(),
        uncovered=(),
        ranked_categories=(),
        model={"town": "ちいさ町", "index": "1"},
        elapsed_ms=1.0,
    )


def lines(**changes: Any) -> list[str]:
    """The answer's lines in a terminal."""
    return [line.strip() for line in as_text(answer(**changes)).splitlines()]


def test_the_text_says_when_and_by_whom_it_was_verified_and_until_when() -> None:
    assert "確認 2026-04-01（福祉係）・次の確認 2027-04-01まで" in lines()
    assert "確認 2026-04-01・次の確認 2027-04-01まで" in lines(verified_by="")


def test_an_ordinary_card_has_no_marks() -> None:
    assert "1. [地域] ちいさフードパントリー" in lines()
    assert not [line for line in lines() if "断られた" in line]


def test_the_marks_stand_beside_the_name_the_gravest_first() -> None:
    bad: dict[str, Any] = {
        "is_doubted": True,
        "status": "full",
        "status_note": "1月に空く見込み",
        "is_stale": True,
        "layer": "prefecture",
    }
    marks = "［記録の確認が必要］［満員：1月に空く見込み］［確認から1年を過ぎています。電話で確かめてください］［県］"
    assert f"1. [地域] ちいさフードパントリー{marks}" in lines(**bad)


def test_every_state_but_open_has_words() -> None:
    told = [
        badges_of(replace(CARD, status=s))[0].text for s in ("full", "suspended", "reservation")
    ]
    assert told == ["満員", "受入停止中", "予約制"]


def test_a_note_of_an_open_place_is_told_too() -> None:
    assert "火・木は満員" in lines(status_note="火・木は満員")


def test_refusals_are_listed_with_their_day_by_how_long_ago() -> None:
    told = lines(refusals=(FULL, NOT_ELIGIBLE, LONG_AGO))
    assert "この3か月に断られた記録: 満員（11/20）、対象でない（10/3）" in told
    assert "その前の3か月に断られた記録: 予算切れ（8/1）" in told


def test_a_long_list_of_refusals_is_cut_and_counted() -> None:
    [line] = [line for line in lines(refusals=(FULL,) * 8) if "断られた" in line]
    assert line.count("満員") == 5
    assert line.endswith("、ほか3件")


def test_the_json_carries_the_same() -> None:
    told = as_json(answer(refusals=(FULL,), is_doubted=True, layer="prefecture"))["suggestions"][0]
    assert json.loads(json.dumps(told)) == told
    wanted = {
        "verified_on": "2026-04-01",
        "verified_by": "福祉係",
        "due_on": "2027-04-01",
        "is_stale": False,
        "layer": "prefecture",
        "record_id": "chiisa.pantry",
        "refusals": [{"on": "2026-11-20", "reason": "満員", "days_ago": 4}],
        "is_doubted": True,
    }
    assert wanted.items() <= told.items()
