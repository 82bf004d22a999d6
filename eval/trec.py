"""TREC run and qrels files, for those who check our figures with their own tools.

Gains are 3 for primary and 1 for acceptable.  trec_eval orders by score, not by the rank
column: written scores fall by one per place, and files that are read are ordered by score,
ties by document name, the last first, as trec_eval does.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from eval.cases import Case, CaseProblem, Prediction
from eval.metrics import GAIN_ACCEPTABLE, GAIN_PRIMARY
from eval.run import Run


def run_lines(run: Run) -> list[str]:
    """Return the lines of a run file: case, Q0, category, rank, score, system."""
    tag = "-".join(run.system.split()) or "run"
    return [
        f"{_word(case.id)} Q0 {code} {rank} {len(ranked) - rank + 1} {tag}"
        for case in run.cases
        for ranked in [run.predictions[case.id].ranked]
        for rank, code in enumerate(ranked, start=1)
    ]


def qrels_lines(cases: Sequence[Case]) -> list[str]:
    """Return the lines of a qrels file: case, 0, category, gain; cases without labels have none."""
    lines = []
    for case in cases:
        gains = dict.fromkeys(case.acceptable, GAIN_ACCEPTABLE) if case.primary else {}
        gains |= dict.fromkeys(case.primary or (), GAIN_PRIMARY)
        lines += [f"{_word(case.id)} 0 {code} {gain}" for code, gain in gains.items()]
    return lines


def write_trec(run: Run, folder: Path) -> tuple[Path, Path]:
    """Write ``run.trec`` and ``qrels.trec`` into ``folder``; return both."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = folder / "run.trec", folder / "qrels.trec"
    for path, lines in zip(paths, (run_lines(run), qrels_lines(run.cases)), strict=True):
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return paths


def is_trec(path: Path) -> bool:
    """Tell a TREC run from JSON Lines by its first line."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, UnicodeDecodeError):
        return False
    first = next((line for line in text.split("\n") if line.strip()), "")
    return len(first.split()) == 6 and not first.lstrip().startswith("{")


def load_trec(path: Path) -> dict[str, Prediction]:
    """Return the predictions of a TREC run; it holds no red flags and refers always."""
    scored: dict[str, list[tuple[float, str]]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").split("\n"), start=1):
        if not line.strip():
            continue
        try:
            case_id, _, code, _, score, _ = line.split()
            scored.setdefault(case_id, []).append((float(score), code))
        except ValueError as error:
            raise CaseProblem(
                f"{path.name} {number}行目: TREC の形ではありません"
                "（事例 Q0 分類 順位 点数 システム の6つを空白で区切ります）"
            ) from error
    return {
        key: Prediction(id=key, ranked=tuple(code for _, code in sorted(found, reverse=True)))
        for key, found in scored.items()
    }


def _word(case_id: str) -> str:
    if len(case_id.split()) != 1 or case_id.split(maxsplit=1)[0] != case_id:
        raise CaseProblem(f"事例の id「{case_id}」に空白があるので、TREC の形で書けません")
    return case_id
