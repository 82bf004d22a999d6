"""Running a system on cases and writing run.json, metrics.json and report.html."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from eval.calibration import Bin, Covered, coverage_curve, reliability
from eval.cases import Case, Prediction
from eval.metrics import Estimate, Values, case_values, summarise
from eval.report import render_report
from eval.slices import SLICES
from eval.systems import System


@dataclass(frozen=True, slots=True)
class Run:
    """Predictions of one system on cases, with what was used to make them."""

    system: str
    cases: tuple[Case, ...]
    predictions: dict[str, Prediction]
    provenance: dict[str, str]


@dataclass(frozen=True, slots=True)
class Scores:
    """Per-case values, totals and slices of one run."""

    rows: dict[str, Values]
    totals: dict[str, Estimate]
    slices: dict[str, dict[str, dict[str, Estimate]]]
    reliability: list[Bin]
    calibration_error: float
    coverage: list[Covered]


def run_system(
    name: str,
    system: System,
    cases: Sequence[Case],
    provenance: dict[str, str],
    on_progress: Callable[[int], None] = lambda done: None,
) -> Run:
    """Ask ``system`` about every case, labelled or not."""
    predictions: dict[str, Prediction] = {}
    for case in cases:
        predictions[case.id] = system(case)
        on_progress(1)
    return Run(name, tuple(cases), predictions, provenance)


def predicted_run(cases: Sequence[Case], predictions: Mapping[str, Prediction]) -> Run:
    """Return a run made of an outside engine's predictions; a missing one counts as empty."""
    filled = {
        c.id: predictions.get(c.id, Prediction(id=c.id, ranked=(), route="none")) for c in cases
    }
    return Run("predictions", tuple(cases), filled, {})


def score_run(run: Run) -> Scores:
    """Score the labelled cases of a run: per case, in total and by slice."""
    labelled = [case for case in run.cases if case.is_labelled]
    rows = {case.id: case_values(case, run.predictions[case.id]) for case in labelled}
    slices: dict[str, dict[str, dict[str, Estimate]]] = {}
    for name, keys in SLICES.items():
        groups: dict[str, list[Case]] = {}
        for case in labelled:
            for key in keys(case):
                groups.setdefault(key, []).append(case)
        slices[name] = {
            key: summarise(group, run.predictions, rows) for key, group in sorted(groups.items())
        }
    bins, error = reliability(labelled, run.predictions)
    curve = coverage_curve(labelled, run.predictions)
    totals = summarise(labelled, run.predictions, rows)
    return Scores(rows, totals, slices, bins, error, curve)


def write_run(run: Run, scores: Scores, out: Path) -> None:
    """Write the three files of a run into ``out``, each whole."""
    out.mkdir(parents=True, exist_ok=True)
    _write_json(out / "run.json", run_json(run, scores))
    _write_json(out / "metrics.json", metrics_json(run, scores))
    _write_whole(
        out / "report.html", render_report(run_json(run, scores), metrics_json(run, scores))
    )


def run_json(run: Run, scores: Scores) -> dict[str, Any]:
    """Return the contents of run.json: every case with its note, labels, answer and values."""
    return {
        "system": run.system,
        "provenance": run.provenance,
        "cases": [
            {
                **case.model_dump(exclude={"tags"}),
                **run.predictions[case.id].model_dump(include={"ranked", "scores", "route"}),
                "red_flags": run.predictions[case.id].red_flags,
                "labelled_red_flags": case.red_flags,
                "values": scores.rows.get(case.id),
            }
            for case in run.cases
        ],
    }


def metrics_json(run: Run, scores: Scores) -> dict[str, Any]:
    """Return the contents of metrics.json: totals and slices with 95% intervals."""
    return {
        "system": run.system,
        "provenance": run.provenance,
        "cases": len(run.cases),
        "labelled": len(scores.rows),
        "totals": {name: asdict(value) for name, value in scores.totals.items()},
        "slices": {
            name: {
                key: {metric: asdict(value) for metric, value in group.items()}
                for key, group in groups.items()
            }
            for name, groups in scores.slices.items()
        },
        "calibration": {
            "ece": scores.calibration_error,
            "bins": [asdict(b) for b in scores.reliability],
        },
        "coverage": [asdict(point) for point in scores.coverage],
    }


def _write_json(path: Path, data: dict[str, Any]) -> None:
    _write_whole(path, json.dumps(data, ensure_ascii=False, indent=1))


def _write_whole(path: Path, text: str) -> None:
    aside = path.with_name(f".{path.name}.new")
    aside.write_text(text, encoding="utf-8")
    aside.replace(path)
