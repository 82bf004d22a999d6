"""Every broken file that was tried: what the keeper is told, and that nothing is changed."""

from __future__ import annotations

import gzip
import io
import re
import tracemalloc
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from knowledge.importing.apply import Decisions, apply
from knowledge.importing.findings import ImportRefused
from knowledge.importing.plan import ImportPlan
from knowledge.importing.records import KeptRecord
from knowledge.importing.report import report_csv
from knowledge.importing.run import ImportContext, plan_file
from tests.fixtures.import_world import (  # fmt: skip
    KAIGO_17,
    KAIGO_ROW,
    TODAY,
    csv_bytes,
    row_of,
    town,
    xlsx_bytes,
)

DECISION = Path(__file__).parents[3] / "docs" / "decisions" / "0011-import.md"
OFFICE = row_of(KAIGO_17, KAIGO_ROW)
ROWS = [list(KAIGO_17), OFFICE]
OWN = ["id", "name", "kind", "categories", "description", "places", "verified_on"]
SALON = [
    "midori.salon",
    "あおばサロン",
    "サロン",
    "isolation.ibasho",
    "お茶の会",
    "20",
    "2026-04-01",
]


@dataclass(frozen=True, slots=True)
class Broken:
    """A broken file: its line in the decision's table, and words of what is told."""

    title: str
    data: bytes
    told: tuple[str, ...]
    name: str = "a.csv"


def office(**cells: str) -> list[str]:
    """A row of the 17-column list, with some cells changed."""
    return row_of(KAIGO_17, {**KAIGO_ROW, **cells})


def own(**cells: str) -> bytes:
    """A list in our own form of one row, with some cells changed."""
    return csv_bytes([OWN, [cells.get(name, cell) for name, cell in zip(OWN, SALON, strict=True)]])


