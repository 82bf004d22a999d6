"""What the desk's page sent as answers to its questions: ``answer_<fact>`` fields."""

from __future__ import annotations

from collections.abc import Mapping

from knowledge.models import Knowledge
from service.triage.answers import fits_kind

PREFIX = "answer_"
_WORDS: Mapping[str, bool | None] = {
    "yes": True, "true": True, "no": False, "false": False, "unknown": None,
}  # fmt: skip


def answers_in(fields: Mapping[str, str], knowledge: Knowledge) -> dict[str, bool | int | None]:
    """Return fact → yes/no, a number or None (asked, unknown); what is neither is left out."""
    found: dict[str, bool | int | None] = {}
    known = {fact.code: fact for fact in knowledge.facts}
    for name, typed in fields.items():
        fact, text = known.get(name.removeprefix(PREFIX)), typed.strip()
        if fact is None or not (text in _WORDS or (text.isdecimal() and len(text) < 10)):
            continue
        value = _WORDS[text] if text in _WORDS else int(text)
        if fits_kind(value, fact):
            found[fact.code] = value
    return found
