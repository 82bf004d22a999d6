"""How much personal data the finder finds in invented notes whose personal words are marked.

A marked span counts as found when every character of it but blanks and punctuation lies in a
found span, of whatever type: half a name is a name given away.  A found span counts as right
when most of its characters lie in marked spans.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from eval.metrics import Estimate, wilson
from service.triage.masking import Found, Gazetteer, Kind, find_personal
from service.triage.masking.models import KINDS

NOTES_DIR = Path(__file__).parent / "masking"
# The day the notes speak of as today: ages and 8-digit dates are read against it.
NOTES_DAY = date(2026, 10, 15)


class Marked(BaseModel):
    """A personal span: half-open offsets into the note."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    start: int
    end: int
    type: Kind


class MarkedNote(BaseModel):
    """An invented note with every personal span marked by its writer."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: str
    writer: str
    note: str
    spans: tuple[Marked, ...]


@dataclass(frozen=True, slots=True)
class NoteScore:
    """What was found of one note: per marked span whether it was, per found span whether rightly."""

    note: MarkedNote
    found: tuple[Found, ...]
    hits: tuple[bool, ...]
    rights: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class MaskingScore:
    """Shares with their 95% intervals (Wilson); None where there was nothing to count."""

    recall: dict[str, Estimate | None]
    precision: dict[str, Estimate | None]
    recall_of_writer: dict[str, Estimate | None]
    precision_of_writer: dict[str, Estimate | None]
    nothing_missed: Estimate | None
    quiet_untouched: Estimate | None


def load_marked(split: str) -> tuple[MarkedNote, ...]:
    """Read the notes of ``dev`` or ``test``; FileNotFoundError for another split."""
    text = (NOTES_DIR / f"{split}.jsonl").read_text(encoding="utf-8")
    return tuple(MarkedNote.model_validate_json(line) for line in text.splitlines() if line)


def score_note(note: MarkedNote, found: Sequence[Found]) -> NoteScore:
    """Compare what was found with what the writer marked."""
    covered = {i for f in found for i in range(f.start, f.end)}
    marked = {i for s in note.spans for i in range(s.start, s.end)}
    hits = tuple(
        all(i in covered or not note.note[i].isalnum() for i in range(s.start, s.end))
        for s in note.spans
    )
    rights = tuple(
        2 * sum(i in marked for i in range(f.start, f.end)) > f.end - f.start for f in found
    )
    return NoteScore(note, tuple(found), hits, rights)


def score_notes(
    notes: Iterable[MarkedNote], gazetteer: Gazetteer, today: date = NOTES_DAY
) -> tuple[NoteScore, ...]:
    """Run the finder over the notes."""
    return tuple(score_note(n, find_personal(n.note, gazetteer, today)) for n in notes)


def summarise(scores: Sequence[NoteScore]) -> MaskingScore:
    """Count over all notes, by type and by writer."""
    hits = [
        (s.note.writer, span.type, h)
        for s in scores
        for span, h in zip(s.note.spans, s.hits, strict=True)
    ]
    rights = [
        (s.note.writer, f.kind, r) for s in scores for f, r in zip(s.found, s.rights, strict=True)
    ]
    writers = sorted({s.note.writer for s in scores})
    with_spans = [s for s in scores if s.note.spans]
    quiet = [s for s in scores if not s.note.spans]
    return MaskingScore(
        recall={k: _share(h for _, t, h in hits if t == k) for k in KINDS}
        | {"": _share(h for *_, h in hits)},
        precision={k: _share(r for _, t, r in rights if t == k) for k in KINDS}
        | {"": _share(r for *_, r in rights)},
        recall_of_writer={w: _share(h for by, _, h in hits if by == w) for w in writers},
        precision_of_writer={w: _share(r for by, _, r in rights if by == w) for w in writers},
        nothing_missed=_share(all(s.hits) for s in with_spans),
        quiet_untouched=_share(not s.found for s in quiet),
    )


def _share(values: Iterable[bool]) -> Estimate | None:
    counted = list(values)
    return wilson(sum(counted), len(counted))
