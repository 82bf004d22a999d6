"""Releases: made aside, swapped whole, rolled back and pinned; a kill leaves one that is whole."""

from __future__ import annotations

import gzip
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from index import release_files
from index.build import build_index
from index.errors import IndexProblem
from index.release import (
    current_release,
    is_pinned,
    list_releases,
    load_release,
    resume,
    roll_back,
    save_release,
)
from index.snapshot import Index
from knowledge.models import Knowledge
from tests.fixtures.counting_embedder import CountingEmbedder
from tests.fixtures.tiny import write_tiny

NOW = datetime(2026, 6, 1, 9, 30, tzinfo=UTC)
DIGEST = CountingEmbedder().digest
REPOSITORY = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def knowledge(tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    """Three services and two resources."""
    return write_tiny(tmp_path_factory.mktemp("town")).load()


@pytest.fixture(scope="module")
def index(knowledge: Knowledge) -> Index:
    """Their index, with vectors made of hashes."""
    return build_index(knowledge, CountingEmbedder(), NOW)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The releases of one town; nothing is there yet."""
    return tmp_path / "releases" / "999999"


def save(root: Path, index: Index, knowledge: Knowledge, minutes: int, keep: int = 10) -> str:
    """Save the release of a moment and return its version."""
    when = NOW + timedelta(minutes=minutes)
    manifest = replace(index.manifest, version=f"{when:%Y%m%dT%H%M%S}-x", created_at=f"{when}")
    return save_release(
        replace(index, manifest=manifest), knowledge, root, keep, revision=str(minutes)
    ).name


def in_use(root: Path) -> str:
    """Return the version a desk would load now."""
    return load_release(root, DIGEST)[1].manifest.version


def names(root: Path) -> list[str]:
    """Return the releases on disk, newest first."""
    return [release.version for release in list_releases(root)]


# Saving and loading.


def test_a_release_holds_the_whole_knowledge_and_its_index(
    root: Path, index: Index, knowledge: Knowledge
) -> None:
    """A desk needs nothing else: neither the store nor the town's folder."""
    save(root, index, knowledge, 0)
    loaded, again = load_release(root, DIGEST)
    assert loaded == knowledge
    assert again.passages == index.passages
    assert again.dense.reconstruct_n(0, 36).tobytes() == index.dense.reconstruct_n(0, 36).tobytes()
    assert again.note_mean.tobytes() == index.note_mean.tobytes()
    assert again.lexical.vocab_dict == index.lexical.vocab_dict
    food = ["米"]
    assert again.lexical.get_scores(food).tolist() == index.lexical.get_scores(food).tolist()


def test_a_large_town_is_packed_and_read_back_the_same(
    root: Path, index: Index, knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the file differs."""
    monkeypatch.setattr(release_files, "_PACKED_FROM", 2)
    version = save(root, index, knowledge, 0)
    packed = (root / version / "resources.jsonl.gz").read_bytes()
    assert len(gzip.decompress(packed).splitlines()) == 2
    assert load_release(root, DIGEST)[0] == knowledge


def test_what_is_known_of_each_release(root: Path, index: Index, knowledge: Knowledge) -> None:
    """Newest first; one is in use."""
    assert list_releases(root) == ()
    assert current_release(root) is None
    first, second = (save(root, index, knowledge, minute) for minute in (0, 1))
    newest, oldest = list_releases(root)
    assert (newest.version, newest.revision, newest.is_current) == (second, "1", True)
    assert (oldest.version, oldest.revision, oldest.is_current) == (first, "0", False)
    assert (newest.records, newest.passages) == (2, 36)
    assert newest.created_at == str(NOW + timedelta(minutes=1))
    assert current_release(root) == newest


def test_an_earlier_release_can_be_loaded_by_name(
    root: Path, index: Index, knowledge: Knowledge
) -> None:
    """To look at, without making it current."""
    first = save(root, index, knowledge, 0)
    second = save(root, index, knowledge, 1)
    assert load_release(root, DIGEST, first)[1].manifest.version == first
    assert in_use(root) == second


def test_two_releases_of_the_same_second_get_two_names(
    root: Path, index: Index, knowledge: Knowledge
) -> None:
    """Neither is lost."""
    first, second = save(root, index, knowledge, 0), save(root, index, knowledge, 0)
    assert first != second
    assert names(root) == [second, first]
    assert in_use(root) == second


def test_a_clock_set_back_does_not_change_which_is_newest(
    root: Path, index: Index, knowledge: Knowledge
) -> None:
    """Releases are counted: an offline machine's clock is not to be believed."""
    first = save(root, index, knowledge, 0)
    earlier = save(root, index, knowledge, -60)
    assert names(root) == [earlier, first]
    assert in_use(root) == earlier
    assert roll_back(root) == first


# Keeping and deleting.


def test_only_the_last_ten_are_kept(root: Path, index: Index, knowledge: Knowledge) -> None:
    """Nine to go back to."""
    saved = [save(root, index, knowledge, minute) for minute in range(12)]
    assert names(root) == saved[:1:-1]


def test_neither_the_release_in_use_nor_the_one_before_is_ever_deleted(
    root: Path, index: Index, knowledge: Knowledge
) -> None:
    """Pinned on an old one while the store goes on: the way further back stays open."""
    saved = [save(root, index, knowledge, minute) for minute in range(3)]
    roll_back(root, saved[1])
    for minute in range(3, 7):
        saved.append(save(root, index, knowledge, minute, keep=2))
    assert names(root) == [saved[6], saved[5], saved[1], saved[0]]
    assert in_use(root) == saved[1]
    assert roll_back(root) == saved[0]


def test_the_remains_of_a_killed_build_go_with_the_next_one(
    root: Path, index: Index, knowledge: Knowledge
) -> None:
    """A folder nobody holds is one that nobody builds in."""
    root.mkdir(parents=True)
    (root / f".building-{os.getpid()}-1").mkdir()
    save(root, index, knowledge, 0)
    assert not list(root.glob(".building-*"))


def test_a_full_disk_leaves_the_release_in_use_and_no_remains(
    root: Path, index: Index, knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever fails while writing."""
    first = save(root, index, knowledge, 0)

    def full(_knowledge: Knowledge, _folder: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("index.release.write_knowledge", full)
    with pytest.raises(OSError, match="No space"):
        save(root, index, knowledge, 1)
    assert (names(root), in_use(root)) == ([first], first)
    assert not list(root.glob(".building-*"))


# Rolling back.


def test_rolling_back_goes_to_the_one_before_and_pins_it(
    root: Path, index: Index, knowledge: Knowledge
) -> None:
    """What is saved afterwards waits; after resuming, the next one comes into use."""
    saved = [save(root, index, knowledge, minute) for minute in range(3)]
    assert not is_pinned(root)
    assert roll_back(root) == saved[1]
    assert is_pinned(root)
    waiting = save(root, index, knowledge, 3)
    assert in_use(root) == saved[1]
    assert names(root)[0] == waiting
    resume(root)
    assert not is_pinned(root)
    assert in_use(root) == saved[1]
    after = save(root, index, knowledge, 4)
    assert in_use(root) == after


def test_rolling_back_twice_goes_two_back(root: Path, index: Index, knowledge: Knowledge) -> None:
    """Not back and forth."""
    saved = [save(root, index, knowledge, minute) for minute in range(3)]
    assert [roll_back(root), roll_back(root)] == [saved[1], saved[0]]
    with pytest.raises(IndexProblem, match="これより前の版はありません"):
        roll_back(root)
    assert in_use(root) == saved[0]


@pytest.mark.parametrize("name", ["20200101T000000-x", "../999998/a", ".building-1", ""])
def test_a_release_that_is_not_there_cannot_be_gone_back_to(
    root: Path, index: Index, knowledge: Knowledge, name: str
) -> None:
    """And nothing is pinned by trying."""
    first = save(root, index, knowledge, 0)
    with pytest.raises(IndexProblem):
        roll_back(root, name)
    assert not is_pinned(root)
    assert in_use(root) == first


def test_a_town_without_releases_has_none_to_go_back_to(root: Path) -> None:
    """Neither for the desk."""
    with pytest.raises(IndexProblem, match="版がまだありません"):
        roll_back(root)
    with pytest.raises(IndexProblem, match="版がまだありません"):
        load_release(root, DIGEST)
    resume(root)
    assert not is_pinned(root)


# Damage.


@pytest.mark.parametrize(
    "name",
    ["resources.jsonl", "knowledge.json", "dense.faiss", "lexical/data.csc.index.npy"],
)
@pytest.mark.parametrize("how", ["changed", "cut", "missing"])
def test_a_damaged_release_is_refused(
    root: Path, index: Index, knowledge: Knowledge, name: str, how: str
) -> None:
    """A changed byte too, while the release is small enough to be hashed."""
    path = root / save(root, index, knowledge, 0) / name
    data = path.read_bytes()
    if how == "missing":
        path.unlink()
    else:
        changed = data[:-1] + bytes((data[-1] ^ 1,))
        path.write_bytes(changed if how == "changed" else data[: len(data) // 2])
    with pytest.raises(IndexProblem, match="欠けているか壊れています"):
        load_release(root, DIGEST)


def test_a_large_release_is_checked_by_the_size_of_its_files(
    root: Path, index: Index, knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file cut off would kill the process that maps it; hashing all would take its seconds."""
    monkeypatch.setattr(release_files, "HASHED_UP_TO", 1)
    path = root / save(root, index, knowledge, 0) / "dense.faiss"
    load_release(root, DIGEST)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(IndexProblem, match="欠けているか壊れています"):
        load_release(root, DIGEST)


def test_a_release_of_another_model_is_refused(
    root: Path, index: Index, knowledge: Knowledge
) -> None:
    """Its vectors mean nothing to this one."""
    save(root, index, knowledge, 0)
    with pytest.raises(IndexProblem, match="別のモデル"):
        load_release(root, "d" * 64)


def test_a_release_without_its_manifest_does_not_hide_the_others(
    root: Path, index: Index, knowledge: Knowledge
) -> None:
    """Someone cleaned up by hand."""
    first, second = (save(root, index, knowledge, minute) for minute in (0, 1))
    (root / second / "manifest.json").unlink()
    assert names(root) == [first]
    with pytest.raises(IndexProblem, match=second):
        load_release(root, DIGEST)
    assert current_release(root) is None
    assert roll_back(root, first) == first
    assert in_use(root) == first


# Killed.

_SAVE = """
import sys
from dataclasses import replace
from pathlib import Path
from index.release import load_release, save_release
from tests.fixtures.counting_embedder import CountingEmbedder

root = Path(sys.argv[1])
knowledge, index = load_release(root, CountingEmbedder().digest)
print("ready", flush=True)
for number in range(10_000):
    name = f"{sys.argv[2]}-{number:05}"
    town = knowledge.town.model_copy(update={"name": name})
    version = replace(index.manifest, version=name)
    changed = knowledge.model_copy(update={"town": town})
    save_release(replace(index, manifest=version), changed, root, keep=3)
"""


def saving(root: Path, prefix: str) -> subprocess.Popen[str]:
    """Start a process that saves one release after another, and wait until it does."""
    process = subprocess.Popen(
        [sys.executable, "-c", _SAVE, str(root), prefix],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_a_kill_at_any_moment_leaves_a_whole_release_in_use(
    root: Path, index: Index, knowledge: Knowledge
) -> None:
    """The old one or the new one: knowledge and index always of the same."""
    save(root, index, knowledge, 0)
    seed = time.time_ns()
    print(f"seed {seed}")
    moments = random.Random(seed)  # noqa: S311
    for kill in range(6):
        process = saving(root, f"k{kill}")
        time.sleep(moments.uniform(0.0, 0.25))
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        loaded, again = load_release(root, DIGEST)
        if again.manifest.version.startswith("k"):
            assert loaded.town.name == again.manifest.version
        assert loaded.resources == knowledge.resources
    save(root, index, knowledge, 1)
    assert not list(root.glob(".building-*"))


def test_two_processes_that_publish_at_once_do_not_harm_each_other(
    root: Path, index: Index, knowledge: Knowledge
) -> None:
    """While a third one reads: what is in use is whole at every look."""
    save(root, index, knowledge, 0)
    both = [saving(root, prefix) for prefix in ("a", "b")]
    try:
        for _ in range(20):
            current = current_release(root)
            assert current is None or current.passages == 36
        assert [process.poll() for process in both] == [None, None]
    finally:
        for process in both:
            process.kill()
            process.communicate()
    assert load_release(root, DIGEST)[0].resources == knowledge.resources
