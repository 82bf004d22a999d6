"""The desk page in a real Chromium: paste a note, read the answer, and nothing goes out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from service.app import create_app
from service.triage.triage import Desk
from tests.fixtures.serving import serving

NOTE = (
    "母84・長男52の二人暮らし。長男は10年前に仕事を辞めてから家に閉じこもっている。"
    "母は同じ話をくり返し、鍋を焦がした。電気は来週止めると紙が来た。借金はない。"
)


@pytest.fixture(scope="module")
def address(desk: Desk) -> Iterator[str]:
    """A real server on a free port of this machine."""
    with serving(create_app(desk, lambda: date(2026, 11, 24))) as port:
        yield f"http://127.0.0.1:{port}/"


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """A page that fails the test on any script error or request to another host."""
    context = browser.new_context(locale="ja-JP", viewport={"width": 1280, "height": 900})
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda m: faults.append(m.text) if m.type == "error" else None)

    def watch(request: Request) -> None:
        if not request.url.startswith(address):
            faults.append(f"外部への通信: {request.url}")

    page.on("request", watch)
    page.goto(address)
    yield page
    context.close()
    assert not faults


def _ask(page: Page, note: str) -> None:
    page.get_by_label("相談記録").fill(note)
    page.get_by_role("button", name="つなぎ先をさがす").click()


def test_a_pasted_note_shows_danger_first_then_evidence_cards_and_questions(page: Page) -> None:
    _ask(page, NOTE)
    expect(page.get_by_role("heading", name=re.compile("緊急・通報"))).to_be_visible()
    expect(page.locator("mark.flag").first).to_be_visible()
    expect(page.locator(".card").first).to_contain_text("まずすること")
    expect(page.locator(".marked-note")).to_have_text(NOTE)
    expect(page.get_by_role("heading", name="次に聞くこと")).to_be_visible()
    flags, cards = page.locator(".flags").bounding_box(), page.locator(".card").first.bounding_box()
    assert flags
    assert cards
    assert flags["y"] < cards["y"]


def test_the_answer_comes_without_a_page_jump_and_keeps_the_note(page: Page) -> None:
    page.evaluate("window.stayed = true")
    _ask(page, NOTE)
    expect(page.locator(".card").first).to_be_visible()
    assert page.evaluate("window.stayed") is True
    expect(page.get_by_label("相談記録")).to_have_value(NOTE)


def test_the_keyboard_alone_is_enough(page: Page) -> None:
    page.keyboard.type("失業して家賃が払えない。38歳男性。")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".card").first).to_be_visible()


def test_a_script_in_the_note_is_shown_and_never_run(page: Page) -> None:
    _ask(page, "<script>window.hacked = 1</script>母84が転んで足が弱った。")
    expect(page.locator(".marked-note")).to_contain_text("<script>window.hacked = 1</script>")
    assert page.evaluate("window.hacked") is None


def test_nothing_of_the_note_stays_in_the_browser(page: Page) -> None:
    _ask(page, NOTE)
    expect(page.locator(".card").first).to_be_visible()
    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, location.href])")
    assert "長男" not in kept
    assert not page.context.cookies()


def test_an_errand_for_another_section_says_so(page: Page) -> None:
    _ask(page, "犬が死んだので登録を消したい。どこに行けばよいか。")
    expect(page.locator("#suggestions-title")).to_contain_text("福祉以外")


def test_without_javascript_the_same_answer_comes_as_a_page(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False, locale="ja-JP")
    page = context.new_page()
    page.goto(address)
    _ask(page, NOTE)
    expect(page.locator(".card").first).to_be_visible()
    expect(page.get_by_label("相談記録")).to_have_value(NOTE)
    context.close()


def test_japanese_is_drawn_with_a_real_font(page: Page) -> None:
    """Missing glyphs all have one width and one shape; real ones differ."""
    differs = page.evaluate(
        """() => {
          const draw = (char) => {
            const canvas = document.createElement('canvas'); canvas.width = canvas.height = 48;
            const pen = canvas.getContext('2d'); pen.font = '40px "Noto Sans CJK JP"';
            pen.fillText(char, 2, 40);
            return pen.getImageData(0, 0, 48, 48).data.join();
          };
          return draw('相') !== draw('談');
        }"""
    )
    assert differs


def test_a_narrow_screen_needs_no_sideways_scrolling(page: Page) -> None:
    page.set_viewport_size({"width": 768, "height": 1024})
    _ask(page, NOTE)
    expect(page.locator(".card").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
