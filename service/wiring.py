"""Putting the parts together: from settings to a desk that answers."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine

from index.build import build_index
from index.embedder import Embedder, load_embedder, model_digest
from index.errors import IndexProblem
from index.snapshot import Index, check_match, current_manifest, load_index, save_index
from index.vectors_cache import open_cache
from knowledge.load import load_knowledge, load_national
from knowledge.models import Knowledge
from service.desks import Desks
from service.settings import Settings
from service.shelf import Progress, StoreShelf, vectors_file
from service.store.audit_words import SYSTEM
from service.triage.triage import Desk, load_trained, make_desk


def open_desk(settings: Settings) -> Desk:
    """Load the folder's knowledge, the model and the index.

    Raises KnowledgeError or IndexProblem with what to do.
    """
    knowledge = load_knowledge(settings.town_dir)
    # The manifest is read first: a missing index is said before the model takes its seconds.
    current_manifest(settings.index_dir)
    embedder = open_embedder(settings)
    return make_desk(knowledge, embedder, _load(settings, embedder, knowledge))


def open_desks(settings: Settings, engine: Engine, home: str) -> Desks:
    """Return the desks of all towns in the store: the model is loaded, and no desk yet.

    ``home`` is the code of the home town.  Raises KnowledgeError or IndexProblem.
    """
    return Desks(home, open_shelf(settings, engine))


def open_shelf(
    settings: Settings,
    engine: Engine,
    actor: str = SYSTEM,
    on_progress: Progress = lambda done, total: None,
) -> StoreShelf:
    """Return the shelf of releases, with the model; ``actor`` is who the audit names."""
    national = load_national()
    embedder = open_embedder(settings)
    return StoreShelf(
        engine=engine,
        data_dir=settings.data_dir,
        embedder=embedder,
        trained=load_trained(embedder.digest),
        national=national,
        now=lambda: datetime.now(UTC),
        actor=actor,
        on_progress=on_progress,
    )


def open_embedder(settings: Settings) -> Embedder:
    """Load the model; only a hub name may touch the network, and only to fetch that model."""
    if settings.model in ("default", "base") or Path(settings.model).is_dir():
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    return load_embedder(settings.model, settings.models_dir)


def rebuild_index(
    settings: Settings, if_needed: bool, on_progress: Progress, now: datetime
) -> str | None:
    """Build the index and make it current; return its version, or None when it was up to date."""
    knowledge = load_knowledge(settings.town_dir)
    # Looked at before the model is loaded, so that a second start takes no time here.
    if if_needed and _is_current(settings, knowledge):
        return None
    embedder = open_embedder(settings)
    # The same vectors serve the releases of the store, so that the first one costs little.
    with open_cache(vectors_file(settings.data_dir, embedder.digest)) as cache:
        index = build_index(knowledge, embedder, now, on_progress, cache=cache)
    save_index(index, settings.index_dir)
    return index.manifest.version


def _is_current(settings: Settings, knowledge: Knowledge) -> bool:
    digest = model_digest(settings.model)
    try:
        check_match(current_manifest(settings.index_dir), digest, knowledge.fingerprint)
    except IndexProblem:
        return False
    # An index of an earlier program: building it again fills what the releases need.
    return vectors_file(settings.data_dir, digest).is_file()


def _load(settings: Settings, embedder: Embedder, knowledge: Knowledge) -> Index:
    return load_index(settings.index_dir, embedder.digest, knowledge.fingerprint)
