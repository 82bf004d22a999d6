"""The words the audit may use: actions, and the keys of their detail.

What is not listed here is refused, and a value is a number, yes/no or a short code, so that
no sentence of a note can end up in the audit.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

# action → what a person reads
ACTIONS: dict[str, str] = {
    "access.refuse": "権限のない操作を断った",
    "advice.answer": "後方支援の求めに答えた",
    "advice.ask": "後方支援を求めた",
    "advice.see": "後方支援の求めを見た",
    "audit.read": "監査記録を見た",
    "audit.seal": "保存期間を過ぎた監査記録を封じて消した",
    "case.change": "相談を変えた",
    "case.close": "相談を終わりにした",
    "case.erase": "相談を消した",
    "case.export": "相談を書き出した",
    "case.list": "相談の一覧を見た",
    "case.open": "相談を記録に残した",
    "case.print": "相談から印刷物を作った",
    "case.reopen": "終わった相談を再び始めた",
    "case.see": "相談を見た",
    "case.undo": "相談を前の版に戻した",
    "desk.triage": "相談記録を読み、つなぎ先を示した",
    "gap.note": "合う支援がなかったことを残した",
    "gap.take_back": "合う支援がなかったという記録を取り消した",
    "grant.give": "役割を与えた",
    "grant.take": "役割を外した",
    "insights.see": "集計（町の気づき）を見た",
    "mapping.save": "列の対応を保存した",
    "password.change": "本人がパスワードを変えた",
    "password.refuse": "パスワードの変更を断った",
    "password.reset": "パスワードを一度限りのものに変えた",
    "person.add": "利用者を登録した",
    "person.change": "利用者を変えた",
    "person.disable": "利用者を停止した",
    "person.enable": "利用者の停止を解いた",
    "person.erase": "利用者のデータを消した",
    "person.export": "利用者のデータを書き出した",
    "person.list": "利用者の一覧を見た",
    "person.lock": "パスワードの間違いが続き、しばらくログインを止めた",
    "person.see": "利用者の登録を見た",
    "record.add": "支援先の記録を加えた",
    "record.apart": "2つの記録を別のものと決めた",
    "record.change": "支援先の記録を変えた",
    "record.close": "支援先の記録を閉じた",
    "record.merge": "2つの支援先の記録をまとめた",
    "record.reopen": "支援先の記録をまた使うことにした",
    "record.report": "断られたことを支援先の記録に残した",
    "record.settle": "断られた記録を片付けた",
    "record.undo": "支援先の記録を前の版に戻した",
    "record.verify": "支援先の記録を確かめた",
    "records.import": "支援先の記録を取り込んだ",
    "release.publish": "支援先データの新しい版を窓口に出した",
    "release.resume": "支援先データの自動の公開を再び始めた",
    "release.roll_back": "支援先データを前の版に戻した",
    "retention.expire": "保存期間を過ぎた記録を消した",
    "session.open": "ログインした",
    "session.close": "ログアウトした",
    "session.end": "ログインを終わらせた（本人か管理者）",
    "session.refuse": "ログインを断った",
    "store.backup": "バックアップを書き出した",
    "store.restore": "バックアップから戻した",
    "town.profile": "自治体の事実（町の設定）を変えた",
    "town.save": "自治体を登録した",
    "town.switch": "窓口の自治体を切り替えた",
}
# key → what it holds
DETAIL: dict[str, str] = {
    "count": "件数",
    "field": "変えた項目の名前",
    "flags": "示した緊急・通報の数",
    "how": "しかた（ログインの password や oidc、印刷物の html、pdf、docx など）",
    "kind": "種類（印刷物の slip など、合う支援がなかった nothing_fits など）",
    "last_hash": "封じた最後の記録のハッシュ",
    "problems": "読み取った課題の数",
    "reason": "理由のコード",
    "revision": "データベース、記録、支援先データの版",
    "right": "足りなかった権限",
    "role": "役割",
    "route": "道筋（refer など）",
    "rows": "行数",
    "sha256": "ファイルのハッシュ",
    "suggestions": "示したつなぎ先の数",
    "tables": "表の数",
    "took_ms": "かかったミリ秒",
    "via": "画面（page）か API（api）か",
}
# Who acts when no person does: the program itself, and a command at the server.
SYSTEM = "system"
COMMAND = "command"
# Somebody who is not signed in: who it was is what nobody knows.
ANONYMOUS = "anonymous"

_CODE = re.compile(r"[A-Za-z0-9_.:@+-]{1,80}")

Value = str | int | bool


def check_code(value: str, what: str) -> str:
    """Return ``value``; raise ValueError unless it is a short ASCII code."""
    if not _CODE.fullmatch(value):
        # The value itself is not repeated: it may be what must not be written down.
        raise ValueError(f"audit: {what} is not a code of at most 80 characters")
    return value


def check_action(action: str) -> str:
    """Return ``action``; raise ValueError for one that is not listed."""
    if action not in ACTIONS:
        raise ValueError(f"audit: {action!r} is not in ACTIONS")
    return action


def check_detail(detail: Mapping[str, Value]) -> dict[str, Value]:
    """Return ``detail``; raise ValueError for a key that is not listed or a value of words."""
    unknown = sorted(set(detail) - set(DETAIL))
    if unknown:
        raise ValueError(f"audit: keys not in DETAIL: {', '.join(unknown)}")
    for key, value in detail.items():
        if isinstance(value, str):
            check_code(value, key)
        elif not isinstance(value, int):
            raise ValueError(f"audit: {key} is neither a number nor a code")
    return dict(detail)
