"""A keeper's round in a real Chromium, with and without scripts: find, correct, undo, verify."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, expect
from sqlalchemy import Engine

from service.app import create_app
from service.records.reports import report_refusal
from service.settings import Settings
from service.store.audit_words import COMMAND
from service.store.engine import open_store
from service.store.migrate import migrate
from service.triage.triage import Desk
from tests.fixtures.accounts_world import PASSWORD, RULES, register
from tests.fixtures.record_pages_world import FRESH, MADE_AT, STALE, TODAY, add, now_in
from tests.fixtures.serving import serving
from tests.fixtures.store_world import PREFECTURE, TOWN, add_towns
from tests.fixtures.web_world import CODE


@dataclass
class Keeper:
    """A signed-in keeper's window, and the store behind it."""

    page: Page
    address: str
    engine: Engine

    def goto(self, path: str) -> None:
        self.page.goto(f"{self.address}{path}")


@pytest.fixture(params=[True, False], ids=["scripts", "no-scripts"])
def keeper(
    request: pytest.FixtureRequest, browser: Browser, desk: Desk, tmp_path: Path
) -> Iterator[Keeper]:
    """The keeper of a town with a few records; script errors and foreign requests are faults."""
    engine = open_store(f"sqlite:///{tmp_path}/records.db")
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
    register(engine, "hanako", "keeper")
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
            if not asked.url.startswith(address):
                faults.append(f"外部への通信: {asked.url}")

        page.on("request", watch)
        _sign_in(page, address)
        yield Keeper(page, address, engine)
        context.close()
    engine.dispose()
    assert not faults


def test_find_correct_undo_and_verify(keeper: Keeper) -> None:
    page = keeper.page
    kept = add(keeper.engine, "あおばサロン", verified_on=STALE)
    add(keeper.engine, "新しいサロン", phone="0000-11-0000", verified_on=FRESH)
    keeper.goto("/records")
    page.get_by_role("navigation", name="直すところでしぼる").get_by_role(
        "link", name=re.compile("期限切れ")
    ).click()
    expect(page.get_by_role("rowheader")).to_have_count(1)
    page.get_by_role("link", name="あおばサロン").click()
    expect(page.get_by_role("heading", name="あおばサロン", level=1)).to_be_visible()

    page.get_by_role("link", name="直す", exact=True).click()
    page.get_by_label("電話").fill("係に聞くこと")
    page.get_by_label("説明", exact=True).fill("毎週水曜のお茶の会")
    page.get_by_role("button", name="保存する").click()
    expect(page.get_by_role("alert")).to_contain_text("直すところが1つあります")
    expect(page.get_by_label("電話")).to_have_value("係に聞くこと")
    expect(page.get_by_label("電話")).to_have_accessible_description(re.compile("数字で"))
    expect(page.get_by_label("説明", exact=True)).to_have_value("毎週水曜のお茶の会")
    page.get_by_label("電話").fill("0000-99-0001")
    page.get_by_role("button", name="保存する").click()
    expect(page.get_by_role("status")).to_contain_text("直しました")
    expect(page.locator(".rec-head")).to_contain_text("0000-99-0001")

    history = page.get_by_role("region", name="履歴")
    expect(history.get_by_role("listitem").first).to_contain_text("hanako さん")
    expect(history).to_contain_text("0000-11-2222")
    history.get_by_role("button", name=re.compile("時点に戻す")).click()
    expect(page.get_by_role("status")).to_contain_text("戻しました")
    expect(page.locator(".rec-head")).to_contain_text("0000-11-2222")

    page.get_by_label("確かめた人の役職").fill("福祉課 地域福祉係")
    page.get_by_role("button", name="確かめた", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("確かめた記録を付けました")
    expect(page.locator(".rec-head")).to_contain_text("2027-06-01 まで")
    fields = now_in(keeper.engine, kept.id).record.fields
    assert (fields["verified_on"], fields["verified_by"]) == ("2026-06-01", "福祉課 地域福祉係")


def test_the_work_list_is_worked_off_with_one_press_each(keeper: Keeper) -> None:
    page = keeper.page
    for name, phone in (("あおばサロン", "0000-11-0001"), ("かわべ食堂", "0000-11-0002")):
        add(keeper.engine, name, phone=phone, verified_on=STALE)
    keeper.goto("/records/due")
    late = page.get_by_role("region", name=re.compile("期限が切れたもの"))
    expect(late.get_by_role("listitem")).to_have_count(2)
    expect(late).to_contain_text("0000-11-0001")
    page.get_by_role("button", name="あおばサロンを確かめた").click()
    expect(late.get_by_role("listitem")).to_have_count(1)
    page.get_by_role("button", name="かわべ食堂を確かめた").click()
    expect(late).to_have_count(0)


def test_the_keyboard_alone_corrects_a_record(keeper: Keeper) -> None:
    page = keeper.page
    kept = add(keeper.engine, "あおばサロン")
    keeper.goto("/records")
    page.get_by_label("言葉でさがす").focus()
    page.keyboard.type("あおば")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"text="))
    _tab_to(page, "あおばサロン")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="あおばサロン", level=1)).to_be_visible()
    _tab_to(page, "直す")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="保存する")).to_be_visible()
    _tab_to(page, "電話")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("denwa")
    page.keyboard.press("Enter")
    # The page opens at what is wrong; its first link leads to the field.
    expect(page.get_by_role("alert")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("電話")).to_be_focused()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("0000-99-0001")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("直しました")
    assert now_in(keeper.engine, kept.id).record.fields["phone"] == "0000-99-0001"


