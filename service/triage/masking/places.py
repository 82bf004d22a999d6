"""Facilities that only what is said about them gives away: ヤマキでパート, デイはゆうづる, 緑病で検査.

The name of a firm, a day centre or a ward need not end with a word for its kind.
"""

from __future__ import annotations

import re

from index.text import Token
from service.triage.masking.lexicon import could_be
from service.triage.masking.pieces import Piece
from service.triage.masking.words import masking_words
from service.triage.mentions import people_words

_HEADING = re.compile(
    r"(?:勤務先|勤め先|勤め|職場|就職先|就労先|派遣先|派遣元|会社名|会社|雇用主|雇主|通院先|通所先|通園先|通学先|入所先|入院先|利用先|在籍校|在籍園|学校名|園名|事業所名|施設名|実習先|転院先|紹介先|かかりつけ|デイケア|デイ|ショート|放デイ|作業所|ヘルパー|訪看|居宅|児発|初診)"
    r"(?:は|が|:|=|→|\s(?=[ァ-ヴ])){1,2}\s?[「『]?"
)
# デイはゆうづるが週2, 放デイは「ぽっけ」, 園はつくし（年長）
_KANA_PLACE = re.compile(
    r"(?:デイケア|デイ|ショート|作業所|保育園|学童|児発|訪看|居宅|施設|入所先|利用先|通所先|園)(?:は|が|:|「|『){1,2}([ァ-ヴー]{2,8}|[ぁ-ん]{3,8})"
    r"(?=[」』(]|が?週\s?\d|、?送迎|に(?:通|週)|を利用|と(?:ショート|訪看|デイ))"
)
_USED = re.compile(
    r"[」』]?(?:に|へ)(?:通所|通院|入所|入院|入居|通園|通学|勤務|在籍|転院|就職|入社|通って|通い|通う|通わ|勤め|預け)"
    r"|[」』]?で(?:働|パート|バイト|アルバイト|勤務|正社員|透析|受診|リハビリ)|[」』]?を(?:退職|辞め|やめ|クビ|解雇|中退|退院|退所)"
    r"|[」』]?(?:勤務(?!先)|に勤続|通所中|入所中|入居中|から離職票)|の(?:夜勤|日勤|社長|パート|離職票)"
)
_ABBREVIATED = re.compile(
    r"(?<![一-龥ァ-ヴ])([一-龥]{1,2}病)(?=で|に(?:入|通|転)|へ|から|受診|通院|外来|の(?:外来|医師|先生|泌尿|内科|外科|精神|整形|主治|MSW|相談)|[。、\s]|$)"
)
_SCHOOL = re.compile(
    r"(?<![一-龥ァ-ヴ々])([一-龥々ァ-ヴヶツノ]{1,5})([小中高幼])(?=\s?[1-6一二三]\s?(?:年|-\d)|中退|卒業?|PTA|校長|教頭|在学|入学"
    r"|の(?:校長|教頭|担任|先生|園長|養護|[\w]{1,4}(?:校長|教頭|先生|園長))|(?:に|へ)(?:通|在|転校|入学|進学)|を(?:中退|卒業|休)|(?P<bare>[。、\s)]|$|の|に|へ|より|から))"
)
_MOST = 4  # words of a name
_NOT_SCHOOL = re.compile(
    r"[同本当各母全他年最途大小中高夜途]|.*[県市町村国私公]立|中|.*(?:在学|入院|療養)"
)


def find_by_use(text: str, tokens: tuple[Token, ...]) -> list[Piece]:
    """Return the proper names that headings, verbs of use and school years point at."""
    at, ends = {t.start: i for i, t in enumerate(tokens)}, {t.end: i for i, t in enumerate(tokens)}
    found: list[Piece] = []
    for m in _HEADING.finditer(text):
        if m.end() in at:
            last = first = at[m.end()]
            while last < len(tokens) and last - first < _MOST and _goes_on(tokens, last, first):
                last += 1
            found += _named(text, tokens[first:last])
    for m in _KANA_PLACE.finditer(text):
        if "普通" not in could_be(m[1]):
            found.append(Piece(*m.span(1), "facility"))
    for m in _USED.finditer(text):
        if m.start() in ends:
            first = last = ends[m.start()] + 1
            while first > 0 and last - first < _MOST and _comes_before(tokens, first, last):
                first -= 1
            found += _named(text, tokens[first:last])
    return [*found, *_short(text)]


def _goes_on(tokens: tuple[Token, ...], i: int, first: int) -> bool:
    return _is_noun(tokens[i]) and (i == first or tokens[i - 1].end == tokens[i].start)


def _comes_before(tokens: tuple[Token, ...], first: int, last: int) -> bool:
    near = first == last or tokens[first - 1].end == tokens[first].start
    return near and _is_noun(tokens[first - 1])


def _is_noun(token: Token) -> bool:
    return token.pos[0] in ("名詞", "接尾辞", "接頭辞") and token.pos[1] != "数詞"


def _named(text: str, run: tuple[Token, ...]) -> list[Piece]:
    """Return the run as a name when its first word can be no plain word."""
    words = masking_words()
    while run and (
        run[0].surface in words.facility_leads
        or run[0].surface in words.facility_stops
        or run[0].surface in people_words().kinds
    ):
        run = run[1:]
    if not run or sum(len(t.surface) for t in run) < 2:
        return []
    head, whole = run[0].surface, text[run[0].start : run[-1].end]
    known = set(could_be(head))
    generic = head in words.facility_generic or head in words.not_names
    if generic or "普通" in known or "普通" in could_be(whole) or re.search(r"\d", whole):
        return []
    if len(run) == 1:
        strange = not known and bool(re.fullmatch(r"[ァ-ヴー]{2,}", head))
        return [Piece(run[0].start, run[0].end, "facility")] if strange or known == {"固有"} else []
    if run[-1].surface in words.lists["honorific"] | words.lists["title"]:
        return []
    if run[-1].surface[-1] in "市町村県区郡駅島方面内外側" or run[-1].pos[1] == "固有名詞":
        return []
    return [Piece(run[0].start, run[-1].end, "facility")]


def _short(text: str) -> list[Piece]:
    """Return 緑病 and 三ツ葉小, which no dictionary knows as a word."""
    found = [
        Piece(*m.span(1), "facility")
        for m in _ABBREVIATED.finditer(text)
        if not could_be(m[1])
        and "普通" not in could_be(m[1][:-1] + "病院")
        and not re.match(r"[一-龥]?(?:総|精|大|専|同|当|他|本|[県市町]立?)", m[1])
    ]
    for m in _SCHOOL.finditer(text):
        stem, known = m[1], set(could_be(m[1]))
        if could_be(m[1] + m[2]) or _NOT_SCHOOL.fullmatch(stem):
            continue
        numbered = re.fullmatch(r"[一二三四五六七八九東西南北]", stem) is not None
        if m["bare"] is not None and not numbered:
            continue
        if known != {"普通"} or numbered or m[2] != "中":
            found.append(Piece(m.start(1), m.end(2), "facility"))
    return found
