"""What a record offers, to whom, when and at what cost, from the cells of its row."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from knowledge.importing.amounts import read_places
from knowledge.importing.dates import read_date
from knowledge.importing.hours import (
    HoursReading,
    opening_text,
    read_by_daytype,
    read_columns,
    read_text,
)
from knowledge.importing.recognise import Layout
from knowledge.importing.rows import Cells, RowReader
from knowledge.importing.text import is_blank, tidy
from knowledge.importing.told import Told
from knowledge.importing.wording import cost_words, describe, first_step_words, hours_words

_COPIED = ("kana", "district", "bring", "corporate_number", "id")
_DATES = ("started_on", "starts_on", "ends_on")
# Cells that say when; 「hours」 and 「hours_note」 may have several columns.
_WHEN = ("days", "opens", "closes", "hours_weekday", "hours_saturday", "hours_sunday", "hours_holiday", "closed_days", "frequency")  # fmt: skip
# The head of an organisation is a person, whose name the desk does not keep.
_HEAD = re.compile(
    r"\s+(?:代表取締役|代表理事|代表役員|代表者|理事長|院長|会長|園長|施設長|所長|社長|代表)"
)
_SECTIONS = ("課", "係", "室")
_ANYONE = frozenset(("なし", "特になし", "どなたでも", "誰でも", "だれでも", "制限なし"))


def content_fields(cells: Cells, reader: RowReader, told: Told) -> dict[str, str]:
    """Return who, what, for whom, at what cost."""
    one = cells.one
    fields = {role: tidy(one[role]) for role in _COPIED if role in one}
    kind = tidy(cells.get("kind")).replace("\n", "、")
    kind = "" if is_blank(kind) else kind
    organization = _organization(one["organization"]) if "organization" in one else ""
    fields |= {"kind": kind, "organization": organization}
    # A section of the town hall is a window, not an organisation.
    if organization.endswith(_SECTIONS) and "window" not in one:
        fields["window"], fields["organization"] = organization, ""
    fields["for_whom"] = _for_whom(cells)
    fields["cost"] = cost_words(cells)
    fields["first_step"] = first_step_words(cells, reader.headers.get("first_step", ""))
    fields["description"] = describe(cells, kind, fields["organization"])
    if "places" in one:
        places = one["places"]
        reading = read_places(places)
        fields["places"] = "" if reading.places is None else str(reading.places)
        if reading.doubts:
            told.add("places", places, reading.doubts)
            fields["description"] += f"。定員: {tidy(places)}"
    return fields


@lru_cache(maxsize=8_192)
def _organization(cell: str) -> str:
    """Return the organisation without the person at its head."""
    name = _HEAD.split(tidy(cell).replace("\n", " "))[0].strip()
    return "" if is_blank(name) else name


def _for_whom(cells: Cells) -> str:
    if "for_whom" not in cells.one and "condition" not in cells.many:
        return ""
    parts = [tidy(text) for text in (cells.get("for_whom"), *cells.texts("condition"))]
    said = ["どなたでも" if text in _ANYONE else text for text in parts if text]
    return "。".join(dict.fromkeys(text for text in said if not is_blank(text)))


def time_fields(cells: Cells, layout: Layout, told: Told) -> dict[str, str]:
    """Return the hours in words, and the weekly timetable where it is certain."""
    one, many = cells.one, cells.many
    said = tuple([(role, one[role]) for role in _WHEN if role in one])
    if said or "hours" in many or "hours_note" in many:
        texts = tuple(many.get("hours", ()))
        hours, opening = _hours(said, texts, tuple(many.get("hours_note", ())))
        fields = {"hours": hours, "opening": opening} if hours else {"hours": ""}
    else:
        fields = {"hours": ""}
    for role in _DATES:
        if role in one:
            reading = read_date(one[role])
            told.add(role, one[role], reading.doubts, "note")
            fields[role] = reading.iso
    if layout.form.id == "event":
        return {**fields, "opening": "", "hours": _event(fields)}
    return fields


_Said = tuple[tuple[str, str], ...]


@lru_cache(maxsize=16_384)
def _hours(said: _Said, texts: _Said, notes: _Said) -> tuple[str, str]:
    """Return the hours in words and the timetable; many rows of a list say the same."""
    cells = Cells(dict(said), {"hours": list(texts), "hours_note": list(notes)})
    hours = hours_words(cells)
    return hours, opening_text(_timetable(cells).opening) if hours else ""


def _event(fields: Mapping[str, str]) -> str:
    days = [day for day in (fields.get("starts_on", ""), fields.get("ends_on", "")) if day]
    return " ".join(part for part in ("〜".join(dict.fromkeys(days)), fields["hours"]) if part)


def _timetable(cells: Cells) -> HoursReading:
    note = "。".join(cells.texts("hours_note"))
    if cells.get("hours_weekday") or cells.get("hours_saturday") or cells.get("hours_sunday"):
        kinds = (cells.get(f"hours_{day}") for day in ("weekday", "saturday", "sunday"))
        return read_by_daytype(*kinds, cells.get("closed_days"), note)
    # How often (毎週か月1回か) is a number nobody explains: only 「毎週」 in words is certain.
    if cells.get("frequency") and "毎週" not in note:
        return HoursReading()
    if cells.get("days") and cells.get("opens"):
        return read_columns(
            cells.get("days"), cells.get("opens"), cells.get("closes"), note.replace("毎週", "")
        )
    texts = cells.texts("hours")
    if len(texts) == 1:
        return read_text(texts[0], cells.get("closed_days"))
    # The long lists of facilities put their hours into the remarks.
    return read_text(note) if note and not texts and not cells.get("days") else HoursReading()
