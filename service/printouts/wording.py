"""Lines that several papers share."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from service.cases.days import TOWN_TIME
from service.cases.models import Case, ProblemRead, Referral
from service.cases.words import AGE_GROUPS, CHANNELS, REFERRAL_STATES, REFUSED
from service.printouts.desk_contact import BLANK, DeskContact

NOTHING = "（なし）"


def day(value: date) -> str:
    """Return ``2026年6月1日``."""
    return f"{value.year}年{value.month}月{value.day}日"


def moment(value: datetime) -> str:
    """Return ``2026年6月1日 9:30`` in the town's time."""
    here = value.astimezone(TOWN_TIME)
    return f"{day(here.date())} {here.hour}:{here.minute:02d}"


def listed(lines: Iterable[str]) -> str:
    """Return a list of dots, or the word for an empty one."""
    return "\n".join(f"・{line}" for line in lines if line) or NOTHING


def basics_of(case: Case) -> list[str]:
    """Return what is known of the person without a name."""
    return [
        f"年代：{AGE_GROUPS[case.age_group]}",
        f"住んでいる地区：{case.district or '（記録なし）'}",
        f"登場する人：{'、'.join(case.people) or '（記録なし）'}",
        f"相談の受け方：{CHANNELS[case.channel]}（{moment(case.opened_at)}）",
    ]


def trouble_of(problem: ProblemRead) -> str:
    """Return a trouble and whose it is: ``母（84歳）：もの忘れ``."""
    return f"{problem.person}：{problem.label}" if problem.person else problem.label


def sender(contact: DeskContact, viewer_name: str) -> str:
    """Return who sends the paper and how to reach them."""
    lines = [
        contact.name,
        f"電話：{contact.phone}",
        f"受付：{contact.hours}" if contact.hours else "",
        contact.address,
        f"担当：{viewer_name or BLANK}",
    ]
    return "\n".join(line for line in lines if line)


def story_of(referral: Referral) -> str:
    """Return where a connection stands and how it came there, in one paragraph."""
    name = referral.target.window or referral.target.name
    steps = "→".join(
        _step(step.at, REFERRAL_STATES[step.state], step.memo) for step in referral.steps
    )
    reason = f"（{REFUSED[referral.reason]}）" if referral.reason else ""
    after = f"／次に確かめる日：{day(referral.next_on)}" if referral.next_on else ""
    return f"{name}：{REFERRAL_STATES[referral.state]}{reason}{after}\n　{steps}"


def _step(at: datetime, words: str, memo: str) -> str:
    here = at.astimezone(TOWN_TIME)
    return f"{here.month}/{here.day} {words}{f'「{memo}」' if memo else ''}"
