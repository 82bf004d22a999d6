"""The town among the organizations of an HSDS data set."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from knowledge.hsds.node import Node
from knowledge.hsds.own import Attributes, json_value, read_attributes
from knowledge.models import Town


def read_town(organizations: list[Node]) -> Town | None:
    """Return the town that our export wrote among the organizations, or None."""
    for node in organizations:
        own = read_attributes(node.all("attributes"))
        if own.first("town.prefecture"):
            return _town(node, own)
    return None


def _town(node: Node, own: Attributes) -> Town | None:
    identifiers = node.all("organization_identifiers")
    for identifier in identifiers[:1]:
        identifier.take("identifier_type")
    node.take("description")
    try:
        return Town.model_validate(
            {
                "code": identifiers[0].text("identifier") if identifiers else "",
                "name": node.text("name"),
                "prefecture": own.first("town.prefecture"),
                "population": own.first("town.population"),
                "households": own.first("town.households"),
                "invented": own.first("town.invented") == "1",
                "welfare_office": json_value(own.first("town.welfare_office") or "{}"),
                "districts": tuple(own.fields["town.district"]),
                "windows": dict(_window(value) for value in own.fields["town.window"]),
                "notes": tuple(own.fields["town.note"]),
            }
        )
    except ValidationError as error:
        for fault in error.errors():
            column = ".".join(str(part) for part in fault["loc"])
            remedy = f"町の「{column}」が正しくありません。もとのデータを直してください"
            node.reading.findings.stop(node.place, column, fault["input"], remedy)
    except ValueError as error:
        node.stop("attributes", str(error))
    return None


def _window(value: str) -> tuple[Any, Any]:
    data = json_value(value)
    return data.get("category", ""), data.get("resource", "")