def zip_of(name: str, content: bytes) -> bytes:
    """A zip that is no workbook, or one with a part of this content."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return out.getvalue()


def trapped(part: str, declaration: bytes) -> bytes:
    """A workbook in which one part declares an entity before its first element."""
    out = io.BytesIO()
    source = zipfile.ZipFile(io.BytesIO(xlsx_bytes({"一覧": ROWS})))
    with source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in source.namelist():
            content = source.read(name)
            archive.writestr(name, declaration + content if name == part else content)
    return out.getvalue()


def whole_files() -> Iterator[Broken]:
    """Files that are no table at all, or stop being one somewhere."""
    good = csv_bytes(ROWS)
    lines = "\r\n".join(",".join(row) for row in ROWS)
    book = xlsx_bytes({"一覧": ROWS})
    sjis = lines.encode("cp932")
    packed = gzip.compress(good * 500)
    yield Broken("0バイト", b"", ("0バイト", "もう一度保存"))
    yield Broken("空白だけ", b" \r\n \r\n", ("空白だけ", "保存し直して"))
    yield Broken("先頭の印だけ", b"\xef\xbb\xbf", ("空白だけ", "保存し直して"))
    yield Broken("UTF-8 の途中にほかの文字コード", good.replace("あおば".encode(), b"\xe6A"), ("2行目", "読めない文字", "CSV UTF-8"))  # fmt: skip
    yield Broken("CP932 の中の読めない文字", sjis.replace("あおば".encode("cp932"), b"\x81\x20\xff"), ("文字コード", "CSV UTF-8"))  # fmt: skip
    yield Broken("UTF-8 の文字の途中で切れた CSV", (lines + ",あ").encode()[:-1], ("途中で切れて", "もう一度受け取る"))  # fmt: skip
    yield Broken("CP932 の文字の途中で切れた CSV", (lines + ",あ").encode("cp932")[:-1], ("途中で切れて", "もう一度受け取る"))  # fmt: skip
    yield Broken("引用符の中で切れた CSV", (lines + '\r\n5,"あおば').encode(), ("途中で切れているか、引用符", "受け取り直して"))  # fmt: skip
    yield Broken("行の途中で切れた CSV", csv_bytes([*ROWS, OFFICE[:9]]), ("3行目", "最後の行の列が足りません"))  # fmt: skip
    yield Broken("引用符の使い方のまちがい", b'\xef\xbb\xbf' + (lines + '\r\n5,あ"お"ば,"a"b').encode(), ("3行目", "引用符", "直して"))  # fmt: skip
    yield Broken("文字でないもの", bytes(range(256)) * 8, ("文字の表ではありません", "CSV か XLSX"))
    yield Broken("名前だけ .csv の PDF", b"%PDF-1.7\n" + b"x" * 900, ("PDF です", "CSV か XLSX"))
    yield Broken("名前だけ .csv の画像", b"\x89PNG\r\n\x1a\n", ("画像です", "CSV か XLSX"))
    yield Broken("名前だけ .csv のウェブページ", b"<!DOCTYPE html><html>404", ("ウェブページ", "保存して"))  # fmt: skip
    yield Broken("古い .xls／パスワード付きの .xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, ("パスワード", "保存し直して"), "a.xlsx")  # fmt: skip
    yield Broken("途中で切れた XLSX", book[: len(book) // 2], ("途中で切れて", "受け取り直して"), "a.xlsx")  # fmt: skip
    yield Broken("壊れた XLSX", zip_of("xl/workbook.xml", b"<a>"), ("壊れている", "Excel で開けるか"), "a.xlsx")  # fmt: skip
    yield Broken("表でない zip", zip_of("readme.txt", b"x"), ("XLSX ではありません", "取り出して"), "a.xlsx")  # fmt: skip
    yield Broken("途中で切れた gz", packed[:-20], ("途中で切れて", "受け取り直して"), "a.csv.gz")  # fmt: skip
    yield Broken("壊れた gz", packed[:60] + bytes(40) + packed[100:], ("圧縮（gz）が壊れて", "受け取り直して"), "a.csv.gz")  # fmt: skip
    yield Broken("途中で切れた JSON", b'[{"a": 1}, {"a": ', ("JSON として読めません", "切れていないか"), "a.json")  # fmt: skip
    yield Broken("表でない JSON", b'{"a": {"b": 1}}', ("記録の一覧", "CSV・XLSX"), "a.json")


def attacks() -> Iterator[Broken]:
    """Files made, or grown, to harm the machine that reads them."""
    wide = ["x"] * 10_000
    outside = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>'
    laughs = b'<!DOCTYPE x [<!ENTITY a "haha"><!ENTITY b "&a;&a;&a;&a;">]>'
    sheet = "xl/worksheets/sheet1.xml"
    yield Broken("圧縮爆弾の XLSX", zip_of(sheet, b"0" * 50_000_000), ("圧縮爆弾", "取り込みません"), "a.xlsx")  # fmt: skip
    yield Broken("圧縮爆弾の gz", gzip.compress(b"0," * 20_000_000), ("圧縮爆弾", "取り込みません"), "a.csv.gz")  # fmt: skip
    yield Broken("よそのファイルを読む XLSX（XXE）", trapped(sheet, outside), ("仕掛け", "出した所に確かめて"), "a.xlsx")  # fmt: skip
    yield Broken("よそのファイルを読む XLSX（目次）", trapped("xl/workbook.xml", outside), ("仕掛け", "出した所に確かめて"), "a.xlsx")  # fmt: skip
    yield Broken("ふくらむ実体の XLSX", trapped(sheet, laughs), ("仕掛け", "出した所に確かめて"), "a.xlsx")  # fmt: skip
    yield Broken("1万列の CSV", csv_bytes([wide, wide]), ("1行目", "10,000 列", "区切り文字"))
    yield Broken("1万列の XLSX", xlsx_bytes({"一覧": [wide]}), ("一覧", "10,000 列"), "a.xlsx")
    for value in ("=1+1", "@SUM(A1)", "+1+cmd|' /C calc'!A0", "-2+3+cmd|' /C calc'!A0"):
        data = csv_bytes([*ROWS, office(事業所番号="0570000002", 利用可能曜日特記事項=value)])
        yield Broken(f"式として働くセル（{value[0]}）", data, ("3行目", "利用可能曜日特記事項", "記号を消すか"))  # fmt: skip


def rows() -> Iterator[Broken]:
    """Tables that can be read, with a row that cannot be taken."""
    second = [*SALON]
    second[1] = "べつのサロン"
    unnamed = [*ROWS, office(事業所名="", 事業所番号="0570000002")]
    yield Broken("見出しだけ", csv_bytes([KAIGO_17]), ("見出しだけ", "行がありません"))
    yield Broken("名前のない行", csv_bytes(unnamed), ("3行目", "事業所名", "書き足すか"))
    yield Broken("同じ id の2行", csv_bytes([OWN, SALON, second]), ("3行目", "midori.salon", "別の id"))  # fmt: skip
    yield Broken("定員が数でない", own(places="abc"), ("2行目", "places", "abc", "数だけで"))
    yield Broken("日付でない確認日", own(verified_on="いつか"), ("2行目", "verified_on", "いつか", "2026-04-01 の形"))  # fmt: skip
    yield Broken("列の多い行", csv_bytes([*ROWS, [*OFFICE, "余り"]]), ("3行目", "余分な「,」"))


ALL = (*whole_files(), *attacks(), *rows())


def context(existing: tuple[KeptRecord, ...] = ()) -> ImportContext:
    """What the desk of the invented town knows."""
    return ImportContext(today=TODAY, town=town(), area_codes=("0183",), existing=existing)


def told_of(data: bytes | Path, name: str, existing: tuple[KeptRecord, ...]) -> str:
    """What the keeper is told; carrying the file out must be refused with the same words."""
    try:
        plan = plan_file(data, name, context(existing))
    except ImportRefused as refused:
        return str(refused)
    with pytest.raises(ImportRefused) as caught:
        apply(plan)
    assert plan.retired == ()
    return str(caught.value)


@pytest.mark.parametrize("broken", ALL, ids=lambda broken: broken.title)
def test_a_broken_file_is_refused_with_where_and_what_to_do_and_changes_nothing(
    broken: Broken,
) -> None:
    """No traceback, no half of a table, no record touched or retired."""
    records = apply(plan_file(csv_bytes(ROWS), "kaigo_2025-06.csv", context()))
    before = repr(records)
    told = told_of(broken.data, broken.name, records)
    assert broken.name in told
    for words in broken.told:
        assert words in told
    assert repr(records) == before


def test_a_file_of_200_mb_is_refused_before_it_is_read(tmp_path: Path) -> None:
    """A sparse file: only its size is looked at."""
    path = tmp_path / "huge.csv"
    with path.open("wb") as stream:
        stream.truncate(200_000_000)
    tracemalloc.start()
    told = told_of(path, path.name, ())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "huge.csv: 大きすぎます（190 MB。上限は 150 MB）" in told
    assert "分けて取り込んで" in told
    assert peak < 1_000_000


def test_a_row_that_cannot_be_taken_can_be_left_out_and_the_rest_comes_in() -> None:
    """The keeper's way on, without touching the file."""
    data = csv_bytes([*ROWS, office(事業所番号="0570000002", 事業所名="")])
    plan = plan_file(data, "kaigo_2025-06.csv", context())
    (record,) = apply(plan, Decisions(leave_out=frozenset((plan.rows[1].place,))))
    assert record.fields["name"] == "特別養護老人ホーム あおば荘"


