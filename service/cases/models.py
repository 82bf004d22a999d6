"""A case as one frozen document: everything the desk knows and decided, in masked words.

One document, so that a former version can be put back whole.  Times are UTC, dates are the
town's.  ``by`` and ``actor`` are ids of people (never names).
"""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field

from service.cases.days import day_of
from service.cases.words import (
    AgeGroup,
    CaseState,
    Channel,
    ClosedReason,
    Consent,
    FlagDecision,
    ReferralState,
    RefusedReason,
    RejectedReason,
)

MAX_TEXT = 20_000
MAX_MEMO = 2_000


class Part(BaseModel):
    """A frozen piece of a case; an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ProblemRead(Part):
    """A trouble (課題) read in the note.  ``quote`` is masked."""

    code: str
    label: str
    person: str = ""
    quote: str = ""
    categories: tuple[str, ...] = ()


class FlagSeen(Part):
    """A red flag (緊急・通報) that was shown, and what the desk decided about it."""

    code: str
    label: str
    duty: str
    article: str
    recipient: str
    phone: str = ""
    first_response: str
    quotes: tuple[str, ...] = ()
    source: str = "rule"
    shown_at: datetime
    decision: FlagDecision = "undecided"
    decided_at: datetime | None = None
    decided_by: str | None = None
    memo: str = Field("", max_length=MAX_MEMO)


class Target(Part):
    """Whom to connect to, as it was known that day.

    ``kind`` "own" is what the desk wrote itself.  ``record_id`` is the local record (the
    town's window for a service), "" when there is none.
    """

    kind: str = "service"
    category: str = ""
    category_label: str = ""
    service_id: str = ""
    record_id: str = ""
    name: str = Field(min_length=1, max_length=200)
    window: str = ""
    phone: str = ""
    hours: str = ""
    address: str = ""
    provides: str = ""
    first_step: str = ""
    bring: tuple[str, ...] = ()
    cost: str = ""
    consent: str = ""

    @property
    def key(self) -> str:
        """What tells this target from the others of one answer."""
        return f"{self.kind}:{self.service_id or self.name}"


class Shown(Part):
    """A suggestion that was on the screen."""

    rank: int = Field(ge=1)
    target: Target
    score: float
    reason: str = ""
    eligibility: str = "unknown"
    eligibility_text: tuple[str, ...] = ()
    verified_on: date | None = None


class Step(Part):
    """One move of a referral."""

    state: ReferralState
    at: datetime
    by: str
    reason: RefusedReason | None = None
    memo: str = Field("", max_length=MAX_MEMO)


class Referral(Part):
    """A connection (つなぎ) the desk makes, and how far it has come."""

    id: str
    target: Target
    why: str = Field("", max_length=MAX_MEMO)
    state: ReferralState = "chosen"
    reason: RefusedReason | None = None
    next_on: date | None = None
    steps: tuple[Step, ...] = Field(min_length=1)

    @property
    def contacted_at(self) -> datetime | None:
        """When the desk first reached them (or they refused): the end of the waiting."""
        return next((step.at for step in self.steps if step.state != "chosen"), None)


class Rejected(Part):
    """A suggestion that the desk did not follow, and why."""

    target: Target
    reason: RejectedReason
    memo: str = Field("", max_length=MAX_MEMO)


class Answered(Part):
    """A question that was asked at the desk, and the answer in words."""

    fact: str
    question: str
    answer: str


class Advice(Part):
    """Back-up (後方支援) asked of the prefecture: the packet that went out, and what came back."""

    id: str
    asked_at: datetime
    asked_by: str
    to: str
    question: str = Field("", max_length=MAX_MEMO)
    packet: str = Field("", max_length=MAX_TEXT)
    answered_at: datetime | None = None
    answered_by: str | None = None
    answer: str = Field("", max_length=MAX_TEXT)


class Case(Part):
    """One consultation (相談) from the note to its end."""

    town_code: str
    id: str
    number: int = Field(ge=1)
    opened_at: datetime
    opened_by: str
    state: CaseState = "open"
    channel: Channel = "visit"
    text: str = Field(max_length=MAX_TEXT)
    people: tuple[str, ...] = ()
    age_group: AgeGroup = "unknown"
    district: str = ""
    route: str
    problems: tuple[ProblemRead, ...] = ()
    uncovered: tuple[str, ...] = ()
    answers: tuple[Answered, ...] = ()
    flags: tuple[FlagSeen, ...] = ()
    shown: tuple[Shown, ...] = ()
    referrals: tuple[Referral, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    consent: Consent = "unknown"
    consent_on: date | None = None
    consent_memo: str = Field("", max_length=MAX_MEMO)
    memo: str = Field("", max_length=MAX_MEMO)
    next_on: date | None = None
    advice: tuple[Advice, ...] = ()
    closed_at: datetime | None = None
    closed_reason: ClosedReason | None = None
    # Which release and model answered, as in Triage.model.
    model: dict[str, str] = {}
    revision: int = Field(1, ge=1)
    updated_at: datetime
    updated_by: str

    @property
    def label(self) -> str:
        """What people call the case: the year and the running number, no name."""
        return f"{day_of(self.opened_at).year}-{self.number:04d}"

    @property
    def due_on(self) -> date | None:
        """The next date anything of this case is to be looked at."""
        if self.state == "closed":
            return None
        dates = [r.next_on for r in self.referrals if r.next_on and r.state != "closed"]
        return min([*dates, *([self.next_on] if self.next_on else [])], default=None)

    @property
    def has_open_flag(self) -> bool:
        """Whether somebody has still to decide about a red flag."""
        return any(flag.decision == "undecided" for flag in self.flags)


class NewCase(Part):
    """What the desk wants to keep of an answered note, before it has a number."""

    channel: Channel = "visit"
    text: str = Field(max_length=MAX_TEXT)
    people: tuple[str, ...] = ()
    age_group: AgeGroup = "unknown"
    district: str = ""
    route: str
    problems: tuple[ProblemRead, ...] = ()
    uncovered: tuple[str, ...] = ()
    answers: tuple[Answered, ...] = ()
    flags: tuple[FlagSeen, ...] = ()
    shown: tuple[Shown, ...] = ()
    chosen: tuple[tuple[Target, str], ...] = ()
    rejected: tuple[Rejected, ...] = ()
    consent: Consent = "unknown"
    consent_memo: str = Field("", max_length=MAX_MEMO)
    memo: str = Field("", max_length=MAX_MEMO)
    next_on: date | None = None
    model: dict[str, str] = {}
