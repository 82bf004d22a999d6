"""The one-time code that proves, at the first start, that somebody stands at the server."""

from __future__ import annotations

import hmac
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine

from service.accounts.refusals import TooManyTries
from service.store.engine import writing
from service.store.limits import add_hit

# Together for all who ask: 100 random bits need no more, and it ends by itself.
TRIES = 20
WINDOW = timedelta(minutes=15)
_LIMIT_CHARS = 100


@dataclass(frozen=True, slots=True, repr=False)
class SetUp:
    """The code that the server printed; empty when it has none, which nothing matches."""

    code: str = ""

    def accepts(self, engine: Engine, given: str, now: datetime) -> bool:
        """Count a try and tell whether ``given`` is the code, in constant time.

        Spaces, hyphens and case do not matter: it is typed from a screen or from paper.
        Raises :class:`TooManyTries`.
        """
        with writing(engine) as conn:
            hits = add_hit(conn, "set-up", now, WINDOW)
        if hits.count > TRIES:
            raise TooManyTries(hits.window_ends_at - now)
        same = hmac.compare_digest(_bare(given[:_LIMIT_CHARS]), _bare(self.code))
        return bool(self.code) and same


def _bare(code: str) -> bytes:
    plain = unicodedata.normalize("NFKC", code).upper()
    return "".join(char for char in plain if char.isalnum()).encode("utf-8", "replace")
