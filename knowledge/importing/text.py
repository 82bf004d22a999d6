"""Making the same thing written in different ways look the same."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# Every stroke that people type for a hyphen, U+30FC and U+FF70 (long vowel) included:
# only used where a hyphen is meant, between digits or in a header.
DASHES = "‐‑‒–—―−－ｰー─━⁃﹣⁻₋"
_TO_HYPHEN = str.maketrans(dict.fromkeys(DASHES, "-"))
_STROKES = str.maketrans(dict.fromkeys(DASHES.replace("ー", ""), "-"))
_VOWEL_BETWEEN = re.compile(r"(?<=\d)ー+(?=\d)")
_WAVES = str.maketrans(dict.fromkeys("〜～∼˜", "~"))
_HEADER_MARKS = re.compile(r"[\s_\-*※■●◎○・,、:：/／()\[\]【】「」]+")
_SPACES = re.compile(r"[^\S\n]+")
_NAME_MARKS = re.compile(r"[\s\-・,、.。()\[\]「」『』【】'\"’”“]+")
_BLANKS = frozenset(("", "-", "—", "–", "--", "---", "ー", "―", "‐", "−", "－", "なし", "無し", "無", "ナシ", "特になし", "該当なし", "未定", "不明", "n/a", "N/A", "同上", "空欄", "/", "／", "×", "null", "None"))  # fmt: skip


def fold(text: str) -> str:
    """Return NFKC text: full-width digits and letters become narrow, narrow kana wide."""
    if text.isascii() or unicodedata.is_normalized("NFKC", text):
        return text
    return unicodedata.normalize("NFKC", text)


def fold_dashes(text: str) -> str:
    """Return narrow text in which every dash, the long vowel too, is a hyphen."""
    return fold(text).translate(_TO_HYPHEN)


def fold_number(text: str) -> str:
    """Return narrow text with hyphens; a long vowel is one only between digits (センター stays)."""
    return _VOWEL_BETWEEN.sub("-", fold(text).translate(_STROKES))


def fold_waves(text: str) -> str:
    """Return narrow text in which every wave dash is a tilde."""
    return fold(text).translate(_WAVES)


@lru_cache(maxsize=8192)
def fold_header(cell: str) -> str:
    """Return a header in the form headers are compared in.

    Spaces, dashes of every kind, brackets and the marks 「※」「・」「_」 do not tell
    columns apart; what stands after 「※」 in brackets is a remark.
    """
    text = re.sub(r"[（(]※[^）)]*[）)]", "", cell.lstrip("\ufeff"))
    return _HEADER_MARKS.sub("", fold_dashes(text)).casefold()


def fold_name(name: str) -> str:
    """Return a name in the form names are compared in: no spaces, marks or case."""
    return _NAME_MARKS.sub("", fold(name)).casefold()


def is_blank(cell: str) -> bool:
    """True for an empty cell, and for the dashes and words people put in one."""
    return not cell or cell.isspace() or cell.strip() in _BLANKS


def tidy(cell: str) -> str:
    """Return the text of a cell with runs of blanks made one and blank lines dropped."""
    if "\n" not in cell and "\r" not in cell and "  " not in cell and "\u3000" not in cell:
        return cell.strip()
    lines = (_SPACES.sub(" ", line).strip() for line in cell.replace("\r", "\n").split("\n"))
    return "\n".join(line for line in lines if line)
