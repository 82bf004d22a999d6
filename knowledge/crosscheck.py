"""What no single record can know: doubles, dangling codes, uncovered categories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from knowledge.check import Problem
from knowledge.models import Category, FactDefinition, Record, RedFlagCode, Resource, Service, Town

R_co = TypeVar("R_co", bound=Record, covariant=True)


@dataclass(frozen=True, slots=True)
class Placed(Generic[R_co]):
    """A record and where it is written."""

    record: R_co
    file: str
    row: int | None


@dataclass(frozen=True, slots=True)
class Draft:
    """All records that could be read, before they are held against each other."""

    categories: Sequence[Placed[Category]]
    red_flags: Sequence[Placed[RedFlagCode]]
    facts: Sequence[Placed[FactDefinition]]
    services: Sequence[Placed[Service]]
    service_files: frozenset[str]
    resources: Sequence[Placed[Resource]]
    town: Town | None
    window_rows: Mapping[str, int | None]


def cross_checks(draft: Draft, faulty: frozenset[str]) -> Iterator[Problem]:
    """Yield every disagreement between records.

    A check against a file in ``faulty`` is left out: its records may be missing only
    because they could not be read, and the keeper should see the cause alone.
    """
    for coded in (draft.categories, draft.red_flags, draft.facts):
        yield from _doubles("code", coded)
    yield from _doubles("id", [*draft.services, *draft.resources])
    if "categories.csv" not in faulty:
        yield from _unknown_categories(draft)
    if "facts.yaml" not in faulty:
        yield from _unknown_facts(draft)
    if "resources.csv" not in faulty:
        yield from _dangling_windows(draft)
    if not faulty & ({"categories.csv"} | draft.service_files):
        yield from _uncovered_categories(draft)


def _doubles(key: str, placed: Sequence[Placed[Record]]) -> Iterator[Problem]:
    first: dict[str, Placed[Record]] = {}
    for item in placed:
        value = str(getattr(item.record, key))
        other = first.setdefault(value, item)
        if other is not item:
            remedy = (
                f"{key} が {other.file} {other.row}行目と重なっています。別の {key} にしてください"
            )
            yield Problem(item.file, item.row, key, value, remedy)


def _unknown_categories(draft: Draft) -> Iterator[Problem]:
    codes = {placed.record.code for placed in draft.categories}
    remedy = "categories.csv にない支援分野コードです。つづりを確かめてください"
    for service in draft.services:
        if service.record.category not in codes:
            yield Problem(service.file, service.row, "category", service.record.category, remedy)
    for resource in draft.resources:
        for code in resource.record.categories:
            if code not in codes:
                yield Problem(resource.file, resource.row, "categories", code, remedy)
    for code in draft.town.windows if draft.town else ():
        if code not in codes:
            yield Problem("town.yaml", draft.window_rows.get(code), "windows", code, remedy)


def _unknown_facts(draft: Draft) -> Iterator[Problem]:
    facts = {placed.record.code for placed in draft.facts}
    for service in draft.services:
        for condition in service.record.eligibility:
            if condition.fact is not None and condition.fact not in facts:
                remedy = "facts.yaml にない事実コードです。つづりを確かめてください"
                yield Problem(service.file, service.row, "eligibility", condition.fact, remedy)


def _dangling_windows(draft: Draft) -> Iterator[Problem]:
    known = {placed.record.id for placed in draft.resources}
    for code, resource_id in (draft.town.windows if draft.town else {}).items():
        if resource_id not in known:
            remedy = "resources.csv にない id です。id を直すか、支援先を書き足してください"
            row = draft.window_rows.get(code)
            yield Problem("town.yaml", row, f"windows.{code}", resource_id, remedy)


def _uncovered_categories(draft: Draft) -> Iterator[Problem]:
    covered = {placed.record.category for placed in draft.services}
    for category in draft.categories:
        if category.record.code not in covered:
            remedy = "この支援分野のサービスが1件もありません。services に書き足してください"
            yield Problem(category.file, category.row, "code", category.record.code, remedy)
