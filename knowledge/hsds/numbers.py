"""Numbers of HSDS: JSON and CSV do not tell 100 from 100.0."""

from __future__ import annotations

import math

_POLE, _DATE_LINE = 90, 180


def plain_number(value: float) -> str:
    """Return a number as people write it: without ``.0``, never as 1e+06."""
    return str(int(value)) if value == int(value) else str(value)


def read_number(text: str) -> float:
    """Return the number of a CSV cell; raises ValueError if it is none, or not finite."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return int(text) if text.strip().lstrip("+-").isdecimal() else number


def is_point(north: float, east: float) -> bool:
    """True for degrees on the globe; 0, 0 is how a sheet says that nobody knows."""
    return abs(north) <= _POLE and abs(east) <= _DATE_LINE and (north, east) != (0, 0)
