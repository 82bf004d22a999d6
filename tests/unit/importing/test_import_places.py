"""Addresses, codes, map points, numbers of places and links."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.importing.addresses import AddressReading, Home, elsewhere, read_address
from knowledge.importing.amounts import read_places, read_point
from knowledge.importing.codes import check_digit, is_valid, prefectures, read_code
from knowledge.importing.findings import ImportRefused
from knowledge.importing.links import read_links
from knowledge.importing.municipalities import read_municipalities
from tests.fixtures.import_world import csv_bytes

HOME = Home("秋田県", "みどり町")
KNOWN = frozenset(("四日市市", "みどり町", "となり市"))


def read(address: str, prefecture: str = "", city: str = "", building: str = "") -> AddressReading:
    """Read in the town, with a list of three municipalities."""
    return read_address(address, prefecture, city, building, HOME, KNOWN)


@pytest.mark.parametrize(
    ("cells", "text", "city"),
    [
        (("みどり町字中町２６番地",), "秋田県みどり町字中町26番地", "みどり町"),
        (("秋田県みどり町字中町１２番３号",), "秋田県みどり町字中町12番3号", "みどり町"),
        (("〒012-0000 秋田県みどり町字中町3－4－14",), "秋田県みどり町字中町3-4-14", "みどり町"),
        (("三重県四日市市浜町1-2",), "三重県四日市市浜町1-2", "四日市市"),
        (("南8条西26丁目1-2", "北海道", "札幌市中央区"), "北海道札幌市中央区南8条西26丁目1-2", "札幌市中央区"),
        (("中央区南1条1", "北海道", "札幌市中央区"), "北海道札幌市中央区南1条1", "札幌市中央区"),
        (("三重県北牟婁郡紀北町上里2", "三重県", "紀北町"), "三重県北牟婁郡紀北町上里2", "紀北町"),
        (("みどり町字中町1", "", "", "町役場　1階"), "秋田県みどり町字中町1 町役場 1階", "みどり町"),
        (("みどり町字中町1町役場1階", "", "", "町役場1階"), "秋田県みどり町字中町1町役場1階", "みどり町"),
        # Nobody says which municipality: the text stays whole.
        (("柳町2-1-39",), "柳町2-1-39", ""),
        (("東京都どこか区青葉3ー4",), "東京都どこか区青葉3-4", ""),
        (("センター通り1",), "センター通り1", ""),
        (("",), "", ""),
    ],
)  # fmt: skip
def test_an_address_is_put_together_and_its_municipality_named_where_certain(
    cells: tuple[str, ...], text: str, city: str
) -> None:
    """Narrow digits, plain hyphens, nothing twice."""
    reading = read(*cells)
    assert (reading.text, reading.city) == (text, city)


def test_a_postal_code_is_taken_off_and_a_prefecture_that_disagrees_is_told() -> None:
    """The column and the text name different ones."""
    assert read("〒012-0000 みどり町字中町1").postal_code == "012-0000"
    assert "住所は東京都ですが" in read("東京都どこか区1", "秋田県").doubts[0]


def test_an_address_in_another_municipality_is_known_as_such() -> None:
    """Its local number must not get the town's area code."""
    assert elsewhere(read("となり市本町6-8"), HOME)
    assert elsewhere(read("よその市本町6-8"), HOME)
    assert not elsewhere(read("みどり町字中町1"), HOME)
    assert not elsewhere(read("柳町2-1-39"), HOME)


@pytest.mark.parametrize(
    ("cell", "prefecture", "code", "kind"),
    [
        ("011011", "", "011011", "municipality"),
        ("11011", "北海道", "011011", "municipality"),  # the zero was lost
        ("11100", "埼玉県", "111007", "municipality"),  # written without its check digit
        ("11100", "北海道", "011100", "municipality"),
        ("1100", "", "011002", "municipality"),
        ("37201", "", "372013", "municipality"),
        ("140007", "", "140007", "prefecture"),
        ("05000", "", "050008", "prefecture"),
        ("11", "", "110001", "prefecture"),
        ("", "", "", ""),
    ],
)
def test_a_code_gets_its_lost_zero_or_check_digit_back(
    cell: str, prefecture: str, code: str, kind: str
) -> None:
    """The row's prefecture decides between two right readings."""
    reading = read_code(cell, prefecture)
    assert (reading.code, reading.kind) == (code, kind)


@pytest.mark.parametrize(
    ("cell", "prefecture", "doubt"),
    [
        ("11100", "", "どちらとも読めます"),
        ("123456", "", "検査数字が合いません"),
        ("000000", "", "検査数字が合いません"),
        ("みどり", "", "読めません"),
        ("011011", "沖縄県", "都道府県は沖縄県です"),
        ("140007", "", "市区町村ではなく神奈川県"),
    ],
)
def test_a_code_that_is_not_certain_is_told(cell: str, prefecture: str, doubt: str) -> None:
    """And not used."""
    assert doubt in read_code(cell, prefecture).doubts[0]


