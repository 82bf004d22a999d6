"""What an import has to say: what stops it, and what its keeper should know."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Literal

from knowledge.check import Problem

# A file that is wrong throughout need not be told of every line.
_MOST = 1000
# check: a person should look.  note: told for completeness only.
Level = Literal["check", "note"]


@dataclass(frozen=True, slots=True)
class Notice(Problem):
    """Something that stops nothing, and whether a person should look at it.

    ``kind`` names what notices of one kind have in common, where they are counted together.
    """

    level: Level = "check"
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an object stands: the file, its row in a CSV, its path in a JSON document."""

    file: str
    row: int | None = None
    path: str = ""

    def column(self, key: str) -> str:
        """Return how the value ``key`` of the object is called in a message."""
        return ".".join(part for part in (self.path, key) if part)


@dataclass(slots=True)
class Findings:
    """Problems stop the import as a whole; notices do not."""

    problems: list[Problem] = field(default_factory=list)
    _notices: dict[tuple[str, ...], Notice] = field(default_factory=dict)
    _more: Counter[tuple[str, ...]] = field(default_factory=Counter)

    def stop(self, place: Place, key: str, value: object, remedy: str) -> None:
        """Note something that makes the document unusable."""
        if len(self.problems) < _MOST:
            self.problems.append(_problem(place, key, value, remedy))

    def tell(
        self,
        place: Place,
        key: str,
        value: object,
        remedy: str,
        same: str = "",
        level: Level = "check",
    ) -> None:
        """Note something that does not; notices of one kind (``same``) are counted, not listed."""
        kind = (same,) if same else (place.file, str(place.row), place.column(key), remedy)
        if kind in self._notices:
            self._more[kind] += 1
        else:
            shown_value = shown(value)
            column = place.column(key)
            notice = Notice(place.file, place.row, column, shown_value, remedy, level, same)
            self._notices[kind] = notice

    def notices(self) -> tuple[Notice, ...]:
        """Return each notice once, with how often it is true elsewhere."""
        return tuple(
            replace(notice, remedy=f"{notice.remedy}（ほか {more} か所も同じです）")
            if (more := self._more[kind])
            else notice
            for kind, notice in self._notices.items()
        )


def _problem(place: Place, key: str, value: object, remedy: str) -> Problem:
    return Problem(place.file, place.row, place.column(key), shown(value), remedy)


def shown(value: object) -> str:
    """Return a value as a message may show it: one line, not too long."""
    text = " ".join(str(value)[:200].split())
    return text if len(text) <= 60 else text[:59] + "…"
