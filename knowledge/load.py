"""Reading the national catalogue and a town's own records, all or nothing.

Every fault of every file is collected first and raised together as one
:class:`KnowledgeError`, so that a keeper fixes them in one sitting.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from knowledge.check import KnowledgeError, Problem
from knowledge.crosscheck import Draft, Placed, cross_checks
from knowledge.files import RowOf, inside, on_line, read_rows, read_yaml
from knowledge.models import (
    Category,
    FactDefinition,
    Knowledge,
    National,
    Record,
    RedFlagCode,
    Resource,
    Service,
    Town,
)
from knowledge.parse import parse_conditions, parse_opening

NATIONAL_DIR = Path(__file__).parent / "national"
TOWNS_DIR = Path(__file__).parent / "towns"
DEFAULT_TOWN = TOWNS_DIR / "midori"
RESOURCE_COLUMNS = (
    "id", "name", "kind", "categories", "description", "for_whom", "organization", "district",
    "window", "phone", "hours", "address", "url", "opening", "places", "status", "status_note",
    "eligibility", "cost", "first_step", "bring", "verified_on", "verified_by", "source", "is_window",
)  # fmt: skip

R = TypeVar("R", bound=Record)
_DATE = "日付は 2026-04-01 の形で書いてください"
_MAPPING = "「項目: 値」の形で書いてください"
_REMEDIES = {
    "missing": "この項目は必須です。書き足してください",
    "extra_forbidden": "知らない項目名です。つづりを確かめてください",
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE,
    "date_parsing": _DATE,
    "date_type": _DATE,
    "string_too_short": "空です。書き足してください",
    "int_parsing": "整数で書いてください",
    "int_type": "整数で書いてください",
    "int_from_float": "整数で書いてください",
    "greater_than_equal": "{ge} 以上の数で書いてください",
    "literal_error": "{expected} のどれかで書いてください",
    "bool_parsing": "true または false で書いてください",
    "bool_type": "true または false で書いてください",
    "model_type": _MAPPING,
    "dict_type": _MAPPING,
    "string_type": "文字で書いてください（数字は引用符で囲みます）",
    "tuple_type": "一覧（[ ] または - の行）で書いてください",
    "too_short": "件数が足りません",
}


@dataclass(frozen=True, slots=True)
class _Catalogue:
    """The national records with their places, before they are held against each other."""

    categories: list[Placed[Category]]
    red_flags: list[Placed[RedFlagCode]]
    facts: list[Placed[FactDefinition]]
    services: list[Placed[Service]]
    service_files: frozenset[str]


def load_national(national_dir: Path = NATIONAL_DIR) -> National:
    """Return the national catalogue.  Raises :class:`KnowledgeError` with every problem found."""
    problems: list[Problem] = []
    catalogue = _read_catalogue(national_dir, problems)
    draft = _draft(catalogue, [], None, {})
    problems += cross_checks(draft, frozenset(problem.file for problem in problems))
    more = _read_situations(national_dir / "situations.csv", draft, problems)
    if problems:
        raise KnowledgeError(tuple(problems))
    return National(**_parts(catalogue, more), fingerprint=_digest(national_dir))


def load_knowledge(town_dir: Path = DEFAULT_TOWN, national_dir: Path = NATIONAL_DIR) -> Knowledge:
    """Return everything known about one town.

    Raises :class:`KnowledgeError` with every problem found, each naming file, row,
    column and remedy.
    """
    problems: list[Problem] = []
    catalogue = _read_catalogue(national_dir, problems)
    town, window_rows = _read_town(town_dir / "town.yaml", problems)
    facts = _records(catalogue.facts)
    resources = _read_resources(town_dir / "resources.csv", facts, problems)
    draft = _draft(catalogue, resources, town, window_rows)
    problems += cross_checks(draft, frozenset(problem.file for problem in problems))
    more = _read_situations(national_dir / "situations.csv", draft, problems)
    if problems or town is None:
        raise KnowledgeError(tuple(problems))
    return Knowledge(
        **_parts(catalogue, more),
        town=town,
        resources=_records(resources),
        fingerprint=fingerprint(town_dir, national_dir),
    )


def load_town(path: Path) -> Town:
    """Return the facts in one town.yaml.  Raises :class:`KnowledgeError`."""
    problems: list[Problem] = []
    town, _rows = _read_town(path, problems)
    if problems or town is None:
        raise KnowledgeError(tuple(problems))
    return town


def _read_catalogue(national_dir: Path, problems: list[Problem]) -> _Catalogue:
    categories = _read_csv(national_dir / "categories.csv", Category, problems)
    red_flags = _read_csv(national_dir / "red_flags.csv", RedFlagCode, problems)
    facts = _read_yaml_records(national_dir / "facts.yaml", FactDefinition, problems)
    paths = sorted((national_dir / "services").glob("*.yaml"))
    services = [placed for path in paths for placed in _read_yaml_records(path, Service, problems)]
    return _Catalogue(categories, red_flags, facts, services, frozenset(p.name for p in paths))


def _draft(
    catalogue: _Catalogue,
    resources: list[Placed[Resource]],
    town: Town | None,
    window_rows: Mapping[str, int | None],
) -> Draft:
    return Draft(
        catalogue.categories,
        catalogue.red_flags,
        catalogue.facts,
        catalogue.services,
        catalogue.service_files,
        resources,
        town,
        window_rows,
    )


def _parts(catalogue: _Catalogue, more: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    """Return the national records as ``National`` and ``Knowledge`` take them."""
    return {
        "categories": _records(catalogue.categories),
        "red_flags": _records(catalogue.red_flags),
        "facts": _records(catalogue.facts),
        "services": tuple(_with_situations(placed.record, more) for placed in catalogue.services),
    }


def _records(placed: Iterable[Placed[R]]) -> tuple[R, ...]:
    return tuple(item.record for item in placed)


def fingerprint(town_dir: Path = DEFAULT_TOWN, national_dir: Path = NATIONAL_DIR) -> str:
    """Return the SHA-256 over every knowledge file: changes when any of them does."""
    return _digest(national_dir, town_dir)


def folder_fingerprint(folder: Path) -> str:
    """Return the SHA-256 over the knowledge files of one folder alone."""
    return _digest(folder)


def _digest(*folders: Path) -> str:
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix in (".yaml", ".csv"):
                digest.update(path.relative_to(folder).as_posix().encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()


def _read_yaml_records(path: Path, model: type[R], problems: list[Problem]) -> list[Placed[R]]:
    data, row_of = read_yaml(path, problems)
    if data is None:
        return []
    if not isinstance(data, list):
        problems.append(Problem(path.name, 1, "", "", "「- 」で始まる記録の一覧にしてください"))
        return []
    placed: list[Placed[R]] = []
    for number, item in enumerate(data):
        record = _validate(path, item, model, problems, inside(row_of, number))
        if record is not None:
            placed.append(Placed(record, path.name, row_of((number,))))
    return placed


def _read_town(path: Path, problems: list[Problem]) -> tuple[Town | None, Mapping[str, int | None]]:
    """Return the town and the line of each of its windows."""
    data, row_of = read_yaml(path, problems)
    town = None if data is None else _validate(path, data, Town, problems, row_of)
    windows = town.windows if town else ()
    return town, {code: row_of(("windows", code)) for code in windows}


def _validate(
    path: Path, data: Any, model: type[R], problems: list[Problem], row_of: RowOf
) -> R | None:
    """Return the record, or None after noting each fault with its row, column and remedy."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        name = data.get("id", "") if isinstance(data, dict) else ""
        for fault in error.errors():
            column = ".".join([str(name)] * bool(name) + [str(part) for part in fault["loc"]])
            value = "" if fault["type"] == "missing" else str(fault["input"])
            remedy = _remedy(fault)
            problems.append(Problem(path.name, row_of(fault["loc"]), column, value, remedy))
        return None


