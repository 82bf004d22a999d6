"""What the page before keeping a case sends: read once, and shown again as it was typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from starlette.datastructures import FormData
from starlette.requests import Request

from knowledge.models import Knowledge
from service.cases.words import (
    AGE_GROUPS,
    CHANNELS,
    CONSENTS,
    FLAG_DECISIONS,
    REJECTED,
)
from service.triage.answers import Answers
from service.triage.models import Triage
from service.web.case_answers import PREFIX
from service.web.case_mask import NOTE, unified
from service.web.desk_form import read_picked

# The fields of the free entry of a connection.
OWN_FIELDS = ("own_name", "own_window", "own_phone", "own_hours", "own_address", "own_why")
_TEXTS = ("memo", "consent_memo", "own_name", "own_why")
# A search word or a name; the long texts have limits of their own.
_SHORT_CHARS = 200
_LONG_CHARS = 2_000
_FLAG, _FLAG_MEMO, _WHY, _REJECT = "flag_", "flagmemo_", "why_", "reject_"
_MOST_FIELDS = 2_000


async def form_sent(request: Request) -> FormData:
    """Read the form of a request; no files, and no more fields than the longest page has."""
    return await request.form(max_files=0, max_fields=_MOST_FIELDS)


@dataclass(frozen=True, slots=True)
class NewForm:
    """The form as it was typed; nothing of it is checked yet.

    ``reviewed``: it comes from the page itself, not from the desk.
    """

    note: str
    reviewed: bool = False
    chosen: tuple[str, ...] = ()
    rejected: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    answers: Answers = field(default_factory=dict)
    read: str = ""

    def value(self, name: str, default: str = "") -> str:
        """Return what was typed into a field, ``default`` when the page did not have it yet."""
        return self.values.get(name, default)

    def texts(self) -> dict[str, str]:
        """Return every text that may hold personal words, by its field."""
        found = {NOTE: self.note} | {name: self.value(name) for name in _TEXTS}
        more = (_FLAG_MEMO, _WHY)
        found |= {name: text for name, text in self.values.items() if name.startswith(more)}
        return {name: text for name, text in found.items() if text.strip() or name == NOTE}


def read_form(form: FormData, knowledge: Knowledge) -> NewForm:
    """Return what was sent, from the desk or from the page itself.

    Answers and choices that were made for another note are left out, as on the desk.
    """
    picked = read_picked(form, knowledge)
    sent = {name: unified(str(value)) for name, value in form.multi_items()}
    own = ("more", "more_kind", "mask", "seen", "note", "choose", "read", "confirm")
    values = {
        name: text
        for name, text in sent.items()
        if name not in own and not name.startswith((_REJECT, PREFIX))
    }
    return NewForm(
        note=sent.get("note", ""),
        reviewed="confirm" in sent,
        chosen=tuple(
            k for k in dict.fromkeys(map(str, form.getlist("choose"))) if k in picked.chosen
        ),
        rejected=picked.rejected,
        values=values,
        answers=picked.answers,
        read=sent.get("read", ""),
    )


def faults_of(
    form: NewForm, found: Triage, keys: frozenset[str], districts: tuple[str, ...], today: date
) -> dict[str, str]:
    """Return what cannot be kept as typed: field → what to do (Japanese)."""
    faults: dict[str, str] = {}
    for name, known, words in (
        ("channel", CHANNELS, "相談の受け方"),
        ("age_group", AGE_GROUPS, "年代"),
        ("consent", CONSENTS, "同意"),
    ):
        if form.value(name) not in known:
            faults[name] = f"{words}を選んでください。"
    if form.value("district") not in ("", *districts):
        faults["district"] = "地区を、一覧から選んでください。"
    if form.value("consent") == "not_needed" and not form.value("consent_memo").strip():
        faults["consent_memo"] = (
            "「法令により不要」のときは、根拠（支援会議、虐待の通報など）を書いてください。"
        )
    faults |= _date_faults(form, found, today)
    faults |= _choice_faults(form, keys)
    faults |= _length_faults(form)
    for flag in found.red_flags:
        if form.value(f"{_FLAG}{flag.code}") not in FLAG_DECISIONS:
            faults[f"{_FLAG}{flag.code}"] = (
                f"「{flag.label}」をどうしたか選んでください。まだなら「まだ決めていない」を選びます。"
            )
    return faults


def day_of_field(text: str) -> date | None:
    """Return the day in a date field, None for an empty one.  Raises ValueError."""
    return date.fromisoformat(text.strip()) if text.strip() else None


def _date_faults(form: NewForm, found: Triage, today: date) -> dict[str, str]:
    try:
        day = day_of_field(form.value("next_on"))
    except ValueError:
        return {"next_on": "次に見る日は、2026-04-01 のような形で入れてください。"}
    if day is not None and day < today:
        return {"next_on": "次に見る日が、きょうより前です。"}
    watching = any(form.value(f"{_FLAG}{f.code}") == "watching" for f in found.red_flags)
    if watching and day is None:
        return {"next_on": "緊急・通報で「様子を見る」を選んだときは、次に見る日を入れてください。"}
    return {}


def _choice_faults(form: NewForm, keys: frozenset[str]) -> dict[str, str]:
    faults: dict[str, str] = {}
    if set(form.chosen) - keys:
        faults["choose"] = (
            "選んだ支援先の一部が、いまの候補にありません。「窓口に戻る」を押して、選び直してください。"
        )
    reasons = {reason for reason in form.rejected.values() if reason}
    if reasons - set(REJECTED):
        faults["choose"] = "選ばない理由を、一覧から選んでください。"
    typed = any(form.value(name).strip() for name in OWN_FIELDS)
    if typed and not form.value("own_name").strip():
        faults["own_name"] = "自分で加えるつなぎ先の名前を書いてください。"
    return faults


def _length_faults(form: NewForm) -> dict[str, str]:
    long = ("memo", "consent_memo", "own_why")
    faults: dict[str, str] = {}
    for name, text in form.values.items():
        if name not in (*long, *OWN_FIELDS) and not name.startswith((_WHY, _FLAG_MEMO)):
            continue
        limit = _LONG_CHARS if name in long or name.startswith((_WHY, _FLAG_MEMO)) else _SHORT_CHARS
        if len(text) > limit:
            faults[name] = f"{limit:,}文字以内にしてください（いま{len(text):,}文字）。"
    return faults
