"""Step 5b, explain: say why a category is suggested, in words the desk can repeat.

Every reason quotes the note.  A trouble that was read comes first; without one, the
sentence that lies closest to a typical situation of the service is quoted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from index.passages import Passage
from index.search import Hits
from service.triage.features import PassageRows
from service.triage.models import Assessment, Problem, Reading, Span
from service.triage.rules import sentence_span

_QUOTE_CHARS = 40
# Log-odds from which a part of the score is named as having lifted a category.
_WORTH_NAMING = 0.3


@dataclass(frozen=True, slots=True)
class Reason:
    """Why, in one or two sentences, and the pieces of the note that it rests on."""

    text: str
    evidence: tuple[Span, ...]


def reason_for(
    category: str,
    assessment: Assessment,
    flag_weights: dict[str, dict[str, float]],
    problem_weights: dict[str, dict[str, float]],
    nearest: tuple[Span, str] | None,
    parts_of_score: Sequence[str] = (),
) -> Reason:
    """Return the reason for one category.

    ``nearest`` is what :func:`nearest_situation` found, ``parts_of_score`` what
    :func:`strongest_parts` did.
    """
    parts: list[str] = []
    evidence: list[Span] = []
    for flag in assessment.red_flags:
        if category in flag_weights[flag.code]:
            parts.append(
                f"緊急の兆候「{flag.label}」への対応先です（{_quote(flag.evidence[0])}）。"
            )
            evidence += flag.evidence[:2]
            break
    for problem in _problems_for(category, assessment.problems, problem_weights)[:2]:
        whose = f"{problem.person}の" if problem.person else ""
        parts.append(
            f"{_quote(problem.evidence[0])}とあり、{whose}「{problem.label}」と読みました。"
        )
        evidence += problem.evidence[:2]
    if not parts and nearest is not None:
        sentence, situation = nearest
        parts.append(f"{_quote(sentence)}が、この窓口によくある相談「{situation}」に近いためです。")
        evidence.append(sentence)
    if parts_of_score:
        parts.append(f"順位を上げたもの: {'、'.join(parts_of_score)}。")
    return Reason("".join(parts), tuple(dict.fromkeys(evidence)))


def strongest_parts(contributions: Mapping[str, float]) -> tuple[str, ...]:
    """Return the names of the two parts that lift a category most, if they lift it at all."""
    lifting = sorted(contributions.items(), key=lambda part: (-part[1], part[0]))
    return tuple(name for name, value in lifting[:2] if value >= _WORTH_NAMING)


def nearest_situation(
    category: str, hits: Hits, rows: PassageRows, passages: Sequence[Passage], reading: Reading
) -> tuple[Span, str] | None:
    """Return the sentence of the note and the typical situation of ``category`` that lie closest."""
    group = rows.situations[rows.codes.index(category)]
    if not len(group) or not len(hits.sentences):
        return None
    scores = hits.sentences[:, group]
    sentence, column = np.unravel_index(int(scores.argmax()), scores.shape)
    return sentence_span(reading, int(sentence)), passages[group[column]].text


def _problems_for(
    category: str, problems: Sequence[Problem], weights: dict[str, dict[str, float]]
) -> list[Problem]:
    """Return the problems that call for ``category``, the strongest call first."""
    calling = [p for p in problems if category in p.categories]
    return sorted(calling, key=lambda p: -weights[p.code][category] * p.weight)


def _quote(span: Span) -> str:
    text = " ".join(span.text.split()).strip("「」")
    return f"「{text[:_QUOTE_CHARS]}{'…' if len(text) > _QUOTE_CHARS else ''}」"
