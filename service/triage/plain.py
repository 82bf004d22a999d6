"""Dialect and spaced-out kana brought to one plain form, for reading what surrounds a trouble.

「あらへん」「なかばい」「ちょらん」 become ありません, ない, ていない; 「ことは いちども ありません」
loses its blanks.  Only what scope.py reads is rewritten, never the note.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

_WORDS_FILE = Path(__file__).with_name("plain.yaml")
_GAP = re.compile(r"(?<=[ぁ-んァ-ヶー一-龠]) (?=[ぁ-んァ-ヶ一-龠])")
_SPACED = re.compile(r"[ぁ-ん] [ぁ-んァ-ヶ一-龠]")


@dataclass(frozen=True, slots=True)
class PlainWords:
    """The rules of plain.yaml, and what a text must hold for any of them to apply."""

    dialect: re.Pattern[str]
    rules: tuple[tuple[re.Pattern[str], str], ...]


@lru_cache(maxsize=1)
def plain_words() -> PlainWords:
    """Read plain.yaml once."""
    data: dict[str, Any] = yaml.safe_load(_WORDS_FILE.read_text(encoding="utf-8"))
    rules = tuple((re.compile(pattern), written) for pattern, written in data["rules"])
    return PlainWords(re.compile(data["dialect"]), rules)


def is_spaced(text: str) -> bool:
    """True for やさしい日本語 with a blank after each word, where a blank separates nothing."""
    return len(_SPACED.findall(text[:200])) > 1


@lru_cache(maxsize=1024)
def plain(text: str, lead: str = "", *, spaced: bool = False) -> str:
    """Return ``text`` in its plain form; ``lead`` is the character before it, read but kept."""
    words = plain_words()
    if spaced:
        text = _GAP.sub("", text.lstrip(" ") if lead else text)
    if words.dialect.search(text) is None:
        return text
    whole = lead + text
    for pattern, written in words.rules:
        whole = pattern.sub(written, whole)
    return whole[len(lead) :] if whole.startswith(lead) else text
