"""Making the shipped model again, step by step: adapter and head, memory, ranker, second opinion.

Writers never cross: the encoder and the head learn from some, the ranker and the
thresholds from others, and the development and test cases from neither.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import numpy as np

from eval.cases import CASES_DIR, Case, load_cases
from eval.train.data import (
    Example,
    joined,
    joined_flags,
    label_names,
    load_writers,
    note_examples,
    situation_examples,
)
from eval.train.encoder import Recipe, save_trained, train_encoder
from eval.train.flags import fit_opinion, write_opinion
from eval.train.ranker import feature_table, fit_ranker, write_ranker
from index.adapter import TRAINED_DIR, Head
from index.bundled_model import WEIGHTS_SHA256
from index.embedder import Embedder
from index.memory import ACCEPTABLE_VOTE, save_memory
from knowledge.models import Knowledge
from service.triage import ranker as ranker_module
from service.triage.features import LEARNED
from service.triage.ranker import shipped_ranker
from service.triage.second_opinion import opinion_features, shipped_opinion
from service.triage.triage import Desk, examine

TRAIN_DIR = CASES_DIR / "train"
FLAGS_DIR = CASES_DIR / "flags"
# The ranker, its probabilities and the flag thresholds are fitted on these writers, whom the
# encoder and its head have not seen: on seen ones the head looks better than it is.
RANKER_WRITERS = ("w09", "w14", "w22")
THRESHOLD_WRITERS = ("f04", "f12")
# Notes joined from short ones, new in each epoch: for categories and for flags.
_JOINED, _JOINED_FLAGS = 200, 400
# Of the notes without a danger that the rules leave quiet, this share stays quiet.
QUIET = 0.95
_TRIAGE_DIR = Path(ranker_module.__file__).parent
RANKER_FILE = _TRIAGE_DIR / "ranker.json"

Progress = Callable[[str, int, int], None]


def train_adapter(
    knowledge: Knowledge, base_model: Path, on_progress: Progress, out: Path = TRAINED_DIR
) -> None:
    """Fine-tune the encoder and write its adapter and head into ``out``."""
    labels = label_names(knowledge)
    notes = training_notes(labels)
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
        lambda rng: (
            joined(notes + situations, rng, _JOINED) + joined_flags(notes, rng, _JOINED_FLAGS)
        ),
    )
    save_trained(model, labels, WEIGHTS_SHA256, recipe, out)


def write_memory(
    knowledge: Knowledge, embedder: Embedder, on_progress: Progress, out: Path = TRAINED_DIR
) -> None:
    """Keep the labelled training notes as vectors of the trained model."""
    codes = tuple(category.code for category in knowledge.categories)
    notes = [e for e in training_notes(label_names(knowledge)) if e.primary]
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        on_progress("事例の記憶", done, len(notes))

    vectors = embedder.encode_passages([e.text for e in notes], advance, as_notes=True)
    votes = np.zeros((len(notes), len(codes)), np.float32)
    for row, example in enumerate(notes):
        votes[row, list(example.acceptable)] = ACCEPTABLE_VOTE
        votes[row, list(example.primary)] = 1.0
    save_memory(vectors, votes, codes, embedder.digest, out)


def train_ranker(desk: Desk, today: date, on_progress: Progress) -> None:
    """Fit the second opinion and the ranker on held-out writers; write both where they ship."""
    cases = load_writers(TRAIN_DIR, RANKER_WRITERS)
    if desk.head is not None:
        more = load_writers(FLAGS_DIR, THRESHOLD_WRITERS)
        _train_opinion(desk, desk.head, [*cases, *more], today, on_progress)
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        on_progress("順位づけ", done, len(cases))

    table = feature_table(desk, cases, today, advance)
    without = fit_ranker(table, skip=LEARNED)
    write_ranker(fit_ranker(table), without, RANKER_FILE)
    shipped_ranker.cache_clear()


def _train_opinion(
    desk: Desk, head: Head, cases: Sequence[Case], today: date, on_progress: Progress
) -> None:
    codes = [flag.code for flag in desk.knowledge.red_flags]
    features, raised = [], []
    for done, case in enumerate(cases, start=1):
        examined = examine(desk, case.note, today)
        by_rules = {f.code for f in examined.assessment.red_flags if f.source == "rule"}
        raised.append([code in by_rules for code in codes])
        features.append(
            opinion_features(
                examined.reading,
                examined.hits.vectors,
                head,
                examined.assessment,
                desk.flag_rules,
                desk.knowledge.red_flags,
            )
        )
        on_progress("緊急の第二の目", done, len(cases))
    wanted = np.array([[code in case.red_flags for code in codes] for case in cases])
    found = fit_opinion(np.stack(features), wanted, np.array(raised), codes, QUIET)
    write_opinion(found, _TRIAGE_DIR / "second_opinion.json")
    shipped_opinion.cache_clear()


def training_notes(labels: Sequence[str]) -> list[Example]:
    """Return the notes of all writers that the encoder and the head may learn from."""
    held_out = (*RANKER_WRITERS, *THRESHOLD_WRITERS)
    cases = [
        case
        for folder in (TRAIN_DIR, FLAGS_DIR)
        for path in sorted(folder.glob("*.jsonl"))
        if path.stem not in held_out
        for case in load_cases(path)
    ]
    cases += load_cases(CASES_DIR / "red_flags_dev.jsonl")
    return note_examples(cases, labels)
