"""Names as people say their own: 「林です」, 「下の名前はゆめか」, 「娘の心音（ここね）」."""

from __future__ import annotations

import re
from collections.abc import Iterator

from service.triage.masking.lexicon import could_be
from service.triage.masking.pieces import Piece
from service.triage.masking.words import masking_words
from service.triage.mentions import people_words

_NAME = r"([一-龥々ぁ-んァ-ヴー]{1,7}?(?:\s?[一-龥々ぁ-んァ-ヴー]{1,6}?)?)"
_I = r"(?:わたし|私|わたくし|あたし|あだし|おれ|俺|おら|わし|ぼく|僕|うち|こちら|自分)"
_SAYS = r"(?:です|っす|デス|だけど|やけど|だよ|だが|だげん|ですが|ですけど|と(?:いい|言い|申し|もうし)|って(?:いい|言い|いう|言う|申し|ん)|ともうします)"
_OPENING = re.compile(
    rf"(?:^|[\n。「/])\s?(?:あの[なうー、。\s]*|ええと、?|もしもし、?|はい、?)?(?:{_I}[、はが\s]{{0,2}})?{_NAME}{_SAYS}"
)
_I_AM = re.compile(rf"{_I}[、\s]{{1,2}}{_NAME}(?=[、。\s(]|{_SAYS})")
_NAMED = re.compile(
    rf"(?:下の名前|名前|なまえ|名字|苗字|みょうじ|旧姓|読み|よみ|名義人?|口座名義)(?:は|が|:|\?|。|、|の)?\s?「?{_NAME}(?=[。、」()\s]|$|{_SAYS}|で(?!き)|に)"
)
_CALLED = re.compile(r"([一-龥々ぁ-んァ-ヴー]{2,6})って(?:いう|言う|いいます|いうん)")
_KIN_READING = re.compile(r"(?:の|[はが、(])([一-龥々]{1,4})\(([ぁ-んァ-ヴー]{2,6})\)")
_ELDER = re.compile(
    r"(?<![ァ-ヴー])([ァ-ヴー]{2,4})(?:ばあ|じい|婆|爺|ママ|やん)|(?<![ァ-ヴー])([ァ-ヴー]{2,6}(?: [ァ-ヴー]{2,6})?) デス"
)
_NOT = re.compile(
    r"^(?:は|が|の|を|に|と|で|も|や|か|よ|ね|な|お|ご|この|その|あの|それ|これ|ここ|どこ|なに|何|今|いま|わから|言|書|知|ありま|ない|いえ)|(?:ない|たい|ます|です|こと|もの|ところ|とき|さん|まま|だけ|ほど|って)$"
)


def find_spoken(text: str) -> Iterator[Piece]:
    """Yield the names that people give as their own or their family's."""
    for m in _OPENING.finditer(text):
        if _is_surname(m[1]):
            yield Piece(*m.span(1), "name")
    for pattern in (_I_AM, _NAMED, _CALLED):
        for m in pattern.finditer(text):
            if _may_be_name(m[1]):
                yield Piece(*m.span(1), "name")
    for m in _KIN_READING.finditer(text):
        before = text[max(0, m.start() - 3) : m.start()]
        if any(
            before.endswith(w)
            for w in (
                "娘",
                "息子",
                "子",
                "孫",
                "男",
                "女",
                "弟",
                "妹",
                "妻",
                "夫",
                "児",
                "むすめ",
                "むすこ",
                "まご",
            )
        ):
            yield Piece(*m.span(1), "name")
            yield Piece(*m.span(2), "name")
    for m in _ELDER.finditer(text):
        group = 1 if m[1] else 2
        if "普通" not in could_be(m[group]) and m[group] not in masking_words().not_names:
            yield Piece(*m.span(group), "name")


def _is_surname(word: str) -> bool:
    parts = word.split()
    named = [bool({"姓", "名", "人名"} & set(could_be(p))) for p in parts]
    if not parts or word in masking_words().not_names or word in people_words().kinds:
        return False
    if re.fullmatch(r"[ぁ-ん ]+", word):
        return all("普通" not in could_be(p) for p in parts) and any(named)
    return all(named) and not re.search(r"[ぁ-ん]{2,}", parts[0])


def _may_be_name(word: str) -> bool:
    if word in masking_words().not_names or word in people_words().kinds or _NOT.search(word):
        return False
    parts = word.split()
    known = [set(could_be(p)) for p in parts]
    if not all(
        re.fullmatch(r"[一-龥々]+|[ぁ-んー]+|[ァ-ヴー]+|[一-龥々][ぁ-んァ-ヴー]{1,2}", p)
        for p in parts
    ):
        return False
    if re.search(r"[ぁ-ん]", word) and all("普通" in k or not k for k in known):
        return bool(known) and len(word) <= 4 and all(not k for k in known)
    if any({"姓", "名", "人名"} & k for k in known):
        return True
    return all(not k for k in known) and len(word) <= 6
