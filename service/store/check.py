"""What a person typed, before it is stored: one line, not too long, the same on both databases."""

from __future__ import annotations

import unicodedata

from service.errors import BadInput

NAME_CHARS = 100


def one_line(text: str, what: str, limit_chars: int = NAME_CHARS) -> str:
    """Return ``text`` without outer spaces; ``what`` names it in Japanese.

    Raises :class:`BadInput` when it is empty, longer than ``limit_chars``, or holds a line
    break or another control character (PostgreSQL refuses NUL, SQLite would keep it).
    """
    line = text.strip()
    if not line:
        raise BadInput(f"{what}を入力してください。")
    if len(line) > limit_chars:
        raise BadInput(f"{what}は{limit_chars}文字以内にしてください（いま{len(line)}文字）。")
    if any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in line):
        raise BadInput(f"{what}に改行や制御文字は使えません。")
    return line
