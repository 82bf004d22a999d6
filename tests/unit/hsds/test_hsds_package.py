"""The tabular data package: what is written, and every broken package told and refused."""

from __future__ import annotations

import csv
import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from knowledge.hsds.datapackage import package_files, write_datapackage, zip_datapackage
from knowledge.hsds.document import HsdsDocument
from knowledge.hsds.draft import Imported
from knowledge.hsds.formula import guard, is_formula, unguard
from knowledge.hsds.package_files import Limits
from knowledge.hsds.read_datapackage import read_datapackage
from knowledge.hsds.write import to_hsds
from knowledge.models import Knowledge
from tests.fixtures.hsds_foreign import number

Files = dict[str, bytes]
SERVICE = f"id,organization_id,name,status\r\n{number(1)},{number(2)},茶話会,active\r\n"
ORGANIZATION = f"id,name,description\r\n{number(2)},町,町です\r\n"


@pytest.fixture
def small() -> Files:
    """The least package of another system."""
    return {"services.csv": SERVICE.encode(), "organizations.csv": ORGANIZATION.encode()}


def put(folder: Path, files: Files) -> Path:
    """Write files to a folder."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def pack(path: Path, files: Files) -> Path:
    """Write files to a zip."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def refused(imported: Imported, *words: str) -> None:
    """No drafts, and the words are said."""
    assert imported.problems
    assert (imported.drafts, imported.town) == ((), None)
    said = "\n".join(str(problem) for problem in imported.problems)
    for word in words:
        assert word in said


def said(imported: Imported) -> str:
    """Every notice."""
    assert imported.problems == ()
    return "\n".join(str(notice) for notice in imported.notices)


def rows_of(data: bytes) -> list[dict[str, str]]:
    """The rows of a CSV."""
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


# Writing.


def test_the_description_names_every_file_and_column(document: HsdsDocument) -> None:
    """datapackage.json is what readers go by."""
    files = package_files(document)
    description = json.loads(files["datapackage.json"])
    assert {r["path"] for r in description["resources"]} == files.keys() - {"datapackage.json"}
    for resource in description["resources"]:
        header = files[resource["path"]].decode().partition("\r\n")[0].split(",")
        assert header == [field["name"] for field in resource["schema"]["fields"]]


def test_every_required_cell_is_filled_and_every_key_is_there(document: HsdsDocument) -> None:
    """What a validator of data packages checks: required, unique, foreign keys."""
    files = package_files(document)
    description = json.loads(files["datapackage.json"])
    rows = {r["name"]: rows_of(files[r["path"]]) for r in description["resources"]}
    for resource in description["resources"]:
        name, schema = resource["name"], resource["schema"]
        assert len({row["id"] for row in rows[name]}) == len(rows[name])
        for field in schema["fields"]:
            if field["constraints"]["required"]:
                assert all(row[field["name"]] for row in rows[name]), (name, field["name"])
        for key in schema["foreignKeys"]:
            known = {row["id"] for row in rows[key["reference"]["resource"]]}
            assert all(row[key["fields"]] in known | {""} for row in rows[name]), (name, key)


def test_an_earlier_package_is_replaced(document: HsdsDocument, tmp_path: Path) -> None:
    """The whole of it: no file of the old one stays."""
    folder = tmp_path / "hsds"
    write_datapackage(document, folder)
    put(folder, {"funding.csv": b"id\r\n"})
    write_datapackage(document, folder)
    assert {p.name for p in folder.iterdir()} == package_files(document).keys()
    assert [p.name for p in tmp_path.iterdir()] == ["hsds"]


def test_a_folder_with_other_files_is_left_alone(document: HsdsDocument, tmp_path: Path) -> None:
    """Nothing of its keeper's is overwritten."""
    put(tmp_path, {"notes.txt": b"x"})
    with pytest.raises(FileExistsError, match="空のフォルダー"):
        write_datapackage(document, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]


