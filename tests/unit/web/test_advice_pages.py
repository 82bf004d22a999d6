"""Back-up by the prefecture: asked by a town, answered at the prefecture, seen in the case."""

from __future__ import annotations

import re

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from service.cases import keep
from service.cases.models import Case
from tests.fixtures.accounts_world import FAR_TOWN, add_more_towns, recorded
from tests.fixtures.case_world import memory_case, new_case_of, violence_case
from tests.fixtures.record_pages_world import value_in
from tests.fixtures.store_world import NOW, PREFECTURE, TOWN
from tests.fixtures.web_world import Hall

QUESTION = "長男の負担が大きく、どこから始めるのがよいですか。"
ADVICE = "介護の申請を先に進め、長男には自立相談を同時に案内してください。"


@pytest.fixture
def case(light_hall: Hall) -> Case:
    return keep.open_case(light_hall.engine, TOWN.code, new_case_of(memory_case()), "p", NOW)


@pytest.fixture
def staff(light_hall: Hall) -> TestClient:
    return light_hall.come_in("sato", "staff")


@pytest.fixture
def adviser(light_hall: Hall) -> TestClient:
    light_hall.register("kenta", "prefecture", town=PREFECTURE)
    return light_hall.signed_in("kenta")


def test_a_town_asks_the_prefecture_answers_and_the_case_shows_both(
    light_hall: Hall, case: Case, staff: TestClient, adviser: TestClient
) -> None:
    page = staff.get(f"/cases/{case.id}/advice").text
    assert "本人の同意" in page
    assert "84歳の母が同じ話をくり返し" in value_in(page, "packet")
    answer = _ask(staff, case, page)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/cases/{case.id}?done=asked")

    inbox = adviser.get("/advice").text
    assert "未回答 1件" in inbox
    (path,) = set(re.findall(r'href="(/advice/[0-9a-f-]{36})"', inbox))
    seen = adviser.get(path).text
    assert QUESTION in seen
    assert "84歳の母が同じ話をくり返し" in seen
    # The packet, and never the case.
    assert f"/cases/{case.id}" not in seen
    assert adviser.get(f"/cases/{case.id}").status_code == 403
    sent = adviser.post(path, data={"answer": ADVICE})
    assert (sent.status_code, sent.headers["location"]) == (303, "/advice?done=answered")
    assert "未回答" not in adviser.get("/advice").text
    assert ADVICE in adviser.get(path).text

    assert ADVICE in staff.get(f"/cases/{case.id}/advice").text
    actions = [e.action for e in recorded(light_hall.engine)]
    assert "advice.ask" in actions
    assert "advice.answer" in actions
    assert [v.action for v in keep.history_of(light_hall.engine, TOWN.code, case.id)][:2] == [
        "advice.answer", "advice.ask",
    ]  # fmt: skip


def test_without_consent_nothing_goes_out(light_hall: Hall, staff: TestClient) -> None:
    case = keep.open_case(light_hall.engine, TOWN.code, new_case_of(violence_case()), "p", NOW)
    page = staff.get(f"/cases/{case.id}/advice").text
    assert "いまは資料を出せません" in page
    assert "殴られた" not in page
    refused = staff.post(
        f"/cases/{case.id}/advice",
        data={"revision": "1", "question": "q", "packet": "p", "how": "send"},
    )
    assert refused.status_code == 409
    assert not keep.get_case(light_hall.engine, TOWN.code, case.id).advice


def test_personal_words_are_pointed_out_before_anything_is_sent(
    light_hall: Hall, case: Case, staff: TestClient
) -> None:
    page = staff.get(f"/cases/{case.id}/advice").text
    typed = f"{QUESTION}電話は090-1234-5678です。"
    asked = _ask(staff, case, page, question=typed)
    assert asked.status_code == 422
    assert "個人の情報らしい言葉があります" in asked.text
    assert typed in asked.text
    assert not keep.get_case(light_hall.engine, TOWN.code, case.id).advice
    # Something else typed meanwhile is not what was shown: it is asked again.
    other = typed.replace("5678", "9999")
    seen = value_in(asked.text, "seen")
    again = _ask(staff, case, page, question=other, masking="keep", seen=seen)
    assert again.status_code == 422
    assert _ask(staff, case, page, question=typed, masking="replace").status_code == 303
    (advice,) = keep.get_case(light_hall.engine, TOWN.code, case.id).advice
    assert "090-1234-5678" not in advice.question
    assert QUESTION in advice.question
    # What the program itself wrote, the desk's own telephone, stays.
    assert advice.packet == value_in(page, "packet")


