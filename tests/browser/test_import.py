"""A keeper imports a list in a real Chromium, with and without scripts, and the desk has it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect
from sqlalchemy import Engine

from knowledge.load import DEFAULT_TOWN, load_national
from service.accounts.town_list import town_from
from service.app import create_app
from service.desks import Desks
from service.records.importing import imports_of
from service.records.town_knowledge import seed_from_folder
from service.settings import Settings
from service.store.engine import open_store
from service.store.migrate import migrate
from service.triage.triage import Desk
from tests.fixtures.accounts_world import PASSWORD, RULES, register
from tests.fixtures.import_pages_world import kaigo, office, unknown_table
from tests.fixtures.import_world import csv_bytes
from tests.fixtures.serving import serving
from tests.fixtures.shelf_world import real_shelf

REPOSITORY = Path(__file__).parents[2]
HUNGRY = "財布に200円しかなく、昨日から何も食べていない。食べ物を分けてもらえる所を知りたい。"
NEW = "あさひ食料ひろば（架空）"
OWN = ("番号（id）", "名前", "種類", "支援分野コード", "説明", "電話", "確かめた日", "確かめた人の役職", "出典")  # fmt: skip
GOOD = ("asahi.food", NEW, "フードパントリー", "poverty.food", "食べる物がない人に、米や缶詰を渡します。", "0000-52-7777", "2026-10-01", "係長", "架空の便利帳")  # fmt: skip
WRONG = (
    "asahi.none",
    "まちがいの行",
    "サロン",
    "isolation.ibasho",
    "集まり",
    "",
    "おととい",
    "",
    "",
)


@dataclass
class Hall:
    """A town hall with a keeper, its desks, and a window that is open on it."""

    page: Page
    address: str
    desks: Desks
    engine: Engine
    uploads: Path

    @property
    def files(self) -> list[Path]:
        """What waits on the server's disk."""
        return [path for path in self.uploads.rglob("*") if path.is_file()]

    def send(self, data: bytes, name: str = "支援先_20261001.csv") -> None:
        """Choose a file and press the button."""
        payload = FilePayload(name=name, mimeType="text/csv", buffer=data)
        self.page.goto(f"{self.address}/records/import")
        self.page.get_by_label("取り込むファイル").set_input_files(payload)
        self.page.get_by_role("button", name="中身を確かめる").click()


@pytest.fixture(params=[True, False], ids=["scripts", "no-scripts"])
def hall(
    request: pytest.FixtureRequest, browser: Browser, desk: Desk, tmp_path: Path
) -> Iterator[Hall]:
    """The sample town's desk, made of a store; the keeper has signed in."""
    engine = open_store(f"sqlite:///{tmp_path}/hall.db")
    migrate(engine)
    seed_from_folder(engine, DEFAULT_TOWN, "command", datetime.now(UTC))
    # What earlier runs have embedded.
    vectors = REPOSITORY / "var" / "vectors"
    shelf = real_shelf(engine, tmp_path / "data", desk, load_national(), vectors)
    desks = Desks(desk.knowledge.town.code, shelf)
    register(engine, "keiko", "keeper", town=town_from(desk.knowledge.town))
    settings = Settings(mode="town", data_dir=tmp_path / "data")
    app = create_app(
        desks, lambda: date(2026, 11, 24), settings=settings, engine=engine, rules=RULES
    )
    faults: list[str] = []
    with serving(app) as port:
        context = browser.new_context(
            locale="ja-JP",
            viewport={"width": 1280, "height": 900},
            java_script_enabled=request.param,
        )
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        address = f"http://127.0.0.1:{port}"
        page.goto(f"{address}/sign-in")
        page.get_by_label("ログイン名").fill("keiko")
        page.get_by_label("パスワード").fill(PASSWORD)
        page.get_by_role("button", name="ログインする").click()
        expect(page.get_by_label("相談記録")).to_be_visible()
        yield Hall(page, address, desks, engine, settings.data_dir / "uploads")
        context.close()
    engine.dispose()
    assert faults == []


