"""Troubles on the rise: the last three whole months against the three before and a year before.

Small towns see chance every month.  A trouble is called rising only when the difference would
come about by chance in fewer than 1 of 20 such comparisons (one-sided exact test of two equal
Poisson rates: given the sum, the newer count is binomial with 1/2).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import comb

from service.cases.days import day_of
from service.cases.models import Case
from service.insights.period import Period, add_months, month_words
from service.insights.sheet import Cell, Table
from service.insights.suppress import LEAST_SHOWN, is_small

_MONTHS = 3
_CHANCE = 0.05
FEWEST_CASES = 20


@dataclass(frozen=True, slots=True)
class Rising:
    """The three spans and the table; ``too_few`` says why nothing can be said yet."""

    spans: tuple[Period, Period, Period]
    table: Table
    rising: tuple[str, ...]
    too_few: str


def spans_before(today: date) -> tuple[Period, Period, Period]:
    """Return the last three whole months, the three before them, and those a year before."""
    end = today.replace(day=1)
    starts = (add_months(end, -_MONTHS), add_months(end, -2 * _MONTHS), add_months(end, -15))
    return tuple(_span(start) for start in starts)  # type: ignore[return-value]  # three


def rising_problems(cases: Sequence[Case], today: date) -> Rising:
    """Return how the troubles read in cases changed; each counts once a case."""
    spans = spans_before(today)
    per_span = [[case for case in cases if span.has(day_of(case.opened_at))] for span in spans]
    counts = [_by_problem(found) for found in per_span]
    names = sorted(counts[0] | counts[1] | counts[2], key=lambda n: (-counts[0][n], n))
    # Against a span in which hardly anything was kept, everything rises.
    enough = [min(len(per_span[0]), len(found)) >= FEWEST_CASES for found in per_span]
    rows, rising = list[tuple[Cell, ...]](), list[str]()
    for name in names:
        now, before, year_ago = (count[name] for count in counts)
        if max(now, before, year_ago) < LEAST_SHOWN:
            continue
        verdict = _verdict(now, before) if enough[1] else _UNKNOWN
        if verdict == _ROSE:
            rising.append(name)
        shown = (None if is_small(n) else n for n in (now, before, year_ago))
        rows.append((name, *shown, verdict, _verdict(now, year_ago) if enough[2] else _UNKNOWN))
    table = Table(
        "rising",
        "課題の増え方",
        ("課題", *(_short_span(span) for span in spans), "前の3か月と", "前年の同じ月と"),
        tuple(rows),
        "読み取った課題を、1つの相談に1回ずつ数えています。どの期間も5件に満たない課題は、のせていません。",
    )
    return Rising(spans, table, tuple(rising), _too_few(len(per_span[0]), len(per_span[1])))


_ROSE, _FELL, _SAME, _UNKNOWN = "増えた", "減った", "変わらない（偶然の範囲）", "少なくて言えない"


def _verdict(now: int, before: int) -> str:
    if max(now, before) < LEAST_SHOWN or is_small(now) or is_small(before):
        # A verdict would tell about a withheld count.
        return _UNKNOWN
    if chance_of(now, before) < _CHANCE:
        return _ROSE
    return _FELL if chance_of(before, now) < _CHANCE else _SAME


def chance_of(now: int, before: int) -> float:
    """Return how likely equal rates give ``now`` or more of the two counts' sum."""
    both = now + before
    ways = sum(comb(both, k) for k in range(now, both + 1))
    return float(ways / 2**both)


def _by_problem(cases: Sequence[Case]) -> Counter[str]:
    return Counter(
        label for case in cases for label in {problem.label for problem in case.problems}
    )


def _too_few(now: int, before: int) -> str:
    if min(now, before) >= FEWEST_CASES:
        return ""
    return (
        f"記録に残した相談が、直近の3か月に{now}件、その前の3か月に{before}件です。"
        f"どちらも{FEWEST_CASES}件になるまでは、増えた・減ったとは言えません。"
    )


def _span(start: date) -> Period:
    end = add_months(start, _MONTHS)
    return Period(start, end, f"{month_words(start)}〜{add_months(end, -1).month}月")


def _short_span(span: Period) -> str:
    return span.words
