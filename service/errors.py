"""Errors that reach a person: a code for programs and a Japanese sentence for people."""

from __future__ import annotations


class DeskError(Exception):
    """Something the person can act on.  ``status`` is the HTTP status it maps to."""

    code = "error"
    status = 500


class BadInput(DeskError):
    """What was given cannot be used."""

    code = "bad_input"
    status = 422


class NotFound(DeskError):
    """There is no such thing."""

    code = "not_found"
    status = 404


class Forbidden(DeskError):
    """The person may not do this here."""

    code = "forbidden"
    status = 403


class NotReady(DeskError):
    """The desk cannot answer yet: no model or no index."""

    code = "not_ready"
    status = 503
