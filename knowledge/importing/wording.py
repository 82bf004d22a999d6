"""Putting the cells of a row into the words a card shows: description, hours, cost."""

from __future__ import annotations

import re
from functools import lru_cache

from knowledge.importing.days import read_days
from knowledge.importing.hours import times_folded
from knowledge.importing.rows import Cells
from knowledge.importing.text import fold, is_blank, tidy

_HOURS = frozenset(("days", "opens", "closes", "hours_weekday", "hours_saturday", "hours_sunday", "hours_holiday", "closed_days", "hours", "hours_note"))  # fmt: skip
_TEXTS = ("description", "describe", "flag", "note", "keywords")
_DAY_NAMES = "月火水木金土日"
_YES = frozenset(("1", "有", "あり", "有り", "○", "〇", "◯", "true", "TRUE", "はい", "可", "実施"))
_WORDS_FOR_YES = frozenset(("有", "あり", "有り", "○", "〇", "◯"))
_WORDS_FOR_NO = frozenset(("無", "無し", "なし", "×", "✕"))
_NO = frozenset(("0", "無", "×", "✕", "false", "FALSE", "いいえ", "不可", "未実施"))
_WIDE = str.maketrans("()", "（）")
_BEFORE_TIME = re.compile(r"(?<=[^\s\d〜、（:\-])(?=\d\d:\d\d)")
_REMARKS = ("特記事項", "備考", "詳細", "詳細)", "詳細）")
_COLON = re.compile(r"(?<=[\d０-９])：(?=[\d０-９])")
_END = "。、 \n\t"
_LABEL = re.compile(r"^.+?[_＿](?=.)")


def describe(cells: Cells, kind: str, organization: str) -> str:
    """Return the description: the publisher's own text, then every labelled cell, then remarks."""
    many = cells.many
    texts = [tuple(many[role]) if role in many else () for role in _TEXTS]
    return _described(kind, organization, cells.get("place"), *texts)


_Labelled = tuple[tuple[str, str], ...]


@lru_cache(maxsize=8_192)
def _described(
    kind: str,
    organization: str,
    place: str,
    own: _Labelled,
    labelled: _Labelled,
    flags: _Labelled,
    notes: _Labelled,
    keywords: _Labelled,
) -> str:
    parts = [tidy(text) for _, text in own if not is_blank(text)]
    if not parts and kind:
        parts.append(kind)
    if organization and len(parts) == 1 and parts[0] == kind:
        parts.append(f"運営: {organization}")
    parts += [
        f"{short_label(label)}: {_said(text)}"
        for label, text in labelled
        if not is_blank(text) and text.strip() not in _WORDS_FOR_NO
    ]
    parts += [short_label(label) for label, text in flags if is_yes(text)]
    if place and not is_blank(place):
        parts.append(f"場所: {tidy(place)}")
    parts += [f"備考: {tidy(text)}" for _, text in notes if not is_blank(text)]
    words = [tidy(text) for _, text in keywords if not is_blank(text)]
    if words:
        parts.append("分野: " + "、".join(dict.fromkeys(words)))
    return "。".join([part.rstrip(_END) for part in parts if part])


def is_yes(text: str) -> bool:
    """True for the marks that mean yes: 1, 有, ○ …"""
    return fold(text).strip() in _YES or text.strip() in _YES


def is_no(text: str) -> bool:
    """True for the marks that mean no: 0, 無, × …"""
    return fold(text).strip() in _NO or text.strip() in _NO


def _said(text: str) -> str:
    # Only words and circles: 1 in a column of levels is a level.
    return "あり" if text.strip() in _WORDS_FOR_YES else tidy(text)


@lru_cache(maxsize=1_024)
def short_label(header: str) -> str:
    """Return a header as a label: one line, without the group before 「_」."""
    return _LABEL.sub("", tidy(header).replace("\n", ""))


def hours_words(cells: Cells) -> str:
    """Return the hours for people, from whichever columns the table has."""
    if not (_HOURS & cells.one.keys() or _HOURS & cells.many.keys()):
        return ""
    parts = [_days_and_times(cells), _by_daytype(cells)]
    texts = cells.many.get("hours", [])
    for label, text in texts:
        if not is_blank(text):
            said = _times_said(text)
            parts.append(f"{short_label(label)} {said}" if len(texts) > 1 else said)
    closed = cells.get("closed_days")
    if not is_blank(closed):
        parts.append(f"休み: {tidy(closed)}".replace("\n", "、"))
    notes = [
        _COLON.sub(":", tidy(text).replace("\n", "、"))
        for text in cells.texts("hours_note")
        if not is_blank(text)
    ]
    if cells.get("frequency") and parts[0] and not notes:
        # The number says how often, and no list says what the number means.
        notes.append("毎週とは限りません")
    words = "、".join(part for part in parts if part)
    if not notes:
        return words
    return f"{words}（{'。'.join(notes)}）" if words else "。".join(notes)


def _times_said(text: str) -> str:
    said = times_folded(tidy(text)).replace("~", "〜").replace("\n", "、").translate(_WIDE)
    return _BEFORE_TIME.sub(" ", said)


def days_words(text: str) -> str:
    """Return days of the week in words: 月火水木金 → 月〜金."""
    days = read_days(text)
    if days is None:
        return tidy(text)
    if len(days) == 7:
        return "毎日"
    first, last = min(days), max(days)
    if len(days) > 2 and last - first == len(days) - 1:
        return f"{_DAY_NAMES[first]}〜{_DAY_NAMES[last]}"
    return "・".join(_DAY_NAMES[day] for day in sorted(days))


def _days_and_times(cells: Cells) -> str:
    days, opens, closes = (cells.get(role) for role in ("days", "opens", "closes"))
    times = "" if is_blank(opens) and is_blank(closes) else f"{_clock(opens)}〜{_clock(closes)}"
    return " ".join(part for part in ("" if is_blank(days) else days_words(days), times) if part)


def _clock(text: str) -> str:
    return "" if is_blank(text) else tidy(times_folded(text))


def _by_daytype(cells: Cells) -> str:
    named = (("平日", "hours_weekday"), ("土曜", "hours_saturday"), ("日曜", "hours_sunday"), ("祝日", "hours_holiday"))  # fmt: skip
    parts = [
        f"{label} {_times_said(cells.get(role)).replace('-', '〜')}"
        for label, role in named
        if not is_blank(cells.get(role))
    ]
    return "、".join(parts)


def cost_words(cells: Cells) -> str:
    """Return the cost; a bare number is yen, 0 is free."""
    if "cost" not in cells.one and "cost_part" not in cells.many:
        return ""
    parts = [] if is_blank(cells.get("cost")) else [_yen(cells.get("cost"))]
    labelled = [(short_label(label), text) for label, text in cells.many.get("cost_part", ()) if not is_blank(text)]  # fmt: skip
    parts += [
        _yen(text) if label.endswith(_REMARKS) else f"{label} {_yen(text)}"
        for label, text in labelled
    ]
    return "、".join(part.replace("\n", " ") for part in parts)


def _yen(text: str) -> str:
    bare = fold(text).strip().replace(",", "")
    if bare.isdecimal():
        return "無料" if int(bare) == 0 else f"{int(bare)}円"
    return tidy(text)


def first_step_words(cells: Cells, header: str) -> str:
    """Return how to begin; a word or two is put behind its header (予約方法: 電話)."""
    text = tidy(cells.get("first_step")) if "first_step" in cells.one else ""
    if is_blank(text):
        return ""
    return text if len(text) > 15 or not header else f"{short_label(header)}: {text}"
