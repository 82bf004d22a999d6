"""A paper as data: the same for the page, the PDF and the Word file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from service.cases.words import PrintKind


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a paper.  ``body`` is lines of text in the notation of :mod:`.ruby`."""

    heading: str
    body: str
    key: str


@dataclass(frozen=True, slots=True)
class Withheld:
    """A connection left off the slip, and why; for the desk's eyes only."""

    referral_id: str
    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Printout:
    """A paper before it is printed.

    ``number`` is the case's (2026-0012), "" on the slip.  ``basis`` says on what ground it may
    be shared and is printed; ``warning``, ``withheld`` and ``to_check`` (words whose reading
    nobody knows for certain) are for the desk and never are.
    """

    kind: PrintKind
    title: str
    town_name: str
    sections: tuple[Section, ...]
    basis: str
    warning: str
    number: str = ""
    printed_on: date | None = None
    withheld: tuple[Withheld, ...] = ()
    to_check: tuple[str, ...] = ()

    @property
    def is_slip(self) -> bool:
        """Whether it is for the person: big type, readings, nothing about the case."""
        return self.kind == "slip"
