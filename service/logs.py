"""Structured logs that cannot hold a note: keys by allow-list, values by their form.

An exception is logged by its type and the place in the code, never by its message: messages
repeat what was given to the program.  For the same reason the records of other libraries are
cut down to their logger, level and place.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from types import TracebackType
from typing import Any, TextIO

import structlog

from service.settings import Settings

# key → what it holds.  Anything else is dropped, whoever wrote it.
KEYS: dict[str, str] = {
    "at": "日時",
    "level": "重さ",
    "event": "何の記録か（コード）",
    "request_id": "1つの要求の番号（応答の X-Request-Id と同じ）",
    "method": "HTTP のメソッド",
    "route": "経路の型（実際の住所ではない）",
    "status": "HTTP の状態",
    "ms": "かかった時間",
    "error": "例外の型",
    "where": "例外が出たコードの場所",
    "logger": "部品の記録の名前",
    "reason": "理由のコード",
    "mode": "single か town",
    "revision": "データベースの版",
    "town": "団体コード",
    "release": "支援先データの版",
    "version": "プログラムの版",
}
# Codes, numbers, routes: printable ASCII without spaces, so that no sentence fits in.
_CODE = re.compile(r"[!-~]{1,200}")
# Set up by uvicorn itself when it was started in this process before; they must come to us too.
_WITH_HANDLERS_OF_THEIR_OWN = ("uvicorn", "uvicorn.error", "uvicorn.access")
_OWN_PACKAGES = ("service", "index", "knowledge")


class _Stderr:
    """Standard error as it is when a line is written, not when the program was loaded."""

    def write(self, text: str) -> None:
        sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


def keep_known(_logger: object, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Return what the log may hold of ``event``; a value of words becomes ``?``."""
    return {key: _safe(event[key]) for key in KEYS if key in event}


def configure_logs(settings: Settings, stream: TextIO | None = None) -> None:
    """Write this program's records, and what is left of other libraries', to ``stream``."""
    _configure(settings.log_level, settings.log_format, stream)
    root = logging.getLogger()
    root.handlers[:] = [_Reduced()]
    root.setLevel(logging.WARNING)
    for name in _WITH_HANDLERS_OF_THEIR_OWN:
        logger = logging.getLogger(name)
        logger.handlers[:] = []
        logger.propagate = True
    logging.captureWarnings(True)


def error_fields(error: BaseException) -> dict[str, str]:
    """Return the exception's type and the last place in our own code that it passed."""
    return {"error": type(error).__name__, "where": _place(error.__traceback__)}


def _place(traceback: TracebackType | None) -> str:
    own, last = "", "?"
    while traceback is not None:
        module = str(traceback.tb_frame.f_globals.get("__name__", "?"))
        last = f"{module}:{traceback.tb_lineno}"
        own = last if module.partition(".")[0] in _OWN_PACKAGES else own
        traceback = traceback.tb_next
    return own or last


def _safe(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    return value if isinstance(value, str) and _CODE.fullmatch(value) else "?"


class _Reduced(logging.Handler):
    """Takes records of other libraries and of the standard library's loggers."""

    def emit(self, record: logging.LogRecord) -> None:
        fields = {"logger": record.name, "where": f"{record.module}:{record.lineno}"}
        if record.exc_info and record.exc_info[1]:
            fields |= error_fields(record.exc_info[1])
        # Our own modules pass codes (the type of an error); `_safe` drops anything else.
        if record.name.startswith("service.") and isinstance(record.args, tuple) and record.args:
            fields["reason"] = str(record.args[0])
        log.log(record.levelno, "library", **fields)


def _configure(level: str, form: str, stream: TextIO | None = None) -> None:
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.processors.KeyValueRenderer(key_order=["at", "level", "event"])
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            keep_known,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(stream or _Stderr()),  # type: ignore[arg-type]  # print needs only write and flush
        cache_logger_on_first_use=False,
    )


# Safe from the first line on: structlog's own defaults would print whatever they are given.
_configure("info", "json")
log: structlog.typing.FilteringBoundLogger = structlog.get_logger()
