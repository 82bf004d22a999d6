"""By what the cases of a run are divided: sector, length, voice, who is consulted about …

Age and gender are not labelled: they are what the product reads of the 本人 in the note, so
these two slices are only as good as that reading (``tsunagi eval read``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

from eval.cases import Case
from eval.reading import read_people
from service.triage.models import Person

_GENDERS = {"male": "男性", "female": "女性", "unknown": "不明"}
_AGE_LIMITS = ((17, "〜17歳"), (39, "18〜39歳"), (64, "40〜64歳"), (200, "65歳〜"))


def _length_band(chars: int) -> str:
    return next((f"~{limit}" for limit in (40, 100, 200, 400) if chars <= limit), "401~")


@lru_cache(maxsize=4096)
def _consulted_about(note: str) -> Person | None:
    return next((p for p in read_people(note) if p.role == "本人"), None)


def _age_group(case: Case) -> str:
    person = _consulted_about(case.note)
    if person is None or person.age_min is None or person.age_max is None:
        return "不明"
    middle = (person.age_min + person.age_max) / 2
    return next(name for limit, name in _AGE_LIMITS if middle <= limit)


def _gender(case: Case) -> str:
    person = _consulted_about(case.note)
    return _GENDERS[person.gender if person else "unknown"]


SLICES: dict[str, Callable[[Case], Sequence[str]]] = {
    "sector": lambda c: sorted({code.split(".")[0] for code in c.primary or ()}),
    "difficulty": lambda c: [c.difficulty or "不明"],
    "note_length": lambda c: [_length_band(len(c.note))],
    "label_origin": lambda c: [c.label_origin or "不明"],
    "voice": lambda c: [c.voice or "不明"],
    "primaries": lambda c: [str(min(len(c.primary or ()), 4))],
    "age_group": lambda c: [_age_group(c)],
    "gender": lambda c: [_gender(c)],
}
