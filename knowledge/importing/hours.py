"""Opening hours as towns write them; a timetable only where it is certain, the text always."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from knowledge.importing.days import (
    EVERY_DAY,
    disturbs_the_week,
    read_closed,
    read_days,
    without_holidays,
)
from knowledge.importing.text import fold_waves, is_blank
from knowledge.models import OpeningHours

_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK = re.compile(
    r"(?P<half>午前|午後|AM|PM|am|pm)?\s*(?<!\d)(?P<hour>\d{1,2})\s*(?::\s*(?P<minute>\d{2})(?::\d{2})?(?!\d)"
    r"|時\s*(?P<kanji>\d{1,2}|半)?\s*分?)"
)
_RANGE = re.compile(r"(\d\d:\d\d)\s*(?:~|-|ー|―|–|から|\.\.)\s*(\d\d:\d\d)(?:まで)?")
_HEADINGS = re.compile(
    r"[【\[(]?(?:開館|開所|利用|受付|営業|開園|開設|診療|開催|実施|相談|提供|利用可能|開庁)(?:時間|日時|日)[】\])]?[::]?"
)
_CLOSED = re.compile(
    r"[【\[(]?(?:定休日|休館日|休業日|休所日|休診日|休園日|休日|休み)[】\])]?[::\s]*(?P<days>[^\n【\[]*)"
)
_DAY_RUN = re.compile(
    r"(?:毎週|平日|毎日|年中無休|[月火水木金土日](?:曜日?)?|祝祭?日?|[\s・、,~\-ーと()]|及び|から|まで)+"
)
_FILLER = re.compile(r"[\s、,。・/()\[\]【】:;※]*")
_ALL_DAY = re.compile(r"24時間(?:対応|営業|開所|体制|365日|年中無休)*|終日")


@dataclass(frozen=True, slots=True)
class HoursReading:
    """A weekly timetable; empty and not ``sure`` where the text says anything else."""

    opening: tuple[OpeningHours, ...] = ()
    sure: bool = False


def opening_text(opening: Iterable[OpeningHours]) -> str:
    """Return the notation of a town's resources.csv: ``mon-fri 08:30-17:15;sat 09:00-12:00``."""
    return ";".join(f"{_span_text(o.days)} {o.opens}-{o.closes}" for o in opening)


def _span_text(days: tuple[int, ...]) -> str:
    spans: list[list[int]] = []
    for day in sorted(days):
        if spans and spans[-1][-1] == day - 1:
            spans[-1].append(day)
        else:
            spans.append([day])
    return ",".join(_NAMES[s[0]] + (f"-{_NAMES[s[-1]]}" if len(s) > 1 else "") for s in spans)


@lru_cache(maxsize=16_384)
def read_columns(days: str, opens: str, closes: str, note: str = "") -> HoursReading:
    """Return the timetable of a table with columns for days, opening and closing."""
    on, start, end = read_days(days), _clock(opens), _clock(closes)
    if on is None or start is None or end is None or not start < end or disturbs_the_week(note):
        return HoursReading()
    return HoursReading((OpeningHours(days=tuple(sorted(on)), opens=start, closes=end),), sure=True)


@lru_cache(maxsize=16_384)
def read_by_daytype(
    weekday: str, saturday: str, sunday: str, closed: str, note: str
) -> HoursReading:
    """Return the timetable of a table with hours for weekdays, Saturday and Sunday."""
    off = read_closed(closed)
    if off is None or disturbs_the_week(note):
        return HoursReading()
    found: list[OpeningHours] = []
    for cell, days in ((weekday, range(5)), (saturday, (5,)), (sunday, (6,))):
        if is_blank(cell) or cell.strip() == "休":
            continue
        ranges = _ranges(times_folded(cell))
        left = tuple(day for day in days if day not in off)
        # Hours on a day that another column calls closed: one of them is wrong.
        if ranges is None or (not left and cell):
            return HoursReading()
        found += [OpeningHours(days=left, opens=a, closes=b) for a, b in ranges]
    return HoursReading(_merged(found), sure=bool(found))


