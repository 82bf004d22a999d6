"""What the desk can do to a case: pure functions, each returning a step from Case to Case.

A step raises :class:`BadInput` in words that say what to do; the case is then as it was.
"""

from __future__ import annotations

from datetime import date, datetime

from service.cases.checking import (
    CaseStep,
    changed,
    check_ground,
    checked_text,
    one_code,
    still_open,
)
from service.cases.models import MAX_TEXT, Advice, Case
from service.cases.referring import (
    MOVES,
    add_own,
    choose,
    drop_referral,
    move_referral,
    reject,
)
from service.cases.words import (
    AGE_GROUPS,
    CHANNELS,
    CLOSED,
    CONSENTS,
    FLAG_DECISIONS,
    AgeGroup,
    Channel,
    ClosedReason,
    Consent,
    FlagDecision,
)
from service.errors import BadInput, NotFound

__all__ = [
    "MOVES", "CaseStep", "add_own", "answer_advice", "ask_advice", "choose", "close", "decide_flag",
    "drop_referral", "move_referral", "reject", "reopen", "set_basics", "set_consent", "set_memo",
]  # fmt: skip
MAX_DISTRICT = 100


def decide_flag(index: int, decision: FlagDecision, memo: str, by: str, at: datetime) -> CaseStep:
    """Note what was decided about the red flag at ``index``; "undecided" takes it back."""
    decided = one_code(decision, FLAG_DECISIONS, "緊急・通報について決めたこと")

    def step(case: Case) -> Case:
        still_open(case)
        if not 0 <= index < len(case.flags):
            raise NotFound("その緊急・通報の項目はありません。相談を開き直してください。")
        open_again = decided == "undecided"
        flag = case.flags[index].model_copy(
            update={
                "decision": decided,
                "memo": checked_text(memo, "緊急・通報のメモ"),
                "decided_at": None if open_again else at,
                "decided_by": None if open_again else by,
            }
        )
        flags = (*case.flags[:index], flag, *case.flags[index + 1 :])
        return changed(case, flags=flags)

    return step


def set_consent(consent: Consent, on: date | None, memo: str) -> CaseStep:
    """Note whether the person agrees to sharing, since when, and on what ground if it is a law."""
    given = one_code(consent, CONSENTS, "同意")

    def step(case: Case) -> Case:
        still_open(case)
        if given == "given" and on is None:
            raise BadInput("同意を得た日を入れてください。")
        text = checked_text(memo, "同意のメモ")
        check_ground(given, text)
        day = None if given == "unknown" else on
        return changed(case, consent=given, consent_on=day, consent_memo=text)

    return step


def set_memo(memo: str, next_on: date | None) -> CaseStep:
    """Write the case's memo and the next day to look at it."""

    def step(case: Case) -> Case:
        still_open(case)
        return changed(case, memo=checked_text(memo, "メモ"), next_on=next_on)

    return step


def set_basics(channel: Channel, age_group: AgeGroup, district: str) -> CaseStep:
    """Correct how the person came, the age group and the district ("" when not known)."""
    came = one_code(channel, CHANNELS, "相談の受け方")
    age = one_code(age_group, AGE_GROUPS, "年代")

    def step(case: Case) -> Case:
        still_open(case)
        where = checked_text(district, "地区", MAX_DISTRICT)
        return changed(case, channel=came, age_group=age, district=where)

    return step


def close(reason: ClosedReason, at: datetime) -> CaseStep:
    """End the case; red flags must have been decided on."""
    why = one_code(reason, CLOSED, "終わりにする理由")

    def step(case: Case) -> Case:
        still_open(case)
        if case.has_open_flag:
            raise BadInput(
                "緊急・通報の項目に、まだ決めていないものがあります。先に、どうしたかを選んでください。"
            )
        return changed(case, state="closed", closed_at=at, closed_reason=why)

    return step


def reopen() -> CaseStep:
    """Take up a closed case again; an open one stays as it is."""

    def step(case: Case) -> Case:
        return changed(case, state="open", closed_at=None, closed_reason=None)

    return step


def ask_advice(advice: Advice) -> CaseStep:
    """Add what is asked of the prefecture."""

    def step(case: Case) -> Case:
        still_open(case)
        checked_text(advice.question, "聞きたいこと")
        checked_text(advice.packet, "資料", MAX_TEXT)
        if not advice.question.strip():
            raise BadInput("聞きたいことを書いてください。")
        return changed(case, advice=(*case.advice, advice))

    return step


def answer_advice(advice_id: str, text: str, by: str, at: datetime) -> CaseStep:
    """Add the answer to what was asked; a closed case takes it too."""

    def step(case: Case) -> Case:
        answer = checked_text(text, "回答", MAX_TEXT)
        if not answer:
            raise BadInput("回答を書いてください。")
        asked = next((one for one in case.advice if one.id == advice_id), None)
        if asked is None:
            raise NotFound("その後方支援の求めはありません。相談を開き直してください。")
        if asked.answered_at is not None:
            raise BadInput("この求めには、すでに回答があります。")
        values = {"answer": answer, "answered_by": by, "answered_at": at}
        answered = asked.model_copy(update=values)
        return changed(case, advice=tuple(answered if one is asked else one for one in case.advice))

    return step
