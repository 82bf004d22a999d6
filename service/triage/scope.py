"""What the words around a trouble say: it is so, not so, past, only supposed, or others'.

Only the sentence around the match decides, and for 「今は離婚して接触なし」 the next one;
a ない inside the match itself (食べる物がない) is the trouble and denies nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from service.triage.models import Scope
from service.triage.scope_around import Surroundings, surroundings
from service.triage.scope_denial import answer, denied_until
from service.triage.scope_words import ScopeShapes, ScopeWords, scope_shapes, scope_words

# 隣の人に|殴られ: somebody else did it, but not to somebody else
_GIVEN_BY = re.compile(r"(?:に|から)$")
_BY_SOMEBODY = re.compile(r"[^、。「」はがも]{1,6}(?:に|から)")
_SUFFERED = re.compile(r"[かさたなまらわ]れ")
_NEAR = 48  # characters before the trouble in which its subject is looked for


def scope_of(text: str, start: int, end: int, sentence: tuple[int, int]) -> Scope:
    """Return what the note says of the trouble at ``text[start:end]``.

    When several hold, denied goes before past, past before other, other before supposed;
    a double negation (ないわけではない, 否定できない), a denial that turns out untrue and the
    answer to a question are decided first.
    """
    words, shapes = scope_words(), scope_shapes()
    around = surroundings(text, start, end, sentence, words)
    decided = _overturned(around, words, shapes) or _answered(around, shapes)
    if decided:
        return decided
    readings: tuple[tuple[Scope, Callable[[], bool]], ...] = (
        ("other", lambda: _is_told_of_others(around, words, shapes)),
        ("past", lambda: shapes.past_since.match(around.after_clause) is not None),
        ("denied", lambda: denied_until(around, words, shapes) is not None),
        ("past", lambda: _is_over(around, words, shapes)),
        ("other", lambda: _is_others(around, words, shapes)),
        ("supposed", lambda: _is_supposed(around, words, shapes)),
    )
    return next((scope for scope, holds in readings if holds()), "affirmed")


def is_self_denial(text: str, start: int, end: int, sentence: tuple[int, int]) -> bool:
    """True when the trouble is denied, but only in somebody's words (本人は否定, と言い張る)."""
    words = scope_words()
    if scope_of(text, start, end, sentence) != "denied":
        return False
    around = surroundings(text, start, end, sentence, words)
    denied_at = denied_until(around, words, scope_shapes()) or 0
    rest = around.after[denied_at:]
    if words.said_by_official.search(rest):
        return False
    return around.after[:denied_at].endswith("否定") or words.said_by.search(rest) is not None


def _answered(around: Surroundings, shapes: ScopeShapes) -> Scope | None:
    answered = answer(around, shapes)
    return None if answered is None else "affirmed" if answered else "denied"


def _overturned(around: Surroundings, words: ScopeWords, shapes: ScopeShapes) -> Scope | None:
    """Read 「ないわけではない」「飲まない日はない」「なしとしたが、あざがあった」."""
    near = around.after_clause[:32]
    if shapes.overturned_affirmed.match(around.after + around.next_sentence) or (
        shapes.duty_undone.match(around.target + around.after)
    ):
        return "affirmed"
    if words.double_supposed.search(near) or shapes.overturned_supposed.match(around.after):
        return "supposed"
    if words.double_affirmed.search(near):
        return "affirmed"
    if shapes.if_only.search(around.before_clause) and shapes.hypothetical.match(
        around.target[-3:] + around.after
    ):
        return "supposed"
    return None


def _is_past(around: Surroundings, words: ScopeWords) -> bool:
    told = around.target + around.after
    resolved = words.past_after.search(told) or words.past_after.search(around.after)
    # 「米もなくなった」 is the trouble itself, not the end of one.
    if resolved and "なくなっ" in resolved.group() and around.target in words.absence_is_trouble:
        resolved = None
    if resolved and not words.ongoing.search(resolved.string[: resolved.end()]):
        return True
    if _told_as_past(around.target, words):
        return True
    if re.search(r"た[。]?$", around.after.strip()) and words.past_next.search(
        around.next_sentence
    ):
        return True
    marks = [*words.past_strong.finditer(around.before_clause)]
    lasting = words.lasting.search(around.target + around.after_clause[:16])
    if not lasting:
        marks += words.past_weak.finditer(around.before_clause)
    return any(_reaches(mark.end(), around, words) for mark in marks)


