"""A town begins with the list it publishes: added, imported, released, and answered on.

The list has the form of the pack made of several towns' open data (22 columns); every place in
it is invented.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from service.cli import main
from service.triage.triage import Desk
from tests.conftest import REPOSITORY
from tests.fixtures.import_world import csv_bytes
from tests.fixtures.tiny import write_tiny

CODE = "059994"
HEADER = "id,sector,category,name,name_kana,provider,municipality,lgcode,address,tel,fax,hours,capacity,target,description,url,lat,lon,source_dataset,source_url,license,as_of"
# sector, category, name, address, phone, capacity, description
PLACES = [
    ("高齢", "短期入所生活介護施設（法人営）", "短期入所 架空の泉", "架空1", "0183-90-0001", "10", ""),
    ("高齢", "デイサービスセンター（法人営）", "デイサービス 架空の丘", "架空2", "0183-90-0002", "20", ""),
    ("高齢", "特別養護老人ホーム（法人営）", "架空荘", "架空3", "0183-90-0003", "60", ""),
    ("高齢(住まい)", "軽費老人ホーム", "ケアハウス架空", "架空4", "0183-90-0004", "30", ""),
    ("高齢(相談)", "地域包括支援センター・在宅介護支援センター", "架空在宅介護支援センター", "架空5", "0183-90-0005", "", ""),
    ("こども", "保育所", "架空保育園", "架空6", "0183-90-0006", "90", ""),
    ("こども(相談)", "子育て支援センター", "架空子育て支援センター", "架空7", "0183-90-0007", "", ""),
    ("相談窓口", "育児", "架空子育て支援センター（架空保育園内）", "架空7", "0183-90-0007", "", "乳幼児の子育てに関する相談"),
    ("こども(居場所)", "放課後児童クラブ・児童館", "架空児童クラブ", "架空8", "0183-90-0008", "", ""),
    ("障害", "障がい福祉サービス事業所（法人営）", "架空の工房", "架空9", "0183-90-0009", "生活介護 20　就労継続B 20", ""),
    ("障害(相談)", "相談支援事業所", "架空相談支援事業所", "架空10", "0183-90-0010", "", ""),
    ("高齢", "その他老人福祉施設", "架空高齢者会館", "架空11", "0183-90-0011", "", "※現在休館中"),
    ("防災", "AED設置場所", "架空公園", "架空12", "0183-90-0012", "", ""),
]  # fmt: skip
RESPITE = (
    "夫82は要介護2。妻80が介護しているが、先月転んで手首を骨折した。"
    "しばらくショートステイに預けたい。"
)
SLEEPLESS = "6か月の子の母24。夜泣きで眠れず、2時間でいいから寝たい。実家は遠い。"


class Told(NamedTuple):
    """What the command said."""

    code: int
    out: str


Run = Callable[..., Told]


@pytest.fixture
def run(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    desk: Desk,
) -> Run:
    """Type ``tsunagi …`` on a computer that has nothing yet but the model."""
    data, vectors = tmp_path / "data", REPOSITORY / "var" / "vectors"
    data.mkdir()
    vectors.mkdir(exist_ok=True)
    (data / "vectors").symlink_to(vectors)
    monkeypatch.setenv("TSUNAGI_DATA_DIR", str(data))
    monkeypatch.setenv("TSUNAGI_TOWN_DIR", str(write_tiny(tmp_path / "home").town))
    monkeypatch.delenv("TSUNAGI_DATABASE_URL", raising=False)
    monkeypatch.setattr("service.wiring.open_embedder", lambda _: desk.embedder)
    monkeypatch.setattr("index.embedder.model_digest", lambda _: desk.embedder.digest)

    def call(*arguments: str, typed: str = "") -> Told:
        monkeypatch.setattr(sys, "argv", ["tsunagi", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed.encode())))
        with pytest.raises(SystemExit) as ended:
            main()
        out, error = capsys.readouterr()
        assert ended.value.code == 0, error
        return Told(0, out)

    return call


def published() -> bytes:
    """The list as the town publishes it."""
    rows = [HEADER.split(",")]
    for number, (sector, kind, name, address, phone, places, text) in enumerate(PLACES):
        values = {
            "id": f"k-{number}",
            "sector": sector,
            "category": kind,
            "name": name,
            "municipality": "秋田県みどり町",
            "lgcode": CODE,
            "address": f"秋田県みどり町{address}",
            "tel": phone,
            "capacity": places,
            "description": text,
            "source_dataset": "みどり町の施設一覧（架空）",
            "license": "CC BY 4.0",
            "as_of": "2026-10-01",
        }
        rows.append([values.get(column, "") for column in rows[0]])
    return csv_bytes(rows)


def local(told: Told) -> dict[str, list[dict[str, Any]]]:
    """The places on the cards, by category."""
    found: dict[str, list[dict[str, Any]]] = {}
    for card in json.loads(told.out)["suggestions"]:
        if card["kind"] == "resource":
            found.setdefault(card["category"], []).append(card)
    return found


def names(cards: list[dict[str, Any]]) -> list[str]:
    """The names on cards, best first."""
    return [card["name"] for card in cards]


def test_a_town_starts_with_its_own_open_data_and_the_desk_answers_on_it(
    run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "施設一覧.csv"
    file.write_bytes(published())
    run("town", "add", CODE, "みどり町")
    done = run("knowledge", "import", str(file), "--town", CODE, "--yes").out
    assert "新しい記録 13 件" in done
    assert "「休止」にしました" in done
    # The AED place has no category; the desk does not know it.
    run("release", "publish", "--town", CODE)
    assert "支援先 12 件" in run("release", "list", "--town", CODE).out

    old = local(run("suggest", "--town", CODE, "--json", "-", typed=RESPITE))
    respite = old["elderly.care_manager"][0]
    assert (respite["name"], respite["contact"]["phone"]) == ("短期入所 架空の泉", "0183-90-0001")
    # The window of the old comes before their homes; the closed hall is not offered.
    assert names(old["elderly.chiiki_hokatsu"])[0] == "架空在宅介護支援センター"
    shown = {card["name"] for cards in old.values() for card in cards}
    for_others = {"架空保育園", "架空児童クラブ", "架空子育て支援センター", "架空公園"}
    assert shown.isdisjoint(for_others | {"架空高齢者会館"})

    young = local(run("suggest", "--town", CODE, "--json", "-", typed=SLEEPLESS))
    # The centre stands in two lists under two names; it is shown once.
    centre = [n for n in names(young["child.childcare_support"]) if "子育て支援センター" in n]
    assert len(centre) == 1
    for_the_old = {name for sector, _, name, *_ in PLACES if sector.startswith("高齢")}
    assert for_the_old.isdisjoint(card["name"] for cards in young.values() for card in cards)
