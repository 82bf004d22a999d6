"""The suggestions by trouble (課題ごと): what each trouble found, and the rest of the list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from service.triage.models import Problem, Suggestion

SHOWN_AT_FIRST = 5
_NO_PROBLEM = "そのほか、記録の内容から"
_NOTHING_READ = "記録の内容から"


@dataclass(frozen=True, slots=True)
class Unit:
    """A category's service card with the local resources beside it.

    ``problems`` are the troubles it answers, as keys (``p0``) and words.
    """

    service: Suggestion
    resources: tuple[Suggestion, ...]
    problems: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ProblemGroup:
    """A trouble and what is suggested for it; ``key`` is '' for what no trouble calls for."""

    key: str
    title: str
    person: str
    units: tuple[Unit, ...]


@dataclass(frozen=True, slots=True)
class Grouped:
    """The first things to look at by trouble, and the other units of the list."""

    groups: tuple[ProblemGroup, ...]
    more: tuple[Unit, ...]


def units_of(suggestions: Sequence[Suggestion], problems: Sequence[Problem]) -> tuple[Unit, ...]:
    """Return the list as units, best first."""
    order = sorted(range(len(problems)), key=lambda n: (-problems[n].weight, n))
    units: list[Unit] = []
    for card in suggestions:
        if card.kind == "service":
            answers = tuple(
                (f"p{n}", problems[n].label)
                for n in order
                if card.category in problems[n].categories
            )
            units.append(Unit(card, (), answers))
        else:
            last = units[-1]
            units[-1] = Unit(last.service, (*last.resources, card), last.problems)
    return tuple(units)


def group_units(units: Sequence[Unit], problems: Sequence[Problem]) -> Grouped:
    """Sort the first units under the strongest trouble that each answers.

    The first :data:`SHOWN_AT_FIRST` are shown, and of those after them the best for each trouble
    that none of these answers.  Groups come in the order of their best unit.
    """
    groups: dict[str, list[Unit]] = {}
    more: list[Unit] = []
    covered: set[str] = set()
    for place, unit in enumerate(units):
        keys = [key for key, _ in unit.problems]
        if place >= SHOWN_AT_FIRST and covered.issuperset(keys):
            more.append(unit)
            continue
        # A trouble that nothing stood for yet names the unit, before a stronger one.
        owner = next((key for key in keys if key not in covered), next(iter(keys), ""))
        if place < SHOWN_AT_FIRST:
            owner = next(iter(keys), "")
        groups.setdefault(owner, []).append(unit)
        covered.update(keys)
    return Grouped(
        tuple(_group(key, found, problems) for key, found in groups.items()), tuple(more)
    )


def one_list(units: Sequence[Unit]) -> Grouped:
    """Return the whole ranked list as one group."""
    return Grouped((ProblemGroup("", "順位の順", "", tuple(units)),) if units else (), ())


def _group(key: str, units: Sequence[Unit], problems: Sequence[Problem]) -> ProblemGroup:
    if not key:
        return ProblemGroup("", _NO_PROBLEM if problems else _NOTHING_READ, "", tuple(units))
    problem = problems[int(key[1:])]
    return ProblemGroup(key, problem.label, problem.person, tuple(units))
