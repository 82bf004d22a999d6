"""What a very large town costs: time and memory of every step from a published list to an answer.

Each step is measured on its own: seconds, and the most memory the process held meanwhile
(Linux counts that afresh when asked).  Embedding goes through the vector cache, so a report
that is killed goes on where it was.
"""

from __future__ import annotations

import copy
import csv
import gzip
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from eval.scale_kinds import Kind, compare_kinds
from index.build import build_index
from index.dense import SplitDense, centre
from index.embedder import Embedder
from index.passages import make_passages
from index.release import load_release, save_release
from index.snapshot import Index
from index.text import normalise, split_sentences
from index.vectors_cache import VectorCache, cached_vectors, open_cache
from knowledge.models import Knowledge
from service.triage.triage import make_desk, triage

Progress = Callable[[str, int, int], None]
Measured = Callable[[str], AbstractContextManager[list[str]]]
_CLEAR_PEAK = "5"
_TEXTS_TIMED = 200


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what it was, seconds, the most memory meanwhile (MB), and what came of it."""

    name: str
    seconds: float
    peak_mb: int
    said: str = ""


@dataclass(slots=True)
class ScaleReport:
    """What was measured, in order; ``kinds`` compares the index kinds; (p50, p95) in ms."""

    steps: list[Step] = field(default_factory=list)
    kinds: tuple[Kind, ...] = ()
    triage_ms: tuple[float, float] = (0.0, 0.0)
    search_ms: tuple[float, float] = (0.0, 0.0)

    @contextmanager
    def measured(self, name: str) -> Iterator[list[str]]:
        """Measure what happens inside; the words appended to the list are told with it."""
        Path("/proc/self/clear_refs").write_text(_CLEAR_PEAK, encoding="ascii")
        said: list[str] = []
        started = time.perf_counter()
        yield said
        seconds = time.perf_counter() - started
        self.steps.append(Step(name, seconds, _peak_mb(), "、".join(said)))


def run_scale(
    source: Path,
    limit: int | None,
    folder: Path,
    imported: Callable[[Path, Measured], Knowledge],
    load: Callable[[], Embedder],
    notes: Sequence[str],
    now: datetime,
    on_progress: Progress,
) -> ScaleReport:
    """Measure every step from ``source`` to an answer, working in ``folder``.

    ``imported`` imports a file and tells its steps, ``load`` loads the model.  Run again after
    a kill, it embeds only what is missing.
    """
    report = ScaleReport()
    folder.mkdir(parents=True, exist_ok=True)
    path = sampled_rows(source, limit, folder)
    measure_reading(report, path)
    knowledge = imported(path, report.measured)
    embedder = load()
    with open_cache(folder / "vectors" / f"{embedder.digest[:16]}.db") as cache:
        knowledge, index = measure_index(
            report, knowledge, embedder, cache, folder / "releases", now, on_progress
        )
    measure_answers(report, knowledge, index, embedder, notes, now.date())
    measure_kinds(report, index, embedder, notes)
    return report


def sampled_rows(source: Path, limit: int | None, folder: Path) -> Path:
    """Return a CSV of ``limit`` rows drawn from ``source`` (the same each time), or ``source``."""
    if limit is None:
        return source
    with _opened(source) as lines:
        rows = csv.reader(lines)
        header = next(rows)
        every = list(rows)
    drawn = random.Random(0).sample(range(len(every)), min(limit, len(every)))
    path = folder / f"{source.name.removesuffix('.gz').removesuffix('.csv')}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *(every[row] for row in sorted(drawn))])
    return path


def measure_reading(report: ScaleReport, source: Path) -> None:
    """Measure reading the file alone: what an import is compared with."""
    with report.measured("読むだけ（csv）") as said, _opened(source) as lines:
        said.append(f"{sum(1 for _ in csv.DictReader(lines)):,} 行")


def measure_index(
    report: ScaleReport,
    knowledge: Knowledge,
    embedder: Embedder,
    cache: VectorCache,
    root: Path,
    now: datetime,
    on_progress: Progress,
) -> tuple[Knowledge, Index]:
    """Measure embedding, building, saving a release and loading it by mmap; return what was loaded."""
    texts = [normalise(p.text).text for p in make_passages(knowledge) if p.kind != "situation"]
    with report.measured("埋め込み（キャッシュつき）") as said:
        said.append(_embed(cache, embedder, texts, on_progress))
    with report.measured("埋め込みの速さ（キャッシュなし）") as said:
        said.extend(_speeds(embedder, texts))
    with report.measured("索引の組み立て（BM25 と FAISS）") as said:
        index = build_index(knowledge, embedder, now, cache=cache)
        said.append(f"{index.manifest.passages:,} 文、{_kind_of(index)}")
    with report.measured("版の保存") as said:
        folder = save_release(index, knowledge, root)
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        said.append(f"{size / 1e6:,.0f} MB")
    del index
    with report.measured("版の読み込み（mmap）"):
        return load_release(root, embedder.digest)


def _embed(
    cache: VectorCache, embedder: Embedder, texts: Sequence[str], on_progress: Progress
) -> str:
    done: list[int] = []
    started = time.perf_counter()

    def advance(count: int) -> None:
        done.append(count)
        on_progress("埋め込み", sum(done), len(texts))

    cached_vectors(cache, embedder, texts, False, advance)
    fresh = sum(done[1:])
    rate = fresh / (time.perf_counter() - started)
    return f"{done[0]:,} 文は前に済み、{fresh:,} 文を埋め込み" + (
        f"（{rate:.1f} 文/秒）" if fresh else ""
    )


def _speeds(embedder: Embedder, texts: Sequence[str]) -> list[str]:
    """Time some texts as shipped and in bf16, which is measured but not used."""
    some = random.Random(0).sample(list(texts), min(_TEXTS_TIMED, len(texts)))
    said: list[str] = []
    plain, seconds = _timed(embedder, some)
    said.append(f"fp32 {len(some) / seconds:.1f} 文/秒")
    # A copy: turning the weights to bf16 and back leaves them rounded.
    rounded = Embedder(copy.deepcopy(embedder._model).bfloat16(), "bf16", embedder.digest)
    coarse, seconds = _timed(rounded, some)
    nearness = float((plain * coarse).sum(axis=1).min())
    said.append(f"bf16 {len(some) / seconds:.1f} 文/秒、fp32 との最小の cos {nearness:.4f}")
    return said


def _timed(embedder: Embedder, texts: Sequence[str]) -> tuple[NDArray[np.float32], float]:
    embedder.encode_passages(texts[:8])
    started = time.perf_counter()
    vectors = embedder.encode_passages(texts)
    return vectors, time.perf_counter() - started


def measure_kinds(
    report: ScaleReport, index: Index, embedder: Embedder, notes: Sequence[str]
) -> None:
    """Compare the index kinds on the town's own vectors, asked with notes."""
    first = sum(passage.kind != "resource" for passage in index.passages)
    count = len(index.passages) - first
    split = isinstance(index.dense, SplitDense)
    held, start = (index.dense.resources, 0) if split else (index.dense, first)
    queries = [
        centre(embedder.encode_note(text, split_sentences(text)).note, index.note_mean)[0]
        for text in (normalise(note).text for note in notes)
    ]
    with report.measured("索引の種類の比べ") as said:
        report.kinds = compare_kinds(held.reconstruct_n(start, count), np.stack(queries))
        said.append(f"地域資源 {count:,} 文、相談 {len(queries)} 件")


