"""The section chief's figures: how much comes, how fast it moves, and how the list was used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil

from service.cases.days import day_of
from service.cases.models import Case, FlagSeen, Referral
from service.cases.words import CHANNELS, FLAG_DECISIONS, REFERRAL_STATES, TEAM_CATEGORIES
from service.insights.period import Period
from service.insights.sheet import Cell, Table, percent
from service.insights.suppress import protect
from service.store.audit import Entry

SECTORS: Mapping[str, str] = {
    "elderly": "高齢",
    "disability": "障害",
    "child": "こども",
    "poverty": "生活困窮",
}
_TAKEN = ("accepted", "in_progress", "closed")


@dataclass(frozen=True, slots=True)
class Waiting:
    """How long until somebody was first contacted.  Hours; None without any.

    ``not_yet``: cases with a connection that nobody has contacted.
    """

    cases: int
    median_hours: float | None
    ninety_hours: float | None
    not_yet: int


@dataclass(frozen=True, slots=True)
class UndecidedFlag:
    """A red flag that somebody has still to decide about."""

    case_id: str
    case_label: str
    label: str
    shown_on: date
    days: int


@dataclass(frozen=True, slots=True)
class Acceptance:
    """How the list was used.  ``cases``: those in which somebody was connected.

    ``in_three`` and ``in_five``: those in which one of the first 3 (5) that were shown was
    chosen; ``own``: those with a connection that the desk named itself.
    """

    cases: int
    in_three: int
    in_five: int
    own: int


def opened_in(cases: Iterable[Case], period: Period) -> tuple[Case, ...]:
    """Return the cases opened in the period."""
    return tuple(case for case in cases if period.has(day_of(case.opened_at)))


def volumes_table(cases: Sequence[Case], reads: Sequence[Entry], period: Period) -> Table:
    """Return notes read, cases opened and closed by month.  ``reads``: the audit's rows."""
    read = Counter(_month(entry.at) for entry in reads)
    opened = Counter(_month(case.opened_at) for case in cases)
    closed = Counter(_month(case.closed_at) for case in cases if case.closed_at)
    rows: list[tuple[Cell, ...]] = [
        (f"{month.year}年{month.month}月", *(c[month] for c in (read, opened, closed)))
        for month in period.months
    ]
    rows.append(("合計", *(sum(c[m] for m in period.months) for c in (read, opened, closed))))
    head = ("月", "読んだ相談記録", "記録に残した相談", "終わった相談")
    return Table("volumes", "月ごとの件数", head, tuple(rows))


def channels_table(opened: Sequence[Case]) -> Table:
    """Return how people came."""
    counts = Counter(case.channel for case in opened)
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (words, counts[code], percent(counts[code], len(opened)))
        for code, words in CHANNELS.items()
    )
    return Table("channels", "どこから来たか", ("来かた", "件数", "割合"), rows)


def waiting(opened: Sequence[Case]) -> Waiting:
    """Return the time from opening to the first contact, over the cases with a connection."""
    firsts = [_first_contact(case) for case in opened if case.referrals]
    hours = sorted(wait / timedelta(hours=1) for wait in firsts if wait is not None)
    return Waiting(
        cases=len(hours),
        median_hours=percentile(hours, 50),
        ninety_hours=percentile(hours, 90),
        not_yet=sum(wait is None for wait in firsts),
    )


def percentile(ordered: Sequence[float], percent_: int) -> float | None:
    """Return the value that so many percent do not exceed (nearest rank); None of nothing."""
    if not ordered:
        return None
    return ordered[max(0, ceil(len(ordered) * percent_ / 100) - 1)]


def flags_table(opened: Sequence[Case]) -> Table:
    """Return the red flags that were shown by what was decided, small counts withheld."""
    flags = [flag for case in opened for flag in case.flags]
    names = {flag.code: flag.label for flag in flags}
    found = Counter((flag.code, flag.decision) for flag in flags)
    counts = [[found[code, decision] for decision in FLAG_DECISIONS] for code in names]
    shown = protect(counts)
    rows: list[tuple[Cell, ...]] = [
        (name, *cells, total)
        for name, cells, total in zip(names.values(), shown.cells, shown.row_totals, strict=True)
    ]
    if rows:
        rows.append(("合計", *shown.column_totals, shown.total))
    head = ("緊急・通報", *FLAG_DECISIONS.values(), "合計")
    return Table("flags", "示した緊急・通報と、決めたこと", head, tuple(rows))


def undecided_flags(cases: Iterable[Case], today: date) -> tuple[UndecidedFlag, ...]:
    """Return what still waits for a decision, the longest waiting first."""
    found = [_undecided(case, flag, today) for case in cases for flag in case.flags
             if flag.decision == "undecided"]  # fmt: skip
    return tuple(sorted(found, key=lambda flag: (flag.shown_on, flag.case_label)))


