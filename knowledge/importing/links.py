"""Addresses on the web and by mail, told apart even when they are in each other's column."""

from __future__ import annotations

import re
from dataclasses import dataclass

from knowledge.importing.text import fold, is_blank

_PLAIN = re.compile(r"https?://[A-Za-z0-9.\-]+\.[A-Za-z]{2,}[^\s<>\"'　（）()]*")
_URL = re.compile(r"https?://[^\s<>\"'　（）()、。]+", re.IGNORECASE)
_BARE = re.compile(r"(?<![@\w.])(?:www\.[\w.\-]+\.\w{2,}|[\w\-]+(?:\.[\w\-]+)*\.(?:jp|com|net|org|info))(?:/[^\s<>\"'　（）()、。]*)?")  # fmt: skip
_MAIL = re.compile(r"[A-Za-z0-9._%+\-]+@[A-Za-z0-9.\-]+\.[A-Za-z]{2,}")
_SCHEME = re.compile(r"^\s*(?:javascript|data|file|vbscript|ftp)\s*:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class LinkReading:
    """The first web address and the first mail address of a cell."""

    url: str = ""
    email: str = ""
    doubts: tuple[str, ...] = ()


def read_links(cell: str) -> LinkReading:
    """Return the links of a cell; anything but http and https is left out and told."""
    if _PLAIN.fullmatch(cell):
        return LinkReading(cell)
    if is_blank(cell) or cell.strip() in ("http://", "https://"):
        return LinkReading()
    text = fold(cell).strip()
    if _SCHEME.match(text):
        said = "ホームページの住所ではありません。https:// で始まるものだけ使えます"
        return LinkReading(doubts=(said,))
    return _links_in(text)


def _links_in(text: str) -> LinkReading:
    mail = _MAIL.search(text)
    found = _URL.findall(text)
    if found:
        doubts = ("ホームページが2つ以上あるので、はじめの1つを使います",) if len(found) > 1 else ()
        return LinkReading(found[0], mail[0] if mail else "", doubts)
    if mail:
        return LinkReading("", mail[0])
    bare = _BARE.search(text)
    if bare:
        said = "http:// が抜けているので補いました。開けるか確かめてください"
        return LinkReading(f"http://{bare[0]}", "", (said,))
    return LinkReading(doubts=("ホームページの住所として読めません",))
