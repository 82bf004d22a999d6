"""Fine-tuning the default model on consultation notes: a small adapter and a category head.

The encoder keeps its weights; low-rank updates (LoRA) of its matrices are learned together
with a head over the 69 categories and the red flags.  The head reads the note's vector and,
per label, the few words that matter to it: attention over the words, with queries of each
label's own (Mullenbach et al. 2018, arXiv:1802.05695).  A danger is often one clause of a
long note, and drowns in an average.  Two losses:

* notes → categories: multi-label softmax over the primary categories, acceptable ones
  left out, plus a binary term that makes the logits comparable between notes;
* note ↔ situation: contrastive, with the other situations of the batch and one from a
  category that the catalogue calls easily confused as hard negatives (MultipleNegatives-
  Ranking, Henderson et al. 2017, arXiv:1705.00652), so that search stays useful for
  services that training has never seen.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812 - the usual name

from eval.train.data import Example
from index.adapter import ADAPTER_FILE, HEAD_FILE, adapter_digest

TARGETS = ("query", "key", "value", "attention.output.dense", "intermediate.dense", "output.dense")
MAX_TOKENS = 320
_STRETCH = 20.0
# Queries per label.  On frozen vectors 4 found more dangers on unseen writers than 1.
QUERIES = 4


@dataclass(frozen=True, slots=True)
class Recipe:
    """The choices of a training run; the defaults are those of the shipped adapter."""

    rank: int = 16
    alpha: int = 32
    epochs: int = 3
    batch: int = 16
    encoder_rate: float = 5e-4
    head_rate: float = 2e-3
    first_layer: int = 4
    situations_per_epoch: int = 1000
    head_scale: float = 10.0
    contrast_weight: float = 0.5
    binary_weight: float = 0.5
    flag_weight: float = 1.0
    temperature: float = 0.05
    acceptable_target: float = 0.25
    # A denied trouble is a wrong answer that lies near: it counts as several wrong ones.
    denied_weight: float = 5.0
    # Words hidden at random keep the model from learning notes by heart.  Dropout would do
    # the same and doubles the time of a step on a CPU.
    hidden_words: float = 0.08
    seed: int = 20261124


class TrainedEncoder(torch.nn.Module):
    """A LoRA-wrapped encoder with a head over the note's vector and its words' vectors."""

    def __init__(self, folder: Path, labels: int, recipe: Recipe) -> None:
        from peft import LoraConfig, get_peft_model
        from transformers import AutoModel, AutoTokenizer

        super().__init__()
        self.tokenizer = AutoTokenizer.from_pretrained(str(folder))
        config = LoraConfig(
            r=recipe.rank,
            lora_alpha=recipe.alpha,
            lora_dropout=0.0,
            target_modules=list(TARGETS),
            # The lower layers know Japanese already: leaving them alone saves a third of the time.
            layers_to_transform=list(range(recipe.first_layer, 12)),
        )
        base = AutoModel.from_pretrained(
            str(folder), hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0
        )
        self.hidden_words = recipe.hidden_words
        self.encoder = get_peft_model(base, config)
        width = int(base.config.hidden_size)
        self.note_head = torch.nn.Linear(width, labels)
        # (labels x queries) rows: where a label looks, and what it makes of what it sees.
        self.looks = torch.nn.Linear(width, labels * QUERIES, bias=False)
        self.sees = torch.nn.Linear(width, labels * QUERIES, bias=False)
        torch.nn.init.normal_(self.looks.weight, std=0.01)
        self.centre: torch.Tensor
        self.word_centre: torch.Tensor
        self.register_buffer("centre", torch.zeros(width))
        self.register_buffer("word_centre", torch.zeros(width))

    @torch.no_grad()
    def start_head(self, situations: Sequence[Example], scale: float) -> None:
        """Start the head at the centred mean of each category's situations: nearest centroid."""
        vectors, words = [], []
        for start in range(0, len(situations), 32):
            notes, tokens, inside = self.vectors(situations[start : start + 32])
            vectors.append(notes)
            words.append(tokens[inside])
        notes = torch.cat(vectors)
        labels = torch.tensor([s.primary[0] for s in situations])
        self.centre.copy_(notes.mean(0))
        self.word_centre.copy_(torch.cat(words).mean(0))
        categories = int(labels.max()) + 1
        means = torch.stack([notes[labels == c].mean(0) for c in range(categories)])
        weights = torch.zeros_like(self.note_head.weight)
        weights[:categories] = F.normalize(means - self.centre, dim=-1) * scale / _STRETCH
        self.note_head.weight.copy_(weights)
        self.note_head.bias.fill_(-2.0)
        self.sees.weight.copy_(weights.repeat_interleave(QUERIES, 0) / QUERIES)

    def vectors(
        self, examples: Sequence[Example]
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return unit note vectors (n, d), unit word vectors (n, t, d) and which words count.

        Words count that lie inside a sentence of the note: not the prompt, not the padding.
        """
        prompt = "query: "
        encoding = self.tokenizer(
            [prompt + e.text for e in examples],
            padding=True,
            truncation=True,
            max_length=MAX_TOKENS,
            return_offsets_mapping=True,
            return_tensors="pt",
        )
        offsets = encoding.pop("offset_mapping") - len(prompt)
        inside = (offsets[..., 1] > offsets[..., 0]) & (offsets[..., 1] > 0)
        if self.training:
            hidden_words = inside & (torch.rand(inside.shape) < self.hidden_words)
            encoding["input_ids"][hidden_words] = self.tokenizer.mask_token_id
        with torch.autocast("cpu", dtype=torch.bfloat16):
            hidden = self.encoder(
                input_ids=encoding["input_ids"], attention_mask=encoding["attention_mask"]
            ).last_hidden_state
        hidden = hidden.float()
        mask = encoding["attention_mask"].unsqueeze(-1).float()
        notes = F.normalize((hidden * mask).sum(1) / mask.sum(1), dim=-1)
        return notes, F.normalize(hidden, dim=-1), inside

    def logits(
        self, notes: torch.Tensor, words: torch.Tensor, inside: torch.Tensor
    ) -> torch.Tensor:
        """Return the logits (n, labels); the same pooling as ``index.adapter.Head``."""
        stretched = _STRETCH * (words - self.word_centre)
        looks = self.looks(stretched).masked_fill(~inside.unsqueeze(-1), -1e4).softmax(1)
        seen = (looks * self.sees(stretched)).sum(1)
        per_label = seen.view(len(notes), -1, QUERIES).sum(-1)
        return torch.as_tensor(self.note_head(_STRETCH * (notes - self.centre)) + per_label)

    @torch.no_grad()
    def plain_head(self) -> dict[str, torch.Tensor]:
        """Return the head for vectors as they are: centre and stretch folded into weights and bias.

        What a query's constant part would add is the same for all words and cancels out.
        """
        note, sees = _STRETCH * self.note_head.weight, _STRETCH * self.sees.weight
        constant = (sees @ self.word_centre).view(-1, QUERIES).sum(-1)
        return {
            "note": note,
            "looks": _STRETCH * self.looks.weight,
            "sees": sees,
            "bias": self.note_head.bias - note @ self.centre - constant,
        }


def label_loss(
    logits: torch.Tensor, batch: Sequence[Example], categories: int, recipe: Recipe
) -> torch.Tensor:
    """Return the mean loss of a batch: categories (softmax and binary) and red flags (binary)."""
    losses = []
    for row, example in zip(logits, batch, strict=True):
        loss = row.sum() * 0
        if example.primary:
            loss = loss + _category_loss(row[:categories], example, recipe)
        if example.flags is not None:
            target = torch.zeros_like(row)
            target[list(example.flags)] = 1.0
            weight = _with_denied(torch.ones_like(row), example, recipe)
            loss = loss + recipe.flag_weight * F.binary_cross_entropy_with_logits(
                row[categories:], target[categories:], weight[categories:], reduction="sum"
            )
        losses.append(example.weight * loss)
    return torch.stack(losses).mean()


def _category_loss(row: torch.Tensor, example: Example, recipe: Recipe) -> torch.Tensor:
    primary, acceptable = list(example.primary), list(example.acceptable)
    weight = _with_denied(torch.ones_like(row), example, recipe)
    masked = row + torch.log(weight)
    if acceptable:
        masked[acceptable] = -1e4
    softmax = -torch.log_softmax(masked, -1)[primary].mean()
    target = torch.zeros_like(row)
    target[acceptable] = recipe.acceptable_target
    target[primary] = 1.0
    binary = F.binary_cross_entropy_with_logits(row, target, weight, reduction="sum") / 3
    return softmax + recipe.binary_weight * binary


def _with_denied(weight: torch.Tensor, example: Example, recipe: Recipe) -> torch.Tensor:
    weight[[label for label in example.denied if label < len(weight)]] = recipe.denied_weight
    return weight


def contrast_loss(
    notes: torch.Tensor, batch: Sequence[Example], situations: torch.Tensor,
    labels: Sequence[int], recipe: Recipe,
) -> torch.Tensor:  # fmt: skip
    """Pull each note to the situations of its primary categories, away from unrelated ones."""
    similarity = notes @ situations.T / recipe.temperature
    losses = []
    for row, example in zip(similarity, batch, strict=True):
        good = torch.tensor([label in example.primary for label in labels])
        neutral = torch.tensor([label in example.acceptable for label in labels])
        if good.any():
            masked = row.masked_fill(neutral, -1e4)
            losses.append(-torch.log_softmax(masked, -1)[good].mean())
    return torch.stack(losses).mean() if losses else similarity.sum() * 0


def train_encoder(
    folder: Path,
    notes: list[Example],
    situations: list[Example],
    labels: int,
    confused: dict[int, list[int]],
    recipe: Recipe,
    on_step: Callable[[int, int, float], None],
    extra: Callable[[random.Random], list[Example]] = lambda rng: [],
) -> TrainedEncoder:
    """Return a trained encoder; ``extra`` makes more examples at the start of each epoch.

    ``on_step`` hears (step, steps, loss).  Deterministic for a given seed and machine.
    """
    rng = random.Random(recipe.seed)
    torch.manual_seed(recipe.seed)
    torch.set_grad_enabled(True)
    model = TrainedEncoder(folder, labels, recipe)
    model.eval()
    model.start_head(situations, recipe.head_scale)
    model.train()
    heads = [
        *model.note_head.parameters(),
        *model.looks.parameters(),
        *model.sees.parameters(),
    ]
    lora = [p for p in model.encoder.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(
        [{"params": lora, "lr": recipe.encoder_rate}, {"params": heads, "lr": recipe.head_rate}],
        weight_decay=0.01,
    )
    by_category: dict[int, list[Example]] = {}
    for situation in situations:
        by_category.setdefault(situation.primary[0], []).append(situation)
    some = min(recipe.situations_per_epoch, len(situations))
    epochs = [notes + rng.sample(situations, some) + extra(rng) for _ in range(recipe.epochs)]
    batches = [batch for epoch in epochs for batch in _batches(epoch, recipe.batch, rng)]
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, [recipe.encoder_rate, recipe.head_rate], total_steps=len(batches), pct_start=0.1
    )
    for step, batch in enumerate(batches, start=1):
        pairs = [_pair(e, by_category, confused, rng) for e in batch if e.primary]
        others = [situation for pair in pairs for situation in pair]
        vectors, words, inside = model.vectors(batch)
        logits = model.logits(vectors, words, inside)
        loss = label_loss(logits, batch, len(by_category), recipe)
        if others:
            situation_vectors, _, _ = model.vectors(others)
            theirs = [situation.primary[0] for situation in others]
            loss = loss + recipe.contrast_weight * contrast_loss(
                vectors, batch, situation_vectors, theirs, recipe
            )
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        torch.nn.utils.clip_grad_norm_([*lora, *heads], 1.0)
        optimiser.step()
        schedule.step()
        on_step(step, len(batches), float(loss.detach()))
    model.eval()
    return model


def _batches(examples: list[Example], size: int, rng: random.Random) -> list[list[Example]]:
    """Shuffle, then group texts of similar length within large pools: less padding."""
    shuffled = rng.sample(examples, len(examples))
    batches = []
    for start in range(0, len(shuffled), size * 16):
        pool = sorted(shuffled[start : start + size * 16], key=lambda e: len(e.text))
        batches += [pool[i : i + size] for i in range(0, len(pool), size)]
    return rng.sample(batches, len(batches))


def _pair(
    example: Example,
    by_category: dict[int, list[Example]],
    confused: dict[int, list[int]],
    rng: random.Random,
) -> list[Example]:
    """Return a situation of one primary category and one of a category confused with it."""
    wanted = rng.choice(example.primary)
    good = rng.choice([s for s in by_category[wanted] if s is not example])
    right = set(example.primary) | set(example.acceptable)
    hard = [c for c in confused.get(wanted, []) if c not in right]
    if not hard or rng.random() < 0.5:
        return [good]
    return [good, rng.choice(by_category[rng.choice(hard)])]


def save_trained(
    model: TrainedEncoder, labels: Sequence[str], weights_digest: str, recipe: Recipe, out: Path
) -> None:
    """Write the adapter and the head (half precision) into ``out``."""
    from safetensors.numpy import save_file

    out.mkdir(parents=True, exist_ok=True)
    state: dict[str, Any] = {n: p for n, p in model.encoder.named_parameters() if "lora_" in n}
    scale = recipe.alpha / recipe.rank
    updates: dict[str, np.ndarray] = {}
    for name, value in state.items():
        base = name.split("base_model.model.", 1)[1]
        target, kind = base.split(".lora_")
        array = value.detach().float().numpy()
        if kind.startswith("A"):
            updates[f"{target}.A"] = array.astype(np.float16)
        else:
            updates[f"{target}.B"] = (array * scale).astype(np.float16)
    save_file({k: np.ascontiguousarray(v) for k, v in updates.items()}, str(out / ADAPTER_FILE))
    head = model.plain_head()
    halves = {name: head[name].numpy().astype(np.float16) for name in ("note", "looks", "sees")}
    np.savez_compressed(
        out / HEAD_FILE,
        allow_pickle=False,
        codes=np.array(labels),
        bias=head["bias"].numpy().astype(np.float32),
        model_digest=np.array(adapter_digest(weights_digest, out)),
        **halves,
    )
