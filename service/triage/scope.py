"""What the words around a trouble say: it is so, not so, past, only supposed, or others'.

Only the sentence around the match decides, and for 「今は離婚して接触なし」 the next one;
a ない inside the match itself (食べる物がない) is the trouble and denies nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from service.triage.models import Scope

_WORDS_FILE = Path(__file__).with_name("scope.yaml")
_LIST_ITEM = r"[^。、・,/がをでにては\s()「」]{1,12}?"
_ITEM_END = r"(?=[・、,/やはもがと×✕]|について|など|等|なし|無|いずれ|あり|ともに|$)"
_MAX_STEPS = 24


@dataclass(frozen=True, slots=True)
class ScopeWords:
    """The patterns of scope.yaml."""

    contrast: re.Pattern[str]
    between: re.Pattern[str]
    listable: frozenset[str]
    deny: re.Pattern[str]
    denied_after: re.Pattern[str]
    ability: re.Pattern[str]
    event: re.Pattern[str]
    undone: re.Pattern[str]
    negation: re.Pattern[str]
    absence_is_trouble: frozenset[str]
    list_closer: re.Pattern[str]
    double_supposed: re.Pattern[str]
    double_affirmed: re.Pattern[str]
    said_by: re.Pattern[str]
    said_by_official: re.Pattern[str]
    past_strong: re.Pattern[str]
    past_weak: re.Pattern[str]
    ongoing: re.Pattern[str]
    lasting: re.Pattern[str]
    past_after: re.Pattern[str]
    past_next: re.Pattern[str]
    supposed_before: re.Pattern[str]
    supposed_after: re.Pattern[str]
    other_before: re.Pattern[str]
    other_after: re.Pattern[str]
    reporting: re.Pattern[str]
    own_subject: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A match and what stands around it; the clauses end where the talk turns (が、けど …)."""

    target: str
    before_clause: str
    after_clause: str
    after: str
    next_sentence: str


@lru_cache(maxsize=1)
def scope_words() -> ScopeWords:
    """Read scope.yaml once."""
    data: dict[str, Any] = yaml.safe_load(_WORDS_FILE.read_text(encoding="utf-8"))
    between, unfinished = data["between"], data["unfinished"]
    tokens = [*between["particles"], *between["nouns"], *between["verbs"]]
    return ScopeWords(
        contrast=_any_of(data["contrast"]),
        between=_any_of(sorted(tokens, key=len, reverse=True)),
        listable=frozenset([*between["nouns"], *data["list_closers"], "と", "や", "とか"]),
        deny=_any_of(data["deny"]),
        denied_after=_any_of(data["denied_after"]),
        ability=re.compile(unfinished["ability"]),
        event=re.compile(unfinished["event"]),
        undone=_any_of(unfinished["undone"]),
        negation=re.compile(unfinished["negation"]),
        absence_is_trouble=frozenset(data["absence_is_trouble"]),
        list_closer=_any_of(sorted(data["list_closers"], key=len, reverse=True)),
        double_supposed=_any_of(data["double_negation"]["supposed"]),
        double_affirmed=_any_of(data["double_negation"]["affirmed"]),
        said_by=_any_of(data["said_by"]),
        said_by_official=re.compile(data["said_by_official"]),
        past_strong=_any_of(data["past_before"]["strong"]),
        past_weak=_any_of(data["past_before"]["weak"]),
        ongoing=re.compile(data["ongoing"]),
        lasting=re.compile(data["lasting"]),
        past_after=_any_of(data["past_after"]),
        past_next=re.compile(data["past_next"]),
        supposed_before=_any_of(data["supposed_before"]),
        supposed_after=_any_of(data["supposed_after"]),
        other_before=_any_of(data["other_before"]),
        other_after=_any_of(data["other_after"]),
        reporting=re.compile(data["reporting"]),
        own_subject=re.compile(data["own_subject"]),
    )


def _any_of(patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{p})" for p in patterns))


def scope_of(text: str, start: int, end: int, sentence: tuple[int, int]) -> Scope:
    """Return what the note says of the trouble at ``text[start:end]``.

    When several hold, denied goes before past, past before other, other before supposed;
    a double negation (ないわけではない, 否定できない) is decided first.
    """
    words = scope_words()
    end = _whole_trouble(text, start, end, sentence[1], words)
    around = _surroundings(text, start, end, sentence, words)
    twice_denied = _double_negation(around.after_clause[:32], words)
    if twice_denied:
        return twice_denied
    if _denial_end(around.after_clause, words) is not None or words.denied_after.search(
        around.after
    ):
        return "denied"
    if _is_past(around, words):
        return "past"
    if _is_others(around, words):
        return "other"
    if _is_supposed(around, words):
        return "supposed"
    return "affirmed"