def _remedy(fault: Any) -> str:
    known = _REMEDIES.get(fault["type"])
    if known is None:
        return str(fault["msg"]).removeprefix("Value error, ")
    context = {key: str(value).replace(" or ", ", ") for key, value in fault.get("ctx", {}).items()}
    return known.format_map(context)


def _read_csv(path: Path, model: type[R], problems: list[Problem]) -> list[Placed[R]]:
    placed: list[Placed[R]] = []
    for line, row in read_rows(path, problems, model.model_fields):
        record = _validate(path, row, model, problems, on_line(line))
        if record is not None:
            placed.append(Placed(record, path.name, line))
    return placed


def _read_situations(
    path: Path, draft: Draft, problems: list[Problem]
) -> dict[str, tuple[str, ...]]:
    """Return the situations of a ``category,text`` CSV by category."""
    # Services that could not be read are reported already.
    complete = not draft.service_files & {problem.file for problem in problems}
    known = {placed.record.category for placed in draft.services}
    more: dict[str, tuple[str, ...]] = {}
    for line, row in read_rows(path, problems, ("category", "text")) if path.exists() else ():
        code = row.get("category", "")
        if complete and code not in known:
            remedy = "その支援分野のサービスがありません。コードのつづりを確かめてください"
            problems.append(Problem(path.name, line, "category", code, remedy))
        if not row.get("text", ""):
            problems.append(Problem(path.name, line, "text", "", _REMEDIES["string_too_short"]))
        more[code] = (*more.get(code, ()), row.get("text", ""))
    return more


