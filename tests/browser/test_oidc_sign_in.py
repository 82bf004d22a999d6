"""Signing in through a provider in a real Chromium, across two sites."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Page, expect, sync_playwright

from service.accounts.people import invite
from service.accounts.town_list import ensure_town, town_from
from service.app import create_app
from service.settings import Settings
from service.store.engine import open_store
from service.store.migrate import migrate
from service.triage.triage import Desk
from service.web.oidc_pages import CALLBACK_PATH
from service.web.world import utc_now
from tests.fixtures.accounts_world import RULES, register
from tests.fixtures.oidc_running import CLIENT_ID, CLIENT_SECRET, HANAKO, Running, provider

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]


@pytest.fixture(scope="module")
def idp() -> Iterator[Running]:
    """The provider, on 127.0.0.1: another site than localhost."""
    with provider() as running:
        yield running


@pytest.fixture(scope="module")
def address(desk: Desk, idp: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A desk on localhost, to which Hanako has been invited."""
    engine = open_store(f"sqlite:///{tmp_path_factory.mktemp('desk')}/store.db")
    migrate(engine)
    town = town_from(desk.knowledge.town)
    ensure_town(engine, town, utc_now())
    register(engine, "boss", "admin", town=town)
    first_role = (town.code, "staff")
    login = str(HANAKO["email"])
    invite(engine, "command", login, "はなこ", utc_now(), RULES, first_role)  # type: ignore[arg-type]
    server = _Server(desk, engine, idp)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield server.address
    server.should_exit = True
    thread.join()
    engine.dispose()


class _Server(uvicorn.Server):
    """The desk on a free port, which the provider has to know before the app is made."""

    def __init__(self, desk: Desk, engine: object, idp: Running) -> None:
        listener = uvicorn.Config("", host="127.0.0.1", port=0).bind_socket()
        self._listener = listener
        self.address = f"http://localhost:{listener.getsockname()[1]}"
        settings = Settings(
            mode="town",
            secure_cookie=False,
            oidc_issuer=idp.issuer,
            oidc_client_id=CLIENT_ID,
            oidc_client_secret=CLIENT_SECRET,  # type: ignore[arg-type]
            oidc_callback_url=self.address + CALLBACK_PATH,
        )
        idp.reset()
        idp.control(callback=self.address + CALLBACK_PATH)
        app = create_app(desk, settings=settings, engine=engine, rules=RULES)  # type: ignore[arg-type]
        super().__init__(uvicorn.Config(app, log_level="error"))

    def run(self, sockets: object = None) -> None:  # noqa: ARG002
        super().run(sockets=[self._listener])


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without"])
def page(request: pytest.FixtureRequest) -> Iterator[Page]:
    executable = shutil.which("chromium")
    assert executable, "make test が入れる Chromium がありません"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser.new_page(locale="ja-JP", java_script_enabled=request.param)
        browser.close()


def test_a_person_goes_to_the_provider_and_comes_back_signed_in(page: Page, address: str) -> None:
    page.goto(f"{address}/account")
    expect(page).to_have_url(f"{address}/sign-in?next=/account")
    page.get_by_role("link", name="でログインする").click()
    expect(page).to_have_url(f"{address}/account")
    expect(page.get_by_text("はなこ").first).to_be_visible()
    page.get_by_role("button", name="ログアウト").click()
    expect(page.get_by_text("ログアウトしました")).to_be_visible()


@pytest.mark.parametrize("page", [True], indirect=True, ids=["with JavaScript"])
def test_a_form_instead_of_the_link_would_be_stopped_by_our_own_policy(
    page: Page, address: str
) -> None:
    """Why it is a link: Chromium holds a form's redirects to form-action too."""
    page.goto(f"{address}/sign-in")
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.evaluate(
        """() => { const form = document.createElement("form");
                   form.action = "/sign-in/oidc"; document.body.append(form); form.submit(); }"""
    )
    page.wait_for_timeout(1_000)
    assert any("form-action" in text for text in said)
    page.goto(f"{address}/account")
    expect(page).to_have_url(f"{address}/sign-in?next=/account")


def test_the_sign_in_page_looks_right(page: Page, address: str, tmp_path: Path) -> None:
    page.goto(f"{address}/sign-in")
    link = page.get_by_role("link", name="でログインする")
    box = link.bounding_box()
    assert box is not None
    # A target for a finger (WCAG 2.2: 24 px at least).
    assert box["height"] >= 44
    page.screenshot(path=str(tmp_path / "sign-in.png"))
