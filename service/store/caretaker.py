"""Retention that runs by itself: at the start, then once a day, in a thread of the server."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Engine

from service.store.retention import expire

DAY_SECONDS = 24 * 60 * 60
_LOG = logging.getLogger(__name__)


class Caretaker:
    """A thread that calls ``expire``, and ``also`` for what lies outside the store.

    ``stop`` ends it and waits for it.
    """

    def __init__(
        self,
        engine: Engine,
        clock: Callable[[], datetime],
        every_seconds: float = DAY_SECONDS,
        also: Callable[[datetime], object] = lambda now: None,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._every_seconds = every_seconds
        self._also = also
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="caretaker", daemon=True)

    def start(self) -> None:
        """Begin; the first deletion follows at once."""
        self._thread.start()

    def stop(self) -> None:
        """End after the deletion that may be running."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            try:
                expire(self._engine, self._clock())
                self._also(self._clock())
            except Exception as error:
                # Whatever it was, tomorrow is soon enough: what is due stays due.
                _LOG.warning("retention put off: %s", type(error).__name__)
            if self._stopped.wait(self._every_seconds):
                return
