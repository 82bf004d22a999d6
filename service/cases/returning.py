"""A refusal goes back to the record and to the list of what nobody could meet, and away again.

Both ids follow from the case, the connection and its move, so that a version that
is put back finds what its refusal had left.
"""

from __future__ import annotations

from datetime import datetime
from uuid import NAMESPACE_OID, uuid5

from sqlalchemy import Connection

from service.cases.days import day_of
from service.cases.gaps import Gap, gap_row
from service.cases.models import Case, Referral, Step
from service.records.codec import audit_id
from service.records.layers import owners_of
from service.records.read import get_row, is_storable
from service.store import audit, gaps, profiles, reports
from service.store.reports import ReportRow
from service.store.times import utc_text

_Refusal = tuple[Referral, Step]


def bring_back(conn: Connection, before: Case, after: Case, actor: str, now: datetime) -> None:
    """Write what the new refusals leave behind, and withdraw what those taken back had left."""
    was, now_there = _refusals(before), _refusals(after)
    for key in sorted(was.keys() - now_there.keys()):
        _withdraw(conn, after, key, actor, now)
    for key in sorted(now_there.keys() - was.keys()):
        _leave(conn, after, key, now_there[key], actor, now)


def _refusals(case: Case) -> dict[str, _Refusal]:
    return {
        _key(case, referral, number, step): (referral, step)
        for referral in case.referrals
        for number, step in enumerate(referral.steps)
        if step.state == "refused"
    }


def _key(case: Case, referral: Referral, number: int, step: Step) -> str:
    whom = (referral.id, referral.target.key, referral.target.record_id)
    how = (str(number), utc_text(step.at), str(step.reason))
    return "/".join((case.town_code, case.id, *whom, *how))


def _leave(
    conn: Connection, case: Case, key: str, refusal: _Refusal, actor: str, now: datetime
) -> None:
    referral, step = refusal
    target = referral.target
    gap = Gap(
        id=_id(key, "gap"),
        town_code=case.town_code,
        on_day=day_of(step.at),
        by=step.by,
        kind="refused",
        problems=_problems(case, target.category),
        categories=(target.category,) if target.category else (),
        district=case.district,
        age_group=case.age_group,
        case_id=case.id,
        record_id=target.record_id,
        reason=step.reason,
    )
    gaps.add_gap(conn, gap_row(gap, step.at))
    if step.reason is not None:
        _report(conn, case, _id(key, "report"), target.record_id, step.reason, actor, now)


def _withdraw(conn: Connection, case: Case, key: str, actor: str, now: datetime) -> None:
    gaps.remove_gap(conn, case.town_code, _id(key, "gap"))
    known = reports.find_report_anywhere(conn, _id(key, "report"))
    if known is not None and known.settled_at is None:
        reports.settle(conn, known.id, actor, now)
        _tell(conn, "record.settle", known, case.town_code, actor, now)


def _report(
    conn: Connection,
    case: Case,
    report_id: str,
    record_id: str,
    reason: str,
    actor: str,
    now: datetime,
) -> None:
    """Note the refusal on the town's record, or its prefecture's; on none if there is none."""
    known = reports.find_report_anywhere(conn, report_id)
    if known is not None:
        # Taken back and now there again.
        reports.unsettle(conn, report_id)
        _tell(conn, "record.report", known, case.town_code, actor, now)
        return
    if not record_id or not is_storable(record_id):
        return
    owner = owners_of(conn, case.town_code, (record_id,)).get(record_id)
    if owner is None:
        return
    standing = _standing(conn, owner, record_id)
    row = ReportRow(report_id, owner, standing, now, actor, reason)
    reports.add_report(conn, row)
    _tell(conn, "record.report", row, case.town_code, actor, now)


def _standing(conn: Connection, owner: str, record_id: str) -> str:
    """Return the record that took this one in, else itself: the case may be older."""
    seen: set[str] = set()
    while record_id not in seen:
        seen.add(record_id)
        record_id = get_row(conn, owner, record_id).merged_into or record_id
    return record_id


def _tell(
    conn: Connection, action: str, row: ReportRow, town_code: str, actor: str, now: datetime
) -> None:
    subject = ("record", audit_id(row.record_id))
    event = audit.Event(actor, action, subject, town_code, detail={"reason": row.reason})
    audit.append(conn, event, now)
    profiles.move_on(conn, row.town_code, actor, now)


def _problems(case: Case, category: str) -> tuple[str, ...]:
    """Return the troubles that the connection was for, as far as its category tells."""
    meant = [problem.code for problem in case.problems if category in problem.categories]
    return tuple(dict.fromkeys(meant or [problem.code for problem in case.problems]))


def _id(key: str, what: str) -> str:
    return str(uuid5(NAMESPACE_OID, f"tsunagi/{what}/{key}"))
