"""Marker strings planted wherever a note can go, and looked for wherever one could stay.

A real server in a process of its own, on SQLite and on PostgreSQL.  One of its parts is made
to fail with an exception that repeats the note.  Every file that Python opens for writing
while it serves is noted by an audit hook, which nothing in the process can go around.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx2
import pytest
from sqlalchemy import Engine, text

from service.store.engine import open_store, reading, sqlite_file, writing
from service.store.migrate import migrate, own_tables
from service.store.towns import Town, save_town
from tests.fixtures.accounts_world import PASSWORD, register
from tests.fixtures.databases import NewStore
from tests.fixtures.served_desk import Served, served

MARK = "ずんだ沼の目印"
LATIN = "ZUNDANUMA7"
FAIL = "ここで失敗させる"
NOTE = f"母84が同じ話をくり返す。{MARK} {LATIN}"
HOME = Town("000000", "みどり町", "00", "municipality")
# Runs before the server: triage that fails with the note in its words, and the hook.
PROGRAM = f"""
import os, sys
from service.web import api, desk_pages
real = desk_pages.triage
def failing(desk, note, *rest, **named):
    if {FAIL!r} in note:
        try:
            raise KeyError(note)
        except KeyError as error:
            raise RuntimeError("cannot read " + note) from error
    return real(desk, note, *rest, **named)
