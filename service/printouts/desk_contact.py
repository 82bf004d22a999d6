"""The desk's own name, phone and hours, as the town's records have them."""

from __future__ import annotations

from dataclasses import dataclass

from knowledge.models import Knowledge, Resource

# The window for whoever does not know where to go is the desk itself.
_OWN_CATEGORY = "none.insufficient"
BLANK = "＿＿＿＿＿＿＿＿"


@dataclass(frozen=True, slots=True)
class DeskContact:
    """Where the desk is reached; a fact nobody has recorded is a blank to fill in by hand."""

    name: str
    phone: str
    hours: str
    address: str


def desk_contact(knowledge: Knowledge) -> DeskContact:
    """Return how to reach the desk of the town."""
    own = _own_window(knowledge)
    if own is None:
        return DeskContact(f"{knowledge.town.name} 一次相談窓口", BLANK, "", "")
    contact = own.contact
    return DeskContact(own.name, contact.phone or BLANK, contact.hours, contact.address)


def _own_window(knowledge: Knowledge) -> Resource | None:
    wanted = knowledge.town.windows.get(_OWN_CATEGORY)
    by_id = next((one for one in knowledge.resources if one.id == wanted), None)
    if by_id is not None:
        return by_id
    windows = (r for r in knowledge.resources if r.is_window and _OWN_CATEGORY in r.categories)
    return next(windows, None)
