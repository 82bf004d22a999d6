"""HSDS of other systems becomes drafts: what is read, what is left over, what is said."""

from __future__ import annotations

from typing import Any

import pytest

from knowledge.hsds.document import HsdsDocument, Object
from knowledge.hsds.draft import Draft, Imported
from knowledge.hsds.own import Term
from knowledge.hsds.read import from_hsds
from knowledge.hsds.write import resource_uuid
from knowledge.models import Category, Condition, Contact, Knowledge, OpeningHours
from tests.fixtures.hsds_foreign import Foreign, number

RULES = {("rivers", "social"): "isolation.ibasho"}


def the_draft(imported: Imported) -> Draft:
    """The one draft of an import without problems."""
    assert imported.problems == ()
    (draft,) = imported.drafts
    return draft


def said(imported: Imported) -> str:
    """Every notice, as a keeper reads them."""
    return "\n".join(str(notice) for notice in imported.notices)


def test_a_foreign_service_becomes_a_resource(foreign: Foreign) -> None:
    """Everything that both hold, by a rule for its category."""
    draft = the_draft(from_hsds(foreign(), "feed.json", rules=RULES))
    assert draft.record is not None
    values = dict(draft.values)
    assert values.pop("verified_on").isoformat() == "2026-03-01"
    assert values == {
        "id": f"hsds.{number(1)}",
        "name": "Riverside Tea Hour",
        "kind": "Social group",
        "categories": ("isolation.ibasho",),
        "description": "Tea and talk for neighbours. ",
        "for_whom": "Adults",
        "organization": "Riverside Trust",
        "district": "",
        "contact": Contact(
            window="Front desk",
            phone="+81 3 0000 0002（内線 12）",
            hours="毎週 火曜・木曜 10:00〜12:00",
            address="1 Mill Lane, Riverside, Somewhere, 000-0000, GB（Old Mill）",
            url="https://riverside.example/tea",
        ),
        "opening": (OpeningHours(days=(1, 3), opens="10:00", closes="12:00"),),
        "capacity": {"places": None, "status": "open", "note": ""},
        "eligibility": (
            Condition(kind="age", text="年齢18歳以上", fact="age", min=18, required=True),
            Condition(kind="residence", text="対象の地域：Riverside"),
        ),
        "cost": "Free for members.\nGuests 2.5 GBP",
        "first_step": "Just come.",
        "bring": ("Membership card",),
        "verified_by": "",
        "source": "feed.json",
        "is_window": False,
    }


def test_what_has_no_place_is_told_and_kept(foreign: Foreign) -> None:
    """By table, with counts; the draft keeps each value and the whole original."""
    imported = from_hsds(foreign(), "feed.json")
    draft = the_draft(imported)
    left = dict(draft.left_over)
    assert draft.more == {"email": "tea@riverside.example", "fax": "+81 3 0000 0001"}
    assert left["contacts[0].name"] == "A. Person"
    assert left["service_at_locations[0].location.latitude"] == "35.5"
    assert draft.original["email"] == "tea@riverside.example"
    assert "「contact」: つなぎに入れる所がないので取り込みません：name（1件）" in said(imported)
    assert "「organization」: つなぎに入れる所がないので取り込みません：description（1件）" in said(
        imported
    )


def test_unknown_members_are_told_and_harm_nothing(foreign: Foreign) -> None:
    """A later version of HSDS, or somebody's extension."""
    made = foreign(service_capacity=[{"available": 3}], x_note="?")
    made["phones"][1]["x_hours"] = "day"
    imported = from_hsds(made)
    left = dict(the_draft(imported).left_over)
    assert left["x_note"] == "?"
    assert left["phones[1].x_hours"] == "day"
    assert "service_capacity（1件）" in said(imported)


def test_the_least_that_hsds_allows_is_a_draft() -> None:
    """Id, name and status: the keeper is told what to add."""
    imported = from_hsds({"id": number(1), "name": "Tea", "status": "active"})
    draft = the_draft(imported)
    assert draft.record is None
    assert draft.missing == ("kind", "categories", "description", "verified_on")
    assert "つなぎで必須の「verified_on」がありません。書き足してください" in said(imported)
    assert draft.values["name"] == "Tea"


def test_its_own_classification_is_kept_for_the_keeper(foreign: Foreign) -> None:
    """Without a rule no category is guessed."""
    draft = the_draft(from_hsds(foreign()))
    assert draft.terms == (Term("rivers", "social", "Social group"),)
    assert draft.missing == ("categories",)


def test_a_guide_of_categories_must_be_one_of_ours(foreign: Foreign, shipped: Knowledge) -> None:
    """A rule may not bring in a code that does not exist."""
    rules = {("rivers", "social"): "isolation.tea"}
    imported = from_hsds(foreign(), "feed.json", shipped.categories, rules)
    assert imported.drafts == ()
    assert "categories.csv にない支援分野コードです" in str(imported.problems[0])


@pytest.mark.parametrize(
    ("status", "ours", "note", "retired"),
    [
        ("active", "open", "", False),
        ("temporarily closed", "suspended", "", False),
        ("inactive", "suspended", "提供していません", False),
        ("defunct", "suspended", "廃止されました", True),
    ],
)
def test_status_is_understood(
    foreign: Foreign, status: str, ours: str, note: str, *, retired: bool
) -> None:
    """A defunct service is marked for retirement, never dropped."""
    draft = the_draft(from_hsds(foreign(status=status)))
    assert draft.values["capacity"] == {"places": None, "status": ours, "note": note}
    assert draft.retired is retired


