"""The versions of a case, and bringing one of them back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from service.cases.changes import words_of_change
from service.cases.codec import case_of, former
from service.cases.models import Case
from service.cases.write import get_row, row_to_change, write_next
from service.errors import NotFound
from service.store.audit_words import ACTIONS
from service.store.cases import VersionRow, versions_of
from service.store.engine import reading, writing


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a case: who made it, by what, and what it changed in Japanese lines."""

    revision: int
    at: datetime
    by: str
    action: str
    words: tuple[str, ...]

    @property
    def action_words(self) -> str:
        """What was done, as a person reads it."""
        return ACTIONS.get(self.action, self.action)


def history_of(engine: Engine, town_code: str, case_id: str) -> tuple[Version, ...]:
    """Return all versions of the case, newest (the present one) first.  Raises NotFound."""
    with reading(engine) as conn:
        row = get_row(conn, town_code, case_id)
        rows = (former(row), *versions_of(conn, town_code, case_id))
    cases = [case_of(each.document) for each in rows]
    return tuple(
        Version(each.revision, each.at, each.by, each.action, words_of_change(before, after))
        for each, after, before in zip(rows, cases, [*cases[1:], None], strict=True)
    )


def undo_case(
    engine: Engine,
    town_code: str,
    case_id: str,
    to_revision: int,
    revision: int,
    actor: str,
    now: datetime,
) -> Case:
    """Bring back an earlier version, as one more version; even an undo can be undone.

    What a refusal since then had left with the record and the gaps is withdrawn.  What was
    asked of the prefecture stays: it has been sent.  Raises NotFound, :class:`Changed`.
    """
    with writing(engine) as conn:
        row = row_to_change(conn, town_code, case_id, revision)
        present = case_of(row.document)
        if to_revision == row.revision:
            return present
        target = _case_of_version(versions_of(conn, town_code, case_id), to_revision)
        after = target.model_copy(update={"advice": present.advice, "revision": present.revision})
        return write_next(conn, row, after, "case.undo", actor, now)


def _case_of_version(versions: tuple[VersionRow, ...], revision: int) -> Case:
    for version in versions:
        if version.revision == revision:
            return case_of(version.document)
    raise NotFound("その版はありません。相談を開き直してください。")
