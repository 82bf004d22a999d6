"""An HSDS data set in memory, and its JSON form."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from knowledge.hsds.schemas import VERSION

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class HsdsDocument:
    """Services with everything nested in them, the town as an organization, our vocabulary."""

    services: tuple[Object, ...]
    organizations: tuple[Object, ...] = ()
    taxonomies: tuple[Object, ...] = ()
    taxonomy_terms: tuple[Object, ...] = ()

    def as_page(self) -> Object:
        """Return the document as one page of services, the form of the published examples."""
        total = len(self.services)
        return {
            "version": VERSION,
            "total_items": total,
            "total_pages": 1,
            "page_number": 1,
            "size": total,
            "first_page": True,
            "last_page": True,
            "empty": total == 0,
            "contents": list(self.services),
            "organizations": list(self.organizations),
            "taxonomies": list(self.taxonomies),
            "taxonomy_terms": list(self.taxonomy_terms),
        }


def json_bytes(value: Mapping[str, Any]) -> bytes:
    """Return a page or one service as the bytes of a JSON file; the same value, the same bytes."""
    return (json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False) + "\n").encode()
