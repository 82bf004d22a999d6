"""What a record offers, to whom, when and at what cost, from the cells of its row."""

from __future__ import annotations

import re
from collections.abc import Mapping

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

_COPIED = ("kana", "district", "bring", "corporate_number")
_DATES = frozenset(("started_on", "starts_on", "ends_on"))
# The head of an organisation is a person, whose name the desk does not keep.
_HEAD = re.compile(
    r"\s+(?:代表取締役|代表理事|代表役員|代表者|理事長|院長|会長|園長|施設長|所長|社長|代表)"
)
_SECTIONS = ("課", "係", "室")
_ANYONE = frozenset(("なし", "特になし", "どなたでも", "誰でも", "だれでも", "制限なし"))


def content_fields(cells: Cells, reader: RowReader, told: Told) -> dict[str, str]:
    """Return who, what, for whom, at what cost."""
    kind = tidy(cells.get("kind")).replace("\n", "、")
    kind = "" if is_blank(kind) else kind
    organization = _HEAD.split(tidy(cells.get("organization")).replace("\n", " "))[0].strip()
    fields = {role: tidy(cells.one[role]) for role in _COPIED if role in cells.one}
    if "id" in cells.one:
        fields["id"] = tidy(cells.one["id"])
    fields |= {"kind": kind, "organization": "" if is_blank(organization) else organization}
    # A section of the town hall is a window, not an organisation.
    if fields["organization"].endswith(_SECTIONS) and "window" not in cells.one:
        fields["window"], fields["organization"] = fields["organization"], ""
    fields["for_whom"] = _for_whom(cells)
    fields["cost"] = cost_words(cells)
    fields["first_step"] = first_step_words(cells, reader.headers.get("first_step", ""))
    fields["description"] = describe(cells, kind, fields["organization"])
    places = cells.get("places")
    if places:
        reading = read_places(places)
        told.add("places", places, reading.doubts)
        fields["places"] = "" if reading.places is None else str(reading.places)
        if reading.doubts:
            fields["description"] += f"。定員: {tidy(places)}"
    return fields


def _for_whom(cells: Cells) -> str:
    if "for_whom" not in cells.one and "condition" not in cells.many:
        return ""
    parts = [tidy(text) for text in (cells.get("for_whom"), *cells.texts("condition"))]
    said = ["どなたでも" if text in _ANYONE else text for text in parts if text]
    return "。".join(dict.fromkeys(text for text in said if not is_blank(text)))


def time_fields(cells: Cells, layout: Layout, told: Told) -> dict[str, str]:
    """Return the hours in words, and the weekly timetable where it is certain."""
    hours = hours_words(cells)
    fields = {"hours": hours}
    if hours:
        fields["opening"] = opening_text(_timetable(cells).opening)
    for role in _DATES & cells.one.keys():
        reading = read_date(cells.one[role])
        told.add(role, cells.one[role], reading.doubts, "note")
        fields[role] = reading.iso
    return (
        fields if layout.form.id != "event" else {**fields, "opening": "", "hours": _event(fields)}
    )


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
