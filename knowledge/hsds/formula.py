"""Cells that a spreadsheet would run as a formula instead of showing them."""

from __future__ import annotations

import re

# The full-width signs too: Japanese Excel turns them into their half-width forms.
_STARTS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
_PLAIN_NUMBER = re.compile(r"[+\-]?[\d ().\-]+(?:（内線 \d+）)?")
_GUARD = "'"


def is_formula(text: str) -> bool:
    """True when a spreadsheet may run ``text``; a bare number or phone number is none."""
    start = text.lstrip(" 　")
    return start.startswith(_STARTS) and not _PLAIN_NUMBER.fullmatch(start)


def guard(text: str) -> str:
    """Return ``text`` as it may stand in a CSV; :func:`unguard` takes it back exactly."""
    return _GUARD + text if is_formula(text.lstrip(_GUARD)) else text


def unguard(text: str) -> str:
    """Take back what :func:`guard` did."""
    return text[1:] if text.startswith(_GUARD) and is_formula(text.lstrip(_GUARD)) else text
