"""Whom a rule is about: the ages and roles of the people in the note."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from service.triage.models import Person

_GRANDCHILDREN = frozenset(("孫", "孫娘", "曾孫"))
_OLD = 60


class PersonTest(BaseModel):
    """Somebody in the note must have an age in [age_min, age_max] or one of the roles.

    Roles in ``unaged`` fit only while that person's age is not told: a 母 without an age
    may be old, a 母（30歳） is not.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    age_min: int | None = None
    age_max: int | None = None
    roles: tuple[str, ...] = ()
    unaged: tuple[str, ...] = ()
    unknown_ok: bool = True


def person_fits(test: PersonTest | None, people: tuple[Person, ...]) -> bool:
    """Return True when somebody among ``people`` fits, or nobody's age is known and that is enough."""
    if test is None:
        return True
    if any(person.role in test.roles for person in people):
        return True
    if any(person.age_min is None and person.role in test.unaged for person in people):
        return True
    if test.age_min is None and test.age_max is None:
        return False
    low, high = test.age_min or 0, 200 if test.age_max is None else test.age_max
    known = [p for p in people if p.age_min is not None and p.age_max is not None]
    if any((p.age_max or 0) >= low and (p.age_min or 0) <= high for p in known):
        return True
    return test.unknown_ok and not known


def only_by_a_grandchild(test: PersonTest | None, people: tuple[Person, ...]) -> bool:
    """True when an old person's 孫, named without an age, is all that makes it a child's note.

    「孫の七五三」 is small talk then: the rule should ask for the 孫 beside the danger.
    """
    if test is None or test.age_max is None or not _GRANDCHILDREN & set(test.unaged):
        return False
    if not any((p.age_min or 0) >= _OLD for p in people):
        return False
    others = tuple(p for p in people if p.role not in _GRANDCHILDREN or p.age_min is not None)
    return not person_fits(test, others)
