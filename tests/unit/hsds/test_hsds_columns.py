"""How single fields become columns of HSDS, and back."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from knowledge.hsds.address import join_address, split_address
from knowledge.hsds.cost import cost_options
from knowledge.hsds.document import HsdsDocument
from knowledge.hsds.eligibility import age_limits
from knowledge.hsds.schedule import in_words, weekly_period
from knowledge.hsds.schemas import object_validator
from knowledge.hsds.write import to_hsds
from knowledge.models import (
    Capacity,
    Condition,
    Contact,
    Knowledge,
    OpeningHours,
    Resource,
    Town,
)
from knowledge.parse import parse_conditions

PLAIN = Resource(
    id="x.salon",
    name="サロン",
    kind="サロン",
    categories=("isolation.ibasho",),
    description="お茶を飲みます。",
    contact=Contact(),
    verified_on=date(2026, 4, 1),
)


def service(town: Town, **changed: Any) -> dict[str, Any]:
    """The HSDS service of a resource with some fields changed."""
    return to_hsds(town, [PLAIN.model_copy(update=changed)]).services[0]


@pytest.fixture
def town(shipped: Knowledge) -> Town:
    """みどり町, あおば県."""
    return shipped.town


def test_the_whole_export_holds_to_the_published_schema(document: HsdsDocument) -> None:
    """Every service, organization, taxonomy and term."""
    for table, objects in (
        ("service", document.services),
        ("organization", document.organizations),
        ("taxonomy", document.taxonomies),
        ("taxonomy_term", document.taxonomy_terms),
    ):
        for item in objects:
            assert list(object_validator(table).iter_errors(item)) == []


def test_the_vocabulary_has_all_69_categories(document: HsdsDocument) -> None:
    """Used or not: other software can offer the whole list."""
    codes = [t["code"] for t in document.taxonomy_terms if t["taxonomy"] == "tsunagi"]
    assert len(codes) == len(set(codes)) == 69


def test_what_is_not_known_is_left_out(town: Town) -> None:
    """No empty columns, which HSDS would read as wrong dates, ids and URLs."""
    made = service(town)
    assert set(made) == {
        "id", "name", "description", "status", "assured_date", "organization", "attributes",
    }  # fmt: skip
    assert made["organization"]["name"] == "（運営組織の記載なし）"


@pytest.mark.parametrize(
    ("conditions", "limits"),
    [
        (["age>=65!"], {"minimum_age": 65}),
        (["age>=6", "age<=18"], {"minimum_age": 6, "maximum_age": 18}),
        (["age>=40!", "age>=65!"], {"minimum_age": 65}),
        # A text beside a guide may widen it; beside a required age it cannot.
        (["age>=65", "障害のある人も可"], {}),
        (["age>=40!", "40〜64歳は特定疾病が原因のとき"], {"minimum_age": 40}),
        (["resident=yes!"], {}),
    ],
)
def test_ages_are_columns_where_they_are_certain(
    shipped: Knowledge, conditions: list[str], limits: dict[str, int]
) -> None:
    """A reader that filters by age must not lose someone whom the service takes."""
    facts = {fact.code: fact for fact in shipped.facts}
    assert age_limits(parse_conditions(";".join(conditions), facts)) == limits


def test_eligibility_is_told_in_words(town: Town) -> None:
    """Whom it is for, then what is required, then the guides."""
    made = service(
        town,
        for_whom="在宅の人",
        eligibility=(
            Condition(kind="situation", text="家族も可"),
            Condition(
                kind="residence",
                text="町内に住んでいる",
                fact="resident",
                equals=True,
                required=True,
            ),
        ),
    )
    expected = "在宅の人\n【必ず要る条件】町内に住んでいる\n【目安】家族も可"
    assert made["eligibility_description"] == expected


@pytest.mark.parametrize(
    ("capacity", "status", "alert"),
    [
        (Capacity(), "active", None),
        (Capacity(status="full", note="2月に空く"), "active", "満員：2月に空く"),
        (Capacity(status="reservation"), "active", "要予約"),
        (Capacity(status="suspended", note="改装中"), "temporarily closed", "休止：改装中"),
        (Capacity(note="空き3"), "active", "空き3"),
    ],
)
def test_status_is_a_column_and_an_alert(
    town: Town, capacity: Capacity, status: str, alert: str | None
) -> None:
    """The state in a word for those who know only the alert."""
    made = service(town, capacity=capacity)
    assert (made["status"], made.get("alert")) == (status, alert)


def test_opening_hours_are_rrule_fields(town: Town) -> None:
    """RFC 5545 days and frequency; times with Japan's offset; midnight as 00:00."""
    opening = (OpeningHours(days=(4, 5), opens="18:00", closes="24:00"),)
    contact = Contact(hours="金・土の夜")
    (schedule,) = service(town, opening=opening, contact=contact)["schedules"]
    del schedule["id"]
    assert schedule == {
        "timezone": 9,
        "freq": "WEEKLY",
        "interval": 1,
        "wkst": "MO",
        "byday": "FR,SA",
        "opens_at": "18:00+09:00",
        "closes_at": "00:00+09:00",
        "description": "金・土の夜",
    }


