"""Noto Sans JP in two weights, cut down to the letters of one document.

The font comes as one variable file.  Making a whole weight of it takes 7 s, making the few
hundred letters of a page 0.2 s, so each document gets its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from io import BytesIO
from threading import Lock
from typing import Literal

from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer
from reportlab.pdfbase import pdfmetrics, ttfonts

Weight = Literal["regular", "bold"]
NAMES: dict[Weight, str] = {"regular": "TsunagiRegular", "bold": "TsunagiBold"}
_WEIGHTS: dict[Weight, int] = {"regular": 400, "bold": 700}
_UNUSED = ["BASE", "GDEF", "GPOS", "GSUB", "STAT", "VORG", "vhea", "vmtx"]
# Stands for a letter that the font lacks.
MISSING = "〓"
# ReportLab keeps its fonts by name for the whole process.
_LOCK = Lock()


@contextmanager
def fonts_for(text: str) -> Iterator[None]:
    """Have the fonts of ``NAMES`` hold every letter of ``text``; one document at a time."""
    letters = "".join(sorted({*text, MISSING, *" 0123456789/"}))
    with _LOCK:
        faces = [_register(weight, letters) for weight in NAMES]
        try:
            yield
        finally:
            # There is no public way to forget a font, and one of a name is never replaced.
            for name, face in zip(NAMES.values(), faces, strict=True):
                pdfmetrics._fonts.pop(name, None)  # type: ignore[attr-defined]  # not in the stubs
                pdfmetrics._dynFaceNames.pop(face, None)  # type: ignore[attr-defined]  # not in the stubs


def drawable(text: str) -> str:
    """Return the text with a mark in place of each letter that the font lacks."""
    known = _known()
    return "".join(c if ord(c) in known or c == "\n" else MISSING for c in text)


def _register(weight: Weight, letters: str) -> bytes:
    """Make the font known under its name; return what its face is called."""
    font = ttfonts.TTFont(NAMES[weight], _cut(letters, weight))
    pdfmetrics.registerFont(font)
    # A kind of bytes that ReportLab keys its faces by.
    return font.face.name  # type: ignore[no-any-return]  # not in the stubs


def _cut(letters: str, weight: Weight) -> BytesIO:
    options = subset.Options()
    options.layout_features = []
    options.hinting = False
    options.drop_tables += _UNUSED
    cutter = subset.Subsetter(options)
    cutter.populate(text=letters)
    with TTFont(_path(), lazy=True, recalcTimestamp=False) as font:
        cutter.subset(font)
        instancer.instantiateVariableFont(font, {"wght": _WEIGHTS[weight]}, inplace=True)
        # Both weights are called the same, and ReportLab would take one for the other.
        font["name"].setName(f"NotoSansJP-{weight}", 6, 3, 1, 0x409)
        font["name"].setName(f"NotoSansJP-{weight}", 6, 1, 0, 0)
        out = BytesIO()
        font.save(out)
    out.seek(0)
    return out


@cache
def _known() -> frozenset[int]:
    with TTFont(_path(), lazy=True) as font:
        return frozenset(font.getBestCmap())


def _path() -> str:
    # A package that holds font files and nothing else we use.
    return str(files("justmytype_intl_cjk") / "fonts/ofl/notosansjp/NotoSansJP[wght].ttf")
