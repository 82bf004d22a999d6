"""The coordinator's, the chief's and the prefecture's pages in a real Chromium, with and without
scripts: figures are read by keyboard, the year's report prints alone, a question goes and comes.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, expect
from sqlalchemy import Engine

from service.app import create_app
from service.cases import keep
from service.settings import Settings
from service.store.engine import open_store
from service.store.migrate import migrate
from service.triage.triage import Desk
from tests.fixtures.case_world import memory_case, new_case_of
from tests.fixtures.record_pages_world import TODAY
from tests.fixtures.serving import serving
from tests.fixtures.store_world import NOW, TOWN, add_towns
from tests.fixtures.year_of_cases import fill_year

_PATHS = ("/insights/needs?by=year&year=2025", "/insights/desk?by=year&year=2025", "/insights/year?year=2025", "/advice")  # fmt: skip
_SMALL_WORDS = """() => [...document.querySelectorAll('svg.chart text')].map(
  t => getComputedStyle(t).fontSize).filter(size => parseFloat(size) < 12).length"""


@dataclass
class Window:
    """The single user's window, and the store behind it."""

    page: Page
    address: str
    engine: Engine

    def goto(self, path: str) -> None:
        self.page.goto(f"{self.address}{path}")


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a store with fourteen months of cases, written once."""
    file = tmp_path_factory.mktemp("year") / "year.db"
    engine = open_store(f"sqlite:///{file}")
    migrate(engine)
    add_towns(engine)
    fill_year(engine, count=120)
    engine.dispose()
    return file


@pytest.fixture(params=[True, False], ids=["scripts", "no-scripts"])
def window(
    request: pytest.FixtureRequest, browser: Browser, desk: Desk, year: Path, tmp_path: Path
) -> Iterator[Window]:
    """A window on that year; script errors and foreign requests are faults."""
    shutil.copy(year, tmp_path / "year.db")
    engine = open_store(f"sqlite:///{tmp_path}/year.db")
    town = desk.knowledge.town.model_copy(update={"code": TOWN.code, "name": TOWN.name})
    moved = replace(desk, knowledge=desk.knowledge.model_copy(update={"town": town}))
    settings = Settings(mode="single")
    app = create_app(moved, lambda: TODAY, settings=settings, engine=engine, now=lambda: NOW)
    faults: list[str] = []
    with serving(app) as port:
        address = f"http://127.0.0.1:{port}"
        context = browser.new_context(
            locale="ja-JP",
            viewport={"width": 1280, "height": 900},
            java_script_enabled=request.param,
        )
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda m: faults.append(m.text) if m.type == "error" else None)

        def watch(asked: Request) -> None:
            if not asked.url.startswith(address):
                faults.append(f"外部への通信: {asked.url}")

        page.on("request", watch)
        yield Window(page, address, engine)
        context.close()
    engine.dispose()
    assert not faults


def test_needs_are_read_with_their_tables_and_another_period(window: Window) -> None:
    page = window.page
    window.goto("/insights/needs?by=year&year=2025")
    by_district = page.get_by_role("region", name="課題と地区", exact=True)
    chart = by_district.get_by_role("img", name="地区ごとの、満たせなかった困りごと")
    expect(chart).to_be_visible()
    by_district.get_by_text("表で見る").focus()
    page.keyboard.press("Enter")
    expect(by_district.get_by_role("columnheader", name="萌黄台")).to_be_visible()
    page.get_by_role("radio", name="自由（月から月）").check()
    page.get_by_label("始まりの月").fill("2026-03")
    page.get_by_label("終わりの月").fill("2026-05")
    page.get_by_role("button", name="この期間で見る").click()
    expect(page.get_by_text("2026年3月〜2026年5月。")).to_be_visible()


def test_the_chief_goes_from_an_undecided_flag_to_its_case(window: Window) -> None:
    page = window.page
    window.goto("/insights/desk?by=year&year=2025")
    page.get_by_role("region", name="まだ決めていない緊急・通報").get_by_role("link").first.click()
    expect(page).to_have_url(re.compile(r"/cases/[0-9a-f-]{36}$"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("相談")


def test_the_report_is_printed_alone_and_taken_away(window: Window) -> None:
    page = window.page
    window.goto("/insights")
    page.get_by_role("link", name="年度の報告").click()
    page.get_by_label(re.compile("書き足すこと")).fill("研修を2回行った。")
    with page.expect_download() as taken:
        page.get_by_role("button", name="HTML で書き出す").click()
    assert "研修を2回行った。" in taken.value.path().read_text("utf-8")
    with page.expect_download() as word:
        page.get_by_role("button", name="Word で書き出す").click()
    assert word.value.suggested_filename.endswith(".docx")
    page.emulate_media(media="print")
    expect(page.get_by_role("button", name="Word で書き出す")).to_be_hidden()
    expect(page.get_by_role("heading", name="1 まとめ")).to_be_visible()


def test_a_question_goes_to_the_prefecture_and_its_answer_comes_back(window: Window) -> None:
    page = window.page
    case = keep.open_case(window.engine, TOWN.code, new_case_of(memory_case()), "p", NOW)
    window.goto(f"/cases/{case.id}/advice")
    page.get_by_label("聞きたいこと（必ず）").fill("どこから始めるのがよいですか。")
    page.get_by_role("button", name="ためし県の窓口へ送る").click()
    expect(page.get_by_text("どこから始めるのがよいですか。").first).to_be_visible()
    window.goto("/advice")
    page.get_by_role("main").get_by_role("link", name=re.compile(TOWN.name)).click()
    page.get_by_label("助言（必ず）").fill("介護の申請を先に進めてください。")
    page.get_by_role("button", name="回答を送る").click()
    expect(page.get_by_role("status")).to_contain_text("回答を送りました")
    window.goto(f"/cases/{case.id}")
    expect(page.get_by_text("介護の申請を先に進めてください。").first).to_be_visible()


def test_no_page_needs_sideways_scrolling_and_every_control_has_a_name(window: Window) -> None:
    page = window.page
    case = keep.open_case(window.engine, TOWN.code, new_case_of(memory_case()), "p", NOW)
    for width in (1280, 768):
        page.set_viewport_size({"width": width, "height": 900})
        for path in (*_PATHS, f"/cases/{case.id}/advice"):
            window.goto(path)
            assert page.locator("html").evaluate("html => html.scrollWidth") <= width, path
            assert page.evaluate(_SMALL_WORDS) == 0, path
            for control in page.locator("main :is(input, select, textarea, button, a)").all():
                if control.get_attribute("type") != "hidden":
                    expect(control).to_have_accessible_name(re.compile(r"\S"))
