"""PDF and Word: readable by other programs, with the font inside and the readings in place."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import pytest
from docx import Document
from docx.oxml.ns import qn
from pypdf import PdfReader

from knowledge.models import Knowledge
from service.cases.words import PrintKind
from service.printouts.line_breaking import atoms_of, lines_of
from service.printouts.make import file_name, make_printout, with_edits
from service.printouts.models import Printout, Section
from service.printouts.pdf import as_pdf
from service.printouts.ruby import Piece, without_readings
from service.printouts.word_file import as_docx
from tests.fixtures.case_world import DAY, memory_case

KINDS: tuple[PrintKind, ...] = ("slip", "referral", "packet", "emergency")


@pytest.fixture(scope="module")
def papers(town: Knowledge) -> dict[str, Printout]:
    """The four papers of one case."""
    return {kind: make_printout(memory_case(), kind, town, DAY, "山田 花子") for kind in KINDS}


def pdf_text(content: bytes) -> str:
    pages = PdfReader(BytesIO(content)).pages
    return re.sub(r"\s", "", "".join(page.extract_text() for page in pages))


def tight(text: str) -> str:
    return re.sub(r"\s", "", text)


@pytest.mark.parametrize("kind", ["referral", "packet", "emergency"])
def test_every_word_of_a_sheet_can_be_taken_from_the_pdf(
    papers: dict[str, Printout], kind: str
) -> None:
    text = pdf_text(as_pdf(papers[kind]))
    for section in papers[kind].sections:
        assert tight(section.heading) in text
        for line in section.body.split("\n"):
            # A line may go on after the foot of a page.
            assert tight(line)[:20] in text, line
    assert "2026-0012" in text


def test_the_slips_words_and_readings_can_be_taken_from_the_pdf(
    papers: dict[str, Printout],
) -> None:
    text = pdf_text(as_pdf(papers["slip"]))
    for words in ("0000-52-3120", "みせてください", "まどぐち", "でんわ", "ひほけんしゃしょう"):
        assert words in text
    assert "2026-0012" not in text
    assert "《" not in text


def test_the_font_is_in_the_file_and_the_page_is_a4(papers: dict[str, Printout]) -> None:
    reader = PdfReader(BytesIO(as_pdf(papers["packet"])))
    page: Any = reader.pages[0]
    fonts = [font.get_object() for font in page["/Resources"]["/Font"].values()]
    embedded = [f for f in fonts if "NotoSansJP" in str(f["/BaseFont"])]
    assert {"regular", "bold"} == {str(f["/BaseFont"]).rpartition("-")[2] for f in embedded}
    assert all(f["/FontDescriptor"]["/FontFile2"] for f in embedded)
    assert [round(float(n)) for n in reader.pages[0].mediabox[2:]] == [595, 842]
    assert reader.metadata is not None
    assert not any("山田" in str(v) or "相談番号" in str(v) for v in reader.metadata.values())


def test_papers_made_one_after_the_other_and_at_once_do_not_mix_their_letters(
    papers: dict[str, Printout],
) -> None:
    alone = {kind: as_pdf(papers[kind]) for kind in KINDS}
    with ThreadPoolExecutor(4) as pool:
        together = dict(zip(KINDS, pool.map(lambda kind: as_pdf(papers[kind]), KINDS), strict=True))
    assert together == alone


def test_a_letter_that_the_font_lacks_is_marked(papers: dict[str, Printout]) -> None:
    edited = with_edits(papers["packet"], {"facts": "絵文字🙂と髙﨑"})
    text = pdf_text(as_pdf(edited))
    assert "絵文字〓と髙﨑" in text


def test_a_very_long_part_goes_on_over_pages(papers: dict[str, Printout]) -> None:
    edited = with_edits(papers["packet"], {"facts": "あいうえお\n" * 300 + "A" * 5_000})
    reader = PdfReader(BytesIO(as_pdf(edited)))
    assert len(reader.pages) > 5
    assert pdf_text(as_pdf(edited)).count("あいうえお") == 300


def test_the_word_file_opens_again_with_its_readings(papers: dict[str, Printout]) -> None:
    document = Document(BytesIO(as_docx(papers["slip"])))
    rubies = list(document.element.body.iter(qn("w:ruby")))
    read = {
        tuple(
            "".join(t.text for t in ruby.find(qn(part)).iter(qn("w:t")))
            for part in ("w:rubyBase", "w:rt")
        )
        for ruby in rubies
    }
    assert ("電話", "でんわ") in read
    assert ("介護", "かいご") in read
    text = "".join(t.text or "" for t in document.element.body.iter(qn("w:t")))
    assert "0000-52-3120" in text
    assert "《" not in text


def test_the_word_file_says_no_more_than_the_paper(papers: dict[str, Printout]) -> None:
    document = Document(BytesIO(as_docx(papers["packet"])))
    about = document.core_properties
    assert (about.author, about.last_modified_by or "", about.comments) == ("", "", "")
    assert about.title == "専門相談・支援会議の資料"
    lines = [p.text for p in document.paragraphs]
    assert memory_case().text in lines
    section = document.sections[0]
    assert section.page_width
    assert section.page_height
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)


def test_the_files_name_says_nothing_about_the_person(papers: dict[str, Printout]) -> None:
    assert file_name(papers["slip"], "2026-0012", "pdf") == "tsunagi-2026-0012-slip.pdf"


def test_no_line_begins_with_a_mark_that_may_not_and_none_is_too_wide() -> None:
    text = "これは、とても長い文です。（かっこの中）も、あります。" * 8
    lines = lines_of(atoms_of([Piece(text)], lambda t: 10.0 * len(t), len), 95)
    written = ["".join(atom.text for atom in line) for line in lines]
    assert "".join(written) == text
    assert all(len(line) <= 9 for line in written)
    assert not any(line[0] in "、。）" for line in written)
    assert not any(line[-1] == "（" for line in written)


def test_a_reading_wider_than_its_word_makes_room() -> None:
    atoms = atoms_of(
        [Piece("長", "とてもながいよみ")], lambda t: 10.0 * len(t), lambda t: 5.0 * len(t)
    )
    assert [atom.width for atom in atoms] == [40.0]
    made = Printout(
        "slip", "題", "町", (Section("見出し", "長《とてもながいよみ》文", "a"),), "", ""
    )
    assert "とてもながいよみ" in pdf_text(as_pdf(made))
    assert without_readings(made.sections[0].body) == "長文"