def test_nulls_mean_none(foreign: Foreign) -> None:
    """Many feeds write every member; the schema has no null."""
    made = foreign() | {"url": None, "phones": None, "organization": None}
    imported = from_hsds(made)
    draft = the_draft(imported)
    assert draft.values["contact"].phone == ""
    assert draft.values["organization"] == ""
    assert "null は「なし」と読みました（3 か所）" in said(imported)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "ftp://x.example/"])
def test_only_web_addresses_become_links(foreign: Foreign, url: str) -> None:
    """A page shows them as links: nothing else may be behind one."""
    imported = from_hsds(foreign(url=url))
    assert the_draft(imported).values["contact"].url == ""
    assert "http か https の URL ではないので、取り込みません" in said(imported)


def test_a_badly_written_url_or_mail_does_not_stop_the_rest(foreign: Foreign) -> None:
    """It is told; the text is kept."""
    imported = from_hsds(foreign(url="www.riverside.example", email="at the desk"))
    assert the_draft(imported).values["contact"].url == "www.riverside.example"
    assert "HSDS の決まりではURL（例 https://example.jp/） で書いてください" in said(imported)


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "@SUM(A1)", "+cmd|' /C calc'!A0", "＝1+1"])
def test_a_value_that_looks_like_a_formula_stays_text(foreign: Foreign, text: str) -> None:
    """It is told, kept as it is, and only a CSV guards it."""
    imported = from_hsds(foreign(fees_description=text, cost_options=None))
    assert the_draft(imported).values["cost"] == text
    assert "表計算ソフトが式として動かす文字で始まります" in said(imported)


def test_a_phone_number_is_no_formula(foreign: Foreign) -> None:
    """+81 … is how others write theirs."""
    assert "式として" not in said(from_hsds(foreign()))


def test_ages_out_of_order_are_told(foreign: Foreign) -> None:
    """Nobody would fit."""
    assert "だれも当てはまりません" in said(from_hsds(foreign(maximum_age=10)))


def test_fractions_of_years_do_not_widen(foreign: Foreign) -> None:
    """17.5 and over is 18 and over for whole years."""
    draft = the_draft(from_hsds(foreign(minimum_age=17.5, maximum_age=29.9)))
    ages = [(c.min, c.max) for c in draft.values["eligibility"] if c.fact == "age"]
    assert ages == [(18, None), (None, 29)]


def pages(service: Object) -> list[tuple[str, Any]]:
    """One service in every shape of the published examples."""
    place = {"id": number(99), "service": service}
    organization = service["organization"] | {"services": [service]}
    return [
        ("one service", service),
        ("a list", [service]),
        ("a page", {"total_items": 1, "contents": [service]}),
        ("an older page", {"totalElements": 1, "content": [service]}),
        ("at a location", place),
        ("a page of locations", {"contents": [place]}),
        ("an organization", organization),
        ("a page of organizations", {"contents": [organization]}),
    ]


@pytest.mark.parametrize("shape", range(8))
def test_every_published_shape_is_read(foreign: Foreign, shape: int) -> None:
    """The same service, however it is wrapped."""
    name, wrapped = pages(foreign())[shape]
    draft = the_draft(from_hsds(wrapped))
    assert draft.name == "Riverside Tea Hour", name
    assert draft.values["organization"] == "Riverside Trust"
    assert draft.values["contact"].phone.startswith("+81 3 0000 0002")


def test_an_organization_named_by_id_is_joined(foreign: Foreign) -> None:
    """Lists write it once and refer to it."""
    trust = foreign()["organization"]
    made = foreign(organization=None, organization_id=trust["id"])
    page = {"contents": [made], "organizations": [trust]}
    assert the_draft(from_hsds(page)).values["organization"] == "Riverside Trust"
    imported = from_hsds({"contents": [made]})
    assert the_draft(imported).values["organization"] == ""
    assert "この id の運営組織（organization）が文書の中にありません" in said(imported)


def test_a_service_that_is_there_twice_is_read_once(foreign: Foreign) -> None:
    """The same object, repeated by a page that overlaps."""
    imported = from_hsds([foreign(), foreign()])
    assert len(imported.drafts) == 1
    assert "同じ service が2回あるので" in said(imported)


def test_our_records_without_our_attributes_are_known_by_their_id(
    document: HsdsDocument, shipped: Knowledge
) -> None:
    """Software that drops what it does not know leaves the UUID and the columns."""
    bare = {k: v for k, v in document.services[0].items() if k != "attributes"}
    draft = the_draft(from_hsds(bare))
    first = shipped.resources[0]
    assert draft.hsds_id == resource_uuid(shipped.town, first.id)
    assert draft.record is None
    assert draft.values["contact"].phone == first.contact.phone
    assert draft.values["opening"] == first.opening


def test_categories_are_optional_to_check(foreign: Foreign, shipped: Knowledge) -> None:
    """With the list every code of ours is held against it."""
    known: tuple[Category, ...] = shipped.categories
    draft = the_draft(from_hsds(foreign(), "feed.json", known, RULES))
    assert draft.record is not None
