"""Running a system on cases and writing run.json, metrics.json and report.html."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from eval.calibration import Bin, Covered, coverage_curve, reliability
from eval.cases import Case, CaseProblem, Prediction
from eval.causes import STEPS, Cause
from eval.fairness import Gap, fairness_gaps
from eval.flag_table import FlagRow, flag_rows
from eval.metrics import Estimate, Values, case_values, summarise
from eval.partial import Answer, Partial
from eval.report import render_report
from eval.slices import SLICES
from eval.systems import System


@dataclass(frozen=True, slots=True)
class Run:
    """Predictions of one system on cases, with what was used to make them.

    ``causes`` say why a case lacks what it lacks; only tsunagi itself can be asked.
    """

    system: str
    cases: tuple[Case, ...]
    predictions: dict[str, Prediction]
    provenance: dict[str, str]
    causes: dict[str, tuple[Cause, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scores:
    """Per-case values, totals and slices of one run."""

    rows: dict[str, Values]
    totals: dict[str, Estimate]
    slices: dict[str, dict[str, dict[str, Estimate]]]
    reliability: list[Bin]
    calibration_error: float
    coverage: list[Covered]
    gaps: list[Gap]
    flags: list[FlagRow]


Explain = Callable[[Case, Prediction], tuple[Cause, ...]]


def run_system(
    name: str,
    system: System,
    cases: Sequence[Case],
    provenance: dict[str, str],
    on_progress: Callable[[int], None] = lambda done: None,
    explain: Explain = lambda case, prediction: (),
    partial: Partial | None = None,
) -> Run:
    """Ask ``system`` about every case, labelled or not.

    What ``partial`` already holds is not asked again; what is new is kept there at once.
    """
    answers: dict[str, Answer] = {}
    for case in cases:
        known = partial.answers.get(case.id) if partial else None
        if known is None:
            prediction = system(case)
            known = Answer(prediction, explain(case, prediction) if case.is_labelled else ())
            if partial:
                partial.keep(known)
        answers[case.id] = known
        on_progress(1)
    return Run(
        name,
        tuple(cases),
        {key: answer.prediction for key, answer in answers.items()},
        provenance,
        {key: answer.causes for key, answer in answers.items() if answer.causes},
    )


def predicted_run(
    cases: Sequence[Case],
    predictions: Mapping[str, Prediction],
    name: str = "predictions",
    provenance: dict[str, str] | None = None,
) -> Run:
    """Return a run made of an outside engine's predictions; a missing one counts as empty."""
    filled = {
        c.id: predictions.get(c.id, Prediction(id=c.id, ranked=(), route="none")) for c in cases
    }
    return Run(name, tuple(cases), filled, provenance or {})


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
    gaps = fairness_gaps(labelled, rows)
    flags = flag_rows(labelled, run.predictions)
    return Scores(rows, totals, slices, bins, error, curve, gaps, flags)


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
                "causes": [asdict(cause) for cause in run.causes.get(case.id, ())],
            }
            for case in run.cases
        ],
    }


def read_run(out: Path) -> Run:
    """Return the run that was written into ``out``; raise :class:`CaseProblem` if there is none."""
    path = out / "run.json"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        rows = data["cases"]
        return Run(
            data["system"],
            tuple(_case_of(row) for row in rows),
            {row["id"]: Prediction.model_validate(row) for row in rows},
            data["provenance"],
            {
                row["id"]: tuple(Cause(**cause) for cause in row["causes"])
                for row in rows
                if row.get("causes")
            },
        )
    except FileNotFoundError as error:
        raise CaseProblem(
            f"{path}: 測った結果がありません。先に `tsunagi eval run` をしてください"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise CaseProblem(f"{path}: 測った結果として読めません（{error}）") from error


def _case_of(row: dict[str, Any]) -> Case:
    """Return the case of a row; its own red flags stand under another name than the answer's."""
    labels = {key: value for key, value in row.items() if key != "red_flags"}
    # Given or not decides whether a case without categories is scored.
    if row["values"] is not None:
        labels["red_flags"] = row["labelled_red_flags"]
    return Case.model_validate(labels)


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
        "fairness": [asdict(gap) for gap in scores.gaps],
        "flags": [asdict(row) for row in scores.flags],
        "causes": _cause_counts(run),
    }


def _cause_counts(run: Run) -> dict[str, int]:
    """Return how often each step lost something, in the order of the steps."""
    counted = Counter(cause.step for causes in run.causes.values() for cause in causes)
    return {step: counted[step] for step in STEPS if counted[step]}  # type: ignore[index]  # same words


def _write_json(path: Path, data: dict[str, Any]) -> None:
    _write_whole(path, json.dumps(data, ensure_ascii=False, indent=1))


def _write_whole(path: Path, text: str) -> None:
    aside = path.with_name(f".{path.name}.new")
    aside.write_text(text, encoding="utf-8")
    aside.replace(path)
