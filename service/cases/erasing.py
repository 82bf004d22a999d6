"""Giving out all there is of one case, and erasing it."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from service.cases.write import get_row, tell
from service.store.cases import remove, versions_of
from service.store.engine import empty_log, writing
from service.store.gaps import gaps_of_case
from service.store.times import utc_text


def export_case(engine: Engine, town_code: str, case_id: str, actor: str, now: datetime) -> str:
    """Return the case, its versions and its gaps as JSON, and record that it was given out.

    Raises :class:`NotFound`.
    """
    with writing(engine) as conn:
        row = get_row(conn, town_code, case_id)
        versions = versions_of(conn, town_code, case_id)
        gaps = gaps_of_case(conn, town_code, case_id)
        tell(conn, "case.export", town_code, case_id, actor, now, {"revision": row.revision})
    told: dict[str, Any] = {
        "exported_at": utc_text(now),
        "case": json.loads(row.document),
        "history": [
            {
                "revision": version.revision,
                "at": utc_text(version.at),
                "by": version.by,
                "action": version.action,
                "case": json.loads(version.document),
            }
            for version in versions
        ],
        "gaps": [{**asdict(gap), "at": utc_text(gap.at)} for gap in gaps],
    }
    return json.dumps(told, ensure_ascii=False, indent=1)


def erase_case(engine: Engine, town_code: str, case_id: str, actor: str, now: datetime) -> None:
    """Erase a case with its history, vector and requests; out of SQLite's log (WAL) as well.

    Gaps stay as codes that no longer name the case.  Backups made earlier still hold it until
    they are thrown away.  Raises :class:`NotFound`.
    """
    with writing(engine) as conn:
        get_row(conn, town_code, case_id)
        remove(conn, town_code, case_id)
        tell(conn, "case.erase", town_code, case_id, actor, now, {"reason": "request"})
    empty_log(engine)
