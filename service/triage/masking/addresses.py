"""Addresses more exact than municipality and district, by their grammar.

都道府県 → 市区町村 → 大字・字 → 丁目・番地・号 → building, 棟 and room.  A district alone is no
address; what makes one is a number, a 字 or a room.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from service.triage.masking.pieces import Piece
from service.triage.masking.words import masking_words

_K = "一-龥々ヶケヵノ之"
_NUM = r"(?:\d{1,5}|[一二三四五六七八九十百千〇]{1,6})"
_STEP = r"(?:丁目の?|番地の?|番の?|号の?|地割|条|線|[-ー−ノの])"
_TAIL = rf"(?:第\s?)?{_NUM}(?:{_STEP}\s?{_NUM}(?!月|年|円|時|万|人))*(?:{_STEP}(?<!の))?(?:の?{_NUM}(?=$|[\s、。)」に]))?(?:の?[甲乙丙イロハ](?![{_K}ァ-ヴ]))?(?:地内|内(?![科線容]))?"
_HAMLET = rf"(?:大字|小字|字)(?:[{_K}]|[ぁ-んァ-ヴー](?![にへでをがは]))"
_NAME = r"[一-龥々ァ-ヴーA-Za-zぁ-ん・ヶ]"


def find_addresses(text: str) -> tuple[Piece, ...]:
    """Return the addresses of the folded text, in order, none overlapping."""
    found: list[Piece] = []
    for begin, end in sorted(_candidates(text), key=lambda p: (p[0], -p[1])):
        start = _trim(text, begin, end)
        if found and start <= found[-1].end + 1 and not text[found[-1].end : start].strip():
            if end > found[-1].end:
                found[-1] = Piece(found[-1].start, end, "address")
            continue
        found.append(Piece(start, end, "address"))
    return tuple(found)


def _candidates(text: str) -> Iterator[tuple[int, int]]:
    for pattern in _patterns():
        for m in pattern.finditer(text):
            if m.re.groupindex.get("house") and not _is_room(m["house"], m["room"]):
                continue
            start = _back(text, m.start())
            stem = text[start : m.start()] if m.re.groupindex.get("bare") else "大字"
            if _is_place(stem):
                yield start, _on(text, m.end())


def _patterns() -> tuple[re.Pattern[str], ...]:
    return _PATTERNS


_BUILDING = (
    r"荘|寮|ハイツ|コーポ(?:ラス)?|メゾン|マンション|アパート|団地|住宅|レジデンス|ハイム|ヴィラ|コート|パレス|ビル|フラット|シャトー|エステート|"
    r"タウン|プラザ|ガーデン|テラス|カーサ|ドミール|リバーサイド|ロイヤル|サンハイツ|長屋|社宅|官舎|下宿|貸家|ヴィレッジ|ビレッジ|ルミエール|エクセル|アネックス|ハウス"
)
_ROOM = r"(?:[A-Za-zＡ-Ｚ東西南北]|第?\d{1,2}|[一二三四五六七八九十]{1,2})?\s?(?:号?棟|号館)?\s?(?:の|[-ー])?\s?(?:\d{1,2}[-ー][A-Z]|[A-Za-z]?\s?[-ー]?\s?\d{1,4}|[一二三四五六七八九十〇]{1,4})(?:\s?(?:号室|号棟|号|室|棟|階[東西南北左右奥]?)(?:の?\s?\d{1,4}(?:号室?|室)?)?)?"
# A building's own name: letters of one kind, so that no running text is taken in.
_STEM = r"(?:[一-龥々ヶ]{1,8}|[ァ-ヴー・A-Za-z]{2,12}|(?<![ぁ-ん])[ぁ-ん]{2,5}(?:[ヶが][一-龥])?|(?<=[一-龥])の[一-龥]){0,3}"
_WORD = r"[一-龥々ァ-ヴーA-Za-z・]{1,8}|[ぁ-ん]{2,6}(?=\s?(?:\d{3}|\d{1,2}(?:号|棟|室|-\d)))|\s[ァ-ヴー・]{2,10}(?=\s?[A-Z]?\d{2})"
_PATTERNS = (
    re.compile(r"[A-Z][a-z]+(?:-?(?:cho|machi|shi|ku|gun|ken|dori|mura|dai))(?:[ ,]+[A-Za-z0-9-]+){1,8}"),
    re.compile(r"(?:[ァ-ヴー]{1,8}(?:チョウ|マチ|シ|ムラ|グン|ケン)\s)(?:[ァ-ヴー]{2,10}\s){0,3}\d+(?:[-ー]\d+)*|[ァ-ヴー]{2,10}\s\d+-\d+-\d+"),
    re.compile(r"[ぁ-んァ-ヴー一-龥]{2,8}\s?(?:ニュータウン|だんち|あぱーと|そう|はいつ)?\s?\d{1,4}\s?(?:ちょうめ|ばんち|ごうとう|ごうしつ|ごうかん)(?:\s?の?\s?\d{1,4}(?:ばんち|ばん|ごうしつ|ごう|-\d+)*){0,3}"),
    re.compile(r"〒\s?\d{3}-\d{4}|(?<![\d-])\d{3}-\d{4}(?=\s?[一-龥]{1,6}[都道府県市区町村郡])"),
    re.compile(rf"(?:大字|小字)[{_K}ぁ-んァ-ヴー]{{1,4}}?(?:[{_K}]{{0,6}})(?:字[{_K}ぁ-んァ-ヴー]{{1,6}}?)?(?:\s?{_TAIL}|(?=[にへでをがはの、。)\s」]|$))"),
    re.compile(rf"(?<![文数漢赤黒名活苗大小の])字(?!違|数|体|幕|が|は|を|も|の|で|に|ら|余|句|面)[{_K}ぁ-んァ-ヴー]{{1,8}}?(?:の)?{_TAIL}"),
    re.compile(rf"(?<=[町村目市区])字[{_K}]{{2,6}}"),
    re.compile(r"(?P<bare>)(?<=[市区町村郡台丘沢平原野田川谷山浜島森崎坂字里郷下上])\d{3,4}(?=$|[\s、。)」]|へ|に|の[^\d])"),
    re.compile(r"(?P<bare5>)(?P<bare>)(?<=[町目台丘沢平原野田川谷山浜島森崎坂字里郷通])[一二三四五六七八九十百]{1,4}(?:[のノ][一二三四五六七八九十百]{1,4}){1,3}(?![一-龥])"),
    re.compile(rf"(?P<bare>){_NUM}番\d+|同\s?(?:所|町|字|番地)?\s?{_NUM}番地?(?:の?\d+)?(?:[-ー]\d+)*|同(?:所|番地)(?:の?\d+)+"),
    re.compile(rf"(?P<bare>){_NUM}丁目(?:の?{_TAIL})?"),
    re.compile(rf"(?P<bare>){_NUM}番地(?:の?{_TAIL})?(?:[-ー]\d+)*[甲乙丙イロハ]?|(?P<bare2>){_NUM}番地?{_NUM}号(?!室)"),
    re.compile(r"(?P<bare>)(?<![\d.,/:-])(?!0\d+-\d+-\d{4})(?!\d{2,4}-\d{4}(?!\d))\d{1,4}(?:[-ー]\d{1,4}){1,4}(?![\d/:.]|-\d|年|月|日|円|時|人|回|mm|%|万|千|割|枚|本|件|名|歳|才|か月|ヶ月|週|泊|分|点|級|度)"),
    re.compile(r"(?P<bare>)(?<![\d.,/:-])\d{1,4}の\d{1,4}(?:の\d{1,4})?(?![\d/:.]|年|月|円|時|人|回|割|か|ヶ|つ)"),
    re.compile(rf"(?P<house>(?:第[\d一二三四五六七八九十]\s?)?{_STEM}(?:{_BUILDING})(?:{_WORD})?\s?(?:の)?(?P<room>{_ROOM}))(?!\s?(?:円|万|歳|人|年|か月|月|日|世帯|分|時|畳|戸|件|軒|匹|%|つ|名|回|部屋|台|割|LDK|DK))"),
    re.compile(r"(?P<bare>)第?\d{1,3}地割\s?\d+(?:[-ー]\d+|番地?(?:の?\d+)?)*|(?P<bare3>)\d{1,3}区\s?\d+番地?(?:の?\d+)?"),
    re.compile(r"[東西南北]\s?[\d一二三四五六七八九十]{1,3}条(?:[東西南北]\s?[\d一二三四五六七八九十]{1,3}(?:丁目)?)?(?:\s?\d+番地?)?(?:[-ー]\d+)*|[東西南北]?[一二三四五六七八九十]番丁\s?\d*(?:番地)?(?:[-ー]\d+)*"),
    re.compile(rf"(?P<bare>)(?<=[{_K}])\s?[甲乙丙イロハ]\s?の?\s?\d{{1,5}}(?:番地?)?(?:の?\d+)?(?![\d型科類種級])|(?P<bare4>)(?<=[{_K}])[一二三四五六七八九十]{{1,3}}ノ[一二三四五六七八九十]{{1,3}}"),
    re.compile(r"(?P<bare>)(?!11[089]|18[89])\d{3,5}番(?=[のにへでを、。\s)]|$)"),
    re.compile(r"(?P<bare>)(?:[A-Z]|\d{1,2})号?棟\s?[-ー]?\s?\d{1,4}(?:号室?|室)?|\d{1,2}号棟\s?\d{3}"),
)  # fmt: skip


_KANA_PLACE = re.compile(r"(?:^|[町村市区\s、。「(:はの])([ぁ-んァ-ヴー]{2,5})$")


_GENERIC = re.compile(
    rf"(?:[町市県公村国都道]営|公営|社員|教職員|教員|雇用促進|木造|同|独身|学生|女子|男子|母子|災害|復興|仮設|[一-龥]協)?(?:{_BUILDING})"
)


def _is_room(house: str, room: str) -> bool:
    """Tell 栄団地4-502 from 町営住宅の4階 and 寮も一つ: a house without a name needs its room."""
    if re.fullmatch(r"[一二三四五六七八九十〇百]+", room.strip()):
        return False
    stem = house[: len(house) - len(room)].strip().removesuffix("の")
    if _GENERIC.fullmatch(stem):
        return bool(re.search(r"\d{3}|\d\s?[-ー棟号]|[号棟室]", room)) and "階" not in room
    return True


def _back(text: str, at: int) -> int:
    """Walk back over the place names in front."""
    m = re.search(
        rf"(?:[ぁ-んァ-ヴー]{{2,6}}(?=[市町村郡区県]))?(?:[{_K}]|(?<=[{_K}])の(?=[{_K}])|(?<=[{_K}])[がつケ](?=[{_K}]))*(?:通り|(?<=[町村市区郡字])[ぁ-んァ-ヴー]{{2,6}})?\s?$",
        text[max(0, at - 24) : at],
    )
    start = max(0, at - 24) + (m.start() if m else 0)
    if not m or not m.group().strip():
        return at
    kana = (
        _KANA_PLACE.search(text[max(0, start - 9) : start]) if len(m.group().strip()) <= 2 else None
    )
    if not kana:
        return start
    city = re.search(r"[一-龥々ヶ]{1,6}$", text[: start - len(kana[1])][-6:])
    return (
        start - len(kana[1]) - (len(city.group()) if city and kana.group()[0] in "町村市区" else 0)
    )


def _on(text: str, at: int) -> int:
    """Walk on over a building and its room behind the number."""
    m = re.compile(
        rf"\s?(?:の|\()?(?:第[\d一二三四五六七八九十]\s?)?{_NAME}{{0,12}}(?:{_BUILDING}){_NAME}{{0,8}}?\s?(?:の)?{_ROOM}(?!\s?(?:円|万|歳|人|年|月|日))"
        rf"|\s?[ァ-ヴーA-Za-z一-龥・]{{2,14}}\s?[A-Z]?-?\d{{3}}(?:号室?|室)?(?!\d|円|万|人|番|-)|\s?[A-Z]?-?\d{{1,4}}号室"
        rf"|\s?{_NAME}{{1,8}}(?:荘|寮|アパート|マンション|団地|住宅)(?![一-龥])"
    ).match(text, at)
    at = m.end() if m else at
    more = re.compile(rf"(?:[、,]\s?(?:同\s?)?{_NUM}番地?(?:の?\d+)?)+").match(text, at)
    return more.end() if more else at


def _trim(text: str, start: int, end: int) -> int:
    """Leave out a heading or a person in front of the place: 住所, 様, 送付先."""
    m = re.match(rf"(?:.*(?:{masking_words().address_heads}))(?=.{{2}})", text[start:end])
    return start + m.end() if m else start


def _is_place(stem: str) -> bool:
    """Tell whether the words before a number may be a place."""
    stem = stem.strip()
    return len(stem) >= 2 and not re.search(masking_words().not_places, stem)
