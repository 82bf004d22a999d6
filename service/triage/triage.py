"""The chain: read → assess → search → qualify → rank → explain.

:func:`triage` is what the web page, the API, the command line and the evaluation all
call, so what is measured is what is served.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from index.search import search
from index.text import search_terms
from service.triage.answers import (
    NONE,
    Answers,
    changes_between,
    check_answers,
    facts_with,
    people_with,
    said,
    shown_people,
)
from service.triage.denied_concerns import find_denied_concerns
from service.triage.desk import Desk, Examined, Trained, load_trained, make_desk
from service.triage.eligibility import check_eligibility
from service.triage.facts import find_facts
from service.triage.features import ELIGIBILITY_COLUMN, build_features, eligibility_column
from service.triage.localise import with_town_windows
from service.triage.models import (
    Assessment,
    Eligibility,
    Problem,
    Question,
    Reading,
    Route,
    Triage,
)
from service.triage.note import check_note
from service.triage.problems import find_problems
from service.triage.questions import open_facts_of, questions_to_ask
from service.triage.rank import Scored, order_categories
from service.triage.reading import read
from service.triage.red_flags import find_red_flags
from service.triage.route import decide_route
from service.triage.second_opinion import second_opinion
from service.triage.suggest import suggest
from service.triage.what_if import Outcome, outcomes_of

__all__ = [
    "DEFAULT_TOP", "Desk", "Examined", "Trained", "answered", "assess", "examine",
    "live_sentences", "load_trained", "make_desk", "triage",
]  # fmt: skip
DEFAULT_TOP = 10
_SCOPES_THAT_SILENCE = ("denied", "past", "other")


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
    verdicts = _verdicts(desk, reading, assessment)
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


def answered(desk: Desk, examined: Examined, answers: Answers) -> Examined:
    """Return what was examined with the answers taken in: people, facts, verdicts, features."""
    reading = replace(examined.reading, people=people_with(answers, examined.reading.people))
    assessment = examined.assessment
    assessment = replace(assessment, facts=facts_with(answers, assessment.facts))
    verdicts = _verdicts(desk, reading, assessment)
    return replace(
        examined,
        reading=reading,
        assessment=assessment,
        verdicts=verdicts,
        features=_features_under(desk, examined, verdicts),
    )


def _verdicts(desk: Desk, reading: Reading, assessment: Assessment) -> dict[str, Eligibility]:
    return {
        code: check_eligibility(service.eligibility, reading.people, assessment.facts)
        for code, service in desk.services.items()
    }


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
    answers: Answers = NONE,
) -> Triage:
    """Return the answer to ``note``: red flags, problems, suggestions, questions, route.

    ``top`` is the number of categories in the list.  ``answers`` are what the desk was told
    beside the note: they decide eligibility and with it the order, never the route.  Raises
    :class:`NoteProblem` for a note or an answer that cannot be read.
    """
    started = now()
    check_answers(answers, desk.knowledge.facts)
    examined = alone = examine(desk, note, today)
    reading, assessment = alone.reading, alone.assessment
    scores = desk.scores(alone.features)
    route = decide_route(reading, assessment, desk.codes, scores)
    ordered = before = order_categories(
        desk.codes, scores, route, assessment, _closed(alone.verdicts)
    )
    if answers:
        examined = answered(desk, alone, answers)
        ordered = _ordered_under(desk, alone, examined.verdicts, route)
    shown = _shown(ordered, route, top)
    manifest = desk.index.manifest
    return Triage(
        route=route,
        red_flags=with_town_windows(assessment.red_flags, desk.flag_rules, desk.windows),
        problems=assessment.problems,
        denied=assessment.denied,
        people=shown_people(answers, reading.people),
        suggestions=suggest(desk, examined, shown, today),
        questions=_questions(desk, examined, ordered, route, answers),
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
        changes=_changes(desk, (before, alone), (ordered, examined), shown) if answers else (),
        answered=said(answers, desk.knowledge.facts),
    )


def _changes(
    desk: Desk,
    before: tuple[tuple[Scored, ...], Examined],
    after: tuple[tuple[Scored, ...], Examined],
    shown: tuple[Scored, ...],
) -> tuple[str, ...]:
    return changes_between(
        [scored.code for scored in before[0]],
        before[1].verdicts,
        [scored.code for scored in after[0]],
        after[1].verdicts,
        {code: service.name for code, service in desk.services.items()},
        [scored.code for scored in shown],
    )


def _questions(
    desk: Desk, examined: Examined, ordered: tuple[Scored, ...], route: Route, answers: Answers
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
                lambda verdicts: tuple(
                    scored.code for scored in _ordered_under(desk, examined, verdicts, route)
                ),
            )
            for code in open_facts_of(order, examined.verdicts, answers)
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


def _ordered_under(
    desk: Desk, examined: Examined, verdicts: Mapping[str, Eligibility], route: Route
) -> tuple[Scored, ...]:
    """Return the order that the categories would have under other verdicts."""
    scores = desk.scores(_features_under(desk, examined, verdicts))
    return order_categories(desk.codes, scores, route, examined.assessment, _closed(verdicts))


def _features_under(
    desk: Desk, examined: Examined, verdicts: Mapping[str, Eligibility]
) -> NDArray[np.float32]:
    features = examined.features.copy()
    features[:, ELIGIBILITY_COLUMN] = eligibility_column(desk.codes, verdicts)
    return features


def _closed(verdicts: Mapping[str, Eligibility]) -> frozenset[str]:
    return frozenset(code for code, v in verdicts.items() if v.verdict == "does_not_fit")


def _shown(ordered: tuple[Scored, ...], route: str, top: int) -> tuple[Scored, ...]:
    """Cut the list: nothing when nothing fits, the way to go or to ask when it is not welfare."""
    if route == "none":
        return ()
    if route in ("other_department", "insufficient"):
        return ordered[:1]
    return ordered[:top]


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