def test_what_may_stay_is_sent_as_it_is(light_hall: Hall, case: Case, staff: TestClient) -> None:
    page = staff.get(f"/cases/{case.id}/advice").text
    typed = "窓口は0000-52-9999です。"
    asked = _ask(staff, case, page, question=typed)
    if asked.status_code == 422:
        asked = _ask(
            staff, case, page, question=typed, masking="keep", seen=value_in(asked.text, "seen")
        )
    assert asked.status_code == 303
    (advice,) = keep.get_case(light_hall.engine, TOWN.code, case.id).advice
    assert advice.question == typed


def test_a_stale_page_is_told_so_and_keeps_what_was_typed(case: Case, staff: TestClient) -> None:
    page = staff.get(f"/cases/{case.id}/advice").text
    assert _ask(staff, case, page).status_code == 303
    stale = _ask(staff, case, page, question="もう1つ聞きます。")
    assert stale.status_code == 409
    assert "ほかの人が先に変えました" in stale.text
    assert "もう1つ聞きます。" in stale.text
    assert value_in(stale.text, "revision") == "2"


def test_without_a_question_the_page_says_so(case: Case, staff: TestClient) -> None:
    page = staff.get(f"/cases/{case.id}/advice").text
    refused = _ask(staff, case, page, question=" ")
    assert refused.status_code == 422
    assert "聞きたいことを書いてください" in refused.text


def test_without_a_prefecture_it_goes_out_as_a_file_and_the_answer_comes_on_paper(
    light_hall: Hall, case: Case, staff: TestClient
) -> None:
    page = staff.get(f"/cases/{case.id}/advice").text
    made = _ask(staff, case, page, how="file")
    assert made.headers["location"] == f"/cases/{case.id}/advice?done=file"
    listed = staff.get(f"/cases/{case.id}/advice?done=file").text
    (path,) = re.findall(r'href="([^"]+/file)"', listed)
    file = staff.get(path)
    assert (
        file.headers["content-disposition"]
        == f'attachment; filename="tsunagi-{case.label}-packet.html"'
    )
    assert QUESTION in file.text
    assert recorded(light_hall.engine, "case.print")
    path = path.removesuffix("file") + "answer"
    empty = staff.post(path, data={"revision": "2", "answer": ""})
    assert empty.status_code == 422
    noted = staff.post(path, data={"revision": "2", "answer": ADVICE})
    assert noted.headers["location"] == f"/cases/{case.id}/advice?done=answered"
    assert ADVICE in staff.get(f"/cases/{case.id}/advice").text
    assert staff.post(path, data={"revision": "3", "answer": "また"}).status_code == 422


def test_a_second_answer_is_refused_and_shown_the_first(
    case: Case, staff: TestClient, adviser: TestClient
) -> None:
    _ask(staff, case, staff.get(f"/cases/{case.id}/advice").text)
    (path,) = set(re.findall(r'href="(/advice/[0-9a-f-]{36})"', adviser.get("/advice").text))
    assert adviser.post(path, data={"answer": ADVICE}).status_code == 303
    second = adviser.post(path, data={"answer": "べつの助言"})
    assert second.status_code == 409
    assert ADVICE in second.text
    assert "べつの助言" in second.text
    flagged = adviser.post(path, data={"answer": "電話090-1234-5678"})
    assert flagged.status_code in (409, 422)


def test_another_prefecture_sees_nothing_of_it(
    light_hall: Hall, case: Case, staff: TestClient
) -> None:
    add_more_towns(light_hall.engine)
    _ask(staff, case, staff.get(f"/cases/{case.id}/advice").text)
    advice_id = keep.get_case(light_hall.engine, TOWN.code, case.id).advice[0].id
    light_hall.register("far", "prefecture", town=FAR_TOWN)
    far = light_hall.signed_in("far")
    assert "登録されていません" in far.get("/advice").text
    for method in ("GET", "POST"):
        answer = far.request(
            method, f"/advice/{advice_id}", data={"answer": "x"} if method == "POST" else None
        )
        assert answer.status_code == 404


def test_rights(case: Case, light_hall: Hall) -> None:
    for role in ("keeper", "evaluator", "trainee", "admin"):
        browser = light_hall.come_in(role, role)
        assert browser.get(f"/cases/{case.id}/advice").status_code == 403
        assert browser.get("/advice").status_code == 403


def _ask(browser: TestClient, case: Case, page: str, **changes: str) -> Response:
    form = {
        "revision": value_in(page, "revision"),
        "question": QUESTION,
        "packet": value_in(page, "packet"),
        "how": "send",
    }
    return browser.post(f"/cases/{case.id}/advice", data=form | changes)
