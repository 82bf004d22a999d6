"""The word lists of words.yaml, read once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

_FILE = Path(__file__).with_name("words.yaml")


@dataclass(frozen=True, slots=True)
class MaskingWords:
    """Words that introduce or end personal data; ``number_…`` are alternatives of a pattern."""

    number_labels: str
    number_topics: str
    hotlines: frozenset[str]
    lists: dict[str, frozenset[str]]
    sets: dict[str, frozenset[str]]
    place_ends: frozenset[str]
    address_heads: str
    not_places: str
    facility_stops: frozenset[str]
    facility_leads: frozenset[str]
    facility_generic: frozenset[str]
    not_names: frozenset[str]
    kin_after_no: frozenset[str]
    title_words: dict[str, str]
    place_words: tuple[tuple[re.Pattern[str], str], ...]


@lru_cache(maxsize=1)
def masking_words() -> MaskingWords:
    """Read words.yaml."""
    data: dict[str, Any] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return MaskingWords(
        number_labels=any_of(data["number_labels"]),
        number_topics=any_of(data["number_topics"]),
        hotlines=frozenset(data["hotlines"]),
        lists={name: frozenset(map(str, words)) for name, words in data["lists"].items()},
        sets={name: frozenset(map(str, words)) for name, words in data["sets"].items()},
        place_ends=frozenset(data["place_ends"]),
        address_heads=any_of(data["address_heads"]),
        not_places="|".join(data["not_places"]),
        facility_stops=frozenset(map(str, data["facility_stops"])),
        facility_leads=frozenset(map(str, data["facility_leads"])),
        facility_generic=frozenset(map(str, data["facility_generic"])),
        not_names=frozenset(map(str, data["not_names"])),
        kin_after_no=frozenset(map(str, data["kin_after_no"])),
        title_words=data["title_words"],
        place_words=tuple((re.compile(pattern), word) for pattern, word in data["place_words"]),
    )


def any_of(words: list[str]) -> str:
    """Return an alternation that prefers the longest word."""
    return "|".join(re.escape(w) for w in sorted(set(words), key=len, reverse=True))
