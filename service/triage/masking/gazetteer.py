"""The names a town knows: its places, and the facilities of its records."""

from __future__ import annotations

from dataclasses import dataclass

from knowledge.models import Knowledge


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """Names of one town.  Empty fields are allowed: the rules work without it."""

    prefecture: str = ""
    municipality: str = ""
    districts: tuple[str, ...] = ()
    facilities: tuple[str, ...] = ()


def gazetteer_of(knowledge: Knowledge) -> Gazetteer:
    """Return the names of the town's places and records."""
    town = knowledge.town
    return Gazetteer(
        town.prefecture,
        town.name,
        town.districts,
        tuple(sorted({r.name for r in knowledge.resources})),
    )
