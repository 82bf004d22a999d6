"""What a version changed, in lines a person reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date

from service.cases.models import Case, Referral
from service.cases.words import (
    AGE_GROUPS,
    CASE_STATES,
    CHANNELS,
    CLOSED,
    CONSENTS,
    FLAG_DECISIONS,
    REFERRAL_STATES,
    REFUSED,
    REJECTED,
)


def words_of_change(before: Case | None, after: Case) -> tuple[str, ...]:
    """Return what ``after`` changed, line by line; the first version is the case's beginning."""
    if before is None:
        chosen = "、".join(referral.target.name for referral in after.referrals)
        return ("相談を記録に残しました。", *((f"つなぎ先: {chosen}",) if chosen else ()))
    return tuple(line for part in _PARTS for line in part(before, after))


def _state(before: Case, after: Case) -> Iterable[str]:
    if before.state != after.state:
        reason = f"（{CLOSED[after.closed_reason]}）" if after.closed_reason else ""
        yield f"状態: {CASE_STATES[before.state]} → {CASE_STATES[after.state]}{reason}"


def _basics(before: Case, after: Case) -> Iterable[str]:
    if before.channel != after.channel:
        yield f"受け方: {CHANNELS[before.channel]} → {CHANNELS[after.channel]}"
    if before.age_group != after.age_group:
        yield f"年代: {AGE_GROUPS[before.age_group]} → {AGE_GROUPS[after.age_group]}"
    if before.district != after.district:
        yield f"地区: {before.district or '分からない'} → {after.district or '分からない'}"


def _consent(before: Case, after: Case) -> Iterable[str]:
    if (before.consent, before.consent_on) != (after.consent, after.consent_on):
        on = f"（{after.consent_on}）" if after.consent_on else ""
        yield f"同意: {CONSENTS[before.consent]} → {CONSENTS[after.consent]}{on}"
    if before.consent_memo != after.consent_memo:
        yield "同意のメモを変えました。"


def _memo(before: Case, after: Case) -> Iterable[str]:
    if before.memo != after.memo:
        yield "メモを変えました。"
    if before.next_on != after.next_on:
        yield f"次に見る日: {_day(before.next_on)} → {_day(after.next_on)}"


def _flags(before: Case, after: Case) -> Iterable[str]:
    for was, now in zip(before.flags, after.flags, strict=False):
        if was.decision != now.decision:
            yield f"緊急・通報「{now.label}」: {FLAG_DECISIONS[now.decision]}"
        elif was.memo != now.memo:
            yield f"緊急・通報「{now.label}」のメモを変えました。"


def _referrals(before: Case, after: Case) -> Iterable[str]:
    was = {referral.id: referral for referral in before.referrals}
    now = {referral.id: referral for referral in after.referrals}
    for referral in before.referrals:
        if referral.id not in now:
            yield f"つなぎから外しました: {referral.target.name}"
    for referral in after.referrals:
        old = was.get(referral.id)
        yield from (
            _moved(old, referral) if old else (f"つなぎに加えました: {referral.target.name}",)
        )


def _moved(before: Referral, after: Referral) -> Iterable[str]:
    name = after.target.name
    if before.target != after.target:
        yield f"つなぎ先を変えました: {before.target.name} → {name}"
    if before.state != after.state:
        reason = f"（{REFUSED[after.reason]}）" if after.reason else ""
        yield f"{name}: {REFERRAL_STATES[before.state]} → {REFERRAL_STATES[after.state]}{reason}"
    elif len(before.steps) != len(after.steps):
        yield f"{name}: {REFERRAL_STATES[after.state]}（続き）"
    if before.next_on != after.next_on:
        yield f"{name}の次の日: {_day(before.next_on)} → {_day(after.next_on)}"


def _rejected(before: Case, after: Case) -> Iterable[str]:
    was = {one.target.key: one for one in before.rejected}
    now = {one.target.key: one for one in after.rejected}
    for key, one in now.items():
        if was.get(key) != one:
            yield f"選ばない: {one.target.name}（{REJECTED[one.reason]}）"
    for key in was.keys() - now.keys():
        yield f"「選ばない」を取り消しました: {was[key].target.name}"


def _advice(before: Case, after: Case) -> Iterable[str]:
    was = {one.id: one for one in before.advice}
    for one in after.advice:
        if one.id not in was:
            yield f"後方支援を求めました: {one.to}"
        elif one.answered_at != was[one.id].answered_at:
            yield f"後方支援の回答がありました: {one.to}"


def _day(day: date | None) -> str:
    return day.isoformat() if day else "なし"


_PARTS: tuple[Callable[[Case, Case], Iterable[str]], ...] = (
    _state, _flags, _referrals, _rejected, _consent, _basics, _memo, _advice,
)  # fmt: skip
