"""Running the command: what goes wrong is said in Japanese, on stderr, without a traceback."""

from __future__ import annotations

import errno
import re
import sys

import typer
from pydantic import ValidationError

# Typer 0.29 carries its own copy of click and exports only a few of its errors.
from typer._click import exceptions as click

from index.errors import IndexProblem
from knowledge.check import KnowledgeError
from service.errors import DeskError
from service.settings import Settings
from service.triage.note import NoteProblem


def run_command(app: typer.Typer) -> None:
    """Run ``app`` on the process's arguments and exit with its code."""
    try:
        code = app(standalone_mode=False)
    except click.NoArgsIsHelpError as error:
        error.show()
        sys.exit(2)
    except click.UsageError as error:
        _fail(_usage_message(error), 2)
    except (DeskError, IndexProblem, KnowledgeError, NoteProblem) as error:
        _fail(str(error), 1)
    except (KeyboardInterrupt, typer.Abort):
        _fail("中止しました。", 130)
    except OSError as error:
        _fail(_file_message(error), 1)
    except Exception as error:
        _fail_unless_known(error)
    else:
        sys.exit(code if isinstance(code, int) else 0)


def _file_message(error: OSError) -> str:
    """Say a failed read or write in Japanese, with the file and what to do."""
    where = f"（{error.filename}）" if error.filename else ""
    if error.errno == errno.ENOSPC:
        return f"ディスクの空きが足りません{where}。空きを作ってから、もう一度実行してください。"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return (
            f"書き込む（読む）権限がありません{where}。場所（TSUNAGI_DATA_DIR）を確かめてください。"
        )
    return f"ファイルの読み書きができません{where}: {error.strerror or error}"


def _fail_unless_known(error: Exception) -> None:
    """Errors of rooms that are imported late are known by name only here."""
    from eval.cases import CaseProblem

    if isinstance(error, CaseProblem):
        _fail(str(error), 1)
    if isinstance(error, ValidationError):
        _fail(*_about_values(error))
    raise error


def _about_values(error: ValidationError) -> tuple[str, int]:
    """Return the message and the exit code for values that a model refused.

    Their names only: the rest of the error repeats what was given.
    """
    names = [".".join(map(str, e["loc"])) for e in error.errors() if e["loc"]]
    if error.title == Settings.__name__:
        variables = "、".join(f"TSUNAGI_{name.partition('.')[0].upper()}" for name in names)
        return f"設定の値が正しくありません: {variables}", 2
    where = f"（{error.title}: {'、'.join(names)}）" if names else f"（{error.title}）"
    return (
        f"データの内容が正しくありません{where}。`tsunagi knowledge check` で確かめてください。",
        1,
    )


def _fail(message: str, code: int) -> None:
    typer.echo(f"エラー: {message}", err=True)
    sys.exit(code)


def _usage_message(error: click.UsageError) -> str:
    """Say a usage error of click in Japanese."""
    path = error.ctx.command_path if error.ctx else "tsunagi"
    ask = f"使い方は `{path} --help` で見られます。"
    if isinstance(error, click.NoSuchOption):
        return f"知らないオプションです: {error.option_name}。{ask}"
    if isinstance(error, click.MissingParameter):
        name = error.param.opts[0] if error.param and error.param.opts else ""
        return f"{name} が指定されていません。{ask}"
    if isinstance(error, click.BadParameter):
        name = error.param.opts[0] if error.param and error.param.opts else ""
        return f"{name} の値が正しくありません。{ask}"
    unknown = re.search(r"No such command '(.+?)'", error.format_message())
    return f"知らない命令です: {unknown[1]}。{ask}" if unknown else f"命令が読めません。{ask}"
