"""What a card says of its own reliability, and telling that a place refused, in a real Chromium."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect
from sqlalchemy import Engine

from knowledge.load import DEFAULT_TOWN
from knowledge.models import Capacity, Refusal, Resource
from service.app import create_app
from service.records.keep import get_record
from service.records.town_knowledge import seed_from_folder
from service.settings import Settings
from service.store.engine import open_store
from service.store.migrate import migrate
from service.triage.triage import Desk
from tests.fixtures.serving import serving

TODAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
NOTE = "72歳ひとり暮らしの橋本さん、足が弱り買い物に行けない。食事も作れない。"
WIDE = ViewportSize(width=1280, height=900)
NARROW = ViewportSize(width=768, height=1024)
# What WCAG 2.2 asks of text of ordinary size (AA, 1.4.3).
READABLE = 4.5
# The lowest contrast between letters and what lies below them, and the letters.
_LOWEST_CONTRAST = """() => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (rgb) => {
    const [r, g, b] = rgb.map(v => v / 255).map(
      v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const below = (node) => {
    for (let n = node; n; n = n.parentElement) {
      const [r, g, b, alpha = 1] = parts(getComputedStyle(n).backgroundColor);
      if (alpha === 1) return [r, g, b];
      if (alpha !== 0) throw new Error('half transparent: ' + n.className);
    }
    return [255, 255, 255];
  };
  let lowest = [99, ''];
  const walk = document.createTreeWalker(document.querySelector('.suggestions'), NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = walk.currentNode.data.trim(), node = walk.currentNode.parentElement;
    if (!text) continue;
    for (let n = node; n; n = n.parentElement) {
      if (getComputedStyle(n).opacity !== '1') throw new Error('faded: ' + n.className);
    }
    const front = light(parts(getComputedStyle(node).color).slice(0, 3)), back = light(below(node));
    const ratio = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
    if (ratio < lowest[0]) lowest = [ratio, text];
  }
  return lowest;
}"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A store that holds the sample town's records."""
    engine = open_store(f"sqlite:///{tmp_path_factory.mktemp('cards')}/cards.db")
    migrate(engine)
    seed_from_folder(engine, DEFAULT_TOWN, "command", NOW)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def address(desk: Desk, engine: Engine) -> Iterator[str]:
    """The sample town's desk, where every state and age of a record occurs."""
    worn = [_worn(number, r) for number, r in enumerate(desk.knowledge.resources)]
    knowledge = desk.knowledge.model_copy(update={"resources": tuple(worn)})
    app = create_app(
        replace(desk, knowledge=knowledge),
        lambda: TODAY,
        settings=Settings(mode="single"),
        engine=engine,
        now=lambda: NOW,
    )
    with serving(app) as port:
        yield f"http://127.0.0.1:{port}/"


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """The answer to a note, on a wide screen; script errors fail the test."""
    context = browser.new_context(locale="ja-JP", viewport=WIDE)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda m: faults.append(m.text) if m.type == "error" else None)
    page.goto(address)
    _ask(page)
    yield page
    context.close()
    assert not faults


def _worn(number: int, resource: Resource) -> Resource:
    """Make every other record stale, and so on, so that all states meet on one page."""
    old = TODAY - timedelta(days=400)
    refused = (
        Refusal(on=date(2026, 11, 20), reason="満員"),
        Refusal(on=date(2026, 10, 3), reason="対象でない"),
    )
    changes: tuple[dict[str, object], ...] = (
        {"verified_on": old, "verified_by": "福祉係"},
        {"capacity": Capacity(status="full", note="1月に空く見込み"), "layer": "prefecture"},
        {"refusals": refused},
        {"verified_on": old, "refusals": (Refusal(on=date(2026, 11, 20), reason="やめていた"),)},
    )
    return resource.model_copy(update=changes[number % len(changes)])


def _ask(page: Page) -> None:
    page.get_by_label("相談記録").fill(NOTE)
    page.get_by_role("button", name="つなぎ先をさがす").click()
    expect(page.locator(".card").first).to_be_visible()


def _first_form(page: Page) -> Locator:
    return page.locator("details.refusal").first


def _record_of(form: Locator) -> str:
    found = re.search(r"/records/(.+)/reports", form.locator("form").get_attribute("action") or "")
    assert found
    return found[1]


