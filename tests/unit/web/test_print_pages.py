"""The pages of a case's papers: looked over, changed, printed; and what is refused."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import get_args

import pytest
from docx import Document
from pypdf import PdfReader

from service.cases.keep import open_case
from service.cases.models import Case
from service.cases.words import PRINTS
from service.store.audit import list_entries
from service.store.engine import reading
from service.store.grants import Role
from tests.fixtures.case_pages_world import Form, fields_of
from tests.fixtures.case_world import memory_case, new_case_of, violence_case, work_case
from tests.fixtures.record_pages_world import unlabelled, value_in
from tests.fixtures.store_world import TOWN
from tests.fixtures.web_world import Hall, error_on

TYPED = "だれにも残らない文 あさがお"


def kept(hall: Hall, case: Case | None = None) -> Case:
    """A case in the town's store."""
    new = new_case_of(case or memory_case())
    return open_case(hall.engine, TOWN.code, new, "staff-1", hall.now)


def printed(hall: Hall) -> list[tuple[object, object]]:
    """What the audit has of papers: kind and way."""
    with reading(hall.engine) as conn:
        entries = [e for e in list_entries(conn) if e.action == "case.print"]
    details = [json.loads(entry.detail) for entry in entries]
    return [(detail["kind"], detail["how"]) for detail in details]


@pytest.mark.parametrize("kind", PRINTS)
def test_each_paper_is_looked_over_changed_and_taken_in_three_forms(
    light_hall: Hall, kind: str
) -> None:
    case, staff = kept(light_hall), light_hall.come_in("hanako", "staff")
    at = f"/cases/{case.id}/print/{kind}"
    page = staff.get(at)
    assert page.status_code == 200
    assert unlabelled(page.text) == []
    assert printed(light_hall) == []
    form: Form = fields_of(page.text)
    last = next(name for name in reversed(form) if name.startswith("body_"))
    form[last] = TYPED
    on_paper = staff.post(at, data=form)
    assert on_paper.status_code == 200
    assert f"<p>{TYPED}</p>" in on_paper.text
    pdf = staff.post(f"{at}/pdf", data=form)
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.headers["content-disposition"] == (
        f'attachment; filename="tsunagi-{case.label}-{kind}.pdf"'
    )
    assert pdf.headers["cache-control"] == "no-store"
    text = "".join(p.extract_text() for p in PdfReader(BytesIO(pdf.content)).pages)
    assert "あさがお" in text
    docx = staff.post(f"{at}/docx", data=form)
    assert any(p.text == TYPED for p in Document(BytesIO(docx.content)).paragraphs)
    assert sorted(printed(light_hall)) == [(kind, "docx"), (kind, "html"), (kind, "pdf")]


def test_what_was_changed_is_kept_nowhere(light_hall: Hall, tmp_path: Path) -> None:
    case, staff = kept(light_hall), light_hall.come_in("hanako", "staff")
    at = f"/cases/{case.id}/print/packet"
    form = {**fields_of(staff.get(at).text), "body_facts": TYPED}
    for path in (at, f"{at}/pdf", f"{at}/docx"):
        assert staff.post(path, data=form).status_code == 200
    assert TYPED not in staff.get(at).text
    found = [
        p for p in tmp_path.rglob("*") if p.is_file() and "あさがお".encode() in p.read_bytes()
    ]
    assert found == []


@pytest.mark.parametrize("kind", ["referral", "packet"])
@pytest.mark.parametrize("consent", ["unknown", "refused"])
def test_without_consent_the_page_says_what_to_do_and_nothing_is_made(
    light_hall: Hall, kind: str, consent: str
) -> None:
    case = kept(light_hall, memory_case(consent=consent, consent_on=None))
    staff = light_hall.come_in("hanako", "staff")
    at = f"/cases/{case.id}/print/{kind}"
    answers = [staff.get(at), *(staff.post(f"{at}{end}") for end in ("", "/pdf", "/docx"))]
    for answer in answers:
        assert answer.status_code == 409
        assert answer.headers["content-type"].startswith("text/html")
        assert "同意" in error_on(answer.text)
        assert f'href="/cases/{case.id}"' in answer.text
        for private in ("もの忘れ", "84歳", "長男", "中町", "火の始末"):
            assert private not in answer.text, private
    assert printed(light_hall) == []


def test_a_man_who_refuses_still_gets_his_slip(light_hall: Hall) -> None:
    case, staff = kept(light_hall, work_case()), light_hall.come_in("hanako", "staff")
    page = staff.get(f"/cases/{case.id}/print/slip")
    assert page.status_code == 200
    assert "ハローワーク" in page.text


