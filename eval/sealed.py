"""The files that nothing may be tuned on: known by what is in them, whatever they are called."""

from __future__ import annotations

import hashlib
from pathlib import Path

from eval.cases import CaseProblem

# Git's own name for the content (`git ls-files -s`), so that nobody has to open them to check.
SEALED = {
    "f497dda9cdc392bd2218a130aafd0eff602afab8": "eval/cases/test.jsonl",
    "be939eb408cebca34cf944b4e5596f996a7c33fe": "eval/cases/red_flags_test.jsonl",
}
_NAMES = {Path(path).name for path in SEALED.values()}


def refuse_sealed(path: Path) -> None:
    """Raise :class:`CaseProblem` (Japanese) for a test file, also a copy or a changed one."""
    try:
        data = path.read_bytes() if path.name not in _NAMES else b""
    except FileNotFoundError as error:
        raise CaseProblem(f"{path}: ファイルがありません") from error
    if path.name in _NAMES or content_id(data) in SEALED:
        raise CaseProblem(
            f"{path}: 評価用の事例では、しきい値を選べません（選ぶと、評価が甘くなります）。"
            "開発用の eval/cases/dev.jsonl などを使ってください"
        )


def content_id(data: bytes) -> str:
    """Return git's name for a file's content."""
    head = f"blob {len(data)}\0".encode()
    return hashlib.sha1(head + data, usedforsecurity=False).hexdigest()