def test_a_failed_write_leaves_the_old_package(
    document: HsdsDocument, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full halfway."""
    folder = tmp_path / "hsds"
    write_datapackage(document, folder)
    before = {p.name: p.read_bytes() for p in folder.iterdir()}

    def full(_: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="disk full"):
        write_datapackage(document, folder)
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before
    assert [p.name for p in tmp_path.iterdir()] == ["hsds"]


def test_a_folder_that_cannot_be_moved_leaves_the_old_package(
    document: HsdsDocument, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new one is written, and its move into place fails."""
    folder = tmp_path / "hsds"
    write_datapackage(document, folder)
    rename = Path.rename

    def fails_for_the_new(self: Path, target: Path) -> Path:
        if target == folder and not self.name.endswith("-old"):
            raise OSError("no rights")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fails_for_the_new)
    with pytest.raises(OSError, match="no rights"):
        write_datapackage(document, folder)
    assert {p.name for p in folder.iterdir()} == package_files(document).keys()
    assert [p.name for p in tmp_path.iterdir()] == ["hsds"]


# Formulas.


@pytest.mark.parametrize(
    "text", ["=1+1", "@a", "+cmd|x", "-2+3+cmd|x", "\t=1", "＝1", "- 火曜", " =1", "'=1", "''=1"]
)
def test_what_a_spreadsheet_would_run_is_guarded_and_comes_back(text: str) -> None:
    """A leading quote mark, taken off again by us."""
    assert guard(text) == f"'{text}"
    assert not is_formula(guard(text))
    assert unguard(guard(text)) == text


@pytest.mark.parametrize(
    "text", ["", "茶話会", "0000-52-2120", "+81 3 0000 0001", "-5", "'引用'", "1=1"]
)
def test_plain_text_and_numbers_are_left_as_they_are(text: str) -> None:
    """Phone numbers above all."""
    assert guard(text) == text
    assert unguard(text) == text


def test_no_cell_of_an_export_is_a_formula(shipped: Knowledge, tmp_path: Path) -> None:
    """And the texts come back as they were."""
    bad = shipped.resources[0].model_copy(update={"name": "=1+1", "cost": "'@x", "bring": ("+a",)})
    files = package_files(to_hsds(shipped.town, [bad]))
    for name, data in files.items():
        if name.endswith(".csv"):
            assert not any(is_formula(cell) for row in rows_of(data) for cell in row.values())
    assert read_datapackage(put(tmp_path, files)).resources == (bad,)


def test_quote_marks_of_others_are_their_own(small: Files, tmp_path: Path) -> None:
    """Only a package with our mark is unguarded."""
    small["services.csv"] = SERVICE.replace("茶話会", "'=茶話会").encode()
    assert read_datapackage(put(tmp_path, small)).drafts[0].name == "'=茶話会"


# Reading others' packages.


def test_the_least_package_is_read(small: Files, tmp_path: Path) -> None:
    """Without a description, by the standard file names."""
    imported = read_datapackage(put(tmp_path, small))
    assert "標準のファイル名で読みました" in said(imported)
    (draft,) = imported.drafts
    assert (draft.name, draft.values["organization"]) == ("茶話会", "町")


@pytest.mark.parametrize("top", ["", "export/", "a/b/"])
def test_a_folder_inside_the_zip_is_no_obstacle(small: Files, tmp_path: Path, top: str) -> None:
    """People zip the folder as often as the files."""
    files = {f"{top}{name}": data for name, data in small.items()}
    files |= {"__MACOSX/._services.csv": b"\0", f"{top}README.txt": b"x"}
    assert len(read_datapackage(pack(tmp_path / "x.zip", files)).drafts) == 1


def test_the_description_says_where_the_files_are(small: Files, tmp_path: Path) -> None:
    """Other names, and a folder of their own."""
    paths = {"service": "data/s.csv", "organization": "data/o.csv"}
    description = {"resources": [{"name": n, "path": p} for n, p in paths.items()]}
    files = {
        "datapackage.json": json.dumps(description).encode(),
        "data/s.csv": small["services.csv"],
        "data/o.csv": small["organizations.csv"],
    }
    assert len(read_datapackage(put(tmp_path, files)).drafts) == 1


