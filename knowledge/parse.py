"""Reading the small notations of the town's CSV: opening periods and conditions."""

from __future__ import annotations

import re

from knowledge.models import Condition, ConditionKind, FactDefinition, OpeningHours

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_PERIOD = re.compile(r"(?P<days>[a-z,\-]+) (?P<opens>\d{2}:[0-5]\d)-(?P<closes>\d{2}:[0-5]\d)")
_CONDITION = re.compile(r"(?P<fact>[a-z_]+)(?P<op>>=|<=|=)(?P<value>\w+)(?P<required>!?)")
_YES_NO = {"yes": True, "no": False}
_KINDS: dict[str, ConditionKind] = {
    "age": "age", "resident": "residence", "low_income": "income", "seiho": "income",
    "care_certified": "certificate", "disability_certificate": "certificate",
    "lives_alone": "household", "has_child": "household", "preschool_child": "household",
    "single_parent": "household",
}  # fmt: skip


def parse_opening(cell: str) -> tuple[OpeningHours, ...]:
    """Read ``mon-fri 08:30-17:15;sat 09:00-12:00``; raise ValueError (Japanese) if it is not that."""
    return tuple(_parse_period(part.strip()) for part in cell.split(";") if part.strip())


def _parse_period(text: str) -> OpeningHours:
    match = _PERIOD.fullmatch(text)
    if not match or not match["opens"] < match["closes"] <= "24:00":
        raise ValueError("「mon-fri 08:30-17:15」の形で書いてください")
    days: list[int] = []
    for part in match["days"].split(","):
        first, dash, last = part.partition("-")
        last = last if dash else first
        if first not in _DAYS or last not in _DAYS:
            raise ValueError("曜日は mon tue wed thu fri sat sun で書いてください")
        if _DAYS.index(last) < _DAYS.index(first):
            raise ValueError("週をまたぐ曜日は「fri,sat,sun,mon」のように並べてください")
        days.extend(range(_DAYS.index(first), _DAYS.index(last) + 1))
    return OpeningHours(days=tuple(days), opens=match["opens"], closes=match["closes"])


def parse_conditions(cell: str, facts: dict[str, FactDefinition]) -> tuple[Condition, ...]:
    """Read ``age>=65; lives_alone=yes; resident=yes!; 送迎は町内のみ`` into conditions.

    A trailing ``!`` makes a condition required; a part that is not of the form
    ``fact op value`` is plain text.  Raises ValueError (Japanese) for an unknown fact.
    """
    return tuple(
        _parse_condition(part.strip(), facts) for part in re.split(r"[;；]", cell) if part.strip()
    )


def _parse_condition(text: str, facts: dict[str, FactDefinition]) -> Condition:
    match = _CONDITION.fullmatch(text.replace(" ", ""))
    if not match:
        return Condition(kind="situation", text=text)
    fact = facts.get(match["fact"])
    if fact is None:
        raise ValueError(
            f"事実コード {match['fact']} はありません（knowledge/national/facts.yaml）"
        )
    kind = _KINDS.get(fact.code, "situation")
    required = bool(match["required"])
    if fact.kind == "bool":
        if match["op"] != "=" or match["value"] not in _YES_NO:
            raise ValueError(f"{fact.code}=yes または {fact.code}=no と書いてください")
        equals = _YES_NO[match["value"]]
        words = fact.label if equals else f"{fact.label}——ではない"
        return Condition(kind=kind, text=words, fact=fact.code, equals=equals, required=required)
    if match["op"] == "=" or not match["value"].isdecimal():
        raise ValueError(f"{fact.code}>=65 または {fact.code}<=17 のように書いてください")
    number = int(match["value"])
    if match["op"] == ">=":
        words = f"{fact.label}{number}歳以上" if fact.code == "age" else f"{fact.label}{number}以上"
        return Condition(kind=kind, text=words, fact=fact.code, min=number, required=required)
    words = f"{fact.label}{number}歳以下" if fact.code == "age" else f"{fact.label}{number}以下"
    return Condition(kind=kind, text=words, fact=fact.code, max=number, required=required)
