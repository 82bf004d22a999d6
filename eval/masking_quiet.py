"""How often the finder marks something in notes that name nobody: its false alarms.

Measured on the dev cases and on the last writers of the training cases, whom the training of
the tagger leaves out.  Run ``python -m eval.masking_quiet``.
"""

from __future__ import annotations

from collections.abc import Iterable

from eval.cases import CASES_DIR, load_cases
from eval.masking_score import NOTES_DAY
from eval.metrics import Estimate, wilson
from service.triage.masking import Gazetteer, find_personal

# Writers of the training cases that are kept out of the tagger's training.
QUIET_WRITERS = 6


def quiet_files(held_out: bool) -> tuple[str, ...]:
    """Return the training files, relative to eval/cases: those kept out, or all others."""
    names = sorted(p.name for p in (CASES_DIR / "train").glob("w*.jsonl"))
    kept = names[-QUIET_WRITERS:] if held_out else names[:-QUIET_WRITERS]
    return tuple(f"train/{name}" for name in kept)


def false_alarms(files: Iterable[str]) -> Estimate | None:
    """Return the share of the notes of these files in which anything is found, None without notes."""
    notes = [c.note for f in files for c in load_cases(CASES_DIR / f)]
    found = sum(bool(find_personal(note, Gazetteer(), NOTES_DAY)) for note in notes)
    return wilson(found, len(notes))


if __name__ == "__main__":
    for title, files in (("dev", ("dev.jsonl",)), ("held out", quiet_files(held_out=True))):
        print(title, false_alarms(files))
