"""Addresses: split where it is certain, whole where it is not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from knowledge.models import Town

# Where HSDS wants a value that a one-line address does not certainly give.
UNKNOWN = "不明"
# The 47 names are a closed list; what follows them is not (四日市市, 余市町, 大町市 …).
_PREFECTURES = (
    "北海道", "青森県", "岩手県", "宮城県", "秋田県", "山形県", "福島県", "茨城県",
    "栃木県", "群馬県", "埼玉県", "千葉県", "東京都", "神奈川県", "新潟県", "富山県",
    "石川県", "福井県", "山梨県", "長野県", "岐阜県", "静岡県", "愛知県", "三重県",
    "滋賀県", "京都府", "大阪府", "兵庫県", "奈良県", "和歌山県", "鳥取県", "島根県",
    "岡山県", "広島県", "山口県", "徳島県", "香川県", "愛媛県", "高知県", "福岡県",
    "佐賀県", "長崎県", "熊本県", "大分県", "宮崎県", "鹿児島県", "沖縄県",
)  # fmt: skip


def split_address(text: str, town: Town | None) -> dict[str, str]:
    """Return the address columns of HSDS; what is not known for certain says 不明.

    Only a prefecture's name and the town's own name are taken off the front: where the
    name of any other municipality ends cannot be told from its letters.
    """
    own = (town.prefecture,) if town else ()
    prefecture = next((name for name in (*own, *_PREFECTURES) if text.startswith(name)), "")
    rest = text.removeprefix(prefecture)
    # A town of the same name in another prefecture is another town.
    here = town is not None and prefecture in ("", town.prefecture) and rest.startswith(town.name)
    if here and town is not None:
        city = town.name
        return _columns(rest.removeprefix(city), city, prefecture or town.prefecture)
    return _columns(rest, "", prefecture)


def _columns(address_1: str, city: str, prefecture: str) -> dict[str, str]:
    # HSDS requires each of them, and in a CSV an empty cell is a missing one.
    return {
        "address_1": address_1 or UNKNOWN,
        "city": city or UNKNOWN,
        "state_province": prefecture or UNKNOWN,
        "postal_code": UNKNOWN,
        "country": "JP",
    }


def is_japan(columns: Mapping[str, Any]) -> bool:
    """True for an address that says it is in Japan."""
    return str(columns.get("country", "")).upper() in ("JP", "日本", "JAPAN")


def join_address(columns: Mapping[str, Any]) -> str:
    """Return an address as one line, in the order its country writes it."""
    known = {name: str(value) for name, value in columns.items() if value not in ("", UNKNOWN)}
    if is_japan(columns):
        lines = ("state_province", "region", "city", "address_1")
        joined = "".join(known.get(name, "") for name in lines)
        return joined + (f" {known['address_2']}" if "address_2" in known else "")
    order = (
        "address_1", "address_2", "city", "region", "state_province", "postal_code", "country",
    )  # fmt: skip
    return ", ".join(known[name] for name in order if known.get(name))
