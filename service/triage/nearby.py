"""The town's own resources that are near a note: all of them, or in a large town the nearest.

What is done per note must not grow with the number of resources, beyond one comparison of
vectors: eligibility is checked for the nearest few hundred of the categories shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.dense import SplitDense, centre, nearest_among
from index.search import Hits
from index.snapshot import Index
from knowledge.models import Knowledge, Resource
from service.triage.features import PassageRows

Rows = NDArray[np.intp]
# Below, looking at every resource costs a few milliseconds at most.
_ALL_UP_TO = 2_000
# Of each category, so many are looked at: two are shown, the others may be closed to the
# household, full or long unverified.
LOOKED_AT = 300
# An inverted file that found fewer of a category is asked again, for this category alone.
_ENOUGH = 30


@dataclass(frozen=True, slots=True)
class Nearby:
    """What :func:`resource_cards` chooses from: the similarity by record id of ``knowledge``'s."""

    similarity: dict[str, float]
    knowledge: Knowledge


@dataclass(frozen=True, slots=True)
class TownResources:
    """A town's resources, sorted once per loaded index so that they can be found by category."""

    knowledge: Knowledge
    index: Index
    rows: PassageRows
    by_id: dict[str, Resource]
    row_of_window: dict[str, int]
    first_row: int

    @property
    def windows(self) -> Knowledge:
        """The knowledge with no other resources than the town's windows."""
        ids = self.knowledge.town.windows.values()
        only = tuple(self.by_id[id_] for id_ in dict.fromkeys(ids) if id_ in self.by_id)
        return self.knowledge.model_copy(update={"resources": only})

    def near(self, hits: Hits, codes: Sequence[str]) -> Nearby:
        """Return the resources to choose from for the categories ``codes``, and the windows."""
        if len(self.knowledge.resources) <= _ALL_UP_TO:
            rows = {
                passage.record_id: row
                for row, passage in enumerate(self.index.passages)
                if passage.kind == "resource"
            }
            return Nearby({id_: float(hits.note[row]) for id_, row in rows.items()}, self.knowledge)
        similarity = {id_: float(hits.note[row]) for id_, row in self.row_of_window.items()}
        for code in codes:
            rows_of_code, scores = self._nearest(
                hits, self.rows.resources[self.rows.codes.index(code)]
            )
            similarity |= {
                self.index.passages[row].record_id: float(score)
                for row, score in zip(rows_of_code, scores, strict=True)
            }
        chosen = tuple(self.by_id[id_] for id_ in similarity)
        return Nearby(similarity, self.knowledge.model_copy(update={"resources": chosen}))

    def _nearest(self, hits: Hits, group: Rows) -> tuple[Rows, NDArray[np.float32]]:
        """Return the nearest resources of one category: their passages and similarities."""
        dense = self.index.dense
        if isinstance(dense, SplitDense) and not dense.is_exact:
            lowest = hits.note[self.first_row :].min()
            found = group[hits.note[group] > lowest]
            if len(found) < min(_ENOUGH, len(group)):
                note = centre(hits.vectors.note, self.index.note_mean)[0]
                near, scores = nearest_among(dense, note, group - self.first_row, LOOKED_AT)
                return near + self.first_row, scores
            group = found
        if len(group) > LOOKED_AT:
            group = group[np.argpartition(-hits.note[group], LOOKED_AT - 1)[:LOOKED_AT]]
        return group, hits.note[group]


def town_resources(knowledge: Knowledge, index: Index, rows: PassageRows) -> TownResources:
    """Return the resources of a loaded town; their passages follow those of all services."""
    kinds = [passage.kind for passage in index.passages]
    first_row = kinds.index("resource") if "resource" in kinds else len(kinds)
    windows = set(knowledge.town.windows.values())
    return TownResources(
        knowledge,
        index,
        rows,
        {resource.id: resource for resource in knowledge.resources},
        {p.record_id: row for row, p in enumerate(index.passages) if p.record_id in windows},
        first_row,
    )
