"""Numbers of HSDS: JSON and CSV do not tell 100 from 100.0."""

from __future__ import annotations

import math


def plain_number(value: float) -> str:
    """Return a number as people write it: without ``.0``, never as 1e+06."""
    return str(int(value)) if value == int(value) else str(value)


def read_number(text: str) -> float:
    """Return the number of a CSV cell; raises ValueError if it is none, or not finite."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return int(text) if text.strip().lstrip("+-").isdecimal() else number
