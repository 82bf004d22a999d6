"""The page of a case: every step, what is refused, and going back."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from service.cases.gaps import gaps_between
from service.cases.keep import get_case
from service.store.audit import list_entries
from service.store.engine import reading
from tests.fixtures.case_pages_world import ALARM, keep, now_is, sent
from tests.fixtures.record_pages_world import TODAY
from tests.fixtures.store_world import TOWN
from tests.fixtures.web_world import Hall, error_on


def _move(state: str, **typed: str) -> dict[str, str]:
    return {"state": state, **typed}


def test_a_connection_is_moved_on_refused_and_taken_back(hall: Hall) -> None:
    staff = hall.come_in("hanako", "staff")
    case = keep(hall, staff)
    at = f"/cases/{case.id}"
    first = case.referrals[0].id
    moved = staff.post(
        f"{at}/referrals/{first}/move",
        data=sent(case, state="contacted", next_on="2026-06-08", memo="折り返し待ち"),
    )
    assert moved.headers["location"] == f"{at}?done=moved"
    case = now_is(hall, at)
    assert case.referrals[0].state == "contacted"
    assert str(case.referrals[0].next_on) == "2026-06-08"
    page = staff.get(moved.headers["location"]).text
    assert "動きを記録しました" in page
    assert "折り返し待ち" in page
    refused = staff.post(
        f"{at}/referrals/{first}/move", data=sent(case, state="refused", reason="full")
    )
    assert refused.status_code == 303
    case = now_is(hall, at)
    assert (case.referrals[0].state, case.referrals[0].reason) == ("refused", "full")
    day, tomorrow = hall.now.date(), hall.now.date() + timedelta(days=2)
    assert [gap.kind for gap in gaps_between(hall.engine, TOWN.code, day, tomorrow)] == ["refused"]
    # One press takes it back, with what it had left elsewhere.
    page = staff.get(refused.headers["location"]).text
    undo = re.search(
        r'name="to_revision" value="(\d+)"><button type="submit" class="quiet">取り消す', page
    )
    assert undo
    undone = staff.post(f"{at}/undo", data=sent(case, to_revision=undo[1]))
    assert undone.headers["location"] == f"{at}?done=undone"
    assert now_is(hall, at).referrals[0].state == "contacted"
    assert gaps_between(hall.engine, TOWN.code, day, tomorrow) == ()


def test_a_refusal_needs_its_reason_and_what_was_typed_stays(light_hall: Hall) -> None:
    staff = light_hall.come_in("hanako", "staff")
    case = keep(light_hall, staff)
    first = case.referrals[0].id
    answer = staff.post(
        f"/cases/{case.id}/referrals/{first}/move",
        data=sent(case, state="refused", memo="枠がないとのこと"),
    )
    assert answer.status_code == 422
    assert "断られた理由" in error_on(answer.text)
    assert "枠がないとのこと</textarea>" in answer.text
    assert re.search(r'value="refused" required checked', answer.text)
    assert now_is(light_hall, f"/cases/{case.id}").revision == case.revision


def test_only_the_moves_that_are_allowed_are_offered(light_hall: Hall) -> None:
    staff = light_hall.come_in("hanako", "staff")
    case = keep(light_hall, staff, choose=1)
    page = staff.get(f"/cases/{case.id}").text
    offered = re.findall(r'type="radio" name="state" value="(\w+)"', page)
    assert offered == ["contacted", "accepted", "refused", "closed"]
    answer = staff.post(f"/cases/{case.id}/referrals/r1/move", data=sent(case, state="in_progress"))
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "path", ["memo", "consent", "referrals/r1/move", "own", "flags/0", "close"]
)
def test_who_comes_second_is_told_and_shown_the_newest(light_hall: Hall, path: str) -> None:
    staff = light_hall.come_in("hanako", "staff")
    case = keep(light_hall, staff, ALARM)
    at = f"/cases/{case.id}"
    assert staff.post(f"{at}/memo", data=sent(case, memo="先の人のメモ")).status_code == 303
    form = {
        "memo": "あとの人", "consent": "given", "consent_on": "2026-06-01", "state": "contacted",
        "name": "新しい所", "decision": "reported", "reason": "solved",
    }  # fmt: skip
    answer = staff.post(f"{at}/{path}", data=sent(case, **form))
    assert answer.status_code == 409
    assert "ほかの人が変えました" in error_on(answer.text) or "ほかの人が先に" in answer.text
    assert "先の人のメモ" in answer.text or path == "memo"
    assert f'name="revision" value="{case.revision + 1}"' in answer.text
    after = now_is(light_hall, at)
    assert (after.memo, after.revision) == ("先の人のメモ", case.revision + 1)


def test_a_date_that_cannot_be_is_refused(light_hall: Hall) -> None:
    staff = light_hall.come_in("hanako", "staff")
    case = keep(light_hall, staff)
    at = f"/cases/{case.id}"
    for path, typed in (
        ("memo", {"next_on": "らいしゅう"}),
        ("memo", {"next_on": "2026-05-01"}),
        ("consent", {"consent": "given", "consent_on": "2026-07-01"}),
        ("consent", {"consent": "given", "consent_on": ""}),
        ("consent", {"consent": "not_needed", "consent_memo": ""}),
        ("basics", {"channel": "phone", "age_group": "75+", "district": "よその町"}),
        ("close", {"reason": "tired"}),
    ):
        answer = staff.post(f"{at}/{path}", data=sent(case, **typed))
        assert answer.status_code == 422, (path, typed)
        assert error_on(answer.text)
    assert now_is(light_hall, at).revision == case.revision


def test_every_other_part_of_a_case_can_be_changed(light_hall: Hall) -> None:
    staff = light_hall.come_in("hanako", "staff")
    case = keep(light_hall, staff, ALARM, choose=1)
    at = f"/cases/{case.id}"
    left = next(s.target.key for s in case.shown if s.target.key != case.referrals[0].target.key)
    for path, typed in (
        ("flags/0", {"decision": "reported", "memo": "係長が電話"}),
        ("consent", {"consent": "given", "consent_on": "2026-05-31", "consent_memo": "口頭"}),
        ("memo", {"memo": "火曜に見る", "next_on": "2026-06-02"}),
        ("basics", {"channel": "home", "age_group": "75+", "district": "中町"}),
        ("reject", {"key": left, "reason": "too_far"}),
        ("choose", {"key": left}),
        ("own", {"name": "朝のあいさつの会", "phone": "0000-33-4444"}),
        ("referrals/r3/drop", {}),
        ("close", {"reason": "connected"}),
        ("reopen", {}),
    ):
        answer = staff.post(f"{at}/{path}", data=sent(case, **typed))
        assert answer.status_code == 303, (path, answer.text)
        assert staff.get(answer.headers["location"]).status_code == 200
        assert "done=same" not in answer.headers["location"]
        case = now_is(light_hall, at)
    assert case.flags[0].decision == "reported"
    assert (case.consent, str(case.consent_on)) == ("given", "2026-05-31")
    assert (case.memo, str(case.next_on)) == ("火曜に見る", "2026-06-02")
    assert (case.channel, case.district) == ("home", "中町")
    assert [r.target.key for r in case.referrals][1:] == [left]
    assert case.rejected == ()
    assert case.state == "open"
    # Back to the beginning: nothing of it is lost either.
    back = staff.post(f"{at}/undo", data=sent(case, to_revision="1"))
    assert back.headers["location"] == f"{at}?done=undone"
    first = now_is(light_hall, at)
    assert (first.memo, first.consent, len(first.referrals)) == ("", "unknown", 1)
    assert first.revision == case.revision + 1


def test_a_closed_case_is_read_and_not_changed(light_hall: Hall) -> None:
    staff = light_hall.come_in("hanako", "staff")
    case = keep(light_hall, staff)
    at = f"/cases/{case.id}"
    staff.post(f"{at}/close", data=sent(case, reason="solved"))
    case = now_is(light_hall, at)
    page = staff.get(at).text
    assert "この相談は終わっています" in page
    assert "/move" not in page
    answer = staff.post(f"{at}/memo", data=sent(case, memo="もう1行"))
    assert answer.status_code == 422
    assert "再び始める" in error_on(answer.text)


def test_a_case_with_an_open_flag_is_not_closed(light_hall: Hall) -> None:
    staff = light_hall.come_in("hanako", "staff")
    case = keep(light_hall, staff, ALARM)
    at = f"/cases/{case.id}"
    staff.post(f"{at}/flags/0", data=sent(case, decision="undecided"))
    case = now_is(light_hall, at)
    answer = staff.post(f"{at}/close", data=sent(case, reason="solved"))
    assert answer.status_code == 422
    assert "緊急・通報" in error_on(answer.text)


def test_a_memo_with_personal_words_asks_before_anything_is_kept(light_hall: Hall) -> None:
    staff = light_hall.come_in("hanako", "staff")
    case = keep(light_hall, staff)
    at = f"/cases/{case.id}"
    form = sent(case, memo="近所の人が来た。090-1111-2222", next_on="2026-06-05")
    asked = staff.post(f"{at}/memo", data=form)
    assert asked.status_code == 422
    assert "個人の情報らしい言葉があります" in asked.text
    assert now_is(light_hall, at).revision == case.revision
    done = staff.post(f"{at}/memo", data={**form, "masking": "replace"})
    assert done.status_code == 303
    kept = now_is(light_hall, at)
    assert "090-1111-2222" not in kept.memo
    assert str(kept.next_on) == "2026-06-05"
    form |= {"revision": str(kept.revision), "masking": "keep", "memo": "電話は 090-3333-4444"}
    assert staff.post(f"{at}/memo", data=form).status_code == 303
    assert now_is(light_hall, at).memo == "電話は 090-3333-4444"


def test_the_offices_of_the_case_are_no_personal_words(light_hall: Hall) -> None:
    staff = light_hall.come_in("hanako", "staff")
    case = keep(light_hall, staff)
    target = case.referrals[0].target
    answer = staff.post(
        f"/cases/{case.id}/memo", data=sent(case, memo=f"{target.name} {target.phone} に電話")
    )
    assert answer.status_code == 303


def test_looking_at_a_case_is_recorded(light_hall: Hall) -> None:
    staff = light_hall.come_in("hanako", "staff")
    case = keep(light_hall, staff)
    staff.get(f"/cases/{case.id}")
    staff.get("/cases")
    with reading(light_hall.engine) as conn:
        seen = list_entries(conn, action="case.")
    assert [(e.action, e.subject_id) for e in seen] == [
        ("case.open", case.id),
        ("case.see", case.id),
        ("case.list", None),
    ]


def test_what_is_not_there_is_not_found(light_hall: Hall) -> None:
    staff = light_hall.come_in("hanako", "staff")
    case = keep(light_hall, staff)
    for path in ("/cases/nothing", f"/cases/{case.id[:-1]}", "/cases/%00"):
        assert staff.get(path).status_code == 404
    for path in ("referrals/r99/move", "referrals/r99/drop", "flags/99"):
        form = sent(case, state="contacted", decision="reported")
        assert staff.post(f"/cases/{case.id}/{path}", data=form).status_code == 404
    assert (
        staff.post(f"/cases/{case.id}/undo", data=sent(case, to_revision="99")).status_code == 404
    )
    assert staff.post(f"/cases/{case.id}/choose", data=sent(case, key="x:y")).status_code == 422
    assert staff.post(f"/cases/{case.id}/memo", data={"memo": "版なし"}).status_code == 409


def test_words_that_no_database_can_hold_are_put_right(hall: Hall) -> None:
    staff = hall.come_in("hanako", "staff")
    case = keep(hall, staff)
    at = f"/cases/{case.id}"
    assert staff.post(f"{at}/memo", data=sent(case, memo="前\x00後\r\n次")).status_code == 303
    assert now_is(hall, at).memo == "前後\n次"
    case = now_is(hall, at)
    answer = staff.post(f"{at}/memo", data=sent(case, memo="長" * 2_001))
    assert answer.status_code == 422
    assert get_case(hall.engine, TOWN.code, case.id).revision == case.revision


def test_a_double_choice_is_told(light_hall: Hall) -> None:
    staff = light_hall.come_in("hanako", "staff")
    case = keep(light_hall, staff, choose=1)
    key = case.referrals[0].target.key
    answer = staff.post(f"/cases/{case.id}/choose", data=sent(case, key=key))
    assert answer.status_code == 422
    assert "すでに" in error_on(answer.text)
    assert case.opened_at.date() == TODAY


def test_a_phone_in_the_name_of_an_own_connection_is_asked_about(light_hall: Hall) -> None:
    staff = light_hall.come_in("hanako", "staff")
    case = keep(light_hall, staff)
    typed = sent(case, name="090-1234-5678 へ折り返す")
    asked = staff.post(f"/cases/{case.id}/own", data=typed)
    assert "個人の情報らしい" in asked.text
    staff.post(f"/cases/{case.id}/own", data=typed | {"masking": "replace"})
    own = now_is(light_hall, f"/cases/{case.id}").referrals[-1].target
    assert own.name == "［電話］ へ折り返す"
