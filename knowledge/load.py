"""Reading the national catalogue and a town's own records, all or nothing.

Every fault of every file is collected first and raised together as one
:class:`KnowledgeError`, so that a keeper fixes them in one sitting.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from knowledge.check import KnowledgeError, Problem
from knowledge.models import (
    Category,
    FactDefinition,
    Knowledge,
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
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_REMEDIES = {
    "missing": "この項目は必須です。書き足してください",
    "extra_forbidden": "知らない項目名です。つづりを確かめてください",
    "date_from_datetime_parsing": "日付は 2026-04-01 の形で書いてください",
    "date_parsing": "日付は 2026-04-01 の形で書いてください",
    "string_too_short": "空です。書き足してください",
    "int_parsing": "整数で書いてください",
    "string_type": "文字で書いてください（数字は引用符で囲みます）",
    "tuple_type": "一覧（[ ] または - の行）で書いてください",
    "too_short": "件数が足りません",
}


def load_knowledge(town_dir: Path = DEFAULT_TOWN, national_dir: Path = NATIONAL_DIR) -> Knowledge:
    """Return everything known about one town.

    Raises :class:`KnowledgeError` with every problem found, each naming file, row,
    column and remedy.
    """
    problems: list[Problem] = []
    categories = _read_csv(national_dir / "categories.csv", Category, problems)
    red_flags = _read_csv(national_dir / "red_flags.csv", RedFlagCode, problems)
    facts = _read_yaml_records(national_dir / "facts.yaml", FactDefinition, problems)
    services: list[Service] = []
    for path in sorted((national_dir / "services").glob("*.yaml")):
        services += _read_yaml_records(path, Service, problems)
    services = _with_more_situations(services, national_dir / "situations.csv", problems)
    town = _read_town(town_dir / "town.yaml", problems)
    resources = _read_resources(town_dir / "resources.csv", facts, problems)
    if not problems:
        codes = {c.code for c in categories}
        problems += _cross_checks(codes, {f.code for f in facts}, services, resources, town)
    if problems or town is None:
        raise KnowledgeError(tuple(problems))
    return Knowledge(
        categories=tuple(categories),
        red_flags=tuple(red_flags),
        facts=tuple(facts),
        services=tuple(services),
        town=town,
        resources=tuple(resources),
        fingerprint=fingerprint(town_dir, national_dir),
    )


def fingerprint(town_dir: Path = DEFAULT_TOWN, national_dir: Path = NATIONAL_DIR) -> str:
    """Return the SHA-256 over every knowledge file: changes when any of them does."""
    digest = hashlib.sha256()
    for folder in (national_dir, town_dir):
        for path in sorted(folder.rglob("*")):
            if path.suffix in (".yaml", ".csv"):
                digest.update(path.relative_to(folder).as_posix().encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()


def _read_text(path: Path, problems: list[Problem]) -> str | None:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        problems.append(Problem(path.name, None, "", str(path), "ファイルがありません"))
    except UnicodeDecodeError:
        remedy = "文字コードが UTF-8 ではありません。「CSV UTF-8」で保存し直してください"
        problems.append(Problem(path.name, None, "", "", remedy))
    return None


def _read_yaml(path: Path, problems: list[Problem]) -> tuple[Any, tuple[int, ...]]:
    """Return the parsed document and the line on which each item of its list begins."""
    text = _read_text(path, problems)
    if text is None:
        return None, ()
    try:
        node = yaml.compose(text, Loader=_Loader)
        data = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader
    except yaml.MarkedYAMLError as error:
        row = error.problem_mark.line + 1 if error.problem_mark else None
        remedy = f"YAML として読めません。字下げと引用符を確かめてください（{error.problem}）"
        problems.append(Problem(path.name, row, "", "", remedy))
        return None, ()
    lines = ()
    if isinstance(node, yaml.SequenceNode):
        lines = tuple(item.start_mark.line + 1 for item in node.value)
    return data, lines


def _read_yaml_records(path: Path, model: type[R], problems: list[Problem]) -> list[R]:
    data, lines = _read_yaml(path, problems)
    if data is None:
        return []
    if not isinstance(data, list):
        problems.append(Problem(path.name, 1, "", "", "「- 」で始まる記録の一覧にしてください"))
        return []
    records = (
        _validate(path, line, row, model, problems) for line, row in zip(lines, data, strict=True)
    )
    return [record for record in records if record is not None]


def _read_town(path: Path, problems: list[Problem]) -> Town | None:
    data, _ = _read_yaml(path, problems)
    return None if data is None else _validate(path, None, data, Town, problems)


def _validate(
    path: Path, row: int | None, data: Any, model: type[R], problems: list[Problem]
) -> R | None:
    """Return the record, or None after noting each fault with its column and remedy."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        name = data.get("id", "") if isinstance(data, dict) else ""
        for fault in error.errors():
            column = ".".join([str(name)] * bool(name) + [str(part) for part in fault["loc"]])
            value = "" if fault["type"] == "missing" else str(fault["input"])
            remedy = _REMEDIES.get(fault["type"], fault["msg"].removeprefix("Value error, "))
            problems.append(Problem(path.name, row, column, value, remedy))
        return None


