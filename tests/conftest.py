"""Slow things shared by all tests: made once per run, the model once per checkout."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# Before transformers is imported: no test may touch the network.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

from datetime import UTC, datetime

from index.build import build_index
from index.embedder import Embedder, load_embedder
from index.snapshot import Index
from knowledge.models import Knowledge
from service.settings import Settings
from service.triage.triage import Desk
from service.wiring import open_desk, rebuild_index
from tests.fixtures.tiny import write_tiny

REPOSITORY = Path(__file__).parents[1]
# The databases, for the tests of the store, the accounts and the pages.
pytest_plugins = ("tests.fixtures.databases",)


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """Where the default model is prepared; kept between runs (git ignores var/)."""
    return REPOSITORY / "var" / "models"


@pytest.fixture(scope="session")
def embedder(models_dir: Path) -> Embedder:
    """The real default model."""
    return load_embedder("default", models_dir)


@pytest.fixture(scope="session")
def tiny_index(
    tmp_path_factory: pytest.TempPathFactory, embedder: Embedder
) -> tuple[Knowledge, Index]:
    """A town of three services and two resources, and its index with the real model."""
    knowledge = write_tiny(tmp_path_factory.mktemp("tiny")).load()
    return knowledge, build_index(knowledge, embedder, datetime(2026, 6, 1, 9, 30, tzinfo=UTC))


@pytest.fixture(scope="session")
def desk() -> Desk:
    """The desk of the invented sample town, on an index that is rebuilt only when needed."""
    settings = Settings(data_dir=REPOSITORY / "var")
    rebuild_index(settings, True, lambda done, total: None, datetime.now().astimezone())
    return open_desk(settings)
