"""Importing on the screen: choose, see every row's fate, decide, confirm — or leave all as it was."""

from __future__ import annotations

import csv
import io
import os
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from starlette.testclient import TestClient

from service.app import create_app
from service.records.exchange import export_hsds
from service.records.keep import edit_record
from service.records.kept import Kept
from service.records.listing import Filters, list_records
from service.records.national import national_parts
from service.settings import Settings
from service.store.audit import Entry
from service.triage.triage import Desk
from service.web.import_preview import conflict_name
from tests.fixtures.accounts_world import recorded
from tests.fixtures.import_pages_world import PATH, Keeper, alerts, kaigo, make_keeper, office
from tests.fixtures.store_world import NOW, TOWN
from tests.fixtures.web_world import Hall

TODAY = date(2026, 6, 1)


@pytest.fixture
def keeper(light_hall: Hall, small_desk: Desk, tmp_path: Path) -> Keeper:
    """A keeper who has signed in."""
    return make_keeper(small_desk, light_hall.engine, tmp_path)


def one_of(keeper: Keeper, name: str) -> Kept:
    """The record of this name."""
    page = list_records(keeper.hall.engine, TOWN.code, Filters(text=name), TODAY)
    (kept,) = page.rows
    return kept


def imported(keeper: Keeper) -> list[Entry]:
    """What the audit says of imports."""
    return [entry for entry in recorded(keeper.hall.engine) if entry.action == "records.import"]


def test_a_list_is_seen_before_it_is_imported_and_used_after(keeper: Keeper) -> None:
    preview = keeper.preview(kaigo(office(1), office(2)))
    assert "新しく加わる</dt><dd>2 件" in preview.text
    assert "あおば事業所1号" in preview.text
    assert keeper.names() == []
    answer = preview.confirm()
    assert answer.status_code == 303
    done = keeper.browser.get(answer.headers["location"]).text
    assert "1分ほどで窓口に出ます" in done
    assert "新しく加わる</dt><dd>2 件" in done
    assert sorted(keeper.names()) == ["あおば事業所1号", "あおば事業所2号"]
    assert len(imported(keeper)) == 1


def test_what_was_sent_is_private_and_gone_after_the_import(keeper: Keeper) -> None:
    preview = keeper.preview(kaigo(office(1)))
    modes = {stat.S_IMODE(path.stat().st_mode) for path in keeper.uploads}
    folders = {stat.S_IMODE(path.parent.stat().st_mode) for path in keeper.uploads}
    assert (modes, folders) == ({0o600}, {0o700})
    preview.confirm()
    assert keeper.uploads == []
    again = keeper.browser.get(preview.address)
    assert (again.status_code, "もうありません" in again.text) == (404, True)


def test_cancelling_changes_nothing_and_removes_the_file(keeper: Keeper) -> None:
    preview = keeper.preview(kaigo(office(1)))
    answer = keeper.browser.post(f"{preview.address}/cancel")
    assert "何も変わっていません" in keeper.browser.get(answer.headers["location"]).text
    assert (keeper.uploads, keeper.names(), imported(keeper)) == ([], [], [])


def test_a_wrong_row_stops_the_import_until_it_is_left_out(keeper: Keeper) -> None:
    """One row without a name: its number, column and remedy are shown; nothing is written."""
    preview = keeper.preview(kaigo(office(1), {"事業所名": ""}, encoding="cp932"))
    assert "3行目" in preview.text
    assert "取り込めない行 1 行" in preview.text
    refused = preview.confirm()
    assert refused.status_code == 422
    assert "まだ取り込めません" in alerts(refused)
    assert keeper.names() == []
    assert preview.confirm({"leave_out": "1"}).status_code == 303
    assert keeper.names() == ["あおば事業所1号"]


def test_an_edit_wins_over_the_new_edition_unless_the_keeper_takes_the_new(
    keeper: Keeper,
) -> None:
    keeper.preview(kaigo(office(1))).confirm()
    kept = one_of(keeper, "あおば事業所1号")
    edit_record(
        keeper.hall.engine, TOWN.code, kept.id, {"phone": "0183-73-7777"}, kept.revision, "x", NOW
    )
    newer = kaigo(office(1, 電話番号="0183-73-8888"))
    preview = keeper.preview(newer)
    assert "手直しと食い違う値 1 件" in preview.text
    preview.confirm()
    assert one_of(keeper, "あおば事業所1号").record.fields["phone"] == "0183-73-7777"
    newest = kaigo(office(1, 電話番号="0183-73-9999"))
    preview = keeper.preview(newest)
    preview.confirm({conflict_name(kept.id, "phone"): "new"})
    assert one_of(keeper, "あおば事業所1号").record.fields["phone"] == "0183-73-9999"


