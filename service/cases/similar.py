"""Similar cases of this desk, by the vectors of their masked texts."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine

from service.cases.codec import case_of
from service.cases.models import Case
from service.cases.write import get_row
from service.store import case_vectors
from service.store.cases import documents_of
from service.store.engine import reading, writing

# As many as are read within a few ten milliseconds for each answer: about half a year's cases.
_MOST_LOOKED_AT = 3_000


@dataclass(frozen=True, slots=True)
class Similar:
    """An earlier case and how near it is (cosine, 1 is the same)."""

    case: Case
    similarity: float


def keep_vector(
    engine: Engine, town_code: str, case_id: str, model: str, vector: NDArray[np.float32]
) -> None:
    """Keep the vector (one dimension) of a case's masked text; of the model named.

    Raises NotFound for the case, ValueError for a vector that is not one.
    """
    unit = _unit(vector)
    text = base64.b64encode(unit.astype("<f4").tobytes()).decode("ascii")
    with writing(engine) as conn:
        get_row(conn, town_code, case_id)
        case_vectors.save_vector(conn, town_code, case_id, model, text)


def similar_cases(
    engine: Engine,
    town_code: str,
    model: str,
    vector: NDArray[np.float32],
    limit: int = 3,
    at_least: float = 0.75,
    leave_out: str = "",
) -> tuple[Similar, ...]:
    """Return the nearest of the town's newest cases, open and closed, nearest first.

    ``leave_out`` is the id of the case one is looking from.  Ties are broken by id.
    """
    unit = _unit(vector)
    with reading(engine) as conn:
        known = case_vectors.newest_vectors(conn, town_code, model, _MOST_LOOKED_AT)
        scores = _scores(known, unit)
        scores.pop(leave_out, None)
        near = sorted(
            (case_id for case_id, score in scores.items() if score >= at_least),
            key=lambda case_id: (-scores[case_id], case_id),
        )[:limit]
        documents = documents_of(conn, town_code, near)
    return tuple(Similar(case_of(documents[case_id]), scores[case_id]) for case_id in near)


def _unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    length = float(np.linalg.norm(vector))
    if vector.ndim != 1 or not np.isfinite(length) or length == 0:
        raise ValueError("a case's vector has one dimension, and a finite length that is not 0")
    return np.asarray(vector / length, dtype=np.float32)


def _scores(known: Sequence[tuple[str, str]], unit: NDArray[np.float32]) -> dict[str, float]:
    """Return the cosine of each kept vector by case; those of another length are left out."""
    wanted = unit.size * unit.itemsize
    raw = [(case_id, base64.b64decode(text)) for case_id, text in known]
    fitting = [(case_id, data) for case_id, data in raw if len(data) == wanted]
    joined = b"".join(data for _, data in fitting)
    # One product for all: row by row 3,000 cases took three times as long.
    found = np.frombuffer(joined, dtype="<f4").reshape(len(fitting), unit.size) @ unit
    return {case_id: float(score) for (case_id, _), score in zip(fitting, found, strict=True)}
