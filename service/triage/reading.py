"""Step 1, read: what stands in the note and who appears in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from index.text import normalise, split_sentences, tokenise
from service.triage.models import Person, Reading, Span
from service.triage.people import find_people


def read(note: str, today: date) -> Reading:
    """Return the reading of ``note``; ``today`` turns birth years into ages."""
    normalised = normalise(note)
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
