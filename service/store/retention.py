"""How long every row lives, and the deletion, export and erasure that follow from it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, and_, delete, or_, select, update

from service.store import accounts, audit, cases, gaps, grants
from service.store.audit_words import COMMAND, SYSTEM
from service.store.engine import empty_log, writing
from service.store.record_tables import imports, record_shown
from service.store.tables import people, rate_counters, sessions
from service.store.times import utc_text


@dataclass(frozen=True, slots=True)
class Keep:
    """How long a table's rows live.  ``days`` is None when only a person ends them."""

    days: int | None
    counted_from: str
    why: str


# The one place: change a number here and the deletion follows.
RETENTION: dict[str, Keep] = {
    "towns": Keep(None, "登録", "役割と監査記録が指す自治体の名簿。個人の情報を持たない。"),
    "people": Keep(365, "利用停止", "異動や退職の後、問い合わせと引き継ぎに備えて1年。"),
    "grants": Keep(None, "付与", "外されるか、利用者が消えるまで（利用者と一緒に消える）。"),
    "sessions": Keep(30, "終了・取消・期限", "不審なログインを後から調べるために1か月。"),
    "rate_counters": Keep(1, "数え始め", "総当たりを止めるためだけのもの。窓は1日より短い。"),
    "town_profiles": Keep(
        None, "登録", "町の事実と、支援先データの版の番号。個人の情報を持たない。"
    ),
    "records": Keep(
        None, "登録", "支援先の記録。引退した記録も、問い合わせと取り消しのために残す。"
    ),
    "record_history": Keep(None, "変更", "記録の前の版。いつでも戻せるように残す。"),
    "imports": Keep(
        365 * 3, "取り込み", "取り込みの報告（行ごとの結果）。過ぎたら報告だけを消し、行は残す。"
    ),
    "mappings": Keep(None, "保存", "担当者が決めた列の対応。置き換えられるまで。"),
    "record_reports": Keep(
        None, "報告", "断られた理由のコードと日。記録の一部として残す。相談の内容を持たない。"
    ),
    "record_shown": Keep(
        365 * 3, "日", "記録ごとに1日に示した回数。一度も示されない記録を見つける。"
    ),
    "records_apart": Keep(None, "判断", "別のものと決めた記録の組。また尋ねないため。"),
    "cases": Keep(
        365 * 5, "相談の終わり", "行政文書の5年保存に合わせる。続いている相談は消さない。"
    ),
    "case_history": Keep(
        None, "変更", "相談の前の版。いつでも戻せるように残し、相談と一緒に消える。"
    ),
    "case_vectors": Keep(None, "保存", "似た相談を探すための数値。相談と一緒に消える。"),
    "advice_requests": Keep(None, "求めた時", "後方支援のやり取り。相談と一緒に消える。"),
    "gaps": Keep(
        365 * 5, "日", "合う支援がなかった記録。コードと地区だけで、5年の動きを見るために残す。"
    ),
    "audit": Keep(365 * 5, "記録", "行政文書の5年保存に合わせる。消す前に封じて鎖を保つ。"),
    "alembic_version": Keep(None, "作成", "データベースの版。1行だけで、個人の情報を持たない。"),
}


@dataclass(frozen=True, slots=True)
class Removed:
    """How many rows of a table were due."""

    table: str
    rows: int


def expire(engine: Engine, now: datetime) -> tuple[Removed, ...]:
    """Delete every row that has outlived its table's time; return what was deleted.

    One transaction, recorded in the audit.  Several processes may call it: the second finds
    nothing due.  Raises :class:`StoreBusy` like every write.
    """
    removed = []
    with writing(engine) as conn:
        for table, remove in _REMOVERS.items():
            rows = remove(conn, _cutoff(table, now), now)
            if rows:
                removed.append(Removed(table, rows))
                subject = ("table", table)
                event = audit.Event(SYSTEM, "retention.expire", subject, detail={"count": rows})
                audit.append(conn, event, now)
    if removed:
        empty_log(engine)
    return tuple(removed)


