"""A town's desk: everything that triage needs, loaded once, and what it makes of one note."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from index.adapter import Head, load_head
from index.embedder import Embedder
from index.memory import Memory, load_memory
from index.search import Hits
from index.snapshot import Index
from knowledge.models import Knowledge, Service
from service.triage.facts import FactRule, fact_rules
from service.triage.features import PassageRows, passage_rows
from service.triage.models import Assessment, Eligibility, Reading
from service.triage.nearby import TownResources, town_resources
from service.triage.problems import ProblemRule, problem_rules
from service.triage.ranker import Ranker, shipped_ranker
from service.triage.red_flags import FlagRule, flag_rules


@dataclass(frozen=True)
class Desk:
    """Everything triage needs, loaded once and shared by all requests."""

    knowledge: Knowledge
    embedder: Embedder
    index: Index
    rows: PassageRows
    problem_rules: tuple[ProblemRule, ...]
    fact_rules: tuple[FactRule, ...]
    flag_rules: tuple[FlagRule, ...]
    ranker: Ranker
    newcomer_ranker: Ranker
    head: Head | None
    memory: Memory | None
    services: dict[str, Service]

    @property
    def codes(self) -> tuple[str, ...]:
        """All category codes, in the order of the feature rows."""
        return self.rows.codes

    @cached_property
    def newcomers(self) -> NDArray[np.bool_]:
        """Which categories the trained head has never heard of (added after the training)."""
        known = set(self.head.codes) if self.head is not None else set(self.codes)
        return np.array([code not in known for code in self.codes])

    def scores(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the score of each category; newcomers get theirs without the head."""
        scores = self.ranker.scores(features)
        scores[self.newcomers] = self.newcomer_ranker.scores(features[self.newcomers])
        return scores

    def contributions(self, features: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """Return what each part adds to each category's score, see :class:`Ranker`."""
        parts = self.ranker.contributions(features)
        without = self.newcomer_ranker.contributions(features)
        return {n: np.where(self.newcomers, without[n], part) for n, part in parts.items()}

    @cached_property
    def resources(self) -> TownResources:
        """The town's own resources, by id and by category."""
        return town_resources(self.knowledge, self.index, self.rows)

    @cached_property
    def windows(self) -> Knowledge:
        """The knowledge with the town's windows as its only resources."""
        return self.resources.windows

    @property
    def problem_weights(self) -> dict[str, dict[str, float]]:
        """Which categories each problem calls for, and how strongly."""
        return {rule.code: rule.categories for rule in self.problem_rules}

    @property
    def flag_weights(self) -> dict[str, dict[str, float]]:
        """Which categories each red flag leads to, and how strongly."""
        return {rule.code: rule.categories for rule in self.flag_rules}


@dataclass(frozen=True, slots=True)
class Examined:
    """A note up to the point of ranking: what was read, found and computed."""

    reading: Reading
    assessment: Assessment
    hits: Hits
    verdicts: dict[str, Eligibility]
    features: NDArray[np.float32]
    timings_ms: dict[str, float]


@dataclass(frozen=True, slots=True)
class Trained:
    """What training left for one model, loaded once for all desks that use it."""

    head: Head | None
    memory: Memory | None


def load_trained(model_digest: str) -> Trained:
    """Return what ships for the model; nothing for one that it was not trained with."""
    return Trained(load_head(model_digest), load_memory(model_digest))


def make_desk(
    knowledge: Knowledge, embedder: Embedder, index: Index, trained: Trained | None = None
) -> Desk:
    """Bundle loaded parts with the shipped rules and ranker; ``trained`` is loaded if not given."""
    codes = tuple(category.code for category in knowledge.categories)
    trained = trained or load_trained(embedder.digest)
    head = trained.head
    return Desk(
        knowledge=knowledge,
        embedder=embedder,
        index=index,
        rows=passage_rows(index.passages, codes),
        problem_rules=problem_rules(),
        fact_rules=fact_rules(),
        flag_rules=flag_rules(),
        ranker=shipped_ranker(head is not None),
        newcomer_ranker=shipped_ranker(False),
        head=head,
        memory=trained.memory,
        services={service.category: service for service in reversed(knowledge.services)},
    )