def measure_answers(
    report: ScaleReport,
    knowledge: Knowledge,
    index: Index,
    embedder: Embedder,
    notes: Sequence[str],
    today: date,
) -> None:
    """Time whole answers in that town, and the part of them that is the embedding and search."""
    desk = make_desk(knowledge, embedder, index)
    with report.measured("はじめての相談") as said:
        said.append(f"候補 {len(triage(desk, notes[0], today).suggestions)} 件")
    whole: list[float] = []
    search: list[float] = []
    with report.measured("相談に答える") as said:
        for note in notes:
            started = time.perf_counter()
            answer = triage(desk, note, today)
            whole.append((time.perf_counter() - started) * 1000)
            search.append(answer.timings_ms["search"])
        said.append(f"{len(notes)} 件")
    report.triage_ms, report.search_ms = _spread(whole), _spread(search)


def scale_text(report: ScaleReport) -> str:
    """Return the report as a table for a terminal."""
    lines = ["手順                                秒     最大メモリ"]
    lines += [
        f"{step.name:<24}{step.seconds:>12.1f} {step.peak_mb:>8,} MB  {step.said}"
        for step in report.steps
    ]
    if report.kinds:
        lines += [
            "",
            "索引の種類（1,000 件を求める、1スレッド）  作成秒  recall@10  @1000  p50 ms  p95 ms",
        ]
    lines += [
        f"{kind.name:<28}{kind.build_s:>10.1f} {kind.recall:>9.3f} {kind.wide_recall:>8.3f}"
        f" {kind.p50_ms:>8.2f} {kind.p95_ms:>7.2f}"
        for kind in report.kinds
    ]
    for name, (p50, p95) in (
        ("検索（埋め込みを含む）", report.search_ms),
        ("相談1件", report.triage_ms),
    ):
        lines.append(f"{name}: p50 {p50:.0f} ms、p95 {p95:.0f} ms")
    return "\n".join(lines)


def _kind_of(index: Index) -> str:
    if not isinstance(index.dense, SplitDense):
        return "正確（ふつうの町と同じ）"
    return "正確（制度と資源を分ける）" if index.dense.is_exact else "IVF"


def _spread(times: Sequence[float]) -> tuple[float, float]:
    """Return the median and the 95th percentile."""
    return statistics.median(times), sorted(times)[int(0.95 * (len(times) - 1))]


def _peak_mb() -> int:
    """Return the most memory this process held since the count was cleared."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    (peak,) = (line.split()[1] for line in lines if line.startswith("VmHWM:"))
    return int(peak) // 1024


def _opened(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")
