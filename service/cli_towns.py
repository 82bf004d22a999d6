"""``tsunagi town``: the municipalities and prefectures, and what is known of each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli_people import ACTOR, now, prepared_store, ready_store
from service.errors import BadInput, NotFound
from service.settings import Settings

if TYPE_CHECKING:
    from knowledge.models import Town as TownFacts
    from service.store.towns import Town

town_app = typer.Typer(
    help="自治体を登録する、町の事実と支援先を入れる、見る", no_args_is_help=True
)
Code = Annotated[str, typer.Argument(help="全国地方公共団体コード（6桁）")]


@town_app.command("add")
def town_add(
    code: Code,
    name: Annotated[str, typer.Argument(help="自治体の名前")],
) -> None:
    """自治体を登録する。都道府県か市町村かは、コードで決まる。"""
    from service.accounts.town_list import add_town, new_town
    from service.records.town_knowledge import save_town_facts, town_facts

    engine, town = prepared_store(Settings()), new_town(checked_code(code), name)
    add_town(engine, town, now(), ACTOR)
    known = town_facts(engine, code)
    if known is None or known.name != name:
        # With the least that is known, an import alone makes a desk that answers.
        facts = known.model_copy(update={"name": name}) if known else _least_facts(town)
        save_town_facts(engine, facts, ACTOR, now())
    typer.echo(f"登録しました: {code} {name}")
    typer.echo(f"次は: tsunagi knowledge import 一覧.csv --town {code}")
    typer.echo(f"町の事実（人口、窓口など）は: tsunagi town profile {code} --file 町.yaml")


@town_app.command("load")
def town_load(
    folder: Annotated[
        Path, typer.Argument(help="町のデータのフォルダ（town.yaml と resources.csv）")
    ],
) -> None:
    """町のフォルダの町の事実と支援先を入れる。同じフォルダをもう一度入れると、変わったところだけを直す。"""
    from knowledge.load import load_town
    from service.records.town_knowledge import seed_from_folder

    if not folder.is_dir():
        raise BadInput(f"町のデータのフォルダがありません: {folder}")
    facts = load_town(folder / "town.yaml")
    if not seed_from_folder(prepared_store(Settings()), folder, ACTOR, now()):
        typer.echo(f"変わったところはありません: {facts.code} {facts.name}")
        return
    typer.echo(f"入れました: {facts.code} {facts.name}")
    typer.echo(
        "窓口を動かしていれば、1分ほどで出ます。この自治体で働く人には "
        f"`tsunagi account grant ログイン名 役割 --town-code {facts.code}` で役割を与えてください。"
    )


@town_app.command("profile")
def town_profile(
    code: Code,
    file: Annotated[
        Path | None, typer.Option("--file", help="町の事実を書いたファイル（town.yaml の形）")
    ] = None,
) -> None:
    """町の事実（人口、福祉事務所、分野ごとの窓口など）を見る。--file を付けると入れ替える。"""
    from knowledge.load import load_town
    from service.records.town_knowledge import save_town_facts, town_facts

    engine = ready_store()
    if file is None:
        facts = town_facts(engine, checked_code(code))
        if facts is None:
            raise NotFound(
                f"団体コード {code} の町の事実はまだありません。`tsunagi town load フォルダ` か "
                "`tsunagi town add` で入れてください。"
            )
        typer.echo(_as_yaml(facts), nl=False)
        return
    if not file.is_file():
        raise BadInput(f"ファイルがありません: {file}")
    facts = load_town(file)
    if facts.code != checked_code(code):
        raise BadInput(
            f"ファイルの団体コード（{facts.code}）が、指定した {code} と違います。どちらかを直してください。"
        )
    save_town_facts(engine, facts, ACTOR, now())
    typer.echo(f"町の事実を入れ替えました: {facts.code} {facts.name}")


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


def checked_code(code: str) -> str:
    """Return the code.  Raises :class:`BadInput` unless it is six digits."""
    if not (len(code) == 6 and code.isascii() and code.isdecimal()):
        raise BadInput(f"団体コードは6桁の数字で書いてください: {code}")
    return code


def _least_facts(town: Town) -> TownFacts:
    """Return a profile that says no more than the code does; population and households are open."""
    from knowledge.importing.codes import prefectures
    from knowledge.models import Town as TownFacts
    from knowledge.models import WelfareOffice

    prefecture = prefectures().get(town.code[:2], town.name)
    # 社会福祉法14条: prefectures and cities have an office of their own, towns and villages
    # need not.  In a code the third digit of a city is 1 or 2.
    own = town.kind == "prefecture" or town.code[2] in "12"
    office = town.name if own else prefecture
    return TownFacts(
        code=town.code,
        name=town.name,
        prefecture=prefecture,
        population=0,
        households=0,
        welfare_office=WelfareOffice(own=own, name=f"{office} 福祉事務所"),
    )


def _as_yaml(facts: TownFacts) -> str:
    import yaml

    return str(yaml.safe_dump(facts.model_dump(mode="json"), allow_unicode=True, sort_keys=False))
