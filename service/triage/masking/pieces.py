"""Personal words found by one of the rules, before they are joined and named."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from index.text import Normalised, normalise
from service.triage.masking.models import Kind

# ① would become 1 and run into the number after it.
_CIRCLED = re.compile("[\u2460-\u249b\u24ea-\u24ff\u2776-\u2793]")

# Half of a surrogate pair: Sudachi refuses it.
_BROKEN = re.compile("[\ud800-\udfff]")
_LOOKALIKE = re.compile(r"[OolI|]")
_ALIKE, _BETWEEN, _UNITS = frozenset("OolI|"), " .,()/-", frozenset("年月日号番丁歳階棟")
_INNER_BLANK = re.compile(r"(?<=[^\sA-Za-z。、]) (?=[^\sA-Za-z])")
_WRAPPED = re.compile(
    r"(?<=[\d年月])\n(?=[番丁号年月]|日(?![中々時頃間曜本常程記勤]))|(?<=[年月目番])\n(?=\d)"
)


@dataclass(frozen=True, slots=True)
class Piece:
    """Half-open offsets into the folded note."""

    start: int
    end: int
    kind: Kind


def fold_note(note: str) -> Normalised:
    """Return the note as the rules read it, with the way back to the note as given.

    NFKC; circled digits become dots.  Scanned notes (OCR) are read too: letters that stand
    for digits (昭和l2年lO月), a blank between every two characters, a line broken inside a date
    or an address.
    """
    plain = normalise(_BROKEN.sub("?", _CIRCLED.sub("・", note)))
    text = _digits_for_letters(plain.text)
    dropped = _blanks_to_drop(note, text, plain.origin)
    if not dropped:
        return Normalised(text, plain.origin)
    kept = [i for i in range(len(text)) if i not in dropped]
    origin = [plain.origin[i] for i in kept]
    return Normalised("".join(text[i] for i in kept), (*origin, plain.origin[-1]))


def _digits_for_letters(text: str) -> str:
    """Read O as 0 and l, I as 1 beside digits or in front of 年, 月, 号 …"""
    out = list(text)
    for m in reversed(list(_LOOKALIKE.finditer(text))):
        i = m.start()
        before = next((c for c in reversed(out[max(0, i - 4) : i]) if c not in _BETWEEN), "")
        after = "".join(out[i + 1 : i + 5]).lstrip(_BETWEEN)[:1]
        near = text[max(0, i - 1) : i] + text[i + 1 : i + 2]
        if any(c.isascii() and c.isalpha() and c not in "OolIMTSHR" for c in near):
            continue
        if (
            before.isdecimal()
            or after.isdecimal()
            or after in _UNITS
            or (after in _ALIKE and before in "SHTM")
        ):
            out[i] = "0" if text[i] in "Oo" else "1"
    for m in re.finditer(r"(?<![A-Za-z])[Oo]{2,4}(?=\d|\s?[-(ー]\s?\d)", "".join(out)):
        out[m.start() : m.end()] = "0" * len(m.group())
    return "".join(out)


def _blanks_to_drop(note: str, text: str, origin: tuple[int, ...]) -> set[int]:
    """Return where a blank or a line break only interrupts a word of a scanned note."""
    dropped = {m.start() for m in _WRAPPED.finditer(text)}
    inner = [m.start() for m in _INNER_BLANK.finditer(text) if note[origin[m.start()]] == " "]
    letters = sum(not c.isspace() for c in text)
    if len(inner) >= max(6, letters * 0.15):
        dropped |= set(inner)
    return dropped


def free(pieces: Iterable[Piece], start: int, end: int) -> bool:
    """Tell whether no piece touches the half-open range."""
    return all(p.end <= start or end <= p.start for p in pieces)
