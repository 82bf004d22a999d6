"""Steps that choose, reject and move the connections (つなぎ) of a case."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType

from pydantic import ValidationError

from service.cases.checking import CaseStep, changed, checked_text, one_code, still_open
from service.cases.models import Case, Referral, Rejected, Step, Target
from service.cases.words import (
    REFERRAL_STATES,
    REFUSED,
    REJECTED,
    ReferralState,
    RefusedReason,
    RejectedReason,
)
from service.errors import BadInput, NotFound

# From each state to where it may go.  A refused or ended connection can be tried again.
MOVES: Mapping[ReferralState, tuple[ReferralState, ...]] = MappingProxyType(
    {
        "chosen": ("contacted", "accepted", "refused", "closed"),
        "contacted": ("accepted", "in_progress", "refused", "closed"),
        "accepted": ("in_progress", "refused", "closed"),
        "in_progress": ("closed", "refused"),
        "refused": ("contacted",),
        "closed": ("contacted",),
    }
)


def choose(target: Target, why: str, by: str, at: datetime) -> CaseStep:
    """Choose whom to connect to; a suggestion rejected before is no longer rejected."""

    def step(case: Case) -> Case:
        still_open(case)
        if any(referral.target.key == target.key for referral in case.referrals):
            raise BadInput(
                f"「{target.name}」は、すでにつなぎ先に入っています。もう一度つなぐときは、そのつなぎを「連絡した」にしてください。"
            )
        referral = new_referral(case.referrals, target, why, by, at)
        rejected = tuple(one for one in case.rejected if one.target.key != target.key)
        return changed(case, referrals=(*case.referrals, referral), rejected=rejected)

    return step


def add_own(target: Target, why: str, by: str, at: datetime) -> CaseStep:
    """Choose somebody whom the desk itself names."""
    return choose(target.model_copy(update={"kind": "own"}), why, by, at)


def reject(target: Target, reason: RejectedReason, memo: str) -> CaseStep:
    """Note why a suggestion is not followed; a reason given before is replaced."""
    why = one_code(reason, REJECTED, "選ばない理由")

    def step(case: Case) -> Case:
        still_open(case)
        if any(referral.target.key == target.key for referral in case.referrals):
            raise BadInput(
                f"「{target.name}」はつなぎ先に入っています。先に、つなぎから外してください。"
            )
        others = tuple(one for one in case.rejected if one.target.key != target.key)
        text = checked_text(memo, "選ばない理由のメモ")
        new = Rejected(target=target, reason=why, memo=text)
        return changed(case, rejected=(*others, new))

    return step


def drop_referral(referral_id: str) -> CaseStep:
    """Take a connection away that nobody has been contacted for yet."""

    def step(case: Case) -> Case:
        still_open(case)
        referral = find_referral(case, referral_id)
        if referral.contacted_at is not None:
            raise BadInput(
                "連絡した後のつなぎは外せません。「終わった」か「断られた」にするか、変更の記録から前の版に戻してください。"
            )
        return changed(case, referrals=tuple(r for r in case.referrals if r is not referral))

    return step


def move_referral(
    referral_id: str,
    state: ReferralState,
    reason: RefusedReason | None,
    next_on: date | None,
    memo: str,
    by: str,
    at: datetime,
) -> CaseStep:
    """Note how far a connection has come; the same state again notes one more contact.

    A refusal needs its reason; elsewhere a reason is left out.
    """
    to = one_code(state, REFERRAL_STATES, "つなぎの状態")

    def step(case: Case) -> Case:
        still_open(case)
        referral = find_referral(case, referral_id)
        _check_move(referral, to)
        why = one_code(reason or "", REFUSED, "断られた理由") if to == "refused" else None
        text = checked_text(memo, "つなぎのメモ")
        move = Step(state=to, at=at, by=by, reason=why, memo=text)
        moved = referral.model_copy(
            update={
                "state": to,
                "reason": why,
                "next_on": next_on,
                "steps": (*referral.steps, move),
            }
        )
        return changed(case, referrals=tuple(moved if r is referral else r for r in case.referrals))

    return step


def new_referral(
    others: tuple[Referral, ...], target: Target, why: str, by: str, at: datetime
) -> Referral:
    """Return a connection that begins; its id is new among ``others`` (r1, r2, …)."""
    number = 1 + max((int(one.id[1:]) for one in others), default=0)
    text = checked_text(why, "選んだ理由")
    first = Step(state="chosen", at=at, by=by)
    try:
        return Referral(id=f"r{number}", target=target, why=text, steps=(first,))
    except ValidationError as error:
        raise BadInput("つなぎ先を記録に残せません。入力し直してください。") from error


def find_referral(case: Case, referral_id: str) -> Referral:
    """Return the connection with this id.  Raises NotFound."""
    for referral in case.referrals:
        if referral.id == referral_id:
            return referral
    raise NotFound("そのつなぎはありません。相談を開き直してください。")


def _check_move(referral: Referral, to: ReferralState) -> None:
    if to in MOVES[referral.state] or (to == referral.state and to in _REPEATED):
        return
    words = [f"「{REFERRAL_STATES[state]}」" for state in MOVES[referral.state]]
    raise BadInput(
        f"「{REFERRAL_STATES[referral.state]}」から「{REFERRAL_STATES[to]}」には変えられません。"
        f"{'か'.join(words)}を選んでください。"
    )


# Called again, visited again: another contact, and another next date.
_REPEATED: tuple[ReferralState, ...] = ("chosen", "contacted", "accepted", "in_progress")
