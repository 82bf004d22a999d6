"""Training the tagger of ``service.triage.masking`` on the dev notes.

Run ``python -m eval.masking_train`` after a change of its features or notes.  It needs
python-crfsuite, which nothing else does; the desk reads the weights without it.
"""

from __future__ import annotations

import gzip
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pycrfsuite

from eval.cases import CASES_DIR, load_cases
from eval.masking_quiet import quiet_files
from eval.masking_score import NOTES_DAY, MarkedNote, load_marked
from service.triage.masking import Gazetteer, tagger
from service.triage.masking.features import features_of
from service.triage.masking.find import Ruled, find_by_rule

LABELS = ("O", "B-N", "I-N", "B-A", "I-A", "B-F", "I-F")
_LETTER = {"name": "N", "address": "A", "facility": "F"}
# Notes without names taken of every writer.
_QUIET_NOTES = 110
_L1, _L2, _ROUNDS = 0.05, 0.3, 120


def train(notes: Sequence[MarkedNote]) -> tagger.Weights:
    """Return the weights learnt from the marked notes."""
    trainer = pycrfsuite.Trainer(algorithm="lbfgs", verbose=False)
    trainer.set_params(
        {"c1": _L1, "c2": _L2, "max_iterations": _ROUNDS, "feature.possible_transitions": True}
    )
    for note in notes:
        ruled = find_by_rule(note.note, Gazetteer(), NOTES_DAY)
        rows = features_of(ruled.folded.text, ruled.tokens, ruled.pieces)
        trainer.append(rows, _labels(note, ruled))
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "crf")
        trainer.train(path)
        model = pycrfsuite.Tagger()
        model.open(path)
        return _weights(model.info())


def notes_without_names() -> tuple[MarkedNote, ...]:
    """Return notes of the desk that name nobody, so that plain words stay plain.

    The training cases of the ranker but for the last writers, by whom the false alarms are
    measured (eval.masking_quiet).
    """
    return tuple(
        MarkedNote(id=c.id, writer="cases", note=c.note, spans=())
        for f in quiet_files(held_out=False)
        for c in load_cases(CASES_DIR / f)[:_QUIET_NOTES]
    )


def _labels(note: MarkedNote, ruled: Ruled) -> list[str]:
    """Return O, B-N, I-N … for every token."""
    labels = ["O"] * len(ruled.tokens)
    for span in note.spans:
        if span.type not in _LETTER:
            continue
        start, end = ruled.folded.to_normalised(span.start, span.end)
        inside = [i for i, t in enumerate(ruled.tokens) if t.start < end and start < t.end]
        for n, i in enumerate(inside):
            labels[i] = ("I-" if n else "B-") + _LETTER[span.type]
    return labels


def _weights(info: Any) -> tagger.Weights:
    of: dict[str, list[float]] = {}
    for (feature, label), value in info.state_features.items():
        if abs(value) >= 0.005:
            of.setdefault(feature, [0.0] * len(LABELS))[LABELS.index(label)] = round(value, 3)
    moves = [[round(info.transitions.get((a, b), -6.0), 3) for b in LABELS] for a in LABELS]
    for j, label in enumerate(LABELS):
        if label[0] == "I":
            for i, before in enumerate(LABELS):
                if before[2:] != label[2:]:
                    moves[i][j] = -50.0
    return tagger.Weights(
        LABELS, {f: tuple(row) for f, row in of.items()}, tuple(tuple(row) for row in moves)
    )


def write(weights: tagger.Weights, path: Path) -> None:
    """Write the weights; the same weights give the same bytes."""
    data = {
        "labels": weights.labels,
        "moves": weights.moves,
        "features": dict(sorted(weights.of.items())),
    }
    path.write_bytes(gzip.compress(json.dumps(data, ensure_ascii=False).encode(), mtime=0))


if __name__ == "__main__":
    write(
        train((*load_marked("dev"), *notes_without_names())),
        Path(tagger.__file__).with_name("tagger.json.gz"),
    )
