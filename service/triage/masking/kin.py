"""Names right behind a word for kin, without の: 兄洋一、弟洋二, 母栞（平2生）."""

from __future__ import annotations

import re
from functools import lru_cache

from index.text import Token
from service.triage.masking.lexicon import could_be
from service.triage.masking.pieces import Piece
from service.triage.masking.words import masking_words
from service.triage.mentions import people_words

_KIN = r"(?:長男|長女|[次二三四五][男女]|祖父|祖母|義父|義母|養父|養母|叔父|叔母|伯父|伯母|息子|父|母|兄|姉|弟|妹|夫|妻|子|孫|娘|甥|姪|婿|嫁|本人)"
_DATE = r"\s?(?:[SHTRMshtrm]\.?\s?\d|[昭平令大明](?:和|成|治|正)?\s?[\d元一二三四五六七八九十]|(?:19|20)\d\d|\d{1,3}\s?(?:歳|才))"
_AFTER_KIN = re.compile(
    rf"(?<![一-龥])({_KIN})[:\s(「・]{{0,2}}([一-龥々]{{1,3}}|[ぁ-ん]{{2,3}}|[ァ-ヴー]{{2,5}})(?=(?P<sure>\s?\(|{_DATE})|(?P<list>[、・])|[。\s]|$|は|が|の|も|と|で(?!き))"
)


def find_kin(text: str) -> list[Piece]:
    """Return the given names that stand right behind a word for kin."""
    found: list[Piece] = []
    for m in _AFTER_KIN.finditer(text):
        if m.end(1) < m.start(2) and m["sure"] is None:
            continue
        known = set(could_be(m[2]))
        if set(could_be(m[1] + m[2])) & {"普通"} or m[2] in masking_words().not_names:
            continue
        named = bool(known & {"名", "人名"})
        kanji = re.match(r"[一-龥]", m[2]) is not None
        sure = m["sure"] is not None
        plain = "普通" in known
        if (named and (not plain or ((sure or m["list"]) and kanji))) or (
            not known and sure and len(m[2]) >= 2 and (kanji or len(m[2]) > 2)
        ):
            found.append(Piece(*m.span(2), "name"))
    return found


# 紺（小1）, ひな（R2.7.16生）, PT柊, 西相談員, 堤という人
_AGED = re.compile(
    r"((?<![一-龥々])[一-龥々]{1,3}|(?<![一-龥ぁ-んァ-ヴー])(?:[ぁ-ん]{2,4}|[ァ-ヴー]{2,5}))(?=\((?:[小中高][1-6]|年[長中少]|\d{1,3}(?:歳|才|か月)|[SHRT]\d|(?:娘|息子|妻|夫|母|父|長男|長女|次男|次女|兄|姉|弟|妹|孫|嫁|甥|姪|祖母|祖父|本人|子)\)))"
)
_STAFF = re.compile(
    r"(?<![A-Za-z])(?:PT|OT|ST|CM|CW|SW|Ns|NS|Dr|MSW|PSW|SSW|SC)\s?([一-龥々]{1,3})(?=[、。\s)・/(:]|$|[がはのにへと]|より|から)"
)
_CALLED = re.compile(
    r"([一-龥々]{1,4})(?:と|って)(?:いう|言う|名乗る)(?:人|方|男|女|者|おじ|おば|お宅)"
)
_KNOWN_AS = ("姓", "名", "人名")


def find_beside(text: str) -> list[Piece]:
    """Return names that an age, a staff title or 「という人」 beside them gives away."""
    found: list[Piece] = []
    for pattern in (_AGED, _STAFF, _CALLED, _titled()):
        for m in pattern.finditer(text):
            word, known = m[1], set(could_be(m[1]))
            if word in masking_words().not_names or word in people_words().kinds:
                continue
            leads = masking_words().facility_leads | masking_words().facility_generic
            if word in leads or not known & set(_KNOWN_AS):
                continue
            if pattern is _AGED or "姓" in known:
                found.append(Piece(*m.span(1), "name"))
    return found


@lru_cache(maxsize=1)
def _titled() -> re.Pattern[str]:
    titles = sorted(
        (t for t in masking_words().lists["title"] if len(t) > 1 and not t.isascii()), key=len
    )
    return re.compile(rf"(?<![一-龥々])([一-龥々]{{1,3}}?)(?:{'|'.join(reversed(titles))})")


def find_certain(tokens: tuple[Token, ...]) -> list[Piece]:
    """Return the words read as names of people that the dictionary has as nothing else."""
    found: list[Piece] = []
    for t in tokens:
        if t.pos[1:3] != ("固有名詞", "人名") or len(t.surface) < 2:
            continue
        if t.surface in masking_words().not_names:
            continue
        if re.fullmatch(r"[一-龥々]{2,}", t.surface) and set(could_be(t.surface)) <= {
            "姓",
            "名",
            "人名",
        }:
            found.append(Piece(t.start, t.end, "name"))
    return found
