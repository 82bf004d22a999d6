"""The tables of cases beside the others: backed up, moved, and kept as long as they may be."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine

from service.cases.advice import ask, inbox
from service.cases.gaps import NewGap, gaps_between, note_gap
from service.cases.keep import get_case, history_of
from service.cases.listing import Filters, list_cases
from service.cases.similar import keep_vector, similar_cases
from service.cases.steps import close, set_memo
from service.cases.words import CASE_STATES, CONSENTS, GAP_KINDS, REFUSED
from service.errors import NotFound
from service.store import case_tables
from service.store.backup import backup
from service.store.record_tables import REASONS
from service.store.restore import restore
from service.store.retention import Removed, expire
from service.store.tables import METADATA
from tests.fixtures.kept_cases import NOW, TODAY, WHO, do, opened, refused, salon
from tests.fixtures.records_world import add, give_facts
from tests.fixtures.store_world import PREFECTURE, TOWN, content

NEW = ("cases", "case_history", "case_vectors", "gaps", "advice_requests")
DAY = timedelta(days=1)
FIVE_YEARS = timedelta(days=365 * 5)
VECTOR = np.array([0.6, 0.8], dtype=np.float32)


@pytest.fixture
def town(engine: Engine) -> Engine:
    """A town with a row in every table of cases."""
    give_facts(engine)
    case = opened(engine, chosen=((salon(add(engine).id), "近い"),), memo="一\n二\u3000🏠")
    case = do(engine, case, refused())
    ask(engine, TOWN.code, PREFECTURE.code, case.id, "どうするか", "資料", 2, WHO, NOW)
    keep_vector(engine, TOWN.code, case.id, "m", VECTOR)
    note_gap(engine, TOWN.code, NewGap("nothing_fits", ("lonely",)), WHO, NOW)
    return engine


def test_the_store_and_the_cases_use_the_same_codes() -> None:
    assert tuple(CASE_STATES) == case_tables.CASE_STATES
    assert tuple(CONSENTS) == case_tables.CONSENTS
    assert tuple(GAP_KINDS) == case_tables.GAP_KINDS
    # A refusal of a case goes to the record as it is.
    assert tuple(REFUSED) == REASONS


def test_every_table_of_cases_is_filled_here_and_in_the_schema(town: Engine) -> None:
    found = content(town)
    assert all(found[name] for name in NEW)
    assert set(NEW) <= set(METADATA.tables)


def test_the_cases_are_in_the_backup_and_come_back_as_they_were(
    town: Engine, other: Engine, file: Path
) -> None:
    manifest = backup(town, file, NOW)
    assert all(manifest.tables[name].rows for name in NEW)
    restore(other, file, NOW)
    assert content(other) == content(town)
    (case,) = list_cases(other, TOWN.code, Filters(), TODAY).rows
    assert case == get_case(town, TOWN.code, case.id)
    assert history_of(other, TOWN.code, case.id) == history_of(town, TOWN.code, case.id)
    assert similar_cases(other, TOWN.code, "m", VECTOR)[0].case == case
    assert inbox(other, PREFECTURE.code) == inbox(town, PREFECTURE.code)
    # And it goes on from there.
    do(other, case, set_memo("続き", None))
    assert opened(other).number == 2


def test_a_case_goes_five_years_after_its_end_with_all_that_is_its(town: Engine) -> None:
    (case,) = list_cases(town, TOWN.code, Filters(), TODAY).rows
    still_open = opened(town)
    do(town, case, close("handed_over", NOW + 30 * DAY), "case.close")
    gone = expire(town, NOW + FIVE_YEARS + 29 * DAY)
    assert {one.table for one in gone} == {"gaps", "audit"}
    assert Removed("cases", 1) in expire(town, NOW + FIVE_YEARS + 31 * DAY)
    with pytest.raises(NotFound):
        get_case(town, TOWN.code, case.id)
    found = content(town)
    assert [found[name] for name in NEW[1:]] == [[], [], [], []]
    # What goes on is kept however long it takes.
    assert get_case(town, TOWN.code, still_open.id) == still_open


def test_gaps_go_after_five_years_by_themselves(town: Engine) -> None:
    assert all(one.table != "gaps" for one in expire(town, NOW + FIVE_YEARS))
    assert Removed("gaps", 2) in expire(town, NOW + FIVE_YEARS + 2 * DAY)
    assert gaps_between(town, TOWN.code, TODAY, TODAY + DAY) == ()
