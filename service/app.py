"""The web application: the parts of ``service.web`` put together around a loaded desk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from fastapi import APIRouter, FastAPI
from sqlalchemy import Engine

from service.accounts.oidc_rules import oidc_rules_from
from service.accounts.rules import SignInRules, rules_from
from service.accounts.town_list import town_from
from service.desks import Desks, one_desk
from service.settings import Settings
from service.triage.triage import Desk
from service.web import (
    advice_ask_pages,
    advice_pages,
    api,
    case_list_pages,
    case_new_pages,
    case_pages,
    case_referral_pages,
    case_step_pages,
    desk_pages,
    exchange_pages,
    gap_pages,
    import_pages,
    insight_pages,
    insight_year_pages,
    own_account_pages,
    people_pages,
    person_pages,
    print_pages,
    record_category_pages,
    record_change_pages,
    record_duplicate_pages,
    record_edit_pages,
    record_list_pages,
    record_pages,
    refusal_pages,
    release_pages,
    set_up_pages,
    sign_in_pages,
    similar_pages,
    town_pages,
)
from service.web.errors import add_error_answers
from service.web.guards import MAX_BODY_BYTES, BodyLimit, Guards
from service.web.headers import SecurityHeaders
from service.web.render import new_templates
from service.web.request_log import RequestLog
from service.web.rights_dependency import check_routes
from service.web.set_up import SetUp
from service.web.static_files import VersionedFiles
from service.web.world import World, utc_now

_ALWAYS = (desk_pages.router, api.router)
# The order counts: fixed addresses (/records/import) before those with an id in their place.
_WITH_STORE = (
    insight_pages.router,
    insight_year_pages.router,
    advice_pages.router,
    advice_ask_pages.router,
    case_new_pages.router,
    case_list_pages.router,
    case_referral_pages.router,
    case_step_pages.router,
    case_pages.router,
    print_pages.router,
    gap_pages.router,
    similar_pages.router,
    town_pages.router,
    release_pages.router,
    import_pages.router,
    exchange_pages.router,
    record_list_pages.router,
    record_duplicate_pages.router,
    record_category_pages.router,
    record_edit_pages.router,
    refusal_pages.router,
    record_change_pages.router,
    record_pages.router,
)
_WITH_ACCOUNTS = (
    sign_in_pages.router,
    set_up_pages.router,
    own_account_pages.router,
    people_pages.router,
    person_pages.router,
)


def create_app(
    desks: Desk | Desks,
    today: Callable[[], date] = date.today,
    *,
    settings: Settings | None = None,
    engine: Engine | None = None,
    rules: SignInRules | None = None,
    set_up_code: str = "",
    now: Callable[[], datetime] = utc_now,
) -> FastAPI:
    """Return the web application around its desks; ``today`` and ``now`` are its clocks.

    With ``engine`` (a migrated store) it keeps the audit; ``mode`` "town" needs one.
    ``set_up_code`` opens the set-up page while there is no account.  Raises ValueError when
    the store is missing, RuntimeError for a route without a right.
    """
    settings = settings or Settings()
    if settings.mode == "town" and engine is None:
        raise ValueError("mode town needs a store")
    if isinstance(desks, Desk):
        desks = one_desk(desks)
    app = _bare_app()
    app.state.world = World(
        desks=desks,
        settings=settings,
        engine=engine,
        rules=rules or rules_from(settings),
        town=town_from(desks.of(desks.home).knowledge.town),
        set_up=SetUp(set_up_code),
        templates=new_templates(),
        today=today,
        now=now,
    )
    _add_routes(app, _routers(settings, engine is not None))
    add_error_answers(app)
    _add_layers(app)
    check_routes(app)
    return app


def _bare_app() -> FastAPI:
    return FastAPI(
        title="つなぎ",
        version="0.1.0",
        # FastAPI's own /docs loads scripts from elsewhere; the schema is at /openapi.json.
        docs_url=None,
        redoc_url=None,
        # A redirect to another spelling of a path would be made from the Host header.
        redirect_slashes=False,
        # No files: a part of a form with a file name would be written to a temporary file.
        form_limits={"max_files": 0, "max_fields": 2_000, "max_part_size": MAX_BODY_BYTES},
    )


def _add_layers(app: FastAPI) -> None:
    # Innermost: the guards refuse a length in Japanese, this counts bodies without one.
    app.add_middleware(BodyLimit)
    # The last one added is the outermost: even the page for a failure carries the headers.
    for layer in (Guards, RequestLog, SecurityHeaders):
        app.add_middleware(layer)


def _routers(settings: Settings, has_store: bool) -> tuple[APIRouter, ...]:
    """Return the pages that the settings ask for.  Raises :class:`BadInput` or NotReady."""
    for_anybody = (*_ALWAYS, *_WITH_STORE) if has_store else _ALWAYS
    if settings.mode != "town":
        return for_anybody
    rules = oidc_rules_from(settings)
    if rules is None:
        return (*for_anybody, *_WITH_ACCOUNTS)
    # Only here: it needs the extra "oidc".
    from service.web.oidc_pages import oidc_router

    return (*for_anybody, *_WITH_ACCOUNTS, oidc_router(rules))


def _add_routes(app: FastAPI, routers: tuple[APIRouter, ...]) -> None:
    app.mount("/static", VersionedFiles(), name="static")
    for router in routers:
        # Not include_router: it hides the routes behind an object that check_routes cannot read.
        app.router.routes.extend(router.routes)
