"""Step 2d: dangers that the note names and denies (「虐待の所見なし」「死にたい気持ちはない」).

They are listed as denied, sink in the ranking, and keep the model from adding its 'please
check'.  A flag that the rules raise is never touched: evidence beats a denial.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter

from service.triage.models import Denied, Reading, RedFlag, Scope, Span
from service.triage.red_flags import FlagRule
from service.triage.rules import load_yaml, span_of
from service.triage.scope import scope_of

SILENCED = ("denied", "past", "other")
# The categories that a flag leads to before all others.
MAIN_CATEGORY = 0.9


class DangerWords(BaseModel):
    """How a danger is named, and the flags it stands for."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    code: str
    label: str
    flags: tuple[str, ...]
    words: str


@lru_cache(maxsize=1)
def danger_words() -> tuple[DangerWords, ...]:
    """Return the shipped words, read once."""
    data = load_yaml(Path(__file__).with_name("denied_dangers.yaml"))
    return tuple(TypeAdapter(list[DangerWords]).validate_python(data))


def find_denied_dangers(
    reading: Reading, raised: Sequence[RedFlag], rules: Sequence[FlagRule]
) -> tuple[Denied, ...]:
    """Return the dangers whose words the note denies, at most one per entry of the data.

    Flags already ``raised`` keep their categories; a danger all of whose flags are raised
    is not listed.
    """
    known = {flag.code for flag in raised}
    found = []
    for danger in danger_words():
        open_flags = [code for code in danger.flags if code not in known]
        denied = _first_denied(danger.words, reading) if open_flags else None
        if denied is not None:
            categories = main_categories(open_flags, rules)
            found.append(Denied(danger.code, danger.label, denied[0], categories, denied[1]))
    return tuple(found)


def main_categories(codes: Sequence[str], rules: Sequence[FlagRule]) -> tuple[str, ...]:
    """Return the categories that the flags lead to before all others."""
    return tuple(
        dict.fromkeys(
            category
            for rule in rules
            if rule.code in codes
            for category, weight in rule.categories.items()
            if weight >= MAIN_CATEGORY
        )
    )


def _first_denied(words: str, reading: Reading) -> tuple[Scope, Span] | None:
    text = reading.normalised.text
    for sentence in reading.ranges:
        for match in re.finditer(words, text[sentence[0] : sentence[1]]):
            start, end = sentence[0] + match.start(), sentence[0] + match.end()
            scope = scope_of(text, start, end, sentence)
            if scope in SILENCED:
                return scope, span_of(reading, start, end)
    return None
