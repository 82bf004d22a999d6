"""What the commands about records share: whose records, in which store, and writing a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from knowledge.load import load_knowledge
from service.cli_people import ACTOR, now, prepared_store
from service.errors import BadInput, NotFound
from service.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

TownCode = Annotated[
    str | None, typer.Option("--town", help="団体コード（6桁）。省くと、この窓口の町")
]


def town_store(code: str | None) -> tuple[Engine, str]:
    """Return the store and the town's code: the given one, or the home town's.

    A store that has not seen the home town yet takes its folder in first, as ``serve`` does.
    Raises :class:`NotFound` for a town that is not registered.
    """
    from service.records.town_knowledge import seed_from_folder, town_facts
    from service.store.engine import reading
    from service.store.towns import find_town, list_towns

    settings = Settings()
    engine = prepared_store(settings)
    home = load_knowledge(settings.town_dir).town.code if code is None else ""
    if home and town_facts(engine, home) is None:
        seed_from_folder(engine, settings.town_dir, ACTOR, now())
    with reading(engine) as conn:
        if find_town(conn, code or home) is not None:
            return engine, code or home
        known = "、".join(f"{town.code} {town.name}" for town in list_towns(conn))
    raise NotFound(
        f"団体コード {code} の自治体は登録されていません（登録: {known or 'なし'}）。"
        "先に `tsunagi town add 団体コード 名前` で登録してください。"
    )


def write_whole(file: Path, data: bytes) -> None:
    """Write the file, whole or not at all; an older one is replaced."""
    if file.is_dir():
        raise BadInput(f"フォルダではなく、ファイルの名前を指定してください: {file}")
    aside = file.with_name(f".{file.name}.{os.getpid()}.new")
    try:
        aside.write_bytes(data)
        aside.replace(file)
    finally:
        aside.unlink(missing_ok=True)
