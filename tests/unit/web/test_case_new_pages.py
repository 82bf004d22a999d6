"""From the note to a case: what is shown before it is kept, and what is kept then."""

from __future__ import annotations

import re
from html import unescape

from sqlalchemy import func, select

from service.cases.listing import Filters, list_cases
from service.store.audit import list_entries
from service.store.case_tables import cases as table
from service.store.engine import reading
from tests.fixtures.case_pages_world import (
    ALARM,
    BY_HAND,
    MAIL,
    NAME,
    NOTE,
    PHONE,
    PLANTED,
    ask,
    decided,
    fields_of,
    keep,
    keys_on,
    now_is,
)
from tests.fixtures.record_pages_world import TODAY
from tests.fixtures.store_world import TOWN
from tests.fixtures.web_world import Hall


def _kept_text(page: str) -> str:
    """The text that the page says will remain."""
    found = re.search(r'aria-labelledby="kept-title" tabindex="0">(.*?)</p>', page, re.DOTALL)
    assert found
    return unescape(found[1])


def _count(hall: Hall) -> int:
    with reading(hall.engine) as conn:
        return conn.execute(select(func.count()).select_from(table)).scalar_one()


def test_the_page_shows_what_would_remain_and_stores_nothing(light_hall: Hall) -> None:
    staff = light_hall.come_in("hanako", "staff")
    page = staff.post("/cases/new", data={"note": NOTE, "more": BY_HAND}).text
    assert not [word for word in PLANTED if word in _kept_text(page)]
    assert "もの忘れが増え" in _kept_text(page)
    offered = {unescape(words) for words in re.findall(r'name="seen" value="([^"]+)"', page)}
    assert {PHONE, MAIL} <= offered
    assert f"<b>{NAME}さん</b> → 本人" in page
    assert "見落とすことがあります" in page
    assert _count(light_hall) == 0


def test_a_note_without_names_is_said_to_be_without(light_hall: Hall) -> None:
    staff = light_hall.come_in("hanako", "staff")
    page = staff.post("/cases/new", data={"note": "食べる物がない。家賃も払えない。"}).text
    assert "伏せる言葉は見つかりませんでした" in page


def test_a_piece_can_be_left_and_other_words_hidden(light_hall: Hall) -> None:
    staff = light_hall.come_in("hanako", "staff")
    form = ask(staff)
    form["mask"] = [word for word in form["mask"] if word != MAIL]
    form["more"] = "もの忘れ＝困りごと\n年金"
    page = staff.post("/cases/new", data=form).text
    kept = _kept_text(page)
    assert MAIL in kept
    assert PHONE not in kept
    assert "困りごとが増え" in kept
    assert "年金" not in kept
    # Everything else that was said stays as it was said.
    again = fields_of(page)
    assert MAIL not in again["mask"]
    assert "もの忘れ＝困りごと" in str(again["more"])


def test_words_that_are_not_in_the_note_are_named(light_hall: Hall) -> None:
    staff = light_hall.come_in("hanako", "staff")
    page = staff.post("/cases/new", data={**ask(staff), "more": "どこにもない語"}).text
    assert "文の中に見つからない言葉: どこにもない語" in page


def test_the_choices_of_the_desk_are_carried_with_their_reasons(light_hall: Hall) -> None:
    staff = light_hall.come_in("hanako", "staff")
    keys = keys_on(ask(staff))
    form = ask(staff, choose=keys[:2], **{f"reject_{keys[2]}": "too_far"})
    assert form["choose"] == keys[:2]
    assert form[f"reject_{keys[2]}"] == "too_far"
    assert form["age_group"] == "75+"


def test_a_case_is_kept_with_masked_words_and_all_that_was_said(hall: Hall) -> None:
    staff = hall.come_in("hanako", "staff")
    keys = keys_on(ask(staff))
    form = decided(ask(staff, choose=keys[:3]))
    form |= {
        "channel": "phone",
        "district": "中町",
        "consent": "given",
        "next_on": "2026-06-08",
        "own_name": "となりの商店",
        "own_phone": "0000-11-2222",
        "own_why": "ふだん話している",
        f"reject_{keys[3]}": "already",
    }
    answer = staff.post("/cases", data=form)
    assert answer.status_code == 303, answer.text
    case = now_is(hall, answer.headers["location"])
    assert case.label == "2026-0001"
    assert (case.channel, case.age_group, case.district) == ("phone", "75+", "中町")
    assert (case.consent, case.consent_on) == ("given", TODAY)
    assert [r.target.key for r in case.referrals] == [*keys[:3], "own:となりの商店"]
    assert case.referrals[3].target.phone == "0000-11-2222"
    assert all(r.why for r in case.referrals)
    assert [(r.target.key, r.reason) for r in case.rejected] == [(keys[3], "already")]
    assert case.problems
    assert all(
        p.quote in case.text.replace("\n", " ") or p.quote in case.text for p in case.problems
    )
    assert case.shown[0].reason
    assert not [word for word in PLANTED if word in case.model_dump_json()]
    with reading(hall.engine) as conn:
        assert list_entries(conn, action="case.open")[0].subject_id == case.id


