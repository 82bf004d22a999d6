"""Fitting the category head on the vectors that the product really computes.

The encoder's own head learns while the vectors still move; afterwards a fresh one is fitted
to the finished vectors, from all training writers, in a minute.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812 - the usual name

from eval.train.data import Example
from index.adapter import HEAD_FILE
from index.embedder import Embedder


@dataclass(frozen=True, slots=True)
class HeadRecipe:
    """The choices of the fit, made on the development cases."""

    epochs: int = 20
    batch: int = 512
    rate: float = 0.02
    decay: float = 1e-3
    scale: float = 10.0
    binary_weight: float = 0.5
    flag_weight: float = 0.5
    acceptable_target: float = 0.25
    seed: int = 20261124


@dataclass(frozen=True, slots=True)
class Encoded:
    """Vectors of examples: notes (n, d), sentences padded to (n, s, d) and which are real."""

    notes: torch.Tensor
    sentences: torch.Tensor
    real: torch.Tensor


@dataclass(frozen=True, slots=True)
class FittedHead:
    """Weights of the head, (labels, d) twice and (labels,)."""

    note: torch.Tensor
    sentence: torch.Tensor
    bias: torch.Tensor

    def logits(self, e: Encoded) -> torch.Tensor:
        """Return the logits (n, labels), pooled as ``index.adapter.Head`` does."""
        each = (e.sentences @ self.sentence.T).masked_fill(~e.real[..., None], -1e9)
        pooled = torch.logsumexp(each, 1) - torch.log(e.real.sum(1, keepdim=True).float())
        return e.notes @ self.note.T + self.bias + pooled


def encode_examples(
    embedder: Embedder, examples: Sequence[Example], on_progress: Callable[[int], None]
) -> Encoded:
    """Encode every example as the product does; a note without sentences stands for itself."""
    notes, sentences = [], []
    for example in examples:
        vectors = embedder.encode_note(example.text, example.ranges)
        notes.append(vectors.note)
        sentences.append(vectors.sentences if len(vectors.sentences) else vectors.note[None])
        on_progress(1)
    most = max(map(len, sentences))
    padded = np.zeros((len(notes), most, notes[0].shape[0]), np.float32)
    real = np.zeros((len(notes), most), bool)
    for row, parts in enumerate(sentences):
        padded[row, : len(parts)] = parts
        real[row, : len(parts)] = True
    return Encoded(torch.tensor(np.stack(notes)), torch.tensor(padded), torch.tensor(real))


def fit_head(
    encoded: Encoded, examples: Sequence[Example], categories: int, labels: int, recipe: HeadRecipe
) -> FittedHead:
    """Return a head fitted to ``examples``, started at the centroids of their categories."""
    torch.manual_seed(recipe.seed)
    torch.set_grad_enabled(True)
    targets = _targets(examples, labels)
    parameters = _start(encoded, examples, categories, labels, recipe.scale)
    optimiser = torch.optim.AdamW(parameters, lr=recipe.rate, weight_decay=recipe.decay)
    for _ in range(recipe.epochs):
        for rows in torch.split(torch.randperm(len(examples)), recipe.batch):
            part = Encoded(encoded.notes[rows], encoded.sentences[rows], encoded.real[rows])
            logits = FittedHead(*parameters).logits(part)
            loss = _loss(logits, [t[rows] for t in targets], categories, recipe)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            optimiser.step()
    torch.set_grad_enabled(False)
    return FittedHead(*(p.detach() for p in parameters))


def _start(
    encoded: Encoded, examples: Sequence[Example], categories: int, labels: int, scale: float
) -> list[torch.Tensor]:
    centre = encoded.notes.mean(0)
    weights = torch.zeros(labels, encoded.notes.shape[1])
    single = [e.primary[0] if len(e.primary) == 1 else -1 for e in examples]
    owner = torch.tensor(single)
    means = torch.stack([encoded.notes[owner == c].mean(0) for c in range(categories)])
    weights[:categories] = scale * F.normalize(means - centre, dim=-1)
    bias = -2.0 - 2 * weights @ centre
    return [
        weights.clone().requires_grad_(),
        weights.clone().requires_grad_(),
        bias.clone().requires_grad_(),
    ]


def _targets(examples: Sequence[Example], labels: int) -> list[torch.Tensor]:
    """Return primary, acceptable and flag targets (n, labels), flag masks and weights (n,)."""
    primary, acceptable, flags = (torch.zeros(len(examples), labels) for _ in range(3))
    for row, example in enumerate(examples):
        primary[row, list(example.primary)] = 1
        acceptable[row, list(example.acceptable)] = 1
        flags[row, list(example.flags or ())] = 1
    known = torch.tensor([e.flags is not None for e in examples]).float()
    return [primary, acceptable, flags, known, torch.tensor([e.weight for e in examples])]


def _loss(
    logits: torch.Tensor, targets: list[torch.Tensor], categories: int, recipe: HeadRecipe
) -> torch.Tensor:
    primary, acceptable, flags, known, weight = targets
    row, good = logits[:, :categories], primary[:, :categories]
    neutral = acceptable[:, :categories]
    has_category = (good.sum(-1) > 0).float()
    log_share = torch.log_softmax(row.masked_fill(neutral > 0, -1e4), -1)
    softmax = -(log_share * good).sum(-1) / good.sum(-1).clamp(min=1)
    soft = good + recipe.acceptable_target * neutral
    binary = F.binary_cross_entropy_with_logits(row, soft, reduction="none").sum(-1) / 3
    loss = has_category * (softmax + recipe.binary_weight * binary)
    danger = F.binary_cross_entropy_with_logits(
        logits[:, categories:], flags[:, categories:], reduction="none"
    ).sum(-1)
    return (weight * (loss + recipe.flag_weight * known * danger)).mean()


def save_head(head: FittedHead, labels: Sequence[str], digest: str, out: Path) -> None:
    """Write the head (half precision) for the model with ``digest`` into ``out``."""
    np.savez_compressed(
        out / HEAD_FILE,
        codes=np.array(labels),
        note_weights=head.note.numpy().astype(np.float16),
        sentence_weights=head.sentence.numpy().astype(np.float16),
        bias=head.bias.numpy().astype(np.float32),
        model_digest=np.array(digest),
    )