desk_pages.triage = api.triage = failing
opened = os.open(os.environ["WATCH"], os.O_WRONLY | os.O_APPEND)
def watch(event, arguments):
    if event == "open" and (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        os.write(opened, (repr(arguments[0]) + "\\n").encode())
    elif event.startswith("tempfile."):
        os.write(opened, (event + "\\n").encode())
import service.server as server
serve = server._serve
def serve_watched(*arguments):
    sys.addaudithook(watch)
    # The first line that the hook writes: it works.
    open(os.devnull, "w").close()
    serve(*arguments)
server._serve = serve_watched
from service.cli import main
main()
"""


@pytest.fixture
def store(new_store: NewStore) -> Iterator[Engine]:
    """An empty database with the sample town."""
    engine = open_store(new_store())
    migrate(engine)
    with writing(engine) as conn:
        save_town(conn, HOME)
    yield engine
    engine.dispose()


@pytest.mark.usefixtures("desk")
def test_nothing_of_a_note_stays_anywhere(store: Engine, tmp_path: Path) -> None:
    for login in ("hanako", "taro"):
        register(store, login, "staff", town=HOME)
    temporary, watched = tmp_path / "tmp", tmp_path / "watched"
    temporary.mkdir()
    watched.touch()
    url = store.url.render_as_string(hide_password=False)
    with served(
        tmp_path / "run",
        PROGRAM,
        TSUNAGI_MODE="town",
        TSUNAGI_SECURE_COOKIE="false",
        TSUNAGI_DATABASE_URL=url,
        TSUNAGI_LOG_LEVEL="debug",
        TMPDIR=str(temporary),
        WATCH=str(watched),
    ) as server:
        _plant(server)
        others = _pages_of_others(server)
        held = _held_by(store)
        assert server.stop() == 0
    written = watched.read_text(encoding="utf-8").splitlines()
    # The release of the town's records, made at the start; its files are looked into below.
    releases = f"{tmp_path}/run/var/releases/"
    assert [name for name in written if releases not in name] == [f"{os.devnull!r}"]
    assert not list(temporary.iterdir())
    places = {"pages of others": others, "output": server.output, "logs": server.logs, **held}
    places |= {str(file): _content(file) for file in tmp_path.rglob("*") if file.is_file()}
    for place, found in places.items():
        for form in _forms():
            assert form not in found.casefold(), f"{form!r} in {place}"
    _check_that_we_looked(server, held)


def _plant(server: Served) -> None:
    """Send the markers by every way in."""
    page = {"Accept": "text/html", "Origin": server.address}
    with httpx2.Client(base_url=server.address, headers=page, timeout=60) as browser:
        _plant_signed_out(browser)
        answer = browser.post("/sign-in", data={"login": "hanako", "password": PASSWORD})
        assert answer.status_code == 303
        shown = browser.post("/", data={"note": NOTE})
        # To whoever sent it, and to nobody else.
        assert MARK in shown.text
        assert browser.post("/", data={"note": NOTE}, headers={"HX-Request": "true"}).is_success
        assert browser.post("/api/triage", json={"note": NOTE}).is_success
        assert browser.post("/similar", data={"note": NOTE}).is_success
        assert browser.post("/gaps", data={"note": NOTE, "problem": ""}).status_code in (303, 422)
        for field in ("answer_age", "say", "take_back", "choose", "problem", "category"):
            browser.post("/", data={"note": NOTE, field: MARK})
            browser.post("/gaps", data={"note": NOTE, field: MARK})
        for failing in (
            browser.post("/", data={"note": NOTE + FAIL}),
            browser.post("/api/triage", json={"note": NOTE + FAIL}),
        ):
            assert failing.status_code == 500
            assert MARK not in failing.text
        _plant_what_cannot_be_read(browser)
        _plant_in_addresses(browser)
    _plant_in_the_wire(server)


def _plant_signed_out(browser: httpx2.Client) -> None:
    """A note where login and password belong, and at pages that ask to sign in first."""
    browser.post("/", data={"note": NOTE})
    browser.post("/api/triage", json={"note": NOTE})
    for login, password in ((MARK, LATIN), (LATIN, MARK), (NOTE * 100, NOTE * 100)):
        browser.post("/sign-in", data={"login": login, "password": password, "next": MARK})
        browser.post("/set-up", data={"code": login, "login": login, "password": password})
    browser.get(f"/sign-in?next=/{quote(MARK)}")


def _plant_what_cannot_be_read(browser: httpx2.Client) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    json_type = {"Content-Type": "application/json"}
    assert browser.post("/", data={"note": NOTE * 2_000}).status_code == 422
    assert browser.post("/", data={"note": NOTE * 50_000}).status_code == 413
    assert browser.post("/api/triage", json={"note": NOTE * 2_000}).status_code == 422
    assert browser.post("/api/triage", json={"note": [NOTE], "top": NOTE}).status_code == 422
    assert browser.post("/api/triage", json=[NOTE]).status_code == 422
    browser.post("/", content=b"note=" + quote(NOTE.encode("cp932")).encode(), headers=form)
    browser.post("/", content=b"note=" + NOTE.encode("cp932"), headers=form)
    for body in (NOTE.encode("cp932"), f'{{"note": "{NOTE}'.encode(), NOTE.encode("utf-16")):
        assert browser.post("/api/triage", content=body, headers=json_type).status_code == 400
    browser.post("/", content=NOTE.encode(), headers={"Content-Type": "text/plain"})
    big = (NOTE * 20_000).encode()
    browser.post("/", files={"note": (f"{LATIN}.txt", big)})
    browser.post("/", files={"note": (None, NOTE)})
    browser.post("/", content=iter([b"note=", quote(NOTE).encode()]), headers=form)


def _plant_in_addresses(browser: httpx2.Client) -> None:
    marked = quote(MARK)
    for path in (
        f"/?note={marked}",
        f"/{marked}",
        f"/api/services/{marked}",
        f"/static/{LATIN}.js",
    ):
        browser.get(path)
    for path in (f"/accounts/{LATIN}", f"/account?done={LATIN}", f"/nowhere/{LATIN}?{LATIN}"):
        browser.get(path)
    browser.post(f"/?note={marked}", data={"other": NOTE, LATIN: NOTE})
    browser.request(LATIN, "/")
    headers = {"User-Agent": LATIN, "X-Note": LATIN, "Referer": LATIN, "X-Request-Id": LATIN}
    browser.get("/", headers=headers)
    browser.get("/", headers={"Host": LATIN})
    browser.get("/", headers={"Cookie": f"tsunagi_session={LATIN}; note={LATIN}"})
    browser.post("/", data={"note": NOTE}, headers={"Origin": f"https://{LATIN}.example"})
    browser.post("/account/sessions/end", data={"session": NOTE})
    browser.post("/account/password", data={"old": NOTE, "new": NOTE, "again": NOTE})


def _plant_in_the_wire(server: Served) -> None:
    """What is no HTTP at all, and a note whose sender hangs up half-way."""
    host, port = urlsplit(server.address).hostname, urlsplit(server.address).port
    half = f"POST / HTTP/1.1\r\nHost: {host}:{port}\r\nOrigin: {server.address}\r\nContent-Length: 9999\r\n"
    half += f"Content-Type: application/x-www-form-urlencoded\r\n\r\nnote={quote(NOTE)}"
    for sent in (f"{LATIN}\r\n\r\n", f"GET /{LATIN} HTTP/9.9\r\n\r\n", half):
        with socket.create_connection((host, port), 5) as wire:
            wire.sendall(sent.encode())
            if sent is not half:
                wire.recv(1_000)


def _pages_of_others(server: Served) -> str:
    """What another person, and somebody signed out, are shown afterwards."""
    page = {"Accept": "text/html", "Origin": server.address}
    found = []
    with httpx2.Client(base_url=server.address, headers=page, timeout=60) as browser:
        paths = ("/", "/sign-in", "/set-up", "/account", "/accounts", "/nothing", "/healthz")
        found += [browser.get(path).text for path in paths]
        browser.post("/sign-in", data={"login": "taro", "password": PASSWORD})
        found += [browser.get(path).text for path in paths]
        found.append(browser.post("/", data={"note": FAIL}).text)
    assert "taro さん" in "".join(found)
    return "\n".join(found)


def _held_by(engine: Engine) -> dict[str, str]:
    """Return the content of every table, and of SQLite's files while the server runs."""
    with reading(engine) as conn:
        tables = {
            f"table {name}": "\n".join(map(repr, conn.execute(text(f"SELECT * FROM {name}"))))  # noqa: S608
            for name in own_tables(conn)
        }
    file = sqlite_file(engine)
    files = file.parent.glob(f"{file.name}*") if file else ()
    return tables | {f"{path} while running": _content(path) for path in files}


def _content(file: Path) -> str:
    return file.read_bytes().decode("latin-1")


def _forms() -> set[str]:
    """The markers in every form in which they could have been written down."""
    forms = {LATIN, MARK, quote(MARK), json.dumps(MARK)[1:-1], repr(MARK.encode())[2:-1]}
    for encoding in ("utf-8", "cp932", "utf-16-le", "utf-16-be"):
        forms.add(MARK.encode(encoding).decode("latin-1"))
        forms.add(LATIN.encode(encoding).decode("latin-1"))
    return {form.casefold() for form in forms}


def _check_that_we_looked(server: Served, held: dict[str, str]) -> None:
    """What must be there is there: a test that looks in the wrong place finds nothing too."""
    events = [json.loads(line) for line in server.logs.splitlines()]
    failed = [e for e in events if e["event"] == "failed"]
    assert {e["error"] for e in failed} == {"RuntimeError"}
    assert len([e for e in events if e["event"] == "request"]) > 40
    assert "desk.triage" in held["table audit"]
    assert "session.refuse" in held["table audit"]
    assert "hanako" in held["table people"]
