"""The page for other software: what goes out as HSDS, for whom, and the way in."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import Engine
from starlette.testclient import TestClient

from knowledge.hsds.read import read_hsds
from service.store.audit_words import COMMAND
from tests.fixtures.accounts_world import FAR_TOWN, add_more_towns
from tests.fixtures.record_pages_world import MADE_AT, add
from tests.fixtures.records_world import facts
from tests.fixtures.web_world import Hall


def give_facts(engine: Engine) -> None:
    """Give the town its profile: without one no desk, and no export, can be made."""
    from service.records.town_knowledge import save_town_facts

    save_town_facts(engine, facts(), COMMAND, MADE_AT)


@pytest.fixture
def keeper(light_hall: Hall) -> TestClient:
    give_facts(light_hall.engine)
    add(light_hall.engine, "あおばサロン", fax="0000-11-9999")
    add(light_hall.engine, "分野のない会", categories="")
    return light_hall.come_in("keeper", "keeper")


def test_the_page_says_what_goes_out(keeper: TestClient) -> None:
    """How many, how many not, and where to bring something in."""
    page = keeper.get("/records/hsds").text
    assert "使っている支援先 1 件" in page
    assert "支援分野か確認日がない 1 件" in page
    assert 'formaction="/records/hsds.zip"' in page
    assert 'href="/records/import"' in page


@pytest.mark.parametrize(("ending", "kind"), [("json", "application/json"), ("zip", "application/zip")])  # fmt: skip
def test_both_forms_can_be_taken_away(keeper: TestClient, ending: str, kind: str) -> None:
    """As a file with the town and the day in its name."""
    answer = keeper.get(f"/records/hsds.{ending}")
    assert answer.headers["content-type"] == kind
    assert f'attachment; filename="hsds-999999-2026-06-01.{ending}"' in answer.headers["content-disposition"]  # fmt: skip
    (draft,) = read_hsds(answer.content, f"x.{ending}").drafts
    assert draft.name == "あおばサロン"
    assert draft.more == {"fax": "0000-11-9999"}


def test_the_national_services_go_along_when_asked_for(keeper: TestClient) -> None:
    """They are the same everywhere, so they stay out by default."""
    plain = json.loads(keeper.get("/records/hsds.json").content)
    whole = json.loads(keeper.get("/records/hsds.json?services=1").content)
    assert plain["total_items"] == 1
    assert whole["total_items"] > 50


def test_who_may_only_read_is_not_led_to_the_import(light_hall: Hall, keeper: TestClient) -> None:
    """The staff takes away, and brings nothing in."""
    assert keeper.get("/records/hsds").status_code == 200
    page = light_hall.come_in("staff", "staff").get("/records/hsds")
    assert page.status_code == 200
    assert "取り込めるのは、支援先データの担当です" in page.text
    assert 'class="button" href="/records/import"' not in page.text


@pytest.mark.parametrize("path", ["/records/hsds", "/records/hsds.json", "/records/hsds.zip"])
def test_nobody_else_takes_the_records(light_hall: Hall, keeper: TestClient, path: str) -> None:
    """Not signed in, in training, or from another town."""
    assert keeper.get(path).status_code == 200
    assert light_hall.browser().get(path).status_code in (302, 303, 401)
    assert light_hall.come_in("trainee", "trainee").get(path).status_code == 403
    add_more_towns(light_hall.engine)
    light_hall.register("far", "keeper", town=FAR_TOWN)
    far = light_hall.signed_in("far").get(path)
    # Theirs is another town, of which nothing is known here: nothing of this one goes out.
    assert "あおばサロン".encode() not in far.content


def test_a_town_without_its_facts_is_told(light_hall: Hall) -> None:
    """With what to do, not with an empty file."""
    keeper = light_hall.come_in("keeper", "keeper")
    page = keeper.get("/records/hsds")
    assert page.status_code == 200
    assert "町の設定" in page.text
    answer = keeper.get("/records/hsds.json")
    assert (answer.status_code, answer.headers["location"]) == (303, "/records/hsds")