def test_unknown_files_and_columns_are_told(small: Files, tmp_path: Path) -> None:
    """Somebody's extension harms nothing."""
    small["visits.csv"] = b"id\r\n1\r\n"
    small["services.csv"] = (
        f"id,organization_id,name,status,mood\r\n{number(1)},{number(2)},茶話会,active,good\r\n"
    ).encode()
    notices = said(read_datapackage(put(tmp_path, small)))
    assert "visits.csv: HSDS の表ではないので、読みません" in notices
    assert "services.csv 1行目 「mood」: HSDS にない列なので、読みません" in notices


def test_a_row_with_line_breaks_keeps_its_line_number(small: Files, tmp_path: Path) -> None:
    """The line a row begins on, blank rows counted."""
    small["services.csv"] = (
        "id,organization_id,name,status\r\n\r\n"
        f'{number(1)},{number(2)},"二行の\n名前",active\r\n'
        f"{number(3)},{number(2)},次,open\r\n"
    ).encode()
    refused(read_datapackage(put(tmp_path, small)), "services.csv 5行目 「status」（open）")


def add(name: str, text: str) -> Callable[[Files], None]:
    """A further table."""

    def apply(files: Files) -> None:
        files[name] = text.encode()

    return apply


def swap(old: str, new: str) -> Callable[[Files], None]:
    """Another text in services.csv."""
    return add("services.csv", SERVICE.replace(old, new))


def drop(name: str) -> Callable[[Files], None]:
    """A table less."""

    def apply(files: Files) -> None:
        del files[name]

    return apply


DESCRIBED = '{"resources": [{"name": "service", "path": "%s"}]}'
BROKEN: list[tuple[Callable[[Files], None], str, str]] = [
    (swap(number(1), "tea"), "services.csv 2行目 「id」（tea）", "UUID"),
    (swap("active", "open"), "services.csv 2行目 「status」（open）", "temporarily closed"),
    (swap("茶話会", ""), "services.csv 2行目 「name」", "この項目は必須です"),
    (swap(f",{number(2)}", ","), "services.csv 2行目 「organization_id」", "この項目は必須です"),
    (swap(number(2), number(9)), "services.csv 2行目 「organization_id」", "organizations.csv にありません"),
    (swap("active", "active,x"), "services.csv 2行目", "列の数が見出しと合いません"),
    (swap("茶話会", '"茶話会'), "services.csv 2行目", "CSV として読めません"),
    (swap("id,", "ID,"), "services.csv 1行目 「id」", "見出しに id がありません"),
    (swap(",", ";"), "services.csv 1行目 「id」", "コンマ区切り"),
    (swap("name,status", "name,name"), "services.csv 1行目 「name」", "同じ見出し"),
    (swap("茶話会", "茶\0会"), "services.csv", "NUL"),
    (swap("茶話会", "あ" * 200_000), "services.csv 2行目", "CSV として読めません"),
    (add("services.csv", "id,organization_id,name,status\r\n"), "services.csv", "service が1件もありません"),
    (add("services.csv", ""), "services.csv 1行目 「id」", "見出しに id がありません"),
    (add("services.csv", SERVICE + SERVICE.split("\r\n")[1].replace("茶話会", "別")), "services.csv 3行目 「id」", "2行目と同じ id"),
    (drop("services.csv"), "services.csv", "service が1件もありません"),
    (drop("organizations.csv"), "services.csv 2行目 「organization_id」", "organizations.csv にありません"),
    (add("phones.csv", f"id,number\r\n{number(5)},0000\r\n"), "phones.csv 2行目", "どの記録のものか分かりません"),
    (add("phones.csv", f"id,service_id,number\r\n{number(5)},{number(8)},0000\r\n"), "phones.csv 2行目", "どの記録のものか分かりません"),
    (add("phones.csv", f"id,service_id,number,extension\r\n{number(5)},{number(1)},0000,内線\r\n"), "phones.csv 2行目 「extension」（内線）", "数で書いてください"),
    (add("phones.csv", f"id,service_id,number,extension\r\n{number(5)},{number(1)},0000,inf\r\n"), "phones.csv 2行目 「extension」（inf）", "数で書いてください"),
    (add("service_at_location.csv", f"id,service_id,location_id\r\n{number(5)},{number(1)},{number(8)}\r\n"), "service_at_location.csv 2行目 「location_id」", "locations.csv にありません"),
    (add("datapackage.json", DESCRIBED % "../services.csv"), "datapackage.json 「service」（../services.csv）", "パッケージの中の名前"),
    (add("datapackage.json", DESCRIBED % "/etc/passwd"), "datapackage.json 「service」", "パッケージの中の名前"),
    (add("datapackage.json", DESCRIBED % "https://x.example/s.csv"), "datapackage.json 「service」", "パッケージの中の名前"),
]  # fmt: skip


