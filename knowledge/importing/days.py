"""Days of the week as towns write them: which ones are meant, or that it is not weekly."""

from __future__ import annotations

import re

from knowledge.importing.text import fold_waves, is_blank

WEEK = "月火水木金土日"
EVERY_DAY = frozenset(range(7))
_WORKDAYS = frozenset(range(5))
_GROUPS = {"平日": _WORKDAYS, "毎日": EVERY_DAY, "全日": EVERY_DAY, "年中無休": EVERY_DAY}
_TOKEN = re.compile(
    r"(?P<group>平日|毎日|全日|年中無休)|(?P<day>[月火水木金土日])(?:曜日?)?"
    r"|(?P<to>~|-|ー|から)|(?P<skip>祝祭日|祝日|祝|祭日|休日|毎週|及び|および|まで|[・、,/と()\s])"
)
_DATE = r"(?:翌年の?)?(?:\d{1,2}月\d{1,2}日?|\d{1,2}/\d{1,2})"
_HOLIDAY = (
    r"国民の祝日に関する法律(?:\([^)]*\))?(?:に規定する|に定める|で定める|による)?(?:国民の祝日|休日)?|国民の祝日|祝祭日"
    r"|祝日(?!の場合|に当|にあ|と重)|祭日|年末年始|年末・年始|お盆(?:期間|休み)?|盆休み?|夏[季期](?:休業|休暇|休み)?|冬[季期](?:休業|休暇|休み)?"
    r"|ゴールデンウィーク|GW|振替休日|休日(?!の場合)"
)
_OUTSIDE = r"(?:を除く|は除く|除く|を除いて|以外|は?休み|は?休館|は?休業|は?閉館|は?休所|は?閉所|は?休診|は?(?:終日)?(?:利用|使用)(?:不可|できません)|は?お休み)?"
# What a weekly timetable cannot say and need not: public holidays, year's end, summer.
_HARMLESS = re.compile(
    rf"\(?(?:(?:{_HOLIDAY}|{_DATE})(?:\s|及び|および|から|まで|の期間|の間|[・、,と~\-())]|それぞれ)*)+{_OUTSIDE}\)?"
)
# A closing day that falls on a holiday moves by one: still the same week in week out.
_MOVED = re.compile(
    r"[(※]?(?:ただし、?)?[^\s、。(]{0,6}(?:祝日|休日)(?:の場合|に当たる|にあたる|と重なる)[^。)]*[。)]?"
)
_UNCERTAIN = re.compile(
    r"ただし|第|隔|不定|以外|原則|除|交[替代]|シフト|または|又は|\d回|[1-5]週|翌|場合|によ|応じ|年\d"
)
_CLOSED_DAY = re.compile(
    r"(?<![\d月])(?:毎週)?([月火水木金土日]{1,7})(?=曜|[・、,\s/と及祝。)]|$)(?:曜日?)?"
)
_NEVER = frozenset(("なし", "無し", "無休", "年中無休", "年中無休です", "休みなし", "定休日なし"))
_DISTURBS = re.compile(
    r"[月火水木金土日]曜|土日|平日|第\s?\d|第[一二三四]|隔週|隔月|\d回|\d{1,2}:\d{2}|\d時|不定|曜日|休止|臨時|要予約"
)


def read_days(text: str) -> frozenset[int] | None:
    """Return the days of the week a text names, 0=Monday; None unless it names nothing else."""
    folded = fold_waves(text).strip()
    days: set[int] = set()
    last: int | None = None
    ranging = False
    position = 0
    while position < len(folded):
        token = _TOKEN.match(folded, position)
        if token is None:
            return None
        position = token.end()
        if token["group"]:
            days |= _GROUPS[token["group"]]
        elif token["to"]:
            ranging = last is not None
        elif token["day"]:
            day = WEEK.index(token["day"])
            days |= _span(last, day) if ranging and last is not None else {day}
            last, ranging = day, False
    return frozenset(days) or None


def _span(first: int, last: int) -> set[int]:
    """Return the days from ``first`` to ``last``, over the end of the week where it must."""
    return {day % 7 for day in range(first, last + 1 if last >= first else last + 8)}


def read_closed(text: str) -> frozenset[int] | None:
    """Return the days closed every week; None when the text says more than that."""
    if is_blank(text):
        return frozenset()
    folded = fold_waves(text)
    rest = _HARMLESS.sub("、", _MOVED.sub("", folded)).strip("、,・ \n。")
    if not rest or rest in _NEVER:
        return frozenset()
    days = {WEEK.index(day) for match in _CLOSED_DAY.finditer(rest) for day in match[1]}
    left = _CLOSED_DAY.sub("", rest)
    ranged = re.fullmatch(r"([月火水木金土日])曜?日?~([月火水木金土日])曜?日?", rest)
    if ranged:
        return frozenset(_span(WEEK.index(ranged[1]), WEEK.index(ranged[2])))
    if _UNCERTAIN.search(left) or re.search(r"曜|~|\d:\d", left):
        return None
    return frozenset(days)


def disturbs_the_week(note: str) -> bool:
    """True when a remark beside days and times may mean that they are not the same every week."""
    if is_blank(note):
        return False
    folded = _HARMLESS.sub(" ", _MOVED.sub("", fold_waves(note)))
    return bool(_DISTURBS.search(folded))


def without_holidays(text: str) -> str:
    """Return the text without what it says about public holidays and the year's end."""
    return _HARMLESS.sub(" ", _MOVED.sub("", text))
