"""The same names again: who was named once with 様 is named later without."""

from __future__ import annotations

import re
from collections.abc import Iterable

from index.text import Token
from service.triage.masking.lexicon import could_be
from service.triage.masking.pieces import Piece
from service.triage.masking.words import masking_words


def find_repeats(text: str, tokens: tuple[Token, ...], found: Iterable[Piece]) -> list[Piece]:
    """Return every other place where a found name, or its surname or given name, stands."""
    words: dict[str, Piece] = {}
    for p in found:
        if p.kind in ("name", "facility"):
            for word in _parts(text, tokens, p):
                words.setdefault(word, p)
    starts, ends = {t.start for t in tokens}, {t.end for t in tokens}
    again: list[Piece] = []
    for word, piece in words.items():
        for m in re.finditer(re.escape(word), text):
            if m.start() in starts and m.end() in ends:
                again.append(Piece(*m.span(), piece.kind))
    return again


def _parts(text: str, tokens: tuple[Token, ...], piece: Piece) -> list[str]:
    """Return the name and its parts, those that can be nothing else."""
    whole = text[piece.start : piece.end]
    parts = {whole}
    if piece.kind == "name":
        parts |= {t.surface for t in tokens if piece.start <= t.start and t.end <= piece.end}
        parts |= set(whole.split())
    return [w for w in parts if _is_own(w)]


def _is_own(word: str) -> bool:
    if len(word) < 2 or word in masking_words().not_names or word.isdecimal():
        return False
    known = set(could_be(word))
    return "普通" not in known or len(word) > 3
