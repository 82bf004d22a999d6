"""Days as the town counts them: Japan has one time zone, whatever the server's clock says."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone

TOWN_TIME = timezone(timedelta(hours=9), "JST")


def day_of(moment: datetime) -> date:
    """Return the town's day of a time (which needs its zone)."""
    return moment.astimezone(TOWN_TIME).date()


def start_of(day: date) -> datetime:
    """Return the time at which a day begins in the town."""
    return datetime.combine(day, time.min, TOWN_TIME)


def day_words(day: date) -> str:
    """Return ``12月1日``."""
    return f"{day.month}月{day.day}日"
