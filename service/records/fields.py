"""What a keeper typed into the fields of a record: cleaned, or refused with the remedy."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from knowledge.importing.amounts import read_point
from knowledge.importing.text import fold, tidy
from knowledge.load import RESOURCE_COLUMNS
from knowledge.parse import parse_conditions, parse_opening
from service.records.kept import day_of
from service.records.national import category_codes, facts_by_code

# Beside the columns of resources.csv: what imports know and a resource has no place for.
MORE_FIELDS = (
    "kana", "fax", "email", "postal_code", "prefecture", "city", "municipality_code", "latitude",
    "longitude", "corporate_number", "starts_on", "ends_on", "started_on", "license",
)  # fmt: skip
EDITABLE = (*(column for column in RESOURCE_COLUMNS if column != "id"), *MORE_FIELDS)
STATUSES = ("open", "full", "suspended", "reservation")
_LONG = frozenset(("categories", "description", "for_whom", "hours", "cost", "first_step", "bring", "eligibility", "opening"))  # fmt: skip
_MOST_CHARS, _MOST_LONG_CHARS, _MOST_PLACES = 300, 4_000, 5_000
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u2028\u2029\ud800-\udfff]")
_URL = re.compile(r"https?://[^\s<>\"'.]+\.[^\s<>\"']+", re.IGNORECASE)
_MAIL = re.compile(r"[^\s@<>\"']+@[^\s@<>\"']+\.[^\s@<>\"']+")


class _Fault(ValueError):
    """A value cannot be kept; the message is the remedy (Japanese)."""


@dataclass(frozen=True, slots=True)
class Checked:
    """The values as they would be kept, and the remedy for each that cannot be."""

    values: Mapping[str, str]
    faults: Mapping[str, str]


def check_fields(changes: Mapping[str, str], own: Mapping[str, str], today: date) -> Checked:
    """Hold the changes to what each field may be; ``own`` are the record's other values.

    A field that keeps the value it has is not looked at: what an import could not read does
    not keep a keeper from changing something else.
    """
    values: dict[str, str] = {}
    faults: dict[str, str] = {}
    for name, given in changes.items():
        text = tidy(given.replace("\r\n", "\n"))
        if text == tidy(own.get(name, "")):
            continue
        try:
            values[name] = _checked(name, text, today)
        except ValueError as error:
            remedy = str(error)
            faults[name] = remedy if remedy.endswith("。") else f"{remedy}。"
    after = {**own, **values}
    if not after.get("name") and "name" not in faults:
        faults["name"] = "名前を入力してください。"
    if ("latitude" in values or "longitude" in values) and not faults:
        faults |= _point_faults(after)
    return Checked(values, faults)


def _checked(name: str, text: str, today: date) -> str:
    if name not in EDITABLE:
        raise _Fault("この項目は変えられません")
    limit = _MOST_LONG_CHARS if name in _LONG else _MOST_CHARS
    if len(text) > limit:
        raise _Fault(f"{limit:,}文字以内にしてください（いま{len(text):,}文字）")
    if _CONTROLS.search(text):
        raise _Fault("使えない制御文字があります。消してください")
    if name not in _LONG and "\n" in text:
        raise _Fault("1行で書いてください")
    if name in ("verified_on", "starts_on", "ends_on", "started_on") and text:
        return _day(name, text, today)
    check = _CHECKS.get(name)
    return check(text) if check and text else text


def _day(name: str, text: str, today: date) -> str:
    day = day_of(fold(text).strip().replace("/", "-"))
    if day is None:
        raise _Fault("日付は 2026-04-01 の形で書いてください")
    if name == "verified_on" and day > today:
        raise _Fault("確かめた日が先の日付です。今日か、それより前の日にしてください")
    return day.isoformat()


def _categories(text: str) -> str:
    parts = [fold(part).strip() for part in re.split(r"[;；、,\n]", text)]
    codes = tuple(dict.fromkeys(part for part in parts if part))
    unknown = [code for code in codes if code not in category_codes()]
    if unknown:
        raise _Fault(f"支援分野にないコードです: {'、'.join(unknown)}。一覧から選んでください")
    return ";".join(codes)


def _places(text: str) -> str:
    digits = fold(text).strip().removesuffix("人").removesuffix("名")
    if not digits.isdecimal() or not 1 <= int(digits) <= _MOST_PLACES:
        raise _Fault("定員は 1 以上の整数で書いてください（決まっていなければ空にします）")
    return str(int(digits))


def _status(text: str) -> str:
    if text not in STATUSES:
        raise _Fault("受入状況は、受入中・満員・休止・要予約のどれかを選んでください")
    return text


def _opening(text: str) -> str:
    parse_opening(text)
    return text


def _eligibility(text: str) -> str:
    parse_conditions(text, dict(facts_by_code()))
    return text


def _url(text: str) -> str:
    if not _URL.fullmatch(text):
        raise _Fault("ホームページは https:// か http:// で始まる住所を書いてください")
    return text


def _email(text: str) -> str:
    if not _MAIL.fullmatch(text):
        raise _Fault("メールアドレスは name@example.jp の形で書いてください")
    return text


def _phone(text: str) -> str:
    if not any(char.isdecimal() for char in text):
        raise _Fault("電話番号を数字で書いてください")
    return text


def _yes_no(text: str) -> str:
    if text not in ("0", "1"):
        raise _Fault("窓口なら 1、そうでなければ 0 にしてください")
    return text


def _parts(text: str) -> str:
    return ";".join(part.strip() for part in re.split(r"[;；\n]", text) if part.strip())


_CHECKS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "bring": _parts,
        "categories": _categories,
        "eligibility": _eligibility,
        "email": _email,
        "fax": _phone,
        "is_window": _yes_no,
        "opening": _opening,
        "phone": _phone,
        "places": _places,
        "status": _status,
        "url": _url,
    }
)


def _point_faults(after: Mapping[str, str]) -> dict[str, str]:
    doubts = read_point(after.get("latitude", ""), after.get("longitude", "")).doubts
    return {"latitude": f"{doubts[0]}。"} if doubts else {}
