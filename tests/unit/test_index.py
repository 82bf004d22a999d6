"""Building an index, keeping it in versions on disk, and refusing one that does not belong."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import faiss
import numpy as np
import pytest

from index.build import build_index
from index.bundled_model import prepare
from index.dense import build_dense, centre, dense_scores, load_dense, save_dense
from index.embedder import Embedder, load_embedder
from index.errors import IndexProblem
from index.lexical import lexical_scores
from index.passages import make_passages
from index.search import Hits, search
from index.snapshot import (
    Index,
    check_match,
    current_manifest,
    load_index,
    save_index,
)
from index.text import normalise, search_terms, split_sentences, tokenise
from knowledge.models import Knowledge
from tests.fixtures.tiny_model import tiny_weights

NOW = datetime(2026, 6, 1, 9, 30, tzinfo=UTC)  # as in conftest
NOTE = "財布に200円しかなく、米を買えない。\n母82はひとり暮らしで、新聞がたまっている。"
REBUILD = "`tsunagi index build`"
FILES = ("passages.jsonl", "dense.faiss", "means.npz", "lexical/vocab.index.json")


@pytest.fixture
def knowledge(tiny_index: tuple[Knowledge, Index]) -> Knowledge:
    """Three services and two resources."""
    return tiny_index[0]


@pytest.fixture
def built(tiny_index: tuple[Knowledge, Index]) -> Index:
    """Their index, in memory."""
    return tiny_index[1]


@pytest.fixture
def root(tmp_path: Path, built: Index) -> Path:
    """A folder with one saved version."""
    save_index(built, tmp_path / "index")
    return tmp_path / "index"


def load(root: Path, built: Index) -> Index:
    """Load with the model and knowledge it was built from."""
    manifest = built.manifest
    return load_index(root, manifest.model_digest, manifest.knowledge_fingerprint)


def later(built: Index, minutes: int) -> Index:
    """The same index, built at another time."""
    when = NOW + timedelta(minutes=minutes)
    return replace(built, manifest=replace(built.manifest, version=f"{when:%Y%m%dT%H%M%S}-x"))


def ask(index: Index, embedder: Embedder, note: str = NOTE) -> Hits:
    """Search for a note the way triage does."""
    text = normalise(note).text
    return search(index, embedder, text, split_sentences(text), search_terms(tokenise(text)))


# Building.


def test_an_index_has_a_row_for_every_passage(built: Index, knowledge: Knowledge) -> None:
    """8, 9 and 8 situations, three descriptions of each service, and two resources."""
    kinds = [passage.kind for passage in built.passages]
    assert [kinds.count(k) for k in ("situation", "description", "resource")] == [25, 9, 2]
    assert built.passages == make_passages(knowledge)
    assert built.dense.ntotal == built.manifest.passages == 36
    assert built.note_mean.shape == built.sentence_mean.shape == (built.manifest.dimensions,)


def test_the_manifest_says_what_the_index_was_built_from(
    built: Index, knowledge: Knowledge, embedder: Embedder
) -> None:
    """Model, knowledge, town, time."""
    manifest = built.manifest
    assert manifest.knowledge_fingerprint == knowledge.fingerprint
    assert (manifest.model_name, manifest.model_digest) == (embedder.name, embedder.digest)
    assert (manifest.town, manifest.services, manifest.resources) == ("ちいさ町", 3, 2)
    assert manifest.version.startswith("20260601T093000-" + knowledge.fingerprint[:8])
    assert manifest.created_at == "2026-06-01T09:30:00+00:00"


def test_building_twice_gives_the_same_vectors_and_tells_how_far_it_is(
    knowledge: Knowledge, tmp_path: Path
) -> None:
    """Deterministic; the progress only grows and ends at the total."""
    folder = prepare(tmp_path / "tiny", tiny_weights(tmp_path / "tiny.bin"))
    tiny = load_embedder(str(folder), tmp_path)
    heard: list[tuple[int, int]] = []
    one = build_index(knowledge, tiny, NOW)
    two = build_index(knowledge, tiny, NOW, lambda done, total: heard.append((done, total)))
    assert two.manifest == one.manifest
    assert vectors_of(two).tobytes() == vectors_of(one).tobytes()
    assert two.note_mean.tobytes() == one.note_mean.tobytes()
    assert two.sentence_mean.tobytes() == one.sentence_mean.tobytes()
    assert [done for done, _ in heard] == sorted(done for done, _ in heard)
    assert heard[-1][0] == heard[-1][1]


def _nearest(index: Index, scores: np.ndarray) -> dict[str, float]:
    """Return for each category the similarity of its nearest passage."""
    found: dict[str, float] = {}
    for passage, score in zip(index.passages, scores, strict=True):
        code = passage.categories[0]
        found[code] = max(found.get(code, -1.0), float(score))
    return found


def test_a_note_finds_what_it_is_about(built: Index, embedder: Embedder) -> None:
    """The first sentence is about food, the second about an old mother alone."""
    hits = ask(built, embedder)
    food, mother = (_nearest(built, row) for row in hits.sentences)
    assert max(food, key=food.__getitem__) == "poverty.food"
    # Read in its note, a sentence keeps something of the other; each still leans to its own.
    assert mother["elderly.watch_meal"] > food["elderly.watch_meal"]
    assert mother["poverty.food"] < food["poverty.food"]
    assert hits.note.shape == hits.lexical.shape == (36,)
    assert hits.sentences.shape == (2, 36)
    assert np.abs(hits.sentences).max() <= 1 + 1e-5
    rice = next(i for i, p in enumerate(built.passages) if p.text == "給料日まで米が足りない。")
    assert hits.lexical[rice] > 0


def test_a_note_without_sentences_has_no_sentence_scores(built: Index, embedder: Embedder) -> None:
    """Blank but for a line break."""
    hits = ask(built, embedder, "\n")
    assert hits.sentences.shape == (0, 36)
    assert hits.lexical.tolist() == [0] * 36


# FAISS.


def vectors_of(index: Index) -> np.ndarray:
    """The passage vectors inside the FAISS index."""
    return faiss.rev_swig_ptr(
        index.dense.get_xb(), index.dense.ntotal * index.manifest.dimensions
    ).reshape(index.dense.ntotal, -1)


def test_faiss_gives_the_scores_of_numpy(built: Index, embedder: Embedder) -> None:
    """Exact, and in the order of the passages."""
    queries = centre(
        embedder.encode_passages(["家賃が払えない。", "母が転んだ。"]), built.note_mean
    )
    expected = queries @ vectors_of(built).T
    assert dense_scores(built.dense, queries) == pytest.approx(expected, abs=1e-5)


def test_scores_are_right_for_twins_and_opposites(tmp_path: Path) -> None:
    """Equal passages get equal scores, each in its own column, before and after the disk."""
    vectors = np.asarray([[1, 0], [1, 0], [0, 1], [-1, 0], [0, 0]], np.float32)
    save_dense(build_dense(vectors), tmp_path / "dense.faiss")
    queries = np.asarray([[1, 0], [0.6, 0.8]], np.float32)
    for dense in (build_dense(vectors), load_dense(tmp_path / "dense.faiss")):
        assert dense_scores(dense, queries) == pytest.approx(
            np.asarray([[1, 1, 0, -1, 0], [0.6, 0.6, 0.8, -0.6, 0]])
        )


def test_centring_takes_the_mean_away_and_leaves_unit_rows() -> None:
    """A row that is the mean has no direction and stays zero."""
    rows = np.asarray([[3, 4], [0, 0], [2, 0]], np.float32)
    assert centre(rows, np.zeros(2, np.float32)) == pytest.approx(
        np.asarray([[0.6, 0.8], [0, 0], [1, 0]])
    )
    assert centre(rows[2], np.asarray([2, 1], np.float32)).tolist() == [[0, -1]]


# Saving and loading.


def test_a_saved_index_gives_the_same_scores_when_loaded(
    root: Path, built: Index, embedder: Embedder
) -> None:
    """Bit for bit."""
    loaded = load(root, built)
    assert loaded.passages == built.passages
    before, after = ask(built, embedder), ask(loaded, embedder)
    assert after.note.tobytes() == before.note.tobytes()
    assert after.sentences.tobytes() == before.sentences.tobytes()
    assert after.lexical.tobytes() == before.lexical.tobytes()


def test_odd_line_marks_in_a_passage_survive_the_disk(tmp_path: Path, built: Index) -> None:
    """U+2028 and U+0085 come with text pasted from web pages."""
    first = replace(built.passages[0], text="米\u2028が\x85ない。")
    odd = replace(built, passages=(first, *built.passages[1:]))
    save_index(odd, tmp_path)
    assert load(tmp_path, built).passages == odd.passages


def test_only_known_words_are_scored_after_loading(root: Path, built: Index) -> None:
    """The vocabulary comes back with the scores."""
    loaded = load(root, built)
    assert lexical_scores(loaded.lexical, ["未知語"], 36).tolist() == [0] * 36
    assert lexical_scores(loaded.lexical, ["米"], 36).max() > 0


# Refusing.


def test_an_index_that_was_never_built_is_told_with_the_command(tmp_path: Path) -> None:
    """The first start."""
    with pytest.raises(IndexProblem, match=f"索引がまだありません.*{REBUILD}"):
        current_manifest(tmp_path / "nowhere")


def test_an_index_of_another_model_is_refused(root: Path, built: Index) -> None:
    """Vectors of two models cannot be compared."""
    with pytest.raises(IndexProblem, match=f"別のモデル.*{REBUILD}"):
        load_index(root, "another", built.manifest.knowledge_fingerprint)


def test_an_index_of_other_knowledge_is_refused(root: Path, built: Index) -> None:
    """The town's file was edited after building."""
    with pytest.raises(IndexProblem, match=f"支援先データが変わっています.*{REBUILD}"):
        load_index(root, built.manifest.model_digest, "another")
    with pytest.raises(IndexProblem, match=REBUILD):
        check_match(built.manifest, built.manifest.model_digest, "another")


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("harm", ["missing", "cut", "changed", "empty"])
def test_a_damaged_or_missing_file_is_refused(
    root: Path, built: Index, name: str, harm: str
) -> None:
    """Every file is checked against its hash before it is used."""
    path = root / built.manifest.version / name
    data = path.read_bytes()
    path.unlink()
    if harm != "missing":
        path.write_bytes({"cut": data[:-1], "changed": data[:-1] + b"?", "empty": b""}[harm])
    with pytest.raises(IndexProblem, match=f"欠けているか壊れています.*{REBUILD}"):
        load(root, built)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b"\xff\xfe{}", b'{"format": 0}', b'{"format": 1}']
)
def test_a_damaged_manifest_is_refused(root: Path, built: Index, content: bytes) -> None:
    """Whatever a full disk or an older program left there."""
    (root / built.manifest.version / "manifest.json").write_bytes(content)
    with pytest.raises(IndexProblem, match=REBUILD):
        load(root, built)


