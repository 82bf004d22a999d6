"""Reading a gzipped CSV as a stream, stopping at one packed to explode."""

from __future__ import annotations

import gzip
import io
import zlib
from typing import TYPE_CHECKING, BinaryIO, cast

from knowledge.importing.csv_table import read_csv
from knowledge.importing.findings import Place, refuse
from knowledge.importing.limits import Limits
from knowledge.importing.tables import Blob, Table, renamed

if TYPE_CHECKING:
    from typing_extensions import Buffer

_BUFFER_BYTES = 1024 * 1024


def read_gzip(blob: Blob, limits: Limits) -> Table:
    """Return the sheet of the CSV inside; it is unpacked while it is read."""
    inner = blob.name.removesuffix(".gz")

    def unpacked() -> BinaryIO:
        raw = _Unpacked(blob, limits)
        return cast(BinaryIO, io.BufferedReader(raw, _BUFFER_BYTES))

    return renamed(read_csv(Blob(inner, blob.size, unpacked), limits), blob.name)


class _Unpacked(io.RawIOBase):
    """The content of a .gz, counted as it comes out."""

    def __init__(self, blob: Blob, limits: Limits) -> None:
        self._packed = blob.open()
        self._content = gzip.GzipFile(fileobj=self._packed)
        self._place = Place(blob.name)
        self._most = limits.unpacked_bytes
        self._bomb = max(limits.ratio_from_bytes, blob.size * limits.unpack_ratio)
        self._count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        view = memoryview(buffer)
        try:
            data = self._content.read(len(view))
        except EOFError as error:
            raise refuse(
                self._place, "ファイルが途中で切れています。受け取り直してください"
            ) from error
        except (gzip.BadGzipFile, zlib.error) as error:
            raise refuse(self._place, "圧縮（gz）が壊れています。受け取り直してください") from error
        self._count += len(data)
        if self._count > min(self._most, self._bomb):
            raise refuse(self._place, "ほどくと大きすぎます（圧縮爆弾のおそれ）。取り込みません")
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._content.close()
        self._packed.close()
        super().close()
