"""What an import has to say to the keeper: where, what stands there, what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# error: the row (or file) cannot be used.  check: used, but a person should look.
# note: told for completeness only.
Level = Literal["error", "check", "note"]
SHOWN_CHARS = 60


@dataclass(frozen=True, slots=True)
class Place:
    """A row of a file, counted as a spreadsheet shows it; row 0 is the file as a whole."""

    file: str
    sheet: str = ""
    row: int = 0

    def __str__(self) -> str:
        sheet = f" シート「{self.sheet}」" if self.sheet else ""
        return self.file + sheet + (f" {self.row}行目" if self.row else "")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to tell the keeper about one cell, row or file."""

    place: Place
    column: str
    value: str
    remedy: str
    level: Level = "check"

    def __str__(self) -> str:
        column = f" 「{self.column}」" if self.column else ""
        shown = self.value.replace("\n", " ")
        shown = shown[:SHOWN_CHARS] + ("…" if len(shown) > SHOWN_CHARS else "")
        value = f"（{shown}）" if shown else ""
        return f"{self.place}{column}{value}: {self.remedy}"


class ImportRefused(Exception):
    """The file or plan cannot be used as it stands; nothing was changed."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        self.findings = findings
        lines = "\n".join(f"・{finding}" for finding in findings[:20])
        more = f"\n（ほか {len(findings) - 20} 件）" if len(findings) > 20 else ""
        super().__init__(
            f"取り込めません。直すところが {len(findings)} 件あります。\n{lines}{more}"
        )


def refuse(place: Place, remedy: str, column: str = "", value: str = "") -> ImportRefused:
    """Return the refusal of a file for one reason."""
    return ImportRefused((Finding(place, column, value, remedy, "error"),))