def test_records_that_vanish_in_numbers_wait_for_a_yes(keeper: Keeper) -> None:
    keeper.preview(kaigo(*map(office, range(1, 11)))).confirm()
    preview = keeper.preview(kaigo(office(1)), "kaigo_20260501.csv")
    assert "載らなくなった記録 9 件" in preview.text
    assert preview.confirm().status_code == 422
    assert len(keeper.names()) == 10
    assert preview.confirm({"accept_vanished": "1"}).status_code == 303
    assert keeper.names() == ["あおば事業所1号"]
    assert len(keeper.names(state="vanished")) == 9


def test_a_likely_double_is_merged_only_when_the_keeper_says_so(keeper: Keeper) -> None:
    first = {"事業所名": "あおば荘", "電話番号": "0183-73-0001", "事業所番号": "0570000001"}
    double = {**first, "事業所番号": "0570000009"}
    keeper.preview(kaigo(first)).confirm()
    preview = keeper.preview(kaigo(double), "another_list_20260401.csv")
    assert "同じかもしれないもの 1 件" in preview.text
    kept = one_of(keeper, "あおば荘")
    preview.confirm({"merge:2:": f"to:{kept.id}"})
    merged = one_of(keeper, "あおば荘")
    assert (merged.id, len(merged.record.sources)) == (kept.id, 2)


def test_a_likely_double_can_be_left_out_or_kept_apart(keeper: Keeper) -> None:
    first = {"事業所名": "あおば荘", "電話番号": "0183-73-0001", "事業所番号": "0570000001"}
    keeper.preview(kaigo(first)).confirm()
    double = kaigo({**first, "事業所番号": "0570000009"})
    keeper.preview(double, "b_20260401.csv").confirm({"merge:2:": "leave"})
    assert len(keeper.names()) == 1
    keeper.preview(double, "b_20260401.csv").confirm({"merge:2:": "apart"})
    assert len(keeper.names()) == 2


def test_somebody_elses_change_makes_a_new_preview_instead_of_an_import(keeper: Keeper) -> None:
    keeper.preview(kaigo(office(1))).confirm()
    preview = keeper.preview(kaigo(office(1), office(2)))
    kept = one_of(keeper, "あおば事業所1号")
    edit_record(keeper.hall.engine, TOWN.code, kept.id, {"cost": "無料"}, kept.revision, "x", NOW)
    answer = preview.confirm()
    assert answer.status_code == 409
    assert "もう一度確かめて" in alerts(answer)
    assert keeper.names() == ["あおば事業所1号"]
    assert keeper.open(preview.address).confirm().status_code == 303
    assert len(keeper.names()) == 2


def test_what_is_carried_out_is_what_was_seen(keeper: Keeper) -> None:
    """Another tab changed the options of the same file in between."""
    preview = keeper.preview(kaigo(office(1)))
    keeper.browser.post(f"{preview.address}/options", data={"as_of": "2020-01-01"})
    answer = preview.confirm()
    assert (answer.status_code, keeper.names()) == (409, [])


def test_pressing_twice_imports_once(keeper: Keeper) -> None:
    preview = keeper.preview(kaigo(office(1), office(2)))
    with ThreadPoolExecutor(4) as people:
        answers = list(people.map(lambda _: preview.confirm().status_code, range(4)))
    assert answers.count(303) == 1, answers
    assert set(answers) <= {303, 404, 409, 422}
    assert len(imported(keeper)) == 1
    assert len(keeper.names()) == 2


def test_the_one_person_of_the_trial_imports_without_signing_in(
    keeper: Keeper, small_desk: Desk
) -> None:
    settings = Settings(mode="single", data_dir=keeper.hall.settings.data_dir)
    app = create_app(small_desk, lambda: TODAY, settings=settings, engine=keeper.hall.engine)
    alone = TestClient(
        app,
        "http://127.0.0.1",
        headers={"Origin": "http://127.0.0.1", "Accept": "text/html"},
        follow_redirects=False,
    )
    preview = Keeper(keeper.hall, alone).preview(kaigo(office(1)))
    assert preview.confirm().status_code == 303
    assert keeper.names() == ["あおば事業所1号"]


def test_both_databases_take_an_import(small_desk: Desk, engine: Engine, tmp_path: Path) -> None:
    keeper = make_keeper(small_desk, engine, tmp_path)
    preview = keeper.preview(kaigo(office(1), {"事業所名": ""}))
    assert preview.confirm().status_code == 422
    done = preview.confirm({"leave_out": "1"})
    assert "1分ほどで窓口に出ます" in keeper.browser.get(done.headers["location"]).text
    assert keeper.names() == ["あおば事業所1号"]


def test_decisions_that_were_ticked_stay_ticked_when_the_import_is_refused(
    keeper: Keeper,
) -> None:
    keeper.preview(kaigo(*map(office, range(1, 11)))).confirm()
    preview = keeper.preview(kaigo(office(1), {"事業所名": ""}), "kaigo_20260501.csv")
    refused = preview.confirm({"leave_out": "1"})
    assert refused.status_code == 422
    assert 'name="leave_out" value="1" checked' in refused.text
    assert 'name="accept_vanished" value="1">' in refused.text


