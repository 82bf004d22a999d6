"""Japanese text analysis: normalisation that keeps offsets, sentences, Sudachi tokens.

Every position that leaves this module is a character offset into the text *as
given*, so that evidence can be marked in the clerk's own note.
"""

from __future__ import annotations

import bisect
import re
import threading
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import sudachipy

_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−－"), "-")
_SPACES = dict.fromkeys(map(ord, "\u00a0\u3000\u2009\u200a\u202f"), " ")
_TRANSLATE = {**_DASHES, **_SPACES, ord("〜"): "~", ord("～"): "~"}
_COMBINING = "\u3099\u309a\uff9e\uff9f"
_SENTENCE_END = re.compile(r"[。！？!?]+[」』）)]*|\n+")
_OPENING, _CLOSING = "「『（(", "」』）)"
# Sudachi refuses more than 49,149 bytes; 8,000 characters are at most 32,000.
_SUDACHI_CHUNK = 8_000
_CONTENT_POS = ("名詞", "動詞", "形容詞", "形状詞", "副詞", "接頭辞", "感動詞")
_STOP_FORMS = frozenset(
    [
        "為る",
        "居る",
        "有る",
        "成る",
        "言う",
        "事",
        "物",
        "様",
        "其れ",
        "此れ",
        "思う",
        "見る",
        "来る",
        "行く",
        "出来る",
    ]
)


@dataclass(frozen=True, slots=True)
class Normalised:
    """NFKC text with the way back: ``origin[i]`` is where ``text[i]`` began in the original."""

    text: str
    origin: tuple[int, ...]

    def to_original(self, start: int, end: int) -> tuple[int, int]:
        """Map a half-open range of the normalised text to one of the original text.

        A range that ends inside what one character became (㈱ → (株)) takes the whole of it.
        """
        last = self.origin[max(start, end - 1)]
        after = min(bisect.bisect_right(self.origin, last), len(self.text))
        return self.origin[start], self.origin[after]

    def to_normalised(self, start: int, end: int) -> tuple[int, int]:
        """Map a half-open range of the original text to one of the normalised text."""
        return bisect.bisect_left(self.origin, start), bisect.bisect_left(self.origin, end)


@dataclass(frozen=True, slots=True)
class Token:
    """One Sudachi morpheme (split mode A); ``start``/``end`` are offsets into the normalised text."""

    surface: str
    normalised: str
    reading: str
    pos: tuple[str, ...]
    start: int
    end: int

    @property
    def is_content(self) -> bool:
        """True for words that carry meaning for search (nouns, verbs, adjectives …)."""
        return (
            self.pos[0] in _CONTENT_POS
            and self.pos[1] != "非自立可能"
            and self.normalised not in _STOP_FORMS
        )


def normalise(text: str) -> Normalised:
    """Return the NFKC form of ``text`` with an offset for each character.

    Half-width kana with their voicing marks become one character; every kind of dash
    becomes '-' and every kind of space ' '.  ``origin`` has one entry more than the
    text, the length of the original, so that ends map too.
    """
    out: list[str] = []
    origin: list[int] = []
    i = 0
    while i < len(text):
        j = i + 1
        while j < len(text) and (text[j] in _COMBINING or unicodedata.combining(text[j])):
            j += 1
        piece = unicodedata.normalize("NFKC", text[i:j]).translate(_TRANSLATE)
        out.append(piece)
        origin.extend([i] * len(piece))
        i = j
    origin.append(len(text))
    return Normalised("".join(out), tuple(origin))


def split_sentences(text: str) -> tuple[tuple[int, int], ...]:
    """Return half-open ranges of the sentences of ``text``, without surrounding blanks.

    A sentence ends at 。！？ outside brackets and at every line break (notes are full
    of bullets).  A bracket that is never closed does not swallow the rest of the note:
    a line break resets the depth.
    """
    ranges: list[tuple[int, int]] = []
    start, depth, i = 0, 0, 0
    while i < len(text):
        char = text[i]
        if char in _OPENING:
            depth += 1
        elif char in _CLOSING:
            depth = max(0, depth - 1)
        match = _SENTENCE_END.match(text, i) if char in "。！？!?\n" else None
        if match and (char == "\n" or depth == 0):
            ranges.append((start, match.end()))
            start, depth, i = match.end(), 0, match.end()
            continue
        i += 1
    ranges.append((start, len(text)))
    return tuple(r for r in (_strip(text, *r) for r in ranges) if r[0] < r[1])


def _strip(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


_local = threading.local()


@lru_cache(maxsize=1)
def _dictionary() -> sudachipy.Dictionary:
    return sudachipy.Dictionary()


def _tokenizer() -> sudachipy.Tokenizer:
    # A SudachiPy tokenizer shared by threads raises 'already in use': one per thread.
    if not hasattr(_local, "tokenizer"):
        _local.tokenizer = _dictionary().tokenizer(mode=sudachipy.SplitMode.A)
    tokenizer: sudachipy.Tokenizer = _local.tokenizer
    return tokenizer


def tokenise(text: str) -> tuple[Token, ...]:
    """Return the Sudachi tokens of normalised ``text`` in order; blanks are left out."""
    tokens: list[Token] = []
    for offset in range(0, len(text), _SUDACHI_CHUNK):
        for m in _tokenizer().tokenize(text[offset : offset + _SUDACHI_CHUNK]):
            surface = m.surface()
            if surface.strip():
                tokens.append(
                    Token(
                        surface,
                        m.normalized_form(),
                        m.reading_form(),
                        m.part_of_speech(),
                        offset + m.begin(),
                        offset + m.end(),
                    )
                )
    return tuple(tokens)


def search_terms(tokens: tuple[Token, ...]) -> list[str]:
    """Return the normalised forms of the content words, in order, for BM25."""
    return [t.normalised for t in tokens if t.is_content]