def _merged(periods: Iterable[OpeningHours]) -> tuple[OpeningHours, ...]:
    """Write days with the same hours as one period."""
    by_times: dict[tuple[str, str], set[int]] = {}
    for period in periods:
        by_times.setdefault((period.opens, period.closes), set()).update(period.days)
    return tuple(
        OpeningHours(days=tuple(sorted(days)), opens=opens, closes=closes)
        for (opens, closes), days in by_times.items()
    )


@lru_cache(maxsize=16_384)
def read_text(text: str, closed: str = "") -> HoursReading:
    """Return the timetable of a text such as 「月～金 8:30～17:15」, also over several lines."""
    if is_blank(text):
        return HoursReading()
    folded = times_folded(text)
    shut = closed
    for match in _CLOSED.finditer(folded):
        shut += "、" + match["days"]
    body = without_holidays(_HEADINGS.sub(" ", _CLOSED.sub(" ", folded)))
    off = read_closed(shut)
    if off is None:
        return HoursReading()
    segments = _segments(body)
    if segments is None and _ALL_DAY.fullmatch(body.strip()):
        segments = [(EVERY_DAY, [("00:00", "24:00")])]
    if not segments:
        return HoursReading()
    return _timetable(segments, off, bool(shut.strip("、 ")))


_Segment = tuple[frozenset[int] | None, list[tuple[str, str]]]


def _timetable(segments: list[_Segment], off: frozenset[int], says_closed: bool) -> HoursReading:
    found: list[OpeningHours] = []
    for days, ranges in segments:
        # Times without days mean every day only beside the days that are closed.
        if days is None and not (says_closed and len(segments) == 1):
            return HoursReading()
        left = tuple(sorted((EVERY_DAY if days is None else days) - off))
        if not left:
            return HoursReading()
        found += [OpeningHours(days=left, opens=a, closes=b) for a, b in ranges]
    return HoursReading(tuple(found), sure=True)


def _segments(body: str) -> list[_Segment] | None:
    """Return days and times in pairs; None when anything else stands in the text."""
    found: list[_Segment] = []
    position = 0
    while position < len(body):
        position = _end(_FILLER, body, position)
        if position >= len(body):
            break
        run = _DAY_RUN.match(body, position)
        days = read_days(run[0]) if run else None
        if run:
            position = _end(_FILLER, body, run.end())
        ranges: list[tuple[str, str]] = []
        while match := _RANGE.match(body, position):
            if not match[1] < match[2]:
                return None
            ranges.append((match[1], match[2]))
            position = _end(_FILLER, body, match.end())
        if not ranges or (run and days is None):
            return None
        after = _DAY_RUN.match(body, position) if days is None else None
        if (
            after
            and read_days(after[0])
            and not _RANGE.match(body, _end(_FILLER, body, after.end()))
        ):
            days, position = read_days(after[0]), after.end()
        found.append((days, ranges))
    return found


def _end(pattern: re.Pattern[str], text: str, position: int) -> int:
    match = pattern.match(text, position)
    return match.end() if match else position


def _ranges(text: str) -> list[tuple[str, str]] | None:
    """Return the spans of a cell that holds times only."""
    found = [(a, b) for a, b in _RANGE.findall(text)]
    # In brackets stand longer hours for some: no timetable for all.
    left = _FILLER.sub("", _RANGE.sub("", text)) or "(" in text
    return found if found and not left and all(a < b for a, b in found) else None


def times_folded(text: str) -> str:
    """Return the text with every time of day as HH:MM (午後1時半 → 13:30)."""
    folded = fold_waves(text).replace("正午", "12:00")
    return _CLOCK.sub(lambda match: _hhmm(match) or match[0], folded)


def _hhmm(match: re.Match[str]) -> str | None:
    hour = int(match["hour"])
    kanji = match["kanji"]
    minute = 30 if kanji == "半" else int(match["minute"] or kanji or 0)
    if match["half"] in ("午後", "PM", "pm") and hour < 12:
        hour += 12
    whole = hour < 24 or (hour == 24 and minute == 0)
    # A day, not a time: 12時間, 24時間対応.
    lasting = match.string[match.end() : match.end() + 1] == "間" and match["minute"] is None
    return f"{hour:02}:{minute:02}" if whole and minute < 60 and not lasting else None


def _clock(cell: str) -> str | None:
    match = _CLOCK.fullmatch(fold_waves(cell).strip().replace("正午", "12:00"))
    return _hhmm(match) if match else None
