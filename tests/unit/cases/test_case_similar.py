"""Similar cases of the desk."""

from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy import Engine

from service.cases.similar import keep_vector, similar_cases
from service.cases.steps import close
from service.errors import NotFound
from tests.fixtures.accounts_world import NEIGHBOUR, add_more_towns
from tests.fixtures.kept_cases import NOW, do, opened
from tests.fixtures.store_world import TOWN


def vector(*values: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """A vector of these numbers."""
    return np.array(values, dtype=np.float32)


def test_the_nearest_are_found_open_or_closed(engine: Engine) -> None:
    near, nearer, far = opened(engine), opened(engine), opened(engine)
    for case, kept in ((near, vector(3, 1)), (nearer, vector(9, 0.5)), (far, vector(0, 1))):
        keep_vector(engine, TOWN.code, case.id, "m", kept)
    closed = do(engine, nearer, close("solved", NOW), "case.close")
    found = similar_cases(engine, TOWN.code, "m", vector(5, 0))
    assert [one.case for one in found] == [closed, near]
    assert found[1].similarity == pytest.approx(3 / np.sqrt(10), abs=1e-6)
    assert len(similar_cases(engine, TOWN.code, "m", vector(5, 0), limit=1)) == 1
    assert len(similar_cases(engine, TOWN.code, "m", vector(5, 0), at_least=-1.0)) == 3
    others = similar_cases(engine, TOWN.code, "m", vector(5, 0), leave_out=nearer.id)
    assert [one.case for one in others] == [near]


def test_of_two_alike_the_order_is_always_the_same(engine: Engine) -> None:
    ids = [opened(engine).id for _ in range(4)]
    for case_id in ids:
        keep_vector(engine, TOWN.code, case_id, "m", vector(1, 2))
    found = similar_cases(engine, TOWN.code, "m", vector(1, 2), limit=4)
    assert [one.case.id for one in found] == sorted(ids)


def test_another_model_and_another_town_are_not_compared(engine: Engine) -> None:
    add_more_towns(engine)
    mine, theirs = opened(engine), opened(engine, town_code=NEIGHBOUR.code)
    keep_vector(engine, NEIGHBOUR.code, theirs.id, "m", vector(1, 0))
    keep_vector(engine, TOWN.code, mine.id, "old", vector(1, 0))
    assert similar_cases(engine, TOWN.code, "m", vector(1, 0)) == ()
    # A newer vector takes the place of the older one.
    keep_vector(engine, TOWN.code, mine.id, "m", vector(1, 0))
    assert [one.case.id for one in similar_cases(engine, TOWN.code, "m", vector(1, 0))] == [mine.id]
    assert similar_cases(engine, TOWN.code, "old", vector(1, 0)) == ()
    # Of another length, though the name of the model is the same.
    assert similar_cases(engine, TOWN.code, "m", vector(1, 0, 0)) == ()


def test_only_a_vector_of_a_case_is_kept(engine: Engine) -> None:
    case = opened(engine)
    for bad in (vector(0, 0), vector(float("nan"), 1), np.ones((2, 2), dtype=np.float32)):
        with pytest.raises(ValueError, match="one dimension"):
            keep_vector(engine, TOWN.code, case.id, "m", bad)
    with pytest.raises(NotFound):
        keep_vector(engine, TOWN.code, "nai", "m", vector(1, 0))
