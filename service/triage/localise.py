"""Giving a red flag this town's own window: the clerk must not look for the number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from knowledge.models import Knowledge, Resource
from service.triage.models import RedFlag
from service.triage.red_flags import FlagRule


def with_town_windows(
    flags: Sequence[RedFlag], rules: Sequence[FlagRule], knowledge: Knowledge
) -> tuple[RedFlag, ...]:
    """Put the phone of the town's window for each flag before the general numbers.

    A town that names no window for it keeps the general recipient alone.
    """
    by_code = {rule.code: rule for rule in rules}
    return tuple(_localised(flag, by_code[flag.code], knowledge) for flag in flags)


def _localised(flag: RedFlag, rule: FlagRule, knowledge: Knowledge) -> RedFlag:
    window = _window(rule, knowledge)
    if window is None or not window.contact.phone or window.contact.phone in flag.phone:
        return flag
    own = f"{window.name} {window.contact.phone}"
    return replace(flag, phone=f"{own}／{flag.phone}" if flag.phone else own)


def _window(rule: FlagRule, knowledge: Knowledge) -> Resource | None:
    """Return the town's window for the category that the flag leads to first."""
    by_id = {resource.id: resource for resource in knowledge.resources}
    for category in sorted(rule.categories, key=lambda code: -rule.categories[code]):
        window_id = knowledge.town.windows.get(category)
        if window_id in by_id:
            return by_id[window_id]
    return None
