"""What every route needs, made once by ``create_app`` and handed over by the request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from jinja2 import Environment
from sqlalchemy import Engine
from starlette.requests import HTTPConnection

from service.accounts.rules import SignInRules
from service.desks import Desks
from service.settings import Settings
from service.store.towns import Town
from service.web.set_up import SetUp


@dataclass(frozen=True)
class World:
    """The desks, their store and its clocks.  ``engine`` is None only in single-user mode.

    ``town`` is the home town.  Which town a request is about says ``service.web.town_of``.
    """

    desks: Desks
    settings: Settings
    engine: Engine | None
    rules: SignInRules
    town: Town
    set_up: SetUp
    templates: Environment
    today: Callable[[], date]
    now: Callable[[], datetime]

    @property
    def has_accounts(self) -> bool:
        """Whether people sign in."""
        return self.settings.mode == "town"

    @property
    def store(self) -> Engine:
        """The store; there always is one where people sign in."""
        if self.engine is None:
            raise RuntimeError("this page needs a store: create_app was given no engine")
        return self.engine


def world_of(request: HTTPConnection) -> World:
    """Return the world of the app that serves ``request``."""
    world: World = request.app.state.world
    return world


def utc_now() -> datetime:
    """The clock outside of tests."""
    return datetime.now(UTC)
