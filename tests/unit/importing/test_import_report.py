"""What the keeper reads before saying yes."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

from knowledge.importing.apply import apply
from knowledge.importing.plan import ImportPlan
from knowledge.importing.report import COLUMNS, FATES, report_csv, report_text
from knowledge.importing.run import ImportContext, plan_file
from tests.fixtures.import_world import KAIGO_17, KAIGO_ROW, TODAY, csv_bytes, row_of, town


def lively_plan() -> ImportPlan:
    """A new, a changed, a conflicting, a doubled, a faulty and a vanished row."""
    context = ImportContext(today=TODAY, town=town(), area_codes=("0183",))

    def office(**cells: str) -> list[str]:
        return row_of(KAIGO_17, {**KAIGO_ROW, **cells})

    def another(number: int, **cells: str) -> list[str]:
        named = {"事業所番号": f"057000000{number}", "事業所名": f"みどり事業所{number}", "住所": f"みどり町{number}", "電話番号": ""}  # fmt: skip
        return office(**{**named, **cells})

    header = list(KAIGO_17)
    records = apply(
        plan_file(csv_bytes([header, office(), another(2), another(3)]), "k_2025-06.csv", context)
    )
    first, *rest = records
    known = (replace(first, fields={**first.fields, "phone": "0183-73-7777"}), *rest)
    rows = [header, office(電話番号="0183-73-0009"), another(2, 定員="60"), another(4, 電話番号="03-1234-56"), another(4, 電話番号="03-1234-56"), another(5, 事業所名="=cmd|' /C calc'!A0")]  # fmt: skip
    return plan_file(csv_bytes(rows), "k_2025-12.csv", replace(context, existing=known))


def test_the_text_counts_every_fate_and_says_what_to_do_first() -> None:
    """Errors, conflicts, vanished records, doubts, in that order."""
    text = report_text(lively_plan())
    for words in (
        "新しく加わる 1 件",
        "内容が変わる 2 件",
        "同じ行の繰り返し 1 件",
        "取り込めない 1 件",
        "載らなくなった（引退） 1 件",
    ):
        assert words in text
    assert "直すところ 1 件（直すか、その行を除くまで何も取り込みません）" in text
    assert "手直し「0183-73-7777」を残します（新しい値「0183-73-0009」）" in text
    assert "みどり事業所3" in text
    assert "電話番号の桁が合いません" in text
    assert text.index("直すところ") < text.index("手直し") < text.index("確かめるところ")


def test_doubts_of_one_kind_are_one_line() -> None:
    """A column with one fault has it in every row."""
    rows = [list(KAIGO_17), *(row_of(KAIGO_17, {**KAIGO_ROW, "事業所番号": f"05700002{n:02}", "事業所名": f"あおば{n}", "URL": "準備中"}) for n in range(30))]  # fmt: skip
    plan = plan_file(csv_bytes(rows), "k_2025-06.csv", ImportContext(today=TODAY))
    lines = [
        line
        for line in report_text(plan).splitlines()
        if "ホームページの住所として読めません" in line
    ]
    assert len(lines) == 1
    assert lines[0].startswith("・30 件")


def test_the_csv_has_a_line_for_every_row_and_is_safe_in_a_spreadsheet() -> None:
    """Formulas of the file are shown, not run."""
    text = report_csv(lively_plan())
    header, *lines = csv.reader(io.StringIO(text, newline=""))
    assert tuple(header) == COLUMNS
    assert {line[2] for line in lines if line[2]} == {"2", "3", "4", "5", "6"}
    assert {line[3] for line in lines if line[3]} == {FATES[f] for f in ("changed", "new", "duplicate", "error", "retired")}  # fmt: skip
    formulas = [cell for line in lines for cell in line if "cmd|" in cell]
    assert formulas
    assert all(cell.startswith("'=") for cell in formulas)
    assert not [cell for line in lines for cell in line if cell[:1] in "=+-@\t" and cell]


def test_a_plan_without_anything_to_say_is_short() -> None:
    """The second time."""
    context = ImportContext(today=TODAY, town=town())
    data = csv_bytes([KAIGO_17, row_of(KAIGO_17, KAIGO_ROW)])
    records = apply(plan_file(data, "k_2025-06.csv", context))
    again = plan_file(data, "k_2025-06.csv", replace(context, existing=records))
    assert (
        report_text(again)
        == "k_2025-06.csv: 介護サービス情報公表システム オープンデータ\n  変わらない 1 件"
    )
