"""Costs: the text for people, and a cost option where the text is one plain amount."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from knowledge.hsds.ids import child_id
from knowledge.hsds.numbers import plain_number

_FREE = "無料"
# 「1回100円」「月500円」「1,200円」. A range, an "about" or a second amount is no plain amount.
_PLAIN = re.compile(
    r"(?P<unit>\d{0,3}(?:回|食|日|月|年|時間|分|人|泊))?\s*(?P<yen>\d{1,3}(?:,\d{3})+|\d+)円"
)


def cost_options(owner: str, cost: str) -> list[dict[str, Any]]:
    """Return the cost as an amount where the whole text is just that, else nothing."""
    amount = _amount(cost.strip())
    if amount is None:
        return []
    yen, unit = amount
    option = {"id": child_id(owner, "cost"), "currency": "JPY", "amount": yen}
    return [option | ({"amount_description": unit} if unit else {})]


def _amount(cost: str) -> tuple[int, str] | None:
    if cost == _FREE:
        return 0, _FREE
    match = _PLAIN.fullmatch(cost)
    return (int(match["yen"].replace(",", "")), match["unit"] or "") if match else None


def cost_in_words(option: Mapping[str, Any]) -> str:
    """Return a cost option of another system as one line for people."""
    amount = option.get("amount")
    money = (
        f"{plain_number(amount)} {str(option.get('currency', '')).upper()}".strip()
        if amount is not None
        else ""
    )
    first, last = option.get("valid_from", ""), option.get("valid_to", "")
    parts = (
        str(option.get("option", "")),
        money,
        str(option.get("amount_description", "")),
        f"（{first}〜{last}）" if first or last else "",
    )
    return " ".join(part for part in parts if part)
