"""Attacks that only a real server sees: bytes that no client library would send.

The desk runs as ``tsunagi serve`` runs it, in a thread, on loopback.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
import uvicorn

from service import server as the_server
from service.desks import one_desk
from service.settings import Settings
from service.triage.triage import Desk
from service.web import guards
from tests.fixtures.accounts_world import PASSWORD
from tests.fixtures.attacked import HOST, attacked_desk

TRIES = 3
OWN = f"Host: {HOST}\r\nOrigin: https://{HOST}\r\nConnection: close\r\n"


@contextmanager
def served(
    desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., bytes]]:
    """Serve the desk; give a function that sends bytes and returns the answer's."""
    world = attacked_desk(desk, folder)
    settings = Settings(
        mode="town",
        data_dir=folder,
        allowed_hosts=(HOST,),
        client_tries=TRIES,
        password_memory_mib=19,
    )
    started: list[uvicorn.Server] = []
    real = uvicorn.Server

    def note(config: uvicorn.Config) -> uvicorn.Server:
        started.append(real(config))
        return started[-1]

    monkeypatch.setattr(the_server.uvicorn, "Server", note)
    # Ours to change only inside a process of its own.
    monkeypatch.setattr(the_server, "configure_logs", lambda _: None)
    listener = socket.create_server(("127.0.0.1", 0))
    arguments = (settings, one_desk(desk), world.engine, listener)
    thread = threading.Thread(target=the_server._serve, args=arguments, daemon=True)
    thread.start()

    def send(request: str | bytes) -> bytes:
        raw = request if isinstance(request, bytes) else request.encode()
        with socket.create_connection(listener.getsockname()[:2], timeout=20) as connection:
            connection.sendall(raw)
            found = b""
            while chunk := connection.recv(65_536):
                found += chunk
        return found

    try:
        yield send
    finally:
        started[0].should_exit = True
        thread.join()
        listener.close()
        world.engine.dispose()


def status_of(answer: bytes) -> int:
    """Return the status, 0 when the connection was cut."""
    return int(answer.split(b" ", 2)[1]) if answer else 0


def sign_in(login: str, password: str, more: str = "") -> str:
    """The form as a browser sends it."""
    body = f"login={quote(login)}&password={quote(password)}"
    return (
        f"POST /sign-in HTTP/1.1\r\n{OWN}{more}"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    )


def spray(send: Callable[..., bytes]) -> int:
    """Guess from one machine that claims another address each time."""
    for number in range(TRIES):
        send(sign_in(f"user{number}", PASSWORD, f"X-Forwarded-For: 192.0.2.{number}\r\n"))
    return status_of(send(sign_in("hanako", PASSWORD, "X-Forwarded-For: 192.0.2.99\r\n")))