def _with_situations(service: Service, more: Mapping[str, tuple[str, ...]]) -> Service:
    situations = service.situations + more.get(service.category, ())
    return service.model_copy(update={"situations": situations})


def _read_resources(
    path: Path, facts: Sequence[FactDefinition], problems: list[Problem]
) -> list[Placed[Resource]]:
    by_code = {fact.code: fact for fact in facts}
    placed: list[Placed[Resource]] = []
    for line, row in read_rows(path, problems, RESOURCE_COLUMNS):
        data = _resource_data(path, line, row, by_code, problems)
        resource = _validate(path, data, Resource, problems, on_line(line))
        if resource is not None:
            placed.append(Placed(resource, path.name, line))
    return placed


def _resource_data(
    path: Path,
    line: int,
    row: dict[str, str],
    facts: dict[str, FactDefinition],
    problems: list[Problem],
) -> dict[str, Any]:
    """Turn one flat CSV row into the nested shape of :class:`Resource`."""

    def parsed(column: str, parse: Any, *more: Any) -> Any:
        try:
            return parse(row.get(column, ""), *more)
        except ValueError as error:
            problems.append(Problem(path.name, line, column, row.get(column, ""), str(error)))
            return ()

    copied = (
        "id", "name", "kind", "description", "for_whom", "organization", "district", "cost",
        "first_step", "verified_on", "verified_by", "source",
    )  # fmt: skip
    return {
        **{column: row.get(column, "") for column in copied},
        "categories": _split(row.get("categories", "")),
        "bring": _split(row.get("bring", "")),
        "contact": {c: row.get(c, "") for c in ("window", "phone", "hours", "address", "url")},
        "opening": parsed("opening", parse_opening),
        # Without any fact the facts file itself is at fault, and reported already.
        "eligibility": parsed("eligibility", parse_conditions, facts) if facts else (),
        "capacity": {
            "places": row.get("places") or None,
            "status": row.get("status") or "open",
            "note": row.get("status_note", ""),
        },
        "is_window": row.get("is_window", "") == "1",
    }


def _split(cell: str) -> list[str]:
    return [part.strip() for part in cell.replace("；", ";").split(";") if part.strip()]
