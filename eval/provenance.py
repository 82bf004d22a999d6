"""What a run was made with, so that it can be repeated, gone on with and told apart."""

from __future__ import annotations

import hashlib
import subprocess
from datetime import date
from importlib.metadata import version
from pathlib import Path

from service.triage.triage import Desk

ROOT = Path(__file__).parents[1]
# What decides an answer besides the model, the catalogue and the town.
_CODE_FOLDERS = ("index", "service/triage")
_CODE_FILES = (".py", ".yaml", ".json", ".npz", ".safetensors")


def provenance(desk: Desk, cases: Path, today: date) -> dict[str, str]:
    """Return the versions and digests behind a run of a desk on a case file."""
    manifest = desk.index.manifest
    return {
        "tsunagi": version("tsunagi"),
        "code": code_version(),
        "model": f"{manifest.model_name} {manifest.model_digest[:12]}",
        "knowledge": manifest.knowledge_fingerprint[:12],
        "town": manifest.town,
        "index": manifest.version,
        "cases": cases_name(cases),
        "date": today.isoformat(),
    }


def cases_name(path: Path) -> str:
    """Return a file's name with the digest of its content."""
    return f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()[:12]}"


def code_version() -> str:
    """Return git's name of the checkout (else the version), and a digest of what answers."""
    digest = hashlib.sha256()
    for folder in _CODE_FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in _CODE_FILES:
                digest.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return f"{_described() or version('tsunagi')} {digest.hexdigest()[:12]}"


def _described() -> str:
    if not (ROOT / ".git").exists():
        return ""
    try:
        found = subprocess.run(
            ["git", "describe", "--always", "--tags", "--dirty"],  # noqa: S607  wherever git is
            cwd=ROOT, capture_output=True, text=True, check=True, timeout=10,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return ""
    return found.stdout.strip()
