"""Vectors are kept between builds: only new texts are embedded, and nothing is lost by a kill."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from index.build import build_index
from index.bundled_model import prepare
from index.embedder import Embedder, load_embedder
from index.errors import IndexProblem
from index.vectors_cache import cached_means, cached_terms, cached_vectors, open_cache
from knowledge.models import Knowledge
from tests.fixtures.counting_embedder import CountingEmbedder, vector_of
from tests.fixtures.tiny import write_tiny
from tests.fixtures.tiny_model import tiny_weights

NOW = datetime(2026, 6, 1, 9, 30, tzinfo=UTC)
TEXTS = [f"架空の支援先{number}" + "で、食べ物を渡します" * (number % 5) for number in range(700)]
REPOSITORY = Path(__file__).parents[3]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the cache is; its folder is not there yet."""
    return tmp_path / "vectors" / "cccccccccccccccc.db"


@pytest.fixture(scope="module")
def knowledge(tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    """Three services and two resources."""
    return write_tiny(tmp_path_factory.mktemp("town")).load()


@pytest.fixture(scope="module")
def tiny_embedder(tmp_path_factory: pytest.TempPathFactory) -> Embedder:
    """A real model, small enough to load at once."""
    folder = tmp_path_factory.mktemp("model")
    return load_embedder(str(prepare(folder / "tiny", tiny_weights(folder / "tiny.bin"))), folder)


def embedded(path: Path, texts: list[str], as_notes: bool = False) -> tuple[np.ndarray, list[str]]:
    """Return the vectors of ``texts`` and which of them were embedded for it."""
    embedder = CountingEmbedder()
    with open_cache(path) as cache:
        return cached_vectors(cache, embedder, texts, as_notes), embedder.asked


def expected(texts: list[str], as_notes: bool = False) -> np.ndarray:
    """Return what an embedder gives without a cache."""
    return np.stack([vector_of(text, as_notes) for text in texts])


def run(script: str, *arguments: str) -> subprocess.Popen[str]:
    """Start Python on a few lines, in a process that can be killed."""
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


# What is embedded, and what is not again.


def test_a_second_build_embeds_only_what_is_new(path: Path) -> None:
    """The vectors stand in the order asked for, whichever they came from."""
    first, asked = embedded(path, TEXTS[:500])
    assert first.tobytes() == expected(TEXTS[:500]).tobytes()
    assert sorted(asked) == sorted(TEXTS[:500])
    mixed = [TEXTS[510], *TEXTS[490:505], TEXTS[3]]
    again, asked = embedded(path, mixed)
    assert again.tobytes() == expected(mixed).tobytes()
    assert sorted(asked) == sorted([TEXTS[510], *TEXTS[500:505]])


def test_a_text_that_stands_twice_is_embedded_once(path: Path) -> None:
    """Lists of shops repeat themselves."""
    vectors, asked = embedded(path, [TEXTS[0], TEXTS[1], TEXTS[0]])
    assert vectors.tobytes() == expected([TEXTS[0], TEXTS[1], TEXTS[0]]).tobytes()
    assert sorted(asked) == sorted(TEXTS[:2])


def test_a_text_read_as_a_note_is_kept_apart_from_the_same_text_as_a_record(path: Path) -> None:
    """The model's prompt differs, and so does the vector."""
    embedded(path, TEXTS[:2])
    as_notes, asked = embedded(path, TEXTS[:2], as_notes=True)
    assert asked == TEXTS[:2]
    assert as_notes.tobytes() == expected(TEXTS[:2], as_notes=True).tobytes()


def test_the_progress_counts_every_text_whether_embedded_or_kept(path: Path) -> None:
    """What is kept is done at once."""
    embedded(path, TEXTS[:300])
    heard: list[int] = []
    with open_cache(path) as cache:
        cached_vectors(cache, CountingEmbedder(), TEXTS, False, heard.append)
    assert heard[0] == 300
    assert sum(heard) == len(TEXTS)


def test_no_text_needs_no_embedder(path: Path) -> None:
    """A town without records."""
    vectors, asked = embedded(path, [])
    assert vectors.shape == (0, 16)
    assert not asked


def test_the_means_of_a_sample_are_computed_once_for_it(path: Path) -> None:
    """Another sample has other means."""
    means = (vector_of("note", True), vector_of("sentence", True))
    with open_cache(path) as cache:
        cached_means(cache, TEXTS[:9], 16, lambda: means)
    with open_cache(path) as cache:
        kept = cached_means(cache, TEXTS[:9], 16, lambda: pytest.fail("computed again"))
        assert [mean.tobytes() for mean in kept] == [mean.tobytes() for mean in means]
        other = cached_means(cache, TEXTS[:8], 16, lambda: (means[1], means[0]))
    assert other[0].tobytes() == means[1].tobytes()


def test_the_words_of_a_text_are_analysed_once(path: Path) -> None:
    """Sudachi takes minutes for a hundred thousand texts."""
    analysed: list[str] = []

    def words(text: str) -> list[str]:
        analysed.append(text)
        return text.split("先")

    for texts in (TEXTS[:3], TEXTS[:4]):
        with open_cache(path) as cache:
            assert cached_terms(cache, texts, words) == [text.split("先") for text in texts]
    assert analysed == TEXTS[:4]


def test_an_index_built_with_a_cache_is_the_one_built_without(
    path: Path, knowledge: Knowledge, tiny_embedder: Embedder
) -> None:
    """To 1e-5: a text encoded in other company is padded otherwise, which moves the last bits."""
    plain = build_index(knowledge, tiny_embedder, NOW)
    for _ in range(2):
        heard: list[tuple[int, int]] = []
        with open_cache(path) as cache:
            cached = build_index(
                knowledge,
                tiny_embedder,
                NOW,
                lambda done, total, heard=heard: heard.append((done, total)),  # type: ignore[misc]
                cache,
            )
        assert heard[-1][0] == heard[-1][1]
        assert cached.manifest == plain.manifest
        assert cached.note_mean == pytest.approx(plain.note_mean, abs=1e-5)
        assert cached.sentence_mean == pytest.approx(plain.sentence_mean, abs=1e-5)
        assert cached.dense.reconstruct_n(0, 36) == pytest.approx(
            plain.dense.reconstruct_n(0, 36), abs=1e-5
        )
        assert cached.lexical.vocab_dict == plain.lexical.vocab_dict


def test_after_one_edit_one_text_is_embedded(path: Path, knowledge: Knowledge) -> None:
    """What a keeper changes costs what it is worth."""
    pantry = knowledge.resources[1].model_copy(update={"description": "野菜も渡します。"})
    edited = knowledge.model_copy(update={"resources": (knowledge.resources[0], pantry)})
    for town, count in ((knowledge, None), (edited, 1), (edited, 0)):
        embedder = CountingEmbedder()
        with open_cache(path) as cache:
            build_index(town, embedder, NOW, cache=cache)
        assert count is None or len(embedder.asked) == count


# Killed, crowded, damaged.

_BUILD = """
import sys, time
from pathlib import Path
from index.vectors_cache import cached_vectors, open_cache
from tests.fixtures.counting_embedder import CountingEmbedder
from tests.unit.index.test_vectors_cache import TEXTS

def told(count):
    print(count, flush=True)
    time.sleep(float(sys.argv[2]))

with open_cache(Path(sys.argv[1])) as cache:
    cached_vectors(cache, CountingEmbedder(), TEXTS, False, told)
"""


def test_a_killed_build_goes_on_where_it_was(path: Path) -> None:
    """kill -9 after the first batch was heard of: that batch, at least, is not embedded again."""
    build = run(_BUILD, str(path), "600")
    assert build.stdout is not None
    assert build.stdout.readline() == "0\n"
    os.kill(build.pid, signal.SIGKILL)
    build.communicate()
    build = run(_BUILD, str(path), "0.2")
    assert build.stdout is not None
    lines = [build.stdout.readline() for _ in range(2)]
    os.kill(build.pid, signal.SIGKILL)
    build.communicate()
    assert lines[0] == "0\n"
    vectors, asked = embedded(path, TEXTS)
    assert len(asked) <= len(TEXTS) - int(lines[1])
    assert vectors.tobytes() == expected(TEXTS).tobytes()


def test_two_builds_at_once_share_the_file(path: Path) -> None:
    """No error, no damage, and the second finds what the first left."""
    builds = [run(_BUILD, str(path), "0.01") for _ in range(2)]
    for build in builds:
        _, errors = build.communicate(timeout=120)
        assert (build.returncode, errors) == (0, "")
    vectors, asked = embedded(path, TEXTS)
    assert not asked
    assert vectors.tobytes() == expected(TEXTS).tobytes()


def damage(path: Path, how: str) -> None:
    """Spoil the file in one of the ways that disks and people have."""
    data = path.read_bytes()
    half = len(data) // 2
    spoilt = {
        "not a database": b"not a database at all, but long enough to be read" * 100,
        "emptied": b"",
        "cut off": data[: half // 4096 * 4096 + 100],
        "overwritten": data[:4096] + b"\xa5" * (len(data) - 4096),
    }[how]
    path.write_bytes(spoilt)


@pytest.mark.parametrize("how", ["not a database", "emptied", "cut off", "overwritten"])
def test_a_damaged_file_is_replaced_and_the_build_goes_on(path: Path, how: str) -> None:
    """The old one is moved aside for whoever wants to look; the vectors are right."""
    embedded(path, TEXTS)
    damage(path, how)
    with open_cache(path) as cache:
        vectors = cached_vectors(cache, CountingEmbedder(), TEXTS, False)
        notices = list(cache.notices)
    assert vectors.tobytes() == expected(TEXTS).tobytes()
    aside = [p for p in path.parent.iterdir() if "damaged" in p.name]
    if how == "emptied":
        assert (aside, notices) == ([], [])
    else:
        assert aside
        assert "作り直します" in notices[0]
    assert embedded(path, TEXTS)[1] == []


def test_a_spoilt_value_is_computed_again(path: Path) -> None:
    """A changed byte that SQLite does not notice would bend every search."""
    embedded(path, TEXTS[:3])
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE kept SET value = zeroblob(length(value))")
    connection.close()
    vectors, asked = embedded(path, TEXTS[:3])
    assert sorted(asked) == sorted(TEXTS[:3])
    assert vectors.tobytes() == expected(TEXTS[:3]).tobytes()


def test_a_file_of_another_format_is_replaced(path: Path) -> None:
    """A later version of the software may have been here."""
    embedded(path, TEXTS[:3])
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    vectors, asked = embedded(path, TEXTS[:3])
    assert len(asked) == 3
    assert vectors.tobytes() == expected(TEXTS[:3]).tobytes()


def test_a_folder_in_the_place_of_the_file_is_said(path: Path) -> None:
    """Not damage: nothing that this program may move."""
    path.mkdir(parents=True)
    with pytest.raises(IndexProblem, match="ベクトルを覚えておくファイル"), open_cache(path):
        pass
