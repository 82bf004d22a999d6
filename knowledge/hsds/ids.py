"""Identifiers: the same record gets the same UUID in every export, on every machine."""

from __future__ import annotations

from uuid import NAMESPACE_URL, UUID, uuid5

# Frozen: another value would make every record of every earlier export a stranger.
NAMESPACE = uuid5(NAMESPACE_URL, "urn:tsunagi:hsds")


def stable_id(*parts: str) -> str:
    """Return the UUID of the thing that ``parts`` name, e.g. ``("resource", town, id)``."""
    # A part may hold any character, so its length keeps ("a", "bc") and ("ab", "c") apart.
    return str(uuid5(NAMESPACE, "".join(f"{len(part)}:{part}" for part in parts)))


def child_id(owner: str, *parts: str) -> str:
    """Return the UUID of a part of the object whose id is ``owner``."""
    return str(uuid5(UUID(owner), "/".join(parts)))
