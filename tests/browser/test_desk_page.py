"""The desk page in a real Chromium: paste a note, read the answer, and nothing goes out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, Request, ViewportSize, expect
from sqlalchemy import Engine

from knowledge.load import DEFAULT_TOWN
from service.app import create_app
from service.records.town_knowledge import seed_from_folder
from service.settings import Settings
from service.store.engine import open_store
from service.store.migrate import migrate
from service.triage.triage import Desk
from tests.fixtures.serving import serving

# A quarter past ten on a Tuesday, in Japan.
NOW = datetime(2026, 11, 24, 1, 15, tzinfo=UTC)
WIDE = ViewportSize(width=1280, height=900)
TABLET = ViewportSize(width=768, height=1024)
# As 1280 looks when everything is twice as large.
TWICE = ViewportSize(width=640, height=450)
NOTE = (
    "母84・長男52の二人暮らし。長男は10年前に仕事を辞めてから家に閉じこもっている。"
    "母は同じ話をくり返し、鍋を焦がした。電気は来週止めると紙が来た。借金はない。"
)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A store that holds the sample town's records."""
    engine = open_store(f"sqlite:///{tmp_path_factory.mktemp('desk')}/desk.db")
    migrate(engine)
    seed_from_folder(engine, DEFAULT_TOWN, "command", NOW)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def address(desk: Desk, engine: Engine) -> Iterator[str]:
    """A real server on a free port of this machine."""
    single = Settings(mode="single")
    app = create_app(
        desk, lambda: date(2026, 11, 24), settings=single, engine=engine, now=lambda: NOW
    )
    with serving(app) as port:
        yield f"http://127.0.0.1:{port}/"


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """A page that fails the test on any script error or request to another host."""
    context = browser.new_context(locale="ja-JP", viewport=WIDE)
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


@pytest.mark.parametrize("size", [TABLET, TWICE])
def test_a_narrow_screen_needs_no_sideways_scrolling(page: Page, size: ViewportSize) -> None:
    page.set_viewport_size(size)
    _ask(page, NOTE)
    expect(page.locator(".card").first).to_be_visible()
    _open_all(page)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("size", [WIDE, TABLET])
def test_axe_finds_nothing_on_the_answer(page: Page, size: ViewportSize) -> None:
    page.set_viewport_size(size)
    _ask(page, NOTE)
    expect(page.locator(".card").first).to_be_visible()
    page.locator("#keys summary").click()
    _open_all(page)
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


