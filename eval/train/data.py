"""Training examples: labelled notes, and the catalogue's situations as one-label notes."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from eval.cases import Case, load_cases
from eval.denials import denied_codes
from index.text import normalise
from knowledge.models import Knowledge


@dataclass(frozen=True, slots=True)
class Example:
    """A text with its label numbers; ``weight`` scales its loss.

    Labels are the categories, then the red flags.  ``primary`` is empty where only the
    flags are known, ``flags`` is None where they are not.  ``denied`` are labels, categories
    and flags, that the note speaks of only to deny them: wrong answers that lie near.
    """

    text: str
    primary: tuple[int, ...]
    acceptable: tuple[int, ...]
    flags: tuple[int, ...] | None
    weight: float
    denied: tuple[int, ...] = ()


def label_names(knowledge: Knowledge) -> tuple[str, ...]:
    """Return the labels in order: category codes, then ``flag.`` and the red-flag codes."""
    categories = tuple(category.code for category in knowledge.categories)
    return categories + tuple(f"flag.{flag.code}" for flag in knowledge.red_flags)


def note_examples(cases: Sequence[Case], labels: Sequence[str]) -> list[Example]:
    """Return the labelled notes as examples."""
    number = {label: i for i, label in enumerate(labels)}
    examples = []
    for case in cases:
        text = normalise(case.note).text
        denied_flags, denied_categories = denied_codes(case)
        examples.append(
            Example(
                text,
                tuple(number[c] for c in case.primary or ()),
                tuple(number[c] for c in case.acceptable),
                tuple(number[f"flag.{f}"] for f in case.red_flags),
                1.0,
                tuple(number[c] for c in sorted(denied_categories))
                + tuple(number[f"flag.{f}"] for f in sorted(denied_flags)),
            )
        )
    return examples


def situation_examples(knowledge: Knowledge, labels: Sequence[str]) -> list[Example]:
    """Return every typical situation of the catalogue as a short note with one label.

    What else would be acceptable is not known for them, so they weigh less.
    """
    number = {label: i for i, label in enumerate(labels)}
    examples = []
    for service in knowledge.services:
        for situation in service.situations:
            text = normalise(situation).text
            label = (number[service.category],)
            examples.append(Example(text, label, (), None, 0.5))
    return examples


def load_writers(folder: Path, names: Sequence[str]) -> list[Case]:
    """Return the notes of the named writers (``w01`` …), in order."""
    return [case for name in names for case in load_cases(folder / f"{name}.jsonl")]


def joined(examples: Sequence[Example], rng: random.Random, count: int) -> list[Example]:
    """Return ``count`` new notes, each two or three short examples on separate lines.

    Many-problem households are rarer in the corpus than at the desk; joining short notes
    teaches the model that each sentence brings its own help.
    """
    short = [e for e in examples if len(e.text) <= 80 and e.primary]
    return [_join(rng.sample(short, rng.choice((2, 2, 3)))) for _ in range(count)]


def joined_flags(examples: Sequence[Example], rng: random.Random, count: int) -> list[Example]:
    """Return ``count`` new notes that join short ones whose flags are known, and teach those.

    A danger is often one sentence among ordinary ones, or beside the denial of another.
    """
    short = [e for e in examples if len(e.text) <= 90 and e.flags is not None]
    return [
        replace(_join(rng.sample(short, rng.choice((2, 3, 4)))), primary=(), acceptable=())
        for _ in range(count)
    ]


def _join(parts: Sequence[Example]) -> Example:
    text = "\n".join(part.text for part in parts)
    primary = tuple(sorted({p for part in parts for p in part.primary}))
    neutral = tuple(sorted({a for part in parts for a in part.acceptable} - set(primary)))
    flags = None
    if all(part.flags is not None for part in parts):
        flags = tuple(sorted({f for part in parts for f in part.flags or ()}))
    return Example(text, primary, neutral, flags, 0.5)
