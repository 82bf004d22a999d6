"""Receiving a file for an import: the parts of the form go to disk as they come.

The app's own form reading takes no files (they would lie in the machine's public temporary
folder, and in memory).  Here only two parts may be files, all else is short text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from fastapi.concurrency import run_in_threadpool
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from knowledge.importing.limits import LIMITS
from service.errors import BadInput
from service.uploads import COMPANION, FILE, create_private

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

# What is refused is still read to its end, up to here: a browser that is cut off while it
# sends shows its own error page instead of ours.
MOST_SENT_BYTES = 4 * LIMITS.file_bytes
_MOST_FIELDS = 20
_MOST_FIELD_BYTES = 4_000
_MOST_NAME_CHARS = 200
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
_CUT_OFF = "ファイルを最後まで受け取れませんでした。もう一度送ってください。"


class TooLarge(BadInput):
    """The file is larger than an import may be."""

    code = "too_large"
    status = 413


@dataclass(frozen=True, slots=True)
class Received:
    """A form that has come whole: names of the files (empty: none chosen), and the fields."""

    name: str
    companion: str
    fields: Mapping[str, str]


async def receive(request: Request, folder: Path) -> Received:
    """Write the form's files into ``folder`` and return the rest of it.

    Raises :class:`BadInput` for what is no upload form or was cut off, :class:`TooLarge`.
    """
    kind, options = parse_options_header(request.headers.get("content-type"))
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise BadInput("ファイルが選ばれていません。取り込むファイルを選んでください。")
    parts = _Parts(folder)
    parser = MultipartParser(boundary, parts.callbacks())
    try:
        async for chunk in request.stream():
            # Off the event loop: the disk may be slow.
            if parts.fault is None:
                await run_in_threadpool(parser.write, chunk)
        if parts.fault is not None:
            raise parts.fault
        parser.finalize()
    except (FormParserError, ClientDisconnect) as error:
        raise BadInput(_CUT_OFF) from error
    finally:
        parts.close()
    if not parts.ended:
        raise BadInput(_CUT_OFF)
    return Received(parts.names.get(FILE, ""), parts.names.get(COMPANION, ""), parts.fields)


class _Parts:
    """What the parser calls, part by part; after a fault nothing is kept any more."""

    def __init__(self, folder: Path) -> None:
        self.fields: dict[str, str] = {}
        self.names: dict[str, str] = {}
        self.fault: BadInput | None = None
        self.ended = False
        self._folder = folder
        self._header = b""
        self._value = b""
        self._headers: dict[bytes, bytes] = {}
        self._part = ""
        self._text: bytearray | None = None
        self._out: BinaryIO | None = None
        self._written = 0
        self._count = 0

    def callbacks(self) -> MultipartCallbacks:
        """Return the parser's callbacks by their names."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_part_data": self._data,
            "on_part_end": self._end,
            "on_end": self._form_end,
        }

    def close(self) -> None:
        """Close a file that was cut off."""
        if self._out is not None:
            self._out.close()
            self._out = None

    def _begin(self) -> None:
        self._headers.clear()
        self._count += 1
        if self._count > _MOST_FIELDS:
            self.fault = BadInput("送られた項目が多すぎます。画面を開き直してください。")

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        self._headers[self._header.lower()] = self._value
        self._header = self._value = b""

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        self._part = options.get(b"name", b"").decode("utf-8", "replace")
        file_name = options.get(b"filename")
        self._text = bytearray() if file_name is None else None
        if file_name and self._part in (FILE, COMPANION) and self._part not in self.names:
            self.names[self._part] = plain_name(file_name.decode("utf-8", "replace"))
            if self.fault is None:
                self._out = create_private(self._folder / self._part)
                self._written = 0

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self.fault is not None:
            return
        if self._text is not None:
            self._text += data[start:end]
            if len(self._text) > _MOST_FIELD_BYTES:
                self.fault = BadInput("送られた項目が長すぎます。短くしてください。")
        elif self._out is not None:
            self._written += end - start
            if self._written > LIMITS.file_bytes:
                self.fault = _too_large(self.names[self._part])
            else:
                self._out.write(data[start:end])

    def _end(self) -> None:
        if self._text is not None and self.fault is None:
            self.fields[self._part] = self._text.decode("utf-8", "replace").strip()
        self._text = None
        self.close()

    def _form_end(self) -> None:
        self.ended = True


def plain_name(sent: str) -> str:
    """Return the file's name without folders and control characters; it is only ever shown."""
    bare = _CONTROLS.sub("", sent.replace("\\", "/").rpartition("/")[2]).strip()
    return bare[-_MOST_NAME_CHARS:] or "名前のないファイル"


def _too_large(name: str) -> TooLarge:
    most = LIMITS.file_bytes // (1024 * 1024)
    return TooLarge(
        f"{name}: 大きすぎます（上限は {most} MB）。町や種類ごとに分けて取り込んでください。"
    )
