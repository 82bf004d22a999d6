"""Numbers in cells: how many places, and where on the map."""

from __future__ import annotations

import re
from dataclasses import dataclass

from knowledge.importing.text import fold, is_blank

_PLACES = re.compile(r"(?:約|定員|最大|各)?\s*(\d{1,3}(?:,\d{3})+|\d+)(?:\.0+)?\s*(?:人|名|人程度|名程度|床|室|世帯|組)?(?:程度|まで|以内)?")  # fmt: skip
_MOST_PLACES = 5_000
# The islands of Japan, Okinotorishima and Minamitorishima included.
_LATITUDES = (20.0, 46.0)
_LONGITUDES = (122.0, 154.5)


@dataclass(frozen=True, slots=True)
class PlacesReading:
    """How many people are taken; None when nothing is said or it is not one number."""

    places: int | None = None
    doubts: tuple[str, ...] = ()


def read_places(cell: str) -> PlacesReading:
    """Return the number of places; 0 means 「not filled in」 in the published lists."""
    if cell.isdecimal() and cell.isascii() and 0 < len(cell) <= 3:
        number = int(cell)
        return PlacesReading(number or None)
    if is_blank(cell):
        return PlacesReading()
    match = _PLACES.fullmatch(fold(cell).strip())
    if not match:
        return PlacesReading(doubts=("定員が1つの数ではありません",))
    number = int(match[1].replace(",", ""))
    if number > _MOST_PLACES:
        return PlacesReading(doubts=(f"定員 {number} は大きすぎます。確かめてください",))
    return PlacesReading(number or None)


@dataclass(frozen=True, slots=True)
class PointReading:
    """A place on the map as written; both empty when it is none in Japan."""

    latitude: str = ""
    longitude: str = ""
    doubts: tuple[str, ...] = ()


def read_point(latitude: str, longitude: str) -> PointReading:
    """Return the point; 0.0 means 「unknown」, and a swapped or foreign one is told."""
    if is_blank(latitude) and is_blank(longitude):
        return PointReading()
    north, east = _degrees(latitude), _degrees(longitude)
    if north is None or east is None:
        return PointReading(doubts=("緯度・経度が数字ではありません",))
    if north == 0 or east == 0:
        return PointReading()
    if _within(north, _LATITUDES) and _within(east, _LONGITUDES):
        return PointReading(_seven(latitude), _seven(longitude))
    if _within(east, _LATITUDES) and _within(north, _LONGITUDES):
        return PointReading(doubts=("緯度と経度が入れ替わっているようです",))
    return PointReading(doubts=("緯度・経度が日本の外です",))


def _degrees(cell: str) -> float | None:
    try:
        return float(fold(cell))
    except ValueError:
        return None


def _within(value: float, bounds: tuple[float, float]) -> bool:
    return bounds[0] <= value <= bounds[1]


def _seven(cell: str) -> str:
    """Return seven decimals at most: one centimetre, where the lists print fifteen."""
    whole, dot, part = (cell if cell.isascii() else fold(cell)).strip().partition(".")
    kept = part[:7].rstrip("0")
    return f"{whole}{dot}{kept}" if kept else whole
