"""A case as a row of the store, and back."""

from __future__ import annotations

from datetime import datetime

from service.cases.days import day_of
from service.cases.models import Case
from service.records.codec import fold_words
from service.store.cases import CaseRow, VersionRow


def row_of_case(case: Case, action: str) -> CaseRow:
    """Return the case as a row.  ``action`` is what made this version."""
    states = dict.fromkeys(referral.state for referral in case.referrals)
    return CaseRow(
        town_code=case.town_code,
        id=case.id,
        year=day_of(case.opened_at).year,
        number=case.number,
        state=case.state,
        opened_at=case.opened_at,
        closed_at=case.closed_at,
        due_on=case.due_on.isoformat() if case.due_on else None,
        consent=case.consent,
        route=case.route,
        flags_open=case.has_open_flag,
        referral_states=f";{';'.join(states)};" if states else "",
        words=_search_words(case),
        document=case.model_dump_json(),
        revision=case.revision,
        action=action,
        updated_at=case.updated_at,
        updated_by=case.updated_by,
    )


def case_of(document: str) -> Case:
    """Return the case that a document holds."""
    return Case.model_validate_json(document)


def former(row: CaseRow) -> VersionRow:
    """Return the version that a row is, to be kept once another replaces it."""
    return VersionRow(
        row.town_code,
        row.id,
        row.revision,
        row.updated_at,
        row.updated_by,
        row.action,
        row.document,
    )


def next_version(case: Case, actor: str, now: datetime) -> Case:
    """Return the case with the next number of its version."""
    changes = {"revision": case.revision + 1, "updated_at": now, "updated_by": actor}
    return case.model_copy(update=changes)


def _search_words(case: Case) -> str:
    """Return what a search looks in: masked text, folded, so that width and case do not matter."""
    parts = [
        case.label,
        case.text,
        case.memo,
        case.district,
        *(problem.label for problem in case.problems),
        *(flag.label for flag in case.flags),
        *(referral.target.name for referral in case.referrals),
    ]
    return fold_words(" ".join(part for part in parts if part))
