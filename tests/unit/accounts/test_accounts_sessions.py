"""Sessions: how long they last, and every way they end."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, event

from service.accounts import people
from service.accounts.own_sessions import end_own_session, own_sessions
from service.accounts.sign_in import end_sessions, find_viewer, sign_out
from service.errors import NotFound
from service.store.engine import writing
from tests.fixtures.accounts_world import MINUTE, PASSWORD, RULES, enter, recorded, register
from tests.fixtures.store_world import NOW

SECOND = timedelta(seconds=1)


@pytest.fixture
def token(engine: Engine) -> str:
    """The token of Hanako, who has just signed in."""
    register(engine, "hanako", "staff")
    return enter(engine).token


def test_an_unused_session_ends(engine: Engine, token: str) -> None:
    assert find_viewer(engine, token, NOW + RULES.idle - SECOND, RULES)
    assert find_viewer(engine, token, NOW + 2 * RULES.idle - SECOND, RULES) is None


def test_a_used_session_ends_all_the_same(engine: Engine, token: str) -> None:
    now = NOW
    while now < NOW + RULES.lifetime:
        assert find_viewer(engine, token, now, RULES), now
        now += 20 * MINUTE
    assert find_viewer(engine, token, NOW + RULES.lifetime, RULES) is None


def test_its_use_is_noted_once_a_minute(engine: Engine, token: str) -> None:
    writes: list[str] = []

    @event.listens_for(engine, "after_cursor_execute")
    def watch(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("UPDATE sessions"):
            writes.append(statement)

    for second in range(180):
        assert find_viewer(engine, token, NOW + second * SECOND, RULES)
    assert len(writes) == 2


def test_the_shortest_idle_limit_does_not_end_a_session_in_use(engine: Engine, token: str) -> None:
    rules = replace(RULES, idle=MINUTE)
    for second in range(0, 300, 20):
        assert find_viewer(engine, token, NOW + second * SECOND, rules), second
    assert find_viewer(engine, token, NOW + (280 + 61) * SECOND, rules) is None


def test_a_page_is_shown_even_while_the_use_cannot_be_noted(
    engine: Engine, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.store.engine.LOCK_WAIT_MS", 1)
    if engine.dialect.name == "sqlite":
        # Set when the connection was opened.
        engine.dispose()
    with writing(engine):
        assert find_viewer(engine, token, NOW + 5 * MINUTE, RULES)
    # Not noted, so the session is as old as before.
    assert find_viewer(engine, token, NOW + RULES.idle + MINUTE, RULES) is None


@pytest.mark.parametrize(
    "forged", ["", "x", "a" * 43, "a" * 100_000, "\ud800" * 43, "あ" * 43, "a" * 42 + "\n"]
)
def test_a_forged_token_is_nobody(engine: Engine, token: str, forged: str) -> None:
    assert find_viewer(engine, forged, NOW, RULES) is None
    sign_out(engine, forged, NOW)
    assert find_viewer(engine, token, NOW, RULES)


def test_signing_out_ends_this_session_only(engine: Engine, token: str) -> None:
    other = enter(engine).token
    sign_out(engine, token, NOW + MINUTE)
    sign_out(engine, token, NOW + MINUTE)
    assert find_viewer(engine, token, NOW, RULES) is None
    assert find_viewer(engine, other, NOW, RULES)
    (entry,) = recorded(engine, "session.close")
    assert entry.actor == entry.subject_id


def test_all_sessions_of_a_person_end_at_once(engine: Engine, token: str) -> None:
    register(engine, "taro")
    other, second = enter(engine, "taro").token, enter(engine)
    assert end_sessions(engine, second.viewer.person_id, NOW, "command") == 2
    assert end_sessions(engine, second.viewer.person_id, NOW, "command") == 0
    assert find_viewer(engine, token, NOW, RULES) is None
    assert find_viewer(engine, other, NOW, RULES)
    assert [entry.detail for entry in recorded(engine, "session.end")] == [
        '{"count":2}',
        '{"count":0}',
    ]
    with pytest.raises(NotFound):
        end_sessions(engine, "nai", NOW, "command")


def test_a_disabled_person_is_out_at_once_and_stays_out_of_the_old_session(
    engine: Engine, token: str
) -> None:
    viewer = find_viewer(engine, token, NOW, RULES)
    assert viewer
    people.disable(engine, "command", viewer.person_id, NOW)
    assert find_viewer(engine, token, NOW, RULES) is None
    people.enable(engine, "command", viewer.person_id, NOW)
    assert find_viewer(engine, token, NOW, RULES) is None
    enter(engine)


def test_a_role_taken_away_is_gone_at_the_next_page(engine: Engine, token: str) -> None:
    viewer = find_viewer(engine, token, NOW, RULES)
    assert viewer
    (grant,) = viewer.grants
    people.take_role(engine, "command", viewer.person_id, grant.town_code, grant.role, NOW)
    later = find_viewer(engine, token, NOW, RULES)
    assert later
    assert (later.grants, later.towns) == ((), ())


def test_a_person_sees_and_ends_only_their_own_sessions(engine: Engine, token: str) -> None:
    register(engine, "taro")
    hanako, taro = enter(engine, now=NOW + MINUTE), enter(engine, "taro")
    mine = own_sessions(engine, hanako.viewer, NOW + MINUTE, RULES)
    assert mine[0].token_hash == hanako.viewer.session_hash
    assert len(mine) == 2
    foreign = taro.viewer.session_hash
    assert foreign
    assert not end_own_session(engine, hanako.viewer, foreign, NOW + MINUTE, RULES)
    assert find_viewer(engine, taro.token, NOW, RULES)
    assert end_own_session(engine, hanako.viewer, mine[1].token_hash, NOW + MINUTE, RULES)
    assert not end_own_session(engine, hanako.viewer, mine[1].token_hash, NOW + MINUTE, RULES)
    assert find_viewer(engine, token, NOW, RULES) is None
    assert len(recorded(engine, "session.end")) == 1


def test_the_token_that_a_browser_brought_is_never_taken_over(engine: Engine, token: str) -> None:
    """Session fixation: whatever was planted, signing in gives a fresh token."""
    assert enter(engine, password=PASSWORD).token != token
