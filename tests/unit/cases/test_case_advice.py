"""Back-up by the prefecture: asked with a packet, answered once, in the case's history."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from service.cases.advice import (
    answer,
    ask,
    desk_of_prefecture,
    get_request,
    inbox,
    note_answer,
)
from service.cases.keep import Changed, erase_case, get_case, history_of, undo_case
from service.cases.models import MAX_MEMO, Case
from service.cases.steps import close, set_memo
from service.errors import BadInput, NotFound
from tests.fixtures.accounts_world import FAR_TOWN, NEIGHBOUR, add_more_towns
from tests.fixtures.kept_cases import DAY, MINUTE, NOW, WHO, do, opened
from tests.fixtures.records_world import actions
from tests.fixtures.store_world import PREFECTURE, TOWN

PACKET = "事実: 本人は長男と暮らす。"


def _ask(engine: Engine, case: Case, question: str = "次に誰が動くか", to: str = "990000") -> Case:
    return ask(engine, TOWN.code, to, case.id, question, PACKET, case.revision, WHO, NOW)


def test_a_question_goes_to_the_prefecture_and_its_answer_comes_back(engine: Engine) -> None:
    case = _ask(engine, opened(engine))
    (asked,) = case.advice
    assert (asked.to, asked.question, asked.packet, asked.answer) == (
        PREFECTURE.name,
        "次に誰が動くか",
        PACKET,
        "",
    )
    (request,) = inbox(engine, PREFECTURE.code)
    assert request == get_request(engine, PREFECTURE.code, asked.id)
    assert (request.town_name, request.case_id, request.packet) == (TOWN.name, case.id, PACKET)
    answered = answer(engine, PREFECTURE.code, asked.id, " まず訪問を ", "p-9", NOW + DAY)
    assert answered == get_case(engine, TOWN.code, case.id)
    assert (answered.advice[0].answer, answered.advice[0].answered_by) == ("まず訪問を", "p-9")
    assert inbox(engine, PREFECTURE.code) == ()
    (done,) = inbox(engine, PREFECTURE.code, only_open=False)
    assert (done.answer, done.answered_at, done.answered_by) == ("まず訪問を", NOW + DAY, "p-9")
    assert [version.words for version in history_of(engine, TOWN.code, case.id)[:2]] == [
        ("後方支援の回答がありました: ためし県",),
        ("後方支援を求めました: ためし県",),
    ]
    assert actions(engine)[-2:] == ["advice.ask", "advice.answer"]


def test_the_longest_waiting_stands_first(engine: Engine) -> None:
    add_more_towns(engine)
    late = opened(engine, town_code=NEIGHBOUR.code)
    to = PREFECTURE.code
    ask(engine, NEIGHBOUR.code, to, late.id, "二番目", PACKET, 1, WHO, NOW + MINUTE)
    _ask(engine, opened(engine), "一番目")
    assert [one.question for one in inbox(engine, to)] == ["一番目", "二番目"]
    assert [one.town_name for one in inbox(engine, to)] == [TOWN.name, NEIGHBOUR.name]


def test_a_request_is_answered_once_and_only_by_its_prefecture(engine: Engine) -> None:
    add_more_towns(engine)
    request_id = _ask(engine, opened(engine)).advice[0].id
    for code, named in ((FAR_TOWN.code, request_id), (PREFECTURE.code, "nai"), ("990000", "\x00")):
        with pytest.raises(NotFound):
            answer(engine, code, named, "答え", "p-9", NOW)
        with pytest.raises(NotFound):
            get_request(engine, code, named)
    for text in ("", "長" * 20_001, "\ud800"):
        with pytest.raises(BadInput):
            answer(engine, PREFECTURE.code, request_id, text, "p-9", NOW)
    answer(engine, PREFECTURE.code, request_id, "答え", "p-9", NOW)
    with pytest.raises(Changed, match="この求めへの回答"):
        answer(engine, PREFECTURE.code, request_id, "別の答え", "p-8", NOW)


def test_only_the_towns_own_prefecture_is_asked(engine: Engine) -> None:
    add_more_towns(engine)
    assert desk_of_prefecture(engine, TOWN.code) == PREFECTURE
    assert desk_of_prefecture(engine, FAR_TOWN.code) is None
    assert desk_of_prefecture(engine, PREFECTURE.code) is None
    case = opened(engine)
    for code in (NEIGHBOUR.code, FAR_TOWN.code, "nai"):
        with pytest.raises(BadInput, match="ファイルか紙"):
            _ask(engine, case, to=code)
    for question in ("", "長" * (MAX_MEMO + 1)):
        with pytest.raises(BadInput):
            _ask(engine, case, question)
    with pytest.raises(Changed):
        _ask(engine, case.model_copy(update={"revision": 9}))
    assert get_case(engine, TOWN.code, case.id) == case
    assert inbox(engine, PREFECTURE.code) == ()


def test_on_paper_only_the_case_knows_of_question_and_answer(engine: Engine) -> None:
    case = _ask(engine, opened(engine), to="")
    assert inbox(engine, PREFECTURE.code, only_open=False) == ()
    (asked,) = case.advice
    assert asked.to == "ファイル・紙で依頼"
    case = note_answer(engine, TOWN.code, case.id, asked.id, "電話で聞いた", 2, WHO, NOW)
    assert case.advice[0].answer == "電話で聞いた"
    with pytest.raises(NotFound):
        note_answer(engine, TOWN.code, case.id, "nai", "x", 3, WHO, NOW)


def test_an_answer_by_telephone_closes_the_request_too(engine: Engine) -> None:
    case = _ask(engine, opened(engine))
    note_answer(engine, TOWN.code, case.id, case.advice[0].id, "電話で", 2, WHO, NOW)
    assert inbox(engine, PREFECTURE.code) == ()


def test_a_closed_case_takes_the_answer_and_an_undo_keeps_it(engine: Engine) -> None:
    case = do(engine, opened(engine), set_memo("まだ", None))
    case = do(engine, _ask(engine, case), close("handed_over", NOW), "case.close")
    case = answer(engine, PREFECTURE.code, case.advice[0].id, "答え", "p-9", NOW)
    assert case.state == "closed"
    back = undo_case(engine, TOWN.code, case.id, 1, case.revision, WHO, NOW)
    # What was sent cannot be taken back, and what was answered is not lost.
    assert (back.memo, back.state, back.advice) == ("", "open", case.advice)


def test_a_request_goes_with_its_case(engine: Engine) -> None:
    case = _ask(engine, opened(engine))
    erase_case(engine, TOWN.code, case.id, WHO, NOW)
    assert inbox(engine, PREFECTURE.code, only_open=False) == ()
