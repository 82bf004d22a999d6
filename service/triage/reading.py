"""Step 1, read: what stands in the note and who appears in it.

Blanks inside a sentence are closed here, once, so that every reader of the text (people,
problems, facts, red flags, search) sees whole words; positions still lead to the note as given.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

from index.text import Normalised, normalise, split_sentences, tokenise
from service.triage.models import Person, Reading, Span
from service.triage.people import find_people

_JAPANESE = "ぁ-んァ-ヶー一-龥"
# やさしい日本語: 「でんきが とまって」
_AFTER_PARTICLE = re.compile(rf"(?<=[はがをにでともへのてや]) +(?=[{_JAPANESE}])")
_BETWEEN_WORDS = re.compile(rf"(?<=[{_JAPANESE}]) +(?=[{_JAPANESE}])")
# OCR: 「手首 の 傷」 (a letter with a blank on both sides), 「止 まった」 (kanji cut from its ending)
_AROUND_A_LETTER = re.compile(
    rf"(?<=[{_JAPANESE}]) (?=[{_JAPANESE}] [{_JAPANESE}])"
    rf"|(?<=[{_JAPANESE}] [{_JAPANESE}]) (?=[{_JAPANESE}])"
)
_BEFORE_AN_ENDING = re.compile(r"(?<=[一-龥]) (?=[ぁ-ん])")


def read(note: str, today: date) -> Reading:
    """Return the reading of ``note``; ``today`` turns birth years into ages."""
    normalised = close_gaps(normalise(note))
    ranges = split_sentences(normalised.text)
    tokens = tokenise(normalised.text)
    people = tuple(
        _as_written(person, note) for person in find_people(normalised, tokens, ranges, today)
    )
    return Reading(note, normalised, ranges, tokens, people)


def _as_written(person: Person, note: str) -> Person:
    """Give the person's span the words of the original note, not of its normalised form."""
    start, end = person.span.start, person.span.end
    return replace(person, span=Span(note[start:end], start, end))


def close_gaps(normalised: Normalised) -> Normalised:
    """Take the blanks out that やさしい日本語 and OCR put between words and inside them.

    A blank after a particle goes.  One after another word often stands for a full stop, and
    goes only where full stops are written and blanks are far more frequent, around a letter
    that stands alone, or between a kanji and hiragana.
    """
    text, origin = normalised.text, normalised.origin
    if " " not in text:
        return normalised
    spaced = 0 < 2 * text.count("。") <= len(_BETWEEN_WORDS.findall(text))
    patterns = (
        (_BETWEEN_WORDS,) if spaced else (_AFTER_PARTICLE, _AROUND_A_LETTER, _BEFORE_AN_ENDING)
    )
    gaps = {i for p in patterns for gap in p.finditer(text) for i in range(*gap.span())}
    if not gaps:
        return normalised
    kept = [i for i in range(len(text)) if i not in gaps]
    return Normalised(
        "".join(text[i] for i in kept), (*(origin[i] for i in kept), origin[len(text)])
    )
