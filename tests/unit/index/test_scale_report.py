"""``tsunagi bench --scale``: every step of a large town is measured, on rows drawn from its list."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from eval.scale import ScaleReport, run_scale, sampled_rows, scale_text
from eval.scale_kinds import compare_kinds
from knowledge.models import Knowledge
from service.cli import app
from service.cli_scale import import_for_scale
from service.errors import BadInput
from tests.fixtures.counting_embedder import CountingEmbedder

NOW = datetime(2026, 6, 1, 9, 30, tzinfo=UTC)
MIDORI = Path(__file__).parents[3] / "knowledge" / "towns" / "midori"


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    """A list of forty invented care services, compressed as such lists are."""
    path = tmp_path / "架空の一覧.csv.gz"
    header = (
        "id,sector,category,name,name_kana,provider,municipality,lgcode,address,tel,fax,hours,"
        "capacity,target,description,url,lat,lon,source_dataset,source_url,license,as_of"
    )
    rows = [
        f"k{n},介護,訪問介護,架空の訪問介護{n},,,,,,0000-00-{n:04},,,,,,,,,kakuu,,,2025-06"
        for n in range(40)
    ]
    text = "\n".join((header, *rows))
    path.write_bytes(gzip.compress(text.encode("utf-8-sig")))
    return path


def test_rows_are_drawn_the_same_each_time(listed: Path, tmp_path: Path) -> None:
    """In the order of the list, with its header; without a limit the list itself."""
    first = sampled_rows(listed, 5, tmp_path).read_text(encoding="utf-8")
    assert sampled_rows(listed, 5, tmp_path).read_text(encoding="utf-8") == first
    header, *rows = csv.reader(first.splitlines())
    assert header[:4] == ["id", "sector", "category", "name"]
    assert len(rows) == 5
    assert [int(row[0][1:]) for row in rows] == sorted(int(row[0][1:]) for row in rows)
    assert sampled_rows(listed, None, tmp_path) == listed


def test_every_kind_is_held_against_the_exact_one() -> None:
    """Reading every list finds everything; reading one in sixty-four does not."""
    random = np.random.default_rng(3)
    vectors = random.standard_normal((4_000, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    exact, *others = compare_kinds(vectors, vectors[:20])
    assert (exact.recall, exact.wide_recall) == (1.0, 1.0)
    inverted = [kind for kind in others if kind.name.startswith("IVF")]
    assert inverted[0].recall < inverted[-1].recall <= 1.0
    assert [kind for kind in others if kind.name.startswith("HNSW")]


def test_a_list_is_measured_from_import_to_answer_and_embedded_once(
    listed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The import goes through a store of its own; a second run finds the vectors."""
    monkeypatch.setattr("eval.scale._speeds", lambda embedder, texts: [])

    def imported(
        path: Path, measured: Callable[[str], AbstractContextManager[list[str]]]
    ) -> Knowledge:
        return import_for_scale(path, MIDORI, tmp_path, measured, NOW, NOW.date())

    def run(embedder: CountingEmbedder) -> ScaleReport:
        folder, notes = tmp_path / "scale", ["米を買えない。", "母82はひとり暮らし。"]
        told: list[tuple[str, int, int]] = []
        report = run_scale(
            listed,
            30,
            folder,
            imported,
            lambda: embedder,
            notes,
            NOW,
            lambda *said: told.append(said),
        )
        assert told[-1][1] == told[-1][2]
        return report

    first, again = CountingEmbedder(), CountingEmbedder()
    report = run(first)
    run(again)
    assert [text for text in first.asked if "架空の訪問介護" in text]
    assert not [text for text in again.asked if "架空の訪問介護" in text]
    said = {step.name: step.said for step in report.steps}
    assert said["取り込みの計画"] == "30 行"
    assert all(step.seconds >= 0 and step.peak_mb > 0 for step in report.steps)
    text = scale_text(report)
    for name in (*said, "recall@10", "p95"):
        assert name in text


def test_a_list_that_is_not_there_is_said_before_anything_is_done(tmp_path: Path) -> None:
    """What to give instead."""
    result = CliRunner().invoke(app, ["bench", "--scale", str(tmp_path / "ない.csv")])
    assert isinstance(result.exception, BadInput)
    assert "ファイルがありません" in str(result.exception)
