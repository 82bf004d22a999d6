"""Loading knowledge: a good town loads, and every fault is told so that its keeper can mend it."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from eval.cases import CASES_DIR, load_cases
from index.text import normalise, split_sentences
from knowledge.check import KnowledgeError
from knowledge.freshness import is_stale
from knowledge.load import fingerprint, load_knowledge
from knowledge.models import Knowledge
from tests.fixtures.tiny import Tiny, write_tiny

JAPANESE = re.compile(r"[ぁ-んァ-ヶ一-龠]")
# resources.csv: the columns up to places, to be filled with one row of the test's own.
ROW = "chiisa.{id},{name},サロン,{category},お茶を飲みます。,,,,,,,,,{opening},{places},{status},,{eligibility},,,,{date},,,0\n"
GOOD_ROW = {
    "id": "salon",
    "name": "ちいさサロン",
    "category": "elderly.watch_meal",
    "opening": "",
    "places": "",
    "status": "",
    "eligibility": "",
    "date": "2026-04-01",
}


@pytest.fixture
def tiny(tmp_path: Path) -> Tiny:
    """A town that loads."""
    return write_tiny(tmp_path)


@pytest.fixture(scope="module")
def shipped() -> Knowledge:
    """The national catalogue with the invented sample town."""
    return load_knowledge()


def add_row(tiny: Tiny, **changed: str) -> None:
    """Append a resource (line 4) with some of its columns changed."""
    path = tiny.path("resources.csv")
    row = ROW.format_map(GOOD_ROW | changed)
    path.write_text(path.read_text(encoding="utf-8") + row, encoding="utf-8")


# A good town.


def test_a_good_town_loads_with_everything_typed(tiny: Tiny) -> None:
    """Dates are dates, cells are lists, and the town's own facts are there."""
    knowledge = tiny.load()
    assert [c.code for c in knowledge.categories] == [
        "elderly.watch_meal", "poverty.food", "housing.public",
    ]  # fmt: skip
    assert knowledge.town.welfare_office.own is False
    assert knowledge.town.windows["poverty.food"] == "chiisa.pantry"
    meals, pantry = knowledge.resources
    assert (meals.verified_on, meals.capacity.places) == (date(2026, 4, 1), 20)
    assert (meals.is_window, pantry.is_window) == (True, False)
    assert meals.opening[0].days == (0, 1, 2, 3, 4)
    assert [(c.fact, c.required) for c in meals.eligibility] == [("age", False), ("resident", True)]
    assert pantry.categories == ("poverty.food", "elderly.watch_meal")
    assert pantry.capacity.status == "open"


def test_more_situations_of_the_csv_join_the_service_of_their_category(tiny: Tiny) -> None:
    """situations.csv grows without touching the YAML."""
    by_code = {s.category: s for s in tiny.load().services}
    assert by_code["poverty.food"].situations[-1] == "冷蔵庫が空で、次の給料日まで二週間ある。"
    assert len(by_code["poverty.food"].situations) == 9
    assert len(by_code["housing.public"].situations) == 8


def test_a_town_without_more_situations_loads(tiny: Tiny) -> None:
    """situations.csv is the only file that may be missing."""
    tiny.path("situations.csv").unlink()
    assert tiny.problems() == ()


def test_a_csv_from_excel_loads(tiny: Tiny) -> None:
    """Byte-order mark, CRLF, blank rows and line breaks inside a quoted cell."""
    add_row(tiny, name='"ちいさ\nサロン"')
    path = tiny.path("resources.csv")
    text = path.read_text(encoding="utf-8") + "," * 24 + "\n"
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert tiny.load().resources[2].name == "ちいさ\nサロン"


@pytest.mark.parametrize("mark", ["\u2028", "\x0b", "\x85"])
def test_odd_line_marks_pasted_into_a_cell_do_not_break_the_row(tiny: Tiny, mark: str) -> None:
    """Word and web pages leave them behind; only a real line break ends a row."""
    add_row(tiny, name=f"ちいさ{mark}サロン")
    assert tiny.load().resources[2].name == f"ちいさ{mark}サロン"


# One fault at a time: file, row, column, value, remedy.