@pytest.mark.parametrize(("damage", "where", "what"), BROKEN)
def test_a_broken_table_is_named_with_its_row_and_remedy(
    small: Files, tmp_path: Path, damage: Callable[[Files], None], where: str, what: str
) -> None:
    """File, row, column, value, and what to do; not one draft."""
    damage(small)
    refused(read_datapackage(put(tmp_path / "hsds", small)), where, what)


def test_another_encoding_is_told(small: Files, tmp_path: Path) -> None:
    """HSDS is UTF-8; Excel writes CP932."""
    small["services.csv"] = SERVICE.encode("cp932")
    refused(read_datapackage(put(tmp_path, small)), "services.csv", "CSV UTF-8")


@pytest.mark.parametrize(
    ("table", "word"),
    [
        (f"attributes.csv:id,link_id,link_entity,taxonomy_term_id\r\n{number(5)},{number(8)},service,{number(7)}", "この属性は読みません"),
        (f"contacts.csv:id,service_id,organization_id,department\r\n{number(5)},{number(1)},{number(8)},係", "このつながりは読みません"),
        (f"languages.csv:id,service_id,name\r\n{number(5)},{number(8)},英語", "このつながりは読みません"),
        (f"services.csv:{SERVICE}{number(1)},{number(2)},茶話会,active", "まったく同じ行"),
        (f"organizations.csv:id,name\r\n{number(2)},町", "必須の項目ですが、ありません"),
        ('datapackage.json:{"resources": [{"name": "phone", "path": "p.csv"}]}', "この表は空として読みます"),
        ("datapackage.json:../../datapackage.json", "標準のファイル名で読みました"),
    ],
)  # fmt: skip
def test_what_can_be_left_out_is_told_and_left_out(
    small: Files, tmp_path: Path, table: str, word: str
) -> None:
    """The service itself is whole."""
    name, _, text = table.partition(":")
    small[name] = text.encode()
    imported = read_datapackage(put(tmp_path, small))
    assert word in said(imported)
    assert len(imported.drafts) == 1


def test_an_attribute_of_ours_that_hangs_loose_is_refused(
    document: HsdsDocument, tmp_path: Path
) -> None:
    """It carries part of a record."""
    files = package_files(document)
    service = rows_of(files["services.csv"])[0]["id"]
    files["attributes.csv"] = files["attributes.csv"].replace(service.encode(), number(1).encode())
    refused(read_datapackage(put(tmp_path, files)), "attributes.csv", "services.csv にありません")


# Packages that would choke us.


def test_a_path_that_is_not_there_is_told(tmp_path: Path) -> None:
    """Neither file nor folder."""
    refused(read_datapackage(tmp_path / "x.zip"), "ファイルもフォルダーもありません")


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "ファイルが空です"),
        (b"id,name\r\n", "zip として開けません"),
        (b"PK\x03\x04" + b"\0" * 40, "zip として開けません"),
    ],
)
def test_what_is_no_zip_is_told(tmp_path: Path, data: bytes, word: str) -> None:
    """Empty, a CSV alone, a torso."""
    path = tmp_path / "x.zip"
    path.write_bytes(data)
    refused(read_datapackage(path), "x.zip", word)


