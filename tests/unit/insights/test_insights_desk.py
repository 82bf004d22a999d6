"""The section chief's figures, each counted by hand once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from service.cases.models import Case, FlagSeen, ProblemRead, Referral, Shown, Step, Target
from service.insights import desk
from service.insights.period import from_month_to
from service.store.audit import Entry
from tests.fixtures.case_world import memory_case

MAY = from_month_to("2026-05", "2026-05")
SPRING = from_month_to("2026-04", "2026-05")
AT = datetime(2026, 5, 2, 3, tzinfo=UTC)


def test_volumes_count_by_the_towns_own_months() -> None:
    # 23:30 UTC on the 30th of April is the morning of the 1st of May in Japan.
    may_day = datetime(2026, 4, 30, 23, 30, tzinfo=UTC)
    cases = [
        _case(opened_at=datetime(2026, 4, 3, tzinfo=UTC), closed_at=AT, state="closed"),
        _case(opened_at=may_day),
        _case(opened_at=AT),
    ]
    table = desk.volumes_table(cases, [_entry(may_day), _entry(AT), _entry(AT)], SPRING)
    assert table.rows == (("2026年4月", 0, 1, 0), ("2026年5月", 3, 2, 1), ("合計", 3, 3, 1))
    assert len(desk.opened_in(cases, MAY)) == 2


def test_channels_add_up_to_all() -> None:
    rows = desk.channels_table([_case(channel="visit")] * 3 + [_case(channel="phone")]).rows
    assert rows[0] == ("来所", 3, "75%")
    assert rows[1] == ("電話", 1, "25%")


def test_waiting_is_from_opening_to_the_first_contact_of_any_connection() -> None:
    hours = (1, 2, 3, 50, None)
    cases = [_case(referrals=_referral(after)) for after in hours] + [_case(referrals=())]
    found = desk.waiting(cases)
    assert (found.cases, found.not_yet) == (4, 1)
    # Nearest rank of 1, 2, 3, 50: the 2nd and the 4th.
    assert (found.median_hours, found.ninety_hours) == (2, 50)
    assert desk.wait_words(2.0) == "2時間"
    assert desk.wait_words(50.0) == "2.1日"
    assert desk.waiting([]).median_hours is None


def test_flags_stand_by_what_was_decided_and_small_counts_are_withheld() -> None:
    cases = [_case(flags=(_flag("reported"),))] * 6 + [_case(flags=(_flag("undecided"),))] * 2
    row, total = desk.flags_table(cases).rows
    assert row[0] == "高齢者虐待の疑い"
    # 2 undecided of 8: the 6 would give them away.
    assert row[1:3] == (None, None)
    assert total[-1] == 8
    assert desk.flags_table([_case(flags=())]).rows == ()


def test_undecided_flags_come_with_their_case_the_longest_waiting_first() -> None:
    old = _case(id="old", flags=(_flag("undecided", AT - timedelta(days=10)),))
    new = _case(id="new", flags=(_flag("undecided"), _flag("reported")))
    found = desk.undecided_flags([new, old], date(2026, 5, 4))
    assert [(flag.case_id, flag.days) for flag in found] == [("old", 12), ("new", 2)]


def test_a_sector_is_covered_when_a_connection_in_it_was_taken() -> None:
    taken = _case(referrals=_referral(1, "accepted"))
    refused = _case(referrals=_referral(1, "refused"))
    nothing = _case(referrals=())
    rows = desk.sectors_table([taken] * 6 + [refused] * 5 + [nothing] * 9).rows
    assert rows[0] == ("高齢", 20, 6, 5, 9, "30%")
    assert rows[1] == ("障害", 0, 0, 0, 0, "－")
    # 2 of 8: withheld, and the share with it.
    assert desk.sectors_table([taken] * 2 + [nothing] * 6).rows[0] == (
        "高齢", 8, None, 0, None, "＊",
    )  # fmt: skip


def test_handed_to_the_team_by_month() -> None:
    handed = _case(referrals=_referral(1, "accepted", "multi.takikan"))
    rows = desk.team_table([handed, _case(), _case(), _case()], MAY).rows
    assert rows == (("2026年5月", 4, 1, "25%"), ("合計", 4, 1, "25%"))


def test_acceptance_asks_whether_what_was_shown_first_was_chosen() -> None:
    shown = tuple(
        Shown(rank=rank, target=_target(f"elderly.{rank}"), score=0.5) for rank in range(1, 8)
    )
    chose = [
        _case(shown=shown, referrals=_referral(1, category=f"elderly.{n}")) for n in (1, 3, 5, 7)
    ]
    own = _case(shown=shown, referrals=_referral(1, kind="own"))
    found = desk.acceptance([*chose, own, _case(shown=(), referrals=())])
    assert (found.cases, found.in_three, found.in_five, found.own) == (5, 2, 3, 1)
    assert desk.silence([*chose, _case(shown=())]) == 1


def test_connections_by_state() -> None:
    cases = [_case(referrals=_referral(1, "refused"))] + [_case(referrals=_referral(1))] * 3
    rows = {row[0]: row[1:] for row in desk.states_table(cases).rows}
    assert rows["断られた・つながらなかった"] == (1, "25%")
    assert rows["連絡した"] == (3, "75%")


def _case(**fields: Any) -> Case:
    problem = ProblemRead(code="x", label="もの忘れ", categories=("elderly.chiiki_hokatsu",))
    usual = {"opened_at": AT, "problems": (problem,), "referrals": (), "flags": ()}
    return memory_case(**(usual | fields))


def _target(category: str, kind: str = "service") -> Target:
    return Target(kind=kind, category=category, service_id=category, name="窓口")


def _referral(
    after_hours: int | None,
    state: Any = "contacted",
    category: str = "elderly.chiiki_hokatsu",
    kind: str = "service",
) -> tuple[Referral, ...]:
    steps = [Step(state="chosen", at=AT, by="p")]
    if after_hours is not None:
        steps.append(Step(state=state, at=AT + timedelta(hours=after_hours), by="p"))
    now = state if after_hours is not None else "chosen"
    return (Referral(id="r1", target=_target(category, kind), state=now, steps=tuple(steps)),)


def _flag(decision: Any, shown_at: datetime = AT) -> FlagSeen:
    return FlagSeen(
        code="elder_abuse", label="高齢者虐待の疑い", duty="義務", article="7条", recipient="町",
        first_response="電話", shown_at=shown_at, decision=decision,
    )  # fmt: skip


def _entry(at: datetime) -> Entry:
    return Entry(1, at, "p", "x", "desk.triage", None, None, "ok", "{}", "", "")
