"""Papers in a real Chromium: looked over, changed, printed as A4, with and without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Request, expect
from pypdf import PdfReader
from sqlalchemy import Engine

from service.app import create_app
from service.cases.keep import open_case
from service.cases.models import Case
from service.settings import Settings
from service.store.engine import open_store
from service.store.migrate import migrate
from service.triage.triage import Desk
from tests.fixtures.case_world import memory_case, new_case_of, violence_case
from tests.fixtures.record_pages_world import TODAY
from tests.fixtures.serving import serving
from tests.fixtures.store_world import NOW, TOWN, add_towns


@dataclass
class Printer:
    """A window of the desk in the single-user mode, and the store behind it."""

    page: Page
    address: str
    engine: Engine

    def keep(self, case: Case) -> Case:
        return open_case(self.engine, TOWN.code, new_case_of(case), "staff-1", NOW)

    def goto(self, path: str) -> None:
        self.page.goto(f"{self.address}{path}")


@pytest.fixture(params=[True, False], ids=["scripts", "no-scripts"])
def printer(
    request: pytest.FixtureRequest, browser: Browser, desk: Desk, tmp_path: Path
) -> Iterator[Printer]:
    """A desk with a store; script errors and foreign requests are faults."""
    engine = open_store(f"sqlite:///{tmp_path}/cases.db")
    migrate(engine)
    add_towns(engine)
    town = desk.knowledge.town.model_copy(update={"code": TOWN.code, "name": TOWN.name})
    moved = replace(desk, knowledge=desk.knowledge.model_copy(update={"town": town}))
    app = create_app(moved, lambda: TODAY, settings=Settings(), engine=engine)
    faults: list[str] = []
    with serving(app) as port:
        context = browser.new_context(
            locale="ja-JP",
            viewport={"width": 1280, "height": 900},
            java_script_enabled=request.param,
        )
        page = context.new_page()
        address = f"http://127.0.0.1:{port}"
        page.on("pageerror", lambda error: faults.append(str(error)))

        def watch(asked: Request) -> None:
            if not asked.url.startswith((address, "blob:")):
                faults.append(f"外部への通信: {asked.url}")

        page.on("request", watch)
        yield Printer(page, address, engine)
        context.close()
    engine.dispose()
    assert not faults


def test_the_slip_is_changed_and_only_the_paper_is_printed(printer: Printer) -> None:
    page, case = printer.page, printer.keep(memory_case())
    printer.goto(f"/cases/{case.id}")
    page.get_by_role("link", name="本人に渡す紙").click()
    page.get_by_label("はじめに").fill("火曜《かよう》に 行《い》ってください。")
    page.get_by_role("button", name="印刷", exact=True).click()
    paper = page.get_by_role("article", name="これから行くところ")
    expect(paper).to_contain_text("火曜（かよう）に")
    printed = PdfReader(BytesIO(page.pdf(prefer_css_page_size=True)))
    text = "".join(sheet.extract_text() for sheet in printed.pages)
    assert "0000-52-3120" in text
    for screen in ("つなぎは候補を示すだけです", "相談に戻る", "印刷の設定", "PDF", case.label):
        assert screen not in text, screen
    assert [round(float(n)) for n in printed.pages[0].mediabox[2:]] == [595, 842]
    expect(page.get_by_label("はじめに")).to_have_value("火曜《かよう》に 行《い》ってください。")


def test_before_the_press_nothing_of_the_case_is_printed(printer: Printer) -> None:
    case = printer.keep(memory_case())
    printer.goto(f"/cases/{case.id}/print/packet")
    printed = PdfReader(BytesIO(printer.page.pdf()))
    text = "".join(sheet.extract_text() for sheet in printed.pages)
    assert "まだ紙の形になっていません" in text.replace("\n", "")
    assert "もの忘れ" not in text


@pytest.mark.parametrize(("press", "ending"), [("PDF", "pdf"), ("Word", "docx")])
def test_the_files_come_down_under_a_name_without_a_person(
    printer: Printer, press: str, ending: str
) -> None:
    page, case = printer.page, printer.keep(memory_case())
    printer.goto(f"/cases/{case.id}/print/referral")
    page.get_by_label("お願いしたいこと").fill("訪問をお願いします。")
    with page.expect_download() as coming:
        page.get_by_role("button", name=press, exact=True).click()
    assert coming.value.suggested_filename == f"tsunagi-{case.label}-referral.{ending}"
    assert coming.value.path().stat().st_size > 10_000
    expect(page.get_by_label("お願いしたいこと")).to_have_value("訪問をお願いします。")


def test_what_is_left_out_for_safety_is_put_back_by_a_tick(printer: Printer) -> None:
    page, case = printer.page, printer.keep(violence_case())
    printer.goto(f"/cases/{case.id}/print/slip")
    left_out = page.get_by_role("form", name="安全のため、紙に入れていないつなぎ先")
    expect(left_out.get_by_role("checkbox")).to_have_count(3)
    left_out.get_by_role("checkbox").first.check()
    left_out.get_by_role("button", name="この選び方で作り直す").click()
    page.get_by_role("button", name="印刷", exact=True).click()
    paper = page.get_by_role("article")
    expect(paper).to_contain_text("0000-10-2800")
    expect(paper).not_to_contain_text("0000-30-1123")


def test_the_pages_are_accessible(printer: Printer, request: pytest.FixtureRequest) -> None:
    if "no-scripts" in request.node.name:
        pytest.skip("axe 自身がスクリプトで動く")
    page = printer.page
    told, alarm = printer.keep(memory_case()), printer.keep(violence_case())
    for case, kind in ((told, "slip"), (alarm, "slip"), (told, "referral"), (alarm, "packet"), (alarm, "emergency")):  # fmt: skip
        printer.goto(f"/cases/{case.id}/print/{kind}")
        assert Axe().run(page).response["violations"] == []
        button = page.get_by_role("button", name="印刷", exact=True)
        if button.count():
            button.click()
            assert Axe().run(page).response["violations"] == []
            expect(page.get_by_role("button", name="印刷を始める")).to_be_visible()
