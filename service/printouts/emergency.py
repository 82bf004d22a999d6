"""緊急対応の票: what was seen, whose duty it is, whom to call, and what was done when."""

from __future__ import annotations

from knowledge.models import Knowledge
from service.cases.models import Case, FlagSeen
from service.cases.words import FLAG_DECISIONS
from service.printouts.desk_contact import desk_contact
from service.printouts.models import Section
from service.printouts.wording import basics_of, listed, moment, sender

TITLE = "緊急対応の票"
_LINE = "＿＿＿＿＿＿＿＿＿＿＿＿"
_BLANKS = f"""連絡した時刻：　　月　　日　　時　　分　　連絡した人：{_LINE}
受けた人（所属・お名前）：{_LINE}
言われたこと：{_LINE}{_LINE}
次にすること・いつまで：{_LINE}{_LINE}"""
_PERSON = f"お名前：{_LINE}　いまいる所：{_LINE}（手で書いてください）"


def emergency_sections(
    case: Case, knowledge: Knowledge, basis: str, viewer_name: str
) -> tuple[Section, ...]:
    """Return the parts of the sheet: one for each flag that was not found to be wrong."""
    standing = [(i, flag) for i, flag in enumerate(case.flags) if flag.decision != "not_so"]
    flags = [Section(_heading(flag), _body(flag), f"flag_{i}") for i, flag in standing]
    return (
        *(flags or [Section("何が起きているか", f"{_LINE}\n{_BLANKS}", "flag_none")]),
        Section("ご本人", "\n".join((_PERSON, *basics_of(case)[:3])), "person"),
        Section("送り元", sender(desk_contact(knowledge), viewer_name), "from"),
        Section("本人の同意がなくても伝える根拠", basis, "basis"),
    )


def _heading(flag: FlagSeen) -> str:
    return f"{flag.label}【{flag.duty}】"


def _body(flag: FlagSeen) -> str:
    check = (
        "（ソフトウェアの参考の印です。職員が確かめてください）" if flag.source == "model" else ""
    )
    decided = FLAG_DECISIONS[flag.decision]
    when = f"（{moment(flag.decided_at)}）" if flag.decided_at else ""
    memo = f"。{flag.memo}" if flag.memo else ""
    return "\n".join(
        (
            f"まずすること：{flag.first_response}",
            f"連絡先：{flag.recipient}",
            f"電話：{flag.phone or _LINE}",
            f"根拠の条文：{flag.article}",
            f"見たこと・聞いたこと{check}",
            listed(f"「{quote}」" for quote in flag.quotes),
            f"印が出た時刻：{moment(flag.shown_at)}",
            f"決めたこと：{decided}{when}{memo}",
            _BLANKS,
        )
    )
