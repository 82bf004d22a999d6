"""What Sudachi's dictionary knows a word as, whatever the sentence made of it."""

from __future__ import annotations

import threading
from functools import lru_cache

import sudachipy

_HIRAGANA = {code: code - 0x60 for code in range(0x30A1, 0x30F7)}
_lock = threading.Lock()


@lru_cache(maxsize=1)
def _dictionary() -> sudachipy.Dictionary:
    return sudachipy.Dictionary()


@lru_cache(maxsize=20_000)
def could_be(word: str) -> tuple[str, ...]:
    """Return 姓, 名, 人名, 地名, 固有 and 普通, those that the dictionary has for these letters."""
    try:
        with _lock:
            known = {m.part_of_speech()[1:4] for m in _dictionary().lookup(word)}
    except UnicodeError:  # half a surrogate pair
        return ()
    out = set()
    for sub, kind, detail in known:
        if sub != "固有名詞":
            out.add("普通")
        elif kind == "人名":
            out.add(detail if detail in ("姓", "名") else "人名")
        else:
            out.add("地名" if kind == "地名" else "固有")
    return tuple(sorted(out))


@lru_cache(maxsize=5_000)
def readings(word: str) -> frozenset[str]:
    """Return how the dictionary reads the word, in hiragana; none for a word it does not know."""
    try:
        with _lock:
            found = {m.reading_form() for m in _dictionary().lookup(word)}
    except UnicodeError:
        return frozenset()
    return frozenset(r.translate(_HIRAGANA) for r in found)