def test_an_address_made_up_on_this_very_machine(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """uvicorn believes X-Forwarded-For from 127.0.0.1 unless told not to."""
    with served(desk, tmp_path / "a", monkeypatch) as send:
        assert spray(send) == 429
    monkeypatch.undo()
    real = uvicorn.Config

    def usual(*arguments: object, **settings: object) -> uvicorn.Config:
        return real(*arguments, **{**settings, "proxy_headers": True})  # type: ignore[arg-type]

    monkeypatch.setattr(the_server.uvicorn, "Config", usual)
    with served(desk, tmp_path / "b", monkeypatch) as send:
        assert spray(send) == 303


RAW_HOSTS = {
    "none": "",
    "two": f"Host: {HOST}\r\nHost: evil.example\r\n",
    "two, ours last": f"Host: evil.example\r\nHost: {HOST}\r\n",
    "another": "Host: evil.example\r\n",
    "with a line break": f"Host: {HOST}\n\tevil.example\r\n",
    "with a NUL": f"Host: {HOST}\0.evil.example\r\n",
    "with a space before the colon": f"Host : {HOST}\r\n",
    "empty": "Host:\r\n",
}


def test_hosts_that_only_a_socket_can_send(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(desk, tmp_path / "a", monkeypatch) as send:
        for name, host in RAW_HOSTS.items():
            answer = send(f"GET /sign-in HTTP/1.1\r\n{host}Connection: close\r\n\r\n")
            assert status_of(answer) == 400, name
            assert b"evil" not in answer
        # A proxy's form of request: the name in it decides nothing.
        answer = send(f"GET http://evil.example/sign-in HTTP/1.1\r\n{OWN}\r\n")
        assert b"evil" not in answer
        assert status_of(send(f"GET /sign-in HTTP/1.1\r\n{OWN}\r\n")) == 200
    monkeypatch.undo()
    monkeypatch.setattr(guards, "is_allowed_host", lambda *_: True)
    with served(desk, tmp_path / "b", monkeypatch) as send:
        another = f"GET /sign-in HTTP/1.1\r\n{RAW_HOSTS['another']}Connection: close\r\n\r\n"
        assert status_of(send(another)) == 200


def test_no_header_of_an_answer_is_the_askers(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    split = "%0d%0aSet-Cookie:%20evil=1%0d%0a%0d%0a<script>"
    with served(desk, tmp_path, monkeypatch) as send:
        for target in (
            f"/sign-in?next=/{split}",
            f"/sign-in?next={split}",
            f"/account?done={split}",
            f"/{split}",
            f"/api/services/{split}",
            f"/accounts/{split}",
        ):
            head = send(f"GET {target} HTTP/1.1\r\n{OWN}Accept: text/html\r\n\r\n").split(
                b"\r\n\r\n"
            )[0]
            assert b"evil=1" not in head.replace(b"Set-Cookie%3A", b"").split(b"location:")[0]
            assert b"\r\nset-cookie" not in head.lower()
        # In the form, and in a header that browsers let nobody set.
        for request in (
            sign_in("x\r\nSet-Cookie: evil=1", PASSWORD),
            sign_in("hanako", PASSWORD, "User-Agent: x\rSet-Cookie: evil=1\r\n"),
            sign_in("hanako", PASSWORD, "User-Agent: x\0\r\n"),
        ):
            answer = send(request)
            assert status_of(answer) in (400, 401)
            assert b"evil=1" not in answer.split(b"\r\n\r\n")[0]


# Ways to say how long a body is, so that two programs on the way read two different lengths.
LENGTHS = (
    "Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n",
    "Content-Length: 0\r\nContent-Length: {length}\r\n",
    "Content-Length: +0\r\n",
    "Transfer-Encoding: chunked, identity\r\n",
    "Transfer-Encoding : chunked\r\n",
)


def smuggled(send: Callable[..., bytes]) -> list[str]:
    """Hide a second request in the body of the first; return the ways in which it is answered."""
    hidden = f"GET /healthz HTTP/1.1\r\nHost: {HOST}\r\n\r\n"
    head = f"POST /sign-in HTTP/1.1\r\n{OWN.replace('close', 'keep-alive')}"
    head += "Content-Type: application/x-www-form-urlencoded\r\n"
    found = []
    for way in LENGTHS:
        body = f"0\r\n\r\n{hidden}" if "Transfer" in way else hidden
        answer = send(f"{head}{way.format(length=len(body))}\r\n{body}")
        if b'"status":"ok"' in answer:
            found.append(way)
    return found


def test_two_lengths_are_not_two_requests(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(desk, tmp_path / "a", monkeypatch) as send:
        assert smuggled(send) == []
    monkeypatch.undo()
    # h11 alone reads the chunks and then goes on with what follows (RFC 9112, 6.3 forbids it).
    real = guards._refusal
    monkeypatch.setattr(
        guards,
        "_refusal",
        lambda request: None if real(request) is guards.AMBIGUOUS else real(request),
    )
    with served(desk, tmp_path / "b", monkeypatch) as send:
        assert smuggled(send) == [LENGTHS[0]]
