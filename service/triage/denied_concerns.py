"""Step 2d: concerns that the note names only to say that they are not there.

「虐待の所見なし」「死にたい気持ちはない」「生活費は足りている」: they are listed as denied, sink
in the ranking, and keep the model from adding its 'please check'.  A flag that the rules
raise is never touched: evidence beats a denial.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
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


class ConcernWords(BaseModel):
    """How a concern is named (``words``), or said not to be there (``fine``: 「お金は足りている」).

    ``flags`` and ``categories`` are what would be shown if it were there.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    code: str
    label: str
    flags: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    fine: tuple[str, ...] = ()


@lru_cache(maxsize=1)
def concern_words() -> tuple[ConcernWords, ...]:
    """Return the shipped words, read once."""
    data = load_yaml(Path(__file__).with_name("denied_concerns.yaml"))
    return tuple(TypeAdapter(list[ConcernWords]).validate_python(data))


def find_denied_concerns(
    reading: Reading, raised: Sequence[RedFlag], rules: Sequence[FlagRule]
) -> tuple[Denied, ...]:
    """Return the concerns that the note denies, at most one per entry of the data.

    Flags already ``raised`` keep their categories; a danger all of whose flags are raised
    is not listed.
    """
    known = {flag.code for flag in raised}
    found = []
    for concern in concern_words():
        open_flags = [code for code in concern.flags if code not in known]
        if concern.flags and not open_flags:
            continue
        denied = next(_denials(concern, reading), None)
        if denied is not None:
            categories = (*main_categories(open_flags, rules), *concern.categories)
            scope, span = denied
            found.append(Denied(concern.code, concern.label, scope, categories, span))
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


def _denials(concern: ConcernWords, reading: Reading) -> Iterator[tuple[Scope, Span]]:
    text = reading.normalised.text
    for patterns, wanted in ((concern.fine, ("affirmed",)), (concern.words, SILENCED)):
        if not patterns:
            continue
        for sentence in reading.ranges:
            for match in _compiled(patterns).finditer(text, *sentence):
                scope = scope_of(text, match.start(), match.end(), sentence)
                if scope in wanted:
                    said: Scope = "denied" if scope == "affirmed" else scope
                    yield said, span_of(reading, match.start(), match.end())


@lru_cache(maxsize=256)
def _compiled(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))
