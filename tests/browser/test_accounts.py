"""From the first start to a colleague's first day, in a real Chromium, with and without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect

from service.app import create_app
from service.settings import Settings
from service.store.engine import open_store
from service.store.migrate import migrate
from service.triage.triage import Desk
from tests.fixtures.accounts_world import OTHER_PASSWORD, PASSWORD, RULES
from tests.fixtures.serving import serving
from tests.fixtures.web_world import CODE

NOTE = "母84が同じ話をくり返し、鍋を焦がした。長男52は家に閉じこもっている。"


@dataclass
class Hall:
    """A town hall, and the windows that are open on it."""

    browser: Browser
    address: str
    scripts: bool
    faults: list[str]
    contexts: list[BrowserContext]

    def window(self) -> Page:
        """A browser of its own, in which script errors and requests to others are faults."""
        context = self.browser.new_context(
            locale="ja-JP",
            viewport={"width": 1100, "height": 850},
            java_script_enabled=self.scripts,
        )
        self.contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda m: self.faults.append(m.text) if m.type == "error" else None)
        page.on("request", self._watch)
        return page

    def _watch(self, request: Request) -> None:
        if not request.url.startswith(self.address):
            self.faults.append(f"外部への通信: {request.url}")


# An https cookie is kept on this machine's own names; on other names over http it is not, and
# there Chromium sends no Sec-Fetch-* headers either: the Origin header alone must do.
@pytest.fixture(params=[("127.0.0.1", True), ("desk.test", False)], ids=["loopback", "http-name"])
def at(request: pytest.FixtureRequest) -> tuple[str, bool]:
    """The name under which the desk is opened, and whether its cookie is for https only."""
    name, secure = request.param
    return name, secure


@pytest.fixture(params=[True, False], ids=["scripts", "no-scripts"])
def hall(
    request: pytest.FixtureRequest,
    browser: Browser,
    desk: Desk,
    tmp_path: Path,
    at: tuple[str, bool],
) -> Iterator[Hall]:
    """A town hall in which nobody has an account yet."""
    name, secure = at
    engine = open_store(f"sqlite:///{tmp_path}/hall.db")
    migrate(engine)
    settings = Settings(mode="town", allowed_hosts=("desk.test",), secure_cookie=secure)
    app = create_app(
        desk,
        lambda: date(2026, 11, 24),
        settings=settings,
        engine=engine,
        rules=RULES,
        set_up_code=CODE,
    )
    with serving(app) as port:
        hall = Hall(browser, f"http://{name}:{port}", request.param, [], [])
        yield hall
        for context in hall.contexts:
            context.close()
    engine.dispose()
    # Chromium says in its console that this header has no use over plain http.
    faults = [f for f in hall.faults if "Cross-Origin-Opener-Policy" not in f]
    assert not faults


def test_from_the_first_start_to_a_colleagues_first_day(hall: Hall) -> None:
    admin = hall.window()
    _set_up(hall, admin)
    _use_the_desk(admin)
    password = _invite(admin)
    colleague = hall.window()
    _first_day(hall, colleague, password)
    _use_the_desk(colleague)
    colleague.get_by_role("button", name="ログアウト").click()
    expect(colleague.get_by_role("status").filter(has_text="ログアウトしました")).to_be_visible()
    colleague.goto(f"{hall.address}/")
    expect(colleague).to_have_url(f"{hall.address}/sign-in")


def test_a_note_survives_the_end_of_a_session(hall: Hall) -> None:
    page = hall.window()
    _set_up(hall, page)
    page.get_by_label("相談記録").fill(NOTE)
    page.context.clear_cookies()
    page.get_by_role("button", name="つなぎ先をさがす").click()
    expect(page.get_by_role("alert")).to_contain_text("ログインの期限が切れました")
    expect(page.get_by_label("相談記録")).to_have_value(NOTE)
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="別の画面でログイン").click()
    _sign_in(opened.value, "hanako", PASSWORD)
    page.get_by_role("button", name="つなぎ先をさがす").click()
    expect(page.locator(".card").first).to_be_visible()
    # The refusal was meant.
    hall.faults[:] = [fault for fault in hall.faults if "401" not in fault]


def test_the_keyboard_alone_signs_in(hall: Hall) -> None:
    page = hall.window()
    _set_up(hall, page)
    page.get_by_role("button", name="ログアウト").click()
    page.goto(f"{hall.address}/sign-in?next=/account")
    # Typing before the browser has put the cursor there loses letters.
    expect(page.get_by_label("ログイン名")).to_be_focused()
    page.keyboard.type("hanako")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="自分のアカウント")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="本文へ移動")).to_be_focused()


def test_no_page_needs_sideways_scrolling(hall: Hall) -> None:
    page = hall.window()
    _set_up(hall, page)
    page.set_viewport_size({"width": 480, "height": 800})
    for path in ("/", "/account", "/account/password", "/accounts"):
        page.goto(f"{hall.address}{path}")
        width = page.locator("html").evaluate("element => element.scrollWidth")
        assert width <= 480, path


def _set_up(hall: Hall, page: Page) -> None:
    page.goto(f"{hall.address}/")
    expect(page.get_by_role("heading", name="はじめの設定")).to_be_visible()
    page.get_by_label("設定コード").fill(CODE)
    page.get_by_label("ログイン名").fill("hanako")
    page.get_by_label("表示名").fill("山田 花子")
    page.get_by_label("パスワード", exact=True).fill(PASSWORD)
    page.get_by_label("パスワード（もう一度）").fill(PASSWORD)
    page.get_by_role("button", name="登録してはじめる").click()
    expect(page.get_by_label("相談記録")).to_be_visible()
    expect(page.get_by_role("navigation", name="利用者")).to_contain_text("山田 花子")


def _use_the_desk(page: Page) -> None:
    page.get_by_label("相談記録").fill(NOTE)
    page.get_by_role("button", name="つなぎ先をさがす").click()
    expect(page.locator(".card").first).to_contain_text("まずすること")
    expect(page.get_by_label("相談記録")).to_have_value(NOTE)


def _invite(page: Page) -> str:
    page.get_by_role("link", name="利用者", exact=True).click()
    form = page.get_by_role("region", name="招待する")
    form.get_by_label("ログイン名").fill("jiro")
    form.get_by_label("表示名").fill("鈴木 次郎")
    form.get_by_label("役割").select_option(label="窓口の職員")
    form.get_by_role("button", name="招待する").click()
    password = page.locator("#one-time-password").inner_text()
    page.get_by_role("link", name="鈴木 次郎さんの画面へ").click()
    expect(page.get_by_role("heading", name="鈴木 次郎")).to_be_visible()
    expect(page.get_by_text("初回のパスワード変更待ち")).to_be_visible()
    assert password not in page.content()
    return password


def _first_day(hall: Hall, page: Page, password: str) -> None:
    page.goto(f"{hall.address}/")
    _sign_in(page, "jiro", password)
    expect(page.get_by_role("heading", name="パスワードを変える")).to_be_visible()
    # Nothing else is open before that.
    page.goto(f"{hall.address}/")
    expect(page.get_by_role("heading", name="パスワードを変える")).to_be_visible()
    page.get_by_label("いまのパスワード").fill(password)
    page.get_by_label("新しいパスワード", exact=True).fill(OTHER_PASSWORD)
    page.get_by_label("新しいパスワード（もう一度）").fill(OTHER_PASSWORD)
    page.get_by_role("button", name="変える").click()
    expect(page.get_by_label("相談記録")).to_be_visible()
    expect(page.get_by_role("link", name="利用者", exact=True)).to_have_count(0)


def _sign_in(page: Page, login: str, password: str) -> None:
    page.get_by_label("ログイン名").fill(login)
    page.get_by_label("パスワード").fill(password)
    page.get_by_role("button", name="ログインする").click()
