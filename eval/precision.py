"""What a coarser number format buys in time and costs in accuracy: bf16, and ONNX int8.

The index stays as it was built (fp32); only the note is encoded otherwise.  ONNX is
measured where ``onnx`` and ``onnxruntime`` are installed (``pip install -e '.[onnx]'``).
"""

from __future__ import annotations

import contextlib
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from eval.bench import LENGTHS, note_of
from eval.cases import Case
from eval.run import run_system, score_run
from eval.systems import make_system
from index.embedder import Embedder
from index.text import normalise, split_sentences
from service.triage.triage import Desk

_REPEATS = 20


@dataclass(frozen=True, slots=True)
class Precision:
    """One format: milliseconds per note by length, closeness to fp32, accuracy on the cases."""

    name: str
    milliseconds: dict[int, float]
    cosine: float
    recall_at_5: float
    ndcg_at_10: float
    red_flag_recall: float
    red_flag_specificity: float


class OnnxEmbedder(Embedder):
    """The same model run by ONNX Runtime with 8-bit weights."""

    def __init__(self, like: Embedder, folder: Path) -> None:
        super().__init__(like._model, "int8", like.digest)
        self._session = _quantised_session(like._model, folder)

    def _forward(self, texts: list[str]) -> dict[str, Any]:
        import torch

        features = self._model.preprocess(texts)
        mask = features["attention_mask"]
        (hidden,) = self._session.run(
            None,
            {"input_ids": features["input_ids"].numpy(), "attention_mask": mask.numpy()},
        )
        tokens = torch.from_numpy(hidden)
        weight = mask.unsqueeze(-1).float()
        mean = (tokens * weight).sum(1) / weight.sum(1)
        return {"token_embeddings": tokens, "sentence_embedding": mean}


def _quantised_session(model: Any, folder: Path) -> Any:
    """Export the encoder, quantise its matrices per channel and open a session of two threads."""
    import onnxruntime
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic

    encoder = model[0].auto_model.requires_grad_(False)

    class Hidden(torch.nn.Module):
        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            out = encoder(input_ids=input_ids, attention_mask=attention_mask)
            return torch.as_tensor(out.last_hidden_state)

    ids = torch.tensor([[0, 5, 6, 7, 2], [0, 8, 9, 2, 1]])
    torch.onnx.export(
        Hidden(),
        (ids, (ids != 1).long()),
        str(folder / "model.onnx"),
        input_names=["input_ids", "attention_mask"],
        output_names=["hidden"],
        dynamic_axes={n: {0: "b", 1: "s"} for n in ("input_ids", "attention_mask", "hidden")},
        opset_version=17,
        dynamo=False,
    )
    small = folder / "model-int8.onnx"
    quantize_dynamic(
        str(folder / "model.onnx"),
        str(small),
        weight_type=QuantType.QInt8,
        per_channel=True,
        op_types_to_quantize=["MatMul", "Gather"],
    )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    return onnxruntime.InferenceSession(str(small), options, providers=["CPUExecutionProvider"])


def compare_precisions(
    desk: Desk, cases: Sequence[Case], today: date, on_progress: Callable[[int], None]
) -> list[Precision]:
    """Return one row per format that can be run here, fp32 first."""
    notes = [note_of(length) for length in LENGTHS]
    reference = [_vector(desk.embedder, note) for note in notes]
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, embedder in _embedders(desk.embedder, Path(folder)):
            times = {n: _milliseconds(embedder, note_of(n)) for n in LENGTHS}
            pairs = zip(notes, reference, strict=True)
            cosines = [float(_vector(embedder, note) @ vector) for note, vector in pairs]
            changed = replace(desk, embedder=embedder)
            run = run_system(name, make_system("tsunagi", changed, today), cases, {}, on_progress)
            totals = score_run(run).totals
            rows.append(
                Precision(
                    name,
                    times,
                    min(cosines),
                    totals["recall_primary@5"].mean,
                    totals["ndcg@10"].mean,
                    totals["red_flag_recall"].mean,
                    totals["red_flag_specificity"].mean,
                )
            )
    return rows


def _embedders(embedder: Embedder, folder: Path) -> Iterator[tuple[str, Embedder]]:
    """Yield each format; bf16 last, because it changes the shared weights in place."""
    yield "fp32", embedder
    with contextlib.suppress(ImportError):
        yield "ONNX int8", OnnxEmbedder(embedder, folder)
    embedder._model.bfloat16()
    yield "bf16", embedder
    embedder._model.float()


def _vector(embedder: Embedder, note: str) -> np.ndarray:
    text = normalise(note).text
    return embedder.encode_note(text, split_sentences(text)).note


def _milliseconds(embedder: Embedder, note: str) -> float:
    text = normalise(note).text
    ranges = split_sentences(text)
    times = []
    for _ in range(_REPEATS):
        started = time.perf_counter()
        embedder.encode_note(text, ranges)
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


def precision_text(rows: Sequence[Precision]) -> str:
    """Return the rows as a table for a terminal; times also as a ratio to fp32."""
    lines = ["形式        " + "".join(f"{n}文字(ms)    " for n in LENGTHS)]
    lines[0] += "cos      recall@5 nDCG@10  緊急recall 特異度"
    first = rows[0]
    for row in rows:
        times = "".join(
            f"{row.milliseconds[n]:>6.1f} (x{row.milliseconds[n] / first.milliseconds[n]:.2f}) "
            for n in LENGTHS
        )
        lines.append(
            f"{row.name:<10}{times}{row.cosine:>8.4f} {row.recall_at_5:>8.3f} {row.ndcg_at_10:>8.3f}"
            f" {row.red_flag_recall:>8.3f} {row.red_flag_specificity:>8.3f}"
        )
    return "\n".join(lines)
