"""Starting the web desk with its store, and saying plainly why it cannot start."""

from __future__ import annotations

import errno
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import typer
import uvicorn
from sqlalchemy import Engine

from index.release import current_release
from knowledge.load import load_town
from service.accounts.first_admin import new_set_up_code, set_up_due
from service.accounts.town_list import ensure_town, town_from
from service.app import create_app
from service.desk_problems import told
from service.desks import Desks
from service.errors import BadInput, NotReady
from service.logs import configure_logs, error_fields, log
from service.records.town_knowledge import seed_from_folder
from service.settings import Settings
from service.shelf import releases_root
from service.store.audit_words import SYSTEM
from service.store.caretaker import Caretaker
from service.store.engine import open_store
from service.store.migrate import migrate
from service.triage.triage import Desk
from service.uploads import remove_old_uploads
from service.web.hosts import is_loopback
from service.web.world import utc_now
from service.wiring import open_desks

# What is being answered may finish; then the server goes, even if a browser holds on.
_GRACE_SECONDS = 10
# Records; a larger town takes longer than anybody waits for a start.
_UP_TO_DATE_FIRST = 5_000


def serve_forever(settings: Settings) -> None:
    """Load the desk and serve it until stopped.

    Raises :class:`BadInput` when the single-user mode would be open to other machines,
    :class:`NotReady` when the port is taken, :class:`StoreProblem` for a database that cannot
    be used: all before the model's seconds of loading.
    """
    _check_single_user(settings)
    # uvicorn hands the signal on when it has finished; the default would skip what follows it.
    before = signal.signal(signal.SIGTERM, _leave)
    try:
        with _listen(settings.host, settings.port) as listener, _store(settings) as engine:
            home = _seed(settings, engine)
            typer.echo("モデルと索引を読み込んでいます…")
            _serve(settings, open_desks(settings, engine, home), engine, listener)
    finally:
        signal.signal(signal.SIGTERM, before)


def _seed(settings: Settings, engine: Engine) -> str:
    """Bring the home town's folder into the store and return its code.

    What people have changed in the store since stays.  Raises KnowledgeError.
    """
    facts = load_town(settings.town_dir / "town.yaml")
    seed_from_folder(engine, settings.town_dir, SYSTEM, utc_now())
    return facts.code


def _serve(settings: Settings, desks: Desks, engine: Engine, listener: socket.socket) -> None:
    desk = _open_home(settings, desks)
    ensure_town(engine, town_from(desk.knowledge.town), utc_now())
    host, port = listener.getsockname()[:2]
    address = settings.model_copy(update={"host": host, "port": port}).own_address
    code = new_set_up_code() if settings.mode == "town" and set_up_due(engine) else ""
    app = create_app(desks, settings=settings, engine=engine, set_up_code=code)
    _say_hello(settings, desk, address, code)
    configure_logs(settings)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        # X-Forwarded-For is read by us, from the proxies in the settings only.
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    uploads = settings.data_dir / "uploads"
    caretaker = Caretaker(engine, utc_now, also=lambda now: remove_old_uploads(uploads, now))
    caretaker.start()
    desks.start()
    try:
        uvicorn.Server(config).run(sockets=[listener])
    finally:
        desks.stop()
        caretaker.stop()
        typer.echo("つなぎを閉じました。")


def _open_home(settings: Settings, desks: Desks) -> Desk:
    """Return the home town's desk, brought up to date first where that takes but seconds.

    Else, and when it fails, an older release answers until the watcher has a newer one.
    """
    there = current_release(releases_root(settings.data_dir, desks.home))
    if there is None:
        return desks.of(desks.home)
    try:
        if there.records <= _UP_TO_DATE_FIRST:
            desks.refresh(desks.home)
    except Exception as error:
        typer.echo(f"前の版で開きます。{told(error)}", err=True)
        log.error("release_failed", town=desks.home, **error_fields(error))
    return desks.of(desks.home)


@contextmanager
def _store(settings: Settings) -> Iterator[Engine]:
    """Open the store, brought up to date, and close it at the end."""
    engine = open_store(settings.store_url)
    try:
        typer.echo("データベースを確かめています…")
        migrate(engine)
        yield engine
    finally:
        engine.dispose()


def _leave(_signal: int, _frame: FrameType | None) -> None:
    """End the program in the ordinary way, so that everything is closed on the way out."""
    sys.exit(0)


def _say_hello(settings: Settings, desk: Desk, address: str, code: str) -> None:
    typer.echo(f"つなぎ（{desk.knowledge.town.name}）を開きました: {address}")
    if settings.mode == "single":
        typer.echo("1人用（お試し）です: ログインなしで、このコンピュータからだけ開けます。")
    elif not settings.allowed_hosts and not is_loopback(settings.host):
        typer.echo(
            "ほかのコンピュータから開くには、画面を開くときの名前を TSUNAGI_ALLOWED_HOSTS に設定してください。"
        )
    if code:
        typer.echo("利用者がまだいません。次の画面で、最初の管理者を登録してください。")
        typer.echo(f"  画面: {address}/set-up")
        typer.echo(f"  設定コード（1回限り。登録が済むまで有効）: {code}")
    typer.echo("止めるには Ctrl+C を押してください。相談の内容は保存しません。")


def _check_single_user(settings: Settings) -> None:
    """Raise :class:`BadInput` when a desk without sign-in would listen to other machines."""
    if settings.mode == "single" and not is_loopback(settings.host):
        raise BadInput(
            f"1人用（お試し）はログインがないため、ほかのコンピュータから開ける {settings.host} では動かせません。"
            "役場で使うときは TSUNAGI_MODE=town を設定してください。このコンピュータだけで使うときは TSUNAGI_HOST（--host）を 127.0.0.1 にしてください。"
        )


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
