"""Where to go after signing in: only pages of this desk."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

HOME = "/"
_LIMIT_CHARS = 500
# Going back there would sign in or out again.
_NOT_TO = ("/sign-in", "/sign-out", "/set-up")


def safe_next(asked: str | None) -> str:
    """Return ``asked`` if it is a path of this site, else the desk's page.

    Browsers read a backslash as a slash, drop tabs and line breaks, and take ``//name`` for
    another site: only a printable ASCII path with a single leading slash passes.
    """
    if not asked or len(asked) > _LIMIT_CHARS or not asked.isascii() or not asked.isprintable():
        return HOME
    if not asked.startswith("/") or asked.startswith("//") or set(asked) & set("\\ "):
        return HOME
    parts = urlsplit(asked)
    if parts.scheme or parts.netloc or parts.path.startswith(_NOT_TO):
        return HOME
    return asked


def sign_in_address(next_page: str) -> str:
    """Return the sign-in page that leads on to ``next_page``."""
    if safe_next(next_page) == HOME:
        return "/sign-in"
    return f"/sign-in?next={quote(next_page, safe='/')}"
