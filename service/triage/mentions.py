"""Person words of a note (母, 長男, 女性 …), before ages and people are made of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import yaml

from index.text import Token
from service.triage.ages import Age, AgeWords

Gender = Literal["male", "female", "unknown"]
WordKind = Literal["role", "first_person", "couple", "outside", "gender"]
_WORDS_FILE = Path(__file__).with_name("people.yaml")
TITLE = r"(?:さん|ちゃん|様|さま|くん|君|氏|たち)?"
_GONE = re.compile(
    TITLE + r"[はがをもとに、]{0,2}(?:[^。、\n]{0,6})?"
    r"(?:亡くな(?!りそう)|亡くし|他界|死去|死亡|死別|病死|先立たれ|逝去|を看取|を見送|\(享年)"
)
_GONE_BEFORE = re.compile(r"(?:亡くなった|亡き|死んだ|死別した|故|享年.{1,4}の)$")
_REPORTS = re.compile(
    TITLE + r"(?:より|から(?:の?相談|電話|連絡|、|。|$)|が来所|来所|です。|と来所)"
)

_SEX_OF: dict[str, Gender] = {"男": "male", "♂": "male", "女": "female", "♀": "female"}
_MARK_AFTER = re.compile(r"\(?([♂♀])\)?|\(([男女])(?:子|児|性)?\)|([男女])(?:子|児)")
# 子なし, ママはいない: nobody
_NOBODY = re.compile(
    TITLE
    + r"(?:は|が|も)?\s?(?:なし|無し|いない(?![とか])|いません|おりません|おらず|おらん(?![とか]))"
)


@dataclass(frozen=True, slots=True)
class PeopleWords:
    """The tables of people.yaml, and one pattern over all person words."""

    pattern: re.Pattern[str]
    kinds: dict[str, tuple[WordKind, str]]
    gender_of: dict[str, Gender]
    couples: dict[str, list[str]]
    several: frozenset[str]
    elders: frozenset[str]
    children: frozenset[str]
    young: frozenset[str]
    child_words: frozenset[str]
    not_people: re.Pattern[str]
    ages: AgeWords


@dataclass(frozen=True, slots=True)
class Mention:
    """One person word or age, or both once linked; offsets are in the normalised text."""

    start: int
    end: int
    role: str = ""
    gender: Gender = "unknown"
    age: Age | None = None
    is_child_word: bool = False
    kind: WordKind = "role"
    reports: bool = False


@lru_cache(maxsize=1)
def people_words() -> PeopleWords:
    """Read people.yaml once."""
    data: dict[str, Any] = yaml.safe_load(_WORDS_FILE.read_text(encoding="utf-8"))
    kinds: dict[str, tuple[WordKind, str]] = {}
    for gender, words in data["genders"].items():
        kinds |= dict.fromkeys(words, ("gender", gender))
    kinds |= dict.fromkeys(data["outside"], ("outside", ""))
    kinds |= dict.fromkeys(data["first_person"], ("first_person", "本人"))
    kinds |= {word: ("couple", word) for word in data["couples"]}
    genders: dict[str, Gender] = {}
    for role, row in data["roles"].items():
        kinds |= dict.fromkeys(row["words"], ("role", role))
        genders |= dict.fromkeys((role, *row["words"]), row["gender"])
    for row in data["gendered_words"]:
        kinds[row["word"]] = ("role", row["role"])
        genders[row["word"]] = row["gender"]
    return PeopleWords(
        pattern=_any_of(kinds),
        kinds=kinds,
        gender_of=genders,
        couples=data["couples"],
        several=frozenset(data["several"]),
        elders=frozenset(data["elders"]),
        children=frozenset(data["children"]),
        young=frozenset([*data["children"], *data["young"]]),
        child_words=frozenset(data["child_words"]),
        not_people=_any_of(data["not_people"]),
        ages=AgeWords(data["eras"], data["grades"], data["stages"]),
    )


def _any_of(words: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(w) for w in sorted(words, key=len, reverse=True)))


def person_words(text: str, tokens: tuple[Token, ...], words: PeopleWords) -> tuple[Mention, ...]:
    """Person words that begin and end where a Sudachi word does (so not the 子 of 様子)."""
    starts, ends = {t.start for t in tokens}, {t.end for t in tokens}
    skipped = [m.span() for m in words.not_people.finditer(text)]
    found: list[Mention] = []
    for m in words.pattern.finditer(text):
        if found and m.start() < found[-1].end:  # the 女 of 孫(女)
            continue
        kind, value = words.kinds[m.group()]
        if not _stands_alone(text, m, kind, value in words.children, starts, ends):
            continue
        if any(s <= m.start() and m.end() <= e for s, e in skipped):
            continue
        reports = _REPORTS.match(text, m.end()) is not None
        if kind == "gender":
            child = m.group() in words.child_words
            found.append(Mention(*m.span(), "", _gender(value), None, child, kind))
        elif kind == "role" and (marked := _with_mark(text, m, value, words, reports)):
            found.append(marked)
        elif kind != "role" or not (
            _is_gone(text, *m.span())
            or (value not in ("母", "父", "親") and _NOBODY.match(text, m.end()))
        ):
            gender = words.gender_of.get(m.group(), "unknown")
            found.append(Mention(*m.span(), value, gender, None, False, kind, reports))
    return tuple(found)


def _with_mark(
    text: str, m: re.Match[str], role: str, words: PeopleWords, reports: bool
) -> Mention | None:
    """Return the mention with the gender beside a word that names none: 孫(男), ♂孫, ひ孫女子."""
    if words.gender_of.get(m.group(), "unknown") != "unknown":
        return None
    after = _MARK_AFTER.match(text, m.end())
    before = text[m.start() - 1 : m.start()] in _SEX_OF and text[m.start() - 1] in "♂♀"
    if not (after or before):
        return None
    sex = _SEX_OF[after[after.lastindex or 1] if after else text[m.start() - 1]]
    start, end = m.start() - before, after.end() if after else m.end()
    return Mention(start, end, role, sex, None, False, "role", reports)


def _stands_alone(
    text: str,
    m: re.Match[str],
    kind: WordKind,
    is_child: bool,
    starts: set[int],
    ends: set[int],
) -> bool:
    """True unless the letters are part of another word; 43男, 78F, 次女中3 are odd to Sudachi."""
    if m.group().isascii() and kind != "gender":  # Mo83, Fa85
        around = text[max(0, m.start() - 1) : m.start()] + text[m.end() : m.end() + 1]
        return not re.search(r"[A-Za-z]", around)
    if kind == "gender" or len(m.group()) > 2 or (is_child and len(m.group()) == 2):
        return True
    return m.start() in starts and m.end() in ends


def _gender(value: str) -> Gender:
    return "male" if value == "male" else "female" if value == "female" else "unknown"


def _is_gone(text: str, start: int, end: int) -> bool:
    """True for 亡くなった妻 and 夫が他界: the dead are not of the household."""
    before = _GONE_BEFORE.search(text[max(0, start - 6) : start])
    return before is not None or _GONE.match(text, end) is not None
