"""Reading YAML and CSV files, keeping the line on which each part is written."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml

from knowledge.check import Problem

# From the path of keys and list positions to the line on which that part is written.
RowOf = Callable[[Sequence[str | int]], int | None]
_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# Dates stay text: pydantic reads them, and says which one is not in the calendar.
_Loader: Any = type(
    "TextDates",
    (_SafeLoader,),
    {
        "yaml_implicit_resolvers": {
            first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
            for first, resolvers in _SafeLoader.yaml_implicit_resolvers.items()
        }
    },
)


def on_line(line: int) -> RowOf:
    """Return the places of a record that is written on one line."""
    return lambda loc: line


def inside(row_of: RowOf, number: int) -> RowOf:
    """Return the places of the record that is the ``number``-th of a list."""
    return lambda loc: row_of((number, *loc))


def _read_text(path: Path, problems: list[Problem]) -> str | None:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        problems.append(Problem(path.name, None, "", str(path), "ファイルがありません"))
    except UnicodeDecodeError:
        remedy = "文字コードが UTF-8 ではありません。「CSV UTF-8」で保存し直してください"
        problems.append(Problem(path.name, None, "", "", remedy))
    return None


def read_yaml(path: Path, problems: list[Problem]) -> tuple[Any, RowOf]:
    """Return the parsed document (None after noting why not) and where its parts stand."""
    text = _read_text(path, problems)
    if text is None:
        return None, lambda loc: None
    try:
        node = yaml.compose(text, Loader=_Loader)
        data = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader
    except yaml.MarkedYAMLError as error:
        row = error.problem_mark.line + 1 if error.problem_mark else None
        remedy = f"YAML として読めません。字下げと引用符を確かめてください（{error.problem}）"
        problems.append(Problem(path.name, row, "", "", remedy))
        return None, lambda loc: None
    except yaml.reader.ReaderError as error:
        row = text.partition(chr(error.character))[0].count("\n") + 1
        remedy = "YAML に使えない制御文字があります。消してください"
        problems.append(Problem(path.name, row, "", "", remedy))
        return None, lambda loc: None
    if data is None:
        problems.append(Problem(path.name, 1, "", "", "中身がありません。書き足してください"))
    return data, lambda loc: _line_of(node, loc)


def _line_of(node: Any, loc: Sequence[str | int]) -> int | None:
    """Return the line of the deepest part of ``loc`` that is written in the document."""
    row: int | None = node.start_mark.line + 1
    for part in loc:
        if isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part] if part < len(node.value) else None
        elif isinstance(node, yaml.MappingNode):
            node = next((value for key, value in node.value if key.value == part), None)
        else:
            break
        if node is None:
            break
        row = node.start_mark.line + 1
    return row


def read_rows(
    path: Path, problems: list[Problem], columns: Iterable[str]
) -> list[tuple[int, dict[str, str]]]:
    """Return the rows of a CSV with the line each ends on; blank rows are left out."""
    text = _read_text(path, problems)
    if text is None:
        return []
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    rows: list[tuple[int, dict[str, str]]] = []
    try:
        for column in columns:
            if column not in (reader.fieldnames or ()):
                problems.append(
                    Problem(path.name, 1, column, "", "この列がありません。見出しを直してください")
                )
        for row in reader:
            if None in row or None in row.values():
                remedy = "列の数が見出しと合いません。余分な「,」や引用符を確かめてください"
                problems.append(Problem(path.name, reader.line_num, "", "", remedy))
            elif any(value.strip() for value in row.values()):
                rows.append((reader.line_num, {k: v.strip() for k, v in row.items()}))
    except csv.Error as error:
        remedy = f'CSV として読めません。引用符「"」を確かめてください（{error}）'
        # The DictReader's own line_num stops at the last good row.
        problems.append(Problem(path.name, reader.reader.line_num, "", "", remedy))
    return rows
