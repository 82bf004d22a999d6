"""The time a figure is counted over: whole months, so that no two periods differ by one day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from service.errors import BadInput

# The Japanese fiscal year (年度) begins in April.
_FIRST_MONTH = 4
MOST_MONTHS = 36


@dataclass(frozen=True, slots=True)
class Period:
    """The days [start, end), both the first of a month."""

    start: date
    end: date
    words: str

    @property
    def months(self) -> tuple[date, ...]:
        """The first days of the months in the period."""
        return tuple(_months(self.start, self.end))

    def has(self, day: date) -> bool:
        """Tell whether a day of the town lies in the period."""
        return self.start <= day < self.end


def fiscal_year(year: int) -> Period:
    """Return the 年度 that begins in April of ``year``.  Raises :class:`BadInput`."""
    if not 2000 <= year <= 2200:
        raise BadInput("年度は、2026 のように西暦4けたで入れてください。")
    start, end = date(year, _FIRST_MONTH, 1), date(year + 1, _FIRST_MONTH, 1)
    return Period(start, end, f"{era_year(year)}（{year}年4月〜{year + 1}年3月）")


def fiscal_year_of(day: date) -> int:
    """Return the year in which the 年度 of a day began."""
    return day.year if day.month >= _FIRST_MONTH else day.year - 1


def from_month_to(first: str, last: str) -> Period:
    """Return the months ``2026-04`` to ``2026-06``, both included.  Raises :class:`BadInput`."""
    start, until = month_of(first), month_of(last or first)
    if until < start:
        raise BadInput("終わりの月が、始まりの月より前です。入れ替えてください。")
    end = add_months(until, 1)
    if end > add_months(start, MOST_MONTHS):
        raise BadInput(f"期間は{MOST_MONTHS}か月以内にしてください。")
    words = month_words(start) if start == until else f"{month_words(start)}〜{month_words(until)}"
    return Period(start, end, words)


def month_of(text: str) -> date:
    """Return the first day of ``2026-04``.  Raises :class:`BadInput`."""
    try:
        found = date.fromisoformat(f"{text.strip()}-01")
    except ValueError:
        raise BadInput("月は、2026-04 のように入れてください。") from None
    if not 2000 <= found.year <= 2200:
        raise BadInput("月は、2026-04 のように入れてください。")
    return found


def add_months(first_day: date, count: int) -> date:
    """Return the first of the month ``count`` months later (or earlier)."""
    years, month = divmod(first_day.month - 1 + count, 12)
    return date(first_day.year + years, month + 1, 1)


def month_words(first_day: date) -> str:
    """Return ``2026年4月``."""
    return f"{first_day.year}年{first_day.month}月"


def era_year(year: int) -> str:
    """Return ``令和8年度``; the plain year before that era."""
    return f"令和{'元' if year == 2019 else year - 2018}年度" if year >= 2019 else f"{year}年度"


def _months(start: date, end: date) -> Iterator[date]:
    while start < end:
        yield start
        start = add_months(start, 1)