def is_self_denial(text: str, start: int, end: int, sentence: tuple[int, int]) -> bool:
    """True when the trouble is denied, but only in somebody's words (本人は否定, と言い張る)."""
    words = scope_words()
    if scope_of(text, start, end, sentence) != "denied":
        return False
    end = _whole_trouble(text, start, end, sentence[1], words)
    around = _surroundings(text, start, end, sentence, words)
    at_a_distance = words.denied_after.search(around.after)
    far = at_a_distance.end() if at_a_distance else 0
    denied_at = _denial_end(around.after_clause, words) or far
    rest = around.after[denied_at:]
    if words.said_by_official.search(rest):
        return False
    return around.after[:denied_at].endswith("否定") or words.said_by.search(rest) is not None


def _surroundings(
    text: str, start: int, end: int, sentence: tuple[int, int], words: ScopeWords
) -> Surroundings:
    before, after = text[sentence[0] : start], text[end : sentence[1]]
    turns = list(words.contrast.finditer(before))
    turn = words.contrast.search(after)
    return Surroundings(
        target=text[start:end],
        before_clause=before[turns[-1].end() :] if turns else before,
        after_clause=after[: turn.start() + 2] if turn else after,
        after=after,
        next_sentence=text[sentence[1] : sentence[1] + 48],
    )


def _whole_trouble(text: str, start: int, end: int, limit: int, words: ScopeWords) -> int:
    """Return where the trouble ends: a match may stop inside 読め|ない, でき|ず, 身寄り|なし.

    There the ない is the trouble itself; in 殴られ|ない and 飲ま|ない it denies one.
    """
    target = text[start:end]
    able = words.ability.search(target) and not words.event.search(target)
    if not able and not words.undone.search(target):
        return end
    negated = words.negation.match(text, end, limit)
    return negated.end() if negated else end


def _double_negation(near: str, words: ScopeWords) -> Scope | None:
    if words.double_supposed.search(near):
        return "supposed"
    return "affirmed" if words.double_affirmed.search(near) else None


def _denial_end(clause: str, words: ScopeWords) -> int | None:
    """Walk from the trouble over words that carry a denial on, and return where it ends.

    「の疑い」「は」「なし」 leads to a denial; 「が」「返せ」 does not, for 返せない speaks of
    paying.  A list (酒・ギャンブルは…しない) is walked item by item.
    """
    position, commas, closed, listable = 0, False, False, True
    for _ in range(_MAX_STEPS):
        denial = words.deny.match(clause, position)
        if denial and (closed or not commas):
            return denial.end()
        item = _list_item(clause, position, words) if listable else None
        if item:
            commas = commas or item.group().startswith(("、", ","))
            position, closed = item.end(), False
            continue
        token = words.between.match(clause, position)
        if token is None:
            return None
        closed = closed or words.list_closer.fullmatch(token.group()) is not None
        # not after あり: 暴力があり、借金はない; but 怒鳴|る・叩くは
        verb_list = position == 0 and clause[token.end() : token.end() + 1] == "・"
        listable = verb_list or token.group() in words.listable
        position = token.end()
    return None


def _list_item(clause: str, position: int, words: ScopeWords) -> re.Match[str] | None:
    pattern = rf"(?:[・、,/]|や|と|も|および|及び|とか)(?P<item>{_LIST_ITEM}){_ITEM_END}"
    item = re.compile(pattern).match(clause, position)
    if item is None or item["item"] in words.absence_is_trouble:
        return None
    if item.group()[0] in "もと" and clause[item.end() : item.end() + 1] != item.group()[0]:
        return None  # 借金も持病も…, but not 借金もかさみ
    return item


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
    return re.search(r"(?:た|だった)(?:[。が]|$)", around.after_clause) is not None


def _is_others(around: Surroundings, words: ScopeWords) -> bool:
    if words.other_after.search(around.after_clause):
        return True
    for mark in words.other_before.finditer(around.before_clause):
        between = re.sub(r"^[^、]{0,2}、", "", around.before_clause[mark.end() :])
        ended = re.search(r"[てでりしくい]、", between)
        if not (ended or len(between) > 30 or words.own_subject.search(between)):
            return words.reporting.search(around.after) is None
    return False


def _is_supposed(around: Surroundings, words: ScopeWords) -> bool:
    return (
        words.supposed_after.search(around.after_clause) is not None
        or words.supposed_before.search(around.before_clause) is not None
    )
