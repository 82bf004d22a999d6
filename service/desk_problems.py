"""Why a town has no desk, or not the newest one, in words for people."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from datetime import datetime

from index.errors import IndexProblem
from knowledge.check import KnowledgeError
from service.errors import DeskError, NotReady


class NoDesk(NotReady):
    """The town has no desk: nothing is known of it yet, or its first release is being made."""

    code = "no_desk"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why the last attempt failed: when, and what a person reads (Japanese)."""

    at: datetime
    message: str


def nothing_known() -> NoDesk:
    """Return what is said of a town that the store knows nothing of."""
    return NoDesk(
        "この自治体の支援先データがまだありません。支援先データの担当は「支援先」の取り込みから、"
        "サーバーの管理者は `tsunagi town load 町のフォルダ` か `tsunagi knowledge import` で入れてください。"
    )


def told(error: Exception) -> str:
    """Return what a person reads of a failed release (Japanese); never the words of strangers."""
    if isinstance(error, (DeskError, IndexProblem, KnowledgeError)):
        return str(error)
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "ディスクの空きが足りません。空きを作ると、自動でもう一度試します。"
    if isinstance(error, OSError):
        return (
            "ファイルを書けません。データの置き場所（TSUNAGI_DATA_DIR）の権限を確かめてください。"
        )
    return (
        f"思いがけない誤りで、新しい版を作れませんでした（{type(error).__name__}）。"
        "窓口は前の版のまま動いています。最後に変えた支援先を確かめ、続くときは管理者に伝えてください。"
    )
