"""Readings over every kanji, by Sudachi and the desk's own words.

A wrong reading is worse than none: names of places and people, counters that change their
sound, and words with two readings (``furigana_bare.txt``) stay bare unless the table
``furigana.csv`` knows them.
"""

from __future__ import annotations

import csv
import re
import threading
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import sudachipy

from service.printouts.ruby import KANJI, Piece, noted, pieces_of

_TABLE = Path(__file__).with_name("furigana.csv")
_SEVERAL = Path(__file__).with_name("furigana_bare.txt")
_KANJI = re.compile(f"[{KANJI}]")
_RUNS = re.compile(f"[{KANJI}]+|[^{KANJI}]+")
_KATAKANA = re.compile("[ァ-ヴー]+")
_DIGIT = re.compile("[0-9０-９]$")
_TO_HIRAGANA = {code: code - 0x60 for code in range(ord("ァ"), ord("ヶ"))}
_BARE = re.compile(f"(?<![0-9０-９{KANJI}])[{KANJI}]+")
_COUNTER = re.compile(
    rf"(?<![0-9０-９])(?P<number>[0-9０-９]{{1,4}})(?P<unit>か月|日|人|分|階|月|時|円|歳|年|番|度|枚|週|回)(?![{KANJI}])"
)
_UNITS = {
    "月": "がつ", "時": "じ", "円": "えん", "歳": "さい", "年": "ねん", "番": "ばん",
    "度": "ど", "枚": "まい", "週": "しゅう", "回": "かい", "か月": "かげつ", "階": "かい",
}  # fmt: skip
# Sudachi refuses more than 49,149 bytes.
_CHUNK = 8_000
_LOCK = threading.Lock()


@dataclass(frozen=True, slots=True)
class _Read:
    """A word of the line: half-open offsets, and its reading in hiragana ("" for none)."""

    start: int
    end: int
    reading: str


def add_furigana(text: str, names: Collection[str] = ()) -> str:
    """Return the text with a reading after each kanji word; readings that stand there stay.

    ``names`` (of places) get none: the dictionary knows 緑野 as りょくや, the town may not.
    """
    return "\n".join(noted(_pieces(line, names)) for line in text.split("\n"))


def without_a_reading(text: str) -> tuple[str, ...]:
    """Return the words with kanji that have no reading, each once, in order.

    Counters (3人, 1日) do not count: everybody can read them.
    """
    bare = (
        piece.text for line in text.split("\n") for piece in pieces_of(line) if not piece.reading
    )
    found = (word for words in bare for word in _BARE.findall(words))
    return tuple(dict.fromkeys(found))


def _pieces(line: str, names: Collection[str]) -> Iterator[Piece]:
    for piece in pieces_of(line):
        if piece.reading:
            yield piece
        else:
            yield from _annotated(piece.text, names)


def _annotated(line: str, names: Collection[str]) -> Iterator[Piece]:
    done = 0
    for word in _words(line, names):
        yield Piece(line[done : word.start])
        surface = line[word.start : word.end]
        yield from _over_kanji(surface, word.reading) if word.reading else (Piece(surface),)
        done = word.end
    yield Piece(line[done:])


def _words(line: str, names: Collection[str]) -> list[_Read]:
    """Return the words with kanji, none over another; what is said first counts most."""
    taken: set[int] = set()
    found: list[_Read] = []
    for word in (*_named(line, names), *_from_table(line), *_from_sudachi(line)):
        places = range(word.start, word.end)
        if taken.isdisjoint(places):
            found.append(word)
            taken.update(places)
    return sorted(found, key=lambda word: word.start)


def _named(line: str, names: Collection[str]) -> Iterator[_Read]:
    for name in sorted(names, key=len, reverse=True):
        for match in re.finditer(re.escape(name), line):
            yield _Read(match.start(), match.end(), "")


def _from_table(line: str) -> Iterator[_Read]:
    # 支援係 is しえんがかり, 係の人 is かかりのひと.
    for match in re.finditer(f"(?<=[{KANJI}て])係(?![{KANJI}])", line):
        yield _Read(match.start(), match.end(), "がかり")
    words, pattern = _table()
    for match in pattern.finditer(line):
        yield _Read(match.start(), match.end(), words[match[0]])
    for match in _COUNTER.finditer(line):
        reading = _counter(match["number"], match["unit"])
        yield _Read(match.start("unit"), match.end("unit"), reading)