@pytest.mark.parametrize("name", ["no-such-version", ""])
def test_a_version_in_use_that_is_not_there_is_refused(root: Path, built: Index, name: str) -> None:
    """``current`` names a folder somebody deleted."""
    (root / "current").write_text(name, encoding="utf-8")
    with pytest.raises(IndexProblem, match=REBUILD):
        load(root, built)


# Versions.


class KilledError(Exception):
    """Stands for a process that ends here."""


class Unsavable:
    """A lexical index whose saving is cut short: the last file before the manifest."""

    def save(self, folder: str, show_progress: bool) -> None:
        """Write something and die."""
        assert not show_progress
        Path(folder).mkdir()
        (Path(folder) / "vocab.index.json").write_text("{", encoding="utf-8")
        raise KilledError


def test_a_build_that_fails_while_writing_leaves_the_old_version_and_no_remains(
    root: Path, built: Index
) -> None:
    """A full disk above all: what was written is cleared at once."""
    with pytest.raises(KilledError):
        save_index(replace(later(built, 1), lexical=Unsavable()), root)
    assert not [p for p in root.iterdir() if p.name.startswith(".")]
    assert load(root, built).manifest.version == built.manifest.version
    save_index(later(built, 2), root)
    assert load(root, built).manifest.version == later(built, 2).manifest.version


