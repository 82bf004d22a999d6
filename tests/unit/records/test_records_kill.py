"""An import killed at any moment: afterwards the records are as before or as after, whole."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest
from sqlalchemy import Engine, text

from service.records.importing import imports_of
from service.records.listing import Filters, list_records
from service.store.engine import reading
from tests.fixtures.records_world import (
    TODAY,
    import_and_die,
    import_file,
    import_until_killed,
    kaigo_list,
)
from tests.fixtures.store_world import TOWN, content, process

KILLS = 10
WAIT_SECONDS = 60.0
FIRST = [f"デイサービス {number}番館" for number in range(100, 400)]
# Each edition changes the old ones, drops some and brings many.
NEXT = [*FIRST[:250], *(f"訪問介護 {number}号" for number in range(100, 900))]


@pytest.fixture
def chance() -> random.Random:
    """Random moments; the seed is shown when a test fails."""
    seed = time.time_ns()
    print(f"seed {seed}")
    return random.Random(seed)  # noqa: S311


def _edition(number: int) -> tuple[bytes, str]:
    """An edition in which every number is another, and its name."""
    return kaigo_list(NEXT, phone=f"0000-{number:02d}-"), f"kaigo_20{number:02d}0401.csv"


def _check_whole(engine: Engine, before: dict[str, list[Any]], number: int) -> bool:
    """Return whether the edition is in; it is so as a whole or not at all."""
    after = content(engine)
    if engine.dialect.name == "sqlite":
        with reading(engine) as conn:
            assert conn.execute(text("PRAGMA integrity_check")).scalar() == "ok"
    if after == before:
        return False
    found = list_records(engine, TOWN.code, Filters(), TODAY, limit=10_000).rows
    assert {kept.name for kept in found} == set(NEXT)
    assert all(kept.record.fields["phone"].startswith(f"0000-{number:02d}-") for kept in found)
    assert f"kaigo_20{number:02d}0401.csv" in {one.file for one in imports_of(engine, TOWN.code)}
    for table in ("audit", "imports"):
        assert len(after[table]) == len(before[table]) + 1
    old = len(before["records"])
    # Of every old record that changed, the former version is kept.
    assert len(after["record_history"]) - len(before["record_history"]) in (old, len(NEXT))
    return True


def test_an_import_killed_at_random_moments_is_done_or_not_begun(
    engine: Engine, url: str, chance: random.Random
) -> None:
    import_file(engine, kaigo_list(FIRST))
    outcomes = set()
    longest = 0.1
    for number in range(1, 4 * KILLS):
        before = content(engine)
        with process(import_until_killed, url, *_edition(number)) as (child, pipe):
            assert pipe.poll(WAIT_SECONDS), "the import hangs"
            pipe.recv()
            started = time.monotonic()
            # Now and then it is left to finish, which shows how long that takes.
            if pipe.poll(WAIT_SECONDS if number == 1 else chance.uniform(0, longest)):
                longest = max(longest, time.monotonic() - started)
            child.kill()
            child.join()
        outcomes.add(_check_whole(engine, before, number))
        if number >= KILLS and outcomes == {True, False}:
            return
    raise AssertionError(f"no import was killed on its way: {outcomes}")


def test_an_import_killed_after_each_of_its_statements_leaves_nothing(
    engine: Engine, url: str
) -> None:
    import_file(engine, kaigo_list(FIRST))
    before = content(engine)
    for statement in range(1, 100):
        with process(import_and_die, url, *_edition(1), statement) as (child, pipe):
            child.join(WAIT_SECONDS)
            assert child.exitcode in (0, -9), "the import failed or hangs"
            if child.exitcode == 0:
                assert pipe.recv() == "done"
                assert statement > 8
                assert _check_whole(engine, before, 1)
                return
        assert not _check_whole(engine, before, 1)
    raise AssertionError("the import has more statements than expected")
