"""Records that may be the same place twice: proposed with reasons, never merged by machine."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import NamedTuple

from rapidfuzz import fuzz

from knowledge.importing.drafts import Origin
from knowledge.importing.findings import Place
from knowledge.importing.text import fold_name

_CORPORATION = re.compile(
    r"社会福祉法人|医療法人(?:社団|財団)?|株式会社|有限会社|合同会社|合資会社|特定非営利活動法人|npo法人"
    r"|(?:一般|公益)(?:社団|財団)法人|宗教法人|学校法人|独立行政法人|\(株\)|\(有\)|㈱|㈲|株|有限"
)
_NUMBERS = re.compile(r"\d+|[ivx]+$|[a-z]$|[一二三四五六七八九十]+(?=号|$)")
_NO_DIGITS = re.compile(r"\D+")
_LIKE = 85.0
# A number or address that more records share is a switchboard or an office building.
_MOST_SHARING = 20
_MOST_PER_ROW = 3


class Candidate(NamedTuple):
    """What is compared: a record (``record_id``) or a row of the file (``place``)."""

    record_id: str
    place: Place | None
    fields: Mapping[str, str]
    phone: str
    address: str
    name: str


def candidate(
    record_id: str, place: Place | None, fields: Mapping[str, str], origin: Origin | None = None
) -> Candidate:
    """Return a record or row in the terms it is compared in; ``origin`` saves folding again."""
    phone = fields.get("phone", "")
    if phone:
        phone = _NO_DIGITS.sub("", phone.partition("、")[0].partition(" ")[0])
    if origin:
        name, address = origin.name, origin.address
    else:
        name, address = fold_name(fields.get("name", "")), fold_name(fields.get("address", ""))
    return Candidate(record_id, place, fields, phone, address, _CORPORATION.sub("", name))


@dataclass(frozen=True, slots=True)
class MergeProposal:
    """A row that may be the same as another record, with the reasons."""

    place: Place
    name: str
    record_id: str
    other_name: str
    other_place: Place | None
    likeness: int
    reasons: tuple[str, ...]


def propose_merges(
    rows: Sequence[Candidate], records: Iterable[Candidate]
) -> tuple[MergeProposal, ...]:
    """Return for each new row up to three records or earlier rows it may double."""
    older = tuple(records)
    everything = [*older, *rows]
    found: dict[int, list[MergeProposal]] = {}
    for earlier, later in _pairs(everything, len(older)):
        proposal = _compare(everything[later], everything[earlier])
        if proposal:
            found.setdefault(later, []).append(proposal)
    best = (sorted(found[n], key=lambda p: -p.likeness)[:_MOST_PER_ROW] for n in sorted(found))
    return tuple(proposal for proposals in best for proposal in proposals)


def _pairs(candidates: Sequence[Candidate], first_new: int) -> Iterator[tuple[int, int]]:
    """Yield the positions of every two that share a number, an address or a name, once.

    The later one of the two is new: records are not held against each other.
    """
    seen: set[tuple[int, int]] = set()
    for shared in (attrgetter("phone"), attrgetter("address"), attrgetter("name")):
        for group in _sharing(map(shared, candidates)):
            for position, first in enumerate(group):
                for second in group[position + 1 :]:
                    pair = (first, second)
                    if second >= first_new and pair not in seen:
                        seen.add(pair)
                        yield pair


def _sharing(keys: Iterable[str]) -> Iterator[list[int]]:
    """Yield the positions of those that share a key, where few enough do."""
    single: dict[str, int] = {}
    groups: dict[str, list[int]] = {}
    for position, key in enumerate(keys):
        if not key:
            continue
        first = single.setdefault(key, position)
        if first != position:
            groups.setdefault(key, [first]).append(position)
    return (group for group in groups.values() if len(group) <= _MOST_SHARING)


def _compare(newer: Candidate, older: Candidate) -> MergeProposal | None:
    # One list gives one row per service of an office: those are no doubles.
    same_list = newer.fields.get("source") == older.fields.get("source")
    if same_list and newer.fields.get("kind") != older.fields.get("kind"):
        return None
    reasons = []
    if newer.phone and newer.phone == older.phone:
        reasons.append("電話が同じ")
    if newer.address and newer.address == older.address:
        reasons.append("住所が同じ")
    likeness = _likeness(newer.name, older.name)
    lone = not (newer.phone and older.phone) and not (newer.address and older.address)
    if likeness < _LIKE or not (reasons or (likeness == 100 and lone)):
        return None
    reasons.append("名前が同じ" if likeness == 100 else f"名前が似ている（{likeness:.0f}）")
    return MergeProposal(
        place=newer.place or Place(""),
        name=newer.fields.get("name", ""),
        record_id=older.record_id,
        other_name=older.fields.get("name", ""),
        other_place=older.place,
        likeness=int(likeness),
        reasons=tuple(reasons),
    )


def _likeness(a: str, b: str) -> float:
    """Return 0 to 100 for two folded names without the words for the kind of corporation."""
    # 「第1」 and 「第2」, 「Ⅱ」 and 「Ⅲ」: two houses of one family.
    if not a or not b or _NUMBERS.findall(a) != _NUMBERS.findall(b):
        return 0.0
    whole = fuzz.ratio(a, b)
    # 「特別養護老人ホーム 青葉荘」 and 「青葉荘」 are one place.
    shorter = min(len(a), len(b))
    inside = 95.0 if shorter >= 3 and (a in b or b in a) else 0.0
    return max(whole, inside)