def _counter(number: str, unit: str) -> str:
    """Return the reading after a number; "" where the sound depends on what is meant."""
    n = int(number)
    if unit == "日":
        return "" if n <= 10 or n in (14, 20, 24) else "にち"
    if unit == "人":
        return "" if n in (1, 2) else "にん"
    if unit == "分":
        return "ふん" if n % 10 in (2, 5, 7, 9) else "ぷん"
    return "" if unit == "階" and n % 10 == 3 else _UNITS[unit]


def _from_sudachi(line: str) -> Iterator[_Read]:
    for offset in range(0, len(line), _CHUNK):
        chunk = line[offset : offset + _CHUNK]
        with _LOCK:
            # A tokenizer is not to be used by two threads at once.
            morphemes = list(_tokenizer().tokenize(chunk))
        for morpheme in morphemes:
            surface = morpheme.surface()
            if not _KANJI.search(surface):
                continue
            start, end = morpheme.begin(), morpheme.end()
            if _is_doubtful(morpheme, surface, chunk[:start][-1:]):
                yield _Read(offset + start, offset + end, "")
            else:
                yield from _parts(morpheme, offset + start)


def _is_doubtful(morpheme: sudachipy.Morpheme, surface: str, before: str) -> bool:
    pos = morpheme.part_of_speech()
    is_name = pos[1] == "固有名詞" and pos[2] in ("地名", "人名")
    counts = bool(_DIGIT.search(before)) or bool(re.search("[0-9０-９]", surface))
    is_end = pos[0] == "接尾辞" and f"-{surface}" in _several_readings()
    return morpheme.is_oov() or is_name or counts or is_end or surface in _several_readings()


def _parts(morpheme: sudachipy.Morpheme, start: int) -> Iterator[_Read]:
    """Yield a long word in its parts (本人・確認・書類) when their readings make up the whole's."""
    whole = morpheme.reading_form()
    parts = list(morpheme.split(sudachipy.SplitMode.A))
    if "".join(part.reading_form() for part in parts) != whole:
        yield _Read(start, start + len(morpheme.surface()), _hiragana(whole))
        return
    for part in parts:
        surface = part.surface()
        if _KANJI.search(surface):
            yield _Read(start, start + len(surface), _hiragana(part.reading_form()))
        start += len(surface)


def _hiragana(reading: str) -> str:
    return reading.translate(_TO_HIRAGANA) if _KATAKANA.fullmatch(reading) else ""


def _over_kanji(word: str, reading: str) -> tuple[Piece, ...]:
    """Put the reading over the kanji only: 受け付け becomes 受《う》け付《つ》け."""
    runs = _RUNS.findall(word)
    inner = [f"({re.escape(_kana(run))})" if not _KANJI.match(run) else "(.+{})" for run in runs]
    lazy = re.fullmatch("".join(part.replace("{}", "?") for part in inner), reading)
    greedy = re.fullmatch("".join(part.replace("{}", "") for part in inner), reading)
    if lazy is None or greedy is None or lazy.groups() != greedy.groups():
        return (Piece(word, reading),)
    pairs = zip(runs, lazy.groups(), strict=True)
    return tuple(Piece(run, over if _KANJI.match(run) else "") for run, over in pairs)


def _kana(run: str) -> str:
    return run.translate(_TO_HIRAGANA)


@lru_cache(maxsize=1)
def _table() -> tuple[dict[str, str], re.Pattern[str]]:
    with _TABLE.open(encoding="utf-8", newline="") as file:
        words = {row["word"]: row["reading"] for row in csv.DictReader(file)}
    longest_first = sorted(words, key=lambda word: (-len(word), word))
    return words, re.compile("|".join(map(re.escape, longest_first)))


@lru_cache(maxsize=1)
def _several_readings() -> frozenset[str]:
    lines = _SEVERAL.read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


@lru_cache(maxsize=1)
def _tokenizer() -> sudachipy.Tokenizer:
    return sudachipy.Dictionary(dict="core").tokenizer(sudachipy.SplitMode.C)
