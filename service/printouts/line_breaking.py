"""Where a Japanese line may end: pieces that stay whole, and the marks that may not begin one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from service.printouts.ruby import Piece

# 行頭禁則 and 行末禁則 of JIS X 4051, as far as the desk types them.
_NOT_FIRST = frozenset(
    "、。，．,.）)」』】〕］]！？!?：:；;・ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ〜～％%"
)
_NOT_LAST = frozenset("（(「『【〔［[")
_WHOLE = re.compile(r"[A-Za-z0-9#@.+\-/:]+|.", re.DOTALL)
# A rule to write on is as long as it is, but must not push the line over the edge.
_LONGEST_WHOLE = 24


@dataclass(frozen=True, slots=True)
class Atom:
    """What is never cut; ``width`` in points includes a reading wider than the text."""

    text: str
    reading: str
    width: float


def atoms_of(
    pieces: Iterable[Piece], text_width: Callable[[str], float], ruby_width: Callable[[str], float]
) -> list[Atom]:
    """Return what a line is made of: letters, numbers kept together, words with a reading."""
    atoms: list[Atom] = []
    for piece in pieces:
        if piece.reading:
            width = max(text_width(piece.text), ruby_width(piece.reading))
            atoms.append(Atom(piece.text, piece.reading, width))
            continue
        for word in _WHOLE.findall(piece.text):
            parts = [word] if len(word) <= _LONGEST_WHOLE else list(word)
            atoms.extend(Atom(part, "", text_width(part)) for part in parts)
    return atoms


def lines_of(atoms: list[Atom], room: float) -> list[list[Atom]]:
    """Break into lines no wider than ``room`` points; a single wider atom gets its own line."""
    lines: list[list[Atom]] = []
    line: list[Atom] = []
    width = 0.0
    for atom in atoms:
        if line and width + atom.width > room and not (atom.text in _NOT_FIRST and len(line) < 2):
            carried = _carried(line, atom)
            lines.append(line[: len(line) - len(carried)])
            line = carried
            width = sum(one.width for one in line)
        line.append(atom)
        width += atom.width
    return [*lines, line] if line or not lines else lines


def _carried(line: list[Atom], next_atom: Atom) -> list[Atom]:
    """Return what must go to the next line with ``next_atom``; never the whole line."""
    count = 0
    if next_atom.text[0] in _NOT_FIRST:
        count = 1
        while count < len(line) and line[-count].text[0] in _NOT_FIRST:
            count += 1
    while count < len(line) and line[-count - 1].text[-1] in _NOT_LAST:
        count += 1
    return line[-count:] if 0 < count < len(line) else []
