"""Which time the figures are asked for, and who may narrow it.

Somebody who may not see the cases gets whole years only: the difference of two spans that a
person chooses freely could tell about one case.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends

from service.errors import BadInput
from service.insights.period import Period, fiscal_year, fiscal_year_of, from_month_to


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address says; nothing of it is checked yet."""

    by: str = "year"
    year: str = ""
    month: str = ""
    first: str = ""
    last: str = ""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The period, the form as it was filled, and what was wrong with it ("" for nothing)."""

    period: Period
    asked: Asked
    years: tuple[int, ...]
    may_narrow: bool
    error: str = ""

    @property
    def query(self) -> str:
        """The period as the end of an address."""
        kept = {
            "by": self.asked.by,
            "year": self.asked.year if self.asked.by == "year" else "",
            "month": self.asked.month if self.asked.by == "month" else "",
            "first": self.asked.first if self.asked.by == "span" else "",
            "last": self.asked.last if self.asked.by == "span" else "",
        }
        return urlencode({name: value for name, value in kept.items() if value})


def asked_from(
    by: str = "year", year: str = "", month: str = "", first: str = "", last: str = ""
) -> Asked:
    """Return what an address asks for, cut to what a date can be."""
    return Asked(by, year.strip()[:10], month.strip()[:10], first.strip()[:10], last.strip()[:10])


AskedFor = Annotated[Asked, Depends(asked_from)]


def choose_period(asked: Asked, today: date, may_narrow: bool) -> Chosen:
    """Return the period that is asked for, else this 年度 with the reason."""
    now = fiscal_year_of(today)
    years = tuple(range(now, now - 6, -1))
    this_year = Asked("year", str(now), f"{today:%Y-%m}", f"{today:%Y-%m}", f"{today:%Y-%m}")
    filled = Asked(
        asked.by if asked.by in ("year", "month", "span") and may_narrow else "year",
        asked.year or this_year.year,
        asked.month or this_year.month,
        asked.first or this_year.first,
        asked.last or this_year.last,
    )
    try:
        period = _period(filled)
    except BadInput as error:
        said = f"{error} いまは今年度を出しています。"
        return Chosen(fiscal_year(now), filled, years, may_narrow, said)
    return Chosen(period, filled, years, may_narrow)


def _period(asked: Asked) -> Period:
    if asked.by == "month":
        return from_month_to(asked.month, asked.month)
    if asked.by == "span":
        return from_month_to(asked.first, asked.last)
    if not (asked.year.isascii() and asked.year.isdigit()):
        raise BadInput("年度は、2026 のように西暦4けたで入れてください。")
    return fiscal_year(int(asked.year))
