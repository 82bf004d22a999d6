"""What changed between two kept runs, down to the place of every category in every case."""

from __future__ import annotations

from collections.abc import Mapping

from eval.history import KeptAnswer, KeptRun

_PARTS = {
    "system": "システム",
    "code": "プログラム",
    "model": "モデル",
    "knowledge": "目録と町のデータ",
    "cases_hash": "事例",
}


def changed_parts(one: KeptRun, two: KeptRun) -> list[str]:
    """Return a line for each thing that the two runs were not made with alike."""
    lines = [
        f"{name}: {getattr(one, key) or '—'} → {getattr(two, key) or '—'}"
        for key, name in _PARTS.items()
        if getattr(one, key) != getattr(two, key)
    ]
    return lines or ["プログラム・モデル・目録・事例は同じです"]


def changed_answers(before: Mapping[str, KeptAnswer], after: Mapping[str, KeptAnswer]) -> list[str]:
    """Return a line for each case that both runs have and that was answered differently."""
    lines = []
    for key in sorted(before.keys() & after.keys()):
        one, two = before[key], after[key]
        words = [
            f"{code} {_place(one.places.get(code))}→{_place(place)}"
            for code, place in two.places.items()
            if one.places.get(code) != place
        ]
        words += _flags("緊急の見落とし", one.missed_flags, two.missed_flags)
        words += _flags("不要な緊急", one.wrong_flags, two.wrong_flags)
        if one.route != two.route:
            words.append(f"道筋 {one.route}→{two.route}")
        if words:
            lines.append(f"{key}: {'、'.join(words)}")
    return lines


def _place(place: int | None) -> str:
    return "圏外" if place is None else f"{place}位"


def _flags(name: str, before: tuple[str, ...], after: tuple[str, ...]) -> list[str]:
    more = [f"{name} +{code}" for code in after if code not in before]
    return more + [f"{name} -{code}" for code in before if code not in after]
