"""Every habit seen in a real list has a test of its own: the decision's table says which."""

from __future__ import annotations

import re
from pathlib import Path

DECISION = Path(__file__).parents[3] / "docs" / "decisions" / "0011-import.md"
HEAD = "| 癖 | 試験 |"


def quirks() -> dict[str, list[str]]:
    """Each habit of the table and the tests it names."""
    table = DECISION.read_text(encoding="utf-8").partition(HEAD)[2].partition("\n\n")[0]
    lines = [line.split("|") for line in table.splitlines() if line.startswith("| ")]
    return {cells[1].strip(): re.findall(r"`(test_\w+)`", cells[2]) for cells in lines}


def test_every_habit_of_the_real_lists_names_tests_that_are_there() -> None:
    """A test renamed or dropped leaves a habit unproven."""
    code = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("*.py"))
    there = set(re.findall(r"^def (test_\w+)", code, re.MULTILINE))
    assert len(quirks()) >= 36
    assert {quirk: names for quirk, names in quirks().items() if not names or set(names) - there} == {}  # fmt: skip
