"""How fast triage() is, beside the time the embedder alone needs for the same text.

Timings on a shared machine drift: what counts is the ratio, measured pair by pair.
"""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from index.build import build_index
from index.text import normalise, split_sentences
from service.triage.triage import Desk, triage

# Invented notes, cut to length: sentences of the kind that desks write.
_SENTENCES = (
    "母84と長男52の二人暮らし。",
    "長男は10年前に仕事をやめてから家にいて、昼夜が逆転している。",
    "母は最近同じ話をくり返し、鍋を焦がしたことが2回ある。",
    "年金は月8万円で、電気代を2か月ためている。",
    "「息子には迷惑をかけられん」と母は言う。",
    "介護保険は申請していない。",
    "近所の人が回覧板を持っていくと、玄関にごみ袋が積んであったとのこと。",
    "暴力などはない。",
    "長男は人と話すのが苦手で、病院には行っていない。",
    "屋根が台風で壊れたままで、業者に高い見積もりを出されたと心配している。",
    "来月、母の妹が遠方から来て三人で話し合う予定。",
    "買い物は週1回、移動販売に来てもらっている。",
)
LENGTHS = (60, 200, 1000)


def note_of(length: int) -> str:
    """Return an invented note of exactly ``length`` characters."""
    text = "".join(_SENTENCES)
    return (text * (length // len(text) + 1))[:length]


def run_bench(load: Callable[[], Desk], today: date, repeats: int) -> dict[str, Any]:
    """Measure loading, building, and triage against the embedder by note length (ms)."""
    started = time.perf_counter()
    desk = load()
    load_s = time.perf_counter() - started
    rows = {length: _compare(desk, note_of(length), today, repeats) for length in LENGTHS}
    started = time.perf_counter()
    build_index(desk.knowledge, desk.embedder, datetime.now().astimezone())
    build_s = time.perf_counter() - started
    throughput = _throughput(desk, today, repeats)
    return {
        "load_s": round(load_s, 2),
        "index_build_s": round(build_s, 1),
        "passages": len(desk.index.passages),
        "notes_per_second": round(throughput, 1),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "by_length": rows,
    }


def _compare(desk: Desk, note: str, today: date, repeats: int) -> dict[str, float]:
    """Time triage and the embedder in turn on the same note; the ratio is taken pair by pair."""
    text = normalise(note).text
    whole: list[float] = []
    floor: list[float] = []
    laps: dict[str, list[float]] = {}
    for _ in range(3):
        triage(desk, note, today)
    for _ in range(repeats):
        started = time.perf_counter()
        desk.embedder.encode(text)
        floor.append((time.perf_counter() - started) * 1000)
        started = time.perf_counter()
        answer = triage(desk, note, today)
        whole.append((time.perf_counter() - started) * 1000)
        for name, value in answer.timings_ms.items():
            laps.setdefault(name, []).append(value)
    ratios = [a / b for a, b in zip(whole, floor, strict=True)]
    return {
        "sentences": len(split_sentences(text)),
        "triage_p50": round(statistics.median(whole), 1),
        "triage_p95": round(_percentile(whole, 0.95), 1),
        "embedder_p50": round(statistics.median(floor), 1),
        "ratio_p50": round(statistics.median(ratios), 2),
        **{f"{name}_p50": round(statistics.median(values), 1) for name, values in laps.items()},
    }


def _throughput(desk: Desk, today: date, repeats: int) -> float:
    """Return notes per second over a mix of the three lengths, one after another."""
    notes = [note_of(LENGTHS[i % len(LENGTHS)]) for i in range(max(6, repeats))]
    started = time.perf_counter()
    for note in notes:
        triage(desk, note, today)
    return len(notes) / (time.perf_counter() - started)


def _percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def bench_text(result: dict[str, Any]) -> str:
    """Return the result as a table for a terminal."""
    lines = ["文字数   triage p50   p95    埋め込みのみ p50   比     （読み / 判断 / 検索 / 特徴）"]
    for length, row in result["by_length"].items():
        lines.append(
            f"{length:>6} {row['triage_p50']:>10.1f}ms {row['triage_p95']:>7.1f}ms"
            f" {row['embedder_p50']:>12.1f}ms {row['ratio_p50']:>9.2f}"
            f"     {row['read_p50']:.1f} / {row['assess_p50']:.1f} / {row['search_p50']:.1f} / {row['features_p50']:.1f}"
        )
    lines += [
        f"処理量: {result['notes_per_second']} 件/秒（1本ずつ、3つの長さの混合）",
        f"読み込み: {result['load_s']} 秒　索引の作成: {result['index_build_s']} 秒（{result['passages']} 文）",
        f"最大メモリ: {result['peak_memory_mb']} MB",
    ]
    return "\n".join(lines)
