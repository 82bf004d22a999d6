"""Which field of ours is which column of HSDS: the one table that docs/hsds.md is made from.

The tests hold it against the models, against what the export writes and against what the
import takes, so that a field added anywhere fails until it has its line here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# both: a column of HSDS, written and read.  attribute: HSDS has no column; an attribute of
# our taxonomy carries it.  written: made from another field for other software, and only
# compared when read.  read: taken from others, never written.
# not: stays here.
Way = Literal["both", "attribute", "written", "read", "not"]
_VALUE = ("attribute.value", "taxonomy_term.code")


@dataclass(frozen=True, slots=True)
class Line:
    """One field of ours and its columns of HSDS."""

    ours: str
    way: Way
    hsds: tuple[str, ...]
    note: str = ""


def _kept(ours: str, code: str, note: str = "") -> Line:
    return Line(ours, "attribute", _VALUE, f"tsunagi-field の {code}{'。' if note else ''}{note}")


_CONTACT = (
    Line("contact.window", "both", ("contact.department",), "読むときは部署（department）、なければ役職（title）。人の名前（name）は取り込まない"),
    Line("contact.window", "read", ("contact.title",)),
    Line("contact.phone", "both", ("phone.number", "phone.type"), "type は voice。読むときは service、service_at_location、location、organization、contact の順に、FAX でない最初の番号"),
    Line("contact.phone", "read", ("phone.extension",), "「（内線 100）」を番号の後に付ける"),
    Line("contact.hours", "both", ("schedule.description",), "人が読む文。期間ごとに同じ文を書く"),
    Line("contact.hours", "read", ("schedule.notes", "schedule.attending_type", "schedule.schedule_link", "schedule.valid_from", "schedule.valid_to", "schedule.dtstart", "schedule.until", "schedule.count", "schedule.bymonthday", "schedule.byweekno", "schedule.byyearday"), "文のない、毎週でない予定は、言葉にして入れる（毎月 第2月曜 …）"),
    Line("contact.address", "both", ("address.address_1", "address.city", "address.state_province"), "先頭の都道府県名と、この町の名前だけを分ける。確かでない欄は「不明」"),
    Line("contact.address", "written", ("address.country", "address.address_type", "location.location_type"), "JP・physical・physical"),
    Line("contact.address", "attribute", _VALUE, "tsunagi-field の contact.address。分けると戻せない、もとの文"),
    Line("contact.address", "read", ("address.address_2", "address.region", "location.name"), "1つ目の場所の、1つ目の住所だけ"),
    Line("contact.url", "both", ("service.url",), "日本語を含む URL は % の形にする。http と https だけを読む"),
    Line("contact.url", "attribute", _VALUE, "tsunagi-field の contact.url。URL の決まりに合わない、もとの文"),
    Line("contact.url", "read", ("organization.website",), "service.url がないときだけ"),
)  # fmt: skip
_ELIGIBILITY = (
    Line("eligibility", "attribute", _VALUE, "tsunagi-eligibility の6つの種類。値は条件の JSON（text, fact, equals, min, max, required）"),
    Line("eligibility", "written", ("service.eligibility_description",), "対象の文の後に【必ず要る条件】【目安】として続ける"),
    Line("eligibility", "both", ("service.minimum_age", "service.maximum_age"), "HSDS では「必要な年齢」なので、必ず要る年齢と、ほかに文の条件がない目安の年齢だけを書く。読むときは、つなぎの属性がなければ必ず要る条件になる"),
    Line("eligibility", "read", ("service_area.name",), "ほかのソフトの対象地域は「対象の地域：…」という条件（目安）になる"),
)  # fmt: skip
_COST = (
    Line("cost", "both", ("service.fees_description",)),
    Line("cost", "written", ("cost_option.amount", "cost_option.currency", "cost_option.amount_description"), "「無料」「1回100円」のような、1つの金額だけの文のとき"),
    Line("cost", "read", ("service.fees", "cost_option.option", "cost_option.valid_from", "cost_option.valid_to"), "ほかのソフトの金額は、文にして続ける"),
    Line("first_step", "both", ("service.application_process",)),
    Line("bring", "both", ("required_document.document",), "1つの持ち物が1行"),
    Line("verified_on", "both", ("service.assured_date",)),
)  # fmt: skip
_RESOURCE = (
    _kept("id", "resource.id", "service.id は町のコードと id から作る UUID（uuid5）で、いつも同じ"),
    Line("name", "both", ("service.name",)),
    _kept("kind", "resource.kind", "ほかのソフトの支援先では、最初の分類の名前"),
    Line("kind", "read", ("taxonomy_term.name",)),
    Line("categories", "attribute", ("taxonomy_term.code", "taxonomy_term.taxonomy"), "分類 tsunagi の用語。ほかの分類は、取り込みのときに渡す対応表で決まる"),
    Line("description", "both", ("service.description",)),
    Line("for_whom", "both", ("service.eligibility_description",)),
    _kept("for_whom", "resource.for_whom", "条件があるときだけ"),
    Line("organization", "both", ("organization.name",), "空のときは「（運営組織の記載なし）」"),
    Line("organization", "written", ("organization.description",), "HSDS で必須なので、名前を写す"),
    Line("district", "both", ("service_area.name",)),
    Line("opening", "both", ("schedule.freq", "schedule.interval", "schedule.byday", "schedule.opens_at", "schedule.closes_at", "schedule.timezone", "schedule.wkst"), "RFC 5545。WEEKLY、09:00+09:00 の形。24:00 は 00:00+09:00。毎週と言い切れる予定だけを読む"),
    _kept("capacity.places", "resource.places", "HSDS 3.0 に定員の欄はない（3.1 で service_capacity ができた）"),
    _kept("capacity.status", "resource.status"),
    Line("capacity.status", "both", ("service.status",), "suspended は temporarily closed、ほかは active。inactive と defunct は休止として読み、理由に書く（defunct は retired）"),
    Line("capacity.note", "both", ("service.alert",), "「満員：」「休止：」「要予約：」を前に付ける"),
    _kept("verified_by", "resource.verified_by", "HSDS にあるのは、確かめた人のメールアドレス（assurer_email）だけ"),
    _kept("source", "resource.source", "ほかのソフトの支援先では、読んだファイルの名前"),
    _kept("is_window", "resource.is_window"),
    Line("layer", "not", (), "町のものか都道府県のものか。書き出すのはその町（都道府県）の記録だけで、取り込んだ町のものになる"),
    Line("refusals", "not", (), "窓口に戻った「断られた」の知らせ。相談のことなので、外に出さない"),
)  # fmt: skip
# Fields of a kept record that a resource has no place for (fax, mail, map point).
_MORE = (
    Line("email", "both", ("service.email",), "メールアドレスの形のものだけ"),
    Line("email", "read", ("organization.email",), "service.email がないときだけ。人のアドレス（contact.email）は取り込まない"),
    Line("fax", "both", ("phone.number", "phone.type"), "type は fax"),
    Line("latitude", "both", ("location.latitude",), "経度とそろっているときだけ。0, 0 は「不明」と読む"),
    Line("longitude", "both", ("location.longitude",)),
    Line("postal_code", "both", ("address.postal_code",), "日本の住所のときだけ"),
)  # fmt: skip
_SERVICE = (
    _kept("id", "service.id", "service.id は、この id から作る UUID（uuid5）"),
    Line("category", "attribute", ("taxonomy_term.code", "taxonomy_term.taxonomy"), "分類 tsunagi の用語"),
    Line("name", "both", ("service.name",)),
    Line("aka", "written", ("service.alternate_name",), "「、」でつないで1つにする"),
    _kept("aka", "service.aka"),
    _kept("level", "service.level"),
    Line("summary", "both", ("service.description",), "【受けられること】の前"),
    Line("provides", "both", ("service.description",), "【受けられること】の後"),
    Line("for_whom", "both", ("service.eligibility_description",)),
    _kept("for_whom", "service.for_whom", "条件があるときだけ"),
    _kept("consent", "service.consent"),
    _kept("legal_basis", "service.legal_basis", "値は law と article の JSON"),
    _kept("source", "service.source", "値は title と url の JSON"),
    _kept("situations", "service.situation"),
    _kept("keywords", "service.keyword"),
    _kept("confused_with", "service.confused_with", "値は category と difference の JSON"),
)  # fmt: skip
_TOWN = (
    Line("code", "both", ("organization_identifier.identifier",)),
    Line("code", "written", ("organization_identifier.identifier_type",), "全国地方公共団体コード"),
    Line("name", "both", ("organization.name",)),
    _kept("prefecture", "town.prefecture"),
    _kept("population", "town.population"),
    _kept("households", "town.households"),
    _kept("invented", "town.invented"),
    _kept("welfare_office", "town.welfare_office", "値は own, name, phone の JSON"),
    _kept("districts", "town.district"),
    _kept("windows", "town.window", "値は category と resource の JSON"),
    _kept("notes", "town.note"),
)  # fmt: skip

RESOURCE_TITLE = "支援先（Resource）→ service"
MORE_TITLE = "支援先の記録にだけある項目 → service"
SERVICE_TITLE = "全国の制度（Service）→ service"
TOWN_TITLE = "町（Town）→ organization"
LINES: dict[str, tuple[Line, ...]] = {
    RESOURCE_TITLE: (*_RESOURCE, *_CONTACT, *_ELIGIBILITY, *_COST),
    MORE_TITLE: _MORE,
    SERVICE_TITLE: (*_SERVICE, *_CONTACT, *_ELIGIBILITY, *_COST),
    TOWN_TITLE: _TOWN,
}
# What the software knows and writes into no HSDS at all.
NOT_WRITTEN = {
    "red_flags": "緊急の決まり。つなぎのすべての町で同じ",
    "facts": "事実の定義（聞き取りの質問）。条件の JSON が、そのコードで指す",
    "categories.level、categories.sector": "支援分野の段階と分野。分類の用語は、コードと名前と主な窓口だけを持つ",
    "fingerprint": "知識の指紋。書き出すたびに確かめるものではない",
    "starts_on、ends_on、prefecture、city、municipality_code など": "取り込んだ一覧にだけある項目。窓口の表示に使わない",
    "取り込みの控え（sources）、履歴、提案の確認待ち": "この計算機の中の記録。町の外では意味がない",
    "休止・終了した記録（vanished、closed）": "使われている記録だけを書き出す",
}
# Columns that carry the attributes themselves, or say what our vocabulary means.
VOCABULARY = (
    "attribute.link_type", "attribute.link_entity", "taxonomy_term.name",
    "taxonomy_term.description", "taxonomy_term.language", "taxonomy_term.taxonomy",
    "taxonomy.name", "taxonomy.description",
)  # fmt: skip


def without_column(title: str) -> tuple[Line, ...]:
    """Return the lines of fields that HSDS has no column for: carried as attributes, or not."""
    lines = LINES[title]
    placed = {line.ours for line in lines if line.way in ("both", "written")}
    return tuple(line for line in lines if line.ours not in placed and line.way != "read")


def columns(*ways: Way) -> set[str]:
    """Return the columns of HSDS that any line uses in one of these ways."""
    lines = (line for group in LINES.values() for line in group)
    return {column for line in lines if line.way in ways for column in line.hsds}
