"""Cases in the store: opened with a number, changed with their history, put back, erased."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from service.cases.keep import (
    Changed,
    apply,
    erase_case,
    export_case,
    get_case,
    history_of,
    note_print,
    open_case,
    see_case,
    undo_case,
)
from service.cases.similar import keep_vector
from service.cases.steps import choose, close, decide_flag, set_consent, set_memo
from service.errors import BadInput, NotFound
from service.store import audit
from service.store.engine import open_store, reading
from tests.fixtures.accounts_world import NEIGHBOUR, add_more_towns
from tests.fixtures.kept_cases import (
    DAY,
    FLAG,
    MINUTE,
    NOW,
    OFFICE,
    SALON,
    TODAY,
    WHO,
    contacted,
    do,
    new_case,
    opened,
    refused,
)
from tests.fixtures.records_world import actions
from tests.fixtures.store_world import TOWN, content


def test_an_opened_case_holds_what_was_shown_and_chosen(engine: Engine) -> None:
    case = opened(engine, chosen=((SALON, "近い"),), flags=(FLAG,), consent="given", next_on=TODAY)
    assert get_case(engine, TOWN.code, case.id) == case
    assert (case.label, case.revision, case.state) == ("2026-0001", 1, "open")
    assert (case.opened_by, case.updated_by, case.opened_at) == (WHO, WHO, NOW)
    assert [(one.id, one.target, one.why) for one in case.referrals] == [("r1", SALON, "近い")]
    # The day of the consent is the day it was opened.
    assert (case.consent_on, case.due_on) == (TODAY, TODAY)
    with reading(engine) as conn:
        (entry,) = audit.list_entries(conn, action="case.open")
    assert (entry.subject_id, entry.actor, entry.town_code) == (case.id, WHO, TOWN.code)
    assert json.loads(entry.detail) == {"revision": 1, "problems": 2, "flags": 1, "suggestions": 2}


def test_numbers_count_in_each_town_and_year_of_the_town(engine: Engine) -> None:
    add_more_towns(engine)
    # Half past eight in the evening of New Year's Eve, UTC: the year is new in the town.
    eve = datetime(2026, 12, 31, 20, 30, tzinfo=UTC)
    labels = [opened(engine, now).label for now in (NOW, NOW, eve, eve, NOW)]
    assert labels == ["2026-0001", "2026-0002", "2027-0001", "2027-0002", "2026-0003"]
    assert opened(engine, town_code=NEIGHBOUR.code).label == "2026-0001"


def test_twenty_who_open_at_once_get_every_number_once(engine: Engine) -> None:
    with ThreadPoolExecutor(20) as pool:
        cases = list(pool.map(lambda _: opened(engine), range(60)))
    assert sorted(case.number for case in cases) == list(range(1, 61))
    with reading(engine) as conn:
        assert audit.verify_chain(conn) is None


def test_what_cannot_be_a_case_is_refused_and_takes_no_number(engine: Engine) -> None:
    with pytest.raises(BadInput, match="根拠"):
        opened(engine, consent="not_needed")
    with pytest.raises(BadInput, match="相談の内容"):
        opened(engine, text=" ")
    with pytest.raises(NotFound, match="登録されていません"):
        open_case(engine, "111111", new_case(), WHO, NOW)
    assert opened(engine).number == 1


def test_a_case_belongs_to_one_town(engine: Engine) -> None:
    add_more_towns(engine)
    case = opened(engine)
    for code, case_id in ((NEIGHBOUR.code, case.id), (TOWN.code, "nai"), (TOWN.code, "\x00\ud800")):
        with pytest.raises(NotFound, match="ありません"):
            get_case(engine, code, case_id)
        with pytest.raises(NotFound):
            apply(engine, code, case_id, set_memo("", None), "case.change", 1, WHO, NOW)
        with pytest.raises(NotFound):
            history_of(engine, code, case_id)
        with pytest.raises(NotFound):
            erase_case(engine, code, case_id, WHO, NOW)


def test_a_step_makes_a_version_and_the_audit_names_what_it_touched(engine: Engine) -> None:
    case = opened(engine)
    after = do(engine, case, choose(SALON, "近い", WHO, NOW), now=NOW + MINUTE)
    assert (after.revision, after.updated_at) == (2, NOW + MINUTE)
    assert get_case(engine, TOWN.code, case.id) == after
    with reading(engine) as conn:
        (entry,) = audit.list_entries(conn, action="case.change")
    assert json.loads(entry.detail) == {"revision": 2, "field": "referrals"}
    assert entry.subject_id == case.id


def test_a_step_that_changes_nothing_writes_nothing(engine: Engine) -> None:
    case = opened(engine)
    before = content(engine)
    assert do(engine, case, set_memo("", None)) == case
    assert content(engine) == before


def test_a_refused_step_writes_nothing(engine: Engine) -> None:
    case = opened(engine, flags=(FLAG,))
    before = content(engine)
    with pytest.raises(BadInput):
        do(engine, case, close("solved", NOW), "case.close")
    with pytest.raises(ValueError, match="ACTIONS"):
        do(engine, case, set_memo("x", None), "case.misspelt")
    assert content(engine) == before


def test_of_two_people_who_move_the_same_connection_one_is_told(engine: Engine) -> None:
    case = opened(engine, chosen=((SALON, ""),))

    def move(number: int) -> str:
        step = contacted() if number % 2 else refused()
        try:
            return do(engine, case, step).referrals[0].state
        except Changed as told:
            return f"{told.status} {told}"

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(move, range(4)))
    assert sum("ほかの人が変えました" in said for said in outcomes) == 3
    assert sum(said.startswith("409 ") for said in outcomes) == 3
    kept = get_case(engine, TOWN.code, case.id)
    assert kept.revision == 2
    assert kept.referrals[0].state in outcomes


def test_the_history_says_in_words_what_each_version_changed(engine: Engine) -> None:
    case = opened(engine, chosen=((SALON, "近い"),), flags=(FLAG,))
    case = do(engine, case, decide_flag(0, "reported", "", WHO, NOW), now=NOW + MINUTE)
    case = do(engine, case, refused(next_on=date(2026, 12, 1)))
    case = do(engine, case, choose(OFFICE, "", WHO, NOW))
    case = do(engine, case, set_consent("given", TODAY, "口頭"))
    case = do(engine, case, close("connected", NOW), "case.close")
    versions = history_of(engine, TOWN.code, case.id)
    assert [version.revision for version in versions] == [6, 5, 4, 3, 2, 1]
    assert [version.words for version in versions] == [
        ("状態: 対応中 → 終わった（つながり、先方が続ける）",),
        ("同意: 未確認 → 同意（2026-11-24）", "同意のメモを変えました。"),
        ("つなぎに加えました: 自立相談支援機関",),
        (
            "青葉いきいきサロン: これから連絡 → 断られた・つながらなかった（満員）",
            "青葉いきいきサロンの次の日: なし → 2026-12-01",
        ),
        ("緊急・通報「高齢者虐待の疑い」: 通報・通告した",),
        ("相談を記録に残しました。", "つなぎ先: 青葉いきいきサロン"),
    ]
    assert (versions[0].action, versions[0].action_words) == ("case.close", "相談を終わりにした")
    assert (versions[-2].at, versions[-1].by) == (NOW + MINUTE, WHO)


def test_a_former_version_is_put_back_and_that_can_be_undone_too(engine: Engine) -> None:
    first = opened(engine, chosen=((SALON, "近い"),))
    second = do(engine, first, choose(OFFICE, "", WHO, NOW))
    third = do(engine, second, close("solved", NOW), "case.close")
    back = undo_case(engine, TOWN.code, first.id, 1, 3, "p-2", NOW + DAY)
    assert (back.revision, back.state, back.updated_by) == (4, "open", "p-2")
    assert back.referrals == first.referrals
    again = undo_case(engine, TOWN.code, first.id, 3, 4, WHO, NOW + DAY)
    assert (again.revision, again.referrals, again.state) == (5, third.referrals, "closed")
    versions = history_of(engine, TOWN.code, first.id)
    assert [version.action for version in versions[:2]] == ["case.undo", "case.undo"]
    with pytest.raises(Changed):
        undo_case(engine, TOWN.code, first.id, 1, 3, WHO, NOW)
    with pytest.raises(NotFound, match="その版"):
        undo_case(engine, TOWN.code, first.id, 9, 5, WHO, NOW)
    # To where it is already: nothing happens.
    assert undo_case(engine, TOWN.code, first.id, 5, 5, WHO, NOW) == again


def test_who_saw_and_who_printed_is_in_the_audit(engine: Engine) -> None:
    case = opened(engine)
    assert see_case(engine, TOWN.code, case.id, "p-2", NOW) == case
    note_print(engine, TOWN.code, case.id, "slip", "pdf", "p-2", NOW)
    assert actions(engine)[-2:] == ["case.see", "case.print"]
    with reading(engine) as conn:
        (entry,) = audit.list_entries(conn, action="case.print")
    assert json.loads(entry.detail) == {"revision": 1, "kind": "slip", "how": "pdf"}


def test_an_export_holds_the_case_its_versions_and_its_gaps(engine: Engine) -> None:
    case = do(engine, opened(engine, chosen=((SALON, ""),)), refused())
    opened(engine, text="別の人の相談")
    given = export_case(engine, TOWN.code, case.id, WHO, NOW)
    told = json.loads(given)
    assert told["case"] == json.loads(case.model_dump_json())
    assert [(one["revision"], one["action"]) for one in told["history"]] == [(1, "case.open")]
    assert [one["kind"] for one in told["gaps"]] == ["refused"]
    assert "別の人" not in given
    assert actions(engine)[-1] == "case.export"


def test_an_erased_case_leaves_an_id_in_the_audit_and_codes_in_the_figures(engine: Engine) -> None:
    case = do(engine, opened(engine, chosen=((SALON, ""),)), refused())
    erase_case(engine, TOWN.code, case.id, WHO, NOW)
    found = content(engine)
    assert [found[name] for name in ("cases", "case_history", "case_vectors")] == [[], [], []]
    (gap,) = found["gaps"]
    assert "isolation.ibasho" in gap
    for name, rows in found.items():
        assert (case.id in repr(rows)) is (name == "audit")
        assert "さびしい" not in repr(rows)
    with pytest.raises(NotFound):
        get_case(engine, TOWN.code, case.id)


@pytest.mark.parametrize("new_store", ["sqlite"], indirect=True)
def test_an_erased_case_is_gone_from_the_sqlite_files_too(engine: Engine, url: str) -> None:
    import numpy as np

    # The server beside it keeps the file open: the log (WAL) is not tidied up by closing it.
    server = open_store(url)
    case = opened(engine, text="本人は himitsu-no-soudan のことで悩む。")
    case = do(engine, case, set_memo("himitsu-no-memo", None))
    keep_vector(engine, TOWN.code, case.id, "m", np.ones(4, dtype=np.float32))
    with reading(server) as conn:
        assert audit.count_entries(conn) == 2
    erase_case(engine, TOWN.code, case.id, WHO, NOW)
    file = Path(str(engine.url.database))
    for each in file.parent.glob(f"{file.name}*"):
        assert b"himitsu-no" not in each.read_bytes(), each
    server.dispose()
