"""Which character encoding a text file is in; said aloud when it cannot be told."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from charset_normalizer import from_bytes

from knowledge.importing.findings import Finding, Place, refuse
from knowledge.importing.tables import Blob

_SAMPLE_BYTES = 1024 * 1024
# charset_normalizer takes the same answer from 64 KiB as from the whole file.
_GUESS_BYTES = 64 * 1024
_JAPANESE = ["cp932", "euc_jp"]
_WIDE = ["utf_16_le", "utf_16_be"]
_WIDE_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAVE_AGAIN = (
    "Excel の「名前を付けて保存」で「CSV UTF-8（コンマ区切り）」を選び、保存し直してください"
)


@dataclass(frozen=True, slots=True)
class Encoding:
    """The name Python knows the encoding by, and what was odd about it."""

    name: str
    findings: tuple[Finding, ...] = ()


def detect_encoding(blob: Blob) -> Encoding:
    """Return the encoding of a text file; raise :class:`ImportRefused` when none fits.

    UTF-8 proves itself (other text is almost never valid UTF-8), a mark at the start
    proves UTF-16 and UTF-32; CP932 or EUC-JP, and UTF-16 without its mark, are left to
    charset_normalizer to tell apart.
    """
    sample = blob.head(_SAMPLE_BYTES)
    whole = len(sample) < _SAMPLE_BYTES
    for bom, name in _WIDE_BOMS:
        if sample.startswith(bom):
            return Encoding(name)
    body = sample if whole else _whole_lines(sample)
    if sample.startswith(codecs.BOM_UTF8):
        return Encoding("utf-8", _bom_findings(blob, sample))
    if b"\x1b$" in body and body.isascii():
        return Encoding("iso2022_jp")
    if _decodes(body, "utf-8") and b"\x00" not in body:
        return Encoding("utf-8")
    return _guess(blob, body)


def _guess(blob: Blob, body: bytes) -> Encoding:
    wide = b"\x00" in body
    part = (
        body[:_GUESS_BYTES]
        if wide or len(body) <= _GUESS_BYTES
        else _whole_lines(body[:_GUESS_BYTES])
    )
    best = from_bytes(part, cp_isolation=_WIDE if wide else _JAPANESE).best()
    if best is not None:
        return Encoding(best.encoding)
    if wide:
        said = (
            "文字の表ではありません（中に文字でないものがあります）。CSV か XLSX を選んでください"
        )
        raise refuse(Place(blob.name), said)
    for name in ("utf-8", "cp932"):
        if _truncated(body, name):
            return Encoding(name)
    raise refuse(Place(blob.name), f"文字コードが分かりません。{_SAVE_AGAIN}")


def _bom_findings(blob: Blob, sample: bytes) -> tuple[Finding, ...]:
    rest = sample.removeprefix(codecs.BOM_UTF8)
    place = Place(blob.name)
    if rest.startswith(codecs.BOM_UTF8):
        said = "先頭の印（BOM）が二重なので、取り除いて読みました"
        return (Finding(place, "", "", said, "note"),)
    if rest.startswith(b"?"):
        said = "先頭の印（BOM）のあとに余分な「?」があるので、取り除いて読みました"
        return (Finding(place, "", "", said, "note"),)
    return ()


def _whole_lines(sample: bytes) -> bytes:
    """Cut after the last line break, so that no character is cut in half."""
    end = sample.rfind(b"\n")
    return sample[: end + 1] if end > 0 else sample


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _truncated(data: bytes, encoding: str) -> bool:
    """True when the text is in this encoding but its last character is cut."""
    return any(_decodes(data[:-cut], encoding) for cut in (1, 2, 3))


def decode_fault(blob_name: str, error: UnicodeDecodeError, row: int) -> Finding:
    """Return what to tell when a byte of a row is not of the detected encoding."""
    place = Place(blob_name, row=row)
    if error.reason in (
        "unexpected end of data",
        "incomplete multibyte sequence",
        "truncated data",
    ):
        remedy = "ファイルが途中で切れています。もう一度受け取るか、保存し直してください"
    else:
        remedy = f"この行に、{error.encoding} として読めない文字があります。{_SAVE_AGAIN}"
    return Finding(place, "", "", remedy, "error")