def sectors_table(opened: Sequence[Case]) -> Table:
    """Return for each of the four sectors: cases that needed it, and what came of them.

    A case needs a sector when a trouble read in it names a category of the sector.
    """
    rows: list[tuple[Cell, ...]] = []
    for sector, words in SECTORS.items():
        needing = [case for case in opened if _needs(case, sector)]
        taken = sum(1 for case in needing if _state_in(case, sector, _TAKEN))
        tried = sum(1 for case in needing if _state_in(case, sector, None)) - taken
        left = len(needing) - taken - tried
        shown = protect([[taken, tried, left]])
        (cells,), (total,) = shown.cells, shown.row_totals
        share = percent(taken, len(needing)) if None not in (*cells, total) else "＊"
        rows.append((words, total, *cells, share))
    head = (
        "分野",
        "必要とした相談",
        "受け入れられた",
        "つないだがまだ・断られた",
        "つながなかった",
        "受け入れられた割合",
    )
    note = "1つの相談がいくつもの分野に数えられます。つながなかった相談には、ほかの分野だけで足りたものもあります。"
    return Table("sectors", "4つの分野へのつながり", head, tuple(rows), note)


def team_table(opened: Sequence[Case], period: Period) -> Table:
    """Return by month the cases handed to 多機関協働, and their share of all opened."""
    rows: list[tuple[Cell, ...]] = []
    for month in period.months:
        of_month = [case for case in opened if _month(case.opened_at) == month]
        handed = sum(1 for case in of_month if _is_handed(case))
        words = f"{month.year}年{month.month}月"
        rows.append((words, len(of_month), handed, percent(handed, len(of_month))))
    handed = sum(1 for case in opened if _is_handed(case))
    rows.append(("合計", len(opened), handed, percent(handed, len(opened))))
    head = ("月", "記録に残した相談", "多機関協働に渡した", "割合")
    note = "ほかの窓口だけで支えられた相談が増えるほど、割合は下がります。下がるのはよいことです。"
    return Table("team", "多機関協働に渡した相談", head, tuple(rows), note)


def silence(opened: Sequence[Case]) -> int:
    """Return how many cases had nothing on the list at all."""
    return sum(1 for case in opened if not case.shown)


def acceptance(opened: Sequence[Case]) -> Acceptance:
    """Return how often what was shown first was chosen."""
    connected = [case for case in opened if case.referrals]
    return Acceptance(
        cases=len(connected),
        in_three=sum(1 for case in connected if _best_rank(case) <= 3),
        in_five=sum(1 for case in connected if _best_rank(case) <= 5),
        own=sum(1 for case in connected if any(r.target.kind == "own" for r in case.referrals)),
    )


def states_table(opened: Sequence[Case]) -> Table:
    """Return the connections by how far they have come."""
    counts = Counter(referral.state for referral in _referrals(opened))
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (words, counts[state], percent(counts[state], counts.total()))
        for state, words in REFERRAL_STATES.items()
    )
    return Table("states", "つなぎの進みぐあい", ("状態", "件数", "割合"), rows)


def wait_words(hours: float | None) -> str:
    """Return hours as a person says them: ``3時間`` up to two days, then ``4.5日``."""
    if hours is None:
        return "－"
    return f"{round(hours)}時間" if hours < 48 else f"{hours / 24:.1f}日"


def _first_contact(case: Case) -> timedelta | None:
    contacts = [r.contacted_at for r in case.referrals if r.contacted_at is not None]
    return max(min(contacts) - case.opened_at, timedelta(0)) if contacts else None


def _undecided(case: Case, flag: FlagSeen, today: date) -> UndecidedFlag:
    on = day_of(flag.shown_at)
    return UndecidedFlag(case.id, case.label, flag.label, on, (today - on).days)


def _needs(case: Case, sector: str) -> bool:
    return any(_sector(code) == sector for p in case.problems for code in p.categories)


def _state_in(case: Case, sector: str, states: tuple[str, ...] | None) -> bool:
    return any(
        _sector(referral.target.category) == sector and (states is None or referral.state in states)
        for referral in case.referrals
    )


def _sector(category: str) -> str:
    return category.partition(".")[0]


def _is_handed(case: Case) -> bool:
    return any(referral.target.category in TEAM_CATEGORIES for referral in case.referrals)


def _best_rank(case: Case) -> int:
    ranks = {shown.target.key: shown.rank for shown in case.shown}
    return min((ranks.get(r.target.key, 1_000) for r in case.referrals), default=1_000)


def _referrals(cases: Iterable[Case]) -> Iterator[Referral]:
    for case in cases:
        yield from case.referrals


def _month(moment: datetime) -> date:
    return day_of(moment).replace(day=1)
