"""One case: opening, seeing, changing it, and bringing back what it was."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

from sqlalchemy import Connection, Engine

from service.cases.checking import check_ground, checked_text
from service.cases.codec import case_of, row_of_case
from service.cases.days import day_of
from service.cases.erasing import erase_case, export_case
from service.cases.history import Version, history_of, undo_case
from service.cases.models import Case, NewCase, Referral
from service.cases.referring import new_referral
from service.cases.write import get_row, row_to_change, tell, write_next
from service.errors import BadInput
from service.records.errors import Changed
from service.records.write import check_town
from service.store.audit_words import Value
from service.store.cases import add_row, find_row, next_number
from service.store.engine import reading, writing

__all__ = [
    "Changed", "Version", "apply", "erase_case", "export_case", "get_case", "history_of", "note_print",
    "open_case", "see_case", "undo_case",
]  # fmt: skip


def open_case(
    engine: Engine, town_code: str, new: NewCase, actor: str, now: datetime, case_id: str = ""
) -> Case:
    """Keep an answered note as a case, with the town's next number of the year.

    ``new.text`` must be masked already.  ``case_id`` (a UUID) is what the form was given when
    it was shown: sent twice, it opens one case.  Raises BadInput, or NotFound for the town.
    """
    check_ground(new.consent, new.consent_memo)
    if not new.text.strip():
        raise BadInput("相談の内容がありません。相談記録を入力してください。")
    with writing(engine) as conn:
        check_town(conn, town_code)
        if case_id and (opened := find_row(conn, town_code, case_id)) is not None:
            return case_of(opened.document)
        number = next_number(conn, town_code, day_of(now).year)
        case = _new_case(town_code, case_id or str(uuid4()), number, new, actor, now)
        add_row(conn, row_of_case(case, "case.open"))
        detail: dict[str, Value] = {
            "revision": 1,
            "problems": len(case.problems),
            "flags": len(case.flags),
            "suggestions": len(case.shown),
        }
        tell(conn, "case.open", town_code, case.id, actor, now, detail)
    return case


def get_case(engine: Engine, town_code: str, case_id: str) -> Case:
    """Return the town's case.  Raises :class:`NotFound`."""
    with reading(engine) as conn:
        return case_of(get_row(conn, town_code, case_id).document)


def see_case(engine: Engine, town_code: str, case_id: str, actor: str, now: datetime) -> Case:
    """Return the town's case and record that it was seen.  Raises :class:`NotFound`."""
    with writing(engine) as conn:
        row = get_row(conn, town_code, case_id)
        tell(conn, "case.see", town_code, case_id, actor, now, {"revision": row.revision})
    return case_of(row.document)


def note_print(
    engine: Engine, town_code: str, case_id: str, kind: str, how: str, actor: str, now: datetime
) -> None:
    """Record that a printout was made: ``kind`` of PrintKind, ``how`` html, pdf or docx.

    Raises :class:`NotFound`.
    """
    with writing(engine) as conn:
        row = get_row(conn, town_code, case_id)
        detail: dict[str, Value] = {"revision": row.revision, "kind": kind, "how": how}
        tell(conn, "case.print", town_code, case_id, actor, now, detail)


def apply(
    engine: Engine,
    town_code: str,
    case_id: str,
    step: Callable[[Case], Case],
    action: str,
    revision: int,
    actor: str,
    now: datetime,
) -> Case:
    """Run a step on the case and keep what comes out; nothing new: nothing is written.

    ``action`` is one of the audit's ``case.…``.  With it go, in one transaction, the former
    version, the audit, and for a refusal the report on the record and the gap.  Raises
    BadInput or NotFound from the step, NotFound, and :class:`Changed` when ``revision`` is not
    the present one; nothing is written then.
    """
    with writing(engine) as conn:
        return apply_in(conn, town_code, case_id, step, action, revision, actor, now)


def apply_in(
    conn: Connection,
    town_code: str,
    case_id: str,
    step: Callable[[Case], Case],
    action: str,
    revision: int | None,
    actor: str,
    now: datetime,
) -> Case:
    """Do what ``apply`` does inside the caller's writing transaction."""
    row = row_to_change(conn, town_code, case_id, revision)
    return write_next(conn, row, step(case_of(row.document)), action, actor, now)


def _new_case(
    town_code: str, case_id: str, number: int, new: NewCase, actor: str, now: datetime
) -> Case:
    referrals: tuple[Referral, ...] = ()
    for target, why in new.chosen:
        if all(one.target.key != target.key for one in referrals):
            referrals = (*referrals, new_referral(referrals, target, why, actor, now))
    chosen = {referral.target.key for referral in referrals}
    kept = {name: getattr(new, name) for name in NewCase.model_fields if name != "chosen"}
    kept["rejected"] = tuple(one for one in new.rejected if one.target.key not in chosen)
    kept["memo"] = checked_text(new.memo, "メモ")
    kept["consent_memo"] = checked_text(new.consent_memo, "同意のメモ")
    agreed = new.consent in ("given", "refused")
    return Case(
        town_code=town_code,
        id=case_id,
        number=number,
        opened_at=now,
        opened_by=actor,
        referrals=referrals,
        consent_on=day_of(now) if agreed else None,
        updated_at=now,
        updated_by=actor,
        **kept,
    )
