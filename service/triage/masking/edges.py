"""The edges of names the tagger found: titles cut off, the other half of the name added."""

from __future__ import annotations

import re

from index.text import Token
from service.triage.masking.lexicon import could_be
from service.triage.masking.pieces import Piece
from service.triage.masking.words import masking_words
from service.triage.mentions import people_words

_INITIALS = re.compile(r"[A-Za-z](?:[.・]?\s?[A-Za-z]\.?)?|[\d\W_]+|円|年|月|日")
_PLACE_BEHIND = re.compile(
    r"\s?(?:県|市(?![川原])|町(?!田)|村(?![上田井])|駅|地区|支店|支所|出張所|信用|銀行|農協|川以|を渡|から(?:転|移|引))"
)
_BANK = re.compile(r"銀$|信金$|[円万]$")
# Letters that are seldom a name by themselves: hiragana, Latin (MMSE, Zarit).
_LOW = re.compile(r"[ぁ-んー]+|[A-Za-z0-9 .-]+")
_HONORIFIC = re.compile(
    r"\s?(?:Dr|Ns|PT|OT|ST|CM|主任|先生|係長|課長|委員|民生)|\s?様|さま|さん|氏|殿|くん|君|ちゃん"
)
_KANA = re.compile(r"[ぁ-んー]{1,4}|[ァ-ヴー]{1,6}")
_BOUNDARY = re.compile(
    r"$|[\s、。,()「」・/:→;]|様|さん|氏|くん|君|ちゃん|殿|が|は|の|を|に|と|で|も|へ|より|から|拝"
)


def trim_names(text: str, tokens: tuple[Token, ...], pieces: tuple[Piece, ...]) -> list[Piece]:
    """Return the pieces; names without titles and headings, those that are none left out."""
    out: list[Piece] = []
    for p in pieces:
        if p.kind != "name":
            out.append(p)
            continue
        inside = [t for t in tokens if p.start <= t.start and t.end <= p.end]
        while inside and _is_around(inside[-1], len(inside) > 1):
            inside.pop()
        cut = next((n for n, t in enumerate(inside) if n and _ends_name(text, t)), len(inside))
        inside = inside[:cut]
        while (
            inside
            and (
                inside[0].surface in masking_words().lists["name_label"]
                or not inside[0].surface[0].isalnum()
            )
            and len(inside) > 1
        ):
            inside.pop(0)
        while len(inside) > 1 and inside[0].pos[0] in ("助詞", "助動詞"):
            inside.pop(0)
        if (
            inside
            and _is_name(text[inside[0].start : inside[-1].end])
            and not _is_other(text, inside, tokens)
        ):
            out.append(Piece(inside[0].start, inside[-1].end, "name"))
    return out


def _is_around(token: Token, more: bool) -> bool:
    words = masking_words().lists
    listed = token.surface in words["honorific"] or token.surface in words["title"]
    return more and (listed or not token.surface[-1].isalnum())


def _ends_name(text: str, token: Token) -> bool:
    words = masking_words().lists
    gap = text[token.start - 1 : token.start].isspace()
    return token.surface in "()「」:、。" or (
        gap
        and (
            token.surface in words["place_label"]
            or token.surface
            in ("生年", "生年月日", "電話", "電子", "連絡", "男", "女", "男性", "女性", "住所")
        )
    )


def _is_name(word: str) -> bool:
    if word in masking_words().not_names or _INITIALS.fullmatch(word):
        return False
    return people_words().kinds.get(word, ("",))[0] not in ("role", "couple", "outside", "gender")


def _is_other(text: str, inside: list[Token], tokens: tuple[Token, ...]) -> bool:
    """True for what the tagger took for a name though it is a word (水道) or a place (石川県)."""
    end, word = inside[-1].end, text[inside[0].start : inside[-1].end]
    if _PLACE_BEHIND.match(text, end) or _BANK.search(word):
        return True
    if (len(word) == 1 or _LOW.fullmatch(word)) and not _HONORIFIC.match(text, end):
        return not _is_led(text, inside[0], tokens)
    if any(set(could_be(t.surface)) != {"普通"} for t in inside) or _HONORIFIC.match(text, end):
        return False
    return not _is_led(text, inside[0], tokens)


def _is_led(text: str, token: Token, tokens: tuple[Token, ...]) -> bool:
    """Tell whether a person word or a heading stands before (母, 氏名) or a quotation mark."""
    before = [t for t in tokens if t.end <= token.start][-2:]
    labels = masking_words().lists["name_label"]
    quoted = text[token.start - 1 : token.start] in ("「", "『") and token.start > 0
    return quoted or any(t.surface in labels or t.surface in people_words().kinds for t in before)


def complete_names(text: str, tokens: tuple[Token, ...], pieces: list[Piece]) -> list[Piece]:
    """Add the given name that follows a found surname, or the surname before it: 沼 弥一."""
    at = {t.start: i for i, t in enumerate(tokens)}
    ends = {t.end: i for i, t in enumerate(tokens)}
    out: list[Piece] = []
    for p in pieces:
        if p.kind == "name" and p.start in at and p.end in ends:
            first, last = at[p.start], ends[p.end]
            out.append(Piece(_left(text, tokens, first), _right(text, tokens, first, last), "name"))
        else:
            out.append(p)
    return out


def _right(text: str, tokens: tuple[Token, ...], first: int, last: int) -> int:
    """Return the end of the name with what may be its second half."""
    end = tokens[last].end
    if " " in text[tokens[first].start : end] or "姓" not in could_be(tokens[last].surface):
        return end
    n = last + 1
    size = 0
    while n < len(tokens) and size < 4:
        gap = text[tokens[n - 1].end : tokens[n].start]
        if "\n" in gap or len(gap) > 2 or (gap and size):
            break
        word, known = tokens[n].surface, set(could_be(tokens[n].surface))
        given = "名" in known and not (known & {"普通"} and not gap)
        kana = (
            _KANA.fullmatch(word)
            and tokens[n].pos[0] not in ("助詞", "助動詞")
            and (
                "普通" not in known or (bool(gap) and tokens[n].pos[0] == "名詞" and len(word) > 1)
            )
        )
        if (
            word in masking_words().not_names
            or word in people_words().kinds
            or not (given or kana or (size and "名" in known))
        ):
            break
        size += len(word)
        n += 1
    return tokens[n - 1].end if size and _BOUNDARY.match(text, tokens[n - 1].end) else end


def _left(text: str, tokens: tuple[Token, ...], first: int) -> int:
    """Return the start of the name with the surname that stands before it."""
    start = tokens[first].start
    if not first or text[start - 1] not in " \u3000":
        return start
    before = tokens[first - 1]
    apart = text[before.start - 1 : before.start] if before.start else ""
    near = text[before.end : start]
    odd = len(before.surface) == 1 and re.match(r"[一-龥]", before.surface)
    surname = "姓" in could_be(before.surface) or odd
    if (
        len(near) > 2
        or "\n" in near
        or not surname
        or apart.isalnum()
        or ("姓" in could_be(tokens[first].surface) and "名" not in could_be(tokens[first].surface))
    ):
        return start
    if (
        before.surface in masking_words().not_names
        or before.surface in people_words().kinds
        or before.surface in "男女件旧新"
    ):
        return start
    return before.start
