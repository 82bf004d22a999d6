"""What a column can mean.  A form gives each of its columns one of these roles."""

from __future__ import annotations

# Role → what it is, as the keeper's mapping page lists it.
ROLES = {
    # Who and what.
    "id": "id（自分の様式だけ）",
    "name": "名称",
    "kana": "名称のよみ",
    "kind": "種類（サービスの種類・施設の種別）",
    "organization": "運営する団体・法人",
    "window": "担当の窓口・課",
    "district": "地区",
    "number": "事業所番号など、変わらない番号",
    "serial": "行の番号（NO）。毎回変わることがあるもの",
    "corporate_number": "法人番号",
    # Where.
    "code": "都道府県コード又は市区町村コード",
    "prefecture": "都道府県名",
    "city": "市区町村名",
    "prefecture_city": "都道府県と市区町村（つづけて1列）",
    "address": "住所",
    "building": "方書（建物名）",
    "postal_code": "郵便番号",
    "latitude": "緯度",
    "longitude": "経度",
    "place": "場所（会場・担当課など）",
    # How to reach.
    "phone": "電話番号",
    "phone_more": "電話番号（2つ目）",
    "phone_note": "電話番号の備考",
    "extension": "内線番号",
    "fax": "FAX番号",
    "url": "ホームページ",
    "email": "メールアドレス",
    "contact": "問い合わせ先（名前と電話が1列）",
    # When.
    "days": "利用できる曜日",
    "opens": "開始時間",
    "closes": "終了時間",
    "hours": "利用時間（曜日と時間が1列）",
    "hours_weekday": "平日の時間帯",
    "hours_saturday": "土曜の時間帯",
    "hours_sunday": "日曜の時間帯",
    "hours_holiday": "祝日の時間帯",
    "hours_note": "曜日・時間の特記事項",
    "closed_days": "定休日",
    "frequency": "開催頻度（番号）",
    # What one gets, for whom, at what cost.
    "description": "説明（文章）",
    "describe": "説明に「列名: 値」で足す",
    "flag": "印（1・有・○）。説明に列名を足す",
    "for_whom": "対象",
    "condition": "対象の条件（文）",
    "places": "定員",
    "cost": "費用",
    "cost_part": "費用の一部（「列名 値」で並べる）",
    "first_step": "最初の一歩・申込方法",
    "bring": "持ち物",
    "note": "備考",
    "keywords": "検索の手がかり（タグ）",
    "starts_on": "受付開始日",
    "ends_on": "受付終了日",
    "started_on": "事業開始日・認可日",
    # Our own template's columns, in the notation of a town's resources.csv.
    "categories": "支援分野のコード（; 区切り）",
    "opening": "毎週の時間（mon-fri 08:30-17:15）",
    "status": "受入状況（open full suspended reservation）",
    "status_note": "受入状況の説明",
    "eligibility": "対象の条件（age>=65; resident=yes!）",
    "is_window": "窓口なら 1",
    # Where the row comes from.
    "verified_on": "確かめた日",
    "verified_by": "確かめた人の役職",
    "as_of": "データの時点",
    "source": "出典",
    "source_url": "出典のURL",
    "license": "利用条件",
    "join": "別の表へつなぐ番号（追加情報NO）",
    "ignore": "使わない",
}
# Roles that several columns of one table may have; of the others the first filled one counts.
MANY = frozenset(("describe", "flag", "cost_part", "ignore", "description", "note", "hours", "hours_note", "keywords", "condition"))  # fmt: skip
