"""The desk over HTTP: answers in place, choices that stay, what fits nowhere, similar cases."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from service.app import create_app
from service.cases.gaps import gaps_between
from service.cases.keep import open_case
from service.cases.models import NewCase, ProblemRead, Target
from service.cases.similar import keep_vector
from service.settings import Settings
from service.store.grants import Role
from service.triage.triage import Desk
from tests.fixtures.accounts_world import person_now, recorded
from tests.fixtures.store_world import NOW, TOWN
from tests.fixtures.web_world import Hall, error_on

NOTE = "失業して家賃が払えない。電気も止まりそう。"
OTHER = "母84が同じ話をくり返し、鍋を焦がした。"
KEEP = "記録に残す（選んだ"


def ask(browser: TestClient, note: str = NOTE, **fields: Any) -> str:
    """Send the desk's form; return the page."""
    answer = browser.post("/", data={"note": note, **fields})
    assert answer.status_code == 200
    return answer.text


def hidden(page: str, prefix: str) -> dict[str, str]:
    """The hidden fields of the page whose names begin so."""
    found = re.findall(rf'type="hidden" form="desk" name="({prefix}[^"]*)" value="([^"]*)"', page)
    return dict(found)


def first_question(page: str) -> str:
    """The fact of the first question that can be answered by yes or no."""
    found = re.search(r'name="say" value="([a-z_]+):yes"', page)
    assert found
    return found[1]


def test_an_answer_changes_the_page_and_stays_until_it_is_taken_back(light_hall: Hall) -> None:
    browser = light_hall.come_in("hanako", "staff")
    first = ask(browser)
    fact = first_question(first)
    assert "聞いたこと</h3>" not in first
    page = ask(browser, say=f"{fact}:yes", **hidden(first, "answers_for"))
    assert hidden(page, "answer_") == {f"answer_{fact}": "yes"}
    assert "聞いたことで変わったこと" in page
    assert f'value="{fact}:yes"' not in page
    again = ask(browser, **hidden(page, "answer"))
    assert hidden(again, "answer_") == {f"answer_{fact}": "yes"}
    back = ask(browser, take_back=fact, **hidden(again, "answer"))
    assert hidden(back, "answer_") == {}
    assert f'value="{fact}:yes"' in back


def test_answers_of_one_person_are_never_taken_for_another(light_hall: Hall) -> None:
    browser = light_hall.come_in("hanako", "staff")
    fields = hidden(ask(browser, answer_renting="yes"), "answer")
    page = ask(browser, OTHER, choose="service:nat.poverty.seiho", **fields)
    assert hidden(page, "answer_") == {}
    assert hidden(page, "aside_") == {"aside_renting": "yes"}
    assert "前に聞いたこと（1件）と選んだものを外しました" in page
    assert KEEP + '<span id="chosen-count">0</span>' in page
    same = ask(browser, OTHER, bring_back="1", **hidden(page, "a"))
    assert hidden(same, "answer_") == {"answer_renting": "yes"}


def test_an_answer_given_after_adding_to_the_note_is_kept(light_hall: Hall) -> None:
    browser = light_hall.come_in("hanako", "staff")
    fields = hidden(ask(browser, answer_renting="yes"), "answer")
    page = ask(browser, NOTE + "子が2人。", say="debt:unknown", **fields)
    assert hidden(page, "answer_") == {"answer_renting": "yes", "answer_debt": "unknown"}


@pytest.mark.parametrize("typed", ["百", "-3", "121", "3.5"])
def test_a_number_that_is_none_is_told_and_nothing_else_is_lost(
    light_hall: Hall, typed: str
) -> None:
    browser = light_hall.come_in("hanako", "staff")
    page = ask(browser, answer_age=typed, answer_renting="yes", choose="service:nat.poverty.seiho")
    assert "「年齢」の答えは、0〜120の数字で入れてください" in page
    assert hidden(page, "answer_") == {"answer_renting": "yes"}
    assert KEEP + '<span id="chosen-count">1</span>' in page


