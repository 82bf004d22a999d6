"""The notation for readings: ``役場《やくば》``, and ``｜`` where the word begins with kana.

The notation of 青空文庫, because people can type it.  What is not a whole notation stays as it
was typed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

KANJI = "一-鿿㐀-䶿豈-﫿々〆〇𠀀-𮯯"
_NOTE = re.compile(
    rf"｜(?P<whole>[^｜《》\n]{{1,40}})《(?P<over_whole>[^《》\n]{{1,80}})》"
    rf"|(?P<kanji>[{KANJI}]{{1,40}})《(?P<over_kanji>[^《》\n]{{1,80}})》"
)

_ALL_KANJI = re.compile(f"[{KANJI}]+")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text and its reading, "" without one."""

    text: str
    reading: str = ""


def pieces_of(line: str) -> tuple[Piece, ...]:
    """Cut a line into pieces; joined, their texts are the line without its readings."""
    found: list[Piece] = []
    start = 0
    for match in _NOTE.finditer(line):
        if match.start() > start:
            found.append(Piece(line[start : match.start()]))
        found.append(
            Piece(match["whole"] or match["kanji"], match["over_whole"] or match["over_kanji"])
        )
        start = match.end()
    if start < len(line):
        found.append(Piece(line[start:]))
    return tuple(found)


def noted(pieces: Iterable[Piece]) -> str:
    """Write pieces as a line; ``｜`` only where a word would run into the kanji before it."""
    line = ""
    for piece in pieces:
        if not piece.reading:
            line += piece.text
            continue
        is_plain = _ALL_KANJI.fullmatch(piece.text) and not _ALL_KANJI.fullmatch(line[-1:])
        line += f"{'' if is_plain else '｜'}{piece.text}《{piece.reading}》"
    return line


def without_readings(text: str) -> str:
    """Return the text as it is read without the readings."""
    return "\n".join("".join(p.text for p in pieces_of(line)) for line in text.split("\n"))
