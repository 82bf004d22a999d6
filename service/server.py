"""Starting the web desk, and saying plainly why it cannot start."""

from __future__ import annotations

import errno
import socket

import typer
import uvicorn

from service.app import create_app
from service.errors import NotReady
from service.settings import Settings
from service.wiring import open_desk


def serve_forever(settings: Settings) -> None:
    """Load the desk and serve it until stopped.

    Raises :class:`NotReady` when the port is taken, before the model's seconds of loading.
    """
    listener = _listen(settings.host, settings.port)
    typer.echo("モデルと索引を読み込んでいます…")
    desk = open_desk(settings)
    host, port = listener.getsockname()[:2]
    typer.echo(f"つなぎ（{desk.knowledge.town.name}）を開きました: http://{host}:{port}")
    typer.echo("止めるには Ctrl+C を押してください。相談の内容は保存しません。")
    config = uvicorn.Config(
        create_app(desk), log_level="warning", access_log=False, server_header=False
    )
    uvicorn.Server(config).run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise NotReady(
                f"ポート {port} はほかのプログラムが使っています。"
                f"それを止めるか、`tsunagi serve --port {port + 1}` のように別の番号で開いてください。"
            ) from error
        if error.errno == errno.EACCES:
            raise NotReady(
                f"ポート {port} を使う権限がありません。1024以上の番号にしてください。"
            ) from error
        raise NotReady(f"{host}:{port} では待ち受けできません（{error.strerror}）。") from error
    return listener