def test_a_full_width_age_is_understood(light_hall: Hall) -> None:
    page = ask(light_hall.come_in("hanako", "staff"), answer_age="３８")
    assert "本人（38歳）" in page


def test_what_was_chosen_and_rejected_is_shown_again_and_can_be_cleared(light_hall: Hall) -> None:
    browser = light_hall.come_in("hanako", "staff")
    first = ask(browser)
    keys = re.findall(r'name="choose" value="([^"]+)"', first)
    data = {"choose": keys[0], f"reject_{keys[1]}": "too_far"}
    page = ask(browser, **data)
    assert f'name="choose" value="{keys[0]}" checked' in page
    assert re.search(rf'name="reject_{re.escape(keys[1])}".*?value="too_far" selected', page, re.S)
    cleared = ask(browser, **data, clear="1")
    assert " checked>" not in cleared.partition('id="result"')[2]
    assert " selected>" not in cleared


def test_without_javascript_the_whole_list_is_a_press_away(light_hall: Hall) -> None:
    browser = light_hall.come_in("hanako", "staff")
    page = ask(browser, to_view="ranked")
    ranks = [int(n) for n in re.findall(r'data-rank="(\d+)"', page)]
    assert ranks == sorted(ranks)
    assert 'class="more"' not in page
    assert hidden(page, "view") == {"view": "ranked"}
    assert hidden(ask(browser, view="ranked", to_view="problems"), "view") == {}


def test_the_links_between_note_and_list_lead_somewhere(light_hall: Hall) -> None:
    page = ask(light_hall.come_in("hanako", "staff"), OTHER)
    ids = set(re.findall(r' id="([^"]+)"', page))
    assert len(ids) == len(re.findall(r' id="([^"]+)"', page))
    targets = set(re.findall(r'href="#([^"]*)"', page))
    assert targets <= ids
    assert any(t.startswith("e") for t in targets)
    assert any(t.startswith("s") for t in targets)


@pytest.mark.parametrize(
    ("role", "may"), [("staff", True), ("coordinator", True), ("keeper", False)]
)
def test_only_who_keeps_cases_sees_how_to_keep_one(light_hall: Hall, role: Role, may: bool) -> None:
    page = ask(light_hall.come_in("hanako", role))
    for words in (KEEP, 'name="choose"', "合う支援がない、と残す", "この窓口の似た相談"):
        assert (words in page) is may


def test_a_desk_without_a_store_offers_nothing_to_keep(small_desk: Desk) -> None:
    own = "http://127.0.0.1:8000"
    app = create_app(small_desk, lambda: date(2026, 6, 1), settings=Settings(mode="single"))
    page = ask(TestClient(app, own, headers={"Origin": own}))
    assert "つなぎ先の候補" in page
    assert KEEP not in page
    assert "/gaps" not in page
    assert "/similar" not in page


def test_nothing_fits_is_noted_in_codes_and_taken_back(hall: Hall) -> None:
    browser = hall.come_in("hanako", "staff")
    page = ask(browser)
    problems = re.findall(r'name="problem" value="([^"]+)"', page)
    categories = re.findall(r'name="category" value="([^"]+)"', page)
    assert problems
    assert categories
    data = {"problem": problems, "category": categories, "note": "橋本さん"}
    noted = browser.post("/gaps", data=data)
    assert noted.status_code == 303
    gap = _only_gap(hall)
    assert (gap.kind, gap.problems, gap.district) == ("nothing_fits", tuple(problems), "")
    assert gap.by == person_now(hall.engine).id
    assert "残しました" in browser.get(noted.headers["location"]).text
    back = browser.post(f"/gaps/{gap.id}/take-back")
    assert back.status_code == 303
    assert "取り消しました" in browser.get(back.headers["location"]).text
    assert not _gaps(hall)
    assert [e.action for e in recorded(hall.engine) if e.action.startswith("gap.")] == [
        "gap.note", "gap.take_back",
    ]  # fmt: skip
    assert browser.post(f"/gaps/{gap.id}/take-back").status_code == 404


