"""Reading lists of records in JSON, as some towns' tables are handed on, as sheets."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from knowledge.importing.findings import Place, refuse
from knowledge.importing.limits import Limits
from knowledge.importing.tables import Blob, Row, Sheet, Table

_SHAPE = "記録の一覧（[{…}, {…}]）が見つかりません。表の形の JSON か、CSV・XLSX を選んでください"


def read_json(blob: Blob, limits: Limits) -> Table:
    """Return each list of records as a sheet; its keys, or their labels, are the header.

    Besides a bare list, an object is understood whose members are such lists, with
    optional ``header`` (key to label) and ``index`` (member to title).
    """
    place = Place(blob.name)
    with blob.open() as stream:
        data = stream.read()
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise refuse(place, "文字コードが UTF-8 ではありません。保存し直してください") from error
    except (json.JSONDecodeError, RecursionError) as error:
        line = getattr(error, "lineno", 0)
        remedy = "JSON として読めません。途中で切れていないか確かめてください"
        raise refuse(Place(blob.name, row=line), remedy) from error
    sheets = tuple(_sheets(blob.name, document, limits))
    if not sheets:
        raise refuse(place, _SHAPE)
    return Table(blob.name, "json", sheets)


def _sheets(file: str, document: Any, limits: Limits) -> Iterator[Sheet]:
    if isinstance(document, list):
        document = {"": document}
    if not isinstance(document, dict):
        return
    titles = _object(document, "index")
    labels = _object(document, "header")
    for member, records in document.items():
        if isinstance(records, list) and records and all(isinstance(r, dict) for r in records):
            own = _object(labels, member) or labels
            name = str(titles.get(member, "" if member in ("", "data") else member))
            yield _sheet(file, name, records, own, limits)


def _object(document: Mapping[str, Any], member: str) -> Mapping[str, Any]:
    value = document.get(member)
    return value if isinstance(value, dict) else {}


def _sheet(
    file: str,
    name: str,
    records: Sequence[Mapping[str, Any]],
    labels: Mapping[str, Any],
    limits: Limits,
) -> Sheet:
    keys = tuple(dict.fromkeys(key for record in records for key in record))
    if len(keys) > limits.columns:
        raise refuse(Place(file, name), f"項目が多すぎます（{len(keys):,}）。分けてください")
    header = _labels(keys, labels)

    def rows() -> Iterator[Row]:
        yield 1, header
        for number, record in enumerate(records, start=2):
            yield number, [_text(record.get(key)) for key in keys]

    return Sheet(file, name, rows)


def _labels(keys: Sequence[str], labels: Mapping[str, Any]) -> list[str]:
    """Return the label of each key; the key itself where two keys share one label."""
    named = [
        str(labels.get(key) or key) if isinstance(labels.get(key), str) else key for key in keys
    ]
    return [
        key if named.count(label) > 1 else label for key, label in zip(keys, named, strict=True)
    ]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
