"""Slow things shared by all tests: made once per run, the model once per checkout."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# Before transformers is imported: no test may touch the network.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

from index.embedder import Embedder, load_embedder

REPOSITORY = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """Where the default model is prepared; kept between runs (git ignores var/)."""
    return REPOSITORY / "var" / "models"


@pytest.fixture(scope="session")
def embedder(models_dir: Path) -> Embedder:
    """The real default model."""
    return load_embedder("default", models_dir)
