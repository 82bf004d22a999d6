"""The codes of a case and the official or plain Japanese words for them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

CaseState = Literal["open", "closed"]
# How somebody came to the desk.
Channel = Literal["visit", "phone", "home", "agency", "mail", "other"]
# 同意: without it nothing about the person may be shared, unless a law says so.
Consent = Literal["unknown", "given", "refused", "not_needed"]
ReferralState = Literal["chosen", "contacted", "accepted", "in_progress", "refused", "closed"]
RefusedReason = Literal[
    "not_eligible", "full", "no_funds", "unreachable", "declined", "closed", "wrong_info"
]
# Why the desk did not follow a suggestion.
RejectedReason = Literal[
    "not_needed", "already", "tried", "declined", "not_eligible", "too_far", "misread", "other"
]
FlagDecision = Literal["undecided", "reported", "consulted", "watching", "not_so"]
AgeGroup = Literal["0-5", "6-17", "18-39", "40-64", "65-74", "75+", "unknown"]
ClosedReason = Literal["connected", "solved", "handed_over", "declined", "moved", "lost", "other"]
# What nobody could meet: nothing fitted, the way was refused, or the desk says so itself.
GapKind = Literal["nothing_fits", "refused", "missing"]
PrintKind = Literal["slip", "referral", "packet", "emergency"]

CASE_STATES: Mapping[CaseState, str] = MappingProxyType({"open": "対応中", "closed": "終わった"})
CHANNELS: Mapping[Channel, str] = MappingProxyType(
    {
        "visit": "来所",
        "phone": "電話",
        "home": "訪問",
        "agency": "ほかの機関から",
        "mail": "手紙・メール",
        "other": "そのほか",
    }
)
CONSENTS: Mapping[Consent, str] = MappingProxyType(
    {
        "unknown": "未確認",
        "given": "同意",
        "refused": "不同意",
        "not_needed": "法令により不要",
    }
)
REFERRAL_STATES: Mapping[ReferralState, str] = MappingProxyType(
    {
        "chosen": "これから連絡",
        "contacted": "連絡した",
        "accepted": "受け入れられた",
        "in_progress": "利用・相談中",
        "refused": "断られた・つながらなかった",
        "closed": "終わった",
    }
)
REFUSED: Mapping[RefusedReason, str] = MappingProxyType(
    {
        "not_eligible": "対象でない",
        "full": "満員",
        "no_funds": "予算切れ",
        "unreachable": "連絡がつかない",
        "declined": "本人が断った",
        "closed": "やめていた",
        "wrong_info": "記録が誤り",
    }
)
REJECTED: Mapping[RejectedReason, str] = MappingProxyType(
    {
        "not_needed": "いまは必要ない",
        "already": "すでに使っている",
        "tried": "前にうまくいかなかった",
        "declined": "本人が望まない",
        "not_eligible": "対象でない",
        "too_far": "遠い・通えない",
        "misread": "読み取りが違う",
        "other": "そのほか",
    }
)
FLAG_DECISIONS: Mapping[FlagDecision, str] = MappingProxyType(
    {
        "undecided": "まだ決めていない",
        "reported": "通報・通告した",
        "consulted": "担当課・専門機関に相談した",
        "watching": "様子を見る（次の確認日を決めた）",
        "not_so": "確かめて、当たらないと判断した",
    }
)
AGE_GROUPS: Mapping[AgeGroup, str] = MappingProxyType(
    {
        "0-5": "0〜5歳",
        "6-17": "6〜17歳",
        "18-39": "18〜39歳",
        "40-64": "40〜64歳",
        "65-74": "65〜74歳",
        "75+": "75歳以上",
        "unknown": "分からない",
    }
)
CLOSED: Mapping[ClosedReason, str] = MappingProxyType(
    {
        "connected": "つながり、先方が続ける",
        "solved": "解決した",
        "handed_over": "ほかの機関に引き継いだ",
        "declined": "本人が望まなかった",
        "moved": "転出・死亡",
        "lost": "連絡が取れなくなった",
        "other": "そのほか",
    }
)
GAP_KINDS: Mapping[GapKind, str] = MappingProxyType(
    {
        "nothing_fits": "合う支援がなかった",
        "refused": "つないだが断られた",
        "missing": "ほしい支援が町にない",
    }
)
PRINTS: Mapping[PrintKind, str] = MappingProxyType(
    {
        "slip": "本人に渡す紙",
        "referral": "つなぎ票",
        "packet": "専門相談・支援会議の資料",
        "emergency": "緊急対応の票",
    }
)
# Sectors (分野) are the first part of a category code, see the taxonomy.
# 多機関協働: asked for only when no single window can carry the case.
TEAM_CATEGORIES = frozenset({"multi.takikan"})
