"""A form of table: which column means what.  The shipped forms and a keeper's own mapping alike."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, ValidationError, model_validator

from knowledge.importing.findings import Place, refuse
from knowledge.importing.roles import ROLES
from knowledge.importing.text import fold_header
from knowledge.models import Record, Text

FORMS_DIR = Path(__file__).parent / "forms"
SAVED_BYTES = 200_000
_SHEET = "{sheet}"


class CategoryRule(Record):
    """A keeper's own rule: rows whose ``column`` holds ``contains`` belong to ``category``."""

    column: str = ""
    contains: str = ""
    category: Text


class Form(Record):
    """Which column means what, in one kind of table.

    ``columns`` maps a header to a role; with ``header: none`` the header is the
    position (列1, 列2 …).  A table is of this form when it has every column of
    ``signature``.  ``constants`` are values for every row (「{sheet}」 stands for the
    sheet's name).  ``labels`` are words to show instead of a header.  ``key`` names the roles that identify a row from one edition to
    the next, besides its name.
    """

    id: Text
    title: Text
    header: str = Field(default="named", pattern="^(named|none)$")
    signature: tuple[Text, ...] = ()
    columns: dict[Text, Text]
    labels: dict[str, str] = Field(default_factory=dict)
    constants: dict[str, str] = Field(default_factory=dict)
    key: tuple[Text, ...] = ()
    join: bool = False
    source: str = ""
    categories: tuple[CategoryRule, ...] = ()

    @model_validator(mode="after")
    def _knows_its_roles(self) -> Form:
        unknown = sorted({*self.columns.values(), *self.constants} - ROLES.keys())
        if unknown:
            raise ValueError(f"知らない役割です: {'、'.join(unknown)}")
        missing = [name for name in self.signature if name not in self.columns]
        if missing:
            raise ValueError(f"signature の列が columns にありません: {'、'.join(missing)}")
        return self

    def by_header(self) -> dict[str, str]:
        """Return the role of each header, in the form headers are compared in."""
        return {fold_header(header): role for header, role in self.columns.items()}

    def constants_for(self, sheet: str) -> dict[str, str]:
        """Return the values every row of this sheet has."""
        named = {role: value.replace(_SHEET, sheet) for role, value in self.constants.items()}
        return {role: value for role, value in named.items() if value}


@cache
def load_forms(folder: Path = FORMS_DIR) -> tuple[Form, ...]:
    """Return the shipped forms, by file name."""
    return tuple(read_form(path.read_bytes(), path.name) for path in sorted(folder.glob("*.yaml")))


def read_form(data: bytes, name: str) -> Form:
    """Return a saved mapping; raise :class:`ImportRefused` naming what is wrong in it."""
    if len(data) > SAVED_BYTES:
        raise refuse(
            Place(name), "列の対応表としては大きすぎます。正しいファイルか確かめてください"
        )
    try:
        document: Any = yaml.safe_load(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise refuse(Place(name), "列の対応表（YAML か JSON）として読めません") from error
    try:
        return Form.model_validate(document)
    except ValidationError as error:
        fault = error.errors()[0]
        column = ".".join(str(part) for part in fault["loc"])
        remedy = str(fault["msg"]).removeprefix("Value error, ")
        raise refuse(Place(name), f"列の対応表が正しくありません: {remedy}", column) from error


def save_form(form: Form) -> bytes:
    """Return the mapping as YAML that :func:`read_form` reads back."""
    document = form.model_dump(mode="json", exclude_defaults=True)
    text = yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=100)
    return text.encode("utf-8")
