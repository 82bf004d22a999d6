"""Who may do what, and where: the one table of rights.

A role counts in the town it was given in (``own town``), in every town of that town's
prefecture (``own prefecture``) or in all of them (``everywhere``).  An empty cell (``-``) is a
no.  Only what stands here is allowed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Literal, get_args

from service.accounts.viewer import Viewer
from service.store.grants import Grant, Role
from service.store.towns import Town

Where = Literal["own town", "own prefecture", "everywhere"]

_TABLE = """
action               staff  trainer  trainee  evaluator  keeper  coordinator  prefecture  admin
desk.use             town   town     town     town       town    town         pref        town
desk.read_record     town   town     town     town       town    town         pref        town
account.own          all    all      all      all        all     all          all         all
accounts.list        -      -        -        -          -       -            -           town
accounts.change      -      -        -        -          -       -            -           town
roles.change         -      -        -        -          -       -            -           town
sessions.end_others  -      -        -        -          -       -            -           town
audit.read           -      -        -        -          -       -            -           town
settings.read        -      -        -        -          -       -            -           town
export.person        -      -        -        -          -       -            -           town
erase.person         -      -        -        -          -       -            -           town
records.read         town   town     -        town       town    town         pref        town
records.report       town   -        -        -          town    town         pref        town
records.change       -      -        -        -          town    -            town        town
records.import       -      -        -        -          town    -            town        town
releases.change      -      -        -        -          town    -            town        town
cases.read           town   -        -        -          -       town         -           -
cases.change         town   -        -        -          -       town         -           -
insights.read        town   -        -        town       -       town         pref        town
advice.answer        -      -        -        -          -       -            pref        -
"""
_CELLS: Mapping[str, Where | None] = MappingProxyType(
    {"town": "own town", "pref": "own prefecture", "all": "everywhere", "-": None}
)
# What a person reads.
ROLE_NAMES: Mapping[Role, str] = MappingProxyType(
    {
        "staff": "窓口の職員",
        "trainer": "研修の講師",
        "trainee": "研修を受ける人",
        "evaluator": "評価をする人",
        "keeper": "支援先データの担当",
        "coordinator": "調整役",
        "prefecture": "都道府県の担当",
        "admin": "利用者の管理者",
    }
)
# What needs no role, only that the person is signed in: somebody whose last role was taken
# away must still be able to sign out and to change the password.
FOR_ANYBODY = frozenset({"account.own"})


def _read(table: str) -> Mapping[str, Mapping[Role, Where]]:
    head, *lines = (line.split() for line in table.strip().splitlines())
    roles: tuple[Role, ...] = get_args(Role)
    if tuple(head[1:]) != roles:
        raise ValueError("rights: the columns are not the roles of the store")
    found: dict[str, Mapping[Role, Where]] = {}
    for action, *cells in lines:
        if action in found:
            raise ValueError(f"rights: {action} stands twice")
        row = zip(roles, (_CELLS[cell] for cell in cells), strict=True)
        found[action] = MappingProxyType({role: where for role, where in row if where})
    return MappingProxyType(found)


RIGHTS: Mapping[str, Mapping[Role, Where]] = _read(_TABLE)
ACTIONS: tuple[str, ...] = tuple(RIGHTS)


def allowed(viewer: Viewer, action: str, town: Town) -> bool:
    """Tell whether the viewer may do ``action`` in ``town``.

    Raises ValueError for an action that is not in the table: a misspelt one must not pass, nor
    look like an ordinary refusal.
    """
    row = RIGHTS.get(action)
    if row is None:
        raise ValueError(f"rights: {action!r} is not an action")
    if action in FOR_ANYBODY:
        return True
    return any(_reaches(viewer, grant, row.get(grant.role), town) for grant in viewer.grants)


def allowed_over(viewer: Viewer, action: str, towns: Iterable[Town]) -> bool:
    """Tell whether the viewer may do ``action`` to something that belongs to all of ``towns``.

    An account belongs to every town in which its person holds a role: an admin of one town
    must not reset the password of somebody who also works in another.  To nothing at all
    nobody has a right: give the person a role first, which is recorded.
    """
    asked = tuple(towns)
    return bool(asked) and all(allowed(viewer, action, town) for town in asked)


def _reaches(viewer: Viewer, grant: Grant, where: Where | None, town: Town) -> bool:
    if where == "everywhere":
        return True
    if where == "own town":
        return grant.town_code == town.code
    if where == "own prefecture":
        return any(
            own.code == grant.town_code and own.prefecture_code == town.prefecture_code
            for own in viewer.towns
        )
    return False
