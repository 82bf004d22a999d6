"""How old a record may be before it is shown as unverified.

Inform USA Standards and Quality Indicators v10 (2024): every record is verified at
least once a year.
"""

from __future__ import annotations

from datetime import date, timedelta

STALE_AFTER = timedelta(days=365)


def is_stale(verified_on: date, today: date) -> bool:
    """True when the record was last verified more than a year before ``today``."""
    return today - verified_on > STALE_AFTER
