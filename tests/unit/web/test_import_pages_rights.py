"""Who may import: by role and town, and nobody sees a file that somebody else has sent."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from service.accounts.rights import RIGHTS
from service.store import grants
from service.store.engine import writing
from service.store.grants import Role
from service.triage.triage import Desk
from tests.fixtures.accounts_world import NEIGHBOUR, add_more_towns, person_now, recorded
from tests.fixtures.import_pages_world import PATH, Keeper, kaigo, make_keeper, office
from tests.fixtures.store_world import NOW
from tests.fixtures.web_world import Hall

ROLES: tuple[Role, ...] = get_args(Role)


@pytest.fixture
def keeper(light_hall: Hall, small_desk: Desk, tmp_path: Path) -> Keeper:
    """A keeper who has signed in."""
    return make_keeper(small_desk, light_hall.engine, tmp_path)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_import_or_is_refused_before_its_file_is_read(
    keeper: Keeper, role: Role
) -> None:
    somebody = Keeper(keeper.hall, keeper.hall.come_in("somebody", role))
    answer = somebody.send(kaigo(office(1)))
    may = role in RIGHTS["records.import"]
    assert answer.status_code == (303 if may else 403)
    assert bool(somebody.uploads) == may


def test_nobody_imports_without_signing_in(keeper: Keeper) -> None:
    stranger = Keeper(keeper.hall, keeper.hall.browser())
    answer = stranger.send(kaigo(office(1)))
    assert answer.status_code == 401
    assert "再送信" in answer.text
    assert stranger.uploads == []


def test_a_forged_form_is_refused(keeper: Keeper) -> None:
    answer = keeper.browser.post(
        PATH,
        files={"file": ("a.csv", kaigo(office(1)))},
        headers={"Origin": "https://elsewhere.example"},
    )
    assert (answer.status_code, keeper.uploads) == (403, [])


@pytest.mark.parametrize("path", ["", "/report.csv", "/mapping", "/confirm", "/cancel", "/options"])
def test_another_persons_file_is_as_if_it_were_not_there(keeper: Keeper, path: str) -> None:
    """Also for a colleague with the same right, and the admin."""
    preview = keeper.preview(kaigo(office(1)))
    other = keeper.hall.come_in("other", "keeper", "admin")
    get = path in ("", "/report.csv", "/mapping")
    address = preview.address + path
    answer = other.get(address) if get else other.post(address)
    assert answer.status_code == 404
    assert preview.confirm().status_code == 303


def test_a_file_sent_for_one_town_is_not_there_in_another(keeper: Keeper) -> None:
    add_more_towns(keeper.hall.engine)
    keeper.hall.register("both", "keeper")
    with_both = keeper.hall.signed_in("both")
    with writing(keeper.hall.engine) as conn:
        person = person_now(keeper.hall.engine, "both")
        grants.give(conn, person.id, NEIGHBOUR.code, "keeper", NOW)
    sent = Keeper(keeper.hall, with_both).preview(kaigo(office(1)))
    with_both.cookies.set("tsunagi_town", NEIGHBOUR.code)
    assert with_both.get(sent.address).status_code == 404
    assert with_both.post(f"{sent.address}/confirm").status_code == 404
    assert keeper.names() == keeper.names(NEIGHBOUR) == []


@pytest.mark.parametrize("upload_id", ["%2e%2e", "a" * 32, "..%2f..%2ftsunagi.db", "x" * 500])
def test_an_address_cannot_name_other_files(keeper: Keeper, upload_id: str) -> None:
    for path in (f"{PATH}/{upload_id}", f"{PATH}/{upload_id}/report.csv"):
        assert keeper.browser.get(path).status_code in (404, 405)


def test_the_audit_names_who_imported(keeper: Keeper) -> None:
    keeper.preview(kaigo(office(1))).confirm()
    (entry,) = recorded(keeper.hall.engine, "records.import")
    assert entry.actor not in ("command", "system")
    assert "あおば" not in entry.detail
