"""How a case looks: its row in a list, its connections, and words that pages share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType

from sqlalchemy import Engine
from starlette.requests import Request

from service.accounts.rights import allowed
from service.accounts.viewer import Viewer
from service.cases.days import TOWN_TIME
from service.cases.models import Case, Referral
from service.cases.words import AGE_GROUPS, CHANNELS, REFERRAL_STATES, Consent, ReferralState
from service.store.towns import Town
from service.web.record_look import people_names
from service.web.town_of import town_of
from service.web.world import world_of

# What each state of consent lets the desk do, in words for the person who asks for it.
CONSENT_HELP: Mapping[Consent, str] = MappingProxyType(
    {
        "unknown": "つなぎ票や資料は、まだ渡せません。本人に、だれに何を伝えるかを話して聞いてください。",
        "given": "本人が、つなぐ先へ伝えてよいと言いました。伝えるのは、つなぐために要ることだけです。",
        "refused": "つなぎ票や資料は渡せません。本人に渡す紙は出せます。命に関わるときは、緊急対応の票を使います。",
        "not_needed": "支援会議、虐待の通報など、法令で同意がなくても伝えられるときだけです。根拠をメモに書きます。",
    }
)
DONE: Mapping[str, str] = MappingProxyType(
    {
        "opened": "記録に残しました。",
        "moved": "動きを記録しました。",
        "chosen": "つなぎ先に加えました。",
        "dropped": "つなぎ先から外しました。",
        "rejected": "選ばない理由を残しました。",
        "decided": "緊急・通報について決めたことを記録しました。",
        "consent": "同意について記録しました。",
        "memo": "メモと次に見る日を記録しました。",
        "basics": "受け方・年代・地区を直しました。",
        "closed": "この相談を終わりにしました。",
        "reopened": "この相談を、再び始めました。",
        "undone": "前の版に戻しました。",
        "same": "変わったところはありませんでした。",
        "asked": "都道府県に聞きました。",
        "answered": "回答を記録しました。",
    }
)
_LISTED_PROBLEMS = 3


@dataclass(frozen=True, slots=True)
class Folder:
    """Whose cases a request is about, and what the viewer may do with them."""

    engine: Engine
    town: Town
    today: date
    may_change: bool


@dataclass(frozen=True, slots=True)
class Chip:
    """A word or two beside a case; ``look`` is a class of the style sheet."""

    text: str
    look: str = ""


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case in a list."""

    href: str
    label: str
    opened_on: date
    who: str
    problems: str
    chips: tuple[Chip, ...]
    connections: tuple[Chip, ...]
    due_on: date | None
    is_late: bool


def folder_of(request: Request, viewer: Viewer) -> Folder:
    """Return the cases of the request's town."""
    world, town = world_of(request), town_of(request)
    may_change = allowed(viewer, "cases.change", town)
    return Folder(world.store, town, world.today(), may_change)


def address_of(case: Case) -> str:
    """Return where the case's page is."""
    return f"/cases/{case.id}"


def row_of(case: Case, today: date) -> CaseRow:
    """Return the case as a list shows it."""
    labels = list(dict.fromkeys(problem.label for problem in case.problems))
    more = f"ほか{len(labels) - _LISTED_PROBLEMS}つ" if len(labels) > _LISTED_PROBLEMS else ""
    due = case.due_on
    return CaseRow(
        href=address_of(case),
        label=case.label,
        opened_on=town_day(case.opened_at),
        who=f"{AGE_GROUPS[case.age_group]}・{case.district or '地区は分からない'}・{CHANNELS[case.channel]}",
        problems="、".join((*labels[:_LISTED_PROBLEMS], *((more,) if more else ())))
        or "課題の読み取りなし",
        chips=chips_of(case),
        connections=_connections(case.referrals),
        due_on=due,
        is_late=due is not None and due < today,
    )


def chips_of(case: Case) -> tuple[Chip, ...]:
    """Return what must be seen before anything else."""
    found: list[Chip] = []
    if case.has_open_flag:
        found.append(Chip("緊急が未決", "case-alert"))
    if case.state == "closed":
        found.append(Chip("終わった", "case-closed"))
    if case.consent in ("unknown", "refused") and case.state == "open":
        found.append(Chip("同意: " + ("未確認" if case.consent == "unknown" else "不同意"), ""))
    return tuple(found)


def state_look(state: ReferralState) -> str:
    """Return the class of a connection's state."""
    return {"refused": "case-refused", "closed": "case-closed", "chosen": "case-waiting"}.get(
        state, "case-going"
    )


def town_time(moment: datetime) -> datetime:
    """Return a time as the town's clock shows it."""
    return moment.astimezone(TOWN_TIME)


def town_day(moment: datetime) -> date:
    """Return the town's day of a time."""
    return town_time(moment).date()


def names_in(engine: Engine, case: Case, also: Iterable[str] = ()) -> Mapping[str, str]:
    """Return what to call everybody who did something to the case."""
    ids = {case.opened_by, case.updated_by, *also}
    ids |= {step.by for referral in case.referrals for step in referral.steps}
    ids |= {flag.decided_by for flag in case.flags if flag.decided_by}
    ids |= {a.asked_by for a in case.advice} | {a.answered_by for a in case.advice if a.answered_by}
    return people_names(engine, ids)


def _connections(referrals: tuple[Referral, ...]) -> tuple[Chip, ...]:
    counts = Counter(referral.state for referral in referrals)
    return tuple(
        Chip(f"{words} {counts[state]}", state_look(state))
        for state, words in REFERRAL_STATES.items()
        if counts[state]
    )
