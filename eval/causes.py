"""Why was it missed: reading, eligibility, rank, search or route, found by feeding the truth.

For each primary category that is not among the first five, one step after another is given
the right answer, and the note is ranked again.  The first step with which the category
arrives is the one to blame:

1. route: the note is taken for what it is (welfare, another section, too thin);
2. reading: the troubles that call for the right categories are read, and nothing is denied;
3. eligibility: nobody is shut out of the right services;
4. otherwise it is the search, unless one of its signals had the category among its own first
   five already: then the weighing of the signals (rank).

Only failures are looked at: each costs one more reading of its note (about 0.1 s).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from eval.calibration import wanted_route
from eval.cases import Case, Prediction
from service.triage.features import (
    ELIGIBILITY_COLUMN,
    FEATURES,
    build_features,
    eligibility_column,
)
from service.triage.models import Assessment, Eligibility, Problem, Route
from service.triage.note import NoteProblem
from service.triage.rank import order_categories
from service.triage.route import decide_route
from service.triage.second_opinion import denied_flags, opinion_features, shipped_opinion
from service.triage.triage import Desk, Examined, examine

Step = Literal["route", "reading", "eligibility", "rank", "search", "flag"]
STEPS: dict[str, str] = {
    "route": "道筋",
    "reading": "読み取り",
    "eligibility": "対象の判定",
    "rank": "順位づけ",
    "search": "検索",
    "flag": "緊急の見落とし",
}
_ROUTES = {
    "refer": "つなぐ",
    "other_department": "福祉以外の課へ",
    "insufficient": "情報不足",
    "none": "合う先なし",
}
_WITHIN = 5
_SIGNALS = {
    "note_situation": "よくある相談との近さ",
    "sentence_situation": "よくある相談との近さ",
    "sentence_mean": "よくある相談との近さ",
    "description": "支援の内容との近さ",
    "words": "言葉の一致",
    "words_mean": "言葉の一致",
    "resource": "町の資源との近さ",
    "head": "似た相談の学習",
    "case_note": "似た相談の学習",
    "case_sentence": "似た相談の学習",
}
# From this weight on a trouble that was read calls for the category, see features.py.
_READ = 0.5
_TRUTH = "eval.truth"
_OPEN = Eligibility("unknown")


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that a case lacks, the step that lost it, and why, in words.

    ``place`` is where the category stood among all (1 is first); None for a red flag.
    """

    code: str
    step: Step
    place: int | None
    why: str


def causes_of(desk: Desk, case: Case, prediction: Prediction, today: date) -> tuple[Cause, ...]:
    """Return why each primary beyond the fifth place and each unseen red flag was missed."""
    lost = [c for c in case.primary or () if c not in prediction.ranked[:_WITHIN]]
    unseen = [c for c in case.red_flags if c not in prediction.red_flags]
    if not lost and not unseen:
        return ()
    try:
        examined = examine(desk, case.note, today)
    except NoteProblem:
        return tuple(Cause(c, "reading", None, "記録が空か、長すぎて読めない") for c in lost)
    ways = _Ways(desk, case, examined)
    return tuple(ways.category(code) for code in lost) + tuple(_flag(desk, examined, unseen))


