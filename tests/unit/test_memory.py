"""The memory of past cases: the nearest vote, and only for the model they were read with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from index.adapter import adapter_digest
from index.bundled_model import WEIGHTS_SHA256
from index.memory import Memory, load_memory, save_memory
from knowledge.load import load_knowledge


def _unit(*rows: tuple[float, ...]) -> np.ndarray:
    table = np.array(rows, np.float32)
    return table / np.linalg.norm(table, axis=1, keepdims=True)


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    """Four notes: two of category a, one of b, one of b that would also accept a."""
    notes = _unit((9, 1, 0), (9, 2, 0), (1, 9, 0), (0, 1, 9))
    votes = np.float32([[1, 0], [1, 0], [0, 1], [0.4, 1]])
    save_memory(notes, votes, ("a", "b"), "model", tmp_path)
    found = load_memory("model", tmp_path)
    assert found is not None
    return found


def test_a_note_gets_the_votes_of_the_notes_like_it(memory: Memory) -> None:
    shares = memory.share(_unit((9, 1.5, 0), (1, 9, 0), (0, 1, 9)))
    assert shares[0] == pytest.approx([1, 0], abs=0.01)
    assert shares[1] == pytest.approx([0, 1], abs=0.01)
    assert shares[2] == pytest.approx([0.4, 1], abs=0.01)


def test_what_was_kept_comes_back_within_a_byte_s_precision(memory: Memory) -> None:
    assert np.linalg.norm(memory.vectors, axis=1) == pytest.approx(1, abs=0.01)
    assert memory.codes == ("a", "b")


@pytest.mark.usefixtures("memory")
def test_another_model_has_no_memory(tmp_path: Path) -> None:
    assert load_memory("somebody else's", tmp_path) is None
    assert load_memory("model", tmp_path / "nowhere") is None


def test_the_shipped_memory_belongs_to_the_shipped_model_and_knows_every_category() -> None:
    shipped = load_memory(adapter_digest(WEIGHTS_SHA256))
    assert shipped is not None
    assert shipped.codes == tuple(category.code for category in load_knowledge().categories)
    assert len(shipped.vectors) > 4_000
    assert (shipped.votes.max(axis=1) == 1).all()
