"""Short Japanese texts that pages choose by a code in their address."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from service.accounts.rights import ROLE_NAMES
from service.store.grants import Grant
from service.store.grants import Role as RoleCode
from service.store.towns import Town

# The address holds the code, never the words: a link must not put words into our pages.
DONE: dict[str, str] = {
    "password": "パスワードを変えました。ほかの場所のログインは終わらせました。",
    "session": "そのログインを終わらせました。",
    "session_over": "そのログインは、すでに終わっています。",
    "role_given": "役割を与えました。",
    "role_held": "その役割は、すでに持っています。",
    "role_taken": "役割を外しました。",
    "disabled": "利用を止めました。ログインも終わらせました。",
    "enabled": "利用を再開しました。",
    "sessions_ended": "この人のログインを、すべて終わらせました。",
}


@dataclass(frozen=True, slots=True)
class Role:
    """A role in a town, as pages show it."""

    town_code: str
    town: str
    code: RoleCode
    name: str


def roles_by_town(grants: Iterable[Grant], towns: Iterable[Town]) -> tuple[Role, ...]:
    """Return the grants with the names of their towns and roles."""
    names = {town.code: town.name for town in towns}
    return tuple(
        Role(g.town_code, names.get(g.town_code, g.town_code), g.role, ROLE_NAMES[g.role])
        for g in grants
    )
