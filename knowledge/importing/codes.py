"""Municipality codes (全国地方公共団体コード): check digits, lost zeros, prefectures' codes."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal

from knowledge.importing.text import fold, is_blank

_PREFECTURES = Path(__file__).parent / "words" / "prefectures.csv"
_WEIGHTS = (6, 5, 4, 3, 2)


@dataclass(frozen=True, slots=True)
class CodeReading:
    """A six-digit code and whether it names a municipality or only a prefecture."""

    code: str = ""
    kind: Literal["municipality", "prefecture", ""] = ""
    doubts: tuple[str, ...] = ()


@cache
def prefectures() -> Mapping[str, str]:
    """Return the 47 prefectures by their two-digit number."""
    with _PREFECTURES.open(encoding="utf-8", newline="") as stream:
        return {row["code"]: row["name"] for row in csv.DictReader(stream)}


def check_digit(five: str) -> str:
    """Return the sixth digit of a code (総務省の検査数字)."""
    total = sum(int(digit) * weight for digit, weight in zip(five, _WEIGHTS, strict=True))
    return str((11 - total % 11) % 10)


def is_valid(code: str) -> bool:
    """True for six digits of a real prefecture whose last one is the check digit."""
    return (
        len(code) == 6
        and code.isdecimal()
        and code[:2] in prefectures()
        and check_digit(code[:5]) == code[5]
    )


@lru_cache(maxsize=16_384)
def read_code(cell: str, prefecture: str = "") -> CodeReading:
    """Return the code with its lost zero or check digit put back.

    Five digits can be a code that lost its first zero (11011 for 011011) or one
    written without its check digit; where both would be right only the row's
    ``prefecture`` decides, and without it nothing is returned.
    """
    if is_blank(cell):
        return CodeReading()
    digits = fold(cell).strip().removesuffix(".0")
    if not re.fullmatch(r"\d{1,6}", digits):
        return CodeReading(doubts=(f"自治体コードとして読めません（{cell.strip()[:12]}）",))
    possible = sorted({code for code in _candidates(digits) if is_valid(code)})
    fitting = [code for code in possible if prefectures()[code[:2]] == prefecture]
    if prefecture and fitting:
        possible = fitting
    if len(possible) == 1:
        return _reading(possible[0], digits, prefecture)
    if not possible:
        return CodeReading(doubts=(f"自治体コードの検査数字が合いません（{digits}）",))
    return CodeReading(
        doubts=(f"自治体コード {digits} は {' と '.join(possible)} のどちらとも読めます",)
    )


def _candidates(digits: str) -> list[str]:
    if len(digits) == 6:
        return [digits]
    if len(digits) == 5:
        return ["0" + digits, digits + check_digit(digits)]
    if len(digits) == 4:
        five = "0" + digits
        return [five + check_digit(five)]
    number = digits.zfill(2)
    five = number + "000"
    return [five + check_digit(five)] if len(digits) <= 2 else []


def _reading(code: str, digits: str, prefecture: str) -> CodeReading:
    kind: Literal["municipality", "prefecture"] = (
        "prefecture" if code[2:5] == "000" else "municipality"
    )
    own = prefectures()[code[:2]]
    if prefecture and own != prefecture:
        said = f"自治体コード {digits} は{own}のものですが、都道府県は{prefecture}です"
        return CodeReading(doubts=(said,))
    if kind == "prefecture":
        said = f"市区町村ではなく{own}のコードです（{digits}）"
        return CodeReading(code, kind, (said,))
    return CodeReading(code, kind)
