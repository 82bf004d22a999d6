"""Names that their letters give away: グエン・ヴァン・ロイ, りっくん, 希空（のあ）."""

from __future__ import annotations

import re

from service.triage.masking.lexicon import could_be, readings
from service.triage.masking.pieces import Piece
from service.triage.masking.words import masking_words
from service.triage.mentions import people_words

_KANA_NAME = re.compile(r"[ァ-ヴー]+(?:[・=\s][ァ-ヴー]+){1,6}")
_CHILD = re.compile(
    r"(?<![ぁ-んァ-ヴー一-龥])([ぁ-んァ-ヴー]{1,5})(くん|ちゃん|坊(?!や|主))|(?<=[のはが])([ぁ-んァ-ヴー]{1,2}っ)(?:くん|ちゃん)"
)
_READING = re.compile(
    r"(?<![一-龥々])([一-龥々]{1,4})(?:さん|ちゃん|くん|様|君|氏)?\(([ぁ-んァ-ヴー]{2,6})\)"
)


# 金 英愛, 林 美玲: surnames of one letter from abroad, whose given names no dictionary has.
_ABROAD = re.compile(
    r"(?<![一-龥])(?:[王李金朴林張陳劉黄崔鄭姜趙尹呉楊周徐馬朱胡郭羅梁宋許鄧曹韓洪柳権盧])[ 　]([一-龥]{1,2})(?=さん|氏|様|[、。\s()]|$|[がはのとにも])"
)
_KANA_GIVEN = re.compile(
    r"(?<![一-龥])([一-龥々]{2,4}) ([ァ-ヴー]{2,4}|[ぁ-ん]{2,4})(?=[、。\s()]|$|様|さん|氏)"
)
# タマ江, フジ子 (and not バス代)
_OLD_GIVEN = re.compile(r"(?<![ァ-ヴー一-龥])[ァ-ヴー]{2,3}[子江枝恵美](?![一-龥ァ-ヴー])")
_TWO_KANA = re.compile(r"(?<![ァ-ヴー一-龥])([ァ-ヴー]{2})さん(?![ァ-ヴー])")


def _find_shapes(text: str) -> list[Piece]:
    """Return names that their shape tells, without a dictionary."""
    found = [Piece(*m.span(), "name") for m in _OLD_GIVEN.finditer(text)]
    found += [
        Piece(*m.span(), "name") for m in _ABROAD.finditer(text) if could_be(m[1]) != ("普通",)
    ]
    plain = masking_words().not_names
    for m in _KANA_GIVEN.finditer(text):
        known = could_be(m[2])
        listed = any(m[2] in words for words in masking_words().lists.values())
        if "姓" in could_be(m[1]) and m[2] not in plain and not listed and known != ("普通",):
            found.append(Piece(*m.span(), "name"))
    for m in _TWO_KANA.finditer(text):
        if m[1] not in plain and m[1] + "さん" not in people_words().kinds:
            found.append(Piece(*m.span(1), "name"))
    return found


def find_by_letters(text: str) -> list[Piece]:
    """Return names that their letters and what is beside them give away, however Sudachi cuts."""
    found = _find_shapes(text)
    for m in _CHILD.finditer(text):
        group = 1 if m[1] else 3
        if m[group] not in masking_words().not_names and m.group() not in people_words().kinds:
            found.append(Piece(*m.span(group), "name"))
    for m in _READING.finditer(text):
        known = set(could_be(m[1]))
        if (
            (known & {"姓", "名", "人名"} or not known or m[2] not in readings(m[1]))
            and m[2] not in masking_words().not_names
            and m[1] not in masking_words().not_names
        ):
            found += [Piece(*m.span(1), "name"), Piece(*m.span(2), "name")]
    for m in _KANA_NAME.finditer(text):
        if _is_kana_name(m.group(), text[m.end() : m.end() + 2]):
            found.append(Piece(*m.span(), "name"))
    return found


def _is_kana_name(word: str, after: str) -> bool:
    """Tell グエン・ヴァン・ロイ from デイ・ショート."""
    parts = re.split(r"[・=\s]", word)
    if any(
        p in masking_words().lists["facility_start"] or p in masking_words().not_names
        for p in parts
    ):
        return False
    kinds = [set(could_be(p)) for p in parts]
    honored = re.match(r"さん|様|氏|君", after) is not None
    if " " not in word and (honored or sum(not k for k in kinds) * 3 >= len(parts)):
        return True
    named = sum(bool({"姓", "名", "人名"} & k) for k in kinds)
    plain = sum(k == {"普通"} for k in kinds)
    if " " in word:
        return named == len(parts) or (named > 0 and after[:1] in ("さ", "様", "氏", "く", "ち"))
    return (named > 0 and plain < len(parts) - named + 1) or (plain == 0 and len(parts) > 1)
