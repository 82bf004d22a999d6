"""A case from the note to a refusal and back in a real Chromium, with and without scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, Request, expect
from sqlalchemy import Engine

from service.app import create_app
from service.cases.listing import Filters, list_cases
from service.cases.models import Case
from service.settings import Settings
from service.store.engine import open_store
from service.store.migrate import migrate
from service.triage.triage import Desk
from tests.fixtures.accounts_world import PASSWORD, RULES, register
from tests.fixtures.case_pages_world import ALARM, BY_HAND, PLANTED
from tests.fixtures.record_pages_world import TODAY
from tests.fixtures.serving import serving
from tests.fixtures.store_world import TOWN, add_towns
from tests.fixtures.web_world import CODE


@dataclass
class Staff:
    """A signed-in person's window, and the store behind it."""

    page: Page
    address: str
    engine: Engine
    has_scripts: bool

    def only_case(self) -> Case:
        (case,) = list_cases(self.engine, TOWN.code, Filters(state=""), TODAY).rows
        return case


@pytest.fixture(params=[True, False], ids=["scripts", "no-scripts"])
def staff(
    request: pytest.FixtureRequest, browser: Browser, desk: Desk, tmp_path: Path
) -> Iterator[Staff]:
    """Somebody at the desk; script errors and foreign requests are faults."""
    engine = open_store(f"sqlite:///{tmp_path}/cases.db")
    migrate(engine)
    add_towns(engine)
    app = create_app(
        _moved(desk),
        lambda: TODAY,
        settings=Settings(mode="town"),
        engine=engine,
        rules=RULES,
        set_up_code=CODE,
    )
    register(engine, "hanako", "staff")
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

        def watch(asked: Request) -> None:
            if not asked.url.startswith(address):
                faults.append(f"外部への通信: {asked.url}")

        page.on("request", watch)
        page.goto(f"{address}/sign-in")
        page.get_by_label("ログイン名").fill("hanako")
        page.get_by_label("パスワード").fill(PASSWORD)
        page.get_by_role("button", name="ログインする").click()
        yield Staff(page, address, engine, request.param)
        context.close()
    engine.dispose()
    assert not faults


def test_from_the_note_to_a_refusal_and_back_by_keyboard_alone(staff: Staff) -> None:
    page = staff.page
    _press(page.get_by_role("link", name="窓口", exact=True))
    page.get_by_label("相談記録").focus()
    page.keyboard.insert_text(ALARM)
    _press(page.get_by_role("button", name="つなぎ先をさがす"))
    expect(page.get_by_role("heading", name=re.compile("高齢者虐待の疑い")).first).to_be_visible()
    ticks = page.get_by_role("checkbox", name=re.compile("つなぐ"))
    for number in range(3):
        _press(ticks.nth(number), "Space")
    _press(page.get_by_role("button", name=re.compile("記録に残す")))

    expect(page.get_by_role("heading", name="記録に残す前に確かめる")).to_be_visible()
    assert PLANTED[0] not in page.url
    expect(page.locator("input[name=choose]:checked")).to_have_count(3)
    page.get_by_label("ほかに伏せる言葉").focus()
    page.keyboard.insert_text(BY_HAND)
    _press(page.get_by_role("button", name="見直す"))
    kept = page.get_by_role("group", name="残る文")
    expect(kept).to_contain_text("毎日殴られ")
    for word in PLANTED:
        expect(kept).not_to_contain_text(word)
    for decision in page.locator("select[name^=flag_]").all():
        decision.focus()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
    _press(page.get_by_role("button", name="記録に残す", exact=True))

    expect(page.get_by_role("status")).to_contain_text("記録に残しました")
    case = staff.only_case()
    assert len(case.referrals) == 3
    assert {flag.decision for flag in case.flags} == {"reported"}
    name = case.referrals[0].target.name
    first = page.locator("#r1")
    _press(first.get_by_role("radio", name="連絡した"), "Space")
    _press(page.get_by_role("button", name=f"{name}の動きを記録する").first)
    expect(page.get_by_role("status")).to_contain_text("動きを記録しました")

    _press(first.get_by_role("radio", name="断られた・つながらなかった"), "Space")
    reason = first.get_by_label("断られた理由")
    expect(reason).to_be_visible()
    reason.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    _press(page.get_by_role("button", name=f"{name}の動きを記録する").first)
    expect(first).to_contain_text("断られた・つながらなかった（満員）")
    assert staff.only_case().referrals[0].state == "refused"

    _press(page.get_by_role("button", name="取り消す"))
    expect(page.get_by_role("status")).to_contain_text("前の版に戻しました")
    assert staff.only_case().referrals[0].state == "contacted"

    _press(page.get_by_role("link", name="相談", exact=True))
    expect(page.get_by_role("rowheader", name=case.label)).to_be_visible()


def test_a_memo_with_a_phone_is_asked_about(staff: Staff) -> None:
    page = staff.page
    _keep(page)
    page.locator("#memo").fill("折り返しは 090-2222-3333")
    page.get_by_role("button", name="メモを残す").click()
    expect(page.get_by_role("heading", name="個人の情報らしい言葉があります")).to_be_visible()
    page.get_by_role("button", name="伏せて残す").click()
    expect(page.get_by_role("status")).to_contain_text("メモと次に見る日を記録しました")
    assert "090" not in staff.only_case().memo


def test_no_page_of_cases_scrolls_sideways_or_lacks_a_name(staff: Staff) -> None:
    page = staff.page
    for width in (1280, 768, 640):
        page.set_viewport_size({"width": width, "height": 900})
        if width == 1280:
            _ask(page)
            _check(page, staff.has_scripts)
            _keep(page)
        _check(page, staff.has_scripts)
        page.goto(f"{staff.address}/cases")
        _check(page, staff.has_scripts)
        page.get_by_role("rowheader").get_by_role("link").first.click()


def _check(page: Page, has_scripts: bool) -> None:
    """See that nothing scrolls sideways, axe finds nothing, and every control has a name."""
    widths = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert widths[0] <= widths[1], page.url
    if has_scripts:
        found = Axe().run(page)
        assert not found.response["violations"], (page.url, found.generate_report())
    for control in page.locator(
        "main button, main input, main select, main textarea, main a"
    ).all():
        if control.is_visible():
            expect(control).to_have_accessible_name(re.compile(r"\S"))


def _ask(page: Page) -> None:
    """Go by mouse to the page before keeping."""
    page.get_by_role("link", name="窓口", exact=True).click()
    page.get_by_label("相談記録").fill("食べる物がない。家賃も払えない。")
    page.get_by_role("button", name="つなぎ先をさがす").click()
    page.get_by_role("checkbox", name=re.compile("つなぐ")).first.check()
    page.get_by_role("button", name=re.compile("記録に残す")).click()
    expect(page.get_by_role("heading", name="記録に残す前に確かめる")).to_be_visible()


def _keep(page: Page) -> None:
    if not page.url.endswith("/cases/new"):
        _ask(page)
    for decision in page.locator("select[name^=flag_]").all():
        decision.select_option("consulted")
    page.get_by_role("button", name="記録に残す", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("記録に残しました")


def _press(control: Locator, key: str = "Enter") -> None:
    """Give it the focus, which must be possible, and press a key."""
    control.focus()
    expect(control).to_be_focused()
    control.press(key)


def _moved(desk: Desk) -> Desk:
    """The real desk, in the town of the store's tests."""
    town = desk.knowledge.town.model_copy(update={"code": TOWN.code, "name": TOWN.name})
    return replace(desk, knowledge=desk.knowledge.model_copy(update={"town": town}))