@pytest.mark.parametrize(
    ("file", "old", "new", "row", "column", "value", "remedy"),
    [
        # YAML
        ("town.yaml", "own: false", "own: [", 10, "", "", "YAML として読めません"),
        ("town.yaml", "ためし県\n", "ためし\x07県\n", 3, "", "", "制御文字"),
        ("town.yaml", "name: ちいさ町\n", "", 1, "name", "", "必須です"),
        ("town.yaml", "prefecture:", "prefcture:", 3, "prefcture", "ためし県", "つづり"),
        ("town.yaml", "own: false", "own: たぶん", 8, "welfare_office.own", "たぶん", "true または false"),
        ("town.yaml", "1200", "1,200", 4, "population", "1,200", "整数"),
        ("town.yaml", "1200", "-1", 4, "population", "-1", "0 以上"),
        ("town.yaml", '"999999"', "999999", 1, "code", "999999", "引用符"),
        ("town.yaml", "chiisa.pantry", "chiisa.nothing", 12, "windows.poverty.food", "chiisa.nothing", "resources.csv にない id"),
        ("town.yaml", "poverty.food: ", "poverty.foood: ", 12, "windows", "poverty.foood", "支援分野コード"),
        ("facts.yaml", "kind: number", "kind: text", 1, "kind", "text", "'bool', 'number' のどれか"),
        ("facts.yaml", "code: resident", "code: age", 2, "code", "age", "facts.yaml 1行目と重なっています"),
        ("facts.yaml", "- {code: age", "- 年齢\n- {code: age", 1, "", "年齢", "「項目: 値」の形"),
        ("poverty.yaml", "2026-04-01", "2026-13-01", 15, "nat.poverty.food.verified_on", "2026-13-01", "2026-04-01 の形"),
        ("poverty.yaml", "2026-04-01", "令和8年", 15, "nat.poverty.food.verified_on", "令和8年", "2026-04-01 の形"),
        ("poverty.yaml", "level: municipal", "level: city", 4, "nat.poverty.food.level", "city", "'municipal'"),
        ("poverty.yaml", "    - もやしだけで一週間しのいでいる。\n", "", 17, "nat.poverty.food.situations", "財布", "件数"),
        ("poverty.yaml", "fact: resident", "fact: resdent", 1, "eligibility", "resdent", "事実コード"),
        ("poverty.yaml", "fact: resident, ", "", 12, "nat.poverty.food.eligibility.0", "", "組で書いて"),
        ("poverty.yaml", "category: poverty.food", "category: poverty.foood", 1, "category", "poverty.foood", "支援分野コード"),
        ("poverty.yaml", "id: nat.poverty.food", "id: nat.housing.public", 1, "id", "nat.housing.public", "重なっています"),
        # CSV
        ("categories.csv", "elderly,見守り", "elderly,,見守り", 2, "", "", "列の数が見出しと合いません"),
        ("categories.csv", "sector", "secter", 1, "sector", "", "列がありません"),
        ("categories.csv", "公営住宅,住宅係,municipal", "公営住宅,住宅係,city", 4, "level", "city", "'municipal'"),
        ("categories.csv", "housing.public", "poverty.food", 4, "code", "poverty.food", "categories.csv 3行目と重なっています"),
        ("situations.csv", "poverty.food", "poverty.foood", 2, "category", "poverty.foood", "サービスがありません"),
        ("situations.csv", "冷蔵庫が空で、次の給料日まで二週間ある。", "", 2, "text", "", "空です"),
        ("resources.csv", ",categories,", ",category,", 1, "categories", "", "列がありません"),
        ("resources.csv", "ちいさフード", '"ちいさ"フード', 3, "", "", "CSV として読めません"),
        ("resources.csv", "米や缶詰を", "米や,缶詰を", 3, "", "", "列の数が見出しと合いません"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_file_row_column_value_and_remedy(
    tiny: Tiny, file: str, old: str, new: str, row: int, column: str, value: str, remedy: str
) -> None:
    """The keeper finds the cell without searching."""
    tiny.edit(file, old, new)
    found = [p for p in tiny.problems() if (p.file, p.row, p.column) == (file, row, column)]
    assert found, tiny.problems()
    assert value in found[0].value
    assert remedy in found[0].remedy
    assert JAPANESE.search(found[0].remedy)


@pytest.mark.parametrize(
    ("changed", "column", "remedy"),
    [
        ({"name": ""}, "chiisa.salon.name", "空です"),
        ({"category": ""}, "chiisa.salon.categories", "件数"),
        ({"category": "elderly.tea"}, "categories", "支援分野コード"),
        ({"date": ""}, "chiisa.salon.verified_on", "2026-04-01 の形"),
        ({"date": "2026/4/1"}, "chiisa.salon.verified_on", "2026-04-01 の形"),
        ({"date": "2026-02-30"}, "chiisa.salon.verified_on", "2026-04-01 の形"),
        ({"places": "十人"}, "chiisa.salon.capacity.places", "整数"),
        ({"status": "closed"}, "chiisa.salon.capacity.status", "'open', 'full'"),
        ({"opening": "平日"}, "opening", "「mon-fri 08:30-17:15」の形"),
        ({"eligibility": "agee>=65"}, "eligibility", "事実コード agee はありません"),
        ({"id": "pantry"}, "id", "resources.csv 3行目と重なっています"),
    ],
)
def test_a_bad_cell_of_a_resource_is_told_with_its_row_and_column(
    tiny: Tiny, changed: dict[str, str], column: str, remedy: str
) -> None:
    """The appended row is line 4 of the file, and nothing else is complained of."""
    add_row(tiny, **changed)
    (problem,) = tiny.problems()
    assert (problem.file, problem.row, problem.column) == ("resources.csv", 4, column)
    assert remedy in problem.remedy


@pytest.mark.parametrize("file", ["town.yaml", "resources.csv", "facts.yaml", "categories.csv"])
def test_a_file_saved_as_shift_jis_is_told_to_be_saved_as_utf_8(tiny: Tiny, file: str) -> None:
    """What Excel does by default."""
    path = tiny.path(file)
    path.write_bytes(path.read_text(encoding="utf-8").encode("cp932"))
    problem = tiny.problems()[0]
    assert problem.file == file
    assert "UTF-8 ではありません" in problem.remedy


@pytest.mark.parametrize("file", ["town.yaml", "resources.csv", "facts.yaml", "categories.csv"])
@pytest.mark.parametrize("content", [None, "", "\n"])
def test_a_missing_or_empty_file_is_told(tiny: Tiny, file: str, content: str | None) -> None:
    """Never an error without a problem in it."""
    path = tiny.path(file)
    if content is None:
        path.unlink()
    else:
        path.write_text(content, encoding="utf-8")
    assert file in {problem.file for problem in tiny.problems()}


def test_a_category_without_any_service_is_told(tiny: Tiny) -> None:
    """Cases may ask for it, so it must be answerable."""
    tiny.path("housing.yaml").unlink()
    (problem,) = tiny.problems()
    assert (problem.file, problem.row, problem.value) == ("categories.csv", 4, "housing.public")
    assert "サービスが1件もありません" in problem.remedy


# Many faults.


def test_all_faults_of_all_files_are_told_together(tiny: Tiny) -> None:
    """One sitting is enough: bad cells and dangling codes, in the same message."""
    tiny.edit("town.yaml", "chiisa.pantry", "chiisa.nothing")
    tiny.edit("poverty.yaml", "fact: resident", "fact: resdent")
    tiny.edit("red_flags.csv", "suicide,", ",")
    tiny.edit("resources.csv", "elderly.watch_meal,お弁当", "elderly.meal,お弁当")
    with pytest.raises(KnowledgeError) as caught:
        tiny.load()
    told = {(p.file, p.row, p.column) for p in caught.value.problems}
    assert told == {
        ("town.yaml", 12, "windows.poverty.food"),
        ("poverty.yaml", 1, "eligibility"),
        ("red_flags.csv", 2, "code"),
        ("resources.csv", 2, "categories"),
    }
    assert "直すところが 4 件あります" in str(caught.value)
    assert "・resources.csv 2行目 「categories」（elderly.meal）: categories.csv にない" in str(
        caught.value
    )


def test_a_broken_file_does_not_bring_faults_that_only_follow_from_it(tiny: Tiny) -> None:
    """Services that cannot be read are not also called missing, nor facts unknown."""
    tiny.edit("poverty.yaml", "level: municipal", "level: city")
    tiny.edit("facts.yaml", "- {code: age", "- {code: [age")
    assert {problem.file for problem in tiny.problems()} == {"poverty.yaml", "facts.yaml"}


def test_more_than_twenty_faults_are_counted_but_not_all_listed(tiny: Tiny) -> None:
    """A message that fits a screen; the error itself carries them all."""
    for number in range(25):
        add_row(tiny, id=f"salon{number}", date="")
    with pytest.raises(KnowledgeError, match=r"(?s)25 件.*（ほか 5 件）") as caught:
        tiny.load()
    assert str(caught.value).count("・resources.csv") == 20
    assert len(caught.value.problems) == 25


# The fingerprint.


@pytest.mark.parametrize(
    "file", ["town.yaml", "resources.csv", "facts.yaml", "poverty.yaml", "situations.csv"]
)
def test_the_fingerprint_changes_when_any_file_changes(tiny: Tiny, file: str) -> None:
    """An index built before the change is refused after it."""
    before = fingerprint(tiny.town, tiny.national)
    path = tiny.path(file)
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert fingerprint(tiny.town, tiny.national) != before


def test_the_fingerprint_is_the_same_for_the_same_files_elsewhere(tmp_path: Path) -> None:
    """It names the content, not the folder, and files of other kinds do not count."""
    one, two = write_tiny(tmp_path / "one"), write_tiny(tmp_path / "two")
    (two.town / "README.md").write_text("メモ", encoding="utf-8")
    assert one.load().fingerprint == two.load().fingerprint


def test_a_renamed_file_changes_the_fingerprint(tiny: Tiny) -> None:
    """Names are part of it."""
    before = fingerprint(tiny.town, tiny.national)
    tiny.path("poverty.yaml").rename(tiny.national / "services" / "money.yaml")
    assert fingerprint(tiny.town, tiny.national) != before


# The shipped catalogue.


def test_the_shipped_catalogue_has_the_69_categories_with_a_service_each(
    shipped: Knowledge,
) -> None:
    """The codes that cases and outputs use."""
    codes = [category.code for category in shipped.categories]
    assert len(codes) == len(set(codes)) == 69
    assert {service.category for service in shipped.services} == set(codes)


def test_every_shipped_service_has_eight_situations_and_none_twice(shipped: Knowledge) -> None:
    """What the search learns from."""
    for service in shipped.services:
        assert len(service.situations) >= 8, service.id
        assert len(set(service.situations)) == len(service.situations), service.id


def test_every_shipped_service_cites_a_source_and_is_confused_only_with_known_categories(
    shipped: Knowledge,
) -> None:
    """Nothing dangles."""
    codes = {category.code for category in shipped.categories}
    for service in shipped.services:
        assert service.source, service.id
        assert {c.category for c in service.confused_with} <= codes - {service.category}


def test_every_shipped_window_is_a_resource_of_its_category_marked_as_a_window(
    shipped: Knowledge,
) -> None:
    """The map of windows and the column ``is_window`` say the same."""
    by_id = {resource.id: resource for resource in shipped.resources}
    for code, resource_id in shipped.town.windows.items():
        assert code in by_id[resource_id].categories, (code, resource_id)
        assert by_id[resource_id].is_window, resource_id


def test_no_situation_is_taken_from_the_test_cases(shipped: Knowledge) -> None:
    """Neither a whole note nor a sentence of eval/cases/test.jsonl, however it is written."""
    taken: set[str] = set()
    for case in load_cases(CASES_DIR / "test.jsonl"):
        text = normalise(case.note).text
        taken |= {_bare(text)} | {_bare(text[a:b]) for a, b in split_sentences(text)}
    for service in shipped.services:
        for situation in service.situations:
            text = normalise(situation).text
            assert _bare(text) not in taken, (service.id, situation)


def _bare(text: str) -> str:
    """Letters and digits only: punctuation and blanks must not hide a copy."""
    return re.sub(r"\W+", "", text)


# Freshness.


@pytest.mark.parametrize(("today", "stale"), [(date(2027, 4, 1), False), (date(2027, 4, 2), True)])
def test_a_record_is_stale_when_it_was_verified_more_than_a_year_ago(
    today: date, stale: bool
) -> None:
    """365 days to the day is still fresh."""
    assert is_stale(date(2026, 4, 1), today) is stale