def export_person(engine: Engine, person_id: str, now: datetime, actor: str = COMMAND) -> str:
    """Return everything kept about a person as JSON, and record that it was given out.

    Secrets (hashes of password and tokens) are named but not given.  Rate counters hold only
    hashed keys that cannot be traced back to a person.  Raises :class:`NotFound`.
    """
    with writing(engine) as conn:
        person = accounts.get_person(conn, person_id)
        audit.append(conn, audit.Event(actor, "person.export", ("person", person_id)), now)
        told = {
            "exported_at": utc_text(now),
            "person": asdict(person),
            "grants": [asdict(grant) for grant in grants.grants_of(conn, person_id)],
            "sessions": _session_times(conn, person_id),
            "audit": [asdict(entry) for entry in audit.entries_about(conn, person_id)],
        }
    return json.dumps(told, ensure_ascii=False, indent=1, default=_json_time)


def erase_person(conn: Connection, person_id: str, now: datetime, actor: str = COMMAND) -> None:
    """Erase a person: the account, its roles and sessions.  Then call ``empty_log``.

    The audit keeps only the person's id, a random number; with the account gone nothing ties
    it to anybody, so the audit is pseudonymous and its chain stays whole.  Backups made
    earlier still hold the account until they are thrown away.  Raises :class:`NotFound`.
    """
    accounts.get_person(conn, person_id)
    _erase(conn, person_id, now, actor, "request")


def _erase(conn: Connection, person_id: str, now: datetime, actor: str, reason: str) -> None:
    # Roles and sessions go with it (ON DELETE CASCADE).
    conn.execute(delete(people).where(people.c.id == person_id))
    subject = ("person", person_id)
    audit.append(conn, audit.Event(actor, "person.erase", subject, detail={"reason": reason}), now)


def _cutoff(table: str, now: datetime) -> datetime:
    days = RETENTION[table].days
    if days is None:
        raise ValueError(f"rows of {table} do not expire")
    return now - timedelta(days=days)


def _remove_people(conn: Connection, cutoff: datetime, now: datetime) -> int:
    due = select(people.c.id).where(people.c.disabled_at < cutoff).order_by(people.c.id)
    ids = tuple(conn.execute(due).scalars())
    for person_id in ids:
        _erase(conn, person_id, now, SYSTEM, "retention")
    return len(ids)


def _remove_sessions(conn: Connection, cutoff: datetime, _now: datetime) -> int:
    over = or_(sessions.c.expires_at < cutoff, sessions.c.revoked_at < cutoff)
    return conn.execute(delete(sessions).where(over)).rowcount


def _remove_counters(conn: Connection, cutoff: datetime, _now: datetime) -> int:
    due = rate_counters.c.window_start < cutoff
    return conn.execute(delete(rate_counters).where(due)).rowcount


def _remove_reports(conn: Connection, cutoff: datetime, _now: datetime) -> int:
    due = and_(imports.c.at < cutoff, imports.c.report.is_not(None))
    return conn.execute(update(imports).where(due).values(report=None)).rowcount


def _remove_shown(conn: Connection, cutoff: datetime, _now: datetime) -> int:
    due = record_shown.c.day < cutoff.date().isoformat()
    return conn.execute(delete(record_shown).where(due)).rowcount


def _remove_cases(conn: Connection, cutoff: datetime, _now: datetime) -> int:
    return cases.remove_closed_before(conn, cutoff)


def _remove_gaps(conn: Connection, cutoff: datetime, _now: datetime) -> int:
    return gaps.remove_before(conn, cutoff.date().isoformat())


_REMOVERS: dict[str, Callable[[Connection, datetime, datetime], int]] = {
    "people": _remove_people,
    "sessions": _remove_sessions,
    "rate_counters": _remove_counters,
    "imports": _remove_reports,
    "record_shown": _remove_shown,
    "cases": _remove_cases,
    "gaps": _remove_gaps,
    # Last: it also sees what the others have just recorded.
    "audit": audit.seal_before,
}


def _session_times(conn: Connection, person_id: str) -> list[dict[str, datetime | None]]:
    query = (
        select(
            sessions.c.created_at,
            sessions.c.last_seen_at,
            sessions.c.expires_at,
            sessions.c.revoked_at,
        )
        .where(sessions.c.person_id == person_id)
        .order_by(sessions.c.created_at)
    )
    return [dict(row._mapping) for row in conn.execute(query)]


def _json_time(value: object) -> str:
    if isinstance(value, datetime):
        return utc_text(value)
    raise TypeError(f"not JSON: {type(value).__name__}")
