"""The service categories that an import may name; they come with the software."""

from __future__ import annotations

from functools import cache

from knowledge.models import Category
from service.records.national import national_parts


def known_categories() -> tuple[Category, ...]:
    """Return all categories of the national catalogue, in its order."""
    return national_parts().categories


@cache
def category_names() -> dict[str, str]:
    """Return code → what people call the category."""
    return {category.code: category.label_ja for category in known_categories()}
