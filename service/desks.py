"""The desks of all towns in one running service, each swapped for a newer one as its town changes.

A request takes its desk once and keeps it; a newer one is made aside and put in its place by a
single assignment.  So no request sees half a desk, and none waits for a build.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from index.errors import IndexProblem
from service.desk_problems import NoDesk, Trouble, nothing_known, told
from service.logs import error_fields, log
from service.triage.triage import Desk

POLL_SECONDS = 2.0
# Changes in a row are waited out until a look finds nothing new, but not for longer than this.
LONGEST_WAIT_SECONDS = 20.0
# What failed is tried again by itself: the disk may have room by then.
RETRY_SECONDS = 20.0
# How long a request waits for a desk that is being made for the first time.
PATIENCE_SECONDS = 10.0


class Shelf(Protocol):
    """Where desks come from: the store's knowledge, and the releases made of it."""

    def revision(self, town_code: str) -> str:
        """Return what the store's knowledge of the town is now; "" when it knows nothing."""

    def on_disk(self, town_code: str) -> tuple[str, str] | None:
        """Return version and revision of the release in use, None without one."""

    def is_pinned(self, town_code: str) -> bool:
        """Tell whether somebody went back to an earlier release, to stay there."""

    def publish(self, town_code: str) -> str:
        """Make a release of what the store knows, in use from now on; return its version."""

    def load(self, town_code: str, version: str | None = None) -> Desk:
        """Load a release, without ``version`` the one in use.  Raises :class:`IndexProblem`."""

    def go_back(self, town_code: str, version: str) -> None:
        """Put an earlier release in use and pin it.  Raises :class:`IndexProblem`."""

    def go_on(self, town_code: str) -> None:
        """Take the pin away."""

    def now(self) -> datetime:
        """Return the time."""


@dataclass(slots=True)
class _Watched:
    """What the watcher remembers of one town between two looks."""

    seen: str = ""
    unlike_since: float | None = None
    retry_at: float = 0.0