def test_the_remains_of_another_process_do_no_harm(root: Path, built: Index) -> None:
    """A folder left by a process that is long gone."""
    (root / ".building-1").mkdir()
    (root / ".building-1" / "manifest.json").write_text("{", encoding="utf-8")
    assert load(root, built).passages == built.passages
    save_index(later(built, 1), root)
    assert not (root / ".building-1").exists()


def test_a_build_killed_before_the_swap_leaves_the_old_version_in_use(
    root: Path, built: Index
) -> None:
    """The new folder is whole, but ``current`` still names the old one."""
    shutil.copytree(root / built.manifest.version, root / "20260601T100000-new")
    (root / ".current.new").write_text("20260601T1000", encoding="utf-8")
    assert load(root, built).manifest.version == built.manifest.version


def test_only_the_last_three_versions_are_kept(root: Path, built: Index) -> None:
    """Two to go back to, and no more disk than that."""
    for minute in range(1, 5):
        save_index(later(built, minute), root)
    kept = sorted(p.name for p in root.iterdir() if p.is_dir())
    assert kept == [later(built, minute).manifest.version for minute in (2, 3, 4)]
    assert load(root, built).manifest.version == kept[-1]


def test_the_version_just_built_is_kept_even_when_the_clock_was_set_back(
    root: Path, built: Index
) -> None:
    """Offline machines have wrong clocks; the newest name is not the newest index."""
    for minute in (1, 2, -60):
        save_index(later(built, minute), root)
    assert load(root, built).manifest.version == later(built, -60).manifest.version


def test_the_manifest_on_disk_lists_every_file_with_its_hash(root: Path, built: Index) -> None:
    """And nothing else lies in the folder."""
    folder = root / built.manifest.version
    listed = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["files"]
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert set(listed) == there - {"manifest.json"}
    assert set(FILES) <= set(listed)