def test_a_wrong_row_is_left_out_and_the_rest_is_on_the_desk(hall: Hall) -> None:
    page = hall.page
    assert NEW not in _cards(hall)
    hall.send(csv_bytes([OWN, GOOD, WRONG], "cp932"))
    expect(page.get_by_role("heading", name="取り込む前の確認")).to_be_visible()
    errors = page.get_by_role("region", name="直すところ")
    expect(errors).to_contain_text("3行目")
    expect(errors).to_contain_text("おととい")
    page.get_by_role("button", name="取り込む", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("まだ取り込めません")
    page.get_by_label("この 1 行を除いて").check()
    page.get_by_role("button", name="取り込む", exact=True).click()
    expect(page.get_by_role("heading", name="取り込みました")).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("1分ほどで窓口に出ます")
    assert hall.files == []
    page.get_by_role("link", name="支援先の一覧を見る").click()
    expect(page.get_by_role("link", name=NEW)).to_be_visible()
    hall.desks.refresh(hall.desks.home)
    assert NEW in _cards(hall)


def test_an_unknown_table_is_explained_once(hall: Hall) -> None:
    page = hall.page
    rows = (
        ("あおば食堂", "みどり町中町1", "0000-73-0001", "こどもの食事"),
        ("みどりの家", "みどり町中町2", "0000-73-0002", "お茶のみ"),
    )
    hall.send(unknown_table(*rows), "misc_20260401.csv")
    page.get_by_role("link", name="列の対応を決める").click()
    expect(page.get_by_role("row", name="どこ")).to_contain_text("みどり町中町1")
    page.get_by_label("どこ", exact=True).select_option(label="住所")
    page.get_by_label("なにをする", exact=True).select_option(label="説明（文章）")
    page.get_by_label("決まり1の列").select_option("なにをする")
    page.get_by_label("決まり1の言葉").fill("食事")
    page.get_by_label("決まり1の支援分野").select_option("poverty.food")
    page.get_by_role("button", name="保存して確かめる").click()
    expect(page.get_by_role("region", name="支援分野の提案")).to_contain_text("1")
    page.get_by_role("button", name="取り込む", exact=True).click()
    expect(page.get_by_role("heading", name="取り込みました")).to_be_visible()
    hall.send(unknown_table(*rows), "misc_20260501.csv")
    expect(page.get_by_role("term").filter(has_text="変わらない")).to_be_visible()


def test_a_file_of_200_mb_is_told_in_our_own_words(hall: Hall, tmp_path: Path) -> None:
    """A browser that is cut off while it sends would show its own error page."""
    path = tmp_path / "huge.csv"
    with path.open("wb") as stream:
        stream.truncate(200_000_000)
    hall.page.goto(f"{hall.address}/records/import")
    hall.page.get_by_label("取り込むファイル").set_input_files(path)
    hall.page.get_by_role("button", name="中身を確かめる").click(timeout=120_000)
    told = hall.page.get_by_role("alert")
    expect(told).to_contain_text("huge.csv: 大きすぎます（上限は 150 MB）", timeout=120_000)
    assert hall.files == []
    assert imports_of(hall.engine, hall.desks.home) == ()


def test_the_keyboard_alone_confirms(hall: Hall) -> None:
    hall.send(csv_bytes([OWN, GOOD, WRONG]))
    page = hall.page
    leave = page.get_by_label("この 1 行を除いて")
    leave.focus()
    page.keyboard.press("Space")
    expect(leave).to_be_checked()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="取り込む", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="取り込みました")).to_be_visible()


def test_no_page_needs_sideways_scrolling(hall: Hall) -> None:
    page = hall.page
    page.set_viewport_size({"width": 480, "height": 800})
    hall.send(kaigo(office(1), {"事業所名": ""}))
    _fits(page)
    hall.send(unknown_table(("あおば", "ここ", "0000-73-0001", "食事")), "misc_20260401.csv")
    _fits(page)
    page.get_by_role("link", name="列の対応を決める").click()
    _fits(page)
    page.goto(f"{hall.address}/records/import")
    _fits(page)


def _fits(page: Page) -> None:
    assert page.locator("html").evaluate("element => element.scrollWidth") <= 480, page.url


def _cards(hall: Hall) -> str:
    hall.page.goto(f"{hall.address}/")
    hall.page.get_by_label("相談記録").fill(HUNGRY)
    hall.page.get_by_role("button", name="つなぎ先をさがす").click()
    expect(hall.page.locator(".card").first).to_be_visible()
    return hall.page.locator("main").inner_text()
