"""What the published schema says against an object, in plain Japanese."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jsonschema_rs import ValidationError, ValidationErrorKind, Validator

from knowledge.hsds.findings import Findings, Place

_TYPES = {
    "string": "文字",
    "number": "数",
    "integer": "整数",
    "array": "一覧（[ ]）",
    "object": "項目の組（{ }）",
    "boolean": "true か false",
}
_FORMATS = {
    "uuid": "UUID（例 3a19ff88-4620-4d17-9830-ac1d859eb5d5）",
    "uri": "URL（例 https://example.jp/）",
    "email": "メールアドレス",
    "date-time": "日時（例 2026-04-01T09:00:00+09:00）",
}
# Without these a record cannot be told from another or found; the rest we can do without.
_NEEDED = ("id", "name", "status", "number", "link_entity")
NOT_VALID = "HSDS の決まりでは"


def check_object(
    validator: Validator,
    value: Mapping[str, Any],
    place: Callable[[list[str | int]], Place],
    findings: Findings,
) -> None:
    """Note every fault of one object; ``place`` says where a path inside it stands."""
    for error in validator.iter_errors(dict(value)):
        _note(error, place, findings)


def _note(
    error: ValidationError, place: Callable[[list[str | int]], Place], findings: Findings
) -> None:
    path = list(error.instance_path)
    match error.kind:
        case ValidationErrorKind.Required(name):
            remedy = "この項目は必須です。書き足してください"
            if name in _NEEDED or name.endswith("_id"):
                findings.stop(place(path), name, "", remedy)
            else:
                remedy = f"{NOT_VALID}必須の項目ですが、ありません。空のまま取り込みます"
                findings.tell(place(path), name, "", remedy, f"required {name}")
            return
        case ValidationErrorKind.Format(form):
            remedy = f"{_FORMATS.get(form, form)} で書いてください"
            stops = form == "uuid"
        case ValidationErrorKind.Enum(options):
            remedy = f"{'／'.join(map(str, options))} のどれかで書いてください"
            stops = True
        case ValidationErrorKind.Type(types):
            remedy = f"{'か'.join(_TYPES.get(name, name) for name in types)}で書いてください"
            stops = True
        case _:
            remedy = f"{NOT_VALID}使えない値です。直してください（{error.message[:80]}）"
            stops = True
    where, key = (place(path[:-1]), str(path[-1])) if path else (place(path), "")
    if isinstance(path[-1] if path else "", int):
        where, key = place(path), ""
    if stops:
        findings.stop(where, key, error.instance, remedy)
    else:
        findings.tell(where, key, error.instance, f"{NOT_VALID}{remedy}", f"{form} {key}")
