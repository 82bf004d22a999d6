"""The three taxonomies of ours, and the attributes that carry what HSDS has no column for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from knowledge.hsds.ids import child_id, stable_id
from knowledge.models import Category

Object = dict[str, Any]

CATEGORY = "tsunagi"
ELIGIBILITY = "tsunagi-eligibility"
FIELD = "tsunagi-field"
_TAXONOMIES = {
    CATEGORY: "つなぎの支援分野（69の分類）",
    ELIGIBILITY: "つなぎの対象要件の種類。値（value）は1つの条件を表す JSON",
    FIELD: "つなぎの項目のうち、HSDS に欄がないもの。値（value）がその中身",
}
CONDITION_KINDS = {
    "age": "年齢の条件",
    "household": "世帯の条件",
    "residence": "住まいの条件",
    "income": "収入の条件",
    "certificate": "認定・手帳などの条件",
    "situation": "状況の条件",
}
FIELDS = {
    "resource.id": "支援先の id",
    "resource.kind": "支援先の種類",
    "resource.for_whom": "対象（条件と分けた、もとの文）",
    "resource.places": "定員",
    "resource.status": "受入状況（open 受入中／full 満員／suspended 休止／reservation 要予約）",
    "resource.verified_by": "確かめた人の役職",
    "resource.source": "何で確かめたか",
    "resource.is_window": "町の事実に挙げた窓口である",
    "contact.address": "住所（分ける前の、もとの文）",
    "contact.url": "ホームページ（URL の決まりに合わない、もとの文）",
    "service.id": "全国の制度の id",
    "service.level": "制度の段階",
    "service.for_whom": "対象（条件と分けた、もとの文）",
    "service.aka": "別の呼び名",
    "service.consent": "同意の要否",
    "service.legal_basis": "根拠法令（law と article の JSON）",
    "service.source": "出典（title と url の JSON）",
    "service.situation": "この制度につながる相談の例",
    "service.keyword": "検索の言葉",
    "service.confused_with": "まちがえやすい支援分野（category と difference の JSON）",
    "town.prefecture": "都道府県",
    "town.population": "人口",
    "town.households": "世帯数",
    "town.invented": "架空の町である",
    "town.welfare_office": "福祉事務所（own, name, phone の JSON）",
    "town.district": "地区",
    "town.window": "支援分野ごとの最初の窓口（category と resource の JSON）",
    "town.note": "町の注意書き",
}


def taxonomies() -> list[Object]:
    """Return our taxonomies as HSDS objects."""
    return [_taxonomy(name) for name in _TAXONOMIES]


def category_term(code: str, categories: Mapping[str, Category]) -> Object:
    """Return the term of a service category."""
    category = categories.get(code)
    if category is None:
        return _term(CATEGORY, code, code, code)
    return _term(CATEGORY, code, category.label_ja, f"主な窓口：{category.typical_window_ja}")


def terms(categories: Iterable[Category]) -> list[Object]:
    """Return every term of our taxonomies: the whole vocabulary, used or not."""
    known = {category.code: category for category in categories}
    return [
        *(category_term(code, known) for code in known),
        *(_condition_term(kind) for kind in CONDITION_KINDS),
        *(_field_term(code) for code in FIELDS),
    ]


def category_attributes(
    owner: str, entity: str, codes: Iterable[str], categories: Mapping[str, Category]
) -> list[Object]:
    """Return one attribute per service category, in the order given."""
    return [
        _attribute(owner, entity, "category", number, category_term(code, categories))
        for number, code in enumerate(codes)
    ]


def condition_attributes(
    owner: str, entity: str, conditions: Iterable[tuple[str, str]]
) -> list[Object]:
    """Return one attribute per (kind, JSON) of an eligibility condition, in the order given."""
    return [
        _attribute(owner, entity, "eligibility", number, _condition_term(kind), value)
        for number, (kind, value) in enumerate(conditions)
    ]


def field_attributes(owner: str, entity: str, values: Iterable[tuple[str, str]]) -> list[Object]:
    """Return one attribute per (code of ``FIELDS``, value); empty values are left out."""
    return [
        _attribute(owner, entity, "field", number, _field_term(code), value)
        for number, (code, value) in enumerate(values)
        if value
    ]


def as_json(value: Mapping[str, Any]) -> str:
    """Return the value of an attribute that has parts."""
    return json.dumps(value, ensure_ascii=False)


def _attribute(
    owner: str, entity: str, link: str, number: int, term: Object, value: str = ""
) -> Object:
    made: Object = {
        "id": child_id(owner, "attribute", link, str(number)),
        "link_type": link,
        "link_entity": entity,
        "taxonomy_term": term,
    }
    return made | {"value": value} if value else made


def _condition_term(kind: str) -> Object:
    return _term(ELIGIBILITY, kind, CONDITION_KINDS[kind], CONDITION_KINDS[kind])


def _field_term(code: str) -> Object:
    return _term(FIELD, code, FIELDS[code], FIELDS[code])


def _term(taxonomy: str, code: str, name: str, description: str) -> Object:
    return {
        "id": stable_id("taxonomy_term", taxonomy, code),
        "code": code,
        "name": name,
        "description": description,
        "taxonomy": taxonomy,
        "taxonomy_detail": _taxonomy(taxonomy),
        "language": "ja",
    }


def _taxonomy(name: str) -> Object:
    return {
        "id": stable_id("taxonomy", name),
        "name": name,
        "description": _TAXONOMIES[name],
    }
