"""Every page in a real Chromium: axe finds nothing, nothing scrolls sideways, nothing is heavy.

Addresses without an id come from the application itself, so a new page is looked at without being
named here.  With ``TSUNAGI_SHOTS=folder`` a screenshot of each page is left there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from fastapi import FastAPI
from fastapi.routing import APIRoute
from playwright.sync_api import Browser, Page, Request, expect
from sqlalchemy import Engine

from service.app import create_app
from service.cases import advice, keep
from service.settings import Settings
from service.store.engine import open_store
from service.store.grants import Role
from service.store.migrate import migrate
from service.triage.triage import Desk
from tests.fixtures.accounts_world import PASSWORD, RULES, register
from tests.fixtures.case_world import memory_case, new_case_of, violence_case
from tests.fixtures.record_pages_world import STALE, TODAY, add
from tests.fixtures.serving import serving
from tests.fixtures.store_world import NOW, PREFECTURE, TOWN, add_towns
from tests.fixtures.web_world import CODE
from tests.fixtures.year_of_cases import fill_year

NOTE = (
    "母84・長男52の二人暮らし。長男は10年前に仕事を辞めてから家に閉じこもっている。"
    "母は同じ話をくり返し、鍋を焦がした。長男に腕をつかまれ、あざがあるという。"
    "電気は来週止めると紙が来た。借金はない。"
)
_MOST_BYTES = 200_000
_NOT_PAGES = re.compile(r"\.(csv|json|zip|xlsx)$|^/healthz|^/api/")


@dataclass
class Town:
    """A signed-in person with every role, and what there is to look at."""

    page: Page
    address: str
    app: FastAPI
    with_ids: tuple[str, ...]
    foreign: list[str]


@pytest.fixture(scope="module")
def town(browser: Browser, desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """The town hall with a year of cases."""
    engine = open_store(f"sqlite:///{tmp_path_factory.mktemp('pages')}/hall.db")
    migrate(engine)
    add_towns(engine)
    fill_year(engine, count=80)
    own = desk.knowledge.town.model_copy(update={"code": TOWN.code, "name": TOWN.name})
    app = create_app(
        replace(desk, knowledge=desk.knowledge.model_copy(update={"town": own})),
        lambda: TODAY,
        settings=Settings(mode="town"),
        engine=engine,
        rules=RULES,
        set_up_code=CODE,
        now=lambda: NOW,
    )
    person = register(engine, "hanako", *get_args(Role))
    register(engine, "hanako-ken", "prefecture", town=PREFECTURE)
    with serving(app) as port:
        address = f"http://127.0.0.1:{port}"
        page = browser.new_context(locale="ja-JP").new_page()
        seen = Town(page, address, app, _with_ids(engine, person.id), [])
        page.on("request", lambda asked: _watch(seen, asked))
        page.goto(f"{address}/sign-in")
        _look(seen, "sign-in")
        page.get_by_label("ログイン名").fill("hanako")
        page.get_by_label("パスワード").fill(PASSWORD)
        page.get_by_role("button", name="ログインする").click()
        yield seen
        page.context.close()
    engine.dispose()


def test_every_page_is_accessible_at_three_widths_and_asks_nobody_else(town: Town) -> None:
    for path in (*_without_ids(town.app), *town.with_ids):
        answer = town.page.goto(f"{town.address}{path}")
        assert answer
        assert answer.status < 400, path
        # Named by where it led: some addresses lead on to another page.
        _look(town, urlsplit(town.page.url).path)
    assert not town.foreign


def test_the_answer_and_the_page_before_keeping_are_accessible(town: Town) -> None:
    page = town.page
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(town.address)
    page.get_by_label("相談記録").fill(NOTE)
    page.get_by_role("button", name="つなぎ先をさがす").click()
    expect(page.locator(".card").first).to_be_visible()
    _look(town, "answer")
    page.get_by_role("checkbox", name=re.compile("つなぐ")).first.check()
    page.get_by_role("button", name=re.compile("記録に残す（")).click()
    expect(page.get_by_role("heading", name="記録に残す前に確かめる")).to_be_visible()
    _look(town, "before-keeping")
    assert not town.foreign


def test_the_first_screen_and_its_answer_are_light(town: Town, browser: Browser) -> None:
    context = browser.new_context(locale="ja-JP", storage_state=town.page.context.storage_state())
    page = context.new_page()
    sizes: list[int] = []
    page.on("response", lambda answer: sizes.append(len(answer.body())))
    page.goto(town.address)
    page.get_by_label("相談記録").fill(NOTE)
    page.get_by_role("button", name="つなぎ先をさがす").click()
    expect(page.locator(".card").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    context.close()
    assert sum(sizes) < _MOST_BYTES


def _without_ids(app: FastAPI) -> list[str]:
    routes = [r for r in app.routes if isinstance(r, APIRoute) and "GET" in (r.methods or ())]
    return sorted(r.path for r in routes if "{" not in r.path and not _NOT_PAGES.search(r.path))


def _with_ids(engine: Engine, person_id: str) -> tuple[str, ...]:
    """Make one of everything that has an id; return its pages."""
    full = violence_case(consent="given", consent_on=TODAY)
    case = keep.open_case(engine, TOWN.code, new_case_of(full), person_id, NOW)
    told = keep.open_case(engine, TOWN.code, new_case_of(memory_case()), person_id, NOW)
    told = advice.ask(
        engine, TOWN.code, PREFECTURE.code, told.id, "どこから始めるのがよいですか。", "資料（架空）", told.revision, person_id, NOW,
    )  # fmt: skip
    record = add(engine, "ひだまりサロン", verified_on=STALE)
    at, of = f"/cases/{case.id}", f"/records/{record.record.id}"
    papers = tuple(f"{at}/print/{kind}" for kind in ("slip", "referral", "packet", "emergency"))
    return (
        at, *papers, f"{at}/advice", f"/cases/{told.id}", f"/cases/{told.id}/advice",
        of, f"{of}/edit", f"{of}/close", f"/accounts/{person_id}",
    )  # fmt: skip


def _look(town: Town, name: str) -> None:
    """See that axe finds nothing and nothing scrolls sideways, at three widths."""
    page = town.page
    for width in (1280, 768, 640):
        page.set_viewport_size({"width": width, "height": 900})
        widths = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert widths[0] <= widths[1], (name, width, widths)
    page.set_viewport_size({"width": 1280, "height": 900})
    found = Axe().run(page)
    assert not found.response["violations"], (name, found.generate_report())
    if folder := os.environ.get("TSUNAGI_SHOTS"):
        words = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "id", name).strip("/").replace("/", "-")
        path = Path(folder) / f"{words or 'desk'}.png"
        page.screenshot(path=path, full_page=True, type="png")


def _watch(town: Town, asked: Request) -> None:
    if not asked.url.startswith(town.address):
        town.foreign.append(asked.url)
