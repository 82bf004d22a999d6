"""kill -9 while cases are written: what was kept is there, and nothing is there in part."""

from __future__ import annotations

import random
import time
from collections import Counter

import pytest
from sqlalchemy import Engine, text

from service.cases.gaps import gaps_between
from service.cases.keep import get_case, history_of
from service.cases.listing import Filters, list_cases
from service.records.keep import get_record
from service.store import audit
from service.store.engine import reading
from tests.fixtures.kept_cases import (
    DAY,
    TODAY,
    opened,
    refuse_and_die,
    salon,
    work_until_killed,
)
from tests.fixtures.records_world import add
from tests.fixtures.store_world import TOWN, content, process

KILLS = 10
ACK_SECONDS = 60.0


@pytest.fixture
def chance() -> random.Random:
    """Random moments; the seed is shown when a test fails."""
    seed = time.time_ns()
    print(f"seed {seed}")
    return random.Random(seed)  # noqa: S311


def _check_whole(engine: Engine, record_id: str, kept: set[tuple[str, int]]) -> None:
    """Each case is at one of its versions, with just what belongs to that version."""
    cases = list_cases(engine, TOWN.code, Filters(""), TODAY, limit=10_000).rows
    assert sorted(case.number for case in cases) == list(range(1, len(cases) + 1))
    assert kept <= {(case.id, case.number) for case in cases}
    done = {case_id for case_id, _ in kept}
    refusals = 0
    for case in cases:
        versions = history_of(engine, TOWN.code, case.id)
        assert [version.revision for version in versions] == list(range(case.revision, 0, -1))
        assert case.revision == 3 or case.id not in done
        refusals += case.referrals[0].state == "refused"
    gaps = gaps_between(engine, TOWN.code, TODAY - DAY, TODAY + DAY)
    assert Counter(gap.case_id for gap in gaps) == Counter(
        case.id for case in cases if case.revision > 1
    )
    assert len(get_record(engine, TOWN.code, record_id).reports) == refusals == len(gaps)
    with reading(engine) as conn:
        assert audit.verify_chain(conn) is None
        told = Counter(entry.action for entry in audit.list_entries(conn, limit=100_000))
        if engine.dialect.name == "sqlite":
            assert conn.execute(text("PRAGMA integrity_check")).scalar() == "ok"
    assert told["case.open"] == len(cases)
    assert told["record.report"] == refusals
    assert told["case.change"] == sum(case.revision - 1 for case in cases)


def test_a_killed_writer_loses_no_case_and_leaves_none_half_written(
    engine: Engine, url: str, chance: random.Random
) -> None:
    record_id = add(engine).id
    kept: set[tuple[str, int]] = set()
    for _ in range(KILLS):
        with process(work_until_killed, url, record_id) as (child, pipe):
            for _ in range(chance.randrange(1, 8)):
                assert pipe.poll(ACK_SECONDS), "the writer hangs"
                kept.add(pipe.recv())
            time.sleep(chance.uniform(0, 0.03))
            child.kill()
            child.join()
        _check_whole(engine, record_id, kept)


def test_a_refusal_killed_after_each_of_its_statements_leaves_nothing(
    engine: Engine, url: str
) -> None:
    record_id = add(engine).id
    case = opened(engine, chosen=((salon(record_id), "通える"),))
    before = content(engine)
    for statement in range(1, 60):
        with process(refuse_and_die, url, case, statement) as (child, pipe):
            child.join(ACK_SECONDS)
            assert child.exitcode in (0, -9), "the refusal failed or hangs"
            if child.exitcode == 0:
                assert pipe.recv() == "done"
                # Version, case, gap, report, two rows of the audit, the town's counter.
                assert statement > 7
                break
        assert content(engine) == before
    _check_whole(engine, record_id, set())
    assert get_case(engine, TOWN.code, case.id).referrals[0].state == "refused"
