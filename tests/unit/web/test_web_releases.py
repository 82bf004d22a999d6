"""The page of the releases: what it shows, going back, going on, and who may."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from index.release import current_release, is_pinned, list_releases, save_release
from knowledge.load import load_national
from service.desk_problems import Trouble
from service.desks import Desks
from service.shelf import releases_root
from service.triage.triage import Desk
from tests.fixtures.accounts_world import NEIGHBOUR, add_more_towns, person_now, recorded
from tests.fixtures.shelf_world import real_shelf
from tests.fixtures.store_world import NOW, TOWN
from tests.fixtures.web_world import SETTINGS, Hall, error_on

VERSIONS = (
    "20260501T093000-aaaaaaaa-1",
    "20260502T093000-bbbbbbbb-1",
    "20260503T093000-cccccccc-1",
)
OLDEST, MIDDLE, NEWEST = VERSIONS


@pytest.fixture
def released(light_hall: Hall, small_desk: Desk, tmp_path: Path) -> Hall:
    """The town hall with three releases on disk; the newest is in use."""
    settings = SETTINGS.model_copy(update={"data_dir": tmp_path})
    for version in VERSIONS:
        save_release(_as(small_desk, version).index, small_desk.knowledge, _root(settings.data_dir))
    shelf = real_shelf(light_hall.engine, tmp_path, small_desk, load_national(), tmp_path / "none")
    desks = Desks(TOWN.code, shelf)
    desks.of(TOWN.code)
    return Hall(small_desk, light_hall.engine, settings, desks=desks)


def _as(desk: Desk, version: str) -> Desk:
    created_at = datetime.strptime(version[:15], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    manifest = replace(
        desk.index.manifest, version=version, created_at=created_at.isoformat(timespec="seconds")
    )
    return replace(desk, index=replace(desk.index, manifest=manifest))


def _root(data_dir: Path) -> Path:
    return releases_root(data_dir, TOWN.code)


def _rows(page: str) -> list[tuple[str, str]]:
    """Version and state of each line."""
    found = re.findall(
        r'class="version">(\S+)</td>\s*<td>.*?</td>\s*<td>(.*?)</td>', page, re.DOTALL
    )
    return [(version, re.sub("<.*?>", "", state)) for version, state in found]


def test_the_page_tells_which_release_answers(released: Hall) -> None:
    page = released.come_in("keeper", "keeper").get("/releases").text
    assert _rows(page) == [
        (NEWEST, "窓口はこの版で答えています"),
        (MIDDLE, "前の版"),
        (OLDEST, "前の版"),
    ]
    assert f"{len(released.desk.knowledge.resources)} 件" in page
    assert "自動の更新を止めています" not in page


def test_a_keeper_goes_back_after_a_question_and_on_again(released: Hall) -> None:
    keeper = released.come_in("keeper", "keeper")
    root = _root(released.settings.data_dir)
    asked = keeper.get(f"/releases/{OLDEST}/roll-back").text
    assert "この版にもどしますか" in asked
    assert OLDEST in asked
    done = keeper.post(f"/releases/{OLDEST}/roll-back")
    assert done.headers["location"] == "/releases?done=back"
    now = current_release(root)
    assert now is not None
    assert (now.version, is_pinned(root)) == (OLDEST, True)
    page = keeper.get("/releases").text
    assert "自動の更新を止めています" in page
    assert _rows(page)[-1] == (OLDEST, "窓口はこの版で答えています")
    assert keeper.post("/releases/resume").headers["location"] == "/releases?done=resumed"
    assert not is_pinned(root)
    back, resumed = recorded(released.engine, "release.")
    who = person_now(released.engine, "keeper").id
    assert (back.action, back.subject_id, back.actor) == ("release.roll_back", OLDEST, who)
    assert (resumed.action, resumed.town_code) == ("release.resume", TOWN.code)


def test_who_only_reads_is_offered_nothing_and_can_do_nothing(released: Hall) -> None:
    staff = released.come_in("hanako", "staff")
    page = staff.get("/releases")
    assert page.status_code == 200
    assert "もどす" not in page.text
    assert staff.get(f"/releases/{OLDEST}/roll-back").status_code == 403
    assert staff.post(f"/releases/{OLDEST}/roll-back").status_code == 403
    assert staff.post("/releases/resume").status_code == 403
    assert len(list_releases(_root(released.settings.data_dir))) == 3
    assert not is_pinned(_root(released.settings.data_dir))
    assert released.come_in("ken", "trainee").get("/releases").status_code == 403


@pytest.mark.parametrize("version", ["nai", "..", "%2e%2e", "current", "<b>"])
def test_a_release_that_is_not_there_is_not_found(released: Hall, version: str) -> None:
    keeper = released.come_in("keeper", "keeper")
    refused = keeper.post(f"/releases/{version}/roll-back")
    assert refused.status_code in (404, 405)
    assert "<b>" not in refused.text
    assert not is_pinned(_root(released.settings.data_dir))


def test_a_damaged_release_is_not_gone_back_to(released: Hall) -> None:
    root = _root(released.settings.data_dir)
    (root / OLDEST / "passages.jsonl").write_text("{}\n")
    refused = released.come_in("keeper", "keeper").post(f"/releases/{OLDEST}/roll-back")
    assert refused.status_code == 409
    assert "壊れています" in error_on(refused.text)
    now = current_release(root)
    assert now is not None
    assert (now.version, is_pinned(root)) == (NEWEST, False)


def test_why_there_is_no_newer_release_is_told(released: Hall) -> None:
    assert released.desks is not None
    released.desks._troubles[TOWN.code] = Trouble(NOW, "ディスクの空きが足りません。")
    page = released.come_in("keeper", "keeper").get("/releases").text
    assert "新しい版を作れていません" in page
    assert "ディスクの空きが足りません" in page


def test_a_town_without_releases_says_so(released: Hall) -> None:
    add_more_towns(released.engine)
    released.register("there", "keeper", town=NEIGHBOUR)
    page = released.signed_in("there").get("/releases").text
    assert "版はまだありません" in page
    assert NEWEST not in page
