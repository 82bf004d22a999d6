"""Finding personal words in what is to be kept, and letting the desk say which to replace.

A piece goes by its own words: one tick is for every place where they stand, in the note and in
the memos.  What was not offered yet is replaced unless somebody unticks it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from starlette.datastructures import FormData

from knowledge.models import Knowledge
from service.triage.masking import Found, Gazetteer, Masked, find_personal, gazetteer_of, mask
from service.triage.masking.models import Kind

KINDS: Mapping[Kind, str] = {
    "name": "名前",
    "address": "住所",
    "phone": "電話",
    "email": "メール",
    "sns": "SNS",
    "birth": "生年月日",
    "number": "番号",
    "account": "口座",
    "facility": "施設・勤め先",
}
# What the desk's own words become when it does not say.
_INSTEAD: Mapping[Kind, str] = {
    "name": "人",
    "address": "［住所］",
    "phone": "［電話］",
    "email": "［メール］",
    "sns": "［SNS］",
    "birth": "［生年月日］",
    "number": "［番号］",
    "account": "［口座］",
    "facility": "町内の事業所",
}
# What an office has too, and what a connection is of no use without.
PLACE_KINDS: frozenset[Kind] = frozenset({"address", "phone", "email", "facility"})
# What may stand in an office's own name; a phone there is somebody's, it has its own field.
_NAME_KINDS: frozenset[Kind] = frozenset({"address", "facility"})
NOTE = "note"
_MOST_OWN = 100


@dataclass(frozen=True, slots=True)
class Piece:
    """Words that look personal: what they would become, how often they stand there."""

    text: str
    kind: str
    replacement: str
    count: int
    is_masked: bool
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of a text; ``look`` is '', 'masked' or 'left'."""

    text: str
    look: str = ""
    replacement: str = ""


@dataclass(frozen=True, slots=True)
class Ticks:
    """What the page sent back: the pieces offered, those ticked, and the desk's own words."""

    offered: frozenset[str] = frozenset()
    ticked: frozenset[str] = frozenset()
    own: tuple[tuple[str, str], ...] = ()
    own_kind: Kind = "name"

    def masks(self, text: str) -> bool:
        """Tell whether the piece is to be replaced."""
        return text in self.ticked or text not in self.offered


@dataclass(frozen=True, slots=True)
class Masking:
    """All texts of a form: each masked, and the pieces that were found in them."""

    masked: Mapping[str, Masked]
    pieces: tuple[Piece, ...]
    stretches: Mapping[str, tuple[Stretch, ...]]
    unused: tuple[str, ...]

    def text_of(self, name: str) -> str:
        """Return the masked text."""
        found = self.masked.get(name)
        return found.text if found else ""

    def touched(self, name: str) -> bool:
        """Tell whether anything was replaced in the text."""
        return bool(self.masked[name].found) if name in self.masked else False

    @property
    def digest(self) -> str:
        """What tells one result from another: the desk keeps only what it has read."""
        texts = [self.text_of(NOTE)]
        texts += [self.text_of(name) for name in sorted(self.masked) if self.touched(name)]
        return hashlib.sha256("\x00".join(texts).encode("utf-8", "replace")).hexdigest()


def ticks_of(form: FormData) -> Ticks:
    """Return what the page's boxes and fields say about masking."""
    kind: Kind = next((k for k in KINDS if k == form.get("more_kind")), "name")
    return Ticks(
        offered=frozenset(_texts(form, "seen")),
        ticked=frozenset(_texts(form, "mask")),
        own=tuple(_own_words(str(form.get("more") or ""), kind)),
        own_kind=kind,
    )


def mask_all(
    texts: Mapping[str, str],
    gazetteer: Gazetteer,
    today: date,
    ticks: Ticks | None = None,
    offices: frozenset[str] = frozenset(),
    known_already: str = "",
) -> Masking:
    """Look through all ``texts`` (by field; the note's is ``NOTE``) and mask them.

    What is personal in one text is so in the others.  No secret are offices: their names and
    places in the fields named in ``offices``, and what stands in ``known_already``.
    """
    ticks = ticks or Ticks()

    def counts(name: str, f: Found) -> bool:
        if f.kind not in PLACE_KINDS:
            return True
        is_its_name = name in offices and f.kind in _NAME_KINDS
        return not is_its_name and f.text not in known_already

    first = {name: find_personal(text, gazetteer, today) for name, text in texts.items()}
    known = {f.text: f for found in first.values() for f in found if len(f.text) > 1}
    own = [Found(0, 0, words, ticks.own_kind, instead) for words, instead in ticks.own]
    every = {
        name: _joined(
            text,
            _places(text, own),
            (f for f in (*first[name], *_places(text, known.values())) if counts(name, f)),
        )
        for name, text in texts.items()
    }
    own_words = {words for words, _ in ticks.own}
    kept = {n: _merged(texts[n], found, ticks, own_words) for n, found in every.items()}
    masked = {name: mask(texts[name], found) for name, found in kept.items()}
    return Masking(
        masked=masked,
        pieces=_pieces(every, ticks, own_words),
        stretches={n: _stretches(text, masked[n], every[n]) for n, text in texts.items()},
        unused=tuple(w for w in sorted(own_words) if not any(w in t for t in texts.values())),
    )