def planned(**cells: str) -> ImportPlan:
    """The plan of one row."""
    return plan_file(csv_bytes([KAIGO_17, office(**cells)]), "kaigo_2025-06.csv", context())


@pytest.mark.parametrize("value", ["+81-183-73-0001", "-", "@midori_cafe", "－", "-5度まで"])
def test_a_cell_that_only_looks_like_a_formula_stays_text_and_is_made_harmless_on_the_way_out(
    value: str,
) -> None:
    """A handle or a dash is no attack; a spreadsheet must not run it either."""
    plan = planned(利用可能曜日特記事項=value, 電話番号="つながらない")
    assert plan.errors == ()
    (record,) = apply(plan)
    assert record.sources[0].original["利用可能曜日特記事項"] == value
    assert not re.search(r"(?:^|,)[=+\-@]", report_csv(plan), re.MULTILINE)


def test_wrong_types_in_a_published_list_are_told_and_kept_as_words() -> None:
    """Only our own form is strict: a published 「若干名」 is no reason to lose the office."""
    plan = planned(定員="abc")
    assert plan.errors == ()
    (record,) = apply(plan)
    assert "places" not in record.fields
    assert "定員: abc" in record.fields["description"]
    assert "定員が1つの数ではありません" in str(plan.rows[0].findings[0])


def test_the_decision_lists_every_broken_file_with_what_is_told() -> None:
    """A table nobody keeps by hand."""
    text = DECISION.read_text(encoding="utf-8")
    lines = {cells[1].strip(): line for line in text.splitlines() if len(cells := line.split("|")) > 3}  # fmt: skip
    missing = [b.title for b in ALL if not all(w in lines.get(b.title, "") for w in b.told)]
    assert missing == []
