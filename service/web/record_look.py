"""How a kept record looks on a page: its row in a list, its badges, the names of its categories."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from sqlalchemy import Engine

from knowledge.models import Category
from service.accounts.viewer import SINGLE_USER_ID
from service.errors import NotFound
from service.present import STATUSES
from service.records.kept import Kept
from service.records.listing import DUE_SOON
from service.records.national import national_parts
from service.store import accounts
from service.store.audit_words import COMMAND, SYSTEM
from service.store.engine import reading
from service.web.record_words import SECTORS, STATES

_NOT_PEOPLE = {
    SINGLE_USER_ID: "このパソコンの利用者",
    COMMAND: "サーバーのコマンド",
    SYSTEM: "つなぎ（自動）",
}


@dataclass(frozen=True, slots=True)
class Badge:
    """A word or two beside a name; ``look`` is a class of the style sheet."""

    text: str
    look: str = ""


@dataclass(frozen=True, slots=True)
class CategoryTick:
    """A category as a box to tick; ``proposed`` by the import and confirmed by nobody."""

    code: str
    label: str
    ticked: bool = False
    proposed: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A record in a list."""

    id: str
    href: str
    name: str
    kind: str
    categories: tuple[CategoryTick, ...]
    district: str
    phone: str
    badges: tuple[Badge, ...]
    verified_on: date | None
    due_on: date | None
    is_stale: bool
    is_due_soon: bool
    shown: int
    last_shown: date | None
    reports: int
    revision: int


def catalogue() -> tuple[Category, ...]:
    """Return the categories that come with the software."""
    return national_parts().categories


def address_of(record_id: str) -> str:
    """Return where the record's page is."""
    return f"/records/{quote(record_id, safe='')}"


def row_of(kept: Kept, today: date) -> Row:
    """Return the record as a list shows it."""
    fields = kept.record.fields
    due, stale = kept.due_on, kept.is_stale(today)
    return Row(
        id=kept.id,
        href=address_of(kept.id),
        name=name_of(kept),
        kind=fields.get("kind", ""),
        categories=tuple(tick for tick in ticks_of(kept) if tick.ticked),
        district=fields.get("district", ""),
        phone=fields.get("phone", ""),
        badges=badges_of(kept, today),
        verified_on=kept.verified_on,
        due_on=due,
        is_stale=stale,
        is_due_soon=due is not None and not stale and due - today <= DUE_SOON,
        shown=kept.shown,
        last_shown=kept.last_shown,
        reports=len(kept.reports),
        revision=kept.revision,
    )


def name_of(kept: Kept) -> str:
    """Return the record's name; something to click on where it has none."""
    return kept.name or "（名前なし）"


def badges_of(kept: Kept, today: date) -> tuple[Badge, ...]:
    """Return what must be seen before the record is relied upon."""
    record = kept.record
    found: list[Badge] = []
    if record.state != "active":
        found.append(Badge(STATES[record.state], "badge-stale"))
    status = record.fields.get("status") or "open"
    if status != "open":
        found.append(Badge(STATUSES.get(status, status), f"badge-{status}"))
    if kept.reports:
        reasons = dict.fromkeys(report.reason_words for report in kept.reports)
        found.append(Badge(f"断られた: {'、'.join(reasons)}", "badge-refused"))
    if kept.due_on is None:
        found.append(Badge("確認日なし", "badge-late"))
    elif kept.is_stale(today):
        found.append(Badge("期限切れ", "badge-late"))
    return tuple(found)


def ticks_of(kept: Kept | None, chosen: Iterable[str] | None = None) -> tuple[CategoryTick, ...]:
    """Return every category, those of the record (or the ``chosen`` ones) ticked.

    A code the catalogue does not know is kept in view, so that saving cannot lose it.
    """
    fields: Mapping[str, str] = kept.record.fields if kept else {}
    own = codes_in(fields.get("categories", ""))
    ticked = own if chosen is None else tuple(chosen)
    unsure = own if kept and "categories" in kept.record.unconfirmed else ()
    known = {category.code: category.label_ja for category in catalogue()}
    labels = known | {code: code for code in ticked if code not in known}
    return tuple(
        CategoryTick(code, label, code in ticked, code in unsure) for code, label in labels.items()
    )


def codes_in(cell: str) -> tuple[str, ...]:
    """Return the category codes of a field."""
    return tuple(part.strip() for part in cell.split(";") if part.strip())


def by_sector(ticks: Sequence[CategoryTick]) -> tuple[tuple[str, tuple[CategoryTick, ...]], ...]:
    """Return the boxes under the names of their sectors, in the catalogue's order."""
    sector_of = {category.code: category.sector for category in catalogue()}
    found: dict[str, list[CategoryTick]] = {}
    for tick in ticks:
        sector = sector_of.get(tick.code, "")
        found.setdefault(SECTORS.get(sector, sector or "そのほか"), []).append(tick)
    return tuple((sector, tuple(boxes)) for sector, boxes in found.items())


def people_names(engine: Engine, ids: Iterable[str]) -> dict[str, str]:
    """Return what to call whoever did something; people may have been erased since."""
    names: dict[str, str] = {}
    with reading(engine) as conn:
        for person_id in set(ids):
            names[person_id] = _NOT_PEOPLE.get(person_id, "")
            if not names[person_id]:
                try:
                    names[person_id] = accounts.get_person(conn, person_id).display_name
                except NotFound:
                    names[person_id] = "（登録のない人）"
    return names