def test_what_two_people_changed_at_once_is_seen_side_by_side(keeper: Keeper) -> None:
    page = keeper.page
    kept = add(keeper.engine, "あおばサロン")
    keeper.goto(f"/records/{kept.id}/edit")
    other = page.context.new_page()
    other.goto(f"{keeper.address}/records/{kept.id}/edit")
    other.get_by_label("電話").fill("0000-77-7777")
    other.get_by_role("button", name="保存する").click()
    expect(other.get_by_role("status")).to_contain_text("直しました")
    page.get_by_label("電話").fill("0000-99-0001")
    page.get_by_role("button", name="保存する").click()
    expect(page.get_by_role("alert")).to_contain_text("ほかの人が先に変えました")
    expect(page.get_by_label("電話")).to_have_value("0000-99-0001")
    expect(page.locator("#phone-theirs")).to_contain_text("0000-77-7777")
    page.get_by_role("button", name="保存する").click()
    assert now_in(keeper.engine, kept.id).record.fields["phone"] == "0000-99-0001"


def test_two_records_become_one(keeper: Keeper) -> None:
    page = keeper.page
    add(keeper.engine, "あおばサロン", address="")
    add(keeper.engine, "あおばサロン", address="中町1-1")
    keeper.goto("/records/duplicates")
    page.get_by_role("radio", name=re.compile("1つめ")).check()
    page.get_by_role("button", name=re.compile("1つにまとめる")).click()
    expect(page.get_by_role("status")).to_contain_text("1つにまとめました")
    expect(page.get_by_role("region", name="内容")).to_contain_text("中町1-1")


def test_no_page_needs_sideways_scrolling_and_every_control_has_a_name(keeper: Keeper) -> None:
    page = keeper.page
    long = "社会福祉法人みどり会特別養護老人ホームさかえ荘の居場所" * 2
    kept = add(keeper.engine, long, phone="", verified_on=STALE)
    add(keeper.engine, long, phone="", status="full", url="https://example.jp/" + "a" * 200)
    add(keeper.engine, "ためし県 相談センター", town=PREFECTURE)
    report_refusal(keeper.engine, TOWN.code, kept.id, "full", COMMAND, MADE_AT)
    at = f"/records/{kept.id}"
    paths = ("/records", "/records/due", "/records/duplicates", "/records/categories", "/records/new", at, f"{at}/edit", f"{at}/close")  # fmt: skip
    for width in (1280, 768, 480):
        page.set_viewport_size({"width": width, "height": 900})
        for path in paths:
            keeper.goto(path)
            assert page.locator("html").evaluate("html => html.scrollWidth") <= width, path
            panels = page.locator(".panel").evaluate_all(
                "panels => panels.filter(p => p.scrollWidth > p.clientWidth).length"
            )
            assert width < 768 or panels == 0, (width, path)
            for control in page.locator("main :is(input, select, textarea, button, a)").all():
                if control.get_attribute("type") != "hidden":
                    expect(control).to_have_accessible_name(re.compile(r"\S"))


def _moved(desk: Desk) -> Desk:
    """The real desk, in the town of the store's tests."""
    town = desk.knowledge.town.model_copy(update={"code": TOWN.code, "name": TOWN.name})
    return replace(desk, knowledge=desk.knowledge.model_copy(update={"town": town}))


def _sign_in(page: Page, address: str) -> None:
    page.goto(f"{address}/sign-in")
    page.get_by_label("ログイン名").fill("hanako")
    page.get_by_label("パスワード").fill(PASSWORD)
    page.get_by_role("button", name="ログインする").click()
    expect(page.get_by_role("button", name="ログアウト")).to_be_visible()


def _tab_to(page: Page, name: str) -> None:
    """Press Tab until what has the focus is called so."""
    for _ in range(60):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        label = focused.evaluate("e => (e.labels && e.labels[0] || e).textContent.trim()")
        if label == name:
            return
    raise AssertionError(f"Tab never reaches {name}")
