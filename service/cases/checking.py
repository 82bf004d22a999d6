"""What every step checks: that the case is open, and that what was typed can be kept."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Any

from pydantic import ValidationError

from service.cases.models import MAX_MEMO, Case
from service.errors import BadInput

CaseStep = Callable[[Case], Case]


def changed(case: Case, **updates: Any) -> Case:
    """Return the case with other values, checked as a whole."""
    try:
        return Case.model_validate({**dict(case), **updates})
    except ValidationError as error:
        # Without the error's own words: they repeat what was typed.
        raise BadInput(
            "入力を記録に残せません。長すぎる文や、使えない文字がないか確かめてください。"
        ) from error


def still_open(case: Case) -> None:
    """Raise BadInput for a closed case."""
    if case.state != "open":
        raise BadInput(
            "この相談は終わっています。変えるときは、先に「再び始める」を押してください。"
        )


def checked_text(text: str, what: str, limit_chars: int = MAX_MEMO) -> str:
    """Return what was typed, without outer spaces; raise BadInput when it cannot be kept.

    Line ends become plain line feeds.  ``what`` names it in Japanese.
    """
    tidy = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(tidy) > limit_chars:
        raise BadInput(f"{what}は{limit_chars:,}文字以内にしてください（いま{len(tidy):,}文字）。")
    if any("\ud800" <= char <= "\udfff" or char == "\x00" for char in tidy):
        raise BadInput(f"{what}に使えない文字があります。入力し直してください。")
    return tidy


def check_ground(consent: str, memo: str) -> None:
    """Raise BadInput when sharing without consent names no ground: it is printed as the basis."""
    if consent == "not_needed" and not memo.strip():
        raise BadInput(
            "「法令により不要」のときは、根拠（支援会議、虐待の通報など）を同意のメモに書いてください。"
        )


def one_code(value: str, known: Container[str], what: str) -> Any:
    """Return a code that is listed; raise BadInput for another."""
    if value not in known:
        raise BadInput(f"{what}を、一覧から選んでください。")
    return value
