"""The chain: read → assess → search → qualify → rank → explain.

:func:`triage` is what the web page, the API, the command line and the evaluation all
call, so what is measured is what is served.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from index.adapter import Head, load_head
from index.embedder import Embedder
from index.memory import Memory, load_memory
from index.search import Hits, search
from index.snapshot import Index
from index.text import search_terms
from knowledge.models import Knowledge, Service
from service.triage.denied_concerns import find_denied_concerns
from service.triage.eligibility import check_eligibility
from service.triage.explain import nearest_situation, reason_for, strongest_parts
from service.triage.facts import FactRule, fact_rules, find_facts
from service.triage.features import (
    ELIGIBILITY_COLUMN,
    PassageRows,
    build_features,
    eligibility_column,
    passage_rows,
)
from service.triage.localise import with_town_windows
from service.triage.models import (
    Assessment,
    Eligibility,
    Problem,
    Question,
    Reading,
    Route,
    Suggestion,
    Triage,
)
from service.triage.nearby import TownResources, town_resources
from service.triage.note import check_note
from service.triage.problems import ProblemRule, find_problems, problem_rules
from service.triage.questions import open_facts_of, questions_to_ask
from service.triage.rank import Scored, order_categories, resource_cards, service_card
from service.triage.ranker import Ranker, shipped_ranker
from service.triage.reading import read
from service.triage.red_flags import FlagRule, find_red_flags, flag_rules
from service.triage.route import decide_route
from service.triage.second_opinion import second_opinion
from service.triage.what_if import Outcome, outcomes_of

DEFAULT_TOP = 10
_SCOPES_THAT_SILENCE = ("denied", "past", "other")


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


def examine(desk: Desk, note: str, today: date) -> Examined:
    """Read, assess and search a note; everything before ranking."""
    check_note(note)
    clock = _Stopwatch()
    reading = read(note, today)
    clock.lap("read")
    assessment = assess(desk, reading)
    clock.lap("assess")
    text = reading.normalised.text
    terms = search_terms(reading.tokens)
    hits = search(desk.index, desk.embedder, text, reading.ranges, terms)
    clock.lap("search")
    live = live_sentences(reading, assessment)
    added = second_opinion(
        reading, hits.vectors, desk.head, assessment, desk.flag_rules, desk.knowledge.red_flags
    )
    assessment = replace(assessment, red_flags=assessment.red_flags + added)
    verdicts = {
        code: check_eligibility(service.eligibility, reading.people, assessment.facts)
        for code, service in desk.services.items()
    }
    features = build_features(
        hits,
        live,
        assessment,
        desk.rows,
        desk.problem_weights,
        desk.flag_weights,
        desk.head,
        desk.memory,
        verdicts,
    )
    clock.lap("features")
    return Examined(reading, assessment, hits, verdicts, features, clock.laps)


def assess(desk: Desk, reading: Reading) -> Assessment:
    """Find troubles, denials, red flags and facts."""
    problems, denied = find_problems(reading, desk.problem_rules)
    flags = find_red_flags(reading, desk.flag_rules, desk.knowledge.red_flags)
    denied += find_denied_concerns(reading, flags, desk.flag_rules)
    return Assessment(problems, denied, flags, find_facts(reading, desk.fact_rules))


def live_sentences(reading: Reading, assessment: Assessment) -> tuple[int, ...]:
    """Return the numbers of the sentences that do more than deny, or tell what is past or others'.

    A sentence is dropped when a trouble is denied in it and none is affirmed in it.
    """
    affirmed = {_sentence_of(reading, s.start) for p in assessment.problems for s in p.evidence}
    silenced = {
        _sentence_of(reading, d.evidence.start)
        for d in assessment.denied
        if d.scope in _SCOPES_THAT_SILENCE
    }
    return tuple(n for n in range(len(reading.ranges)) if n not in silenced - affirmed)


def triage(
    desk: Desk,
    note: str,
    today: date,
    top: int = DEFAULT_TOP,
    now: Callable[[], float] = time.perf_counter,
) -> Triage:
    """Return the answer to ``note``: red flags, problems, suggestions, questions, route.

    ``top`` is the number of categories in the list.  Raises :class:`NoteProblem` for a
    note that cannot be read.
    """
    started = now()
    examined = examine(desk, note, today)
    reading, assessment = examined.reading, examined.assessment
    scores = desk.scores(examined.features)
    route = decide_route(reading, assessment, desk.codes, scores)
    verdicts = examined.verdicts
    ordered = order_categories(desk.codes, scores, route, assessment, _closed(verdicts))
    shown = _shown(ordered, route, top)
    suggestions = _suggest(desk, examined, shown, verdicts, today)
    manifest = desk.index.manifest
    return Triage(
        route=route,
        red_flags=with_town_windows(assessment.red_flags, desk.flag_rules, desk.windows),
        problems=assessment.problems,
        denied=assessment.denied,
        people=reading.people,
        suggestions=suggestions,
        questions=_questions(desk, examined, ordered, route),
        uncovered=_uncovered(desk, assessment.problems, shown),
        ranked_categories=tuple(scored.code for scored in ordered),
        model={
            "name": manifest.model_name,
            "digest": manifest.model_digest[:12],
            "index": manifest.version,
            "town": manifest.town,
        },
        elapsed_ms=round((now() - started) * 1000, 1),
        timings_ms=examined.timings_ms,
    )


def _questions(
    desk: Desk, examined: Examined, ordered: tuple[Scored, ...], route: Route
) -> tuple[Question, ...]:
    """Ask what would change the list, found by ranking again with each answer."""
    order = tuple(scored.code for scored in ordered)
    definitions = {fact.code: fact for fact in desk.knowledge.facts}
    outcomes: dict[str, tuple[Outcome, ...]] = {}
    if route == "refer":
        outcomes = {
            code: outcomes_of(
                definitions[code],
                desk.services,
                examined.verdicts,
                examined.reading.people,
                examined.assessment.facts,
                lambda verdicts: _order_under(desk, examined, verdicts, route),
            )
            for code in open_facts_of(order, examined.verdicts)
        }
    return questions_to_ask(
        examined.assessment.red_flags,
        order,
        examined.verdicts,
        outcomes,
        desk.knowledge.facts,
        {code: (service.id, service.name) for code, service in desk.services.items()},
        route,
    )


def _order_under(
    desk: Desk, examined: Examined, verdicts: Mapping[str, Eligibility], route: Route
) -> tuple[str, ...]:
    """Return the order that the categories would have under other verdicts."""
    features = examined.features.copy()
    features[:, ELIGIBILITY_COLUMN] = eligibility_column(desk.codes, verdicts)
    scores = desk.scores(features)
    ordered = order_categories(desk.codes, scores, route, examined.assessment, _closed(verdicts))
    return tuple(scored.code for scored in ordered)


def _closed(verdicts: Mapping[str, Eligibility]) -> frozenset[str]:
    return frozenset(code for code, v in verdicts.items() if v.verdict == "does_not_fit")


def _shown(ordered: tuple[Scored, ...], route: str, top: int) -> tuple[Scored, ...]:
    """Cut the list: nothing when nothing fits, the way to go or to ask when it is not welfare."""
    if route == "none":
        return ()
    if route in ("other_department", "insufficient"):
        return ordered[:1]
    return ordered[:top]


def _suggest(
    desk: Desk,
    examined: Examined,
    shown: tuple[Scored, ...],
    verdicts: dict[str, Eligibility],
    today: date,
) -> tuple[Suggestion, ...]:
    reading, assessment = examined.reading, examined.assessment
    near = desk.resources.near(examined.hits, [scored.code for scored in shown])
    parts = desk.contributions(examined.features)
    cards: list[Suggestion] = []
    taken: set[str] = set()
    for scored in (replace(s, score=desk.ranker.chance(s.score)) for s in shown):
        service = desk.services[scored.code]
        nearest = nearest_situation(
            scored.code, examined.hits, desk.rows, desk.index.passages, reading
        )
        row = desk.codes.index(scored.code)
        reason = reason_for(
            scored.code,
            assessment,
            desk.flag_weights,
            desk.problem_weights,
            nearest,
            strongest_parts({name: float(column[row]) for name, column in parts.items()}),
        )
        verdict = verdicts[scored.code]
        cards.append(service_card(scored, service, verdict, reason, near.knowledge, today))
        local = resource_cards(
            scored, reading, assessment, near.similarity, near.knowledge, reason, today, taken
        )
        taken.update(card.service_id for card in local)
        cards += local
    return tuple(replace(card, rank=rank) for rank, card in enumerate(cards, start=1))


def _uncovered(
    desk: Desk, problems: tuple[Problem, ...], shown: tuple[Scored, ...]
) -> tuple[str, ...]:
    """Say which troubles found nothing in the list, and which windows this town has not named."""
    codes = [scored.code for scored in shown]
    missing = [
        f"「{problem.label}」に合う支援先を示せませんでした"
        for problem in problems
        if not set(problem.categories) & set(codes)
    ]
    own = {c for c, rows in zip(desk.codes, desk.rows.resources, strict=True) if len(rows)}
    labels = {c.code: c.label_ja for c in desk.knowledge.categories}
    unnamed = [
        f"「{labels[code]}」の窓口・地域資源がこの町のデータにありません"
        for code in codes[:5]
        if code not in own and code not in desk.knowledge.town.windows
    ]
    return tuple(dict.fromkeys(missing + unnamed))


def _sentence_of(reading: Reading, offset: int) -> int:
    """Return the number of the sentence that holds an offset into the original note."""
    start, _ = reading.normalised.to_normalised(offset, offset)
    return next((n for n, (a, b) in enumerate(reading.ranges) if a <= start < b), -1)


class _Stopwatch:
    """Milliseconds spent since the last lap, by name."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name] = round((now - self._last) * 1000, 2)
        self._last = now
