"""What stands instead of personal words: a role where the note says one, else 人A, ［電話］ …

One person keeps one word through the note: who is called 長男の健太 once is 長男 wherever 健太
stands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from service.triage.masking.models import Kind
from service.triage.masking.pieces import Piece
from service.triage.masking.words import masking_words
from service.triage.mentions import people_words

_MARKS: Mapping[Kind, str] = {
    "address": "［住所］",
    "phone": "［電話］",
    "email": "［メール］",
    "sns": "［SNS］",
    "birth": "［生年月日］",
    "number": "［番号］",
    "account": "［口座］",
}
_BEFORE = 10  # characters before a name in which its role may stand
_JOIN = re.compile(
    r"(?:の|は|が|:|、|・|\(|「|\s|さん|様|で|\d{1,3}歳の?|\(\d{1,3}歳?\)|=|→){0,3}$"
)
_SUBJECT = re.compile(
    r"(?:対象者|利用者|相談者|患者|申請者|入所者|氏名|本人|名前|届出人|世帯主)[はのがも:\s(]{0,3}$"
)
_CITY = re.compile(
    r"^(?:[一-龥]{2,3}[都道府県])?[一-龥ぁ-んァ-ヴーヶ]{1,6}?[市区町村](?![一-龥]?丁目)"
)


def replacements(
    text: str, pieces: Sequence[Piece], ages: Mapping[int, str], districts: Sequence[str] = ()
) -> tuple[str, ...]:
    """Return what stands instead of each piece, in their order.

    ``ages`` are the ages of birth dates by where they begin in the folded ``text``.
    """
    people = _people(text, [p for p in pieces if p.kind == "name"])
    out: list[str] = []
    for p in pieces:
        words = text[p.start : p.end]
        if p.kind == "name":
            out.append(people[p.start])
        elif p.kind == "facility":
            out.append(_place_word(words))
        elif p.kind == "address":
            out.append(_kept_city(words, districts) + _MARKS["address"])
        elif p.kind == "birth" and ages.get(p.start):
            out.append(f"{_MARKS['birth']}（{ages[p.start]}）")
        else:
            out.append(_MARKS[p.kind])
    return tuple(out)


def _people(text: str, names: Sequence[Piece]) -> dict[int, str]:
    """Return the word for every name by where it begins."""
    role_of: dict[str, str] = {}
    for p in names:
        role, name = _role(text, p), text[p.start : p.end]
        if role and not _known(name, role_of):
            used = sum(r.startswith(role) for r in role_of.values())
            role_of[name] = role if not used else f"{role}{_letter(used)}"
    letters: dict[str, str] = {}
    words: dict[int, str] = {}
    for p in names:
        name = text[p.start : p.end]
        role = _known(name, role_of)
        if not role:
            key = next((k for k in letters if _same(k, name)), name)
            role = letters.setdefault(key, f"人{_letter(len(letters))}")
        words[p.start] = _unless_said(text, p, role)
    return words


def _letter(n: int) -> str:
    return chr(ord("A") + n) if n < 26 else str(n + 1)


def _known(name: str, role_of: Mapping[str, str]) -> str:
    exact = role_of.get(name)
    return exact or next((role for known, role in role_of.items() if _same(known, name)), "")


def _same(a: str, b: str) -> bool:
    """True for 山田 太郎 and 太郎; two who share a surname are two."""
    short, long = sorted((re.sub(r"\s", "", a), re.sub(r"\s", "", b)), key=len)
    return short == long or (len(short) > 1 and long.endswith(short))


def _role(text: str, p: Piece) -> str:
    """Return 長男, 民生委員, 医師 … when the words in front say so.

    A title behind (相談員, 先生) stays and says it itself.
    """
    before = text[max(0, p.start - _BEFORE) : p.start]
    before = before[before.rfind("\n") + 1 :]
    before = before[before.rfind("。") + 1 :]
    if _SUBJECT.search(before):
        return "本人"
    stem = before[: _JOIN.search(before).start()]  # type: ignore[union-attr]  # it can match nothing
    for size in range(min(7, len(stem)), 0, -1):
        kind = people_words().kinds.get(stem[-size:])
        if kind and kind[0] == "role":
            return kind[1]
        if stem[-size:] in masking_words().title_words:
            return masking_words().title_words[stem[-size:]]
    return ""


def _unless_said(text: str, p: Piece, role: str) -> str:
    """Keep 長男の長男 from being written: behind its own role a name becomes 本人の名 or nothing."""
    before = text[max(0, p.start - len(role) - 2) : p.start]
    return "（名前）" if re.search(re.escape(role) + r"[の:\s]{0,2}$", before) else role


def _place_word(words: str) -> str:
    for pattern, word in masking_words().place_words:
        if pattern.search(words):
            return word
    return "町内の事業所"


def _kept_city(words: str, districts: Sequence[str]) -> str:
    """Return the municipality (and the town's own district) that the address begins with."""
    city = _CITY.match(words)
    kept = city.group() if city else ""
    rest = words[len(kept) :].removeprefix("大字").removeprefix("字")
    return kept + next((d for d in districts if d and rest.startswith(d)), "")