def test_the_date_of_the_list_can_be_given_on_the_preview(keeper: Keeper) -> None:
    preview = keeper.preview(kaigo(office(1)), "kaigo.csv")
    assert "いつの時点か分からないものが 1 件" in preview.text
    answer = keeper.browser.post(
        f"{preview.address}/options", data={"as_of": "2026-05-01", "only": "all"}
    )
    later = keeper.open(answer.headers["location"])
    assert "いつの時点か分からない" not in later.text
    later.confirm()
    assert one_of(keeper, "あおば事業所1号").verified_on == date(2026, 5, 1)


def test_a_date_that_is_none_is_said_and_what_was_typed_stays(keeper: Keeper) -> None:
    answer = keeper.send(kaigo(office(1)), as_of="きのう", source="架空の県")
    assert answer.status_code == 422
    assert "2026-04-01 のように" in alerts(answer)
    assert 'value="架空の県"' in answer.text
    assert keeper.uploads == []


def test_the_report_names_every_row_and_stays_with_the_import(keeper: Keeper) -> None:
    preview = keeper.preview(kaigo(office(1), office(2)))
    before = keeper.browser.get(f"{preview.address}/report.csv")
    assert before.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(before.content.decode("utf-8-sig"))))
    assert {row["行"] for row in rows} == {"2", "3"}
    done = preview.confirm().headers["location"].partition("?")[0]
    after = keeper.browser.get(f"{done}/report.csv")
    assert after.content == before.content
    assert "kaigo_20260401.csv" in keeper.browser.get(PATH).text


def test_words_of_a_file_cannot_become_markup(keeper: Keeper) -> None:
    evil = "<script>alert(1)</script>"
    preview = keeper.preview(kaigo(office(1, 事業所名=evil)), f"{evil}_20260401.csv")
    assert "<script>alert" not in preview.text
    done = keeper.browser.get(preview.confirm().headers["location"]).text
    assert "<script>alert" not in done
    assert "<script>alert" not in keeper.browser.get(PATH).text


def test_formulas_are_harmless_in_the_report(keeper: Keeper) -> None:
    preview = keeper.preview(kaigo(office(1, 事業所名="=cmd|'/c calc'!A1")))
    report = keeper.browser.get(f"{preview.address}/report.csv").content.decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(report)) for cell in row]
    assert not [cell for cell in cells if cell.startswith("=")]


def test_the_name_of_a_file_loses_its_folders(keeper: Keeper) -> None:
    preview = keeper.preview(kaigo(office(1)), "..\\..\\etc/kaigo_20260401.csv")
    assert "<strong>kaigo_20260401.csv</strong>" in preview.text
    assert {path.name for path in keeper.uploads} == {"file", "about.json"}


def test_a_second_table_is_read_with_the_first(keeper: Keeper) -> None:
    answer = keeper.browser.post(
        PATH,
        files={
            "file": ("kaigo_20260401.csv", kaigo(office(1))),
            "companion": ("other.csv", kaigo(office(2))),
        },
    )
    page = keeper.open(answer.headers["location"])
    assert "いっしょに読む表（追加情報）ではありません" in page.text
    assert len(keeper.uploads) == 3


def test_an_empty_workbook_is_given_and_refused_while_it_is_empty(keeper: Keeper) -> None:
    template = keeper.browser.get(f"{PATH}/template.xlsx")
    assert "tsunagi-template.xlsx" in template.headers["content-disposition"]
    answer = keeper.send(template.content, "template.xlsx")
    assert answer.status_code == 422
    assert "見出しだけで、記録の行がありません" in alerts(answer)
    assert keeper.uploads == []


def test_hsds_of_other_software_is_imported_like_a_list(keeper: Keeper) -> None:
    """What this desk itself gives to others."""
    keeper.preview(kaigo(office(1), office(2))).confirm()
    given = export_hsds(keeper.hall.engine, TOWN.code, national_parts(), "json", False)
    preview = keeper.preview(given, "hsds.json")
    assert "HSDS" in preview.text
    assert "変わらない</dt><dd>2 件" in preview.text
    assert preview.confirm().status_code == 303
    assert len(keeper.names()) == 2


def test_forgotten_files_are_removed_when_the_next_one_comes(keeper: Keeper) -> None:
    keeper.preview(kaigo(office(1)))
    old = {path.parent for path in keeper.uploads}
    (folder,) = old
    long_ago = time.time() - timedelta(days=400).total_seconds()
    os.utime(folder, (long_ago, long_ago))
    keeper.preview(kaigo(office(2)))
    assert folder not in {path.parent for path in keeper.uploads}
    assert len({path.parent for path in keeper.uploads}) == 1


def test_uploads_do_not_leave_the_data_folder(keeper: Keeper, tmp_path: Path) -> None:
    keeper.preview(kaigo(office(1)))
    assert all(tmp_path in path.parents for path in keeper.uploads)
