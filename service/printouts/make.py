"""From a case to one of its papers, and the desk's own changes to it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date

from knowledge.models import Knowledge
from service.cases.models import Case, Referral
from service.cases.sharing import may_share
from service.cases.words import PRINTS, PrintKind
from service.errors import BadInput, DeskError, NotFound
from service.printouts import emergency, packet, referral_sheet, slip
from service.printouts.furigana import add_furigana, without_a_reading
from service.printouts.models import Printout, Section
from service.printouts.ruby import without_readings
from service.printouts.safety import telling_words

MAX_SECTION = 20_000
# XML, and so Word, has no place for these.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff￾￿]")


class NotShareable(DeskError):
    """The paper may not leave the desk; the message says what to do."""

    code = "not_shareable"
    status = 409


def make_printout(
    case: Case,
    kind: PrintKind,
    knowledge: Knowledge,
    today: date,
    viewer_name: str,
    referral_id: str = "",
    included: Collection[str] = (),
) -> Printout:
    """Return the paper as it is before the desk changes it.

    ``referral_id`` chooses for whom a つなぎ票 is ("": the first open one).  ``included`` are
    connections to put on the slip although they are left out for safety.  Raises NotShareable
    without consent, NotFound for an unknown connection.
    """
    sharing = may_share(case, kind)
    if not sharing.allowed:
        raise NotShareable(sharing.warning)
    name, basis = knowledge.town.name, sharing.basis
    if kind == "slip":
        return _slip(case, knowledge, basis, today, included)
    if kind == "referral":
        to = referral_to(case, referral_id)
        title = referral_sheet.TITLE
        parts = referral_sheet.referral_sections(case, to, knowledge, basis, viewer_name)
    elif kind == "packet":
        title = packet.TITLE
        parts = packet.packet_sections(case, knowledge, basis, viewer_name)
    else:
        title = emergency.TITLE
        parts = emergency.emergency_sections(case, knowledge, basis, viewer_name)
    return Printout(kind, title, name, parts, basis, sharing.warning, case.label, today)


def referral_to(case: Case, referral_id: str) -> Referral:
    """Return the connection that is asked for, without an id the first that is still going on.

    Raises NotFound.
    """
    if not case.referrals:
        raise NotFound("つなぎ先がまだありません。先に、相談の画面でつなぎ先を選んでください。")
    if not referral_id:
        going_on = (r for r in case.referrals if r.state not in ("refused", "closed"))
        return next(going_on, case.referrals[0])
    for referral in case.referrals:
        if referral.id == referral_id:
            return referral
    raise NotFound("そのつなぎ先はありません。相談の画面から開き直してください。")


def with_edits(printout: Printout, edits: Mapping[str, str]) -> Printout:
    """Return the paper with the desk's own text; an emptied section is left out.

    ``edits`` maps keys of sections to text.  Raises BadInput for a text that is too long.
    """
    parts = (
        replace(s, body=_clean(edits[s.key], s) if s.key in edits else s.body)
        for s in printout.sections
    )
    kept = tuple(s for s in parts if s.body.strip())
    return (
        _looked_over(replace(printout, sections=kept))
        if printout.is_slip
        else replace(printout, sections=kept)
    )


def with_furigana(printout: Printout, knowledge: Knowledge) -> Printout:
    """Return the paper with a reading over each kanji that has none yet; places keep none."""
    names = slip.place_names(knowledge)
    parts = tuple(replace(s, body=add_furigana(s.body, names)) for s in printout.sections)
    return _looked_over(replace(printout, sections=parts))


def as_text(printout: Printout) -> str:
    """Return the paper as plain text, without readings: for a file or a message."""
    head = f"{printout.title}（{printout.town_name}）{printout.number}"
    parts = (
        f"【{without_readings(s.heading)}】\n{without_readings(s.body)}" for s in printout.sections
    )
    return "\n\n".join((head, *parts)) + "\n"


def file_name(printout: Printout, number: str, ending: str) -> str:
    """Return a name for the file that says nothing about the person."""
    return f"tsunagi-{number}-{printout.kind}.{ending}"


def words_for(kind: PrintKind) -> str:
    """Return what the desk calls the paper."""
    return PRINTS[kind]


def _slip(
    case: Case, knowledge: Knowledge, basis: str, today: date, included: Collection[str]
) -> Printout:
    made = Printout(
        kind="slip",
        title=add_furigana(slip.TITLE),
        town_name=knowledge.town.name,
        sections=slip.slip_sections(case, knowledge, included),
        basis=basis,
        warning="",
        printed_on=today,
        withheld=slip.withheld_from(case, included),
    )
    return _looked_over(made)


def _looked_over(printout: Printout) -> Printout:
    """Say what the desk should look at before it hands the slip over."""
    text = "\n".join(line for s in printout.sections for line in (s.heading, s.body))
    plain = without_readings(text)
    telling = telling_words(plain)
    warning = (
        f"病気や困りごとが分かる言葉があります（{'、'.join(telling)}）。家の人が見てもよいか、本人に確かめてください。"
        if telling
        else ""
    )
    return replace(printout, warning=warning, to_check=without_a_reading(text))


def _clean(text: str, section: Section) -> str:
    tidy = _UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip("\n")
    if len(tidy) > MAX_SECTION:
        raise BadInput(
            f"「{without_readings(section.heading)}」が長すぎます（{len(tidy):,}文字）。"
            f"{MAX_SECTION:,}文字以内にしてください。"
        )
    return tidy
