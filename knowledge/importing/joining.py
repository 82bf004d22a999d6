"""Second tables (追加情報) whose rows belong to rows of the first: another venue, another day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from knowledge.importing.addresses import tidy_address
from knowledge.importing.drafts import Draft
from knowledge.importing.findings import Finding, Place
from knowledge.importing.recognise import Layout
from knowledge.importing.rows import row_reader
from knowledge.importing.tables import Sheet
from knowledge.importing.text import fold, tidy
from knowledge.importing.wording import cost_words, hours_words


def joined_lines(
    tables: Iterable[tuple[Sheet, Layout]],
) -> tuple[dict[str, list[str]], dict[str, Place]]:
    """Return the lines of second tables in words, by their joining number, and each one's place."""
    lines: dict[str, list[str]] = {}
    places: dict[str, Place] = {}
    for sheet, layout in tables:
        reader = row_reader(layout, sheet.name)
        for number, row in sheet.rows():
            if number < layout.first_data_row:
                continue
            cells = reader.cells(row)
            key = fold(cells.get("join")).strip()
            venue = " ".join(
                tidy_address(cells.get(role)) for role in ("address", "building") if cells.get(role)
            )
            said = [
                venue,
                hours_words(cells),
                *map(tidy, cells.texts("condition")),
                cost_words(cells),
            ]
            words = "、".join(part for part in said if part)
            if key and words:
                lines.setdefault(key, []).append(words)
                places.setdefault(key, Place(sheet.file, sheet.name, number))
    return lines, places


def unjoined(
    lines: Mapping[str, Sequence[str]], drafts: Sequence[Draft], places: Mapping[str, Place]
) -> list[Finding]:
    """Return a finding for each further line that no row of the first table asks for."""
    if not lines:
        return []
    joined = {fold(cell).strip() for draft in drafts for cell in draft.cells}
    said = "この番号の行が元の表にないので、使いませんでした"
    return [Finding(places[key], "", key, said, "check") for key in lines if key not in joined]
