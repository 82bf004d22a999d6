"""Step 1, read: what stands in the note and who appears in it."""

from __future__ import annotations

from datetime import date

from index.text import normalise, split_sentences, tokenise
from service.triage.models import Reading
from service.triage.people import find_people


def read(note: str, today: date) -> Reading:
    """Return the reading of ``note``; ``today`` turns birth years into ages."""
    normalised = normalise(note)
    ranges = split_sentences(normalised.text)
    tokens = tokenise(normalised.text)
    people = find_people(normalised, tokens, ranges, today)
    return Reading(note, normalised, ranges, tokens, people)
