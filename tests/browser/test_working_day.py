"""A case through a working day in a real Chromium, by keyboard alone, with and without scripts.

From the note over two questions, three connections and four printouts to a refusal a week later,
which the coordinator sees.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

import pytest
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
from tests.fixtures.record_pages_world import TODAY
from tests.fixtures.serving import serving
from tests.fixtures.store_world import NOW, TOWN, add_towns
from tests.fixtures.web_world import CODE
from tests.fixtures.year_of_cases import fill_year

NOTE = (
    "桐野辺ハナさん（84歳）と長男（52歳）の二人暮らし。長男は10年前に仕事を辞めてから家にいる。"
    "母は同じ話をくり返し、鍋を焦がした。先月、長男に強くどなられ、腕をつかまれてあざができたという。"
    "年金だけで食費が足りない。連絡は 090-4444-5555 へ。"
)
PLANTED = ("桐野辺", "090-4444-5555")


@dataclass
class Day:
    """A signed-in person's window on a town hall whose clock can be turned on."""

    page: Page
    address: str
    engine: Engine
    clock: dict[str, timedelta] = field(default_factory=lambda: {"later": timedelta(0)})

    @property
    def today(self) -> date:
        return TODAY + self.clock["later"]

    def case(self) -> Case:
        """Return the case that was kept today."""
        every = list_cases(self.engine, TOWN.code, Filters(state=""), self.today, limit=500).rows
        return max(every, key=lambda case: case.opened_at)


@pytest.fixture(params=[True, False], ids=["scripts", "no-scripts"])
def day(
    request: pytest.FixtureRequest, browser: Browser, desk: Desk, tmp_path: Path
) -> Iterator[Day]:
    """Somebody who is at the desk and coordinates; script errors and foreign requests are faults."""
    engine = open_store(f"sqlite:///{tmp_path}/day.db")
    migrate(engine)
    add_towns(engine)
    fill_year(engine, count=60)
    clock = {"later": timedelta(0)}
    town = desk.knowledge.town.model_copy(update={"code": TOWN.code, "name": TOWN.name})
    app = create_app(
        replace(desk, knowledge=desk.knowledge.model_copy(update={"town": town})),
        lambda: TODAY + clock["later"],
        settings=Settings(mode="town"),
        engine=engine,
        rules=replace(RULES, idle=timedelta(days=20), lifetime=timedelta(days=20)),
        set_up_code=CODE,
        now=lambda: NOW + clock["later"],
    )
    register(engine, "hanako", "staff", "coordinator")
    faults: list[str] = []
    with serving(app) as port:
        address = f"http://127.0.0.1:{port}"
        context = browser.new_context(
            locale="ja-JP", viewport={"width": 1280, "height": 900}, java_script_enabled=request.param
        )  # fmt: skip
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
        yield Day(page, address, engine, clock)
        context.close()
    engine.dispose()
    assert not faults


def test_from_the_note_to_a_refusal_that_the_coordinator_sees(day: Day) -> None:
    page = day.page
    unmet = _unmet(day)
    page.goto(day.address)
    page.get_by_label("相談記録").focus()
    page.keyboard.insert_text(NOTE)
    _press(page.get_by_role("button", name="つなぎ先をさがす"))
    expect(page.get_by_role("heading", name=re.compile("高齢者虐待の疑い")).first).to_be_visible()

    for answered in (1, 2):
        _press(page.get_by_role("button", name="はい", exact=True).first)
        expect(page.locator(".answered li")).to_have_count(answered)
    expect(page.locator("#changes")).to_be_visible()

    ticks = page.get_by_role("checkbox", name=re.compile("つなぐ"))
    for number in range(3):
        _press(ticks.nth(number), "Space")
    _press(page.get_by_role("button", name=re.compile("記録に残す（")))
    for decision in page.locator("select[name^=flag_]").all():
        decision.focus()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
    _press(page.get_by_role("radio", name=re.compile("^同意")), "Space")
    _press(page.get_by_role("button", name="記録に残す", exact=True))
    expect(page.get_by_role("status")).to_contain_text("記録に残しました")
    case = day.case()
    assert len(case.referrals) == 3
    assert len(case.answers) == 2
    assert not [word for word in PLANTED if word in case.model_dump_json()]

    _print_all(day, case)

    day.clock["later"] = timedelta(days=7)
    page.goto(f"{day.address}/cases/{case.id}")
    first = page.locator("#r1")
    _press(first.get_by_role("radio", name="断られた・つながらなかった"), "Space")
    reason = first.get_by_label("断られた理由")
    reason.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    name = case.referrals[0].target.name
    _press(page.get_by_role("button", name=f"{name}の動きを記録する").first)
    expect(first).to_contain_text("断られた・つながらなかった（満員）")
    assert _unmet(day) > unmet


def _print_all(day: Day, case: Case) -> None:
    page = day.page
    for kind, title in (
        ("slip", "わたす紙|渡す紙"),
        ("referral", "つなぎ票"),
        ("packet", "専門相談"),
        ("emergency", "緊急対応"),
    ):
        page.goto(f"{day.address}/cases/{case.id}")
        _press(page.locator(f'a[href$="/print/{kind}"]').first)
        expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile(title))
        _press(page.get_by_role("button", name="印刷", exact=True))
        paper = page.locator("#paper")
        expect(paper).to_be_visible()
        for word in PLANTED:
            expect(paper).not_to_contain_text(word)
        with page.expect_download() as taken:
            _press(page.get_by_role("button", name="PDF", exact=True))
        assert taken.value.path().read_bytes().startswith(b"%PDF")


def _unmet(day: Day) -> int:
    """Return how many unmet needs the coordinator's page counts."""
    day.page.goto(f"{day.address}/insights/needs?by=year&year=2026")
    return int(day.page.locator(".ins-big b").inner_text().replace(",", ""))


def _press(control: Locator, key: str = "Enter") -> None:
    control.focus()
    control.press(key)
