"""Reading an HSDS document, ours or another's: :func:`from_hsds`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

from knowledge.hsds.draft import Imported
from knowledge.hsds.faults import check_object
from knowledge.hsds.findings import Findings, Place
from knowledge.hsds.node import Reading
from knowledge.hsds.read_datapackage import read_datapackage
from knowledge.hsds.read_drafts import imported, read_found
from knowledge.hsds.read_records import TermRules
from knowledge.hsds.read_rows import read_rows, rows_of_document
from knowledge.hsds.same_ids import check_same_ids
from knowledge.hsds.schemas import object_validator
from knowledge.hsds.shapes import Found, clean, gather, link_organizations
from knowledge.models import Category

MAX_BYTES = 200 * 1024 * 1024
_NO_SERVICE = (
    "HSDS の service が1件もありません。service の JSON、その一覧（contents）、"
    "または表形式の組（datapackage.json と CSV）を選んでください"
)
_NOT_JSON = (
    "JSON として読めません。ファイルが途中で切れていないか、別の形式でないかを確かめてください"
)


def from_hsds(
    document: object,
    name: str = "HSDS",
    categories: Iterable[Category] = (),
    rules: TermRules | None = None,
) -> Imported:
    """Return the drafts of every service of a document, or none and every problem.

    ``categories`` makes an unknown code of ours a problem; ``rules`` says which of our
    categories a foreign (taxonomy, code) is.
    """
    findings = Findings()
    copied = clean(document, name, findings)
    if findings.problems:
        return imported([], None, findings)
    if isinstance(copied, Mapping) and any(str(key).endswith(".csv") for key in copied):
        rows = rows_of_document(copied, name, findings)
        return read_rows(rows, name, findings, categories, rules or {})
    found = gather(copied)
    if not found.services:
        findings.stop(Place(name), "", "", _NO_SERVICE)
    _check(found, name, findings)
    if findings.problems:
        return imported([], None, findings)
    link_organizations(found, name, findings)
    reading = Reading(findings, lambda value, table, path: Place(name, None, path))
    return read_found(found, name, reading, categories, rules or {})


def read_hsds(
    source: bytes | Path,
    name: str,
    categories: Iterable[Category] = (),
    rules: TermRules | None = None,
) -> Imported:
    """Return the drafts of a JSON file, a zip or a folder, told apart by what they begin with."""
    if isinstance(source, Path) and not source.is_file():
        return read_datapackage(source, categories, rules, name=name)
    if _begins(source).startswith(b"PK"):
        return read_datapackage(source, categories, rules, name=name)
    if isinstance(source, bytes):
        return read_json(source, name, categories, rules)
    # One byte more than it may have is enough to refuse it.
    with source.open("rb") as file:
        return read_json(file.read(MAX_BYTES + 1), name, categories, rules)


def _begins(source: bytes | Path) -> bytes:
    if isinstance(source, bytes):
        return source[:4]
    with source.open("rb") as file:
        return file.read(4)


def read_json(
    data: bytes,
    name: str,
    categories: Iterable[Category] = (),
    rules: TermRules | None = None,
) -> Imported:
    """Return what :func:`from_hsds` makes of the bytes of a JSON file."""
    findings = Findings()
    if not data.strip():
        findings.stop(Place(name), "", "", "ファイルが空です。書き出し直してください")
    elif len(data) > MAX_BYTES:
        limit = MAX_BYTES // 1024 // 1024
        findings.stop(Place(name), "", "", f"大きすぎます。{limit}MB までにしてください")
    if findings.problems:
        return imported([], None, findings)
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        remedy = "文字コードが UTF-8 ではありません。UTF-8 で保存し直してください"
        findings.stop(Place(name), "", "", remedy)
    except json.JSONDecodeError as error:
        findings.stop(Place(name, error.lineno), "", "", _NOT_JSON)
    except (RecursionError, ValueError):
        # Brackets without end, or a number of thousands of digits.
        findings.stop(Place(name), "", "", _NOT_JSON)
    else:
        return from_hsds(document, name, categories, rules)
    return imported([], None, findings)


def _check(found: Found, name: str, findings: Findings) -> None:
    for table, objects in (("service", found.services), ("organization", found.organizations)):
        for path, value in objects:
            check_object(
                object_validator(table),
                value,
                partial(_place, name, path),
                findings,
            )
    check_same_ids(found, name, findings)


def _place(name: str, path: str, inner: list[str | int]) -> Place:
    for part in inner:
        path += f"[{part}]" if isinstance(part, int) else f".{part}"
    return Place(name, None, path.lstrip("."))
