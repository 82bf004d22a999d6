"""When a desk is swapped for a newer one, when it is not, and what is said without one."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from index.errors import IndexProblem
from service import desks as the_desks
from service.desk_problems import NoDesk
from service.desks import LONGEST_WAIT_SECONDS, RETRY_SECONDS, Desks, one_desk
from service.triage.triage import Desk
from tests.fixtures.shelf_world import MemoryShelf, until

HERE, THERE, NOWHERE = "999999", "999998", "889999"


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def shelf(desk: Desk) -> MemoryShelf:
    """A store that knows two towns, neither released yet."""
    return MemoryShelf(desk, {HERE: "1", THERE: "1"})


@contextmanager
def watched(shelf: MemoryShelf, clock: Clock | None = None) -> Iterator[Desks]:
    """Desks with a watcher that looks many times a second."""
    desks = Desks(HERE, shelf, poll_seconds=0.01, **({"clock": clock} if clock else {}))
    desks.start()
    try:
        yield desks
    finally:
        shelf.gate.set()
        desks.stop()


def _version(desks: Desks, town_code: str = HERE) -> str:
    return desks.of(town_code).index.manifest.version


def test_the_first_desk_is_built_and_each_change_makes_a_newer_one(shelf: MemoryShelf) -> None:
    desks = Desks(HERE, shelf)
    first = desks.of(HERE)
    assert first.index.manifest.version == "999999-v1"
    assert desks.refresh(HERE) is None
    shelf.revisions[HERE] = "2"
    assert desks.of(HERE) is first
    assert desks.refresh(HERE) == _version(desks) == "999999-v2"
    assert shelf.built == ["1", "2"]


def test_a_release_that_is_there_is_used_without_building(shelf: MemoryShelf) -> None:
    shelf.releases[HERE] = ("yesterday", "0")
    assert _version(Desks(HERE, shelf)) == "yesterday"
    assert shelf.built == []


def test_a_release_that_cannot_be_read_is_made_anew(shelf: MemoryShelf) -> None:
    shelf.releases[HERE], shelf.unreadable = ("of-another-model", "1"), {"of-another-model"}
    shelf.pinned = {HERE}
    assert _version(Desks(HERE, shelf)) == "999999-v1"


def test_of_a_town_nobody_knows_it_is_said_what_to_do(shelf: MemoryShelf, desk: Desk) -> None:
    for desks in (Desks(HERE, shelf), one_desk(desk)):
        with pytest.raises(NoDesk, match="tsunagi town load"):
            desks.of(NOWHERE)
    with watched(shelf) as running, pytest.raises(NoDesk, match="tsunagi town load"):
        running.of(NOWHERE)
    assert shelf.built == []


def test_the_watcher_swaps_the_desks_of_the_towns_in_use(shelf: MemoryShelf) -> None:
    with watched(shelf) as desks:
        assert (_version(desks, HERE), _version(desks, THERE)) == ("999999-v1", "999998-v2")
        shelf.revisions[THERE] = "2"
        until(lambda: _version(desks, THERE) == "999998-v3")
        assert _version(desks, HERE) == "999999-v1"


def test_whoever_took_a_desk_keeps_it(shelf: MemoryShelf) -> None:
    with watched(shelf) as desks:
        taken = desks.of(HERE)
        shelf.revisions[HERE] = "2"
        until(lambda: _version(desks) == "999999-v2")
        assert taken.index.manifest.version == "999999-v1"


def test_a_burst_of_changes_is_built_once(shelf: MemoryShelf) -> None:
    clock, desks = Clock(), Desks(HERE, shelf)
    desks._clock = clock
    desks.of(HERE)
    for change in range(2, 8):
        shelf.revisions[HERE] = str(change)
        desks._look(shelf, HERE)
    assert shelf.built == ["1"]
    desks._look(shelf, HERE)
    assert shelf.built == ["1", "7"]


def test_changes_without_an_end_are_built_all_the_same(shelf: MemoryShelf) -> None:
    clock, desks = Clock(), Desks(HERE, shelf)
    desks._clock = clock
    desks.of(HERE)
    for change in range(2, 20):
        shelf.revisions[HERE] = str(change)
        desks._look(shelf, HERE)
        clock.seconds += LONGEST_WAIT_SECONDS / 10
    assert len(shelf.built) == 2


def test_pinned_nothing_is_published_until_somebody_goes_on(shelf: MemoryShelf) -> None:
    desks = Desks(HERE, shelf)
    desks.of(HERE)
    shelf.pinned, shelf.revisions[HERE] = {HERE}, "2"
    for _ in range(3):
        desks._look(shelf, HERE)
    assert desks.refresh(HERE) is None
    assert shelf.built == ["1"]
    shelf.pinned = set()
    assert desks.refresh(HERE) == "999999-v2"


def test_a_release_that_another_program_made_current_is_taken_up(shelf: MemoryShelf) -> None:
    with watched(shelf) as desks:
        desks.of(HERE)
        shelf.pinned, shelf.releases[HERE] = {HERE}, ("of-last-week", "0")
        until(lambda: _version(desks) == "of-last-week")
    assert shelf.built == ["1"]


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (OSError(errno.ENOSPC, "No space left"), "ディスクの空きが足りません"),
        (PermissionError(errno.EACCES, "denied"), "権限"),
        (ValueError("母84が同じ話をくり返す"), "ValueError"),
    ],
)
def test_a_build_that_fails_leaves_the_desk_is_told_and_is_tried_again(
    shelf: MemoryShelf,
    failure: Exception,
    words: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    clock, desks = Clock(), Desks(HERE, shelf)
    desks._clock = clock
    desks.of(HERE)
    shelf.revisions[HERE], shelf.failure = "2", failure
    for _ in range(2):
        desks._look(shelf, HERE)
    trouble = desks.trouble_of(HERE)
    assert trouble is not None
    assert words in trouble.message
    assert "母84" not in trouble.message
    assert _version(desks) == "999999-v1"
    line = capsys.readouterr().err
    assert '"event": "release_failed"' in line
    assert "母84" not in line
    shelf.failure = None
    desks._look(shelf, HERE)
    assert _version(desks) == "999999-v1"
    clock.seconds += RETRY_SECONDS
    desks._look(shelf, HERE)
    assert (_version(desks), desks.trouble_of(HERE)) == ("999999-v2", None)


def test_the_first_build_of_a_town_may_take_long(
    shelf: MemoryShelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(the_desks, "PATIENCE_SECONDS", 0.05)
    with watched(shelf) as desks:
        desks.of(HERE)
        shelf.gate.clear()
        with pytest.raises(NoDesk, match="準備しています"):
            desks.of(THERE)
        # The other town is served meanwhile.
        assert _version(desks) == "999999-v1"
        shelf.gate.set()
        until(lambda: desks.loaded(THERE) is not None)


def test_a_first_build_that_fails_says_why(shelf: MemoryShelf) -> None:
    with watched(shelf) as desks:
        shelf.failure = OSError(errno.ENOSPC, "No space left")
        with pytest.raises(NoDesk, match="ディスクの空き"):
            desks.of(HERE)


def test_going_back_does_not_wait_for_a_build(shelf: MemoryShelf) -> None:
    with watched(shelf) as desks:
        desks.of(HERE)
        shelf.gate.clear()
        shelf.revisions[HERE] = "2"
        until(desks._making.locked)
        desks.go_back(HERE, "of-last-week")
        assert _version(desks) == "of-last-week"
        # What was being built meanwhile is not what the person asked for.
        shelf.gate.set()


def test_going_back_while_a_newer_release_is_loaded_holds(
    shelf: MemoryShelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    desks = Desks(HERE, shelf)
    desks.of(HERE)
    load = shelf.load

    def overtaken(town_code: str, version: str | None = None) -> Desk:
        newer = load(town_code, version)
        if version is None:
            desks.go_back(HERE, "of-last-week")
        return newer

    monkeypatch.setattr(shelf, "load", overtaken)
    shelf.revisions[HERE] = "2"
    assert desks.refresh(HERE) is None
    assert _version(desks) == "of-last-week"


def test_a_release_that_cannot_be_loaded_is_not_gone_back_to(shelf: MemoryShelf) -> None:
    desks = Desks(HERE, shelf)
    desks.of(HERE)
    shelf.unreadable = {"damaged"}
    with pytest.raises(IndexProblem):
        desks.go_back(HERE, "damaged")
    assert (_version(desks), shelf.pinned) == ("999999-v1", set())


def test_a_fixed_desk_stays(desk: Desk) -> None:
    desks = one_desk(desk)
    desks.start()
    assert desks.of(desks.home) is desk
    assert desks.refresh(desks.home) is None
    desks.stop()
