"""The list of all municipalities, when an installation has one; without it nothing is guessed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from knowledge.importing.findings import Place, refuse
from knowledge.importing.tables import read_table

_COLUMNS = ("pref", "city", "lgcode")


@dataclass(frozen=True, slots=True)
class Municipalities:
    """Names of municipalities and their codes by (prefecture, name)."""

    names: frozenset[str] = frozenset()
    codes: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def code(self, prefecture: str, city: str) -> str:
        """Return the code of a municipality; empty when it is not in the list."""
        return self.codes.get((prefecture, city), "")


NO_MUNICIPALITIES = Municipalities()


def read_municipalities(source: bytes | Path, name: str) -> Municipalities:
    """Return the list from a CSV with the columns pref, city and lgcode (code4fukui/localgovjp)."""
    rows = read_table(source, name).sheets[0].rows()
    _, header = next(rows)
    at = {column: index for index, column in enumerate(header)}
    missing = [column for column in _COLUMNS if column not in at]
    if missing:
        raise refuse(Place(name, row=1), f"列がありません: {'、'.join(missing)}")
    codes: dict[tuple[str, str], str] = {}
    for _, cells in rows:
        prefecture, city, code = (cells[at[column]].strip() for column in _COLUMNS)
        codes[prefecture, city.replace(" ", "")] = code
    # A ward of Tokyo or of a large city is written together with its city.
    return Municipalities(frozenset(city for _, city in codes), codes)