def test_there_are_47_prefectures_whose_own_codes_are_valid() -> None:
    """The table is the standard's (JIS X 0401)."""
    assert len(prefectures()) == 47
    assert all(is_valid(f"{p}000{check_digit(f'{p}000')}") for p in prefectures())


def test_a_list_of_municipalities_names_the_code_of_an_address() -> None:
    """When the installation has such a list."""
    rows = [["pref", "city", "lgcode"], ["秋田県", "みどり 町", "050008"]]
    known = read_municipalities(csv_bytes(rows), "list.csv")
    assert known.code("秋田県", "みどり町") == "050008"
    assert known.code("秋田県", "となり市") == ""
    with pytest.raises(ImportRefused, match="lgcode"):
        read_municipalities(csv_bytes([["pref", "city"]]), "list.csv")


@pytest.mark.parametrize(
    ("latitude", "longitude", "point", "doubt"),
    [
        ("39.123456789012345", "140.5", ("39.1234567", "140.5"), ""),
        ("0.0", "0.0", ("", ""), ""),
        ("0", "", ("", ""), "数字ではありません"),
        ("", "", ("", ""), ""),
        ("140.5", "39.1", ("", ""), "入れ替わって"),
        ("51.5", "0.1", ("", ""), "日本の外"),
        ("北緯39", "140", ("", ""), "数字ではありません"),
    ],
)
def test_a_point_is_a_point_in_japan_or_none(
    latitude: str, longitude: str, point: tuple[str, str], doubt: str
) -> None:
    """0.0 is how a system writes 「unknown」."""
    reading = read_point(latitude, longitude)
    assert (reading.latitude, reading.longitude) == point
    assert doubt in "".join(reading.doubts)
    assert bool(reading.doubts) is bool(doubt)


@pytest.mark.parametrize(
    ("cell", "places"),
    [("50", 50), ("0", None), ("40人", 40), ("３８名", 38), ("１,２００", 1200), ("約20名程度", 20), ("-", None)],
)  # fmt: skip
def test_places_are_one_number_and_0_is_none(cell: str, places: int | None) -> None:
    """0 stands where nobody filled it in."""
    assert read_places(cell).places == places
    assert not read_places(cell).doubts


@pytest.mark.parametrize(
    "cell", ["大会議室：120名、小会議室", "1号認定 20、2・3号認定 35", "99999999", "若干名"]
)
def test_places_that_are_not_one_number_are_none_and_told(cell: str) -> None:
    """Two rooms have two numbers."""
    assert read_places(cell).places is None
    assert read_places(cell).doubts


@pytest.mark.parametrize(
    ("cell", "url", "email", "doubt"),
    [
        ("https://midori.example/a?b=1", "https://midori.example/a?b=1", "", ""),
        ("info@midori.example", "", "info@midori.example", ""),  # a mail address in the URL column
        ("（保健課）https://midori.example/a", "https://midori.example/a", "", ""),
        ("https://a.example/x\nhttps://b.example/y", "https://a.example/x", "", "2つ以上"),
        ("www.midori.jp", "http://www.midori.jp", "", "補いました"),
        ("http://", "", "", ""),
        ("javascript:alert(1)", "", "", "ホームページの住所ではありません"),
        ("準備中です", "", "", "読めません"),
        ("なし", "", "", ""),
    ],
)
def test_a_link_is_told_from_a_mail_address_and_from_a_trap(
    cell: str, url: str, email: str, doubt: str
) -> None:
    """Only http and https are links."""
    reading = read_links(cell)
    assert (reading.url, reading.email) == (url, email)
    assert doubt in "".join(reading.doubts)


@settings(deadline=None)
@given(st.text(max_size=50), st.text(max_size=10), st.text(max_size=10))
def test_no_cell_makes_an_address_reader_fail_or_lose_its_letters(
    address: str, prefecture: str, city: str
) -> None:
    """What was written is in what is shown, or was blank."""
    reading = read(address, prefecture, city)
    assert isinstance(reading.text, str)
    read_code(address, prefecture)
    read_places(address)
    read_point(address, city)
    read_links(address)


@settings(deadline=None)
@given(st.from_regex(r"[1-9]\d{0,3}(番地)?[1-9]?", fullmatch=True))
def test_reading_a_read_address_changes_nothing(rest: str) -> None:
    """Import after import."""
    once = read(f"みどり町字中町{rest}").text
    assert read(once).text == once
