"""The words of the records' pages: what each field, state, problem and step is called.

Fields are in the notation of a town's resources.csv; here stands what a keeper reads and fills in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from service.present import STATUSES

Kind = Literal["line", "lines", "phone", "number", "date", "url", "choice", "flag", "categories"]


@dataclass(frozen=True, slots=True)
class FieldWords:
    """A field that can be edited: its label, how it is filled in, and a hint."""

    name: str
    label: str
    kind: Kind = "line"
    hint: str = ""
    required: bool = False
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Fields that belong together, under one heading."""

    title: str
    fields: tuple[FieldWords, ...]


GROUPS: tuple[Group, ...] = (
    Group(
        "何をするところか",
        (
            FieldWords("name", "名前", required=True),
            FieldWords("kind", "種類", hint="例: 相談窓口、サロン、子ども食堂"),
            FieldWords("description", "説明", "lines"),
            FieldWords("organization", "運営する団体"),
            FieldWords("is_window", "町の窓口として扱う", "flag"),
        ),
    ),
    Group(
        "だれが使えるか",
        (
            FieldWords("for_whom", "対象", "lines"),
            FieldWords(
                "eligibility",
                "対象の条件",
                "lines",
                hint="; で区切ります。文のまま書いても、age>=65 のように書いてもかまいません"
                "（必ず要る条件には ! を付けます。例: resident=yes!）",
            ),
        ),
    ),
    Group(
        "連絡先と場所",
        (
            FieldWords("window", "担当の窓口"),
            FieldWords("phone", "電話", "phone", hint="例: 0000-12-3456"),
            FieldWords("fax", "FAX", "phone"),
            FieldWords("email", "メール"),
            FieldWords("address", "住所"),
            FieldWords("district", "地区"),
            FieldWords("url", "ホームページ", "url", hint="https:// か http:// で始まるもの"),
        ),
    ),
    Group(
        "いつ使えるか",
        (
            FieldWords("hours", "受付時間", "lines", hint="人が読む文。例: 平日 8:30〜17:15"),
            FieldWords(
                "opening",
                "毎週の時間",
                hint="「いま受付時間内」を出すための書き方。例: mon-fri 08:30-17:15;sat 09:00-12:00。"
                "分からなければ空のまま",
            ),
            FieldWords("places", "定員", "number"),
            FieldWords("status", "受入状況", "choice", choices=tuple(STATUSES.items())),
            FieldWords("status_note", "受入状況の説明", hint="例: 12月から再開の予定"),
        ),
    ),
    Group(
        "費用と申し込み",
        (
            FieldWords("cost", "費用"),
            FieldWords("first_step", "最初の一歩", "lines", hint="例: 電話で申し込む"),
            FieldWords("bring", "持ち物", hint="; で区切ります"),
        ),
    ),
    # Far down: 69 boxes stand between what is before and after them.
    Group("どの支援分野か", (FieldWords("categories", "支援分野", "categories"),)),
    Group(
        "情報の確かさ",
        (
            FieldWords("verified_on", "確かめた日", "date", hint="例: 2026-04-01"),
            FieldWords("verified_by", "確かめた人の役職", hint="例: 福祉課 地域福祉係長"),
            FieldWords("source", "出典"),
            FieldWords("license", "利用条件"),
        ),
    ),
    Group(
        "そのほか",
        (
            FieldWords("kana", "名前のよみ"),
            FieldWords("postal_code", "郵便番号"),
            FieldWords("prefecture", "都道府県"),
            FieldWords("city", "市区町村"),
            FieldWords("municipality_code", "自治体コード"),
            FieldWords("latitude", "緯度"),
            FieldWords("longitude", "経度"),
            FieldWords("corporate_number", "法人番号"),
            FieldWords("starts_on", "受付を始める日", "date"),
            FieldWords("ends_on", "受付を終える日", "date"),
            FieldWords("started_on", "事業を始めた日", "date"),
        ),
    ),
)
FIELDS: dict[str, FieldWords] = {field.name: field for group in GROUPS for field in group.fields}
# What the history tells of beside the fields.
_MORE = {"state": "状態", "unconfirmed": "未確認の項目", "merged_into": "まとめた先"}
STATES = {"active": "使っている", "vanished": "載らなくなった", "closed": "閉じた"}
PROBLEMS = {
    "stale": "期限切れ",
    "due_soon": "もうすぐ期限",
    "no_phone": "電話なし",
    "no_category": "支援分野なし",
    "unconfirmed": "支援分野が未確認",
    "duplicate": "重なり候補",
    "never_suggested": "一度も示されていない",
    "refused": "断られた",
    "full": "満員・停止",
}
SECTORS = {
    "elderly": "高齢",
    "disability": "障害",
    "child": "こども・子育て",
    "poverty": "生活困窮",
    "housing": "住まい",
    "work": "しごと",
    "health": "保健・医療",
    "isolation": "孤立・ひきこもり",
    "rights": "権利・安全",
    "community": "地域・くらし",
    "multi": "複数機関",
    "pref": "都道府県",
    "none": "福祉以外・情報不足",
}
# What made a revision, by the audit's name for it.
STEPS = {
    "records.import": "一覧から取り込んだ",
    "record.add": "加えた",
    "record.change": "直した",
    "record.verify": "確かめた",
    "record.close": "閉じた",
    "record.reopen": "また使うようにした",
    "record.undo": "前の内容に戻した",
    "record.merge": "ほかの記録とまとめた",
}
# The address holds the code, never the words.
DONE = {
    "changed": "直しました。1分ほどで窓口の画面に出ます。",
    "same": "変わったところがなかったので、そのままです。",
    "added": "加えました。1分ほどで窓口の画面に出ます。",
    "added_incomplete": "加えました。支援分野と確かめた日がそろうまで、窓口の画面には出ません。",
    "verified": "確かめた記録を付けました。次の期限は、今日から1年後です。",
    "closed": "閉じました。窓口の画面には出なくなります。いつでも戻せます。",
    "reopened": "また使うようにしました。",
    "undone": "その時点の内容に戻しました。取り消したいときは、履歴からもう一度戻せます。",
    "merged": "1つにまとめました。取り消したいときは、まとめた記録を履歴から戻せます。",
    "settled": "報告を片付けました。",
    "apart": "別のものとして覚えました。もう候補には出ません。",
}


def label_of(name: str) -> str:
    """Return what a field is called; its own name where nothing is known of it."""
    field = FIELDS.get(name)
    return field.label if field else _MORE.get(name, name)
