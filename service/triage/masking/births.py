"""Birth dates in every style, told from the other dates of a note by what stands around them.

The five eras by name or letter, western years, eight digits, kanji numerals; with month and
day or without.  A date is a birth date when 生 or a label says so, when it stands right behind
a person, or when it is a full date of 昭和 and before that nothing says happened.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from service.triage.masking.pieces import Piece

_ERAS = {
    "明治": 1868, "大正": 1912, "昭和": 1926, "平成": 1989, "令和": 2019,
    "明": 1868, "大": 1912, "昭": 1926, "平": 1989, "令": 2019,
    "M": 1868, "T": 1912, "S": 1926, "H": 1989, "R": 2019,
}  # fmt: skip
_KANJI = {c: i for i, c in enumerate("〇一二三四五六七八九")} | {"零": 0}
_N = r"[〇零一二三四五六七八九十百]{1,4}"
_ERA = r"(?<![A-Za-z])(?P<era>明治|大正|昭和|平成|令和|[明大昭平令](?=[\s.]?[\d元〇一二三四五六七八九十])|[MTSHRmtshr](?=[\s.]?\d|元))\s?\.?\s?"
_YEAR = rf"(?P<year>\d{{1,2}}(?!\d)|元|{_N})"
_WEST = r"(?<![\d,./-])(?P<west>(?:18|19|20)\d\d(?!\d)|[一二][〇零一二三四五六七八九]{3})"
_SEP = r"\s?[./・,-]\s?|\s?年\s?|\s?ー\s?"
_MONTH = rf"(?P<month>1[0-2]|0?[1-9]|{_N})"
_DAY = rf"(?P<day>3[01]|[12]\d|0?[1-9]|{_N})"
_PAREN = r"(?:\s?\((?:(?:18|19|20)\d\d年?|(?:明治|大正|昭和|平成|令和|[MTSHR])\d{1,2}年?)\))?"
_DATE = re.compile(
    rf"(?:{_ERA}{_YEAR}|{_WEST})(?:{_PAREN}\s?年?{_PAREN}(?:{_SEP})?{_MONTH}(?:(?:\s?[./・,-]\s?|\s?月\s?|\s?ー\s?){_DAY}(?!\d|[:/.]\d)(?:\s?日)?|\s?月(?!\d))?"
    r"|\s?年(?!\d|度|代|間|来|目))?"
)
_EIGHT = re.compile(
    r"(?<![\d-])(?P<west>(?:18|19|20)\d\d)(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|3[01])(?![\d-])"
)
_SEVEN = re.compile(
    r"(?<![A-Za-z\d])(?P<era>[MTSHRmtshr])\.?(?P<year>\d\d)(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|3[01])(?!\d)"
)
# Behind a label even a date without its era is one, and one without its year.
_LABELLED = re.compile(
    r"(?<=誕生日|年月日|うまれ|生まれ)[はがも:;=\s、(「]{1,3}(?:(?P<bare>\d{1,4}|[一二三四五六七八九十]{1,3})(?:\s?年\s?|[./-]))?"
    rf"{_MONTH}(?:\s?月\s?|[./-]){_DAY}(?!\d|[./-])\s?日?"
)
_MONTH_DAY = re.compile(
    rf"(?<![\d年./-])(?P<month>\d{{1,2}}|{_N})月(?P<day>\d{{1,2}}|{_N})日(?=\s?(?:生まれ|生れ|うまれ|のお?生まれ))"
)

_BORN = re.compile(
    r"(?P<in>\s?\)?\s?(?:日?生まれ|日?生れ|日?うまれ|日?産まれ|生(?![活保協命業涯前存後徒計理育物産])))|[\s)、]{0,2}(?:頃|ごろ)?(?:に|の|が|は)?、?(?:ご|お)?(?:生まれ|うまれ|生れ|誕生|出生(?!届)|出産)"
)
_LABEL = re.compile(
    r"(?:生年月日|生年月|誕生日|誕生|生年|出生日|出生|DOB|生まれ(?:年|は)?|うまれ|お生まれ|生日|産まれ|birthday|Birth)[はがも:;=\s、・(「]{0,4}(?:西暦|和暦)?[\s(「]{0,2}$",
    re.IGNORECASE,
)
_HAPPENED = re.compile(
    r"(?:に|の|が|付|付け|から|より|まで|以降|以来|迄|～|~|頃|ごろ|末|現在|時点|申請|受付|認定|取得|交付|発行|有効|満了|期限|死|没|婚|離|入|退|転|就|開始|終了|届|着|契|診|発|手術|通院|施行|改正|付近|建|築|登記|設立|相続|初|済|〆|締|必着|送|更新|予約|訪問|来|面|架電|事故|午|朝|夕|夜|[:/]\d|\d{1,2}時|\((?:月|火|水|木|金|土|日)\))"
    r"|[ \t](?:死亡|死去|没|結婚|婚姻|離婚|入社|退職|入所|入居|入院|退院|取得|交付|認定|開始|から|より|まで|時点|付|届出|受付|訪問|来所|来庁|面談|〆|必着|\d{1,2}[:時])"
)
_EVENT_BEFORE = re.compile(
    r"(?:から|より|受付|申請|認定|有効|期限|取得|交付|発行|死亡|没|死去|婚姻|結婚|入籍|離婚|入居|入所|入院|退院|転入|転出|就職|入社|退職|開始|終了|初診|受診|予定日|受|〆|締切|届出|届|作成|記入|現在|次回|前回|訪問|面談|来所|来庁|接種|日付|判定|更新|満了|改正|施行|納期|発送|付|契約|築|登記|設立|=|→|まで|〜|~)[日年はが:\s、・(]{0,3}$"
)
_PERSON_BEFORE = re.compile(
    r"(?:さん|様|さま|氏|くん|君|ちゃん|殿|先生|本人|母|父|夫|妻|子|長男|長女|次男|次女|三男|三女|孫|祖母|祖父|兄|姉|弟|妹|世帯主|主|[男女♂♀])[\s　、・は(:/)]{0,4}(?:[男女♂♀][\s、・)/]{0,2})?$"
    r"|\d{1,3}(?:歳|才|さい)[、\s(・]{1,2}$|(?:子|児|長男|長女|次男|次女|三男|三女|孫|父|母|夫|妻|兄|姉|弟|妹)[の:]?\s?[ぁ-んァ-ヴー一-龥々]{1,5}[\s(]{1,2}$"
)
_AGE_AFTER = re.compile(
    r"[\s)）（(、・生まれ]{0,6}(?:満|今|現在|当年|数え)?\s?\d{1,3}\s?(?:歳|才|さい)"
)


@dataclass(frozen=True, slots=True)
class Birth:
    """A birth date in the folded text, and the age at the day read, where that can be said."""

    start: int
    end: int
    age: str


def find_births(text: str, names: Iterable[Piece], today: date) -> tuple[Birth, ...]:
    """Return the birth dates, in order, none overlapping."""
    ends = {p.end for p in names if p.kind == "name"}
    found: list[Birth] = []
    for pattern in (_EIGHT, _SEVEN, _DATE, _MONTH_DAY):
        for m in pattern.finditer(text):
            end = _end_of_birth(text, m, ends, today)
            if end and all(b.end <= m.start() or end <= b.start for b in found):
                found.append(Birth(m.start(), end, _age_of(text, m, today)))
    for m in _LABELLED.finditer(text):
        start = m.start("bare" if m["bare"] else "month")
        if all(b.end <= start or m.end() <= b.start for b in found):
            found.append(Birth(start, m.end(), ""))
    return tuple(sorted(found, key=lambda b: b.start))


def _end_of_birth(text: str, m: re.Match[str], names: set[int], today: date) -> int:
    """Return where the birth date ends, 0 when the date is another one.

    生 and 生まれ right behind the date go with it: the age that stands instead says it.
    """
    before, part = text[max(0, m.start() - 16) : m.start()], m.groupdict()
    year = _year_of(m)
    if year is not None and not 1860 <= year <= today.year:
        return 0
    born = _BORN.match(text, m.end())
    if born:
        inside = born["in"]
        return m.end() + (len(inside) if inside and ")" not in inside else 0)
    if _LABEL.search(before):
        return m.end()
    full = part.get("month") and part.get("day") and year is not None
    if not full or _HAPPENED.match(text, m.end()) or _EVENT_BEFORE.search(before):
        return 0
    if _follows_person(text, m.start(), names) or _AGE_AFTER.match(text, m.end()):
        return m.end()
    return (
        m.end()
        if (year or 0) <= today.year - 37
        and not re.match(r"[^。\n]{0,6}(?:結婚|死|没|亡)", text[m.end() :])
        else 0
    )


def _follows_person(text: str, start: int, names: set[int]) -> bool:
    """Tell whether a person (found name, title, role) stands right before."""
    before = text[max(0, start - 12) : start]
    if _PERSON_BEFORE.search(before):
        return True
    at = start
    while at > 0 and text[at - 1] in " 　(、・/:\n":
        at -= 1
    return at in names


def _number(text: str) -> int | None:
    """Return what digits or kanji numerals say."""
    if text == "元":
        return 1
    if text.isdecimal():
        return int(text)
    if "十" in text or "百" in text:
        hundreds, _, rest = text.rpartition("百")
        tens, ten, ones = rest.rpartition("十")
        value = (_KANJI.get(hundreds, 1) * 100) if "百" in text else 0
        value += (_KANJI.get(tens, 1) * 10) if ten else 0
        return value + _KANJI.get(ones, 0)
    digits = [_KANJI.get(c) for c in text]
    return int("".join(map(str, digits))) if text and None not in digits else None


def _year_of(m: re.Match[str]) -> int | None:
    part = m.groupdict()
    if part.get("west"):
        return _number(part["west"])
    if part.get("era") and part.get("year"):
        number = _number(part["year"])
        era = part["era"].upper() if part["era"].isascii() else part["era"]
        return None if number is None else _ERAS[era] + number - 1
    return None


def _age_of(text: str, m: re.Match[str], today: date) -> str:
    """Return 「76歳」 or, without the month, 「75〜76歳」; "" when the note says it or nobody can."""
    year, part = _year_of(m), m.groupdict()
    if year is None or _AGE_AFTER.match(text, m.end()):
        return ""
    month, day = _number(part.get("month") or ""), _number(part.get("day") or "")
    now, oldest = (today.month, today.day), today.year - year
    high = oldest - (now < (month or 1, day or 1))
    low = oldest - (now < (month or 12, day or 31))
    if low < 0 or high > 110:
        return ""
    return f"{high}歳" if low == high else f"{low}〜{high}歳"
