"""What triage says: frozen records that travel from one step of the chain to the next.

All ``start``/``end`` are half-open character offsets into the note as given.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from index.text import Normalised, Token

Scope = Literal["affirmed", "denied", "past", "supposed", "other"]
Route = Literal["refer", "other_department", "insufficient", "none"]
Verdict = Literal["fits", "unknown", "does_not_fit"]
# Whose record stands behind a card; "national" when only the catalogue does.
SuggestionLayer = Literal["national", "prefecture", "town"]
# How a question is answered on a screen.
AnswerKind = Literal["bool", "number", "age"]
Duty = Literal["義務", "努力義務", "義務／努力義務", "できる", "案内"]


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of the note: ``note[start:end] == text``."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody the note speaks of (登場人物).

    ``role`` is seen from the person consulted about (本人, 母, 長男 …).  An exact age has
    ``age_min == age_max``; 80代 is 80–89; unknown ages are None.
    """

    role: str
    age_min: int | None
    age_max: int | None
    age_text: str
    gender: Literal["male", "female", "unknown"]
    span: Span

    @property
    def label(self) -> str:
        """Role and age as a person would say them: 母（84歳）."""
        return f"{self.role}（{self.age_text}）" if self.age_text else self.role


@dataclass(frozen=True, slots=True)
class Reading:
    """The note after reading it once: text, sentences, words and people.

    ``ranges`` are the sentences as offsets into ``normalised.text``.
    """

    note: str
    normalised: Normalised
    ranges: tuple[tuple[int, int], ...]
    tokens: tuple[Token, ...]
    people: tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """Something the note says that eligibility depends on; ``value`` is yes/no or a number."""

    code: str
    value: bool | int
    evidence: Span


@dataclass(frozen=True, slots=True)
class Problem:
    """A trouble (課題) read in the note, with the categories it calls for."""

    code: str
    label: str
    person: str
    categories: tuple[str, ...]
    weight: float
    evidence: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Denied:
    """A trouble the note names and denies, or tells as past or as somebody else's."""

    code: str
    label: str
    scope: Scope
    categories: tuple[str, ...]
    evidence: Span


@dataclass(frozen=True, slots=True)
class RedFlag:
    """An urgent danger or legal duty (緊急・通報).

    ``source`` is 'rule' for the explicit rules and 'model' for what the trained model adds
    to be checked (要確認).
    """

    code: str
    label: str
    first_response: str
    duty: Duty
    article: str
    recipient: str
    phone: str
    ask: str
    evidence: tuple[Span, ...]
    source: Literal["rule", "model"] = "rule"


@dataclass(frozen=True, slots=True)
class Assessment:
    """What is wrong and how urgent, and which facts are known."""

    problems: tuple[Problem, ...]
    denied: tuple[Denied, ...]
    red_flags: tuple[RedFlag, ...]
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Eligibility:
    """Whether somebody in the household can use it, and which facts decide.

    ``deciding_facts`` are fact codes: the ones that fit, the one that excludes, or the
    ones still to be asked.
    """

    verdict: Verdict
    deciding_facts: tuple[str, ...] = ()
    text: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ContactCard:
    """Whom to call, in words for the screen."""

    window: str
    phone: str
    hours: str
    address: str
    url: str


@dataclass(frozen=True, slots=True)
class PastRefusal:
    """The desk asked there and it came to nothing, ``days_ago`` days before this answer."""

    on: date
    reason: str
    days_ago: int


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One card of the list: a sector service or a local resource, with its reason.

    ``record_id`` is the local record behind the card (a service's is the window this town uses
    for it, or empty); ``layer`` says whose record that is.  ``verified_on``, ``verified_by`` and
    ``due_on`` are those of the oldest thing on the card.  ``refusals`` are those of the last half
    year, newest first.  ``is_doubted``: the desk found the place gone or the record wrong, and
    nobody has verified it since.  ``why_not_higher`` is the strongest difference to what stands
    above it, "" for the first.
    """

    rank: int
    category: str
    category_label: str
    service_id: str
    name: str
    kind: Literal["service", "resource"]
    level: str
    score: float
    reason: str
    provides: str
    evidence: tuple[Span, ...]
    eligibility: Eligibility
    contact: ContactCard
    cost: str
    bring: tuple[str, ...]
    consent: str
    next_step: str
    status: str
    status_note: str
    verified_on: date
    is_stale: bool
    verified_by: str
    due_on: date
    layer: SuggestionLayer
    record_id: str
    refusals: tuple[PastRefusal, ...]
    is_doubted: bool
    why_not_higher: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask next, which services (or flags) the answer decides, and what would change.

    ``label`` is the statement that a yes affirms: a question may be put the other way round.
    Without a ``fact`` the answer is not taken in here.
    """

    text: str
    fact: str
    decides: tuple[str, ...]
    effects: tuple[str, ...] = ()
    kind: AnswerKind = "bool"
    label: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """A question that was answered: はい (to ``label``), a number, or None for 分からない."""

    fact: str
    question: str
    label: str
    kind: AnswerKind
    value: bool | int | None
    words: str


@dataclass(frozen=True, slots=True)
class Triage:
    """The whole answer to one note.

    ``changes`` says what the ``answered`` questions made of the list, against the note alone.
    """

    route: Route
    red_flags: tuple[RedFlag, ...]
    problems: tuple[Problem, ...]
    denied: tuple[Denied, ...]
    people: tuple[Person, ...]
    suggestions: tuple[Suggestion, ...]
    questions: tuple[Question, ...]
    uncovered: tuple[str, ...]
    ranked_categories: tuple[str, ...]
    model: dict[str, str]
    elapsed_ms: float
    timings_ms: dict[str, float] = field(default_factory=dict)
    changes: tuple[str, ...] = ()
    answered: tuple[Said, ...] = ()
