"""docs/hsds.md: field by field what becomes what, made from the table the code is tested with."""

from __future__ import annotations

from collections.abc import Iterator

from knowledge.hsds.mapping import (
    LINES,
    NOT_WRITTEN,
    VOCABULARY,
    Line,
    Way,
    columns,
    without_column,
)
from knowledge.hsds.schemas import VERSION, tables

_WAYS: dict[Way, str] = {
    "both": "欄（書く・読む）",
    "attribute": "属性（書く・読む）",
    "written": "欄（書くだけ）",
    "read": "欄（読むだけ）",
    "not": "運ばない",
}
_HEAD = f"""# HSDS {VERSION} との対応

Open Referral の Human Services Data Specification（HSDS）{VERSION} で、支援先・全国の制度・町の事実を書き出し、
ほかのソフトの HSDS を取り込みます。この文書は `knowledge/hsds/mapping.py` の表から作り、
`tests/unit/hsds/test_hsds_docs.py` がプログラムと突き合わせます。手では直さず、
`python -m knowledge.hsds.describe > docs/hsds.md` で作り直します。

## 使い方

| 関数 | すること |
|---|---|
| `write.to_hsds(town, resources, services, categories)` | HSDS の文書にする |
| `document.as_page()`、`document.json_bytes(…)` | 公開例と同じ一覧（contents）の JSON にする |
| `datapackage.write_datapackage(document, folder)`、`zip_datapackage(document)` | 表形式（datapackage.json と CSV）にする |
| `read.read_hsds(source, name)` | JSON・zip・フォルダーを見分けて、下書きと知らせを作る |
| `read.read_json(data, name)`、`read.from_hsds(document)` | JSON から下書きと知らせを作る |
| `read_datapackage.read_datapackage(path)` | フォルダーか zip の表形式から下書きと知らせを作る |
| `bridge.hsds_plan(source, name, context)` | ほかの一覧と同じ取り込みの計画（1件ずつの結果）にする |
| `looks.looks_like_hsds(path, name)` | HSDS のファイルかどうかを、はじめだけ読んで見分ける |

- 画面では「支援先」の「HSDS」（`/records/hsds`）、コマンドでは `tsunagi knowledge hsds export` と `tsunagi knowledge hsds import` です。
- 取り込みは全部か無しかです。直すところ（problems）が1つでもあれば、下書きは1件もできません。知らせ（notices）は取り込みを止めません。
- 下書き（Draft）は、足りない必須の項目（missing）、相手の分類（terms）、入れる所のない値（left_over）、もとの service 全体（original）を持ちます。
- つなぎが書いたものは、そのまま同じ記録に戻ります。ほかのソフトが HSDS の欄を書き換えていれば、その値を使い、知らせます。
- UUID は町のコードと id から作るので（uuid5）、何度書き出しても、どの計算機でも同じです。町のコードが変わると UUID も変わります。
- ほかのソフトから来た支援先は、`hsds.` とその service.id を id とし、書き出すときは、もとの service.id に戻します。
- 公開されている JSON Schema（`knowledge/hsds/schema/`、CC BY-SA 4.0）で検査します。検査は jsonschema-rs です。
"""
_LOST = """## 失われるもの

### つなぎ → HSDS → つなぎ

何も失われません（みどり町の全支援先・全国の制度・町の事実を、JSON と表形式の両方で試験しています）。
ただし、http・https でない形のリンク（javascript: など）は読むときに外し、表形式では空白だけの文が「なし」になります。
ファイルにして取り込むとき（`bridge`）は、条件と持ち物の中の「;」を「、」に変え、町の記録の書き方で書けない条件は、その行で知らせます。

次のものは書き出しません。

{not_written}
### つなぎ → HSDS → ほかのソフト

次の項目は、HSDS に欄がありません。「属性」の項目を、ほかのソフトは、意味を知らない分類の用語としてだけ見ます。

{no_column}
欄がある項目でも、次のことは伝わりません。

- 満員・要予約の別（文としては alert にある）
- 条件を機械で確かめる形（事実、はい・いいえ）と、必ず要る条件と目安の別（文としては eligibility_description にある）
- 文の条件と並ぶ目安の年齢（minimum_age に書くと、使える人が年齢で外されるため）
- 郵便番号、緯度・経度は、記録が持っているときだけ。言語、バリアフリーは、つなぎが持っていないので空

### ほかのソフト → つなぎ

次の欄には、つなぎに入れる所がありません。取り込むたびに件数を知らせ、もとの値は下書きの original に残します。
取り込んだ記録の控えにも元の値が残りますが、連絡先の人の名前とメール（contact.name、contact.email）だけは残しません。
"""
_RULES = """## 取り込みを止めるもの・止めないもの

| 止める（problems） | 止めない（notices） |
|---|---|
| 型の違い、決められた語でない status など、UUID でない id | URL・メール・日時の形の違い |
| id・name・status・電話番号がない | そのほかの必須の欄がない |
| 同じ id で中身の違う2つの記録 | まったく同じ記録が2つ |
| service の運営組織や場所の id の行がない。どの記録のものか分からない電話・予定・住所 | そのほかの、行のない id |
| ありえない日付の assured_date | つなぎの必須の項目が足りない（下書きの missing） |
| つなぎの属性の値が壊れている、知らない支援分野コード | 表計算ソフトが式として動かす値（文字として取り込む） |
| 大きさ・行数・入れ子・圧縮率の限り、暗号のかかった zip、パッケージの外を指す場所 | 知らない欄・列・ファイル、null、HSDS の表でない CSV |

CSV を書くときは、式として動く値（= + - @ などで始まり、数や電話番号でないもの）の前に `'` を付け、
datapackage.json に `tsunagi:formula_guard` と書きます。読むときは、この印がある組だけ `'` を外します。

## 手で書いた読み取りと、その理由

| 読み取り | 使わなかった部品と理由 |
|---|---|
| JSON と表の組み替え（`tables.py`） | Open Referral の変換器は Node.js の別のプログラムで、PyPI にない。スキーマを見て組み替えるので、表ごとの処理は書いていない |
| CSV と datapackage.json（`datapackage.py`、`read_datapackage.py`） | frictionless 5.21 は部品が20以上増え、行の場所と日本語の知らせ、zip の限りを別に書くことになる。標準の csv と zipfile を使う。書き出した組は frictionless で検査し、15の表で誤り0件だった |
| RRULE を曜日と時刻にする（`schedule.py`） | python-dateutil の rrule は日付の列を作る部品で、「毎週この曜日」と言い切れるかは答えない。逆向き（欄から言葉）もない |
| 住所を分ける（`address.py`） | 市区町村名の表が要り（町村合併のたびに変わる）、架空の町も扱う。確かなのは47の都道府県名と、この町の名前だけなので、それだけを外す |
| 1つの金額だけの文（`cost.py`） | 「無料」「1回100円」の2つの形だけを金額と認める。それ以外は文のまま |
| 式として動く値（`formula.py`） | defusedcsv は `'` を付けるだけで、外せない（もとに戻らない）。全角の記号と電話番号も区別しない |
"""


