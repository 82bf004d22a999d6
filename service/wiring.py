"""Putting the parts together: from settings to a desk that answers."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from index.build import build_index
from index.embedder import Embedder, load_embedder, model_digest
from index.errors import IndexProblem
from index.snapshot import Index, check_match, current_manifest, load_index, save_index
from knowledge.load import load_knowledge
from knowledge.models import Knowledge
from service.settings import Settings
from service.triage.triage import Desk, make_desk

Progress = Callable[[int, int], None]


def open_desk(settings: Settings) -> Desk:
    """Load knowledge, model and index; raise KnowledgeError or IndexProblem with what to do."""
    knowledge = load_knowledge(settings.town_dir)
    # The manifest is read first: a missing index is said before the model takes its seconds.
    current_manifest(settings.index_dir)
    embedder = open_embedder(settings)
    return make_desk(knowledge, embedder, _load(settings, embedder, knowledge))


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
    index = build_index(knowledge, embedder, now, on_progress)
    save_index(index, settings.index_dir)
    return index.manifest.version


def _is_current(settings: Settings, knowledge: Knowledge) -> bool:
    digest = model_digest(settings.model)
    try:
        check_match(current_manifest(settings.index_dir), digest, knowledge.fingerprint)
    except IndexProblem:
        return False
    return True


def _load(settings: Settings, embedder: Embedder, knowledge: Knowledge) -> Index:
    return load_index(settings.index_dir, embedder.digest, knowledge.fingerprint)
