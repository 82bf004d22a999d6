"""When a place is open today, by its machine-readable hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from knowledge.models import OpeningHours, Resource


@dataclass(frozen=True, slots=True)
class Hours:
    """Today's hours and whether it is open now, in words; both '' when they are not known."""

    today: str = ""
    now: str = ""


def hours_of(resource: Resource | None, now: datetime) -> Hours:
    """Return what the hours say of ``now`` (the town's local time)."""
    if resource is None or not resource.opening:
        return Hours()
    periods = [p for p in resource.opening if now.weekday() in p.days]
    if not periods:
        return Hours("今日は休み", "いまは時間外")
    times = "、".join(f"{_plain(p.opens)}〜{_plain(p.closes)}" for p in periods)
    return Hours(f"今日 {times}", _now(periods, f"{now:%H:%M}"))


def _now(periods: list[OpeningHours], time: str) -> str:
    if any(p.opens <= time < p.closes for p in periods):
        return "いま受付時間内"
    later = [p.opens for p in periods if p.opens > time]
    return f"いまは時間外（{_plain(min(later))}から）" if later else "いまは時間外（今日は終わり）"


def _plain(time: str) -> str:
    """08:30 → 8:30."""
    return time.removeprefix("0")