def test_the_slip_of_a_house_with_violence_says_to_the_desk_alone_what_it_leaves_out(
    light_hall: Hall,
) -> None:
    case, staff = kept(light_hall, violence_case()), light_hall.come_in("hanako", "staff")
    at = f"/cases/{case.id}/print/slip"
    page = staff.get(at).text
    assert "安全のため、紙に入れていないつなぎ先" in page
    assert "女性相談支援センターを紙に入れる" in page
    paper = (
        staff.post(at, data=fields_of(page)).text.partition("<article")[2].partition("</article")[0]
    )
    for telling in ("女性", "0000-10-2800", "児童", "DV", "暴力"):
        assert telling not in paper
    first = case.referrals[0].id
    ticked = staff.get(f"{at}?include={first}").text
    form = fields_of(ticked)
    assert set(form["include"]) == {first}
    paper = staff.post(at, data=form).text.partition("<article")[2].partition("</article")[0]
    assert "0000-10-2800" in paper
    assert "0000-30-1123" not in paper


def test_a_sheet_is_for_the_agency_that_was_chosen(light_hall: Hall) -> None:
    case, staff = kept(light_hall), light_hall.come_in("hanako", "staff")
    at = f"/cases/{case.id}/print/referral"
    second = case.referrals[1]
    page = staff.get(f"{at}?referral={second.id}").text
    assert value_in(page, "body_to").startswith(second.target.window)
    on_paper = staff.post(at, data=fields_of(page)).text
    assert f"{second.target.window}　御中" in on_paper
    assert staff.get(f"{at}?referral=r99").status_code == 404


def test_readings_are_put_on_at_a_press_and_nothing_counts_as_printed(light_hall: Hall) -> None:
    case, staff = kept(light_hall), light_hall.come_in("hanako", "staff")
    at = f"/cases/{case.id}/print/slip"
    form = {**fields_of(staff.get(at).text), "body_opening": "窓口へ来てください", "do": "furigana"}
    page = staff.post(at, data=form)
    assert value_in(page.text, "body_opening") == "窓口《まどぐち》へ来《き》てください"
    assert "<article" not in page.text
    assert printed(light_hall) == []
    on_paper = staff.post(at, data=fields_of(page.text))
    assert "<ruby>窓口<rp>（</rp><rt>まどぐち</rt><rp>）</rp></ruby>へ" in on_paper.text


def test_a_text_that_is_too_long_comes_back_with_its_error(light_hall: Hall) -> None:
    case, staff = kept(light_hall), light_hall.come_in("hanako", "staff")
    at = f"/cases/{case.id}/print/packet"
    long = "あ" * 20_001
    form = {**fields_of(staff.get(at).text), "body_facts": long, "body_question": TYPED}
    for path in (at, f"{at}/pdf", f"{at}/docx"):
        answer = staff.post(path, data=form)
        assert answer.status_code == 422
        assert "20,001文字" in error_on(answer.text)
        assert value_in(answer.text, "body_facts") == long
        assert value_in(answer.text, "body_question") == TYPED
    assert printed(light_hall) == []


def test_signs_of_markup_are_only_text(light_hall: Hall) -> None:
    case, staff = kept(light_hall), light_hall.come_in("hanako", "staff")
    at = f"/cases/{case.id}/print/packet"
    form = {**fields_of(staff.get(at).text), "body_facts": "<script>x</script>漢《<b>》"}
    page = staff.post(at, data=form).text
    assert "<script>x" not in page
    assert "<rt>&lt;b&gt;</rt>" in page


def test_an_unknown_case_or_paper_is_not_there(light_hall: Hall) -> None:
    case, staff = kept(light_hall), light_hall.come_in("hanako", "staff")
    for path in ("/cases/none/print/slip", f"/cases/{case.id}/print/poster"):
        assert staff.get(path).status_code == 404
        assert staff.post(f"{path}/pdf").status_code == 404


@pytest.mark.parametrize("role", get_args(Role))
def test_only_who_may_see_cases_gets_papers(light_hall: Hall, role: Role) -> None:
    case, other = kept(light_hall), light_hall.come_in("other", role)
    at = f"/cases/{case.id}/print/slip"
    wanted = 200 if role in ("staff", "coordinator") else 403
    assert other.get(at).status_code == wanted
    for path in (at, f"{at}/pdf", f"{at}/docx"):
        assert other.post(path).status_code == wanted
