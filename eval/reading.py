"""Measuring the reading by itself: scope of denial, and who is who.

The labelled sets are ``cases/scope.jsonl`` (one trouble in one short text, with what the
text says of it) and ``cases/people.jsonl`` (everybody a text speaks of).  Each row names
its ``split``; only those that no author of the reading has looked at measure anything.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, get_args

from eval.cases import CASES_DIR, CaseProblem
from index.text import normalise, split_sentences, tokenise
from service.triage.models import Person, Scope
from service.triage.people import find_people
from service.triage.scope import scope_of

# Ages from birth years and school grades depend on the day; the labels were written for this one.
LABELLED_ON = date(2026, 6, 1)
SCOPES: tuple[Scope, ...] = get_args(Scope)
# One relation written two ways in the labels.
_SPELLINGS = {
    "曽祖母": "曾祖母",
    "曽祖父": "曾祖父",
    "ひ孫": "曾孫",
    "叔父": "おじ",
    "叔母": "おば",
}


@dataclass(frozen=True, slots=True)
class Count:
    """Right ones, how many were found and how many there are."""

    right: int
    found: int
    wanted: int

    @property
    def precision(self) -> float:
        """Share of the found that is right; 1 when nothing was found."""
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """Share of the wanted that was found; 1 when nothing was wanted."""
        return self.right / self.wanted if self.wanted else 1.0


def load_rows(name: str) -> list[dict[str, Any]]:
    """Return the rows of ``cases/<name>.jsonl``; raise :class:`CaseProblem` for a broken line."""
    path: Path = CASES_DIR / f"{name}.jsonl"
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError as error:
            raise CaseProblem(f"{path.name} {number}行目: JSON として読めません") from error
    return rows


def read_scope(row: dict[str, Any]) -> Scope:
    """Return the scope that the product reads for the labelled words of a row."""
    normalised = normalise(row["text"])
    start, end = normalised.to_normalised(row["start"], row["start"] + len(row["target"]))
    sentence = next(r for r in split_sentences(normalised.text) if r[0] <= start < r[1])
    return scope_of(normalised.text, start, end, sentence)


def scope_counts(rows: Sequence[dict[str, Any]]) -> dict[str, Count]:
    """Return the counts of each scope and, under 'all', how many rows are read right."""
    read = Counter((row["scope"], read_scope(row)) for row in rows)
    counts = {
        scope: Count(
            read[scope, scope],
            sum(n for (_, got), n in read.items() if got == scope),
            sum(n for (want, _), n in read.items() if want == scope),
        )
        for scope in SCOPES
    }
    right = sum(c.right for c in counts.values())
    return counts | {"all": Count(right, len(rows), len(rows))}


def read_people(text: str) -> tuple[Person, ...]:
    """Return the people that the product reads in a text."""
    normalised = normalise(text)
    whole = normalised.text
    return find_people(normalised, tokenise(whole), split_sentences(whole), LABELLED_ON)


def people_counts(rows: Sequence[dict[str, Any]]) -> dict[str, Count]:
    """Return the counts of whole people, of roles alone, and of ages with their owner."""
    keys = {
        "all": ("role", "age_min", "age_max", "gender"),
        "role": ("role",),
        "age": ("role", "age_min", "age_max"),
    }
    return {name: _people_count(rows, fields) for name, fields in keys.items()}


def _people_count(rows: Sequence[dict[str, Any]], fields: tuple[str, ...]) -> Count:
    right = found = wanted = 0
    for row in rows:
        people = [p | {"role": _SPELLINGS.get(p["role"], p["role"])} for p in row["people"]]
        want = Counter(tuple(person[f] for f in fields) for person in people)
        got = Counter(tuple(getattr(p, f) for f in fields) for p in read_people(row["text"]))
        if fields == ("role", "age_min", "age_max"):  # those of unknown age have no age to read
            want = Counter({k: n for k, n in want.items() if k[1] is not None or k[2] is not None})
            got = Counter({k: n for k, n in got.items() if k[1] is not None or k[2] is not None})
        right += (want & got).total()
        found += got.total()
        wanted += want.total()
    return Count(right, found, wanted)


def reading_text() -> str:
    """Return both tables as plain text, by split, the unseen one last."""
    lines = []
    titles = {"affirmed": "ある", "denied": "ない", "past": "過去", "supposed": "推測・心配"}
    titles |= {"other": "他人のこと", "all": "全体", "role": "続柄", "age": "年齢と持ち主"}
    for name, title, count in (
        ("scope", "否定・過去・推測・他人の読み分け（全体は正答率）", scope_counts),
        ("people", "登場人物（全体は続柄・年齢・性別がすべて合うもの）", people_counts),
    ):
        rows = load_rows(name)
        for split in dict.fromkeys(row["split"] for row in rows):
            part = [row for row in rows if row["split"] == split]
            lines.append(f"{title}　{split} {len(part)} 件")
            for key, c in count(part).items():
                lines.append(
                    f"  {titles[key]}: 適合率 {c.precision:.3f}　再現率 {c.recall:.3f}"
                    f"　（正 {c.right}／読み {c.found}／正解 {c.wanted}）"
                )
    return "\n".join(lines)
