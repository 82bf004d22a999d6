"""Back-up (後方支援): asking the prefecture's desk, its inbox, and its answer in the case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy import Connection, Engine

from service.cases.keep import apply_in
from service.cases.models import Advice, Case
from service.cases.steps import answer_advice, ask_advice
from service.errors import BadInput, NotFound
from service.records.errors import Changed
from service.records.read import is_storable
from service.store import advice as rows
from service.store.advice import AdviceRow
from service.store.engine import reading, writing
from service.store.towns import Town, find_town, list_towns

ON_PAPER = "ファイル・紙で依頼"


@dataclass(frozen=True, slots=True)
class AdviceRequest:
    """What a town asked of the prefecture; open while ``answered_at`` is None."""

    id: str
    town_code: str
    town_name: str
    prefecture_code: str
    case_id: str
    asked_at: datetime
    asked_by: str
    question: str
    packet: str
    answered_at: datetime | None
    answered_by: str | None
    answer: str


def ask(
    engine: Engine,
    town_code: str,
    prefecture_code: str,
    case_id: str,
    question: str,
    packet: str,
    revision: int,
    actor: str,
    now: datetime,
) -> Case:
    """Send a question and the packet (masked text) to the desk of the town's prefecture.

    ``prefecture_code`` is the code of that desk (``desk_of_prefecture``), or "" when the packet
    goes out as a file or on paper: then only the case knows of it.  Raises BadInput, NotFound,
    :class:`Changed`.
    """
    request_id = str(uuid4())
    with writing(engine) as conn:
        desk = _desk_to_ask(conn, town_code, prefecture_code) if prefecture_code else None
        advice = Advice(
            id=request_id,
            asked_at=now,
            asked_by=actor,
            to=desk.name if desk else ON_PAPER,
            question="",
            packet="",
        )
        # Unchecked so far: the step says in Japanese what is too long.
        asked = advice.model_copy(update={"question": question.strip(), "packet": packet})
        step = ask_advice(asked)
        case = apply_in(conn, town_code, case_id, step, "advice.ask", revision, actor, now)
        if desk is not None:
            values = (
                request_id,
                town_code,
                desk.code,
                case_id,
                now,
                actor,
                question.strip(),
                packet,
            )
            rows.add_request(conn, AdviceRow(*values))
    return case


def desk_of_prefecture(engine: Engine, town_code: str) -> Town | None:
    """Return the prefecture whose desk the town can ask; None when there is none here."""
    with reading(engine) as conn:
        return _prefecture(conn, town_code)


def inbox(
    engine: Engine, prefecture_code: str, only_open: bool = True
) -> tuple[AdviceRequest, ...]:
    """Return what was asked of a prefecture's desk: the open ones, longest waiting first."""
    with reading(engine) as conn:
        names = {town.code: town.name for town in list_towns(conn)}
        found = rows.requests_to(conn, prefecture_code, only_open)
        return tuple(_request(row, names) for row in found)


def get_request(engine: Engine, prefecture_code: str, request_id: str) -> AdviceRequest:
    """Return a request to this prefecture's desk.  Raises :class:`NotFound`."""
    with reading(engine) as conn:
        row = _row_to(conn, prefecture_code, request_id)
        return _request(row, {town.code: town.name for town in list_towns(conn)})


def answer(
    engine: Engine, prefecture_code: str, request_id: str, text: str, actor: str, now: datetime
) -> Case:
    """Answer a request; the town finds the answer in its case, which may be closed by now.

    Raises BadInput, NotFound, and :class:`Changed` when somebody has answered already.
    """
    with writing(engine) as conn:
        row = _row_to(conn, prefecture_code, request_id)
        if row.answered_at is not None:
            raise Changed("この求めへの回答を、")
        step = answer_advice(request_id, text, actor, now)
        case = apply_in(conn, row.town_code, row.case_id, step, "advice.answer", None, actor, now)
        rows.set_answer(conn, request_id, text.strip(), actor, now)
    return case


def note_answer(
    engine: Engine,
    town_code: str,
    case_id: str,
    advice_id: str,
    text: str,
    revision: int,
    actor: str,
    now: datetime,
) -> Case:
    """Write down an answer that came by telephone or on paper; it closes the request too.

    Raises BadInput, NotFound, :class:`Changed`.
    """
    step = answer_advice(advice_id, text, actor, now)
    with writing(engine) as conn:
        case = apply_in(conn, town_code, case_id, step, "advice.answer", revision, actor, now)
        if rows.find_request(conn, advice_id) is not None:
            rows.set_answer(conn, advice_id, text.strip(), actor, now)
    return case


def _desk_to_ask(conn: Connection, town_code: str, prefecture_code: str) -> Town:
    above = _prefecture(conn, town_code)
    if above is None or above.code != prefecture_code:
        raise BadInput(
            "このつなぎには、相談できる都道府県の窓口が登録されていません。"
            "資料をファイルか紙で渡してください。"
        )
    return above


def _prefecture(conn: Connection, town_code: str) -> Town | None:
    town = find_town(conn, town_code)
    if town is None or town.kind == "prefecture":
        return None
    above = list_towns(conn, town.prefecture_code)
    return next((one for one in above if one.kind == "prefecture"), None)


def _row_to(conn: Connection, prefecture_code: str, request_id: str) -> AdviceRow:
    row = rows.find_request(conn, request_id) if is_storable(request_id) else None
    if row is None or row.prefecture_code != prefecture_code:
        raise NotFound("この後方支援の求めはありません。一覧から選び直してください。")
    return row


def _request(row: AdviceRow, names: Mapping[str, str]) -> AdviceRequest:
    return AdviceRequest(
        id=row.id,
        town_code=row.town_code,
        town_name=names.get(row.town_code, row.town_code),
        prefecture_code=row.prefecture_code,
        case_id=row.case_id,
        asked_at=row.asked_at,
        asked_by=row.asked_by,
        question=row.question,
        packet=row.packet,
        answered_at=row.answered_at,
        answered_by=row.answered_by,
        answer=row.answer,
    )
