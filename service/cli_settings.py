"""``tsunagi settings``: every setting, what it is now, and what it means."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import SecretStr

from service.settings import Settings

HIDDEN = "（設定済み・表示しません）"
# Defaults that read better in words than as values of this machine.
_IN_WORDS = {
    "data_dir": "`./var`",
    "town_dir": "みどり町",
    "database_url": "データフォルダの `tsunagi.db`",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """One setting as people read it."""

    name: str
    value: str
    default: str
    meaning: str


def settings_command(
    markdown: Annotated[
        bool, typer.Option("--markdown", help="README の表の形で、既定と意味だけを出す")
    ] = False,
) -> None:
    """すべての設定（環境変数）の、いまの値・既定・意味を見る。秘密の値は出さない。"""
    shown = shown_settings(Settings())
    if markdown:
        typer.echo(markdown_table(shown))
        return
    for setting in shown:
        typer.echo(f"{setting.name}={setting.value}")
        typer.echo(f"    {setting.meaning}（既定: {setting.default}）".replace("`", ""))


def shown_settings(settings: Settings) -> tuple[Shown, ...]:
    """Return every setting of the model, in its order."""
    return tuple(
        Shown(
            name=f"TSUNAGI_{name.upper()}",
            value=_as_text(getattr(settings, name)),
            default=_IN_WORDS.get(name, _as_code(field.default)),
            meaning=field.description or "",
        )
        for name, field in Settings.model_fields.items()
    )


def markdown_table(shown: tuple[Shown, ...]) -> str:
    """Return the table of the README."""
    lines = ["| 環境変数 | 既定 | 意味 |", "|---|---|---|"]
    lines += [f"| `{s.name}` | {s.default} | {s.meaning} |" for s in shown]
    return "\n".join(lines)


def _as_text(value: Any) -> str:
    if isinstance(value, SecretStr):
        return HIDDEN if value.get_secret_value() else ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ",".join(value)
    return "" if value is None else str(value)


def _as_code(default: Any) -> str:
    text = "" if isinstance(default, Path) else _as_text(default)
    return f"`{text}`" if text else "なし"