def describe() -> str:
    """Return docs/hsds.md."""
    parts = [_HEAD, *(_section(title, lines) for title, lines in LINES.items())]
    lost = _LOST.format(not_written="\n".join(_not_written()), no_column="\n".join(_no_column()))
    parts += [_vocabulary(), lost + "\n".join(_unused()), _RULES]
    return "\n".join(parts)


def _section(title: str, lines: tuple[Line, ...]) -> str:
    rows = (
        f"| {line.ours} | {_WAYS[line.way]} | {'<br>'.join(line.hsds)} | {line.note} |"
        for line in lines
    )
    head = (f"## {title}\n", "| つなぎ | 運び方 | HSDS の欄 | 注 |", "|---|---|---|---|")
    return "\n".join((*head, *rows, ""))


def _vocabulary() -> str:
    return (
        "## 分類の言葉\n\n"
        "分類は tsunagi（69の支援分野）、tsunagi-eligibility（条件の6つの種類）、tsunagi-field"
        "（欄のない項目）の3つです。用語と分類の次の欄は、その言葉を説明するために書きます："
        f"{'、'.join(VOCABULARY)}\n"
    )


def _not_written() -> Iterator[str]:
    yield "| もの | 訳 |"
    yield "|---|---|"
    yield from (f"| {what} | {why} |" for what, why in NOT_WRITTEN.items())
    yield ""


def _no_column() -> Iterator[str]:
    """Yield every field of ours without a column of HSDS, as the lines of the mapping have it."""
    yield "| | つなぎの項目 | 運び方 |"
    yield "|---|---|---|"
    for title in LINES:
        rows = {line.ours: _WAYS[line.way].partition("（")[0] for line in without_column(title)}
        for ours, way in rows.items():
            yield f"| {title.partition('（')[0]} | {ours} | {way} |"
    yield ""


def _unused() -> Iterator[str]:
    """Yield, table by table, the columns that no line uses."""
    known = columns("both", "attribute", "written", "read")
    yield ""
    yield "| 表 | 欄 |"
    yield "|---|---|"
    for table in tables().values():
        rest = [
            name
            for name in table.fields
            if f"{table.name}.{name}" not in known
            and not (name == "id" or name.endswith("_id"))
            and f"{table.name}.{name}" not in VOCABULARY
        ]
        if rest:
            yield f"| {table.name} | {'、'.join(rest)} |"
    yield ""


if __name__ == "__main__":
    print(describe(), end="")
