"""The pages of figures over HTTP: rights, periods, files, and that no small count gets out."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from service.store.engine import open_store
from service.store.migrate import migrate
from service.triage.triage import Desk
from tests.fixtures.accounts_world import recorded
from tests.fixtures.record_pages_world import add
from tests.fixtures.store_world import PREFECTURE, add_towns
from tests.fixtures.web_world import Hall
from tests.fixtures.year_of_cases import fill_year

PAGES = ("/insights/needs", "/insights/desk", "/insights/year")


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a store with fourteen months of cases, written once."""
    file = tmp_path_factory.mktemp("year") / "year.db"
    engine = open_store(f"sqlite:///{file}")
    migrate(engine)
    add_towns(engine)
    fill_year(engine, count=120)
    add(engine, "満員の食堂", status="full")
    # The last one to leave moves everything from the log into the file.
    engine.dispose()
    return file


@pytest.fixture
def full_year(year: Path, small_desk: Desk, tmp_path: Path) -> Iterator[Hall]:
    """A hall around a copy of that store."""
    shutil.copy(year, tmp_path / "copy.db")
    engine = open_store(f"sqlite:///{tmp_path}/copy.db")
    yield Hall(small_desk, engine)
    engine.dispose()


@pytest.fixture
def coordinator(full_year: Hall) -> TestClient:
    return full_year.come_in("cora", "coordinator")


def test_the_first_page_of_figures_is_the_needs(coordinator: TestClient) -> None:
    answer = coordinator.get("/insights")
    assert (answer.status_code, answer.headers["location"]) == (303, "/insights/needs")
    page = coordinator.get("/insights/needs?by=year&year=2025").text
    assert '<a href="/insights"' in page
    assert "満員の食堂" in page
    assert "買い物・通院の足がない" in page


def test_a_town_without_cases_is_told_how_figures_come_about(light_hall: Hall) -> None:
    browser = light_hall.come_in("cora", "coordinator")
    for path in PAGES:
        answer = browser.get(path)
        assert answer.status_code == 200, path
    assert "合うものがない" in browser.get("/insights/needs").text


def test_every_chart_has_its_table_behind_it_and_a_name(coordinator: TestClient) -> None:
    for path in PAGES[:2]:
        page = coordinator.get(f"{path}?by=year&year=2025").text
        charts = page.count('<svg class="chart" role="img"')
        assert charts >= 4
        assert page.count("<summary>表で見る</summary>") == charts
        ids = re.findall(r' id="([^"]+)"', page)
        assert len(ids) == len(set(ids))
        assert "style=" not in page
        assert "<script>" not in page


def test_every_table_is_a_file_too(coordinator: TestClient) -> None:
    for path in PAGES[:2]:
        page = coordinator.get(f"{path}?by=year&year=2025").text
        links = [
            link.replace("&amp;", "&")
            for link in re.findall(r'href="(/insights/\w+\.csv[^"]*)"', page)
        ]
        assert len(links) >= 6
        for link in links:
            answer = coordinator.get(link)
            assert answer.status_code == 200, link
            assert answer.content.startswith(b"\xef\xbb\xbf")
            assert "attachment" in answer.headers["content-disposition"]
            crosses = (
                "needs-month",
                "needs-district",
                "needs-age",
                "needs-kind",
                "flags",
                "refusals",
            )
            if any(f"table={key}" in link for key in crosses):
                numbers = re.findall(r"(?<=,)\d+(?=[,\r])", answer.text)
                assert not {"1", "2", "3", "4"} & set(numbers), link
    assert coordinator.get("/insights/needs.csv?table=none").status_code == 404


def test_a_period_is_a_year_a_month_or_whole_months(coordinator: TestClient) -> None:
    get = coordinator.get
    assert "2025年12月。" in get("/insights/needs?by=month&month=2025-12").text
    assert (
        "2025年4月〜2025年6月。" in get("/insights/needs?by=span&first=2025-04&last=2025-06").text
    )
    for wrong in (
        "by=month&month=x",
        "by=span&first=2026-03&last=2026-01",
        "by=year&year=a%0D%0Ab",
    ):
        page = get(f"/insights/desk?{wrong}")
        assert page.status_code == 200
        assert "期間を読み取れません" in page.text


def test_who_may_not_see_cases_gets_whole_years_and_no_link_to_a_case(full_year: Hall) -> None:
    evaluator = full_year.come_in("eva", "evaluator")
    page = evaluator.get("/insights/desk?by=month&month=2025-12").text
    assert "令和7年度" not in page.partition("</p>")[0]
    assert "令和8年度" in page
    assert 'name="month"' not in page
    assert 'href="/cases' not in page
    staff = full_year.come_in("sato", "staff").get("/insights/desk?by=year&year=2025").text
    assert 'href="/cases/' in staff


def test_rights(full_year: Hall) -> None:
    for role in ("keeper", "trainer", "trainee"):
        browser = full_year.come_in(role, role)
        assert browser.get("/insights/needs").status_code == 403
        assert "気づき" not in browser.get("/").text
    full_year.register("pref", "prefecture", town=PREFECTURE)
    assert full_year.signed_in("pref").get("/insights/needs").status_code == 200


def test_looking_is_recorded(full_year: Hall) -> None:
    full_year.come_in("cora", "coordinator").get("/insights/desk")
    (entry,) = recorded(full_year.engine, "insights.see")
    assert entry.detail == '{"kind":"desk"}'


def test_the_years_report_as_a_page_and_as_files(coordinator: TestClient) -> None:
    page = coordinator.get("/insights/year?year=2025").text
    assert "モデル事業" in page
    assert "研修の記録は、このソフトの中にはない" in page
    typed = {"year": "2025", "remarks": "研修を2回<行った>\x00。"}
    answer = coordinator.post("/insights/year/html", data=typed)
    assert answer.status_code == 200
    assert "研修を2回&lt;行った&gt;。" in answer.text
    assert "http" not in answer.text.replace("http-equiv", "")
    docx = pytest.importorskip("docx")
    word = coordinator.post("/insights/year/docx", data=typed)
    assert word.headers["content-disposition"].startswith(
        'attachment; filename="tsunagi-999999-2025.docx"'
    )
    document = docx.Document(io.BytesIO(word.content))
    assert any(p.text == "研修を2回<行った>。" for p in document.paragraphs)


def test_remarks_that_are_too_long_are_kept_on_the_page(coordinator: TestClient) -> None:
    typed = "あ" * 20_001
    answer = coordinator.post("/insights/year/docx", data={"year": "2025", "remarks": typed})
    assert answer.status_code == 422
    assert typed in answer.text
    assert "長すぎます" in answer.text
    wrong = coordinator.post("/insights/year/docx", data={"year": "x", "remarks": "残す"})
    assert wrong.status_code == 422
    assert "残す" in wrong.text