def _rows(
    path: Path, problems: list[Problem], columns: Iterable[str]
) -> list[tuple[int, dict[str, str]]]:
    """Return the rows of a CSV with the line each ends on; blank rows are left out."""
    text = _read_text(path, problems)
    if text is None:
        return []
    reader = csv.DictReader(text.splitlines(keepends=True), strict=True)
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
        problems.append(Problem(path.name, reader.line_num, "", "", remedy))
    return rows


def _read_csv(path: Path, model: type[R], problems: list[Problem]) -> list[R]:
    rows = _rows(path, problems, model.model_fields)
    records = (_validate(path, line, row, model, problems) for line, row in rows)
    return [record for record in records if record is not None]


def _with_more_situations(
    services: list[Service], path: Path, problems: list[Problem]
) -> list[Service]:
    """Add the situations of a ``category,text`` CSV to the services of their category."""
    more: dict[str, list[str]] = {}
    for line, row in _rows(path, problems, ("category", "text")) if path.exists() else ():
        if not any(service.category == row["category"] for service in services):
            remedy = "その支援分野のサービスがありません"
            problems.append(Problem(path.name, line, "category", row["category"], remedy))
        more.setdefault(row["category"], []).append(row["text"])
    return [
        service.model_copy(
            update={"situations": service.situations + tuple(more.get(service.category, ()))}
        )
        for service in services
    ]


def _read_resources(
    path: Path, facts: list[FactDefinition], problems: list[Problem]
) -> list[Resource]:
    by_code = {fact.code: fact for fact in facts}
    resources: list[Resource] = []
    for line, row in _rows(path, problems, RESOURCE_COLUMNS):
        data = _resource_data(path, line, row, by_code, problems)
        resource = _validate(path, line, data, Resource, problems)
        if resource is not None:
            resources.append(resource)
    return resources


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
        "eligibility": parsed("eligibility", parse_conditions, facts),
        "capacity": {
            "places": row.get("places") or None,
            "status": row.get("status") or "open",
            "note": row.get("status_note", ""),
        },
        "is_window": row.get("is_window", "") == "1",
    }


def _split(cell: str) -> list[str]:
    return [part.strip() for part in cell.replace("；", ";").split(";") if part.strip()]


def _cross_checks(
    codes: set[str],
    facts: set[str],
    services: list[Service],
    resources: list[Resource],
    town: Town | None,
) -> Iterable[Problem]:
    """Yield what no single record can know: duplicates, dangling codes, uncovered categories."""
    records: list[Service | Resource] = [*services, *resources]
    seen: set[str] = set()
    for record in records:
        file = "resources.csv" if isinstance(record, Resource) else "services"
        used = record.categories if isinstance(record, Resource) else (record.category,)
        if record.id in seen:
            yield Problem(
                file, None, record.id, record.name, "id が重なっています。別の id にしてください"
            )
        seen.add(record.id)
        for code in used:
            if code not in codes:
                yield Problem(
                    file, None, record.id, code, "categories.csv にない支援分野コードです"
                )
        for condition in record.eligibility:
            if condition.fact is not None and condition.fact not in facts:
                yield Problem(
                    file, None, record.id, condition.fact, "facts.yaml にない事実コードです"
                )
    for code in sorted(codes - {service.category for service in services}):
        yield Problem("services", None, code, "", "この支援分野のサービスが1件もありません")
    known = {resource.id for resource in resources}
    for code, resource_id in (town.windows if town else {}).items():
        if code not in codes:
            yield Problem(
                "town.yaml", None, "windows", code, "categories.csv にない支援分野コードです"
            )
        if resource_id not in known:
            yield Problem(
                "town.yaml", None, f"windows.{code}", resource_id, "resources.csv にない id です"
            )
