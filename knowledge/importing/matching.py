"""Finding the record a row has been before: by number, name and address, never by likeness."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from knowledge.importing.drafts import Draft, Origin
from knowledge.importing.records import Imported, KeptRecord
from knowledge.importing.three_way import same_words

_ID_BYTES = 6


@dataclass(frozen=True, slots=True)
class Known:
    """A record and the one of its sources that a row may be the new edition of."""

    record: KeptRecord
    source: Imported


def find_doubles(drafts: Sequence[Draft]) -> dict[int, int]:
    """Return the rows that say the very same as an earlier one: position → earlier position."""
    seen: dict[Hashable, list[int]] = {}
    doubles: dict[int, int] = {}
    for position, draft in enumerate(drafts):
        key = whole(draft.origin)
        alike = seen.get(key)
        if alike is None:
            seen[key] = [position]
            continue
        earlier = next((i for i in alike if drafts[i].fields == draft.fields), None)
        if earlier is None:
            alike.append(position)
        else:
            doubles[position] = earlier
    return doubles


def match_drafts(existing: Iterable[KeptRecord], drafts: Sequence[Draft]) -> list[Known | None]:
    """Return for each draft the record it was before, or None.

    First by number, name and address together; what is left by number and name, then
    by number alone, each only where it is unique on both sides and in the same data set.
    """
    known = [Known(record, source) for record in existing for source in record.sources]
    found: list[Known | None] = [None] * len(drafts)
    if not known:
        return found
    taken: set[int] = set()
    _match_whole(known, drafts, found, taken)
    for identity in (_by_name, _by_number):
        _match_unique(known, drafts, found, taken, identity)
    return found


def _match_whole(
    known: Sequence[Known], drafts: Sequence[Draft], found: list[Known | None], taken: set[int]
) -> None:
    waiting: dict[Hashable, list[int]] = {}
    for index, item in enumerate(known):
        waiting.setdefault(whole(item.source.origin), []).append(index)
    asked = [waiting.get(whole(draft.origin)) for draft in drafts]
    # Of several alike, each row first takes the record it has not changed.
    for unchanged in (True, False):
        for position, draft in enumerate(drafts):
            same = asked[position] if found[position] is None else None
            if not same:
                continue
            fields = draft.fields
            fitting = (
                i for i in same if not unchanged or same_words(known[i].source.fields, fields)
            )
            best = next(fitting, None)
            if best is not None:
                same.remove(best)
                found[position] = known[best]
                taken.add(best)


def _match_unique(
    known: Sequence[Known],
    drafts: Sequence[Draft],
    found: list[Known | None],
    taken: set[int],
    identity: Callable[[Origin], Hashable | None],
) -> None:
    free_known = _unique(
        (identity(item.source.origin), index)
        for index, item in enumerate(known)
        if index not in taken
    )
    if not free_known:
        return
    free_drafts = _unique(
        (identity(draft.origin), position)
        for position, draft in enumerate(drafts)
        if found[position] is None
    )
    for key, position in free_drafts.items():
        if key in free_known:
            found[position] = known[free_known[key]]
            taken.add(free_known[key])


def _unique(items: Iterable[tuple[Hashable | None, int]]) -> dict[Hashable, int]:
    counts: dict[Hashable, list[int]] = {}
    for key, index in items:
        if key is not None:
            counts.setdefault(key, []).append(index)
    return {key: indexes[0] for key, indexes in counts.items() if len(indexes) == 1}


def whole(origin: Origin) -> Hashable:
    """Return what two rows must share to be taken for the same record."""
    # Without the data set: the same row in a file of another name is the same record.
    return origin.form, origin.key, origin.name, origin.address


def _by_name(origin: Origin) -> Hashable | None:
    return (origin.form, origin.dataset, origin.key, origin.name) if origin.name else None


def _by_number(origin: Origin) -> Hashable | None:
    return (origin.form, origin.dataset, origin.key) if origin.key else None


def new_id(draft: Draft, taken: set[str]) -> str:
    """Return the id of a new record: the same for the same row on every machine."""
    own = draft.fields.get("id")
    if own:
        return own
    origin = draft.origin
    text = "\n".join((origin.form, origin.key, origin.name, origin.address))
    base = f"{origin.form}.{blake2b(text.encode(), digest_size=_ID_BYTES).hexdigest()}"
    unique, count = base, 1
    while unique in taken:
        count += 1
        unique = f"{base}.{count}"
    return unique
