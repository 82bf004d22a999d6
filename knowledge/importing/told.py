"""Collecting what a row makes one say, under the header the reader's cell stands in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from knowledge.importing.findings import Finding, Level, Place


@dataclass(slots=True)
class Told:
    """The findings of one row while it is read."""

    place: Place
    headers: Mapping[str, str]
    findings: list[Finding] = field(default_factory=list)

    def add(self, role: str, value: str, said: Iterable[str], level: Level = "check") -> None:
        """Note each sentence about the cell of a role."""
        for sentence in said:
            column = self.headers.get(role, "")
            self.findings.append(Finding(self.place, column, value, sentence, level))

    def error(self, role: str, value: str, said: str) -> None:
        """Note why the row cannot be used."""
        self.add(role, value, (said,), "error")
