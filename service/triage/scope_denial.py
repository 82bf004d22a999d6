"""Whether what follows a trouble denies it, and where the denial ends."""

from __future__ import annotations

import re

from service.triage.scope_around import Surroundings
from service.triage.scope_words import ScopeShapes, ScopeWords

_LIST_ITEM = r"(?!な[いくしか]|無(?:[いくし、。\s]|$))[^。、・,/がをでにては\s()「」]{1,12}?"
_ITEM_END = r"(?=[・、,/やはもがと×✕(]|について|など|等|なし|無|いずれ|どれ|あり|ともに|$)"
_CLOSE_ITEM_END = rf"(?:{_ITEM_END}|(?=では|でも|じゃ))"  # 賭け事や酒ではない
_MAX_STEPS = 24


def denied_until(around: Surroundings, words: ScopeWords, shapes: ScopeShapes) -> int | None:
    """Return where the denial of the trouble ends in ``around.after``; None without one."""
    ends = _denial_end(around, words)
    if ends is not None:
        return ends
    far = words.denied_after.search(around.after) or shapes.denied.match(around.after)
    return far.end() if far else None


def answer(around: Surroundings, shapes: ScopeShapes) -> bool | None:
    """What was answered when the trouble was asked after: 「死にたいですか」「いいえ」 is False."""
    told = around.after + around.next_sentence
    asked = shapes.asked.match(told)
    if asked is None:
        return None
    if shapes.answered_no.match(told, asked.end()):
        return False
    return True if shapes.answered_yes.match(told, asked.end()) else None


def _denial_end(around: Surroundings, words: ScopeWords) -> int | None:
    """Walk from the trouble over words that carry a denial on, and return where it ends.

    「の疑い」「は」「なし」 leads to a denial; 「が」「返せ」 does not, for 返せない speaks of
    paying.  A list (酒・ギャンブルは…しない) is walked item by item.
    """
    clause = around.after_clause
    if clause[:1] in ("、", ",") and words.complete.search(around.target):
        return None
    position, commas, closed, listable = 0, False, False, True
    for _ in range(_MAX_STEPS):
        denial = _denial(around, position, words)
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
        listable = verb_list or token.group() in words.listable or token.group()[0] == "("
        position = token.end()
    return None


def _denial(around: Surroundings, position: int, words: ScopeWords) -> re.Match[str] | None:
    """Return the denial at ``position``: 〜ない, or after a verb's stem 〜ん (飲ま|ん), 〜ぬ, 〜ね.

    The ん of さん, がん, だけん is none: it wants a stem, and right after the trouble one
    that names something done (殴ら|ん), for 手が足ら|ん is the trouble itself.
    """
    clause = around.after_clause
    denial = words.deny.match(clause, position)
    if denial:
        return denial
    if position:
        stem = words.verb_stem.search(clause[max(0, position - 2) : position])
    else:
        stem = words.trouble_stem.search(around.target)
    return words.verb_deny.match(clause, position) if stem else None


def _list_item(clause: str, position: int, words: ScopeWords) -> re.Match[str] | None:
    # the や of 酒もやらん opens no list
    joint = r"(?:[・、,/]|(?<![はもが])(?:や|と|も|および|及び|とか))"
    end = _ITEM_END if clause[position : position + 1] in "、," else _CLOSE_ITEM_END
    item = re.compile(rf"{joint}(?P<item>{_LIST_ITEM}){end}").match(clause, position)
    if item is None or item["item"] in words.absence_is_trouble:
        return None
    if item.group()[0] in "もと" and clause[item.end() : item.end() + 1] != item.group()[0]:
        return None  # 借金も持病も…, but not 借金もかさみ
    return item
