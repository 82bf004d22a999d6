"""Step 0: whether a note can be read at all."""

from __future__ import annotations

MAX_NOTE_CHARS = 20_000


class NoteProblem(ValueError):
    """The note cannot be read at all; the message (Japanese) says what to do."""


def check_note(note: str) -> None:
    """Raise :class:`NoteProblem` (Japanese) when the note is empty, too long or not text."""
    if not note.strip():
        raise NoteProblem("相談の内容が空です。相談記録を入力してください。")
    if len(note) > MAX_NOTE_CHARS:
        raise NoteProblem(
            f"相談の内容が長すぎます（{len(note):,}文字）。{MAX_NOTE_CHARS:,}文字以内に分けて入力してください。"
        )
    if "\x00" in note or any("\ud800" <= char <= "\udfff" for char in note):
        raise NoteProblem(
            "文字として読めないデータが含まれています。文章だけを貼り付けてください。"
        )
