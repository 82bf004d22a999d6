"""Getting the text of a note out of a file, whatever it was saved as."""

from __future__ import annotations

from service.errors import BadInput
from service.triage.note import MAX_NOTE_CHARS

# A character takes at most four bytes; anything larger cannot be a note.
_MAX_BYTES = MAX_NOTE_CHARS * 4 + 1024


def decode_note(data: bytes, name: str) -> str:
    """Return the text of a note saved as UTF-8, UTF-16 (with mark) or Shift_JIS (CP932).

    Raises :class:`BadInput` (Japanese) for a binary or oversized file.
    """
    if len(data) > _MAX_BYTES:
        raise BadInput(
            f"{name} は大きすぎます（{len(data):,}バイト）。相談記録は{MAX_NOTE_CHARS:,}文字以内にしてください。"
        )
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _decoded(data, "utf-16", name)
    if b"\x00" in data:
        raise BadInput(
            f"{name} は文章のファイルではないようです。メモ帳などのテキストで保存してください。"
        )
    for encoding in ("utf-8-sig", "cp932"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadInput(f"{name} の文字コードが分かりません。UTF-8 で保存し直してください。")


def _decoded(data: bytes, encoding: str, name: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise BadInput(
            f"{name} の文字コードが分かりません。UTF-8 で保存し直してください。"
        ) from error
