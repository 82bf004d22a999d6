"""Which flags and categories a case's denied concerns (``negated``, free Japanese) stand for."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import yaml

from eval.cases import Case


def denied_codes(case: Case) -> tuple[set[str], set[str]]:
    """Return the red flags and the categories that would be false alarms in ``case``.

    ``negated.yaml`` maps the words; what the case's own labels call right is left out.
    """
    right = set(case.primary or ()) | set(case.acceptable)
    flags: set[str] = set()
    categories: set[str] = set()
    for words in case.negated:
        for pattern, its_flags, its_categories in _denials():
            if pattern.search(words):
                flags |= its_flags
                categories |= its_categories
    return flags - set(case.red_flags), categories - right


@lru_cache(maxsize=1)
def _denials() -> tuple[tuple[re.Pattern[str], set[str], set[str]], ...]:
    rows = yaml.safe_load(Path(__file__).with_name("negated.yaml").read_text(encoding="utf-8"))
    return tuple((re.compile(r["word"]), set(r["flags"]), set(r["categories"])) for r in rows)
