"""Reading files: every encoding and habit that real lists have."""

from __future__ import annotations

import gzip
import tracemalloc
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from knowledge.importing.findings import ImportRefused
from knowledge.importing.limits import Limits
from knowledge.importing.tables import read_table
from tests.fixtures.import_world import csv_bytes, xlsx_bytes

ROWS = [["名称", "電話番号", "備考"], ["あおば会館", "0183-73-0001", "毎週水曜"]]


def read(data: bytes, name: str = "list.csv", **limits: int) -> list[list[str]]:
    """All rows of the first sheet."""
    table = read_table(data, name, Limits(**limits))
    return [cells for _, cells in table.sheets[0].rows()]


# Encodings.


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "cp932", "euc_jp", "iso2022_jp", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)  # fmt: skip
def test_a_list_reads_the_same_in_every_encoding_towns_use(encoding: str) -> None:
    """One city publishes UTF-8 and CP932 side by side."""
    assert read(csv_bytes(ROWS, encoding)) == ROWS


def test_a_double_byte_order_mark_is_taken_off_and_told() -> None:
    """Left in, the first column would have no name."""
    data = b"\xef\xbb\xbf" + csv_bytes(ROWS)
    table = read_table(data, "list.csv")
    assert next(table.sheets[0].rows())[1][0] == "名称"
    assert "二重" in str(table.findings[0])


def test_a_question_mark_after_the_mark_is_taken_off_and_told() -> None:
    """What an editor leaves that could not show the second mark."""
    data = b"\xef\xbb\xbf?" + csv_bytes(ROWS, "utf-8")
    table = read_table(data, "list.csv")
    assert next(table.sheets[0].rows())[1][0] == "名称"
    assert "余分な「?」" in str(table.findings[0])


def test_a_question_mark_that_belongs_to_the_header_stays() -> None:
    """Only behind a byte order mark is it a leftover."""
    assert read(b"?a,b\r\n1,2\r\n") == [["?a", "b"], ["1", "2"]]


def test_mixed_line_ends_and_line_breaks_inside_cells_are_kept_apart() -> None:
    """CRLF, LF and CR end rows; inside quotes they are part of the cell."""
    data = '名称,備考\r\nあおば,"一行\n二行"\nみどり,x\rこみち,y'.encode()
    assert read(data) == [
        ["名称", "備考"],
        ["あおば", "一行\n二行"],
        ["みどり", "x"],
        ["こみち", "y"],
    ]


@pytest.mark.parametrize("mark", [",", "\t", ";"])
def test_the_delimiter_is_found(mark: str) -> None:
    """Also when a quoted header holds another one."""
    assert read(f'名称{mark}"電話,番号"{mark}備考\nあおば{mark}1{mark}2\n'.encode())[1] == [
        "あおば",
        "1",
        "2",
    ]


def test_rows_are_numbered_as_a_spreadsheet_numbers_them() -> None:
    """Blank rows and cells of several lines count once."""
    data = '名称,備考\r\n\r\n"あおば\n会館",x\r\nみどり,y\r\n'.encode()
    numbers = [number for number, _ in read_table(data, "a.csv").sheets[0].rows()]
    assert numbers == [1, 2, 3, 4]


def test_a_gzipped_list_reads_like_the_list() -> None:
    """Nation-wide lists come packed."""
    assert read(gzip.compress(csv_bytes(ROWS)), "list.csv.gz") == ROWS


def test_a_file_on_disk_reads_like_its_bytes(tmp_path: Path) -> None:
    """The command has a path, the page has bytes."""
    path = tmp_path / "list.csv"
    path.write_bytes(csv_bytes(ROWS))
    assert [cells for _, cells in read_table(path, path.name).sheets[0].rows()] == ROWS


def test_a_large_list_is_read_in_bounded_memory() -> None:
    """Rows are handed out one by one: the memory is the file's buffer, not its rows."""
    packed = gzip.compress(csv_bytes([ROWS[0], *([ROWS[1]] * 100_000)]))
    tracemalloc.start()
    count = sum(1 for _ in read_table(packed, "list.csv.gz").sheets[0].rows())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 100_001
    assert peak < 6_000_000


