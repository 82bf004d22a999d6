"""Addresses: postal code, prefecture and municipality split off where certain, the rest kept."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import NamedTuple

from knowledge.importing.codes import prefectures
from knowledge.importing.text import is_blank

_POSTAL = re.compile(r"[〒\s]*(\d{3})-?(\d{4})(?!\d)[\s、]*")
_NARROW = str.maketrans(
    "０１２３４５６７８９ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ\u3000－−‐‑‒–—―─～〜ｰ",
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ ---------~~ー",
)
# Between digits a dash of any kind, and the long vowel too, parts house numbers.
_DASH_BETWEEN = re.compile(r"(?<=\d)\s*[ー~-]\s*(?=\d)")
_WIDE = re.compile(f"[{''.join(map(chr, _NARROW))}]")
_BLANKS = re.compile(r"\s+")
_MOST_CITY_CHARS = 12
_COUNTY = re.compile(r"[^\d\s]{1,5}?郡(?=.)")
_MUNICIPALITY = re.compile(
    r"(?:[^\d\s市区町村郡]{1,5}郡)?[^\d\s]{1,6}?(?:市[^\d\s市区町村]{1,4}区|[市区町村])"
)


@dataclass(frozen=True, slots=True)
class Home:
    """The town whose desk imports: what an address without prefecture may belong to."""

    prefecture: str = ""
    city: str = ""


class AddressReading(NamedTuple):
    """The whole address as shown, and the parts that are certain (a tuple: every row makes one)."""

    text: str = ""
    postal_code: str = ""
    prefecture: str = ""
    city: str = ""
    rest: str = ""
    doubts: tuple[str, ...] = ()


def read_address(
    address: str,
    prefecture: str = "",
    city: str = "",
    building: str = "",
    home: Home = Home(),
    known: frozenset[str] = frozenset(),
) -> AddressReading:
    """Return one address from its cells.

    The municipality is certain when a column names it, when the text begins with the
    home town, or with exactly one of the ``known`` municipalities of its prefecture;
    otherwise ``city`` stays empty and the text whole.
    """
    text = tidy_address(address)
    postal = _POSTAL.match(text)
    postal_code = f"{postal[1]}-{postal[2]}" if postal else ""
    if postal:
        text = text[postal.end() :]
    own = _own_prefecture(text, prefecture)
    rest = text[len(own) :].lstrip() if own else text
    name = own or prefecture
    place = tidy_address(city).removeprefix(name) if city else ""
    doubts: tuple[str, ...] = ()
    if prefecture and own and own != prefecture:
        doubts = (f"住所は{own}ですが、都道府県の列は{prefecture}です",)
    county = ""
    if place:
        county, rest = _without_city(rest, place)
    else:
        place, rest = _split(rest, name, home, known)
    if place and place == home.city and not name:
        name = home.prefecture
    whole = name + county + place + rest
    extra = tidy_address(building)
    if extra and extra not in whole:
        whole, rest = f"{whole} {extra}".strip(), f"{rest} {extra}".strip()
    return AddressReading(whole, postal_code, name, place, rest, doubts)


def tidy_address(text: str) -> str:
    """Return the text with narrow digits, plain hyphens between them and single blanks."""
    if is_blank(text):
        return ""
    narrow = (text.translate(_NARROW) if _WIDE.search(text) else text).strip()
    # Both substitutions cost more than all the rest, and few addresses need them.
    if "ー" in narrow or "~" in narrow or " -" in narrow or "- " in narrow:
        narrow = _DASH_BETWEEN.sub("-", narrow)
    if "  " in narrow or "\n" in narrow or "\r" in narrow or "\t" in narrow:
        narrow = _BLANKS.sub(" ", narrow)
    return narrow


@lru_cache(maxsize=8_192)
def split_place(text: str) -> tuple[str, str]:
    """Return prefecture and municipality of a cell that holds both and nothing else."""
    tidy = tidy_address(text)
    match = _prefecture().match(tidy)
    return (match[0], tidy[match.end() :].strip()) if match else ("", tidy)


def _without_city(rest: str, city: str) -> tuple[str, str]:
    """Return the county and what follows the municipality; its ward alone may stand there."""
    for shape in _shapes(city):
        if rest.startswith(shape):
            return "", rest[len(shape) :].lstrip()
    county = _COUNTY.match(rest)
    if county and rest[county.end() :].startswith(city):
        return county[0], rest[county.end() + len(city) :].lstrip()
    return "", rest


@lru_cache(maxsize=8_192)
def _shapes(city: str) -> tuple[str, ...]:
    """Return how an address may begin that lies in this municipality, longest first."""
    shapes = [city]
    county = _COUNTY.match(city)
    if county:
        shapes.append(city[county.end() :])
    ward = re.fullmatch(r"(.+?市)(.+区)", city)
    if ward:
        shapes += [ward[2], ward[1]]
    return tuple(shapes)


def _split(rest: str, prefecture: str, home: Home, known: frozenset[str]) -> tuple[str, str]:
    if home.city and prefecture in ("", home.prefecture) and rest.startswith(home.city):
        return home.city, rest[len(home.city) :].lstrip()
    if known:
        starting = _by_start(known)
        county = _COUNTY.match(rest)
        for start in (0, county.end()) if county else (0,):
            for city in starting.get(rest[start : start + 2], ()):
                if rest.startswith(city, start):
                    end = start + len(city)
                    return rest[:end], rest[end:].lstrip()
    return "", rest


@lru_cache(maxsize=8)
def _by_start(known: frozenset[str]) -> dict[str, list[str]]:
    """Return the municipalities by their first two characters."""
    starting: dict[str, list[str]] = {}
    # Longest first: 四日市市, not 四日市 and 市….
    for city in sorted(known, key=len, reverse=True):
        if 2 <= len(city) <= _MOST_CITY_CHARS:
            starting.setdefault(city[:2], []).append(city)
    return starting


def elsewhere(address: AddressReading, home: Home) -> bool:
    """True when the address names another municipality than the home town."""
    if not home.city:
        return False
    if address.city:
        return home.city not in address.city
    match = _MUNICIPALITY.match(address.text)
    return bool(match and home.city not in match[0] and match[0][-1] in "市村")


def _own_prefecture(text: str, expected: str) -> str:
    """Return the prefecture an address begins with; the ``expected`` one needs no search."""
    if expected and text.startswith(expected) and expected in prefectures().values():
        return expected
    own = _prefecture().match(text)
    return own[0] if own else ""


@cache
def _prefecture() -> re.Pattern[str]:
    return re.compile("|".join(prefectures().values()))
