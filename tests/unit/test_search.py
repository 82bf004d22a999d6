"""Words and meaning: BM25 over Sudachi's terms, and the plain hybrid of both."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from index.lexical import build_lexical, lexical_scores
from index.search import fuse

TEXTS = ["引っ越しの費用がない。", "母が引越しをする。母は泣く。", "米がない。", "、。"]
SCORES = arrays(np.float32, 5, elements=st.floats(-1000, 1000, width=32, allow_subnormal=False))


def score(*terms: str) -> list[float]:
    """BM25 of the four texts."""
    return lexical_scores(build_lexical(TEXTS), list(terms), len(TEXTS)).tolist()


def test_words_nobody_uses_score_zero() -> None:
    """Unknown to the index: no passage is nearer than another."""
    assert score("未知語") == [0, 0, 0, 0]
    assert score() == [0, 0, 0, 0]


def test_unknown_words_do_not_change_the_score_of_known_ones() -> None:
    """Noise in a note costs nothing."""
    assert score("米", "未知語") == score("米")


def test_all_spellings_of_a_word_are_one_word() -> None:
    """引っ越し and 引越し: both texts have it, the shorter one more densely."""
    move, mother, rice, nothing = score("引っ越し")
    assert move > 0
    assert mother > 0
    assert rice == nothing == 0


def test_a_rare_word_says_more_than_a_common_one() -> None:
    """泣く stands in one text, 引っ越し in two."""
    assert score("泣く")[1] > score("引っ越し")[1]


def test_a_text_without_words_matches_nothing() -> None:
    """Punctuation alone is a passage, but an empty one."""
    assert score("母", "米", "　")[:3] == score("母", "米")[:3]
    assert score("母", "米")[3] == 0


def test_fusing_scales_both_to_one_and_weighs_them() -> None:
    """Dense [0, .5, 1], lexical [10, 0, 5] → [1, 0, .5]: 0.7 x dense + 0.3 x lexical."""
    dense = np.asarray([0.2, 0.3, 0.4], np.float32)
    lexical = np.asarray([10, 0, 5], np.float32)
    assert fuse(dense, lexical) == pytest.approx(np.asarray([0.3, 0.35, 0.85]), abs=1e-5)
    assert fuse(dense, lexical, weight=0.0) == pytest.approx(np.asarray([1, 0, 0.5]), abs=1e-5)


def test_a_side_that_says_nothing_leaves_the_order_to_the_other() -> None:
    """No shared word: all lexical scores are zero, and nothing is divided by zero."""
    dense = np.asarray([0.1, 0.9, 0.5], np.float32)
    flat = np.zeros(3, np.float32)
    assert fuse(dense, flat).argsort().tolist() == [0, 2, 1]
    assert fuse(flat, dense).argsort().tolist() == [0, 2, 1]
    assert fuse(flat, flat).tolist() == [0, 0, 0]


@given(SCORES, SCORES, st.floats(0, 1))
def test_fused_scores_stay_between_zero_and_one(
    dense: np.ndarray, lexical: np.ndarray, weight: float
) -> None:
    """Whatever the two sides bring."""
    fused = fuse(dense, lexical, weight)
    assert fused.min() >= -1e-5
    assert fused.max() <= 1 + 1e-5


@given(SCORES)
def test_fusing_does_not_care_about_the_scale_of_a_side(lexical: np.ndarray) -> None:
    """BM25 has no upper end: twice the scores are the same answer."""
    dense = np.linspace(0, 1, 5, dtype=np.float32)
    assert fuse(dense, lexical * 2) == pytest.approx(fuse(dense, lexical), abs=1e-4)
