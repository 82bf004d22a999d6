"""A mapping as the keeper sees it: each column with examples and its meaning, and back again."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError
from starlette.datastructures import FormData

from knowledge.importing.form import CategoryRule, Form
from knowledge.importing.recognise import first_rows, recognise
from knowledge.importing.roles import ROLES
from knowledge.importing.tables import Sheet
from service.errors import BadInput

# What a table may say once for all its rows, when it has no column for it.
CONSTANTS = ("kind", "organization", "window", "district", "for_whom", "cost", "source", "license")
# What tells rows of one name apart from one edition to the next.
KEYS = ("number", "serial", "id", "kind", "corporate_number", "district")
NO_MEANING = frozenset(("ignore", "describe", "flag"))
_EXAMPLES = 3
_EXAMPLE_CHARS = 40
_SPARE_RULES = 4
_MOST_RULES = 30


@dataclass(frozen=True, slots=True)
class ColumnSeen:
    """One column: its header, what stands in its first rows, the role it has now."""

    header: str
    examples: tuple[str, ...]
    role: str
    placed: bool


@dataclass(frozen=True, slots=True)
class MappingSeen:
    """A mapping to be shown; ``rules`` has empty ones at its end to fill in."""

    title: str
    columns: tuple[ColumnSeen, ...]
    constants: tuple[tuple[str, str, str], ...]
    keys: tuple[tuple[str, str, bool], ...]
    rules: tuple[CategoryRule | None, ...]


def see_mapping(form: Form, sheet: Sheet | None, unplaced: Iterable[str] = ()) -> MappingSeen:
    """Return the mapping with examples from ``sheet`` (None: the file has no such sheet)."""
    examples = _examples(form, sheet) if sheet else {}
    doubtful = frozenset(unplaced)
    columns = tuple(
        ColumnSeen(header, examples.get(header, ()), role, header not in doubtful)
        for header, role in form.columns.items()
    )
    spare = (None,) * min(_SPARE_RULES, max(0, _MOST_RULES - len(form.categories)))
    return MappingSeen(
        title=form.title,
        columns=columns,
        constants=tuple((role, ROLES[role], form.constants.get(role, "")) for role in CONSTANTS),
        keys=tuple((role, ROLES[role], role in form.key) for role in KEYS),
        rules=(*form.categories, *spare),
    )


def with_header(form: Form, sheet: Sheet, number: int) -> Form:
    """Return the mapping of a table whose header is row ``number``, every meaning still open.

    For a header of which no word is known, so that it was taken for a row.  Raises
    :class:`BadInput` for a row that is empty.
    """
    cells = next((cells for row, cells in first_rows(sheet) if row == number), [])
    headers = [cell.strip() for cell in cells if cell.strip()]
    if not headers:
        raise BadInput(f"{number}行目は空です。見出しの行を選び直してください。")
    return form.model_copy(
        update={
            "header": "named",
            # The first of two columns of one name: a mapping could not tell them apart.
            "columns": dict.fromkeys(headers, "describe"),
            "signature": tuple(dict.fromkeys(headers)),
        }
    )


def sheet_of(form: Form, sheets: Iterable[Sheet]) -> Sheet | None:
    """Return the first sheet that has this form's columns."""
    bare = form.model_copy(update={"signature": tuple(form.columns) if _named(form) else ()})
    return next((s for s in sheets if recognise(first_rows(s), (bare,)) is not None), None)


def read_mapping(before: Form, form: FormData, codes: Iterable[str]) -> Form:
    """Return ``before`` as the keeper filled it in; ``codes`` are the known categories.

    Raises :class:`BadInput` with what to choose: a name, known roles and categories.
    """
    headers = list(before.columns)
    columns = {
        header: str(form.get(f"role:{number}", before.columns[header]))
        for number, header in enumerate(headers)
    }
    unknown = sorted(set(columns.values()) - ROLES.keys())
    if unknown:
        raise BadInput("列の意味を、選択肢から選び直してください。")
    after = {
        "id": before.id,
        "title": str(form.get("title", "")).strip()[:200] or before.title,
        "header": before.header,
        "labels": before.labels,
        "source": before.source,
        "columns": columns,
        "signature": _signature(before, columns),
        "constants": _constants(before, form),
        "key": [role for role in KEYS if form.get(f"key:{role}") == "1"],
        "categories": _rules(form, headers, frozenset(codes)),
    }
    try:
        return Form.model_validate(after)
    except ValidationError as error:
        raise BadInput("列の対応を保存できません。空の欄がないか確かめてください。") from error


def check_mapping(form: Form) -> None:
    """Raise :class:`BadInput` for a mapping that no record could be made with."""
    if "name" not in form.columns.values():
        raise BadInput(
            "名前の入った列がどれか決まっていません。その列の意味を「名称」にしてください。"
        )


def with_own_id(form: Form, saved: Sequence[Form]) -> Form:
    """Return the form under an id that no saved mapping of another table has."""
    taken = {other.id: other for other in saved}
    for number in itertools.count(1):
        name = form.id if number == 1 else f"{form.id}_{number}"
        if name not in taken or taken[name].columns.keys() == form.columns.keys():
            return form.model_copy(update={"id": name})
    raise AssertionError("unreachable")


def _named(form: Form) -> bool:
    return form.header == "named"


def _signature(before: Form, columns: Mapping[str, str]) -> list[str]:
    """Return what a table must have to be read by this mapping: every column that means something.

    A shorter one would also take other lists that merely have a name and an address.
    """
    if not _named(before):
        return []
    return [header for header, role in columns.items() if role not in NO_MEANING]


def _constants(before: Form, form: FormData) -> dict[str, str]:
    kept = {role: value for role, value in before.constants.items() if role not in CONSTANTS}
    typed = {role: str(form.get(f"constant:{role}", "")).strip()[:500] for role in CONSTANTS}
    return kept | {role: value for role, value in typed.items() if value}


def _rules(form: FormData, headers: Sequence[str], codes: frozenset[str]) -> list[CategoryRule]:
    rules: list[CategoryRule] = []
    for number in range(_MOST_RULES):
        category = str(form.get(f"rule-category:{number}", ""))
        column = str(form.get(f"rule-column:{number}", ""))
        contains = str(form.get(f"rule-contains:{number}", "")).strip()[:200]
        if not category and not contains:
            continue
        if category not in codes:
            raise BadInput(f"支援分野の決まり{number + 1}: 支援分野を選んでください。")
        if column and column not in headers:
            raise BadInput(f"支援分野の決まり{number + 1}: 列を選び直してください。")
        if contains and not column:
            raise BadInput(
                f"支援分野の決まり{number + 1}: どの列に「{contains}」があるときかを選んでください。"
            )
        rules.append(CategoryRule(column=column, contains=contains, category=category))
    return rules


def _examples(form: Form, sheet: Sheet) -> dict[str, tuple[str, ...]]:
    """Return the first different values of each column."""
    rows = first_rows(sheet)
    layout = recognise(rows, (form.model_copy(update={"signature": ()}),))
    if layout is None:
        return {}
    found: dict[str, tuple[str, ...]] = {}
    below = [cells for number, cells in rows if number >= layout.first_data_row]
    for column in layout.columns:
        cells = (cells[column.index].strip() for cells in below if column.index < len(cells))
        values = list(dict.fromkeys(cell for cell in cells if cell))[:_EXAMPLES]
        found[column.header] = tuple(_short(value) for value in values)
    return found


def _short(value: str) -> str:
    bare = value.replace("\n", " ")
    return bare[:_EXAMPLE_CHARS] + ("…" if len(bare) > _EXAMPLE_CHARS else "")
