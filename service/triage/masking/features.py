"""What the tagger sees of each word: its class, its letters, and the words around it."""

from __future__ import annotations

import re
from functools import lru_cache

from index.text import Token
from service.triage.masking.lexicon import could_be
from service.triage.masking.pieces import Piece
from service.triage.masking.words import masking_words
from service.triage.mentions import people_words

_SHAPES = ((re.compile(r"[一-龥々]"), "K"), (re.compile(r"[ぁ-ん]"), "h"), (re.compile(r"[ァ-ヴー]"), "k"),
           (re.compile(r"\d"), "9"), (re.compile(r"[A-Za-z]"), "a"))  # fmt: skip
_REACH = 4


def features_of(text: str, tokens: tuple[Token, ...], known: tuple[Piece, ...]) -> list[list[str]]:
    """Return the features of every token, in order."""
    own = [_own(text, t) for t in tokens]
    inside = _known_kinds(tokens, known)
    rows: list[list[str]] = []
    for i, _token in enumerate(tokens):
        row = [f"0{f}" for f in own[i]]
        for off in (-2, -1, 1, 2):
            if 0 <= i + off < len(tokens):
                row += [f"{off}{f}" for f in own[i + off]]
            else:
                row.append(f"{off}edge")
        row += _around(text, tokens, i, own)
        row += [
            f"{off}in{inside[i + off]}"
            for off in (-1, 0, 1, 2)
            if 0 <= i + off < len(tokens) and inside[i + off]
        ]
        rows.append(row)
    return rows


def _own(text: str, token: Token) -> list[str]:
    """Return the features of one word by itself; a proper noun's own letters are left out."""
    s = token.surface
    pos = token.pos
    out = [f"p{pos[0]}", f"q{pos[0]}{pos[1]}{pos[2]}{pos[3]}", f"s{_shape(s)}"]
    if pos[1] != "固有名詞" and not s[0].isdigit():
        out.append(f"w{s}")
    out += _lists(s)
    out += [f"c{c}" for c in could_be(s)]
    if token.start == 0 or text[token.start - 1] == "\n":
        out.append("line")
    elif text[token.start - 1].isspace():
        out.append("gap")
    return out


@lru_cache(maxsize=20_000)
def _lists(surface: str) -> tuple[str, ...]:
    words, out = masking_words(), []
    for name, listed in words.lists.items():
        if surface in listed:
            out.append(f"L{name}")
    kind = people_words().kinds.get(surface)
    if kind:
        out.append(f"P{kind[0]}")
    if len(surface) > 1 and surface[-1] in words.place_ends:
        out.append("endplace")
    if len(surface) > 1 and any(surface.endswith(e) for e in words.lists["facility_end"]):
        out.append("endfacility")
    return tuple(out)


@lru_cache(maxsize=20_000)
def _shape(surface: str) -> str:
    kinds = [next((name for pattern, name in _SHAPES if pattern.match(c)), "x") for c in surface]
    out = [k for i, k in enumerate(kinds) if i == 0 or kinds[i - 1] != k]
    return "".join(out[:3]) + str(min(len(surface), 5))


def _around(text: str, tokens: tuple[Token, ...], i: int, own: list[list[str]]) -> list[str]:
    """Return what follows and precedes in the same unbroken run of nouns."""
    out: list[str] = []
    j = i
    for step in range(1, _REACH + 1):
        j += 1
        if j >= len(tokens) or _breaks(text, tokens[j - 1], tokens[j]):
            break
        hits = [f for f in own[j] if f[0] == "L" or f.startswith("Prole") or f.startswith("Pout")]
        if hits:
            out += [f"then{min(step, 3)}{f}" for f in hits]
            break
        if tokens[j].pos[0] not in (
            "名詞",
            "接尾辞",
            "接尾",
            "接頭辞",
            "接頭",
            "記号",
            "補助記号",
            "補助",
        ):
            break
    if i + 2 < len(tokens) and tokens[i + 1].surface == "の":
        behind = text[tokens[i + 2].start : tokens[i + 2].start + 6]
        if any(behind.startswith(w) for w in masking_words().kin_after_no):
            out.append("nokin")
    j = i
    for step in range(1, _REACH + 1):
        j -= 1
        if j < 0:
            break
        hits = [f for f in own[j] if f[0] in "LP"]
        if hits:
            out += [f"back{min(step, 3)}{f}" for f in hits]
            break
    return out


def _breaks(text: str, a: Token, b: Token) -> bool:
    return "\n" in text[a.end : b.start] or b.surface in "。、,()「」・:;"


def _known_kinds(tokens: tuple[Token, ...], known: tuple[Piece, ...]) -> list[str]:
    kinds = [""] * len(tokens)
    for p in known:
        for i, t in enumerate(tokens):
            if t.start < p.end and p.start < t.end:
                kinds[i] = p.kind + ("B" if t.start <= p.start else "I")
    return kinds
