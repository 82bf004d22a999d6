"""The catalogue that comes with the software, read once per process."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from knowledge.load import load_national
from knowledge.models import FactDefinition, National


@cache
def national_parts() -> National:
    """Return the national catalogue.  Raises KnowledgeError when the installation is damaged."""
    return load_national()


@cache
def category_codes() -> frozenset[str]:
    """Return the codes a record's categories may have."""
    return frozenset(category.code for category in national_parts().categories)


@cache
def facts_by_code() -> Mapping[str, FactDefinition]:
    """Return the facts that conditions may ask for."""
    return MappingProxyType({fact.code: fact for fact in national_parts().facts})
