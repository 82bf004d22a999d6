"""Putting the parts together: from settings to a desk that answers."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime

from index.build import build_index
from index.embedder import Embedder, load_embedder
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
    """Load the model; one named folder or the default never touches the network."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    return load_embedder(settings.model, settings.models_dir)


def rebuild_index(
    settings: Settings, if_needed: bool, on_progress: Progress, now: datetime
) -> str | None:
    """Build the index and make it current; return its version, or None when it was up to date."""
    knowledge = load_knowledge(settings.town_dir)
    embedder = open_embedder(settings)
    if if_needed and _is_current(settings, embedder, knowledge):
        return None
    index = build_index(knowledge, embedder, now, on_progress)
    save_index(index, settings.index_dir)
    return index.manifest.version


def _is_current(settings: Settings, embedder: Embedder, knowledge: Knowledge) -> bool:
    try:
        check_match(current_manifest(settings.index_dir), embedder.digest, knowledge.fingerprint)
    except IndexProblem:
        return False
    return True


def _load(settings: Settings, embedder: Embedder, knowledge: Knowledge) -> Index:
    return load_index(settings.index_dir, embedder.digest, knowledge.fingerprint)