@lru_cache(maxsize=8)
def _gazetteer(key: _Known) -> Gazetteer:
    return gazetteer_of(key.knowledge)


@dataclass(frozen=True, slots=True)
class _Known:
    """A town's knowledge under the version of its release: hashing all of it takes long."""

    version: str
    knowledge: Knowledge

    def __hash__(self) -> int:
        return hash(self.version)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Known) and self.knowledge is other.knowledge


def gazetteer_for(knowledge: Knowledge, version: str) -> Gazetteer:
    """Return the town's places and names, made once per release."""
    return _gazetteer(_Known(version, knowledge))


def _texts(form: FormData, name: str) -> Iterable[str]:
    return (unified(str(value)) for value in form.getlist(name))


def unified(text: str) -> str:
    """Return the text with one kind of line end, and without what no database can hold."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")


def _own_words(typed: str, kind: Kind) -> Iterable[tuple[str, str]]:
    """Give the words of each line and what they become: ``言葉`` or ``言葉＝置き換え``."""
    for line in unified(typed).split("\n")[:_MOST_OWN]:
        words, _, instead = re.sub("=", "＝", line.strip()).partition("＝")
        if words.strip():
            yield words.strip(), instead.strip() or _INSTEAD[kind]


def _places(text: str, wanted: Iterable[Found]) -> Iterable[Found]:
    for found in wanted:
        for match in re.finditer(re.escape(found.text), text):
            yield Found(match.start(), match.end(), found.text, found.kind, found.replacement)


def _joined(text: str, own: Iterable[Found], found: Iterable[Found]) -> tuple[Found, ...]:
    """Return the places in order, each stretch of words once: the first to name it counts."""
    seen: dict[tuple[int, int], Found] = {}
    for f in (*own, *found):
        if f.start < f.end <= len(text):
            seen.setdefault((f.start, f.end), f)
    return tuple(sorted(seen.values(), key=lambda f: (f.start, -f.end)))


def _merged(
    text: str, found: Sequence[Found], ticks: Ticks, own: frozenset[str] | set[str]
) -> tuple[Found, ...]:
    """Return what is to be replaced, without overlaps: of two, all the words of both go."""
    result: list[Found] = []
    for f in found:
        if f.text not in own and not ticks.masks(f.text):
            continue
        if result and f.start < result[-1].end:
            last = result[-1]
            longer = f if f.end - f.start > last.end - last.start else last
            end = max(last.end, f.end)
            words = text[last.start : end]
            result[-1] = Found(last.start, end, words, longer.kind, longer.replacement)
        else:
            result.append(f)
    return tuple(result)


def _pieces(every: Mapping[str, Sequence[Found]], ticks: Ticks, own: set[str]) -> tuple[Piece, ...]:
    by_text: dict[str, list[Found]] = {}
    for found in every.values():
        for f in found:
            by_text.setdefault(f.text, []).append(f)
    return tuple(
        Piece(
            text=text,
            kind=KINDS[found[0].kind],
            replacement="・".join(dict.fromkeys(f.replacement for f in found)),
            count=len(found),
            is_masked=text in own or ticks.masks(text),
            is_own=text in own,
        )
        for text, found in by_text.items()
    )


def _stretches(text: str, masked: Masked, every: Sequence[Found]) -> tuple[Stretch, ...]:
    """Cut a text where something was replaced, or found and left."""
    gone = list(masked.found)
    left = [f for f in every if not any(f.start < g.end and g.start < f.end for g in gone)]
    result: list[Stretch] = []
    at = 0
    for f in sorted((*gone, *left), key=lambda f: f.start):
        if f.start < at:
            continue
        result.append(Stretch(text[at : f.start]))
        look = "masked" if f in gone else "left"
        result.append(Stretch(text[f.start : f.end], look, f.replacement))
        at = f.end
    result.append(Stretch(text[at:]))
    return tuple(s for s in result if s.text)
