"""The evaluation figures that ship with the program, for the year's report.

The program at the desk measures nothing itself: ``eval`` did before it was shipped, and
``figures.json`` repeats what its model card says, with source and day.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class Figure(BaseModel):
    """One measure: a share from 0 to 1 with its 95% interval, and over how many cases."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    key: str
    words: str
    value: float = Field(ge=0, le=1)
    low: float = Field(ge=0, le=1)
    high: float = Field(ge=0, le=1)
    cases: int = Field(ge=1)


class Figures(BaseModel):
    """All measures, where they come from and what they do not say."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    source: str
    measured_with: str
    as_of: date
    data: str
    caution: str
    figures: tuple[Figure, ...]


@lru_cache(maxsize=1)
def shipped_figures() -> Figures:
    """Return the shipped figures, read once."""
    return Figures.model_validate_json(Path(__file__).with_name("figures.json").read_bytes())
