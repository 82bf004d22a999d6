"""The adapter and head that ship: merged right, tied to their model, silent for another."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from index.adapter import (
    ADAPTER_FILE,
    HEAD_FILE,
    TRAINED_DIR,
    Head,
    adapter_digest,
    load_head,
    merge_adapter,
)
from index.bundled_model import WEIGHTS_SHA256
from index.embedder import NoteVectors
from index.memory import MEMORY_FILE
from knowledge.load import load_knowledge


def test_an_update_is_added_to_its_matrix_and_to_no_other(tmp_path: Path) -> None:
    path = tmp_path / ADAPTER_FILE
    save_file({"a.A": np.float16([[1, 2]]), "a.B": np.float16([[3], [0]])}, str(path))
    weights = {"a.weight": np.ones((2, 2), np.float32), "b.weight": np.ones((2, 2), np.float32)}
    merge_adapter(weights, path)
    np.testing.assert_array_equal(weights["a.weight"], [[4, 7], [1, 1]])
    np.testing.assert_array_equal(weights["b.weight"], np.ones((2, 2)))


def test_the_model_is_another_one_with_another_adapter(tmp_path: Path) -> None:
    assert adapter_digest(WEIGHTS_SHA256, tmp_path) == WEIGHTS_SHA256
    (tmp_path / ADAPTER_FILE).write_bytes(b"one")
    first = adapter_digest(WEIGHTS_SHA256, tmp_path)
    (tmp_path / ADAPTER_FILE).write_bytes(b"two")
    assert len({first, adapter_digest(WEIGHTS_SHA256, tmp_path), WEIGHTS_SHA256}) == 3


def test_the_shipped_head_belongs_to_the_shipped_model_and_knows_every_code() -> None:
    head = load_head(adapter_digest(WEIGHTS_SHA256))
    assert head is not None
    knowledge = load_knowledge()
    categories = tuple(category.code for category in knowledge.categories)
    flags = tuple(f"flag.{flag.code}" for flag in knowledge.red_flags)
    assert head.codes == categories + flags


def test_the_head_is_silent_for_any_other_model() -> None:
    assert load_head(WEIGHTS_SHA256) is None
    assert load_head("somebody else's") is None


def test_what_ships_is_a_few_megabytes() -> None:
    size = sum(
        (TRAINED_DIR / name).stat().st_size for name in (ADAPTER_FILE, HEAD_FILE, MEMORY_FILE)
    )
    assert size < 7_000_000


def _head() -> Head:
    """Two labels with one query each: x looks for and sees the first direction, y the second."""
    eye = np.eye(2, dtype=np.float32)
    return Head(("x", "y"), eye, 20 * eye, 10 * eye, np.zeros(2, np.float32), "")


def _vectors(*words: tuple[int, float, float]) -> NoteVectors:
    """A note whose words are given as (sentence, first, second)."""
    table = np.array(words, np.float32).reshape(-1, 3)
    numbers = table[:, 0].astype(np.int64)
    note = np.float32([0.6, 0.6])
    return NoteVectors(note, np.zeros((numbers.max() + 1, 2), np.float32), table[:, 1:], numbers)


def test_one_clear_word_speaks_for_its_label_however_many_others_there_are() -> None:
    note = _vectors((0, 1, 0), *[(1, 0.0, 0.0)] * 50)
    assert _head().logits(note, (0, 1)) == pytest.approx([0.6 + 10, 0.6], abs=1e-3)


def test_the_words_of_a_sentence_that_does_not_count_are_not_heard() -> None:
    note = _vectors((0, 1, 0), (1, 0, 1))
    assert _head().logits(note, (1,)) == pytest.approx([0.6, 10.6], abs=1e-3)


def test_a_note_without_any_sentence_that_counts_is_heard_as_a_whole() -> None:
    note = _vectors((0, 1, 0), (1, 0, 1))
    assert _head().logits(note, ()) == pytest.approx(_head().logits(note, (0, 1)))


def test_a_label_points_to_the_sentence_that_speaks_most_for_it() -> None:
    note = _vectors((0, 0, 0), (1, 0, 1), (2, 1, 0))
    assert (_head().clearest(note, "x"), _head().clearest(note, "y")) == (2, 1)


def test_a_head_without_some_labels_judges_the_others_as_before() -> None:
    note = _vectors((0, 1, 0), (1, 0, 1))
    rest = _head().only(("y",))
    assert rest.codes == ("y",)
    assert rest.logits(note, (0,)) == pytest.approx(_head().logits(note, (0,))[1:])
