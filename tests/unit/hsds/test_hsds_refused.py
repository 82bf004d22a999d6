"""Broken JSON documents: a clear message each, and not one draft."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from knowledge.check import KnowledgeError
from knowledge.hsds.document import HsdsDocument, json_bytes
from knowledge.hsds.read import MAX_BYTES, from_hsds, read_json
from knowledge.models import Knowledge
from tests.fixtures.hsds_foreign import Foreign, Object, number


def refused(document: object, *words: str) -> str:
    """What is said; no drafts and no town."""
    imported = from_hsds(document, "feed.json")
    assert imported.problems
    assert (imported.drafts, imported.town) == ((), None)
    said = "\n".join(str(problem) for problem in imported.problems)
    for word in ("feed.json", *words):
        assert word in said
    return said


def change(path: str, value: Any) -> Callable[[Object], None]:
    """Put a value at a path such as ``phones.0.number``."""

    def apply(service: Object) -> None:
        *way, last = path.split(".")
        at: Any = service
        for part in way:
            at = at[int(part)] if part.isdecimal() else at[part]
        at[int(last) if last.isdecimal() else last] = value

    return apply


def drop(path: str) -> Callable[[Object], None]:
    """Take a member away."""

    def apply(service: Object) -> None:
        *way, last = path.split(".")
        at: Any = service
        for part in way:
            at = at[int(part)] if part.isdecimal() else at[part]
        del at[last]

    return apply


DAMAGE = [
    (change("id", "tea-1"), "id", "UUID"),
    (change("id", 7), "id", "文字で書いてください"),
    (drop("id"), "id", "この項目は必須です"),
    (drop("name"), "name", "この項目は必須です"),
    (drop("status"), "status", "この項目は必須です"),
    (change("status", "open"), "status", "temporarily closed"),
    (change("minimum_age", "18"), "minimum_age", "数で書いてください"),
    (change("minimum_age", float("inf")), "minimum_age", "数ではありません"),
    (change("name", ["Tea"]), "name", "文字で書いてください"),
    (change("description", "a\0b"), "description", "使えない符号"),
    (change("description", "a\ud800b"), "description", "使えない符号"),
    (change("phones", "+81"), "phones", "一覧"),
    (change("phones.0", "+81"), "phones[0]", "項目の組"),
    (drop("phones.0.number"), "phones[0].number", "この項目は必須です"),
    (change("phones.1.extension", "12a"), "phones[1].extension", "数で書いてください"),
    (change("organization", []), "organization", "項目の組"),
    (change("organization.id", "x"), "organization.id", "UUID"),
    (change("assured_date", "2026-02-30"), "assured_date", "2026-04-01 の形"),
    (change("assured_date", "last week"), "assured_date", "2026-04-01 の形"),
    (change("schedules.0.freq", "YEARLY"), "schedules[0].freq", "WEEKLY／MONTHLY"),
    (
        change("service_at_locations.0.location.latitude", "north"),
        "location.latitude",
        "数で書いてください",
    ),
    (change("contacts.0.id", number(20) + "0"), "contacts[0].id", "UUID"),
]


@pytest.mark.parametrize(("damage", "where", "what"), DAMAGE)
def test_a_wrong_value_is_named_with_its_place_and_remedy(
    foreign: Foreign, damage: Callable[[Object], None], where: str, what: str
) -> None:
    """Path and value in the document, and what to write instead."""
    service = foreign()
    damage(service)
    refused({"contents": [service]}, "contents[0]", where, what)


def test_one_bad_service_stops_all(foreign: Foreign) -> None:
    """All or nothing, and every fault at once."""
    good = foreign(id=number(2))
    bad = foreign(status="open", minimum_age="18")
    said = refused(
        [good, bad], "[1]（Riverside Tea Hour）.status", "[1]（Riverside Tea Hour）.minimum"
    )
    assert "[0]" not in said
    with pytest.raises(KnowledgeError, match="直すところが 2 件"):
        from_hsds([good, bad]).or_raise()


def test_two_services_of_one_id_that_differ_are_refused(foreign: Foreign) -> None:
    """Which of them is right only their keeper knows."""
    refused([foreign(), foreign(name="Other")], "同じ id の service がほかにもあります", number(1))


def test_two_copies_of_one_part_that_differ_are_refused(foreign: Foreign) -> None:
    """One phone id, two numbers."""
    service = foreign()
    service["contacts"][0]["phones"] = [{"id": number(11), "number": "+81 3 9999"}]
    refused(service, "contacts[0].phones[0].number", "phones[1] と中身が違います")


@pytest.mark.parametrize(
    ("document", "word"),
    [
        ({}, "service が1件もありません"),
        ([], "service が1件もありません"),
        ({"contents": []}, "service が1件もありません"),
        ("text", "service が1件もありません"),
        (7, "service が1件もありません"),
        (None, "service が1件もありません"),
        ({"version": "3.0", "openapi_url": "https://x.example"}, "service が1件もありません"),
        ({"id": number(1), "name": "x", "taxonomy": "y"}, "service が1件もありません"),
        ({"services.csv": []}, "service が1件もありません"),
    ],
)
def test_what_holds_no_service_is_refused(document: object, word: str) -> None:
    """With what would be right."""
    refused(document, word)


def test_a_document_nested_without_end_is_refused() -> None:
    """No recursion error, however deep."""
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    refused(deep, "入れ子が 64 段より深く")


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "ファイルが空です"),
        (b" \n", "ファイルが空です"),
        (b"{", "JSON として読めません"),
        (b'{"id": 1, "name":', "JSON として読めません"),
        (b"[" * 200_000, "JSON として読めません"),
        (b"9" * 10_000, "JSON として読めません"),
        ("id,name\n1,窓口".encode("cp932"), "文字コードが UTF-8 ではありません"),
        ('{"name": "窓口"}'.encode("utf-16"), "文字コードが UTF-8 ではありません"),
        (b"PK\x03\x04", "JSON として読めません"),
        (b" " * MAX_BYTES + b"{}", "200MB までにしてください"),
    ],
)
def test_a_file_that_is_no_json_is_refused(data: bytes, word: str) -> None:
    """Empty, cut off, endless, another encoding, another format, too big."""
    imported = read_json(data, "feed.json")
    assert imported.drafts == ()
    (problem,) = imported.problems
    assert word in problem.remedy
    assert problem.file == "feed.json"


def test_an_unknown_code_of_ours_is_refused(document: HsdsDocument, shipped: Knowledge) -> None:
    """A category that categories.csv does not have."""
    service = json.loads(json_bytes(document.services[0]))
    service["attributes"][0]["taxonomy_term"]["code"] = "none.nothing"
    imported = from_hsds(service, "feed.json", shipped.categories)
    assert imported.drafts == ()
    assert "none.nothing" in str(imported.problems[0])


@pytest.mark.parametrize(
    ("code", "value", "word"),
    [
        ("age", "age>=65", "つなぎが書いた値ではありません"),
        ("age", '{"text": "x", "fact": "age"}', "つなぎが書いた値ではありません"),
        ("age", "[" * 100_000, "つなぎが書いた値ではありません"),
        ("resource.status", "closed", "「capacity.status」がつなぎの決まりに合いません"),
    ],
)
def test_a_broken_attribute_of_ours_is_refused(
    document: HsdsDocument, code: str, value: str, word: str
) -> None:
    """It carries the record itself: no guess."""
    services = [json.loads(json_bytes(service)) for service in document.services]
    service, attribute = next(
        (s, a) for s in services for a in s["attributes"] if a["taxonomy_term"]["code"] == code
    )
    attribute["value"] = value
    refused(service, word)