class Desks:
    """The desks of an installation.  Without a shelf: those given at the start, never swapped."""

    def __init__(
        self,
        home: str,
        shelf: Shelf | None,
        desks: dict[str, Desk] | None = None,
        poll_seconds: float = POLL_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.home = home
        self._shelf = shelf
        self._desks: dict[str, Desk] = dict(desks or {})
        self._troubles: dict[str, Trouble] = {}
        self._watched: dict[str, _Watched] = {}
        self._poll_seconds = poll_seconds
        self._clock = clock
        self._loading = threading.Lock()
        self._making = threading.Lock()
        self._looked = threading.Condition()
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def of(self, town_code: str) -> Desk:
        """Return the town's desk as it is now; the first time it is loaded, or built.

        Raises :class:`NoDesk` when nothing is known of the town, or when its first release
        takes longer than a person should wait.
        """
        return self._desks.get(town_code) or self._first(town_code)

    def loaded(self, town_code: str) -> Desk | None:
        """Return the town's desk if it is at hand; waits for nothing and loads nothing."""
        return self._desks.get(town_code)

    def trouble_of(self, town_code: str) -> Trouble | None:
        """Return why the newest knowledge is not on the town's desk, if the attempt failed."""
        return self._troubles.get(town_code)

    def refresh(self, town_code: str) -> str | None:
        """Bring the desk up to what the store and the releases hold; return a new version or None.

        Waits for the build.  Raises what made it fail; the desk in use stays.
        """
        if self._shelf is None:
            return None
        with self._making:
            return self._bring_up_to_date(self._shelf, town_code)

    def go_back(self, town_code: str, version: str) -> None:
        """Have the desk answer from an earlier release until ``go_on``; waits for no build.

        Raises :class:`IndexProblem` for one that cannot be loaded; then nothing has changed.
        """
        if self._shelf is None:
            raise nothing_known()
        with self._loading:
            desk = self._shelf.load(town_code, version)
            self._shelf.go_back(town_code, version)
            self._desks[town_code] = desk
        self._hurry(town_code)

    def go_on(self, town_code: str) -> None:
        """Let what changes in the store reach the desk again."""
        if self._shelf is not None:
            self._shelf.go_on(town_code)
            self._hurry(town_code)

    def start(self) -> None:
        """Begin to watch; desks without a shelf have nothing to be watched for."""
        if self._shelf is None or self._thread is not None:
            return
        self._stopped.clear()
        self._thread = threading.Thread(
            target=self._watch, args=(self._shelf,), name="desks", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop watching, after the build that may be going on."""
        if self._thread is None:
            return
        self._stopped.set()
        self._wake.set()
        self._thread.join()
        self._thread = None

    def _hurry(self, town_code: str) -> None:
        """Have the watcher look at the town now: a person waits for what it will find."""
        self._watched.setdefault(town_code, _Watched()).retry_at = 0.0
        self._wake.set()

    def _first(self, town_code: str) -> Desk:
        shelf = self._shelf
        if shelf is None:
            raise nothing_known()
        # Loading takes a moment and is done by whoever asks; building is left to the watcher,
        # which may be busy with another town for long.
        desk = self._load_what_is_there(shelf, town_code)
        if desk is None and not shelf.revision(town_code):
            raise nothing_known()
        if desk is None and self._thread is None:
            self.refresh(town_code)
        elif desk is None:
            self._wait_for(town_code)
        return self._desks[town_code]

    def _load_what_is_there(self, shelf: Shelf, town_code: str) -> Desk | None:
        with self._loading:
            if town_code not in self._desks and shelf.on_disk(town_code) is not None:
                try:
                    desk = shelf.load(town_code)
                except IndexProblem:
                    # Of another model, or damaged: it is made anew.
                    return None
                self._watched.setdefault(town_code, _Watched())
                self._desks.setdefault(town_code, desk)
            return self._desks.get(town_code)

    def _wait_for(self, town_code: str) -> None:
        """Wait for the watcher's first desk of the town.  Raises :class:`NoDesk`."""
        self._troubles.pop(town_code, None)
        self._hurry(town_code)
        with self._looked:
            self._looked.wait_for(
                lambda: town_code in self._desks or town_code in self._troubles, PATIENCE_SECONDS
            )
        if town_code in self._desks:
            return
        trouble = self._troubles.get(town_code)
        raise NoDesk(
            trouble.message
            if trouble
            else "この自治体の窓口を準備しています。1分ほど待ってから、もう一度開いてください。"
        )

    def _bring_up_to_date(self, shelf: Shelf, town_code: str) -> str | None:
        desk, there = self._desks.get(town_code), shelf.on_disk(town_code)
        wanted = shelf.revision(town_code)
        if wanted and _is_to_be_made(shelf, town_code, there, wanted):
            shelf.publish(town_code)
            there = shelf.on_disk(town_code)
        if there is None:
            raise nothing_known()
        if desk is not None and desk.index.manifest.version == there[0]:
            return None
        try:
            newer = shelf.load(town_code)
        except IndexProblem:
            # With a desk in use there is no hurry; without one something must answer.
            if desk is not None or not wanted:
                raise
            shelf.publish(town_code)
            newer = shelf.load(town_code)
        return self._swap(shelf, town_code, newer)

    def _swap(self, shelf: Shelf, town_code: str, newer: Desk) -> str | None:
        """Put the desk in place; whoever took the old one keeps it to the end of the request.

        Not if somebody went back to another release while this one was being loaded.
        """
        version = newer.index.manifest.version
        with self._loading:
            there = shelf.on_disk(town_code)
            if there is not None and there[0] != version and town_code in self._desks:
                return None
            self._desks[town_code] = newer
            self._watched.setdefault(town_code, _Watched())
        return version

    def _watch(self, shelf: Shelf) -> None:
        while not self._stopped.is_set():
            self._wake.wait(self._poll_seconds)
            self._wake.clear()
            for town_code in tuple(self._watched):
                if self._stopped.is_set():
                    return
                self._look(shelf, town_code)
            with self._looked:
                self._looked.notify_all()

    def _look(self, shelf: Shelf, town_code: str) -> None:
        watched = self._watched[town_code]
        if self._clock() < watched.retry_at:
            return
        try:
            if not self._is_due(shelf, town_code, watched):
                return
            version = self.refresh(town_code)
        except Exception as error:
            # Whatever it was: the desk in use goes on, and the watch with it.
            watched.retry_at = self._clock() + RETRY_SECONDS
            self._troubles[town_code] = Trouble(shelf.now(), told(error))
            log.error("release_failed", town=town_code, **error_fields(error))
            return
        watched.unlike_since = None
        self._troubles.pop(town_code, None)
        if version:
            log.info("release_in_use", town=town_code, release=version)

    def _is_due(self, shelf: Shelf, town_code: str, watched: _Watched) -> bool:
        """Tell whether there is something new, and no more of it is coming just now."""
        desk, there = self._desks.get(town_code), shelf.on_disk(town_code)
        if desk is None or (there and there[0] != desk.index.manifest.version):
            return True
        wanted = shelf.revision(town_code)
        if not wanted or not _is_to_be_made(shelf, town_code, there, wanted):
            watched.unlike_since = None
            self._troubles.pop(town_code, None)
            return False
        settled, watched.seen = wanted == watched.seen, wanted
        if watched.unlike_since is None:
            watched.unlike_since = self._clock()
        return settled or self._clock() - watched.unlike_since >= LONGEST_WAIT_SECONDS


def one_desk(desk: Desk) -> Desks:
    """Return the desks of a service with one fixed desk."""
    code = desk.knowledge.town.code
    return Desks(code, None, {code: desk})


def _is_to_be_made(
    shelf: Shelf, town_code: str, there: tuple[str, str] | None, wanted: str
) -> bool:
    if there is None:
        return True
    return there[1] != wanted and not shelf.is_pinned(town_code)
