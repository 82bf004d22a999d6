"""専門相談（後方支援）・支援会議の資料: facts, judgement and unknowns kept apart."""

from __future__ import annotations

from knowledge.models import Knowledge
from service.cases.days import day_of
from service.cases.models import Case
from service.cases.words import FLAG_DECISIONS, REJECTED
from service.printouts.desk_contact import desk_contact
from service.printouts.models import Section
from service.printouts.wording import basics_of, day, listed, sender, story_of, trouble_of

TITLE = "専門相談・支援会議の資料"
_UNKNOWN = "分からない"
_NO_FLAG = "緊急・通報の印は出ていません（印がないことは、安全を意味しません）。"


def packet_sections(
    case: Case, knowledge: Knowledge, basis: str, viewer_name: str
) -> tuple[Section, ...]:
    """Return the parts of the packet."""
    return (
        Section("送り元", sender(desk_contact(knowledge), viewer_name), "from"),
        Section("ご本人", "\n".join(basics_of(case)), "person"),
        Section("1　事実（聞いたこと・見たこと）", _facts(case), "facts"),
        Section("2　見立て・判断（窓口の考え）", _judgement(case), "judgement"),
        Section("3　分かっていないこと", _unknowns(case), "unknown"),
        Section("4　これまでのつなぎと結果", _tried(case), "tried"),
        Section("5　聞きたいこと・決めてほしいこと", _question(case), "question"),
        Section("共有の根拠", basis, "basis"),
    )


def _facts(case: Case) -> str:
    answers = [f"{a.question} → {a.answer}" for a in case.answers if a.answer != _UNKNOWN]
    asked = f"\n聞いて分かったこと\n{listed(answers)}" if answers else ""
    return f"{case.text}{asked}"


def _judgement(case: Case) -> str:
    troubles = listed(trouble_of(problem) for problem in case.problems)
    flags = listed(
        f"{flag.label}：{FLAG_DECISIONS[flag.decision]}{f'。{flag.memo}' if flag.memo else ''}"
        for flag in case.flags
    )
    return (
        f"読み取った課題（記録の言葉から。職員が確かめてください）\n{troubles}\n"
        f"緊急・通報\n{flags if case.flags else _NO_FLAG}\n"
        f"窓口の考え\n{case.memo or '＿＿＿＿＿＿＿＿'}"
    )


def _unknowns(case: Case) -> str:
    return listed(
        (
            *(a.question for a in case.answers if a.answer == _UNKNOWN),
            *(f"{f.label}：まだ判断していない" for f in case.flags if f.decision == "undecided"),
            *case.uncovered,
        )
    )


def _tried(case: Case) -> str:
    made = listed(story_of(referral) for referral in case.referrals)
    if not case.rejected:
        return made
    left = listed(
        f"{r.target.name}（{REJECTED[r.reason]}{f'。{r.memo}' if r.memo else ''}）"
        for r in case.rejected
    )
    return f"{made}\n選ばなかったもの\n{left}"


def _question(case: Case) -> str:
    waiting = [
        f"{a.question}（{a.to}・{day(day_of(a.asked_at))}）" for a in case.advice if not a.answer
    ]
    return listed(waiting) if waiting else "＿＿＿＿＿＿＿＿＿＿＿＿＿＿"
