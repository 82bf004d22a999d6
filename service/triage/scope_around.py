"""What stands around a trouble: its clause, its sentence and the next one, in plain words."""

from __future__ import annotations

import re
from dataclasses import dataclass

from service.triage.plain import is_spaced, plain
from service.triage.scope_words import ScopeWords

_NEXT = 48  # characters of the next sentence that may answer or take back
_REACH = 160  # characters of a long sentence read on either side
# 「死のうと|かは」「死にたいとまでは|いかない」: the end of such a match belongs to what follows
_TAIL = re.compile(r"(?:と(?:か|まで|いう|は|も)?|って|なんて|なんか|など)(?:は|も)?$")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A match and what stands around it; the clauses end where the talk turns (が、けど …)."""

    target: str
    before: str
    before_clause: str
    after_clause: str
    after: str
    next_sentence: str


def surroundings(
    text: str, start: int, end: int, sentence: tuple[int, int], words: ScopeWords
) -> Surroundings:
    """Return what is said before and after ``text[start:end]``, dialect made plain."""
    spaced = is_spaced(text[max(0, sentence[0] - _NEXT) : sentence[1] + _NEXT])
    end = bare_trouble(text, start, end)
    target = text[start:end]
    end = whole_trouble(text, start, end, sentence[1], words)
    before = plain(text[max(sentence[0], start - _REACH) : start], spaced=spaced)
    after = plain(text[end : min(sentence[1], end + _REACH)], text[end - 1 : end], spaced=spaced)
    turns = list(words.contrast.finditer(before))
    turn = words.contrast.search(after)
    return Surroundings(
        target=target,
        before=before,
        before_clause=before[turns[-1].end() :] if turns else before,
        after_clause=after[: turn.start() + 2] if turn else after,
        after=after,
        next_sentence=plain(text[sentence[1] : sentence[1] + _NEXT], spaced=spaced),
    )


def bare_trouble(text: str, start: int, end: int) -> int:
    """Return where the trouble ends without the とは, とか, なんて that its match took along."""
    tail = _TAIL.search(text[start:end])
    return start + tail.start() if tail and tail.start() else end


def whole_trouble(text: str, start: int, end: int, limit: int, words: ScopeWords) -> int:
    """Return where the trouble ends: a match may stop inside 読め|ない, でき|ず, 身寄り|なし.

    There the ない is the trouble itself; in 殴られ|ない and 飲ま|ない it denies one.
    """
    target = text[start:end]
    able = words.ability.search(target) and not words.event.search(target)
    if not able and not words.undone.search(target):
        return end
    negated = words.negation.match(text, end, limit)
    return negated.end() if negated else end
