"""The domain adapter: what training on consultation notes adds to the default model.

Two small files ship in ``index/trained``: ``adapter.safetensors`` holds low-rank updates
(LoRA, Hu et al. 2021, arXiv:2106.09685) of the encoder's matrices, which are merged into
the weights when the model is prepared, and ``head.npz`` holds the head over categories and
red flags.  Both
are made by ``eval.train.encoder``.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from index.embedder import NoteVectors

Array = NDArray[np.float32]
TRAINED_DIR = Path(__file__).parent / "trained"
ADAPTER_FILE = "adapter.safetensors"
HEAD_FILE = "head.npz"


@dataclass(frozen=True, slots=True)
class Head:
    """The trained head: logits from the note's vector and from the words that matter to a label.

    ``codes`` (labels): the categories, then the red flags as ``flag.`` and their code.
    ``note`` (labels, d) and ``bias`` (labels,) judge the whole note; ``looks`` and ``sees``
    (labels x queries, d) judge its words: where a label looks, and what it makes of what it
    sees there (attention per label, Mullenbach et al. 2018, arXiv:1802.05695).
    ``model_digest`` names the model they belong to.
    """

    codes: tuple[str, ...]
    note: Array
    looks: Array
    sees: Array
    bias: Array
    model_digest: str

    def logits(self, vectors: NoteVectors, live: tuple[int, ...]) -> Array:
        """Return the logit of each label; ``live`` are the sentences that count.

        A note without a live sentence is judged as a whole, with all its words.
        """
        inside = np.isin(vectors.word_sentences, live)
        words = vectors.words[inside] if inside.any() else vectors.words
        whole = self.note @ vectors.note + self.bias
        return np.asarray(whole + self._shares(words).sum(axis=0), np.float32)

    def clearest(self, vectors: NoteVectors, code: str) -> int:
        """Return the number of the sentence whose words speak most for a label; 0 without any."""
        if not len(vectors.words):
            return 0
        shares = self._shares(vectors.words)[:, self.codes.index(code)]
        numbers = vectors.word_sentences
        sums = np.bincount(numbers[numbers >= 0], shares[numbers >= 0])
        return int(np.argmax(sums)) if len(sums) else 0

    def only(self, keep: tuple[str, ...]) -> Head:
        """Return a head that knows only the labels in ``keep``: what it was before the others."""
        rows = np.array([self.codes.index(code) for code in keep])
        queries = len(self.looks) // len(self.codes)
        spread = (rows[:, None] * queries + np.arange(queries)).ravel()
        return replace(
            self,
            codes=keep,
            note=self.note[rows],
            looks=self.looks[spread],
            sees=self.sees[spread],
            bias=self.bias[rows],
        )

    def _shares(self, words: Array) -> Array:
        """Return what each word adds to each label's logit, (words, labels)."""
        if not len(words):
            return np.zeros((1, len(self.codes)), np.float32)
        looks = words @ self.looks.T
        looks = np.exp(looks - looks.max(axis=0))
        weighted = looks / looks.sum(axis=0) * (words @ self.sees.T)
        return np.asarray(weighted.reshape(len(words), len(self.codes), -1).sum(axis=2), np.float32)


def merge_adapter(weights: dict[str, Array], path: Path) -> None:
    """Add the low-rank updates of ``path`` to the encoder's ``weights``, in place.

    For a matrix M the file holds ``M.A`` (r, in) and ``M.B`` (out, r), scale included.
    """
    from safetensors.numpy import load_file

    updates = load_file(str(path))
    for name in sorted(updates):
        if name.endswith(".A"):
            target = f"{name[:-2]}.weight"
            low = updates[name].astype(np.float32)
            high = updates[f"{name[:-2]}.B"].astype(np.float32)
            weights[target] = weights[target] + high @ low


def adapter_digest(weights_digest: str, folder: Path = TRAINED_DIR) -> str:
    """Return the identity of the default model: its weights and, if it ships, the adapter."""
    path = folder / ADAPTER_FILE
    if not path.is_file():
        return weights_digest
    return hashlib.sha256(weights_digest.encode() + path.read_bytes()).hexdigest()


def load_head(model_digest: str, folder: Path = TRAINED_DIR) -> Head | None:
    """Return the shipped head if it belongs to the model in use, else None."""
    path = folder / HEAD_FILE
    if not path.is_file():
        return None
    data = np.load(path)
    if str(data["model_digest"]) != model_digest:
        return None
    return Head(
        codes=tuple(str(code) for code in data["codes"]),
        note=data["note"].astype(np.float32),
        looks=data["looks"].astype(np.float32),
        sees=data["sees"].astype(np.float32),
        bias=data["bias"].astype(np.float32),
        model_digest=model_digest,
    )
