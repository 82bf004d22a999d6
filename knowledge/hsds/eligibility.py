"""Eligibility: ages as columns, everything as a text for people, each condition to come back."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence

from knowledge.models import Condition

_REQUIRED = "【必ず要る条件】"
_GUIDE = "【目安】"


def describe_eligibility(for_whom: str, conditions: Sequence[Condition]) -> str:
    """Return whom a service is for, then its conditions, the binding ones apart."""
    parts = [for_whom] if for_whom else []
    for heading, required in ((_REQUIRED, True), (_GUIDE, False)):
        texts = [c.text for c in conditions if c.required is required]
        if texts:
            parts.append(heading + "／".join(texts))
    return "\n".join(parts)


def age_limits(conditions: Sequence[Condition]) -> dict[str, int]:
    """Return ``minimum_age`` and ``maximum_age`` where the conditions state them for certain.

    HSDS defines both as required.  A guide beside which another text stands may be
    widened by it (「65歳以上」「障害のある人も可」), and a reader that filters by age would turn
    away someone the service takes: such an age stays in the text.
    """
    ages = [condition for condition in conditions if condition.fact == "age"]
    if any(condition.fact is None for condition in conditions):
        ages = [condition for condition in ages if condition.required]
    minimums = [condition.min for condition in ages if condition.min is not None]
    maximums = [condition.max for condition in ages if condition.max is not None]
    lowest = {"minimum_age": max(minimums)} if minimums else {}
    return lowest | ({"maximum_age": min(maximums)} if maximums else {})


def age_conditions(minimum: float | None, maximum: float | None) -> tuple[Condition, ...]:
    """Return the conditions of the two columns as another system writes them: both required."""
    found: list[Condition] = []
    if minimum is not None and minimum > 0:
        years = math.ceil(minimum)
        found.append(_age(f"年齢{years}歳以上", years, None))
    if maximum is not None:
        years = math.floor(maximum)
        found.append(_age(f"年齢{years}歳以下", None, years))
    return tuple(found)


def _age(text: str, lowest: int | None, highest: int | None) -> Condition:
    return Condition(kind="age", text=text, fact="age", min=lowest, max=highest, required=True)


def condition_values(conditions: Iterable[Condition]) -> list[tuple[str, str]]:
    """Return each condition as (kind, JSON of the rest)."""
    return [
        (condition.kind, condition.model_dump_json(exclude={"kind"}, exclude_defaults=True))
        for condition in conditions
    ]


def read_condition(kind: str, value: str) -> Condition:
    """Return the condition that :func:`condition_values` wrote; raises ValueError if it is none."""
    data = json.loads(value)
    if not isinstance(data, dict):
        raise ValueError("条件の JSON ではありません")
    return Condition.model_validate({**data, "kind": kind})
