"""Japanese names of codes, for people who read a report."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from functools import lru_cache

from knowledge.load import NATIONAL_DIR

SECTORS = {
    "elderly": "高齢", "disability": "障害", "child": "子ども・家庭", "poverty": "生活困窮",
    "housing": "住まい", "work": "仕事", "health": "健康・こころ", "isolation": "孤立・ひきこもり",
    "rights": "権利・法律・安全", "community": "地域", "multi": "多機関の協働",
    "pref": "県の後方支援", "none": "福祉以外・情報不足",
}  # fmt: skip
SLICE_NAMES = {
    "sector": "分野", "difficulty": "難しさ", "note_length": "記録の長さ（文字）",
    "label_origin": "事例の出どころ", "voice": "書き手の口調", "primaries": "正しいつなぎ先の数",
    "age_group": "本人の年代", "gender": "本人の性別",
}  # fmt: skip
# In the order in which they are shown.
_VALUES = {
    "easy": "やさしい", "medium": "ふつう", "hard": "難しい", "invented": "創作", "desk": "窓口の記録",
    "~40": "40字まで", "~100": "41〜100字", "~200": "101〜200字", "~400": "201〜400字",
    "401~": "401字から", "〜17歳": "17歳まで", "18〜39歳": "18〜39歳", "40〜64歳": "40〜64歳",
    "65歳〜": "65歳から", "女性": "女性", "男性": "男性", "bullets": "箇条書き",
    "phone_memo": "電話メモ", "nurse": "看護師", "resident_own": "本人の言葉", "dialect": "方言",
    "typo": "打ち間違い",
}  # fmt: skip
_LAST = "不明"


@lru_cache(maxsize=1)
def code_names() -> dict[str, str]:
    """Return the label of every category, red flag and sector code that ships."""
    names = dict(SECTORS)
    for file in ("categories.csv", "red_flags.csv"):
        with (NATIONAL_DIR / file).open(encoding="utf-8-sig", newline="") as lines:
            names |= {row["code"]: row["label_ja"] for row in csv.DictReader(lines)}
    return names


def name_of(code: str) -> str:
    """Return the label of a code, or the code itself when it is not ours."""
    return code_names().get(code, code)


def group_name(slice_: str, key: str) -> str:
    """Return what a group of a slice is called."""
    if slice_ == "sector":
        return SECTORS.get(key, key)
    if slice_ == "primaries" and key.isdigit():
        return f"{key}つ以上" if key == "4" else f"{key}つ"
    return _VALUES.get(key, key)


def in_order(groups: Iterable[str]) -> list[str]:
    """Return the keys of a slice's groups as people expect them: by size, age, sector."""
    order = {key: n for n, key in enumerate((*SECTORS, *_VALUES))}
    return sorted(groups, key=lambda key: (key == _LAST, order.get(key, len(order)), key))
