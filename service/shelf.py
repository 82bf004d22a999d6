"""The shelf of releases: what the store knows of a town, built into a folder and loaded from it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from index.build import build_index
from index.embedder import Embedder
from index.release import current_release, is_pinned, load_release, resume, roll_back, save_release
from index.vectors_cache import open_cache
from knowledge.models import National
from service.errors import BadInput
from service.logs import error_fields, log
from service.records.layers import prefecture_of
from service.records.town_knowledge import knowledge_revision, read_knowledge
from service.store.audit import Event, append
from service.store.audit_words import SYSTEM
from service.store.engine import reading, writing
from service.store.errors import StoreProblem
from service.store.profiles import find_profile
from service.triage.triage import Desk, Trained, make_desk, triage

# Read by every new desk before it is used, so that one that cannot answer never is.
INVENTED_NOTE = "母84が同じ話をくり返し、鍋を焦がした。長男52は仕事をやめ、家賃が払えない。"
# The model reads one text after the other: after each batch whoever waits with a note goes first.
_STEP_ASIDE_SECONDS = 0.005

Progress = Callable[[int, int], None]


def releases_root(data_dir: Path, town_code: str) -> Path:
    """Return the folder of a town's releases.  Raises :class:`BadInput` for what is no code."""
    if not (town_code.isascii() and town_code.isalnum()):
        raise BadInput("団体コードは数字で書いてください。")
    return data_dir / "releases" / town_code


def vectors_file(data_dir: Path, model_digest: str) -> Path:
    """Return the file in which the vectors of one model are kept between builds."""
    return data_dir / "vectors" / f"{model_digest[:16]}.db"


def revision_of(engine: Engine, national: National, town_code: str) -> str:
    """Return what names the whole knowledge of a town's desk: the store's part and ours.

    With the times of the last changes: after a restore the counters go back, and may come to
    the same numbers with other contents.
    """
    own = knowledge_revision(engine, town_code)
    if not own:
        return ""
    with reading(engine) as conn:
        layers = (town_code, prefecture_of(conn, town_code))
        profiles = (find_profile(conn, code) for code in layers if code)
        times = [f"{profile.updated_at:%Y%m%dT%H%M%S.%f}" for profile in profiles if profile]
    return "/".join((own, *times, national.fingerprint[:12]))


@dataclass(frozen=True)
class StoreShelf:
    """The shelf of one installation; the model is loaded once for all towns.

    ``actor`` is who the audit names for what is published; ``on_progress`` hears (done, total).
    """

    engine: Engine
    data_dir: Path
    embedder: Embedder
    trained: Trained
    national: National
    now: Callable[[], datetime]
    actor: str = SYSTEM
    on_progress: Progress = lambda done, total: None

    def revision(self, town_code: str) -> str:
        """Return what the store's knowledge of the town is now; "" when it knows nothing."""
        return revision_of(self.engine, self.national, town_code)

    def on_disk(self, town_code: str) -> tuple[str, str] | None:
        """Return version and revision of the release in use, None without one."""
        found = current_release(releases_root(self.data_dir, town_code))
        return (found.version, found.revision) if found else None

    def is_pinned(self, town_code: str) -> bool:
        """Tell whether somebody went back to an earlier release, to stay there."""
        return is_pinned(releases_root(self.data_dir, town_code))

    def publish(self, town_code: str) -> str:
        """Build what the store knows, try it, keep it as a release and return its version.

        It is in use from now on, unless somebody goes back to an earlier one while it is being
        built.  Raises NotReady, IndexProblem, OSError or StoreProblem; then nothing has changed.
        """
        root = releases_root(self.data_dir, town_code)
        # Asked for by hand, or the pinned one is of a model that is no longer in use.
        was_pinned = is_pinned(root)
        # Before the records are read: what changes meanwhile is then one more change to come.
        revision = self.revision(town_code)
        knowledge = read_knowledge(self.engine, town_code, self.national)
        with open_cache(vectors_file(self.data_dir, self.embedder.digest)) as cache:
            if cache.notices:
                log.warning("vectors_lost", town=town_code)
            index = build_index(knowledge, self.embedder, self.now(), self._advance, cache=cache)
        try_out(make_desk(knowledge, self.embedder, index, self.trained), self.now())
        if was_pinned:
            resume(root)
        folder = save_release(index, knowledge, root, revision=revision)
        self._record(town_code, folder.name)
        return folder.name

    def load(self, town_code: str, version: str | None = None) -> Desk:
        """Load a release, without ``version`` the one in use, ready to answer.

        Raises :class:`IndexProblem`.
        """
        root = releases_root(self.data_dir, town_code)
        knowledge, index = load_release(root, self.embedder.digest, version)
        desk = make_desk(knowledge, self.embedder, index, self.trained)
        try_out(desk, self.now())
        return desk

    def go_back(self, town_code: str, version: str) -> None:
        """Put an earlier release in use and pin it.  Raises :class:`IndexProblem`."""
        roll_back(releases_root(self.data_dir, town_code), version)

    def go_on(self, town_code: str) -> None:
        """Take the pin away; the release in use stays until the next one."""
        resume(releases_root(self.data_dir, town_code))

    def _record(self, town_code: str, version: str) -> None:
        event = Event(self.actor, "release.publish", ("release", version), town_code)
        try:
            with writing(self.engine) as conn:
                append(conn, event, self.now())
        except StoreProblem as error:
            # It is in use already; the gap stands in the log.
            log.error("audit_missed", reason=event.action, **error_fields(error))

    def _advance(self, done: int, total: int) -> None:
        time.sleep(_STEP_ASIDE_SECONDS)
        self.on_progress(done, total)


def try_out(desk: Desk, now: datetime) -> None:
    """Have an invented note read; nobody then waits for what loads at the first use."""
    triage(desk, INVENTED_NOTE, now.date())
