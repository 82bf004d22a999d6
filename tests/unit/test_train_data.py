"""What training learns from: examples, denials as near wrong answers, joined notes."""

from __future__ import annotations

import random

import pytest

from eval.cases import CASES_DIR, Case, load_cases
from eval.denials import denied_codes
from eval.train.data import Example, joined, joined_flags, label_names, note_examples
from eval.train.pipeline import (
    FLAGS_DIR,
    RANKER_WRITERS,
    THRESHOLD_WRITERS,
    TRAIN_DIR,
    training_notes,
)
from knowledge.load import load_knowledge


@pytest.fixture(scope="module")
def labels() -> tuple[str, ...]:
    return label_names(load_knowledge())


def _case(note: str, primary: str = "", flags: str = "", negated: str = "") -> Case:
    return Case(
        id=note,
        note=note,
        primary=tuple(primary.split()) or None,
        red_flags=tuple(flags.split()),
        negated=tuple(negated.split()),
    )


def test_labels_become_numbers_and_denials_become_near_wrong_answers(
    labels: tuple[str, ...],
) -> None:
    case = _case("眠れない。暴力はない。", "health.hokenshi", "suicide", "DV")
    example = note_examples([case], labels)[0]
    assert [labels[n] for n in example.primary] == ["health.hokenshi"]
    assert [labels[n] for n in example.flags or ()] == ["flag.suicide"]
    assert [labels[n] for n in example.denied] == ["rights.dv", "flag.dv"]


def test_what_the_labels_call_right_is_never_a_denied_one() -> None:
    case = _case("x", "rights.dv", "dv", "DV")
    assert denied_codes(case) == (set(), set())


def test_joined_notes_keep_the_help_of_every_part() -> None:
    parts = [Example("a。", (n,), (5,), None, 1.0) for n in (1, 2, 3)]
    made = joined(parts, random.Random(0), 5)  # noqa: S311 - no secret
    for example in made:
        assert len(example.primary) == example.text.count("\n") + 1
        assert (example.acceptable, example.flags) == ((5,), None)


def test_joined_flags_teach_the_danger_in_one_of_several_sentences() -> None:
    calm = [Example("静か。", (1,), (), (), 1.0) for _ in range(3)]
    alarm = Example("殴る。", (2,), (), (70,), 1.0)
    unknown = Example("不明。", (2,), (), None, 1.0)
    made = joined_flags([*calm, alarm, unknown], random.Random(1), 30)  # noqa: S311 - no secret
    assert all("不明" not in e.text and e.primary == () for e in made)
    assert all((e.flags == (70,)) == ("殴る" in e.text) for e in made)
    assert {bool(e.flags) for e in made} == {True, False}


def test_writers_that_choose_thresholds_are_never_trained_on(labels: tuple[str, ...]) -> None:
    texts = {example.text for example in training_notes(labels)}
    held = [c for w in RANKER_WRITERS for c in load_cases(TRAIN_DIR / f"{w}.jsonl")]
    held += [c for w in THRESHOLD_WRITERS for c in load_cases(FLAGS_DIR / f"{w}.jsonl")]
    held += [*load_cases(CASES_DIR / "test.jsonl"), *load_cases(CASES_DIR / "dev.jsonl")]
    shared = [e.text for e in note_examples(held, labels) if e.text in texts and len(e.text) > 12]
    assert shared == []


def test_every_category_is_primary_at_least_sixty_times(labels: tuple[str, ...]) -> None:
    counts = dict.fromkeys((name for name in labels if not name.startswith("flag.")), 0)
    for path in sorted(TRAIN_DIR.glob("*.jsonl")):
        for case in load_cases(path):
            for code in case.primary or ():
                counts[code] += 1
    assert min(counts.values()) >= 60, min(counts, key=lambda code: counts[code])


def test_flag_notes_hold_every_danger_and_as_many_look_alikes() -> None:
    cases = [c for path in sorted(FLAGS_DIR.glob("*.jsonl")) for c in load_cases(path)]
    assert len(cases) >= 4000
    assert 0.4 <= sum(bool(c.red_flags) for c in cases) / len(cases) <= 0.6
    flags = {flag.code for flag in load_knowledge().red_flags}
    for code in flags:
        assert sum(code in c.red_flags for c in cases) >= 200, code
