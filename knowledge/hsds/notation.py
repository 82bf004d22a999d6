"""Values of a record in the notation that a town's records are kept in (resources.csv)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from knowledge.models import Condition, Contact, OpeningHours

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_COPIED = ("id", "name", "kind", "description", "for_whom", "organization", "district", "cost", "first_step", "verified_by", "source")  # fmt: skip
_SHORTEST_RUN = 3


def fields_of(values: Mapping[str, Any]) -> dict[str, str]:
    """Return the fields of a kept record for the values of a draft; empty ones are left out."""
    contact: Contact = values["contact"]
    capacity: Mapping[str, Any] = values["capacity"]
    verified_on: date | None = values["verified_on"]
    places, status = capacity["places"], str(capacity["status"])
    fields = {
        **{name: str(values[name]) for name in _COPIED},
        **contact.model_dump(),
        "categories": listed(values["categories"]),
        "opening": opening_cell(values["opening"]),
        "places": "" if places is None else str(places),
        "status": "" if status == "open" else status,
        "status_note": str(capacity["note"]),
        "eligibility": conditions_cell(values["eligibility"]),
        "bring": listed(values["bring"]),
        "verified_on": verified_on.isoformat() if verified_on else "",
        "is_window": "1" if values["is_window"] else "",
    }
    return {name: value for name, value in fields.items() if value}


def listed(items: Sequence[str]) -> str:
    """Return a list as one cell; a ";" inside an item would part it."""
    return ";".join(_unparted(item) for item in items)


def opening_cell(periods: Sequence[OpeningHours]) -> str:
    """Return weekly periods as ``mon-fri 08:30-17:15;sat 09:00-12:00``."""
    return ";".join(f"{_days(p.days)} {p.opens}-{p.closes}" for p in periods)


def _days(days: Sequence[int]) -> str:
    """Return days as ``mon-fri`` or ``tue,thu``: three and more in a row are a span."""
    runs: list[list[int]] = []
    for day in days:
        if runs and day == runs[-1][-1] + 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    parts = [
        f"{_DAYS[run[0]]}-{_DAYS[run[-1]]}"
        if len(run) >= _SHORTEST_RUN
        else ",".join(_DAYS[day] for day in run)
        for run in runs
    ]
    return ",".join(parts)


def conditions_cell(conditions: Sequence[Condition]) -> str:
    """Return conditions as ``age>=65; resident=yes!; 送迎は町内のみ``."""
    return ";".join(part for condition in conditions for part in _condition(condition))


def _condition(condition: Condition) -> list[str]:
    if condition.fact is None:
        return [_unparted(condition.text)]
    must = "!" if condition.required else ""
    if condition.equals is not None:
        return [f"{condition.fact}={'yes' if condition.equals else 'no'}{must}"]
    lowest = [f"{condition.fact}>={condition.min}{must}"] if condition.min is not None else []
    highest = [f"{condition.fact}<={condition.max}{must}"] if condition.max is not None else []
    return lowest + highest


def _unparted(text: str) -> str:
    return text.replace(";", "、").replace("；", "、").strip()
