"""How much a file may hold before it is refused rather than read."""

from __future__ import annotations

from dataclasses import dataclass

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one file; the defaults let a nation-wide list (104 MB of text) pass."""

    file_bytes: int = 150 * _MIB
    # After unpacking: .gz text, or all parts of an .xlsx together.
    unpacked_bytes: int = 600 * _MIB
    # A part this much smaller than its content is a bomb, not a table (real ones: up to 40).
    unpack_ratio: int = 150
    ratio_from_bytes: int = 5 * _MIB
    columns: int = 1_000
    cells: int = 30_000_000


LIMITS = Limits()
