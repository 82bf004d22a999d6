"""Finding personal data: the one function the desk calls."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from index.text import Normalised, Token, tokenise
from service.triage.masking.addresses import find_addresses
from service.triage.masking.births import find_births
from service.triage.masking.digits import find_contacts, find_digits
from service.triage.masking.edges import complete_names, trim_names
from service.triage.masking.facilities import find_facilities
from service.triage.masking.gazetteer import Gazetteer
from service.triage.masking.kin import find_beside, find_certain, find_kin
from service.triage.masking.models import Found, Kind
from service.triage.masking.names import find_names
from service.triage.masking.pieces import Piece, fold_note, free
from service.triage.masking.places import find_by_use
from service.triage.masking.repeats import find_repeats
from service.triage.masking.roles import replacements
from service.triage.masking.sieve import sift
from service.triage.masking.tagger import tag

# Added to the tagger's weights of these labels, chosen on the dev voices: a name that stays is
# worse than a word too many that a person unticks.
BIAS = {"B-N": 3.2, "I-N": 1.0, "B-A": 1.0, "I-A": 1.0, "B-F": 1.5, "I-F": 0.5}
# Of two pieces that share letters the earlier kind takes them.
_ORDER: tuple[Kind, ...] = (
    "email", "sns", "birth", "address", "number", "account", "phone", "name", "facility"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ruled:
    """The folded note, its words, and what the rules found in it."""

    folded: Normalised
    tokens: tuple[Token, ...]
    pieces: tuple[Piece, ...]
    ages: dict[int, str]


def find_personal(note: str, gazetteer: Gazetteer, today: date) -> tuple[Found, ...]:
    """Return the personal words of the note, sorted and disjoint, each with its replacement.

    Never raises, whatever the text.  What it misses stays in the note: a person reads it.
    """
    ruled = find_by_rule(note, gazetteer, today)
    text = ruled.folded.text
    tagged = trim_names(text, ruled.tokens, tag(text, ruled.tokens, ruled.pieces, BIAS))
    named = join([*ruled.pieces, *tagged], text)
    pieces = complete_names(text, ruled.tokens, list(named))
    own = gazetteer.facilities
    named = join(sift(text, ruled.tokens, pieces, own), text)
    births = find_births(text, named, today)
    ages = ruled.ages | {b.start: b.age for b in births}
    pieces = [*named, *(Piece(b.start, b.end, "birth") for b in births)]
    pieces += find_repeats(text, ruled.tokens, named)
    pieces = sift(text, ruled.tokens, pieces, own)
    final = join(pieces, text)
    instead = replacements(text, final, ages, gazetteer.districts)
    return _in_note(note, ruled.folded, final, instead)


def _in_note(
    note: str, folded: Normalised, pieces: tuple[Piece, ...], instead: tuple[str, ...]
) -> tuple[Found, ...]:
    """Bring the pieces back to the note as given; two that meet in one letter (㈱) become one."""
    found: list[Found] = []
    for p, words in zip(pieces, instead, strict=True):
        start, end = folded.to_original(p.start, p.end)
        if found:
            start = max(start, found[-1].end)
        if start < end:
            found.append(Found(start, end, note[start:end], p.kind, words))
    return tuple(found)


def find_by_rule(note: str, gazetteer: Gazetteer, today: date) -> Ruled:
    """Return what the rules find, before the tagger looks."""
    folded = fold_note(note)
    text = folded.text
    tokens = tokenise(text)
    places = [*find_addresses(text), *find_facilities(text, tokens, gazetteer)]
    places += find_by_use(text, tokens)
    names = [*find_names(text, tokens), *find_kin(text), *find_beside(text), *find_certain(tokens)]
    names = sift(text, tokens, names)
    contacts = find_contacts(text)
    digits = [p for p in find_digits(text, today) if free(contacts, p.start, p.end)]
    births = find_births(text, names, today)
    pieces = [
        *contacts,
        *digits,
        *places,
        *names,
        *(Piece(b.start, b.end, "birth") for b in births),
    ]
    return Ruled(folded, tokens, join(pieces, text), {b.start: b.age for b in births})


def join(pieces: Iterable[Piece], text: str) -> tuple[Piece, ...]:
    """Make the pieces disjoint and sorted: one kind joins, another keeps what is left to it."""
    kept: list[Piece] = []
    for kind in _ORDER:
        for p in _merged([p for p in pieces if p.kind == kind]):
            kept += _left(p, kept, text)
    return tuple(sorted(kept, key=lambda p: p.start))


def _merged(pieces: list[Piece]) -> list[Piece]:
    out: list[Piece] = []
    for p in sorted(pieces, key=lambda p: (p.start, -p.end)):
        if out and p.start < out[-1].end:
            out[-1] = Piece(out[-1].start, max(out[-1].end, p.end), p.kind)
        else:
            out.append(p)
    return out


def _left(piece: Piece, taken: list[Piece], text: str) -> list[Piece]:
    """Return the parts of the piece that no other took, without blanks at their ends."""
    parts = [piece]
    for t in taken:
        cut: list[Piece] = []
        for p in parts:
            if t.end <= p.start or p.end <= t.start:
                cut.append(p)
                continue
            cut += [Piece(p.start, t.start, p.kind)] if p.start < t.start else []
            cut += [Piece(t.end, p.end, p.kind)] if t.end < p.end else []
        parts = cut
    return [q for p in parts if (q := _stripped(p, text))]


def _stripped(piece: Piece, text: str) -> Piece | None:
    start, end = piece.start, piece.end
    while start < end and not (text[start].isalnum() or text[start] in "@+〒(#「"):
        start += 1
    while end > start and not (text[end - 1].isalnum() or text[end - 1] in ")_」"):
        end -= 1
    return Piece(start, end, piece.kind) if start < end else None
