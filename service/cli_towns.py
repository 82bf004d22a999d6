"""``tsunagi town``: the municipalities and prefectures that roles are given in."""

from __future__ import annotations

from typing import Annotated

import typer

from service.cli_people import ACTOR, now, prepared_store, ready_store
from service.errors import BadInput
from service.settings import Settings

town_app = typer.Typer(help="役割を与える自治体を登録する、見る", no_args_is_help=True)


@town_app.command("add")
def town_add(
    code: Annotated[str, typer.Argument(help="全国地方公共団体コード（6桁）")],
    name: Annotated[str, typer.Argument(help="自治体の名前")],
) -> None:
    """自治体を登録する。都道府県か市町村かは、コードで決まる。"""
    from service.accounts.town_list import add_town, new_town

    if not (len(code) == 6 and code.isascii() and code.isdecimal()):
        raise BadInput(f"団体コードは6桁の数字で書いてください: {code}")
    add_town(prepared_store(Settings()), new_town(code, name), now(), ACTOR)
    typer.echo(f"登録しました: {code} {name}")


@town_app.command("list")
def town_list() -> None:
    """登録した自治体を見る。"""
    from service.store.engine import reading
    from service.store.towns import list_towns

    kinds = {"municipality": "市町村", "prefecture": "都道府県"}
    with reading(ready_store()) as conn:
        towns = list_towns(conn)
    for town in towns:
        typer.echo(f"{town.code}  {town.name}  {kinds[town.kind]}")
    if not towns:
        typer.echo("自治体はまだ登録されていません。")
