"""Opening hours and HSDS schedules (the RRULE fields of RFC 5545)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from knowledge.hsds.ids import child_id
from knowledge.hsds.numbers import plain_number
from knowledge.models import OpeningHours

_CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_DAYS_JA = "月火水木金土日"
# Japan has one time zone and no daylight saving time.
_ZONE = "+09:00"
_UTC_OFFSET = 9
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::00)?(?:\+09:?00)?")
# With any of these the period is not "every such day of every week".
_NARROWING = (
    "valid_from", "valid_to", "until", "count", "byweekno", "bymonthday", "byyearday",
    "schedule_link",
)  # fmt: skip
_NTH_DAY = re.compile(r"(-?\d)(MO|TU|WE|TH|FR|SA|SU)")


def schedules(owner: str, opening: Iterable[OpeningHours], hours: str) -> list[dict[str, Any]]:
    """Return the schedules of a service: one per weekly period, each with the text for people."""
    told = {"description": hours} if hours else {}
    weekly = [
        {
            "id": child_id(owner, "schedule", str(number)),
            "timezone": _UTC_OFFSET,
            "freq": "WEEKLY",
            "interval": 1,
            "wkst": "MO",
            "byday": ",".join(_CODES[day] for day in period.days),
            # Midnight at the end of the day; HSDS times stop at 23:59.
            "opens_at": period.opens + _ZONE,
            "closes_at": ("00:00" if period.closes == "24:00" else period.closes) + _ZONE,
            **told,
        }
        for number, period in enumerate(opening)
    ]
    return weekly or ([{"id": child_id(owner, "schedule", "text"), **told}] if told else [])


def weekly_period(schedule: Mapping[str, Any]) -> OpeningHours | None:
    """Return the weekly period a schedule certainly states, or None: then only text is safe."""
    if schedule.get("freq") != "WEEKLY" or schedule.get("interval", 1) != 1:
        return None
    if any(schedule.get(field) not in (None, "") for field in _NARROWING):
        return None
    # Dates and times of another zone would fall on other days here.
    if schedule.get("timezone", _UTC_OFFSET) != _UTC_OFFSET:
        return None
    days = [part.strip() for part in str(schedule.get("byday", "")).split(",")]
    opens = _clock(schedule.get("opens_at"))
    closes = _clock(schedule.get("closes_at"))
    if opens is None or closes is None or not all(day in _CODES for day in days):
        return None
    closes = "24:00" if closes == "00:00" else closes
    if opens >= closes:
        return None
    return OpeningHours(days=tuple(_CODES.index(day) for day in days), opens=opens, closes=closes)


def _clock(value: object) -> str | None:
    match = _TIME.fullmatch(str(value))
    return f"{match[1]}:{match[2]}" if match else None


def in_words(schedule: Mapping[str, Any]) -> str:
    """Return a schedule without a description as one line of Japanese for people."""
    times = "〜".join(
        str(schedule[field]) for field in ("opens_at", "closes_at") if schedule.get(field)
    )
    zone = schedule.get("timezone", _UTC_OFFSET)
    parts = (
        _frequency_ja(schedule),
        times,
        f"（UTC{zone:+g}の時刻）" if times and zone != _UTC_OFFSET else "",
        _span_ja(schedule),
        str(schedule.get("schedule_link", "")),
    )
    return " ".join(part for part in parts if part)


def _frequency_ja(schedule: Mapping[str, Any]) -> str:
    every = {"WEEKLY": ("毎週", "週おき"), "MONTHLY": ("毎月", "か月おき")}
    once, spaced = every.get(str(schedule.get("freq", "")), ("", ""))
    interval = schedule.get("interval", 1)
    how_often = once if interval == 1 or not once else f"{plain_number(interval - 1)}{spaced}"
    days = [_day_ja(part.strip()) for part in str(schedule.get("byday", "")).split(",")]
    lists = (
        "・".join(day for day in days if day),
        _listed(schedule, "bymonthday", "日"),
        _listed(schedule, "byweekno", "週目"),
        _listed(schedule, "byyearday", "日目"),
    )
    return " ".join(part for part in (how_often, *lists) if part)


def _day_ja(code: str) -> str:
    if code in _CODES:
        return _DAYS_JA[_CODES.index(code)] + "曜"
    match = _NTH_DAY.fullmatch(code)
    if not match:
        return code
    number = int(match[1])
    which = "最終" if number == -1 else f"第{number}" if number > 0 else f"最後から{-number}番目の"
    return f"{which}{_DAYS_JA[_CODES.index(match[2])]}曜"


def _listed(schedule: Mapping[str, Any], field: str, unit: str) -> str:
    value = str(schedule.get(field, ""))
    return f"{value.replace(',', '・')}{unit}" if value else ""


def _span_ja(schedule: Mapping[str, Any]) -> str:
    first = schedule.get("valid_from") or schedule.get("dtstart") or ""
    last = schedule.get("valid_to") or schedule.get("until") or ""
    count = schedule.get("count")
    span = f"（{first}〜{last}）" if first or last else ""
    return span + (f"（全{plain_number(count)}回）" if isinstance(count, int | float) else "")
