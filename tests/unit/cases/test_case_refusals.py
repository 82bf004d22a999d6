"""A refusal goes back to the record and to the gaps with the case, and away again with it."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import Engine, event

from service.cases.gaps import Gap, gaps_between
from service.cases.keep import undo_case
from service.cases.models import Case
from service.cases.steps import set_memo
from service.records.keep import get_record, merge_records
from service.records.reports import settle_report
from service.records.town_knowledge import knowledge_revision
from service.store import audit
from service.store.engine import reading
from tests.fixtures.accounts_world import add_more_towns
from tests.fixtures.kept_cases import (
    DAY,
    NOW,
    SALON,
    TODAY,
    WHO,
    contacted,
    do,
    opened,
    refused,
    salon,
)
from tests.fixtures.records_world import actions, add, give_facts
from tests.fixtures.store_world import PREFECTURE, TOWN, content


@pytest.fixture
def record_id(engine: Engine) -> str:
    """A record of the town that cases are connected to."""
    give_facts(engine)
    return add(engine).id


def _gaps(engine: Engine) -> tuple[Gap, ...]:
    return gaps_between(engine, TOWN.code, TODAY - DAY, TODAY + 30 * DAY)


def _reasons(engine: Engine, record_id: str, town_code: str = TOWN.code) -> list[str]:
    return [report.reason for report in get_record(engine, town_code, record_id).reports]


def _case(engine: Engine, record_id: str) -> Case:
    return opened(engine, chosen=((salon(record_id), "近い"),))


def test_a_refusal_stands_on_the_record_and_among_the_gaps(engine: Engine, record_id: str) -> None:
    before = knowledge_revision(engine, TOWN.code)
    case = do(engine, _case(engine, record_id), refused("r1", "full", NOW))
    assert _reasons(engine, record_id) == ["full"]
    assert knowledge_revision(engine, TOWN.code) != before
    (gap,) = _gaps(engine)
    assert (gap.kind, gap.reason, gap.on_day, gap.by) == ("refused", "full", TODAY, WHO)
    # Only the trouble that the connection was for.
    assert (gap.problems, gap.categories) == (("lonely",), ("isolation.ibasho",))
    assert (gap.district, gap.age_group) == ("中町", "75+")
    assert (gap.case_id, gap.record_id) == (case.id, record_id)
    assert (gap.kind_words, gap.reason_words) == ("つないだが断られた", "満員")
    assert actions(engine)[-2:] == ["record.report", "case.change"]


def test_an_undone_refusal_is_withdrawn_and_a_redone_one_is_back(
    engine: Engine, record_id: str
) -> None:
    case = do(engine, _case(engine, record_id), refused())
    (gap,), report = _gaps(engine), get_record(engine, TOWN.code, record_id).reports[0]
    undo_case(engine, TOWN.code, case.id, 1, 2, WHO, NOW + DAY)
    assert (_reasons(engine, record_id), _gaps(engine)) == ([], ())
    assert actions(engine)[-2:] == ["record.settle", "case.undo"]
    undo_case(engine, TOWN.code, case.id, 2, 3, WHO, NOW + DAY)
    assert _gaps(engine) == (gap,)
    assert get_record(engine, TOWN.code, record_id).reports == (report,)


def test_what_does_not_touch_the_refusal_leaves_it_alone(engine: Engine, record_id: str) -> None:
    case = do(engine, _case(engine, record_id), refused())
    (report,) = get_record(engine, TOWN.code, record_id).reports
    settle_report(engine, TOWN.code, report.id, WHO, NOW)
    case = do(engine, case, set_memo("また電話する", None))
    undo_case(engine, TOWN.code, case.id, 2, 3, WHO, NOW)
    # The keeper had put it away, and so it stays.
    assert _reasons(engine, record_id) == []
    assert len(_gaps(engine)) == 1


def test_each_refusal_counts_even_at_the_same_moment(engine: Engine, record_id: str) -> None:
    case = do(engine, _case(engine, record_id), refused("r1", "full"))
    case = do(engine, case, contacted())
    case = do(engine, case, refused("r1", "full"))
    assert _reasons(engine, record_id) == ["full", "full"]
    assert len(_gaps(engine)) == 2
    # Another reason in place of the second.
    undo_case(engine, TOWN.code, case.id, 3, 4, WHO, NOW)
    case = do(engine, case.model_copy(update={"revision": 5}), refused("r1", "no_funds"))
    assert sorted(_reasons(engine, record_id)) == ["full", "no_funds"]
    assert sorted(str(gap.reason) for gap in _gaps(engine)) == ["full", "no_funds"]


def test_without_a_record_there_is_only_the_gap(engine: Engine) -> None:
    for target in (SALON, salon("nai"), salon("\ud800".encode("utf-8", "replace").decode())):
        case = opened(engine, chosen=((target, ""),))
        do(engine, case, refused("r1", "unreachable"))
    assert [gap.reason for gap in _gaps(engine)] == ["unreachable"] * 3
    assert "record.report" not in actions(engine)


def test_the_prefectures_record_takes_the_towns_refusal(engine: Engine) -> None:
    add_more_towns(engine)
    theirs = add(engine, PREFECTURE.code)
    case = do(engine, _case(engine, theirs.id), refused())
    assert _reasons(engine, theirs.id, PREFECTURE.code) == ["full"]
    undo_case(engine, TOWN.code, case.id, 1, 2, WHO, NOW)
    assert _reasons(engine, theirs.id, PREFECTURE.code) == []


def test_the_refusal_stands_with_the_record_that_took_the_other_in(
    engine: Engine, record_id: str
) -> None:
    case = _case(engine, record_id)
    keep = add(engine, name="青葉のサロン")
    merge_records(engine, TOWN.code, keep.id, record_id, keep.revision, WHO, NOW)
    do(engine, case, refused())
    assert _reasons(engine, keep.id) == ["full"]


def test_record_gap_case_and_audit_are_written_together_or_not_at_all(
    engine: Engine, record_id: str
) -> None:
    case = _case(engine, record_id)
    before = content(engine)

    def fail(*arguments: object) -> None:
        if "INSERT INTO audit" in str(arguments[2]) and "case.change" in repr(arguments[3]):
            raise RuntimeError("the power goes")

    event.listen(engine, "before_cursor_execute", fail)
    with pytest.raises(RuntimeError, match="the power goes"):
        do(engine, case, refused())
    event.remove(engine, "before_cursor_execute", fail)
    assert content(engine) == before
    do(engine, case, refused())
    assert (_reasons(engine, record_id), len(_gaps(engine))) == (["full"], 1)


def test_neither_the_audit_nor_the_gap_has_words_of_the_person(
    engine: Engine, record_id: str
) -> None:
    do(engine, _case(engine, record_id), refused())
    found = content(engine)
    told = repr(found["audit"]) + repr(found["gaps"]) + repr(found["record_reports"])
    assert not any(word in told for word in ("さびしい", "長男", "近い"))
    with reading(engine) as conn:
        (entry,) = audit.list_entries(conn, action="record.report")
    assert json.loads(entry.detail) == {"reason": "full"}
