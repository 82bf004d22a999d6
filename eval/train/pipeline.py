"""Making the shipped model again, step by step: adapter, head, ranker, flag thresholds.

Writers never cross: the encoder and the head learn from some, the ranker and the
thresholds from others, and the development and test cases from neither.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np

from eval.cases import CASES_DIR, load_cases
from eval.train.data import (
    Example,
    joined,
    label_names,
    load_writers,
    note_examples,
    situation_examples,
)
from eval.train.encoder import Recipe, save_trained, train_encoder
from eval.train.flags import choose_thresholds, write_thresholds
from eval.train.head import HeadRecipe, encode_examples, fit_head, save_head
from eval.train.ranker import feature_table, fit_ranker, write_ranker
from index.adapter import TRAINED_DIR
from index.bundled_model import WEIGHTS_SHA256
from index.embedder import Embedder
from knowledge.models import Knowledge
from service.triage import ranker as ranker_module
from service.triage.second_opinion import not_for_the_model, thresholds
from service.triage.triage import Desk, examine, live_sentences

TRAIN_DIR = CASES_DIR / "train"
ENCODER_WRITERS = ("w01", "w02", "w03", "w04", "w05", "w06", "w07", "w08", "w10")
HEAD_WRITERS = (*ENCODER_WRITERS, "w11", "w12", "w13", "w15")
RANKER_WRITERS = ("w09", "w14")
# Notes joined from short ones, new in each epoch.
_JOINED = 200
# Of the flags that the model adds to those of the rules, at least this share is right on the
# ranker's writers: one 'please check' in two may be a false alarm, no more.
LEAST_FLAG_PRECISION = 0.5
_ALREADY_DECIDED = -50.0
_TRIAGE_DIR = Path(ranker_module.__file__).parent

Progress = Callable[[str, int, int], None]


def train_adapter(
    knowledge: Knowledge, base_model: Path, on_progress: Progress, out: Path = TRAINED_DIR
) -> None:
    """Fine-tune the encoder and write its adapter (and a first head) into ``out``."""
    labels = label_names(knowledge)
    notes = note_examples(load_writers(TRAIN_DIR, ENCODER_WRITERS), labels)
    notes += _flag_only(labels)
    situations = situation_examples(knowledge, labels)
    number = {label: i for i, label in enumerate(labels)}
    confused = {
        number[s.category]: [number[c.category] for c in s.confused_with]
        for s in knowledge.services
    }
    recipe = Recipe()
    model = train_encoder(
        base_model,
        notes,
        situations,
        len(labels),
        confused,
        recipe,
        lambda step, steps, loss: on_progress(f"学習（損失 {loss:.2f}）", step, steps),
        lambda rng: joined(notes + situations, rng, _JOINED),
    )
    save_trained(model, labels, WEIGHTS_SHA256, recipe, out)


def train_head(
    knowledge: Knowledge, embedder: Embedder, on_progress: Progress, out: Path = TRAINED_DIR
) -> None:
    """Fit the category head on the vectors of the model in use and write it into ``out``."""
    labels = label_names(knowledge)
    examples = note_examples(load_writers(TRAIN_DIR, HEAD_WRITERS), labels)
    examples += _flag_only(labels) + situation_examples(knowledge, labels)
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        on_progress("埋め込み", done, len(examples))

    encoded = encode_examples(embedder, examples, advance)
    head = fit_head(encoded, examples, len(knowledge.categories), len(labels), HeadRecipe())
    save_head(head, labels, embedder.digest, out)


def train_ranker(desk: Desk, today: date, on_progress: Progress) -> None:
    """Fit the ranker and the flag thresholds on held-out writers; write both where they ship."""
    cases = load_writers(TRAIN_DIR, RANKER_WRITERS)
    codes = [flag.code for flag in desk.knowledge.red_flags]
    logits = []
    for done, case in enumerate(cases, start=1):
        examined = examine(desk, case.note, today)
        vectors = examined.hits.vectors
        if desk.head is not None:
            live = live_sentences(examined.reading, examined.assessment)
            each = desk.head.logits(vectors.note, vectors.sentences, live)
            known = dict(zip(desk.head.codes, each, strict=True))
            decided = not_for_the_model(examined.assessment, desk.flag_rules)
            logits.append(
                [_ALREADY_DECIDED if c in decided else float(known[f"flag.{c}"]) for c in codes]
            )
        on_progress("緊急の第二の目", done, len(cases))
    if logits:
        wanted = np.array([[code in case.red_flags for code in codes] for case in cases])
        found = choose_thresholds(np.array(logits, np.float32), wanted, codes, LEAST_FLAG_PRECISION)
        write_thresholds(found, _TRIAGE_DIR / "second_opinion.json")
        thresholds.cache_clear()
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        on_progress("順位づけ", done, len(cases))

    table = feature_table(desk, cases, today, advance)
    without = fit_ranker(table, skip=("head", "head_rank"))
    write_ranker(fit_ranker(table), without, _TRIAGE_DIR / "ranker.json")


def _flag_only(labels: tuple[str, ...]) -> list[Example]:
    """Return the notes whose red flags alone are labelled."""
    cases = load_cases(CASES_DIR / "red_flags_dev.jsonl")
    return [Example(e.text, e.ranges, (), (), e.flags, 1.0) for e in note_examples(cases, labels)]
