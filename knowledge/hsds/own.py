"""Attributes of an object: ours, which carry what HSDS has no column for, and others'."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from knowledge.hsds import terms
from knowledge.hsds.eligibility import read_condition
from knowledge.hsds.node import Node
from knowledge.models import Condition

_EDITED = "つなぎが書いた値ではありません。もとのデータを直すか、この属性を消してください"


@dataclass(frozen=True, slots=True)
class Term:
    """A term of somebody else's taxonomy, for the keeper to choose our categories by."""

    taxonomy: str
    code: str
    name: str
    value: str = ""


@dataclass(slots=True)
class Attributes:
    """The attributes of one object, sorted by taxonomy; their order is kept."""

    categories: list[str] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)
    fields: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    terms: list[Term] = field(default_factory=list)

    @property
    def ours(self) -> bool:
        """True when the object is a record that we wrote."""
        return bool(self.first("resource.id") or self.first("service.id"))

    def first(self, code: str) -> str:
        """Return the value of a field that is there at most once, or an empty text."""
        return next(iter(self.fields.get(code, ())), "")


def read_attributes(nodes: Iterable[Node]) -> Attributes:
    """Sort the attributes of an object; a value of ours that cannot be read stops the import."""
    found = Attributes()
    for node in nodes:
        term = node.part("taxonomy_term")
        if term is None:
            continue
        detail = term.part("taxonomy_detail")
        taxonomy = term.text("taxonomy") or (detail.text("name") if detail else "")
        _sort(found, node, term, taxonomy)
    return found


def _sort(found: Attributes, node: Node, term: Node, taxonomy: str) -> None:
    code, value = term.text("code"), node.text("value")
    if taxonomy == terms.CATEGORY:
        found.categories.append(code)
    elif taxonomy == terms.ELIGIBILITY:
        try:
            found.conditions.append(read_condition(code, value))
        except (ValueError, RecursionError):
            node.stop("value", _EDITED)
    elif taxonomy == terms.FIELD and code in terms.FIELDS:
        found.fields[code].append(value)
    else:
        found.terms.append(Term(taxonomy, code, term.text("name"), value))
        return
    # The vocabulary is our own: its words are no data of the record.
    for part in (node, term, term.part("taxonomy_detail")):
        if part is not None:
            part.take_all()


def json_value(value: str) -> dict[str, Any]:
    """Return the parts of an attribute's value; raises ValueError if it has none."""
    try:
        data = json.loads(value)
    except RecursionError as error:
        raise ValueError(_EDITED) from error
    if not isinstance(data, dict):
        raise ValueError(_EDITED)
    return data
