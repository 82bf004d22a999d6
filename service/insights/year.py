"""The year's report for the ministry's model project: the figures in sentences and tables.

It is a draft that a person reads, corrects and signs.  What the program does not know
(training, meetings) it says it does not know.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from service.cases.days import day_of
from service.cases.models import Case
from service.cases.words import CLOSED
from service.insights import desk
from service.insights.figures import Figures
from service.insights.needs import NeedsTables, totals_table
from service.insights.period import Period
from service.insights.sheet import Table, percent
from service.insights.suppress import LEAST_SHOWN
from service.store.audit import Entry

_LITTLE = "{n}件と少ないので、割合は偶然に左右されます。"
_FEW_CASES = 30


@dataclass(frozen=True, slots=True)
class Section:
    """A chapter of the report."""

    heading: str
    lines: tuple[str, ...]
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True, slots=True)
class YearReport:
    """The report; ``remarks`` are what the person who hands it in adds."""

    title: str
    town_name: str
    period: Period
    made_on: date
    sections: tuple[Section, ...]
    remarks: str = ""


@dataclass(frozen=True, slots=True)
class YearData:
    """What the report is made from.  ``cases`` may hold some opened before the year."""

    town_name: str
    invented: bool
    cases: Sequence[Case]
    reads: Sequence[Entry]
    needs: NeedsTables
    figures: Figures


def year_report(data: YearData, period: Period, today: date, remarks: str = "") -> YearReport:
    """Return the report of a 年度."""
    opened = desk.opened_in(data.cases, period)
    sections = (
        _summary(data, opened, period, today),
        _work(data, opened, period),
        _ai_use(opened),
        _flags(opened),
        _unmet(data.needs),
        _back_up(data.cases, period),
        _training(),
        _evaluation(data.figures),
        _limits(),
    )
    title = f"包括的な相談支援のモデル事業　{period.words.partition('（')[0]}の報告（案）"
    return YearReport(title, data.town_name, period, today, sections, remarks)


def _summary(data: YearData, opened: Sequence[Case], period: Period, today: date) -> Section:
    closed = _closed_in(data.cases, period)
    lines = [
        f"対象の期間: {period.words}。相談記録を{len(data.reads):,}回読み、"
        f"{len(opened):,}件を相談として記録に残し、{len(closed):,}件を終えた。"
    ]
    if today < period.end:
        lines.append(f"期間の途中（{today.isoformat()}現在）の数字である。")
    if data.invented:
        lines.append("架空の町の見本データによる数字であり、実績ではない。")
    return Section("1 まとめ", tuple(lines))


def _closed_in(cases: Sequence[Case], period: Period) -> list[Case]:
    return [case for case in cases if case.closed_at and period.has(day_of(case.closed_at))]


def _work(data: YearData, opened: Sequence[Case], period: Period) -> Section:
    wait = desk.waiting(opened)
    ended = Counter(case.closed_reason for case in _closed_in(data.cases, period))
    lines = [
        "相談を開いてから最初に相手先へ連絡するまで: "
        f"中央値 {desk.wait_words(wait.median_hours)}、9割は {desk.wait_words(wait.ninety_hours)} 以内"
        f"（{wait.cases:,}件。まだ連絡していないもの {wait.not_yet:,}件）。",
        "終わりかた: "
        + (
            "、".join(f"{w} {ended[code]}件" for code, w in CLOSED.items() if ended[code])
            or "まだない"
        )
        + "。",
    ]
    tables = (
        desk.volumes_table(data.cases, data.reads, period),
        desk.channels_table(opened),
        desk.sectors_table(opened),
        desk.states_table(opened),
        desk.team_table(opened, period),
    )
    return Section("2 行ったこと", tuple(lines), tables)


def _ai_use(opened: Sequence[Case]) -> Section:
    used = desk.acceptance(opened)
    misread = sum(1 for c in opened for r in c.rejected if r.reason == "misread")
    rejected = sum(len(c.rejected) for c in opened)
    models = Counter(c.model.get("model", "") for c in opened if c.model.get("model"))
    lines = [
        "AI は相談記録を読んでつなぎ先の候補を示すだけで、決めるのは窓口の職員である。相談の内容は外部へ送らない。",
        f"つなぎ先を選んだ{used.cases:,}件のうち、AI が上位3件に示したものを1つ以上選んだのは"
        f"{used.in_three:,}件（{percent(used.in_three, used.cases)}）、上位5件では"
        f"{used.in_five:,}件（{percent(used.in_five, used.cases)}）。"
        f"職員が自分で足したつなぎ先があるのは{used.own:,}件（{percent(used.own, used.cases)}）。",
        f"職員が「使わない」とした候補は{rejected:,}件、そのうち「読み取りが違う」は{misread:,}件。",
        f"候補が1つも示されなかった相談は{desk.silence(opened):,}件。",
    ]
    if 0 < used.cases < _FEW_CASES:
        lines.append(_LITTLE.format(n=used.cases))
    if models:
        lines.append(
            "使った版: " + "、".join(f"{name}（{n}件）" for name, n in models.most_common(5))
        )
    return Section("3 AI の使われかた", tuple(lines))


def _flags(opened: Sequence[Case]) -> Section:
    flags = [flag for case in opened for flag in case.flags]
    undecided = sum(flag.decision == "undecided" for flag in flags)
    if not flags:
        return Section("4 緊急・通報", ("記録に残した相談に、緊急・通報の印はなかった。",))
    lines = (f"示した緊急・通報は{len(flags):,}件。まだ決めていないものが{undecided:,}件ある。",)
    return Section("4 緊急・通報", lines, (desk.flags_table(opened),))


def _unmet(needs: NeedsTables) -> Section:
    if not needs.tables:
        words = (
            "満たせなかった困りごとの記録はない。"
            if not needs.total
            else f"満たせなかった困りごとは{LEAST_SHOWN}件未満なので、内わけは示さない。"
        )
        return Section("5 満たせなかった困りごと", (words,))
    lines = (f"合う支援がない、断られた、町にないとして残した困りごとは、のべ{needs.total:,}件。",)
    kind = next(table for table in needs.tables if table.key == "needs-kind")
    return Section("5 満たせなかった困りごと", lines, (totals_table(needs), kind))


def _back_up(cases: Sequence[Case], period: Period) -> Section:
    asked = [a for c in cases for a in c.advice if period.has(day_of(a.asked_at))]
    if not asked:
        return Section("6 都道府県の後方支援", ("後方支援を求めた記録はない。",))
    days = sorted((a.answered_at - a.asked_at).days for a in asked if a.answered_at)
    half = desk.percentile([float(d) for d in days], 50)
    words = f"回答までの日数の中央値は{half:.0f}日。" if half is not None else ""
    return Section(
        "6 都道府県の後方支援",
        (f"求めたもの{len(asked):,}件、回答のあったもの{len(days):,}件。{words}",),
    )


def _training() -> Section:
    return Section(
        "7 研修",
        ("研修の記録は、このソフトの中にはない。行った研修は、下の「書き足すこと」に書く。",),
    )


def _evaluation(figures: Figures) -> Section:
    rows = tuple(
        (f.words, f"{f.value:.3f}", f"{f.low:.3f}〜{f.high:.3f}", f"{f.cases}件")
        for f in figures.figures
    )
    table = Table("evaluation", "出荷前の評価", ("指標", "値", "95%区間", "事例"), rows)
    lines = (
        f"出典: {figures.source}（{figures.as_of.isoformat()}、{figures.measured_with}）。"
        f"{figures.data}。この町の記録で測ったものではない。",
        figures.caution,
    )
    return Section("8 AI の評価の数字", lines, (table,))


def _limits() -> Section:
    return Section(
        "9 限界",
        (
            "数字は、窓口が記録に残した相談だけのものである。記録に残さなかった相談、窓口に来ていない人のことは分からない。",
            "人の属性を掛け合わせた表では、5未満の数と、引き算でそれが分かる数を伏せている。",
            "「受け入れられた」は相手先が引き受けたことであり、困りごとがなくなったことではない。",
        ),
    )
