"""Ages as case notes write them: 82歳, 80代後半, S18生, 生後4か月, 小6, or a bare number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

AgeKind = Literal["years", "stage", "bare"]

_KANJI = {c: i for i, c in enumerate("〇一二三四五六七八九")}
_KANA = {
    "いち": 1, "に": 2, "さん": 3, "よん": 4, "し": 4, "ご": 5, "ろく": 6, "なな": 7,
    "しち": 7, "はち": 8, "きゅう": 9, "く": 9,
}  # fmt: skip
_KANA_DIGIT = "|".join(sorted(_KANA, key=len, reverse=True))
_NUMBER = (
    r"(?P<num>(?<![\d.,/:-])\d{1,3}|[一二三四五六七八九十百]{1,4}"
    rf"|(?:ひゃく)?(?:{_KANA_DIGIT})?じゅ[うっ](?:{_KANA_DIGIT})?(?=\s?さい)|ひゃく(?=\s?さい))"
)
_SOON = r"(?:(?P<soon>まもなく|間もなく|もうすぐ|もうじき|来月で|来年で|来月に?は?|来週で|あす|明日で)\s?)?"
_VAGUE = (
    r"(?P<vague>を?(?:過ぎ|すぎ)|(?:くらい|ぐらい|位|ほど|前後)"
    r"|に?(?:近い|近く)|手前|になる(?!と|まで|ども|けど))?"
)
_YEARS = re.compile(
    _SOON + _NUMBER + r"\s?(?:歳|才|さい)(?:\d{1,2}(?:か|カ|ヶ|ヵ|ケ|ヵ)月)?" + _VAGUE
)
_DECADE = re.compile(_NUMBER + r"代(?P<part>前半|半ば|なかば|後半)?")
_LOOSE = re.compile(
    _SOON
    + r"(?P<num>(?<![\d.,/:-])\d{2}|(?<![一二三四五六七八九十百])[二三四五六七八九]十[一二三四五六七八九]?)"
    + _VAGUE
)
_BARE = re.compile(
    r"(?<![\d.%年月第-])(?<!\d[,/:])(?:(?<=Mo)|(?<=Fa)|(?<![A-EG-LN-Za-z]))\d{1,3}"
    r"(?!\d|[.,/:%~-]\d|\s?(?:万|千|円|年|人|名|回|か|カ|ヶ|ヵ|ケ|日|月|時|分|級|号|番|度|点|週|つ|個"
    r"|匹|本(?!人)|部屋|世帯|社|件|枚|キロ|kg|cm|km|%|割|錠|階|丁目|LDK|DK|K|L|泊|倍|期|歩|畳|頭|台|通|杯"
    r"|歳|才|さい|代|組|対|～|~))"
)
_KANJI_BARE = re.compile(
    r"(?<![一二三四五六七八九十百千万第〇\d約])(?:百[一二三四五六七八九]?|[二三四五六七八九]?十[一二三四五六七八九]?)"
    r"(?![一二三四五六七八九十百千万〇]|\s?(?:歳|才|さい|代|路|年|月|日|人|名|回|円|度|時|分|点|個|匹|本(?!人)|件|枚|階|畳|台|通"
    r"|番|か|カ|ヶ|ケ|箇|軒|戸|組|周|年|銭|杯|割|坪|町|反|里|倍|頭|分|字|姓|均|貨|品|種|科|足|合|升|キロ|つ|中|社|世帯|部|錠|泊|対|全|周))"
)
_KANA_BARE = re.compile(rf"(?:{_KANA_DIGIT})じゅう(?:{_KANA_DIGIT})?(?=[。、\s]|です|$)")
_INFANT = re.compile(
    r"生後(?:約)?(?P<num>\d{1,2}|[一二三四五六七八九十]{1,2})(?P<unit>(?:か|カ|ヶ|ヵ|ケ|箇)月|週|日)"
    r"|(?<!\d)(?<!歳)(?<!才)(?P<months>\d{1,2})(?:か|カ|ヶ|ヵ|ケ)月(?=\)|の?(?:男児|女児|赤|乳児|子|娘|息子|長|次|男の子|女の子))"
)
# An age that tells when something happened, a rule, or a difference is nobody's age now.
_NOT_NOW = re.compile(
    r"の?(?:とき|時|頃|ころ|春|夏|秋|冬)|から(?!の?相談|、|。)|まで|以上|以下|未満|以降|以前|時点|からの|前の"
    r"|で(?:会社|退職|離婚|結婚|再婚|発症|発病|退学|中退|就職|家を出|上京|出産|死|亡|他界|倒れ|嫁|来日"
    r"|失明|診断|定年|やめ|辞め|不登校|ひきこも|引きこも|独立|渡|入社|卒業|父を|母を|夫を|妻を)"
    r"|になっ(?:たら|てから|て以来)|になれば|になると|を?過ぎてから|を機に"
    r"|(?:も|ほど)?(?:年上|年下|違い|差|上の|下の|離れ|若い|若く)|卒|向け|対象|半?児?(?:健|検)診|の壁|の節目|に(?:引っ|離|結|発|や)"
)

# … and so says what stands before some: 見た目は70代, 享年88, 犬15歳.
_NOT_THEIRS = re.compile(
    r"(?:見た目は?|自称|享年|一見|外見は?|(?:犬|猫|ねこ|いぬ|ペット|インコ|うさぎ|ウサギ)[はがの(]?|(?:犬|猫)[^。、]{0,2}匹[^。、]{0,2})$"
)


@dataclass(frozen=True, slots=True)
class Age:
    """An age in the normalised text; ``bare`` numbers count only next to a person word."""

    start: int
    end: int
    low: int
    high: int
    kind: AgeKind


@dataclass(frozen=True, slots=True)
class AgeWords:
    """The tables of people.yaml that ages need."""

    eras: dict[str, int]
    grades: dict[str, dict[str, int]]
    stages: dict[str, list[int]]


def find_ages(text: str, today: date, words: AgeWords) -> tuple[Age, ...]:
    """Return the ages that hold now, in order, none overlapping; the surer way of writing wins."""
    found: list[Age] = []
    taken = bytearray(len(text))
    readers = (_births(text, today, words), _infants(text), _decades(text), _years(text),
               _stages(text, words), _bare(text))  # fmt: skip
    for reader in readers:
        for age in reader:
            if not any(taken[age.start : age.end]):
                taken[age.start : age.end] = b"\1" * (age.end - age.start)
                found.append(age)
    now = (
        a
        for a in found
        if a.low <= 115
        and not _NOT_NOW.match(text, a.end)
        and not _NOT_THEIRS.search(text[max(0, a.start - 8) : a.start])
    )
    return tuple(sorted(now, key=lambda a: a.start))


def _births(text: str, today: date, words: AgeWords) -> Iterator[Age]:
    """S18生, 昭和23年生まれ, H30.4.2生, 1950年3月生まれ, 生年月日 S18.3.4."""
    eras = "|".join(words.eras)
    pattern = re.compile(
        rf"(?P<label>生年月日[:\s]*)?(?:(?P<era>{eras})\s?\.?(?P<year>\d{{1,2}}|元|[一二三四五六七八九十]{{1,3}})|(?P<west>(?:19|20)\d\d))"
        r"(?:年|[./-])?(?:(?P<month>\d{1,2})(?:月|[./-])?)?(?:(?P<day>\d{1,2})日?)?"
        r"(?P<born>\s?(?:生まれ|生れ|うまれ|生(?![活保協])))?"
    )
    beside = re.compile(r"[父母夫妻男女子孫兄姉弟妹嫁]\(?$")
    for m in pattern.finditer(text):
        dated = m["era"] and m["day"] and beside.search(text[max(0, m.start() - 2) : m.start()])
        if not (m["label"] or m["born"] or (dated and re.match(r"[、。)・\s]|$", text[m.end() :]))):
            continue
        number = 1 if m["year"] == "元" else _number(m["year"] or "0")
        year = int(m["west"]) if m["west"] else words.eras[m["era"]] + number - 1
        low, high = _age_range(year, int(m["month"] or 0), int(m["day"] or 0), today)
        if low >= 0:
            yield Age(m.start(), m.end(), low, high, "years")


def _age_range(year: int, month: int, day: int, today: date) -> tuple[int, int]:
    """Youngest and oldest age today of somebody born then; month or day may be 0, unknown."""
    oldest = today.year - year
    first = (month or 1, day or 1)
    last = (month or 12, day or 31)
    now = (today.month, today.day)
    return oldest - (now < last), oldest - (now < first)


def _infants(text: str) -> Iterator[Age]:
    for m in _INFANT.finditer(text):
        months = int(m["months"]) if m["months"] else 0
        if m["unit"] and m["unit"].endswith("月"):
            months = _number(m["num"])
        yield Age(m.start(), m.end(), months // 12, months // 12, "years")


def _decades(text: str) -> Iterator[Age]:
    parts = {"前半": (0, 4), "半ば": (4, 6), "なかば": (4, 6), "後半": (5, 9), None: (0, 9)}
    for m in _DECADE.finditer(text):
        base = _number(m["num"])
        if base % 10 == 0 and base:
            low, high = parts[m["part"]]
            yield Age(m.start(), m.end(), base + low, base + high, "years")


def _years(text: str) -> Iterator[Age]:
    for pattern in (_YEARS, _LOOSE):
        for m in pattern.finditer(text):
            if pattern is _LOOSE and not (m["vague"] or m["soon"]):
                continue
            if pattern is _LOOSE and re.match(r"\s?[万千円年人回日月時分]", text[m.end("num") :]):
                continue
            low, high = _around(_number(m["num"]), m["soon"], m["vague"] or "")
            yield Age(m.start(), m.end(), low, high, "years" if pattern is _YEARS else "bare")


def _around(age: int, soon: str | None, vague: str) -> tuple[int, int]:
    """まもなく65 is 64; 80くらい is 78-82; 40過ぎ is 40-44; 90近い is 88-89."""
    if soon or vague.startswith("になる"):
        return max(age - 1, 0), max(age - 1, 0)
    if "過ぎ" in vague or "すぎ" in vague:
        return age, age + 4
    if "近" in vague or "手前" in vague:
        return age - 2, age - 1
    return (max(age - 2, 0), age + 2) if vague else (age, age)


def _stages(text: str, words: AgeWords) -> Iterator[Age]:
    """小6, 中学2年生, 高3, 年長, 大学生."""
    grade = re.compile(
        rf"(?<![最縮過増減])(?P<school>{'|'.join(sorted(words.grades, key=len, reverse=True))})(?:学校?|校)?\s?(?P<year>[1-6]|(?<!大)[一二三四五六])(?:年生?|ねん(?:せい)?)?"
        r"(?![\d.,万人回時個つ割階歳間目組番十百])"
    )
    for m in grade.finditer(text):
        row, year = words.grades[m["school"]], _number(m["year"])
        if year <= row["years"]:
            low = row["first_age"] + year - 1
            yield Age(m.start(), m.end(), low, low + 1, "stage")
    names = "|".join(sorted(words.stages, key=len, reverse=True))
    pattern = re.compile(rf"(?<![一がら])(?:{names})(?!者|無休|行事|ずっと|教室|向け|教育|健診)")
    for m in pattern.finditer(text):
        low, high = words.stages[m.group()]
        yield Age(m.start(), m.end(), low, high, "stage")


def _bare(text: str) -> Iterator[Age]:
    for pattern in (_BARE, _KANJI_BARE, _KANA_BARE):
        for m in pattern.finditer(text):
            years = _number(m.group())
            yield Age(m.start(), m.end(), years, years, "bare")


def _number(written: str) -> int:
    """Read 82, 八十二 or はちじゅうに."""
    written = written.replace("じゅっ", "じゅう")
    if written == "ひゃく":
        return 100
    if written.isdigit():
        return int(written)
    if "じゅう" in written:
        hundreds = 100 if written.startswith("ひゃく") else 0
        tens, _, ones = written.removeprefix("ひゃく").partition("じゅう")
        return hundreds + 10 * (_KANA[tens] if tens else 1) + (_KANA[ones] if ones else 0)
    total, digit = 0, 0
    for char in written:
        if char in "十百":
            total += (digit or 1) * (10 if char == "十" else 100)
            digit = 0
        else:
            digit = digit * 10 + _KANJI[char]
    return total + digit
