"""What the desk can do to a case, and what it is told when it cannot."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.cases import steps
from service.cases.models import MAX_MEMO, Advice, Case
from service.cases.words import (
    AGE_GROUPS,
    CHANNELS,
    CLOSED,
    CONSENTS,
    FLAG_DECISIONS,
    REFERRAL_STATES,
    REFUSED,
    REJECTED,
    ReferralState,
)
from service.errors import BadInput, NotFound
from tests.fixtures.kept_cases import (
    DAY,
    FLAG,
    NOW,
    OFFICE,
    OWN,
    SALON,
    TODAY,
    WHO,
    contacted,
    new_case,
    refused,
)
from tests.fixtures.store_world import TOWN


def case_of(**fields: object) -> Case:
    """A case that has just been opened."""
    kept = new_case().model_dump(exclude={"chosen"})
    start = {"town_code": TOWN.code, "id": "c-1", "number": 1, "opened_at": NOW, "opened_by": WHO}
    return Case.model_validate({**kept, **start, "updated_at": NOW, "updated_by": WHO, **fields})


def chosen(*targets: object) -> Case:
    """A case with these connections."""
    case = case_of()
    for target in targets or (SALON,):
        case = steps.choose(target, "通える", WHO, NOW)(case)  # type: ignore[arg-type]
    return case


def test_a_connection_begins_with_who_chose_it_and_why() -> None:
    (referral,) = chosen().referrals
    assert (referral.id, referral.state, referral.why) == ("r1", "chosen", "通える")
    assert [(step.state, step.at, step.by) for step in referral.steps] == [("chosen", NOW, WHO)]
    assert referral.contacted_at is None


def test_the_same_is_not_chosen_twice() -> None:
    with pytest.raises(BadInput, match=r"青葉いきいきサロン.*すでに"):
        steps.choose(SALON, "", WHO, NOW)(chosen())


def test_what_was_rejected_and_then_chosen_is_no_longer_rejected() -> None:
    case = steps.reject(SALON, "too_far", "車がない")(case_of())
    assert [(one.target, one.reason, one.memo) for one in case.rejected] == [
        (SALON, "too_far", "車がない")
    ]
    case = steps.reject(SALON, "already", "")(case)
    assert [one.reason for one in case.rejected] == ["already"]
    assert steps.choose(SALON, "", WHO, NOW)(case).rejected == ()


def test_what_is_chosen_is_not_rejected_beside_it() -> None:
    with pytest.raises(BadInput, match="先に、つなぎから外して"):
        steps.reject(SALON, "too_far", "")(chosen())


def test_the_desk_adds_its_own() -> None:
    case = steps.add_own(OWN.model_copy(update={"kind": "service"}), "顔なじみ", WHO, NOW)(
        case_of()
    )
    assert case.referrals[0].target == OWN


def test_a_connection_nobody_was_contacted_for_can_be_taken_away() -> None:
    case = chosen(SALON, OFFICE)
    left = steps.drop_referral("r1")(case)
    assert [one.id for one in left.referrals] == ["r2"]
    with pytest.raises(BadInput, match="連絡した後"):
        steps.drop_referral("r1")(contacted()(case))
    with pytest.raises(NotFound):
        steps.drop_referral("r9")(case)


ALLOWED = {
    "chosen": {"chosen", "contacted", "accepted", "refused", "closed"},
    "contacted": {"contacted", "accepted", "in_progress", "refused", "closed"},
    "accepted": {"accepted", "in_progress", "refused", "closed"},
    "in_progress": {"in_progress", "closed", "refused"},
    "refused": {"contacted"},
    "closed": {"contacted"},
}
WAYS: dict[str, tuple[ReferralState, ...]] = {
    "chosen": (),
    "contacted": ("contacted",),
    "accepted": ("accepted",),
    "in_progress": ("accepted", "in_progress"),
    "refused": ("refused",),
    "closed": ("closed",),
}


@pytest.mark.parametrize("start", WAYS)
@pytest.mark.parametrize("to", get_args(ReferralState))
def test_a_connection_moves_only_where_it_can(start: str, to: ReferralState) -> None:
    case = chosen()
    for state in WAYS[start]:
        case = steps.move_referral("r1", state, "full", None, "", WHO, NOW)(case)
    move = steps.move_referral("r1", to, "full", TODAY, "電話した", WHO, NOW + DAY)
    if to not in ALLOWED[start]:
        with pytest.raises(BadInput, match="変えられません"):
            move(case)
        return
    (referral,) = move(case).referrals
    assert (referral.state, referral.next_on) == (to, TODAY)
    assert referral.reason == ("full" if to == "refused" else None)
    last = referral.steps[-1]
    assert (last.state, last.memo, last.at) == (to, "電話した", NOW + DAY)


def test_a_refusal_needs_its_reason() -> None:
    with pytest.raises(BadInput, match="断られた理由"):
        refused(reason=None)(chosen())
    with pytest.raises(BadInput, match="断られた理由"):
        refused(reason="いっぱい")(chosen())


def test_the_waiting_ends_with_the_first_contact() -> None:
    case = contacted(at=NOW + DAY)(chosen())
    assert case.referrals[0].contacted_at == NOW + DAY
    assert refused(at=NOW + 2 * DAY)(case).referrals[0].contacted_at == NOW + DAY


def test_a_red_flag_keeps_who_decided_what_and_when() -> None:
    case = case_of(flags=(FLAG, FLAG))
    case = steps.decide_flag(1, "reported", "14時に電話", WHO, NOW + DAY)(case)
    assert case.flags[0] == FLAG
    flag = case.flags[1]
    assert (flag.decision, flag.memo) == ("reported", "14時に電話")
    assert (flag.decided_at, flag.decided_by) == (NOW + DAY, WHO)
    assert case.has_open_flag
    again = steps.decide_flag(1, "undecided", "", WHO, NOW + DAY)(case)
    assert again.flags[1] == FLAG
    with pytest.raises(NotFound):
        steps.decide_flag(2, "reported", "", WHO, NOW)(case)
    with pytest.raises(NotFound):
        steps.decide_flag(-1, "reported", "", WHO, NOW)(case)


def test_consent_has_its_day_and_a_law_its_name() -> None:
    case = steps.set_consent("given", TODAY, "口頭")(case_of())
    assert (case.consent, case.consent_on, case.consent_memo) == ("given", TODAY, "口頭")
    assert steps.set_consent("unknown", TODAY, "")(case).consent_on is None
    with pytest.raises(BadInput, match="日を入れて"):
        steps.set_consent("given", None, "")(case)
    with pytest.raises(BadInput, match="根拠"):
        steps.set_consent("not_needed", None, " ")(case)
    assert steps.set_consent("not_needed", None, "支援会議")(case).consent_memo == "支援会議"


def test_a_case_ends_only_when_every_red_flag_was_decided_on() -> None:
    case = case_of(flags=(FLAG,), next_on=TODAY)
    with pytest.raises(BadInput, match="まだ決めていない"):
        steps.close("solved", NOW)(case)
    case = steps.close("solved", NOW)(steps.decide_flag(0, "not_so", "", WHO, NOW)(case))
    assert (case.state, case.closed_at, case.closed_reason) == ("closed", NOW, "solved")
    assert case.due_on is None
    with pytest.raises(BadInput, match="再び始める"):
        steps.set_memo("", None)(case)
    case = steps.reopen()(case)
    assert (case.state, case.closed_at, case.closed_reason) == ("open", None, None)
    assert case.due_on == TODAY


def test_what_was_typed_is_kept_tidy_or_refused_without_repeating_it() -> None:
    assert steps.set_memo(" 一行目\r\n二行目 ", None)(case_of()).memo == "一行目\n二行目"
    for memo in ("長" * (MAX_MEMO + 1), "\ud800", "a\x00b"):
        with pytest.raises(BadInput) as told:
            steps.set_memo(memo, None)(case_of())
        assert memo not in str(told.value)


def test_a_code_that_is_not_listed_is_refused() -> None:
    makes: tuple[Callable[[], steps.CaseStep], ...] = (
        lambda: steps.set_basics("fax", "75+", ""),  # type: ignore[arg-type]
        lambda: steps.set_basics("phone", "84", ""),  # type: ignore[arg-type]
        lambda: steps.set_consent("yes", None, ""),  # type: ignore[arg-type]
        lambda: steps.close("", NOW),  # type: ignore[arg-type]
        lambda: steps.decide_flag(0, "done", "", WHO, NOW),  # type: ignore[arg-type]
        lambda: steps.reject(SALON, "bad", ""),  # type: ignore[arg-type]
        lambda: steps.move_referral("r1", "gone", None, None, "", WHO, NOW),  # type: ignore[arg-type]
    )
    for make in makes:
        with pytest.raises(BadInput, match="一覧から"):
            make()


def test_an_answer_belongs_to_what_was_asked_and_comes_once() -> None:
    asked = Advice(id="a-1", asked_at=NOW, asked_by=WHO, to="ためし県", question="どうするか")
    case = steps.ask_advice(asked)(case_of())
    answered = steps.answer_advice("a-1", "まず訪問を", "p-9", NOW + DAY)(case)
    assert (answered.advice[0].answer, answered.advice[0].answered_by) == ("まず訪問を", "p-9")
    with pytest.raises(BadInput, match="すでに回答"):
        steps.answer_advice("a-1", "もう一つ", "p-9", NOW)(answered)
    with pytest.raises(BadInput, match="回答を書いて"):
        steps.answer_advice("a-1", " ", "p-9", NOW)(case)
    with pytest.raises(NotFound):
        steps.answer_advice("a-2", "?", "p-9", NOW)(case)
    with pytest.raises(BadInput, match="聞きたいこと"):
        steps.ask_advice(asked.model_copy(update={"question": ""}))(case_of())


# Any sequence of steps.

TEXTS = st.one_of(st.text(max_size=20), st.just("長" * (MAX_MEMO + 1)))
DATES = st.one_of(st.none(), st.dates(date(2026, 1, 1), date(2027, 12, 31)))
TARGETS = st.sampled_from((SALON, OFFICE, OWN))
REFERRAL_IDS = st.sampled_from(("r1", "r2", "r3"))
TIMES = st.datetimes(timezones=st.just(UTC))
ANY_STEP = st.one_of(
    st.builds(steps.choose, TARGETS, TEXTS, st.just(WHO), TIMES),
    st.builds(steps.add_own, TARGETS, TEXTS, st.just(WHO), TIMES),
    st.builds(steps.reject, TARGETS, st.sampled_from(list(REJECTED)), TEXTS),
    st.builds(steps.drop_referral, REFERRAL_IDS),
    st.builds(
        steps.move_referral,
        REFERRAL_IDS,
        st.sampled_from(list(REFERRAL_STATES)),
        st.sampled_from([None, *REFUSED]),
        DATES,
        TEXTS,
        st.just(WHO),
        TIMES,
    ),
    st.builds(
        steps.decide_flag,
        st.integers(-1, 3),
        st.sampled_from(list(FLAG_DECISIONS)),
        TEXTS,
        st.just(WHO),
        TIMES,
    ),
    st.builds(steps.set_consent, st.sampled_from(list(CONSENTS)), DATES, TEXTS),
    st.builds(steps.set_memo, TEXTS, DATES),
    st.builds(
        steps.set_basics,
        st.sampled_from(list(CHANNELS)),
        st.sampled_from(list(AGE_GROUPS)),
        TEXTS,
    ),
    st.builds(steps.close, st.sampled_from(list(CLOSED)), TIMES),
    st.builds(steps.reopen),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(ANY_STEP, max_size=25))
def test_any_sequence_of_steps_keeps_a_case_valid(
    sequence: list[steps.CaseStep],
) -> None:
    case = case_of(flags=(FLAG, FLAG))
    for step in sequence:
        # What is refused leaves the case as it was.
        with suppress(BadInput, NotFound):
            case = step(case)
        # As strict as if it were read anew, and the same afterwards.
        assert Case.model_validate_json(case.model_dump_json()) == case
        ids = [one.id for one in case.referrals]
        keys = [one.target.key for one in case.referrals]
        assert len(set(ids)) == len(ids)
        assert len(set(keys)) == len(keys)
        assert not {one.target.key for one in case.rejected} & set(keys)
        for one in case.referrals:
            assert one.state == one.steps[-1].state
            assert (one.reason is not None) is (one.state == "refused")
        assert (case.state == "closed") is (case.closed_at is not None)
        assert (case.state == "closed") is (case.closed_reason is not None)
        assert not (case.state == "closed" and case.has_open_flag)
        if case.consent == "given":
            assert case.consent_on is not None