def test_a_zip_cut_or_damaged_anywhere_is_told(document: HsdsDocument, tmp_path: Path) -> None:
    """At forty places each; never an exception, never a draft of half a package."""
    whole = zip_datapackage(document)
    path = tmp_path / "x.zip"
    step = len(whole) // 40
    for end in range(step, len(whole) - 1, step):
        path.write_bytes(whole[:end])
        refused(read_datapackage(path))
        path.write_bytes(whole[:end] + bytes([whole[end] ^ 0xFF]) + whole[end + 1 :])
        imported = read_datapackage(path)
        assert bool(imported.problems) != bool(imported.drafts)


def test_an_empty_zip_or_one_without_tables_is_told(tmp_path: Path) -> None:
    """With what would be right."""
    refused(read_datapackage(pack(tmp_path / "x.zip", {})), "CSV がありません")
    refused(read_datapackage(pack(tmp_path / "y.zip", {"a.txt": b"x"})), "CSV がありません")
    (tmp_path / "z").mkdir()
    refused(read_datapackage(tmp_path / "z"), "CSV がありません")


def test_a_zip_bomb_is_not_unpacked(small: Files, tmp_path: Path) -> None:
    """20 MB of nothing in 20 KB."""
    small["services.csv"] = b"\0" * 20_000_000
    refused(read_datapackage(pack(tmp_path / "x.zip", small)), "zip 爆弾")


def test_a_zip_that_lies_about_its_size_is_refused(small: Files, tmp_path: Path) -> None:
    """The directory says 10 bytes; no more than that is unpacked."""
    path = pack(tmp_path / "x.zip", small)
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\x01\x02")
    data[at + 24 : at + 28] = (10).to_bytes(4, "little")
    path.write_bytes(bytes(data))
    refused(read_datapackage(path), "x.zip")


def test_an_encrypted_zip_is_told(small: Files, tmp_path: Path) -> None:
    """We ask for no passwords."""
    path = pack(tmp_path / "x.zip", small)
    data = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.index(mark)
        data[at + offset] |= 1
    path.write_bytes(bytes(data))
    refused(read_datapackage(path), "暗号")


def test_a_name_that_is_there_twice_is_told(small: Files, tmp_path: Path) -> None:
    """Two programs would read two different tables."""
    path = pack(tmp_path / "x.zip", small)
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr("services.csv", SERVICE)
    refused(read_datapackage(path), "同じ名前のファイル")


@pytest.mark.parametrize(
    ("limits", "word"),
    [
        (Limits(total_bytes=50), "0MB まで"),
        (Limits(files=1), "ファイルは 1 個まで"),
        (Limits(rows=0), "0 行まで"),
    ],
)
@pytest.mark.parametrize("packed", [True, False])
def test_limits_are_kept(
    small: Files, tmp_path: Path, limits: Limits, word: str, *, packed: bool
) -> None:
    """For zips and for folders."""
    path = pack(tmp_path / "x.zip", small) if packed else put(tmp_path / "x", small)
    refused(read_datapackage(path, limits=limits), word)


def test_a_big_zip_is_not_even_opened(small: Files, tmp_path: Path) -> None:
    """Its list of contents alone could fill the memory."""
    path = pack(tmp_path / "x.zip", small)
    refused(read_datapackage(path, limits=Limits(packed_bytes=50)), "0MB まで")


def test_a_link_out_of_the_folder_is_not_followed(small: Files, tmp_path: Path) -> None:
    """Its keeper chose the folder, not what a link in it points to."""
    put(tmp_path, {"secret.csv": small["services.csv"]})
    folder = put(tmp_path / "hsds", {"organizations.csv": small["organizations.csv"]})
    (folder / "services.csv").symlink_to(tmp_path / "secret.csv")
    refused(read_datapackage(folder), "services.csv", "フォルダーの外を指すリンク")