class _Ways:
    """One failed case and its orders under ever more of the truth."""

    def __init__(self, desk: Desk, case: Case, examined: Examined) -> None:
        self.desk, self.examined = desk, examined
        self.true = tuple(code for code in case.primary or () if code in desk.codes)
        scores = desk.scores(examined.features)
        route = decide_route(examined.reading, examined.assessment, desk.codes, scores)
        self.route: Route = route
        wanted: Route = wanted_route(case)  # type: ignore[assignment]  # one of the same four words
        self.wanted = wanted
        self.verdicts = examined.verdicts
        opened = {c: _OPEN if c in self.true else v for c, v in examined.verdicts.items()}
        told = _told(examined.assessment, self.true)
        read = self._read(told, examined.verdicts)
        self.given = self._order(examined.features, route, examined.assessment, self.verdicts)
        self.routed = self._order(examined.features, wanted, examined.assessment, self.verdicts)
        self.read = self._order(read, wanted, told, self.verdicts)
        self.opened = self._order(
            _with_verdicts(examined.features, desk.codes, opened),
            wanted,
            examined.assessment,
            opened,
        )
        self.both = self._order(_with_verdicts(read, desk.codes, opened), wanted, told, opened)

    def category(self, code: str) -> Cause:
        """Return why one primary category is missing."""
        if code not in self.desk.codes:
            return Cause(code, "search", None, "この町の目録にない分類")
        place = self.given.index(code) + 1
        if self.route != self.wanted and self.routed.index(code) < _WITHIN:
            why = f"道筋を「{_ROUTES[self.route]}」とした（正しくは「{_ROUTES[self.wanted]}」）"
            return Cause(code, "route", place, why)
        if not self._was_read(code) and (at := self.read.index(code)) < _WITHIN:
            return Cause(code, "reading", place, f"{self._unread(code)}（読めていれば{at + 1}位）")
        if (verdict := self.verdicts.get(code)) and verdict.verdict == "does_not_fit":
            at = min(self.opened.index(code), self.both.index(code))
            if at < _WITHIN:
                text = "、".join(verdict.text)
                return Cause(code, "eligibility", place, f"対象外とした（{text}）")
        best, signal = self._best_signal(code)
        if best <= _WITHIN:
            why = f"「{signal}」では{best}位だったが、ほかの手がかりと合わせて{place}位に下がった"
            return Cause(code, "rank", place, why)
        known = "課題は読み取れていたが" if self._was_read(code) else "課題を読めていても足りず"
        why = f"{known}、検索の手がかりは、いちばん良い「{signal}」でも{best}位だった"
        return Cause(code, "search", place, why)

    def _order(
        self,
        features: NDArray[np.float32],
        route: Route,
        assessment: Assessment,
        verdicts: Mapping[str, Eligibility],
    ) -> list[str]:
        closed = frozenset(c for c, v in verdicts.items() if v.verdict == "does_not_fit")
        scores = self.desk.scores(features)
        ordered = order_categories(self.desk.codes, scores, route, assessment, closed)
        return [scored.code for scored in ordered]

    def _read(self, told: Assessment, verdicts: Mapping[str, Eligibility]) -> NDArray[np.float32]:
        desk, examined = self.desk, self.examined
        return build_features(
            examined.hits,
            tuple(range(len(examined.reading.ranges))),
            told,
            desk.rows,
            desk.problem_weights | {_TRUTH: dict.fromkeys(self.true, 1.0)},
            desk.flag_weights,
            desk.head,
            desk.memory,
            verdicts,
        )

    def _was_read(self, code: str) -> bool:
        row = self.examined.features[self.desk.codes.index(code)]
        return bool(row[FEATURES.index("problem_best")] >= _READ)

    def _unread(self, code: str) -> str:
        for denied in self.examined.assessment.denied:
            if code in denied.categories:
                return f"「{denied.evidence.text}」を、ないこと・過去・他人のことと読んだ"
        return "つながる課題を読み取れなかった"

    def _best_signal(self, code: str) -> tuple[int, str]:
        """Return the best place that any signal gave the category, and which one."""
        row = self.desk.codes.index(code)
        places = []
        for name, words in _SIGNALS.items():
            column = self.examined.features[:, FEATURES.index(name)]
            places.append((int((column > column[row]).sum()) + 1, words))
        return min(places)


def _told(assessment: Assessment, true: tuple[str, ...]) -> Assessment:
    """Return the assessment of somebody who reads the troubles as the labels have them."""
    if not true:
        return replace(assessment, denied=())
    problem = Problem(_TRUTH, "", "", true, 1.0, ())
    return replace(assessment, problems=(*assessment.problems, problem), denied=())


def _with_verdicts(
    features: NDArray[np.float32], codes: Sequence[str], verdicts: Mapping[str, Eligibility]
) -> NDArray[np.float32]:
    changed = features.copy()
    changed[:, ELIGIBILITY_COLUMN] = eligibility_column(codes, verdicts)
    return changed


def _flag(desk: Desk, examined: Examined, unseen: Sequence[str]) -> list[Cause]:
    """Say of each red flag that was not raised what the rules and the model made of it."""
    if not unseen:
        return []
    denied = denied_flags(examined.assessment, desk.flag_rules)
    flags = [flag.code for flag in desk.knowledge.red_flags]
    chances: dict[str, float] = {}
    if desk.head is not None:
        rows = opinion_features(
            examined.reading,
            examined.hits.vectors,
            desk.head,
            examined.assessment,
            desk.flag_rules,
            desk.knowledge.red_flags,
        )
        opinion = shipped_opinion()
        chances = {c: opinion.probability(c, row) for c, row in zip(flags, rows, strict=True)}
    return [Cause(code, "flag", None, _flag_why(code, denied, chances)) for code in unseen]


def _flag_why(code: str, denied: frozenset[str], chances: Mapping[str, float]) -> str:
    words = (
        "危険を否定する言葉と読んだ"
        if code in denied
        else "言葉の規則に当たる語がなかった（か、過去・他人のことと読んだ）"
    )
    if code not in chances:
        return words
    least = shipped_opinion().least
    return f"{words}。学習したモデルの確からしさ {chances[code]:.2f}（{least:.2f} から示す）"