def _open_all(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach(node => { node.open = true })")


def _lit(page: Page) -> set[str]:
    lit: list[str] = page.evaluate("[...document.querySelectorAll('.lit')].map(node => node.id)")
    return set(lit)


def test_pointing_at_a_suggestion_lights_its_words_and_the_other_way_round(page: Page) -> None:
    _ask(page, NOTE)
    page.locator(".card h4").first.hover()
    words = {i for i in _lit(page) if i.startswith("e")}
    assert "s1" in _lit(page)
    assert words
    page.locator(f"#{min(words)}").hover()
    assert "s1" in _lit(page)
    page.locator(".problems li").first.hover()
    assert "p0" in _lit(page)
    assert any(i.startswith("e") for i in _lit(page))


def test_the_keyboard_lights_and_follows_the_same_links(page: Page) -> None:
    _ask(page, NOTE)
    expect(page.locator(".card").first).to_be_visible()
    link = page.locator("mark.problem a").first
    target = (link.get_attribute("href") or "")[1:]
    link.focus()
    assert target in _lit(page)
    page.keyboard.press("Enter")
    expect(page.locator(f"#{target}")).to_be_focused()
    assert "#" not in page.url


def test_two_questions_are_answered_in_place_and_the_page_says_what_changed(page: Page) -> None:
    page.evaluate("window.stayed = true")
    _ask(page, NOTE)
    expect(page.locator("#said")).to_have_text(re.compile(r"^候補 \d+ 件、緊急 1 件$"))
    first = page.locator(".answers").first
    words = first.locator("span").first.inner_text()
    first.get_by_role("button", name="はい").click()
    expect(page.locator(".answered li")).to_contain_text([f"{words} はい"])
    expect(page.locator("#changes")).to_be_focused()
    expect(page.locator("#changes")).to_contain_text("分かりました")
    expect(page.locator("#said")).to_contain_text("分かりました")
    page.locator(".answers").first.get_by_role("button", name="分からない").click()
    expect(page.locator(".answered li")).to_have_count(2)
    page.locator(".answered").get_by_role("button", name=re.compile("直す")).first.click()
    expect(page.locator(".answered li")).to_have_count(1)
    assert page.evaluate("window.stayed") is True


def test_an_age_is_typed_and_entered_with_the_return_key(page: Page) -> None:
    _ask(page, "介護の申請をしたい。")
    field = page.get_by_role("spinbutton", name="年齢")
    field.fill("45")
    page.keyboard.press("Enter")
    expect(page.locator(".answered")).to_contain_text("45歳")


def test_choices_are_counted_kept_through_an_answer_and_all_undone(page: Page) -> None:
    _ask(page, NOTE)
    picks = page.locator(".card .pick")
    picks.nth(0).get_by_role("checkbox").check()
    picks.nth(1).get_by_role("checkbox").check()
    # What is not wanted after all is not chosen any more.
    picks.nth(1).get_by_role("combobox").select_option("too_far")
    keep = page.get_by_role("button", name="記録に残す")
    expect(keep).to_have_text("記録に残す（選んだ1件）")
    page.locator(".answers").first.get_by_role("button", name="いいえ").click()
    expect(page.locator("#changes")).to_be_visible()
    expect(keep).to_have_text("記録に残す（選んだ1件）")
    page.get_by_role("button", name="選んだものを全部外す").click()
    expect(keep).to_have_text("記録に残す（選んだ0件）")


def _ranks(cards: Locator) -> list[int]:
    return [int(c.get_attribute("data-rank") or 0) for c in cards.all() if c.is_visible()]


def test_one_key_shows_the_whole_list_in_order_and_back_again(page: Page) -> None:
    _ask(page, NOTE)
    expect(page.locator(".group-title").first).to_be_visible()
    page.locator(".card .pick").first.get_by_role("checkbox").check()
    by_trouble = _ranks(page.locator(".card"))
    page.keyboard.press("l")
    whole = _ranks(page.locator("#ranked .card"))
    assert whole == sorted(whole)
    assert len(whole) > len(by_trouble)
    expect(page.get_by_role("button", name="課題ごとに見る")).to_be_visible()
    assert page.get_by_role("button", name="記録に残す").inner_text().endswith("1件）")
    page.keyboard.press("l")
    assert _ranks(page.locator(".card")) == by_trouble


def test_keys_write_letters_in_the_note_and_can_be_switched_off(page: Page) -> None:
    _ask(page, NOTE)
    expect(page.locator(".card").first).to_be_visible()
    page.keyboard.press("n")
    expect(page.get_by_label("相談記録")).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.type("l?")
    expect(page.get_by_label("相談記録")).to_have_value(re.compile(r"l\?"))
    expect(page.locator("#ranked")).to_have_count(0)
    page.locator("#keys summary").click()
    page.get_by_label("1文字のキー操作を使う").uncheck()
    page.locator("#keys summary").focus()
    page.keyboard.press("l")
    expect(page.locator("#ranked")).to_have_count(0)
    page.get_by_label("1文字のキー操作を使う").check()
    page.locator("#keys summary").focus()
    page.keyboard.press("l")
    expect(page.locator("#ranked")).to_have_count(1)


def test_keeping_goes_on_to_the_next_page_with_the_note_and_the_choice(page: Page) -> None:
    _ask(page, NOTE)
    page.locator(".card .pick").first.get_by_role("checkbox").check()
    page.get_by_role("button", name="記録に残す").click()
    page.wait_for_url("**/cases/new")
    expect(page.locator("main")).to_contain_text("自立相談支援機関")


def test_nothing_fits_is_noted_in_one_click_and_taken_back(page: Page) -> None:
    _ask(page, NOTE)
    page.get_by_role("button", name="合う支援がない、と残す").click()
    expect(page.locator("div.gap")).to_contain_text("残しました")
    page.get_by_role("button", name="取り消す").click()
    expect(page.locator("div.gap")).to_have_text(re.compile("取り消しました"))
    expect(page.get_by_label("相談記録")).to_have_value(NOTE)


def test_similar_cases_come_after_the_answer_by_themselves(page: Page) -> None:
    _ask(page, NOTE)
    expect(page.locator(".similar")).to_contain_text("まだ記録にありません")


def test_on_paper_there_is_the_answer_and_no_control(page: Page) -> None:
    _ask(page, NOTE)
    expect(page.locator(".card").first).to_be_visible()
    page.emulate_media(media="print")
    for gone in (".bar", ".note-form", ".answers", "form.gap", "#view"):
        expect(page.locator(gone).first).to_be_hidden()
    expect(page.locator(".marked-note")).to_be_visible()
    expect(page.locator(".flag").first).to_be_visible()


def test_the_bar_never_hides_what_has_the_focus(page: Page) -> None:
    _ask(page, NOTE)
    expect(page.locator(".card").first).to_be_visible()
    page.locator(".suggestions").get_by_role("checkbox").first.focus()
    for _ in range(25):
        page.keyboard.press("Tab")
        is_free = page.evaluate(
            """() => {
              const node = document.activeElement, bar = document.querySelector('.bar');
              return bar.contains(node) || node === document.body ||
                node.getBoundingClientRect().top < bar.getBoundingClientRect().top;
            }"""
        )
        assert is_free


def test_without_javascript_answers_and_choices_work_too(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False, locale="ja-JP")
    page = context.new_page()
    page.goto(address)
    _ask(page, NOTE)
    page.locator(".card .pick").first.get_by_role("checkbox").check()
    page.locator(".answers").first.get_by_role("button", name="はい").click()
    expect(page.locator("#changes")).to_contain_text("分かりました")
    expect(page.locator(".card .pick").first.get_by_role("checkbox")).to_be_checked()
    page.get_by_role("button", name="順位の順に全部見る").click()
    expect(page.locator("details.more")).to_have_count(0)
    page.get_by_role("button", name="記録に残す").click()
    expect(page.locator("main")).to_contain_text("自立相談支援機関")
    context.close()
