"""What was found in a note, and the note with it replaced."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal["name", "address", "phone", "email", "sns", "birth", "number", "account", "facility"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Found:
    """Personal words of a note: half-open offsets into the note as given, and what stands instead."""

    start: int
    end: int
    text: str
    kind: Kind
    replacement: str


@dataclass(frozen=True, slots=True)
class Masked:
    """A note with its personal words replaced.  ``found`` is sorted and disjoint."""

    text: str
    found: tuple[Found, ...]

    def of(self, start: int, end: int) -> str:
        """Return the masked text of a half-open span of the ORIGINAL note.

        A span that cuts into a replaced word takes the whole replacement; an empty span,
        also one inside a replaced word, gives "".
        """
        if start >= end:
            return ""
        ends = [f.end for f in self.found]
        starts = [f.start for f in self.found]
        first, last = bisect_right(ends, start), bisect_left(starts, end)
        touched = self.found[first:last]
        if touched:
            start, end = min(start, touched[0].start), max(end, touched[-1].end)
        return self.text[self._place(start) : self._place(end)]

    def _place(self, at: int) -> int:
        """Where an offset of the note, not inside a replaced word, stands in ``text``."""
        moved = sum(
            len(f.replacement) - (f.end - f.start)
            for f in self.found
            if f.end <= at and f.start < at
        )
        return min(max(at + moved, 0), len(self.text))


def mask(note: str, found: Sequence[Found]) -> Masked:
    """Replace ``found`` in the note.  Order does not matter; of two that overlap the first wins."""
    kept: list[Found] = []
    pieces: list[str] = []
    at = 0
    for f in sorted(found, key=lambda f: (f.start, -f.end)):
        if f.start < at or not f.start < f.end <= len(note):
            continue
        pieces += [note[at : f.start], f.replacement]
        kept.append(f)
        at = f.end
    return Masked("".join([*pieces, note[at:]]), tuple(kept))
