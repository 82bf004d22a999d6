"""Needs nobody could meet (満たせなかった困りごと), for the 地域活動コーディネーター.

One *unmet need* is one trouble of one person that came to nothing: each trouble of a gap
(nothing fitted, a connection was refused, something is missing in the town), and each trouble
of a case for which the desk's list had nothing, unless a gap of that case already names it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from service.cases.days import day_of
from service.cases.gaps import Gap
from service.cases.models import Case
from service.cases.words import AGE_GROUPS, GAP_KINDS
from service.insights.period import Period
from service.insights.sheet import Cell, Table
from service.insights.suppress import LEAST_SHOWN, Protected, is_small, merged, protect

UNKNOWN_PROBLEM = "課題を選んでいないもの"
_UNKNOWN_DISTRICT = "地区が分からない"


@dataclass(frozen=True, slots=True)
class Unmet:
    """One trouble of one person that came to nothing.  ``problem`` is a label."""

    on: date
    kind: str
    problem: str
    district: str
    age_group: str


@dataclass(frozen=True, slots=True)
class NeedsTables:
    """The crossings of the unmet needs; all have the same rows and row totals.

    ``by_month`` carries the totals of the months in its last row.  ``problems`` are the rows'
    names and totals, none of them small.  Empty when there are fewer than five in all.
    """

    total: int
    problems: tuple[tuple[str, int], ...]
    tables: tuple[Table, ...]
    months: tuple[int | None, ...]


def unmet_needs(
    cases: Iterable[Case], gaps: Iterable[Gap], labels: Mapping[str, str], period: Period
) -> tuple[Unmet, ...]:
    """Return the unmet needs of the period.  ``labels``: code of a trouble → its words."""
    gaps = tuple(gap for gap in gaps if period.has(gap.on_day))
    named = {(gap.case_id, code) for gap in gaps for code in gap.problems}
    found = [
        Unmet(gap.on_day, gap.kind, labels.get(code, code) or UNKNOWN_PROBLEM, *_whose(gap))
        for gap in gaps
        for code in gap.problems or ("",)
    ]
    for case in cases:
        if period.has(day_of(case.opened_at)):
            found += [
                Unmet(day_of(case.opened_at), "nothing_fits", label, *_whose(case))
                for code, label in _uncovered(case)
                if (case.id, code) not in named
            ]
    return tuple(found)


def needs_tables(needs: Sequence[Unmet], period: Period, districts: Sequence[str]) -> NeedsTables:
    """Return the unmet needs crossed with month, district, age group and kind.

    Small counts are withheld; troubles too rare to stand alone are taken together.
    """
    if len(needs) < LEAST_SHOWN:
        return NeedsTables(len(needs), (), (), ())
    groups = _groups(needs)
    months = tuple(month.isoformat()[:7] for month in period.months)
    places = (*districts, *sorted({need.district for need in needs} - {"", *districts}), "")
    crossings: tuple[tuple[str, str, Sequence[str], Sequence[str], Callable[[Unmet], str]], ...] = (
        ("needs-month", "課題と月", months, [f"{int(m[5:])}月" for m in months],
         lambda need: need.on.isoformat()[:7]),
        ("needs-district", "課題と地区", places, [p or _UNKNOWN_DISTRICT for p in places],
         lambda need: need.district),
        ("needs-age", "課題と年代", tuple(AGE_GROUPS), tuple(AGE_GROUPS.values()),
         lambda need: need.age_group),
        ("needs-kind", "課題と、満たせなかったわけ", tuple(GAP_KINDS), tuple(GAP_KINDS.values()),
         lambda need: need.kind),
    )  # fmt: skip
    tables, by_month = [], tuple[int | None, ...]()
    for key, title, columns, words, of in crossings:
        counts = [
            [sum(1 for need in needs if need.problem in names and of(need) == c) for c in columns]
            for _, names in groups
        ]
        shown = protect(counts, keep_row_totals=True)
        if key == "needs-month":
            by_month = shown.column_totals
        tables.append(_table(key, title, [words_of for words_of, _ in groups], words, shown))
    totals = tuple(
        (words, sum(1 for need in needs if need.problem in names)) for words, names in groups
    )
    return NeedsTables(len(needs), totals, tuple(tables), by_month)


def totals_table(found: NeedsTables) -> Table:
    """Return the troubles and how often each came to nothing."""
    rows: tuple[tuple[Cell, ...], ...] = (*found.problems, ("合計", found.total))
    return Table("needs-problem", "課題ごと", ("課題", "件数"), rows)


def _groups(needs: Sequence[Unmet]) -> tuple[tuple[str, frozenset[str]], ...]:
    """Return the rows: each trouble with enough needs alone, the rest together."""
    counts = Counter(need.problem for need in needs)
    names = sorted(counts, key=lambda name: (-counts[name], name))
    return tuple(
        (
            names[places[0]] if len(places) == 1 else _together([names[p] for p in places], counts),
            frozenset(names[place] for place in places),
        )
        for places in merged([counts[name] for name in names])
    )


def _together(names: Sequence[str], counts: Counter[str]) -> str:
    few = sum(1 for name in names if is_small(counts[name]))
    return f"そのほか（{LEAST_SHOWN}件に満たない{few}種類をまとめた）"


def _table(
    key: str, title: str, rows: Sequence[str], columns: Sequence[str], shown: Protected
) -> Table:
    lines: list[tuple[Cell, ...]] = [
        (name, *cells, total)
        for name, cells, total in zip(rows, shown.cells, shown.row_totals, strict=True)
    ]
    lines.append(("合計", *shown.column_totals, shown.total))
    return Table(key, title, ("課題", *columns, "合計"), tuple(lines))


def _uncovered(case: Case) -> Iterator[tuple[str, str]]:
    """Give the troubles for which the list had nothing, as the reading said it in words."""
    for problem in {problem.code: problem for problem in case.problems}.values():
        if any(text.startswith(f"「{problem.label}」に合う") for text in case.uncovered):
            yield problem.code, problem.label


def _whose(of: Gap | Case) -> tuple[str, str]:
    return of.district, of.age_group