@pytest.mark.parametrize(
    ("changed", "read"),
    [
        ({}, OpeningHours(days=(1, 3), opens="10:00", closes="12:00")),
        ({"opens_at": "10:00:00+09:00"}, OpeningHours(days=(1, 3), opens="10:00", closes="12:00")),
        ({"interval": 2}, None),
        ({"freq": "MONTHLY", "byday": "2MO"}, None),
        ({"count": 3}, None),
        ({"valid_to": "2026-03-31"}, None),
        ({"timezone": 0}, None),
        ({"opens_at": "10:00Z"}, None),
        ({"opens_at": "25:00"}, None),
        ({"closes_at": "09:00"}, None),
        ({"byday": ""}, None),
        ({"byday": "TU,XX"}, None),
    ],
)
def test_only_a_period_that_is_certain_becomes_opening_hours(
    changed: dict[str, Any], read: OpeningHours | None
) -> None:
    """Everything else stays text."""
    schedule = {"freq": "WEEKLY", "byday": "TU,TH", "opens_at": "10:00", "closes_at": "12:00"}
    assert weekly_period(schedule | changed) == read


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        (
            {"freq": "MONTHLY", "byday": "2MO,-1FR", "opens_at": "10:00"},
            "毎月 第2月曜・最終金曜 10:00",
        ),
        ({"freq": "WEEKLY", "interval": 2, "byday": "WE"}, "1週おき 水曜"),
        ({"freq": "MONTHLY", "bymonthday": "1,15"}, "毎月 1・15日"),
        (
            {"freq": "WEEKLY", "byday": "SU", "until": "2026-09-30", "count": 10},
            "毎週 日曜 （〜2026-09-30）（全10回）",
        ),
        (
            {"opens_at": "10:00", "closes_at": "12:00", "timezone": 1},
            "10:00〜12:00 （UTC+1の時刻）",
        ),
        ({"byday": "WHEN"}, "WHEN"),
    ],
)
def test_other_schedules_are_put_in_words(schedule: dict[str, Any], words: str) -> None:
    """For people, not for the search by time."""
    assert in_words(schedule) == words


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("みどり町中町100（町役場1階）", ("中町100（町役場1階）", "みどり町", "あおば県")),
        ("あおば県みどり町中町100", ("中町100", "みどり町", "あおば県")),
        # Another municipality: where its name ends is not certain.
        ("あおば県緑野市本町1-1", ("緑野市本町1-1", "不明", "あおば県")),
        ("大阪府みどり町1", ("みどり町1", "不明", "大阪府")),
        ("中町の公会堂", ("中町の公会堂", "不明", "不明")),
    ],
)
def test_an_address_is_split_where_it_is_certain(
    town: Town, text: str, parts: tuple[str, str, str]
) -> None:
    """And whole in address_1 where it is not."""
    columns = split_address(text, town)
    assert (columns["address_1"], columns["city"], columns["state_province"]) == parts
    assert join_address(columns).endswith(text)


def test_one_address_is_one_place(document: HsdsDocument) -> None:
    """All services at the town hall share its location; one with a point of its own does not."""
    found = [p["location"] for s in document.services for p in s.get("service_at_locations", ())]
    (pointed,) = [place for place in found if "latitude" in place]
    places = [place for place in found if "latitude" not in place]
    assert pointed["id"] not in {place["id"] for place in places}
    texts = {place["addresses"][0]["address_1"] for place in places}
    assert len({place["id"] for place in places}) == len(texts)


@pytest.mark.parametrize(
    ("cost", "option"),
    [
        ("無料", (0, "無料")),
        ("1回100円", (100, "1回")),
        ("月4,000円", (4000, "月")),
        ("100円", (100, None)),
        ("教室により月500〜1,000円", None),
        ("30分400円（年会費500円）", None),
        ("約500円", None),
        ("", None),
    ],
)
def test_a_plain_cost_is_an_amount(cost: str, option: tuple[int, str | None] | None) -> None:
    """A range, an estimate or two amounts stay text."""
    made = cost_options("5044c2b3-d220-512a-8926-d99aa8b23666", cost)
    assert [(o["amount"], o.get("amount_description")) for o in made] == (
        [option] if option else []
    )


@pytest.mark.parametrize(
    ("url", "column"),
    [
        ("https://town.example/a", "https://town.example/a"),
        ("https://town.example/窓口", "https://town.example/%E7%AA%93%E5%8F%A3"),
        ("役場のページ", None),
        ("", None),
    ],
)
def test_a_url_is_written_as_urls_must_be(town: Town, url: str, column: str | None) -> None:
    """Japanese letters are encoded; what cannot be a URL is no column."""
    assert service(town, contact=Contact(url=url)).get("url") == column
