"""What nobody could meet: noted in one click, taken back, listed for the year's figures."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast
from uuid import uuid4

from sqlalchemy import Connection, Engine

from service.cases.days import day_of
from service.cases.words import (
    AGE_GROUPS,
    GAP_KINDS,
    REFUSED,
    AgeGroup,
    GapKind,
    RefusedReason,
)
from service.errors import BadInput, NotFound
from service.records.read import is_storable
from service.records.write import check_town
from service.store import audit
from service.store import gaps as rows
from service.store.cases import find_row
from service.store.check import one_line
from service.store.engine import reading, writing
from service.store.gaps import GapRow

__all__ = ["Gap", "NewGap", "gaps_between", "note_gap", "take_back_gap"]
# Codes of the taxonomy: ``isolation.ibasho``.
_CODE = re.compile(r"[A-Za-z0-9_.:-]{1,80}")
_MOST_CODES = 100


@dataclass(frozen=True, slots=True)
class NewGap:
    """A need nobody could meet, in codes; ``district`` is one of the town's, "" if not known."""

    kind: GapKind
    problems: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    district: str = ""
    age_group: AgeGroup = "unknown"
    case_id: str | None = None
    record_id: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """A kept gap.  ``reason`` is why, when a connection was refused."""

    id: str
    town_code: str
    on_day: date
    by: str
    kind: GapKind
    problems: tuple[str, ...]
    categories: tuple[str, ...]
    district: str
    age_group: AgeGroup
    case_id: str | None
    record_id: str
    reason: RefusedReason | None = None

    @property
    def kind_words(self) -> str:
        """The kind as a person reads it."""
        return GAP_KINDS[self.kind]

    @property
    def reason_words(self) -> str:
        """The reason as a person reads it; "" without one."""
        return REFUSED[self.reason] if self.reason else ""


def note_gap(engine: Engine, town_code: str, gap: NewGap, actor: str, now: datetime) -> Gap:
    """Keep a gap.  Raises BadInput for what is no code, NotFound for the town or the case."""
    _check(gap)
    kept = Gap(
        id=str(uuid4()),
        town_code=town_code,
        on_day=day_of(now),
        by=actor,
        kind=gap.kind,
        problems=tuple(dict.fromkeys(gap.problems)),
        categories=tuple(dict.fromkeys(gap.categories)),
        district=one_line(gap.district, "地区") if gap.district.strip() else "",
        age_group=gap.age_group,
        case_id=gap.case_id,
        record_id=gap.record_id,
    )
    with writing(engine) as conn:
        check_town(conn, town_code)
        if gap.case_id is not None and find_row(conn, town_code, gap.case_id) is None:
            raise NotFound("この相談の記録はありません。相談の一覧から選び直してください。")
        rows.add_gap(conn, gap_row(kept, now))
        _tell(conn, "gap.note", kept.id, town_code, kept.kind, actor, now)
    return kept


def take_back_gap(engine: Engine, town_code: str, gap_id: str, actor: str, now: datetime) -> None:
    """Take back what was noted by mistake.  Raises NotFound.

    A refusal's gap goes with the version of the case that made it: undo that one.
    """
    with writing(engine) as conn:
        row = rows.find_gap(conn, town_code, gap_id) if is_storable(gap_id) else None
        if row is None:
            raise NotFound("この記録はありません（すでに取り消されたかもしれません）。")
        if row.kind == "refused":
            raise BadInput(
                "断られたつなぎの記録です。取り消すときは、相談の変更の記録から前の版に戻してください。"
            )
        rows.remove_gap(conn, town_code, gap_id)
        _tell(conn, "gap.take_back", gap_id, town_code, row.kind, actor, now)


def gaps_between(engine: Engine, town_code: str, start: date, end: date) -> tuple[Gap, ...]:
    """Return the gaps of the days [start, end), oldest first."""
    with reading(engine) as conn:
        found = rows.rows_between(conn, town_code, start.isoformat(), end.isoformat())
        return tuple(map(_gap, found))


def gap_row(gap: Gap, at: datetime) -> GapRow:
    """Return a gap as a row of the store."""
    return GapRow(
        id=gap.id,
        town_code=gap.town_code,
        on_day=gap.on_day.isoformat(),
        at=at,
        by=gap.by,
        kind=gap.kind,
        reason=gap.reason,
        problems=_joined(gap.problems),
        categories=_joined(gap.categories),
        district=gap.district,
        age_group=gap.age_group,
        case_id=gap.case_id,
        record_id=gap.record_id,
    )


def _gap(row: GapRow) -> Gap:
    return Gap(
        id=row.id,
        town_code=row.town_code,
        on_day=date.fromisoformat(row.on_day),
        by=row.by,
        kind=cast(GapKind, row.kind),
        problems=_split(row.problems),
        categories=_split(row.categories),
        district=row.district,
        age_group=cast(AgeGroup, row.age_group),
        case_id=row.case_id,
        record_id=row.record_id,
        reason=cast("RefusedReason | None", row.reason),
    )


def _check(gap: NewGap) -> None:
    codes = (*gap.problems, *gap.categories)
    if gap.kind not in GAP_KINDS or gap.age_group not in AGE_GROUPS:
        raise BadInput("合わなかったことの種類と年代を、一覧から選んでください。")
    # Codes only: no words of a note may come to lie here.
    if len(codes) > _MOST_CODES or not all(map(_CODE.fullmatch, codes)):
        raise BadInput("課題と支援の種類を、一覧から選んでください。")
    if len(gap.record_id) > 200 or not is_storable(gap.record_id + (gap.case_id or "")):
        raise BadInput("支援先の番号が正しくありません。画面を開き直してください。")


def _joined(codes: tuple[str, ...]) -> str:
    return f";{';'.join(codes)};" if codes else ""


def _split(text: str) -> tuple[str, ...]:
    return tuple(code for code in text.split(";") if code)


def _tell(
    conn: Connection,
    action: str,
    gap_id: str,
    town_code: str,
    kind: str,
    actor: str,
    now: datetime,
) -> None:
    event = audit.Event(actor, action, ("gap", gap_id), town_code, detail={"kind": kind})
    audit.append(conn, event, now)