def test_with_htmx_the_gap_takes_the_buttons_place(light_hall: Hall) -> None:
    browser = light_hall.come_in("hanako", "staff", HX_Request="true")
    part = browser.post("/gaps", data={}).text
    assert part.startswith('<div class="gap said" role="status">')
    assert "取り消す" in part


def test_a_gap_takes_no_words(light_hall: Hall) -> None:
    browser = light_hall.come_in("hanako", "staff")
    answer = browser.post("/gaps", data={"problem": "橋本さんの相談"})
    assert answer.status_code == 422
    assert "開き直して" in error_on(answer.text)
    assert not _gaps(light_hall)


def test_similar_cases_are_shown_as_they_were_kept_with_what_came_of_them(hall: Hall) -> None:
    browser = hall.come_in("hanako", "staff")
    assert "まだ記録にありません" in browser.post("/similar", data={"note": NOTE}).text
    new = NewCase(
        text="本人は失業し、家賃が払えない。電気も止まりそう。",
        route="refer",
        problems=(ProblemRead(code="rent", label="家賃が払えない"),),
        chosen=((Target(name="くらしの窓口（架空）"), ""),),
    )
    case = open_case(hall.engine, TOWN.code, new, person_now(hall.engine).id, NOW)
    embedder = hall.desk.embedder
    keep_vector(hall.engine, TOWN.code, case.id, embedder.digest, embedder.encode(new.text))
    page = browser.post("/similar", data={"note": NOTE}).text
    for words in (
        case.label,
        "本人は失業し",
        "家賃が払えない",
        "くらしの窓口（架空）",
        "これから連絡",
    ):
        assert words in page
    assert NOTE not in page
    assert [e.detail for e in recorded(hall.engine, "case.list")] == ['{"count":1}']


def test_similar_cases_need_a_note_and_the_right(light_hall: Hall) -> None:
    staff = light_hall.come_in("hanako", "staff")
    assert staff.post("/similar", data={"note": " "}).status_code == 422
    keeper = light_hall.come_in("jiro", "keeper")
    assert keeper.post("/similar", data={"note": NOTE}).status_code == 403


def test_an_answer_with_all_that_it_loads_is_under_200_kilobytes(light_hall: Hall) -> None:
    browser = light_hall.come_in("hanako", "staff")
    note = f"{OTHER}{NOTE}長男52は家に閉じこもっている。借金がある。"
    page = ask(browser, note)
    addresses = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
    loaded = sum(len(browser.get(address).content) for address in addresses)
    assert len(page.encode()) + loaded < 200_000


def _gaps(hall: Hall) -> tuple[Any, ...]:
    today = NOW.date()
    return gaps_between(
        hall.engine, TOWN.code, today - timedelta(days=1), today + timedelta(days=2)
    )


def _only_gap(hall: Hall) -> Any:
    (gap,) = _gaps(hall)
    return gap


def test_the_api_takes_answers_and_tells_what_they_changed(light_hall: Hall) -> None:
    browser = light_hall.come_in("hanako", "staff", Accept="application/json")
    plain = browser.post("/api/triage", json={"note": NOTE}).json()
    question = next(q for q in plain["questions"] if q["fact"] and q["kind"] == "bool")
    body = {"note": NOTE, "answers": {question["fact"]: True, "age": 38}}
    answer = browser.post("/api/triage", json=body).json()
    assert {said["fact"]: said["value"] for said in answer["answered"]} == body["answers"]
    assert answer["changes"]
    assert plain["changes"] == plain["answered"] == []
    assert all("why_not_higher" in card for card in answer["suggestions"])


@pytest.mark.parametrize("answers", [{"nai": True}, {"age": 900}, {"renting": 1}, {"age": "38"}])
def test_the_api_refuses_answers_that_cannot_be(light_hall: Hall, answers: dict[str, Any]) -> None:
    browser = light_hall.come_in("hanako", "staff", Accept="application/json")
    refused = browser.post("/api/triage", json={"note": NOTE, "answers": answers})
    assert refused.status_code == 422
    assert set(refused.json()) == {"code", "message"}
