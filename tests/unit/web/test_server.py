"""Starting and stopping the server: what it says, what it makes, and how it leaves."""

from __future__ import annotations

import json
import signal
import socket
from pathlib import Path

import httpx2
import pytest
from pydantic import SecretStr
from sqlalchemy import text

from service import server as the_server
from service.desks import Desks
from service.errors import BadInput
from service.server import serve_forever
from service.settings import Settings
from service.store import audit
from service.store.engine import open_store, reading
from service.store.errors import StoreProblem
from service.store.migrate import migrate
from service.store.towns import list_towns
from service.triage.triage import Desk
from tests.fixtures.served_desk import free_port, served


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "desk.example.jp"])  # noqa: S104  refused
def test_a_desk_without_sign_in_does_not_listen_to_others(host: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="TSUNAGI_MODE=town"):
        serve_forever(Settings(mode="single", host=host, data_dir=tmp_path))


@pytest.mark.usefixtures("desk")
def test_a_town_is_set_up_served_and_closed(url: str, tmp_path: Path) -> None:
    with served(tmp_path / "run", TSUNAGI_MODE="town", TSUNAGI_DATABASE_URL=url) as server:
        assert f"{server.address}/set-up" in server.output
        assert len(server.set_up_code) == 23
        page = httpx2.get(f"{server.address}/set-up", headers={"Accept": "text/html"})
        assert page.status_code == 200
        assert "server" not in page.headers
        assert server.stop() == 0
        assert "つなぎを閉じました" in server.output
        assert server.set_up_code not in server.logs
        entries = [json.loads(line) for line in server.logs.splitlines()]
    assert {e["event"] for e in entries} <= {"request"}
    engine = open_store(url)
    with reading(engine) as conn:
        assert [town.name for town in list_towns(conn)] == ["みどり町"]
        assert audit.verify_chain(conn) is None
    engine.dispose()


def test_the_desks_are_watched_while_the_server_runs(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = open_store(f"sqlite:///{tmp_path}/x.db")
    migrate(engine)
    happened: list[str] = []

    class Watched(Desks):
        def start(self) -> None:
            happened.append("watched")

        def stop(self) -> None:
            happened.append("left")

    class Server:
        def __init__(self, _config: object) -> None:
            pass

        def run(self, sockets: list[socket.socket]) -> None:
            happened.append(f"served at {len(sockets)} address")

    monkeypatch.setattr(the_server.uvicorn, "Server", Server)
    monkeypatch.setattr(the_server, "configure_logs", lambda _: None)
    code = desk.knowledge.town.code
    with socket.create_server(("127.0.0.1", 0)) as listener:
        the_server._serve(
            Settings(data_dir=tmp_path), Watched(code, None, {code: desk}), engine, listener
        )
    assert happened == ["watched", "served at 1 address", "left"]
    engine.dispose()


@pytest.mark.usefixtures("desk")
def test_the_single_user_desk_says_what_it_is_and_leaves_on_ctrl_c(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/single.db"
    with served(tmp_path / "run", TSUNAGI_DATABASE_URL=database) as server:
        assert "1人用（お試し）" in server.output
        assert "設定コード" not in server.output
        page = httpx2.get(server.address, headers={"Accept": "text/html"})
        assert "1人用のお試しです" in page.text
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(30) == 130
        assert "つなぎを閉じました" in server.output
        assert "Traceback" not in server.logs


def test_a_database_of_a_newer_program_is_said_before_the_model_loads(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new.db"
    engine = open_store(url)
    with engine.begin() as conn:
        conn.execute(text("CREATE TABLE alembic_version (version_num TEXT)"))
        conn.execute(text("INSERT INTO alembic_version VALUES ('from-the-future')"))
    engine.dispose()
    settings = Settings(
        mode="single", port=free_port(), data_dir=tmp_path, database_url=SecretStr(url)
    )
    with pytest.raises(StoreProblem, match="新しい"):
        serve_forever(settings)
