"""本人に渡す紙: where to go, when, with what and what to say; nothing about why."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from knowledge.models import Knowledge
from service.cases.models import Case, Referral, Target
from service.printouts.desk_contact import desk_contact
from service.printouts.furigana import add_furigana
from service.printouts.models import Section, Withheld
from service.printouts.ruby import KANJI
from service.printouts.safety import why_withheld

TITLE = "これから行くところ"
_OVER = ("refused", "closed")
_CITY = re.compile(f"[都道府県]([{KANJI}]{{2,4}}?)[市郡]")
_IN_BRACKETS = re.compile(r"[（(]([^）)]+)[）)]")
_FIRST_PLACE = re.compile(r"(?:.{2,4}?[都道府県])?(.{1,8}?[市区町村])")


def slip_sections(
    case: Case, knowledge: Knowledge, included: Collection[str]
) -> tuple[Section, ...]:
    """Return the parts of the slip.  ``included``: referrals to print in spite of the danger."""
    shown = [r for r in _going_on(case) if r.id in included or not why_withheld(case, r)]
    places = (_place(number, r, knowledge) for number, r in enumerate(shown, 1))
    names = place_names(knowledge)
    return tuple(
        Section(add_furigana(s.heading, names), add_furigana(s.body, names), s.key)
        for s in (_opening(len(shown)), *places, _desk(knowledge))
    )


def place_names(knowledge: Knowledge) -> frozenset[str]:
    """Return the names of places in the town's records: only the town knows how they are read."""
    addresses = (resource.contact.address for resource in knowledge.resources)
    cities = (name for address in addresses for name in _CITY.findall(address))
    return frozenset(name for name in (*knowledge.town.districts, *cities) if len(name) > 1)


def withheld_from(case: Case, included: Collection[str]) -> tuple[Withheld, ...]:
    """Return the connections that the slip leaves out for safety."""
    found = ((r, why_withheld(case, r)) for r in _going_on(case) if r.id not in included)
    return tuple(Withheld(r.id, r.target.window or r.target.name, why) for r, why in found if why)


def could_be_withheld(case: Case) -> tuple[Withheld, ...]:
    """Return every connection that would be left out if nobody ticked it."""
    return withheld_from(case, ())


def _going_on(case: Case) -> list[Referral]:
    return [r for r in case.referrals if r.state not in _OVER]


def _opening(count: int) -> Section:
    what = (
        "つぎの ところに 行ってください。" if count else "つぎに することは、窓口の人と 決めます。"
    )
    show = "行ったら、この紙を みせてください。" if count else ""
    body = "\n".join(line for line in (what, show) if line)
    return Section("はじめに", body, "opening")


def _place(number: int, referral: Referral, knowledge: Knowledge) -> Section:
    target = referral.target
    lines = [
        *_one("いつ", target.hours or "行く前に、電話で聞いてください"),
        *_one("電話", target.phone),
        *_one("さいしょに", target.first_step),
        "■ 持っていくもの",
        *(f"　□ {thing}" for thing in target.bring or ("この紙",)),
        *_one("だれに言うか", "受付の人に、この紙を みせてください"),
        *_one("住所", target.address),
        *_one("行き方", _way(target, knowledge)),
        *_one("お金", target.cost),
    ]
    return Section(f"{number}　{_where(target)}", "\n".join(lines), f"place_{referral.id}")


def _where(target: Target) -> str:
    """Return the window: the name of a service may say what is the matter."""
    return target.window or target.name


def _way(target: Target, knowledge: Knowledge) -> str:
    """Say in words where it is, from what the address says: the town and the building."""
    if not target.address:
        return "行く前に、電話で 場所を 聞いてください"
    building = _IN_BRACKETS.search(target.address)
    inside = f"「{building[1]}」です。" if building else ""
    rest = target.address.removeprefix(knowledge.town.prefecture)
    if rest.startswith(knowledge.town.name):
        return f"町の中です。{inside}わからないときは、電話で 聞いてください"
    place = _FIRST_PLACE.match(rest)
    far = f"{place[1]}にあります。" if place else ""
    return f"{far}{inside}行く前に、電話で 行き方を 聞いてください"


def _desk(knowledge: Knowledge) -> Section:
    contact = desk_contact(knowledge)
    lines = [
        "行けないとき、わからないときは、電話してください。",
        *_one("電話", f"{contact.phone}（{contact.name}）"),
        *_one("いつ", contact.hours),
    ]
    return Section("困ったときの電話", "\n".join(lines), "desk")


def _one(label: str, text: str) -> Iterator[str]:
    if text:
        yield f"■ {label}：{text}"
