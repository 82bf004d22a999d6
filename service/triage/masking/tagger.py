"""A small trained tagger (conditional random field) for names, addresses and facilities.

It was trained on invented notes (eval/masking_train.py) and is run here in plain Python: the
sum of the weights of a word's features for each label, and the best sequence of labels
(Viterbi).  Its features are word classes, kinds of letters and words around, not the names
themselves, so that it reads names it never saw.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from index.text import Token
from service.triage.masking.features import features_of
from service.triage.masking.models import Kind
from service.triage.masking.pieces import Piece

_FILE = Path(__file__).with_name("tagger.json.gz")
_KIND_OF: dict[str, Kind] = {"N": "name", "A": "address", "F": "facility"}


@dataclass(frozen=True, slots=True)
class Weights:
    """Labels are O, B-N, I-N, B-A …; ``of`` maps a feature to one weight per label."""

    labels: tuple[str, ...]
    of: dict[str, tuple[float, ...]]
    moves: tuple[tuple[float, ...], ...]


@lru_cache(maxsize=1)
def weights() -> Weights:
    """Read the trained weights."""
    data = json.loads(gzip.decompress(_FILE.read_bytes()))
    return Weights(
        tuple(data["labels"]),
        {feature: tuple(row) for feature, row in data["features"].items()},
        tuple(tuple(row) for row in data["moves"]),
    )


def tag(
    text: str, tokens: tuple[Token, ...], known: tuple[Piece, ...], bias: Mapping[str, float]
) -> tuple[Piece, ...]:
    """Return the names, addresses and facilities of the folded text.

    ``known`` are the pieces already found (features of the words around them).  ``bias`` is
    added to the weights of a label: with more of it more is found.
    """
    if not tokens:
        return ()
    return pieces_of(tokens, best_labels(features_of(text, tokens, known), weights(), bias))


def best_labels(rows: list[list[str]], w: Weights, bias: Mapping[str, float]) -> list[str]:
    """Return the likeliest sequence of labels."""
    kinds = range(len(w.labels))
    extra = [bias.get(label, 0.0) for label in w.labels]
    scores = [0.0] * len(w.labels)
    back: list[list[int]] = []
    for n, row in enumerate(rows):
        here = [0.0] * len(w.labels)
        for feature in row:
            add = w.of.get(feature)
            if add is not None:
                here = [a + b for a, b in zip(here, add, strict=True)]
        here = [a + b for a, b in zip(here, extra, strict=True)]
        if n:
            came = [max(kinds, key=lambda k: scores[k] + w.moves[k][j]) for j in kinds]
            here = [here[j] + scores[came[j]] + w.moves[came[j]][j] for j in kinds]
            back.append(came)
        scores = here
    path = [max(kinds, key=scores.__getitem__)]
    for came in reversed(back):
        path.append(came[path[-1]])
    return [w.labels[k] for k in reversed(path)]


def pieces_of(tokens: tuple[Token, ...], labels: list[str]) -> tuple[Piece, ...]:
    """Join the labelled words to pieces."""
    found: list[Piece] = []
    for token, label in zip(tokens, labels, strict=True):
        if label == "O":
            last = "O"
            continue
        kind = _KIND_OF[label[2:]]
        if label[0] == "I" and found and last == label[2:]:
            found[-1] = Piece(found[-1].start, token.end, kind)
        else:
            found.append(Piece(token.start, token.end, kind))
        last = label[2:]
    return tuple(found)
