"""Dates as towns write them: Western and Japanese years, whole or in part."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal

from knowledge.importing.text import fold, is_blank

_ERAS = Path(__file__).parent / "words" / "eras.csv"
_SEP = r"[\s./年\-]*"
_JAPANESE = re.compile(
    rf"(?P<era>[a-z]|明治|大正|昭和|平成|令和|明|大|昭|平|令)\s*\.?\s*(?P<year>元|\d{{1,2}}){_SEP}"
    r"(?:(?P<month>\d{1,2})[\s./月\-]*(?:(?P<day>\d{1,2})\s*日?)?)?",
    re.IGNORECASE,
)
_WESTERN = re.compile(
    rf"(?P<year>(?:18|19|20)\d\d){_SEP}(?:(?P<month>\d{{1,2}})[\s./月\-]*(?:(?P<day>\d{{1,2}})\s*日?)?)?"
)
_COMPACT = re.compile(r"(?P<year>(?:19|20)\d\d)(?P<month>\d\d)(?P<day>\d\d)")
_AFTER = re.compile(r"(?:[\s,t]*\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?z?|現在|時点|頃|ごろ|から|以降|まで|\(.*\)|度|\s)*", re.IGNORECASE)  # fmt: skip

# In a file's name: 20231105, 2025-03, 202604; or a year of its own at the end.
DATE_IN_NAME = re.compile(
    r"(?<!\d)(?P<year>20\d\d)[-_.]?(?P<month>0[1-9]|1[0-2])(?:[-_.]?(?P<day>[0-2]\d|3[01]))?(?!\d)"
)
YEAR_IN_NAME = re.compile(r"(?<!\d)(?P<year>20\d\d)(?P<month>)(?P<day>)年?度?(?=\.|$)")


@dataclass(frozen=True, slots=True)
class Era:
    """One Japanese era: its name, letter, and first and last day."""

    name: str
    letter: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class DateReading:
    """A date (in part: year, or year and month), or none with the reason."""

    iso: str = ""
    precision: Literal["day", "month", "year", ""] = ""
    doubts: tuple[str, ...] = ()

    @property
    def day(self) -> date | None:
        """The date when it is whole."""
        return date.fromisoformat(self.iso) if self.precision == "day" else None

    @property
    def earliest(self) -> date | None:
        """The first day the reading can mean: a list 「as of 2025-06」 is no fresher than that."""
        whole = {"day": self.iso, "month": f"{self.iso}-01", "year": f"{self.iso}-01-01"}
        return date.fromisoformat(whole[self.precision]) if self.precision else None


@lru_cache(maxsize=16_384)
def read_date(cell: str) -> DateReading:
    """Return the date a cell states; nothing is guessed for one that is not whole or not real."""
    if is_blank(cell):
        return DateReading()
    text = fold(cell).strip().replace("．", ".")
    compact = _COMPACT.fullmatch(text)
    match = compact or _WESTERN.match(text)
    if match and (compact or _AFTER.fullmatch(text[match.end() :])):
        return _reading(cell, int(match["year"]), match["month"], match["day"])
    match = _JAPANESE.match(text)
    if match and _AFTER.fullmatch(text[match.end() :]):
        return _japanese(cell, match)
    return DateReading(doubts=(f"日付として読めません（{cell.strip()[:20]}）",))


def _japanese(cell: str, match: re.Match[str]) -> DateReading:
    era = _era(match["era"])
    if era is None:
        return DateReading(doubts=(f"元号が分かりません（{cell.strip()[:20]}）",))
    year = era.first.year + (0 if match["year"] == "元" else int(match["year"]) - 1)
    reading = _reading(cell, year, match["month"], match["day"])
    outside = year > era.last.year or (reading.day and not era.first <= reading.day <= era.last)
    if outside or int(match["year"].replace("元", "1")) == 0:
        return DateReading(doubts=(f"{era.name}にない日付です（{cell.strip()[:20]}）",))
    return reading


def _reading(cell: str, year: int, month: str | None, day: str | None) -> DateReading:
    if month is None:
        return DateReading(f"{year:04}", "year")
    try:
        whole = date(year, int(month), int(day or 1))
    except ValueError:
        return DateReading(doubts=(f"暦にない日付です（{cell.strip()[:20]}）",))
    return DateReading(whole.isoformat(), "day") if day else DateReading(f"{whole:%Y-%m}", "month")


def _era(word: str) -> Era | None:
    for era in _eras():
        if word.upper() == era.letter or word in (era.name, era.name[0]):
            return era
    return None


@cache
def _eras() -> tuple[Era, ...]:
    with _ERAS.open(encoding="utf-8", newline="") as stream:
        return tuple(
            Era(
                r["name"],
                r["letter"],
                date.fromisoformat(r["first"]),
                date.fromisoformat(r["last"]),
            )
            for r in csv.DictReader(stream)
        )


def date_in_name(name: str) -> date | None:
    """Return the date a file's name carries (…_20231105.csv, 2025-03, 202604)."""
    match = DATE_IN_NAME.search(name) or YEAR_IN_NAME.search(name)
    if not match:
        return None
    try:
        return date(int(match["year"]), int(match["month"] or 1), int(match["day"] or 1))
    except ValueError:
        return None