def _reasons(engine: Engine, desk: Desk, record_id: str) -> list[str]:
    kept = get_record(engine, desk.knowledge.town.code, record_id)
    return [report.reason for report in kept.reports]


def test_every_card_says_when_it_was_verified_and_until_when(page: Page) -> None:
    cards = page.locator(".card, .card .resource")
    assert page.locator(".checked").count() == cards.count()
    for text in page.locator(".checked").all_text_contents():
        assert re.fullmatch(
            r"確認 \d{4}-\d\d-\d\d(（[^）]+）)?・次の確認 \d{4}-\d\d-\d\dまで", text
        ), text


def test_each_state_has_its_words_on_the_page(page: Page) -> None:
    shown = page.locator(".suggestions")
    for words in (
        "確認から1年を過ぎています。電話で確かめてください",
        "記録の確認が必要",
        "1月に空く見込み",
        "この3か月に断られた記録: 満員（11/20）、対象でない（10/3）",
    ):
        expect(shown).to_contain_text(words)
    expect(page.locator(".badge-prefecture").first).to_have_text("県の記録")


@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_grey_cards_are_as_readable_as_the_others(page: Page, size: ViewportSize) -> None:
    page.set_viewport_size(size)
    for form in page.locator("details").all():
        form.evaluate("node => { node.open = true }")
    assert page.locator(".card.stale").count()
    assert page.locator(".resource.stale").count()
    ratio, text = page.evaluate(_LOWEST_CONTRAST)
    assert ratio >= READABLE, text
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_pressing_a_reason_notes_it_and_leaves_the_note_where_it_is(
    page: Page, engine: Engine, desk: Desk
) -> None:
    form = _first_form(page)
    record_id = _record_of(form)
    before = _reasons(engine, desk, record_id)
    forms, cards = page.locator("details.refusal").count(), page.locator(".card").count()
    sent: list[str | None] = []
    page.on("request", lambda request: sent.append(request.post_data))
    form.get_by_text("断られた・つながらなかった").click()
    form.get_by_role("button", name="満員").click()
    expect(page.locator("p.refusal")).to_contain_text("「満員」と記録しました")
    assert _reasons(engine, desk, record_id) == [*before, "full"]
    assert page.locator("details.refusal").count() == forms - 1
    assert page.locator(".card").count() == cards
    expect(page.get_by_label("相談記録")).to_have_value(NOTE)
    # Nothing of the note went along.
    assert sent == [f"town={desk.knowledge.town.code}&reason=full"]


def test_the_keyboard_alone_is_enough_to_tell(page: Page, engine: Engine, desk: Desk) -> None:
    form = page.locator("details.refusal").nth(1)
    record_id = _record_of(form)
    before = _reasons(engine, desk, record_id)
    form.locator("summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("p.refusal")).to_contain_text("「対象でない」と記録しました")
    assert _reasons(engine, desk, record_id) == [*before, "not_eligible"]


def test_each_form_names_its_place_for_those_who_hear_the_page(page: Page) -> None:
    names = page.locator("details.refusal summary").all_text_contents()
    assert len(set(names)) == len(names)


def test_on_paper_there_is_no_form(page: Page) -> None:
    page.emulate_media(media="print")
    expect(_first_form(page)).to_be_hidden()
    expect(page.locator(".checked").first).to_be_visible()


def test_without_javascript_the_answer_opens_beside_and_the_note_stays(
    browser: Browser, address: str, engine: Engine, desk: Desk
) -> None:
    context = browser.new_context(java_script_enabled=False, locale="ja-JP")
    page = context.new_page()
    page.goto(address)
    _ask(page)
    form = page.locator("details.refusal").nth(2)
    record_id = _record_of(form)
    before = _reasons(engine, desk, record_id)
    form.locator("summary").click()
    with context.expect_page() as opened:
        form.get_by_role("button", name="連絡がつかない").click()
    expect(opened.value.get_by_role("heading", name="記録しました")).to_be_visible()
    expect(opened.value.get_by_role("link", name="窓口へもどる")).to_be_visible()
    expect(page.get_by_label("相談記録")).to_have_value(NOTE)
    assert _reasons(engine, desk, record_id) == [*before, "unreachable"]
    context.close()