def test_every_red_flag_is_decided_or_left_open_in_so_many_words(light_hall: Hall) -> None:
    staff = light_hall.come_in("hanako", "staff")
    form = ask(staff, ALARM)
    flags = [name for name in form if name.startswith("flag_")]
    assert flags
    refused = staff.post("/cases", data=form)
    assert refused.status_code == 422
    assert "をどうしたか選んでください" in refused.text
    assert _count(light_hall) == 0
    left = staff.post("/cases", data=decided(form, "undecided"))
    assert now_is(light_hall, left.headers["location"]).has_open_flag
    form = decided(ask(staff, ALARM), "reported") | {f"flagmemo_{flags[0][5:]}": "係長と電話した"}
    case = now_is(light_hall, staff.post("/cases", data=form).headers["location"])
    assert not case.has_open_flag
    assert {flag.decision for flag in case.flags} == {"reported"}
    assert case.flags[0].decided_by == case.opened_by
    assert case.flags[0].decided_at == light_hall.now


def test_watching_a_flag_needs_a_day(light_hall: Hall) -> None:
    staff = light_hall.come_in("hanako", "staff")
    answer = staff.post("/cases", data=decided(ask(staff, ALARM), "watching"))
    assert answer.status_code == 422
    assert "次に見る日を入れてください" in answer.text


def test_what_is_kept_was_read_before(light_hall: Hall) -> None:
    staff = light_hall.come_in("hanako", "staff")
    form = decided(ask(staff)) | {"memo": f"{NAME}さんの近所に民生委員"}
    answer = staff.post("/cases", data=form)
    assert answer.status_code == 422
    assert "もう一度読んで" in answer.text
    assert _count(light_hall) == 0
    # The page has shown the memo masked by now: the same form is kept.
    again = staff.post("/cases", data=decided(fields_of(answer.text)))
    assert again.status_code == 303
    case = now_is(light_hall, again.headers["location"])
    assert NAME not in case.memo
    assert "の近所に民生委員" in case.memo


def test_a_name_of_the_note_is_hidden_in_a_memo_without_honorific_too(light_hall: Hall) -> None:
    staff = light_hall.come_in("hanako", "staff")
    form = decided(ask(staff)) | {"memo": f"{PHONE} は留守番電話"}
    case_form = decided(fields_of(staff.post("/cases", data=form).text))
    case = now_is(light_hall, staff.post("/cases", data=case_form).headers["location"])
    assert PHONE not in case.memo


def test_what_cannot_be_kept_comes_back_with_all_that_was_typed(light_hall: Hall) -> None:
    staff = light_hall.come_in("hanako", "staff")
    keys = keys_on(ask(staff))
    form = decided(ask(staff, choose=keys[:2]))
    form |= {
        "consent": "not_needed", "next_on": "2026-05-01", "memo": "火曜に電話", "district": "よその町",
        "own_phone": "0000-99-8888",
    }  # fmt: skip
    answer = staff.post("/cases", data=form)
    assert answer.status_code == 422
    for words in ("根拠", "きょうより前", "地区を、一覧から", "つなぎ先の名前"):
        assert words in answer.text
    shown = fields_of(answer.text)
    assert shown["choose"] == keys[:2]
    assert (shown["memo"], shown["next_on"]) == ("火曜に電話", "2026-05-01")
    assert shown["own_phone"] == "0000-99-8888"
    assert shown["note"] == NOTE
    assert _count(light_hall) == 0


def test_what_a_browser_says_about_suggestions_does_not_count(light_hall: Hall) -> None:
    staff = light_hall.come_in("hanako", "staff")
    form = decided(ask(staff)) | {"choose": ["service:made.up"]}
    answer = staff.post("/cases", data=form)
    assert answer.status_code == 422
    assert "いまの候補にありません" in answer.text


def test_answers_to_questions_are_kept_with_the_case(light_hall: Hall) -> None:
    staff = light_hall.come_in("hanako", "staff")
    fact = next(f for f in light_hall.desk.knowledge.facts if f.kind == "bool")
    form = decided(ask(staff, **{f"answer_{fact.code}": "yes", "answer_made_up": "yes"}))
    case = now_is(light_hall, staff.post("/cases", data=form).headers["location"])
    assert [(a.fact, a.answer) for a in case.answers] == [(fact.code, "はい")]


def test_an_empty_note_is_refused_without_an_error(light_hall: Hall) -> None:
    staff = light_hall.come_in("hanako", "staff")
    for path in ("/cases/new", "/cases"):
        answer = staff.post(path, data={"note": " "})
        assert answer.status_code == 422
        assert "空です" in answer.text


def test_opened_by_its_address_the_page_leads_to_the_desk(light_hall: Hall) -> None:
    answer = light_hall.come_in("hanako", "staff").get("/cases/new")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_the_kept_case_can_be_found_by_what_it_is_like(light_hall: Hall) -> None:
    from service.cases.similar import similar_cases

    staff = light_hall.come_in("hanako", "staff")
    case = keep(light_hall, staff)
    embedder = light_hall.desk.embedder
    near = similar_cases(light_hall.engine, TOWN.code, embedder.digest, embedder.encode(case.text))
    assert [one.case.id for one in near] == [case.id]
    assert list_cases(light_hall.engine, TOWN.code, Filters(), TODAY).total == 1


def test_the_same_form_sent_twice_keeps_one_case(light_hall: Hall) -> None:
    staff = light_hall.come_in("hanako", "staff")
    form = decided(ask(staff))
    first, again = (staff.post("/cases", data=form).headers["location"] for _ in range(2))
    assert first == again
    staff.post("/cases", data=decided(ask(staff)))
    assert list_cases(light_hall.engine, TOWN.code, Filters(), TODAY).total == 2
