"""The note in stretches: what was read there, and what on the page rests on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from service.triage.models import Span, Triage


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of the note.

    ``mark`` is '', 'flag', 'problem', 'denied' or 'evidence', ``label`` says why.  ``links`` are
    the keys of what rests on it (see :func:`keys_of`), ``id`` is '' where nothing does.
    """

    text: str
    mark: str = ""
    label: str = ""
    links: tuple[str, ...] = ()
    id: str = ""

    @property
    def target(self) -> str:
        """The key that a link from here leads to: the best suggestion, else what was read."""
        return next((key for key in self.links if key.startswith("s")), next(iter(self.links), ""))


@dataclass(frozen=True, slots=True)
class _Mark:
    strength: int
    span: Span
    kind: str
    label: str
    key: str


def mark_note(note: str, answer: Triage) -> tuple[Segment, ...]:
    """Cut the note into stretches, each marked with the strongest thing read there.

    Keys: ``f0`` the first red flag, ``p0`` the first problem, ``d0`` the first denial, ``s1`` the
    first suggestion.
    """
    marks = list(_marks(answer))
    # Cut only where something begins or ends: a note has 20,000 characters.
    cuts = {0, len(note)}
    for mark in marks:
        cuts |= {min(mark.span.start, len(note)), min(mark.span.end, len(note))}
    edges = sorted(cuts)
    segments = []
    for start, end in pairwise(edges):
        here = [m for m in marks if m.span.start <= start and end <= m.span.end]
        links = tuple(dict.fromkeys(m.key for m in here))
        top = max(here, key=lambda m: m.strength, default=None)
        kind, label = (top.kind, top.label) if top else ("", "")
        segments.append((note[start:end], kind, label, links))
    return tuple(
        Segment(*parts, id=f"e{number}" if parts[3] else "")
        for number, parts in enumerate(_joined(segments), start=1)
    )


def first_marks(segments: Sequence[Segment]) -> Mapping[str, str]:
    """Return the id of the first stretch that each key rests on."""
    found: dict[str, str] = {}
    for segment in segments:
        for key in segment.links:
            found.setdefault(key, segment.id)
    return found


def _marks(answer: Triage) -> Iterator[_Mark]:
    for n, card in enumerate(answer.suggestions, start=1):
        for span in card.evidence:
            yield _Mark(0, span, "evidence", f"候補{n}の根拠", f"s{n}")
    for n, flag in enumerate(answer.red_flags):
        for span in flag.evidence:
            yield _Mark(3, span, "flag", flag.label, f"f{n}")
    for n, problem in enumerate(answer.problems):
        for span in problem.evidence:
            yield _Mark(2, span, "problem", problem.label, f"p{n}")
    for n, denied in enumerate(answer.denied):
        label = f"{denied.label}（否定・過去・他の人）"
        yield _Mark(1, denied.evidence, "denied", label, f"d{n}")


_Parts = tuple[str, str, str, tuple[str, ...]]


def _joined(parts: Sequence[_Parts]) -> Iterator[_Parts]:
    """Join neighbours that say the same."""
    last: _Parts | None = None
    for part in parts:
        if last is not None and last[1:] == part[1:]:
            last = (last[0] + part[0], *last[1:])
            continue
        if last is not None:
            yield last
        last = part
    if last is not None:
        yield last
