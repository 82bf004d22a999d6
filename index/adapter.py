"""The domain adapter: what training on consultation notes adds to the default model.

Two small files ship in ``index/trained``: ``adapter.safetensors`` holds low-rank updates
(LoRA, Hu et al. 2021, arXiv:2106.09685) of the encoder's matrices, which are merged into
the weights when the model is prepared, and ``head.npz`` holds the category head.  Both
are made by ``eval.train.encoder``.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
TRAINED_DIR = Path(__file__).parent / "trained"
ADAPTER_FILE = "adapter.safetensors"
HEAD_FILE = "head.npz"


@dataclass(frozen=True, slots=True)
class Head:
    """The category head: logits from the note's vector and from its best sentences.

    ``note_weights`` and ``sentence_weights`` are (labels, d), ``bias`` (labels,), in the
    order of ``codes``: the categories, then the red flags as ``flag.`` and their code.
    ``model_digest`` names the model they belong to.
    """

    codes: tuple[str, ...]
    note_weights: Array
    sentence_weights: Array
    bias: Array
    model_digest: str

    def logits(self, note: Array, sentences: Array, live: tuple[int, ...]) -> Array:
        """Return the logit of each label; ``live`` are the sentences that count.

        Sentences are pooled by a log-mean-exp: the clearest one speaks, more are not louder.
        """
        whole = self.note_weights @ note + self.bias
        chosen = sentences[list(live)] if live else note[None]
        each = chosen @ self.sentence_weights.T
        peak = each.max(axis=0)
        pooled = peak + np.log(np.exp(each - peak).mean(axis=0))
        return np.asarray(whole + pooled, np.float32)


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
        note_weights=data["note_weights"].astype(np.float32),
        sentence_weights=data["sentence_weights"].astype(np.float32),
        bias=data["bias"].astype(np.float32),
        model_digest=model_digest,
    )
