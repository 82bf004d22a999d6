"""Proper names of facilities, schools, hospitals, employers and shops.

A proper name is a stem that is not a general word plus a word for a kind of place (苑, 病院,
水産 …), or such a word in front (グループホーム…, スーパー…), or a name of the town's records.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

from index.text import Token
from service.triage.masking.gazetteer import Gazetteer
from service.triage.masking.lexicon import could_be
from service.triage.masking.pieces import Piece
from service.triage.masking.words import masking_words

_STOP = re.compile(r"[。、,:;()「」『』\[\]→←/!?=]")
# The bank's name stays: what gives away is the account.
_BANK = re.compile(
    r"銀行|信用組合|信用金庫|信金|農協|労働金庫|漁協|(?:支店|出張所|支所)$|(?:支店|支所)本?店?$"
)
# ひまわりの家, あおぞらの会, and not よその家, うちの店.
_KANA_STEM = re.compile(
    r"(?!ほか|うち|よそ|こっち|そっち|もと|となり|むかい|むこう|いま|あと|まわり|みんな|じぶん)[ぁ-ん]{3,}|[ァ-ヴー]{3,}"
)
_SOFT = re.compile(
    r"(?<![ぁ-ん一-龥])((?:[一-龥]{1,2})?(?!この|その|あの|どの|ほかの|ような|という|おなじ|ちかく|きんじょ|となり)[ぁ-ん]{3,8}(?:保育園|幼稚園|こども園|保育所|医院|クリニック|歯科|苑|荘|園|整形外科|整形|薬局|眼科|内科|小児科|こども整形|デイサービス|福祉用具|義肢|工房|学園|の家|作業所|タクシー|ホール|広場|訪看|呉服店))"
)


def find_facilities(
    text: str, tokens: tuple[Token, ...], gazetteer: Gazetteer
) -> tuple[Piece, ...]:
    """Return the proper names of places in the folded text, in order, none overlapping."""
    soft = [Piece(*m.span(1), "facility") for m in _SOFT.finditer(text)]
    found = [*soft, *_known(text, gazetteer), *_ended(text, tokens), *_begun(text, tokens)]
    found = [p for p in found if not _BANK.search(text, p.start, p.end)]
    kept: list[Piece] = []
    for p in sorted(found, key=lambda p: (p.start, -p.end)):
        if kept and p.start < kept[-1].end:
            if p.end > kept[-1].end:
                kept[-1] = Piece(kept[-1].start, p.end, "facility")
        else:
            kept.append(p)
    return tuple(kept)


def _known(text: str, gazetteer: Gazetteer) -> list[Piece]:
    pattern = _pattern_of(gazetteer)
    return [Piece(*m.span(), "facility") for m in pattern.finditer(text)] if pattern else []


@lru_cache(maxsize=64)
def _pattern_of(gazetteer: Gazetteer) -> re.Pattern[str] | None:
    names = sorted(gazetteer.facilities, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, names))) if names else None


def _ended(text: str, tokens: tuple[Token, ...]) -> list[Piece]:
    """Names that end with the word for their kind: 霧ヶ平苑, 飛坂設備工業."""
    found: list[Piece] = []
    place_of = {t.start: i for i, t in enumerate(tokens)}
    for i, token in enumerate(tokens):
        end = _end_word(text, token, place_of)
        if not end or not _may_end(text, tokens, i, end):
            continue
        last = place_of.get(token.end - len(end), i)
        first = last
        while first > 0 and _goes_on_back(tokens, first):
            first -= 1
        while first < last and _is_lead(tokens[first]):
            first += 1
        if _is_proper(tokens[first:last], token, end):
            found.append(Piece(tokens[first].start, token.end, "facility"))
    return found


def _end_word(text: str, token: Token, place_of: dict[int, int]) -> str:
    """Return the longest word for a kind of place that ends with this token."""
    ends = masking_words().lists["facility_end"]
    for size in range(min(9, token.end), 0, -1):
        word = text[token.end - size : token.end]
        if word in ends and (
            token.end - size in place_of or (size > 1 and token.start < token.end - size)
        ):
            return word
    if (
        token.pos[1] == "固有名詞"
        and len(token.surface) > 2
        and token.surface[-1] in "苑園荘寮寺院館屋亭堂"
    ):
        return token.surface[-1]
    return ""


def _may_end(text: str, tokens: tuple[Token, ...], i: int, end: str) -> bool:
    """小, 中 and 高 end a name only where no other noun goes on."""
    if (
        end not in ("小", "中", "高")
        or i + 1 >= len(tokens)
        or tokens[i + 1].start != tokens[i].end
    ):
        return True
    after = tokens[i + 1]
    listed = after.surface in masking_words().lists["title"] or re.match(
        r"PTA|[1-6一二三四五六]年", text[after.start : after.start + 3]
    )
    return (
        after.pos[0] not in ("名詞", "接尾辞", "動詞", "形容詞")
        or after.pos[1] == "固有名詞"
        or bool(listed)
    )


def _goes_on_back(tokens: tuple[Token, ...], first: int) -> bool:
    """Tell whether the token before belongs to the same name."""
    before, here = tokens[first - 1], tokens[first]
    words, s = masking_words(), before.surface
    if s in words.facility_stops or s in words.lists["honorific"] or before.end != here.start:
        return False
    if s in ("ヶ", "ケ", "ノ", "・"):
        return True
    if _STOP.search(s) or (before.pos[2] == "サ変可能" and s not in words.facility_generic):
        return False
    if s == "の":
        return _joined_by_no(tokens, first)
    return before.pos[0] in ("名詞", "接頭辞", "接尾辞", "形状詞", "連体詞", "感動詞") or (
        before.pos[0] in ("副詞", "形容詞", "動詞")
        and len(s) > 1
        and first >= 2
        and tokens[first - 2].pos[0] == "名詞"
        and tokens[first - 2].end == before.start
    )


def _joined_by_no(tokens: tuple[Token, ...], first: int) -> bool:
    """Tell the の of 萩の台 and ひばりの里 from that of 町の病院."""
    here = tokens[first]
    if here.surface in ("中", "家", "会", "店", "寮", "園") and (
        first < 2 or "普通" in could_be(tokens[first - 2].surface)
    ):
        return first >= 2 and bool(_KANA_STEM.fullmatch(tokens[first - 2].surface))
    if (
        first >= 2
        and len(here.surface) == len(tokens[first - 2].surface) == 1
        and re.fullmatch(r"[一-龥]{2}", here.surface + tokens[first - 2].surface)
    ):
        return (
            here.end != tokens[-1].end
            and here.surface not in "家"
            and tokens[first - 2].surface not in "母父妻夫娘姉妹兄弟孫町村市県隣前元今"
        )
    return here.surface[0] in "里家郷丘森杜園会木風" or here.surface in ("はな", "こ", "ほとり")


def _is_lead(token: Token) -> bool:
    return token.surface in masking_words().facility_leads or (
        token.pos[1] == "数詞" and token.surface.isdigit()
    )


def _is_proper(stem: tuple[Token, ...], token: Token, end: str) -> bool:
    """Tell a proper name (丸八水産) from a general word (大きな病院, 町立図書館)."""
    words = masking_words()
    if not stem:
        return (len(token.surface) > len(end) and token.pos[1] == "固有名詞") or end in (
            "日赤",
            "済生会",
        )
    own = [
        t
        for t in stem
        if t.pos[1] != "数詞"
        and t.surface not in words.facility_generic
        and t.surface not in words.lists["facility_start"]
        and t.surface not in words.lists["facility_end"]
    ]
    if not own:
        return False
    named = [
        t
        for t in own
        if t.pos[1] == "固有名詞"
        or {"姓", "名", "人名", "地名", "固有"} & set(could_be(t.surface))
        or (re.fullmatch(r"[ァ-ヴー]{2,}", t.surface) and "普通" not in could_be(t.surface))
    ]
    if end in masking_words().sets["facility_weak"]:
        if end in ("小", "中", "高"):
            named = [t for t in named if not re.fullmatch(r"[ァ-ヴー]+", t.surface)]
        compass = len(stem) > 1 and any(t.surface in ("第", "東", "西", "南", "北") for t in stem)
        kana = any(re.fullmatch(r"[ぁ-んー]{2,}", t.surface) and t.pos[0] != "副詞" for t in own)
        odd = any(
            a.end == b.start
            and len(a.surface) == len(b.surface) == 1
            and not (a.pos[1] == "数詞" and b.pos[1] == "数詞")
            for a, b in pairwise(stem)
        )
        return bool(named) or compass or kana or odd
    return True


def _begun(text: str, tokens: tuple[Token, ...]) -> list[Piece]:
    """Names that follow the word for their kind: グループホーム月見草, スーパーたから屋."""
    found: list[Piece] = []
    place_of = {t.start: i for i, t in enumerate(tokens)}
    words = masking_words()
    for m in _start_pattern().finditer(text):
        at = m.end() + (text[m.end() : m.end() + 1] in " ・「『")
        first = place_of.get(at)
        if first is None or (
            at > m.end() and text[at - 1] == " " and tokens[first].pos[1] != "固有名詞"
        ):
            continue
        last = first
        while last < len(tokens) and last - first < 6 and _goes_on(tokens, first, last):
            last += 1
        name = tokens[first:last]
        own = [
            t
            for t in name
            if t.surface not in words.facility_generic
            and t.surface not in words.lists["facility_end"]
            and t.surface not in words.facility_stops
        ]
        strict = m.group() in words.sets["facility_start_named"]
        if strict and name and could_be(name[0].surface) == ("普通",):
            continue
        if (
            name
            and m.group() in ("A型", "B型")
            and name[0].pos[1] != "固有名詞"
            and "工房" not in name[0].surface
        ):
            continue
        if (
            own
            and own[0] is name[0]
            and own[0].pos[2] != "サ変可能"
            and not re.match(r"\d", name[0].surface)
        ):
            found.append(Piece(m.start(), name[-1].end, "facility"))
    return found


def _goes_on(tokens: tuple[Token, ...], first: int, i: int) -> bool:
    """Tell whether token ``i`` belongs to a name that begins at ``first``."""
    words, token = masking_words(), tokens[i]
    if (i > first and tokens[i - 1].end != token.start) or _STOP.search(token.surface):
        return False
    if token.surface in words.lists["honorific"] or token.surface in words.lists["title"]:
        return False
    if token.surface == "の" and i > first and i + 1 < len(tokens):
        return tokens[i + 1].surface in masking_words().sets["after_no"]
    return token.pos[0] in ("名詞", "接頭辞", "形状詞", "感動詞") or (
        token.pos[0] in ("接尾辞", "副詞", "連体詞") and i > first
    )


@lru_cache(maxsize=1)
def _start_pattern() -> re.Pattern[str]:
    words = "|".join(
        re.escape(w) for w in sorted(masking_words().lists["facility_start"], key=len, reverse=True)
    )
    return re.compile(rf"(?:{words})(?:・?(?:{words}))*")