# Workbooks.


def test_every_visible_sheet_of_a_workbook_is_read_and_hidden_ones_are_named() -> None:
    """A hidden sheet often holds last year's list."""

    def hide(book: Any) -> None:
        book["古い"].sheet_state = "hidden"

    data = xlsx_bytes({"一覧": ROWS, "古い": ROWS}, hide)
    table = read_table(data, "list.xlsx")
    assert [sheet.name for sheet in table.sheets] == ["一覧"]
    assert "古い" in str(table.findings[0])


def test_numbers_dates_and_times_of_a_workbook_become_what_a_person_sees() -> None:
    """011011 stored as 11011 with a format of six zeros is 011011; 8:30 stays 08:30."""
    from datetime import date, datetime, time

    def zeros(book: Any) -> None:
        book["一覧"]["A1"].number_format = "000000"

    cells = [
        11011,
        20.0,
        34.5,
        True,
        date(2026, 4, 1),
        datetime(2026, 4, 1, 9, 30),
        time(8, 30),
        None,
    ]
    data = xlsx_bytes({"一覧": [[*cells, "末"]]}, zeros)
    assert read(data, "a.xlsx") == [
        ["011011", "20", "34.5", "TRUE", "2026-04-01", "2026-04-01 09:30", "08:30", "", "末"]
    ]


def test_a_workbook_with_989_blank_rows_has_no_cells_in_them() -> None:
    """A form with room for a thousand entries, of which ten are filled in."""
    rows = read(xlsx_bytes({"一覧": [*ROWS, *([[None] * 40] * 989)]}), "a.xlsx")
    assert rows[:2] == ROWS
    assert not any(rows[2:])


def test_xml_of_a_workbook_is_read_with_defused_parsers() -> None:
    """openpyxl uses defusedxml where it is installed, and it is."""
    assert openpyxl.DEFUSEDXML


# JSON.


def test_lists_of_records_in_json_become_sheets_under_their_labels() -> None:
    """A converter's output: labels in ``header``, titles in ``index``."""
    data = """{"header": {"data_01": {"name": "施設名", "tel": "電話"}}, "index": {"data_01": "憩いの家"},
      "data_01": [{"name": "あおば", "tel": "73-0001"}, {"name": "みどり", "n": 5, "yes": true}]}""".encode()
    (sheet,) = read_table(data, "a.json").sheets
    assert sheet.name == "憩いの家"
    assert list(sheet.rows()) == [
        (1, ["施設名", "電話", "n", "yes"]),
        (2, ["あおば", "73-0001", "", ""]),
        (3, ["みどり", "", "5", "1"]),
    ]


def test_two_keys_under_one_label_keep_their_keys() -> None:
    """「電話・FAX」 over two columns: which is which, the key knows."""
    data = (
        '{"header": {"tel": "電話・FAX", "fax": "電話・FAX"}, "data": [{"tel": "1", "fax": "2"}]}'
    )
    assert next(read_table(data.encode(), "a.json").sheets[0].rows())[1] == ["tel", "fax"]


# Faults met on the way (whole broken files: test_import_broken.py).


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """The command's argument may be misspelt."""
    with pytest.raises(ImportRefused, match="開けません"):
        read_table(tmp_path / "none.csv", "none.csv")


def test_a_fault_far_down_names_its_row() -> None:
    """Where to look, counted as the spreadsheet counts."""
    data = b"\xef\xbb\xbf" + "名称,備考\n".encode() + "あおば,x\n".encode() * 9 + b"\xff\xfe,x\n"
    with pytest.raises(ImportRefused, match="11行目"):
        read(data)


def test_too_many_cells_in_a_workbook_are_refused() -> None:
    """Formatted but empty rows down to the last one a spreadsheet has."""
    data = xlsx_bytes({"一覧": [ROWS[0]] * 50})
    with pytest.raises(ImportRefused, match="セルが多すぎます"):
        read(data, "a.xlsx", cells=100)