def _is_over(around: Surroundings, words: ScopeWords, shapes: ScopeShapes) -> bool:
    if _is_recent(around, shapes):
        return False
    return _is_past(around, words) or _is_past_by_shape(around, shapes)


def _is_recent(around: Surroundings, shapes: ScopeShapes) -> bool:
    """True for 「ゆうべ飲んだが、今は落ち着いている」 and what may come back: no past yet."""
    lately = shapes.recent.search(around.before_clause[-24:])
    return (
        lately is not None or shapes.relapse.search(around.before_clause + around.after) is not None
    )


def _is_past_by_shape(around: Surroundings, shapes: ScopeShapes) -> bool:
    """Read 「だったが、今は…」「のは昔の話」「は完済」, and 既往: before the trouble."""
    if shapes.still.search(around.after_clause[:16]):
        return False
    if shapes.past.match(around.after + around.next_sentence) or shapes.past_labels.search(
        around.before
    ):
        return True
    if shapes.told_in_past.search(around.target + around.after) and shapes.past_then.match(
        around.next_sentence
    ):
        return True
    marks = shapes.past_marks.finditer(around.before_clause)
    return any("、" not in around.before_clause[mark.end() + 2 :] for mark in marks)


def _told_as_past(target: str, words: ScopeWords) -> bool:
    """True when a past mark stands inside the match: 夫とは4年前に別れ、当時は殴られ."""
    marks = list(words.past_strong.finditer(target))
    return bool(marks) and not words.ongoing.search(target[marks[-1].end() :])


def _reaches(mark_end: int, around: Surroundings, words: ScopeWords) -> bool:
    """True when a past mark still governs the trouble: 「3年前に夫を亡くし、眠れない」 does not."""
    between = around.before_clause[mark_end:]
    if words.ongoing.search(between) or words.ongoing.search(around.after_clause):
        return False
    if "、" not in between[4:]:
        return True
    return (
        re.search(r"(?:た|だった)(?:[。が]|方[。、は]|人[。、は]|$)", around.after_clause)
        is not None
    )


def _is_others(around: Surroundings, words: ScopeWords, shapes: ScopeShapes) -> bool:
    if words.other_after.search(around.after_clause) or shapes.other.match(around.after):
        return True
    if shapes.at_us.search(around.target[-1:] + around.after_clause[:6]):
        return False
    for mark in words.other_before.finditer(around.before_clause):
        between = re.sub(r"^[^、]{0,2}、", "", around.before_clause[mark.end() :])
        ended = re.search(r"[てでりしくい]、", between)
        if not (ended or len(between) > 30 or words.own_subject.search(between)):
            return words.reporting.search(around.after) is None
    return False


def _is_told_of_others(around: Surroundings, words: ScopeWords, shapes: ScopeShapes) -> bool:
    """Read 「隣の家は」「新聞の」「一般に」 before the trouble, unless it is ours after all."""
    told = around.after + around.next_sentence
    contrasted = shapes.contrast_own.search(told) is not None
    if shapes.not_other.search(around.target + around.after_clause) or (
        shapes.at_us.search(around.target[-1:] + around.after_clause[:6])
    ):
        return False
    if not contrasted and (
        words.reporting.search(around.after) or shapes.reported.search(around.before)
    ):
        return False
    before = around.before[-_NEAR:]
    suffered = _SUFFERED.search(around.target) is not None
    for mark in shapes.other_marks.finditer(before):
        between = before[mark.end() :]
        if suffered and mark.group()[-1] in "がは" and _BY_SOMEBODY.fullmatch(between):
            return True  # ママ友が|夫に|殴られ
        if words.own_subject.search(between) or _GIVEN_BY.search(between):
            continue
        if contrasted or ("、" not in between[1:] and len(between) <= 16):
            return True
    return False


def _is_supposed(around: Surroundings, words: ScopeWords, shapes: ScopeShapes) -> bool:
    if shapes.supposed.match(around.after) or shapes.supposed_labels.search(around.before):
        return True
    if shapes.supposed_marks.search(around.before_clause):
        return True
    return (
        words.supposed_after.search(around.after_clause) is not None
        or words.supposed_before.search(around.before_clause) is not None
    )
