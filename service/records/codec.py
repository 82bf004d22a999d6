"""A record as JSON and back, and as a row of the store.

What a row of a list said when it was last read is mostly what the record says now: it is kept
as the difference from the record's own values, which halves what a large list takes.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from knowledge import freshness
from knowledge.importing.drafts import Origin
from knowledge.importing.records import Imported, KeptRecord
from knowledge.importing.text import fold
from service.records.kept import day_of
from service.store.records import RecordRow

_CONTROLS = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]+")
_SEARCHED = ("name", "kana", "kind", "organization", "district", "window", "address", "phone", "description")  # fmt: skip
_MOST_WORDS_CHARS = 600
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_SAFE_ID = re.compile(r"[A-Za-z0-9_.:@+-]{1,80}")


def as_json(value: Any) -> str:
    """Return JSON that both databases keep unchanged: lone surrogates and NUL are escaped."""
    text = _ENCODER.encode(value)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":"))
    return text


def row_of_record(
    town_code: str,
    record: KeptRecord,
    position: int,
    revision: int,
    action: str,
    actor: str,
    now: datetime,
    merged: tuple[str, ...] = (),
    merged_into: str | None = None,
) -> RecordRow:
    """Return the record as a row of the store."""
    fields = record.fields
    verified = day_of(fields.get("verified_on", ""))
    codes = categories_of(fields)
    return RecordRow(
        town_code=town_code,
        id=record.id,
        position=position,
        name=_plain(fields.get("name", "")),
        kind=_plain(fields.get("kind", "")),
        categories=f";{';'.join(codes)};" if codes else "",
        district=_plain(fields.get("district", "")),
        has_phone=bool(fields.get("phone")),
        status=_plain(fields.get("status", "") or "open"),
        words=search_words(record.id, fields),
        state=record.state,
        verified_on=verified.isoformat() if verified else None,
        due_on=freshness.due_on(verified).isoformat() if verified else None,
        unconfirmed=";".join(sorted(record.unconfirmed)),
        fields=as_json(dict(fields)),
        sources=_sources_json(record),
        merged=as_json(list(merged)),
        merged_into=merged_into,
        revision=revision,
        action=action,
        updated_at=now,
        updated_by=actor,
    )


def record_of_row(row: RecordRow) -> KeptRecord:
    """Return the record that a row holds."""
    fields = json.loads(row.fields)
    return KeptRecord(
        row.id, fields, _sources(row.sources, fields), _state(row.state), _names(row.unconfirmed)
    )


def snapshot_of(row: RecordRow) -> str:
    """Return what is kept of a version once another replaces it."""
    return as_json(
        {
            "fields": json.loads(row.fields),
            "sources": json.loads(row.sources),
            "state": row.state,
            "unconfirmed": row.unconfirmed,
            "merged": json.loads(row.merged),
            "merged_into": row.merged_into,
        }
    )


def record_of_snapshot(record_id: str, snapshot: Mapping[str, Any]) -> KeptRecord:
    """Return the record as it was."""
    fields = snapshot["fields"]
    sources = _sources(json.dumps(snapshot["sources"]), fields)
    names = _names(snapshot["unconfirmed"])
    return KeptRecord(record_id, fields, sources, _state(snapshot["state"]), names)


def categories_of(fields: Mapping[str, str]) -> tuple[str, ...]:
    """Return the codes of the record's categories."""
    parts = fields.get("categories", "").replace("；", ";").split(";")
    return tuple(dict.fromkeys(_plain(part) for part in parts if part.strip()))


def search_words(record_id: str, fields: Mapping[str, str]) -> str:
    """Return what a search looks in: folded, so that width and case do not matter."""
    parts = [record_id, *(fields[name] for name in _SEARCHED if fields.get(name))]
    return fold_words(" ".join(parts))[:_MOST_WORDS_CHARS]


def fold_words(text: str) -> str:
    """Return text in the form searches compare in."""
    return _plain(fold(text)).casefold()


def audit_id(record_id: str) -> str:
    """Return the record's id as the audit may hold it: a hash where it is no short ASCII code."""
    if _SAFE_ID.fullmatch(record_id):
        return record_id
    return f"sha256:{hashlib.sha256(record_id.encode(errors='surrogatepass')).hexdigest()[:32]}"


def _plain(text: str) -> str:
    return _CONTROLS.sub(" ", text).strip()


def _sources_json(record: KeptRecord) -> str:
    return as_json([_source_data(source, record.fields) for source in record.sources])


def _source_data(source: Imported, own: Mapping[str, str]) -> list[Any]:
    origin = source.origin
    said = source.fields
    changed = {name: value for name, value in said.items() if own.get(name) != value}
    lacking = [name for name in own if name not in said]
    place = [source.file, source.sheet, source.row, source.imported_on.isoformat()]
    if source.gone:
        place.append("gone")
    whence = [origin.form, origin.dataset, origin.key, origin.name, origin.address]
    return [whence, place, changed, lacking, dict(source.original)]


def _sources(text: str, own: Mapping[str, str]) -> tuple[Imported, ...]:
    return tuple(_source(item, own) for item in json.loads(text))


def _source(item: list[Any], own: Mapping[str, str]) -> Imported:
    whence, (file, sheet, row, day, *gone), changed, lacking, original = item
    if changed or lacking:
        missing = frozenset(lacking)
        said = {name: value for name, value in own.items() if name not in missing} | changed
    else:
        said = dict(own)
    imported_on = date.fromisoformat(day)
    return Imported(Origin(*whence), said, original, file, sheet, row, imported_on, bool(gone))


def _state(text: str) -> Any:
    return text


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split(";")) - {""}
