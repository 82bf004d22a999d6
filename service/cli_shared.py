"""What the commands share: settings with a town, and a progress bar on standard error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from service.errors import BadInput
from service.settings import Settings

console = Console(stderr=True)
Town = Annotated[Path | None, typer.Option("--town", help="町のデータのフォルダ")]


def settings_for(town: Path | None) -> Settings:
    """Return the settings, with ``town`` in place of the configured one if it is given."""
    settings = Settings()
    if town is None:
        return settings
    if not town.is_dir():
        raise BadInput(f"町のデータのフォルダがありません: {town}")
    return settings.model_copy(update={"town_dir": town})


@contextmanager
def progress_bar(label: str, total: int | None) -> Iterator[Progress]:
    """Show a progress bar with one task; the caller advances ``task_ids[0]``."""
    columns = (TextColumn(label), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=False) as progress:
        progress.add_task(label, total=total)
        yield progress
