"""Who a note speaks of (登場人物): role, age and gender of everybody in the household."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import replace
from datetime import date

from index.text import Normalised, Token
from service.triage.ages import Age, find_ages
from service.triage.mentions import TITLE, Gender, Mention, PeopleWords, people_words, person_words
from service.triage.models import Person, Span

# What may stand between a person word and the age after it: 母(85), 長女・小5, 夫は今年58歳.
_AGE_AFTER = re.compile(
    TITLE + r"(?:\s?は\s?|\s?が\s?|も|の|、|・|:|\(|\s|\d{1,2}人(?:は|が|、|:|\(|\s)?"
    r"|ともに?|はともに|は、|/|\)|,|のほう\(|は[^。、()\d\n]{1,8}\(|\([^()。、\n]{1,12}[・、\s])?"
    r"(?:いま|今年|現在|もう|今|約|満|当年(?:とって)?)?"
)
_AGE_AFTER_BARE = re.compile(
    TITLE + r"(?:\s?は\s?|\s?が\s?|も|の|・|:|\(|\)|,|\s|/|\s?/\s?|ともに?|\d{1,2}人[(\s]"
    r"|\([^()。、\n\d]{1,8}[・、\s]|、(?=いま|今|現在|当年|$))?(?:いま|今年|現在|もう|今|当年(?:とって)?)?"
)
# … and between an age and the person word after it: 81父, 80歳の父親, 42歳で無職の息子.
_AGE_BEFORE = re.compile(r"[)\s]?|[)]?の|になった|[^、。「」()\n・\d]{0,10}の")
_AGE_BEFORE_BARE = re.compile(r"[の\s]?|になった")
_AGE_BEFORE_GENDER = re.compile(
    r"[()\s・、/]?|の|を迎えた|になった|(?:独居|一人暮らし|ひとり暮らし|無職|独身|未婚|高齢|単身|独り身)の?|[^、。「」()\n・\d]{0,10}の"
)
_GENDER_MARK = re.compile(r"[\s(]{0,2}[♂♀MF男女][\s,、・)(]{0,2}")
_GENDER_THEN_WORD = re.compile(r"[♂♀MF男女]\(")  # 60M(息子)
_SEPARATORS = "、・"
_REACH = 16  # characters that may stand between an age and its person word
_CHAIN = re.compile(r"[)\s]?[男女♂♀]?[子児]?[、・,/と\s]{1,2}[♂♀MF]?")


def find_people(
    normalised: Normalised,
    tokens: tuple[Token, ...],
    sentences: tuple[tuple[int, int], ...],
    today: date,
) -> tuple[Person, ...]:
    """Return everybody the note speaks of, in order of appearance, each once.

    The dead and people outside the household (民生委員, 近所の人 …) are left out.
    """
    words, text = people_words(), normalised.text
    ages = find_ages(text, today, words.ages)
    mentions = person_words(text, tokens, words)
    linked = _link(text, mentions, ages, words)
    named = _name_the_unnamed(linked, sentences)
    people = _merge(named, words)
    return tuple(_person(m, normalised) for m in _fold(people, words))


def _link(
    text: str, mentions: tuple[Mention, ...], ages: tuple[Age, ...], words: PeopleWords
) -> tuple[Mention, ...]:
    """Give each age to the nearest person word, and genders to the role or age beside them."""
    roles = [m for m in mentions if m.kind != "gender"]
    genders = [m for m in mentions if m.kind == "gender"]
    role_of = _nearest(text, roles, ages, mentions, words)
    gender_of = _nearest(text, genders, ages, mentions, words)
    linked: list[Mention] = []
    last: Mention | None = None
    for age in ages:
        role, gender = role_of.get(age), gender_of.get(age)
        if role is None and last and _goes_on(text, last, age, words):
            role = replace(last, start=age.start, end=age.end)
            if role.kind == "couple":
                linked[-1] = replace(linked[-1], start=age.start, end=age.end, age=age)
                continue
        elif role is None and gender is None and age.kind == "bare":
            continue
        elif role is None and gender is None and _are_children(text, linked, age):
            linked[-1] = replace(linked[-1], role="子")
            role = replace(linked[-1], start=age.start, end=age.end)
        linked += _with_age(age, role, gender, words)
        last = replace(role, end=age.end, start=role.start) if role else None
    used = set(role_of.values()) | set(gender_of.values())
    for m in mentions:
        if m not in used and m.kind in ("role", "gender"):
            linked.append(m)
    return tuple(sorted(linked, key=lambda m: (m.start, m.end)))


def _nearest(
    text: str,
    candidates: list[Mention],
    ages: tuple[Age, ...],
    everybody: tuple[Mention, ...],
    words: PeopleWords,
) -> dict[Age, Mention]:
    """Pair ages with person words, closest pairs first; a word gets one age, an age one word."""
    pairs: list[tuple[int, int, Age, Mention]] = []
    starts, everywhere = [m.start for m in candidates], [m.start for m in everybody]
    for age in ages:
        first, last = age.start - 2 * _REACH, age.end + _REACH
        close = everybody[bisect_left(everywhere, first) : bisect_left(everywhere, last)]
        for m in candidates[bisect_left(starts, first) : bisect_left(starts, last)]:
            cost = _distance(text, m, age, close, words)
            if cost is not None:
                pairs.append((cost, m.start, age, m))
    taken: dict[Age, Mention] = {}
    given: set[Mention] = set()
    for _, _, age, m in sorted(pairs, key=lambda p: p[:2]):
        if age not in taken and m not in given:
            taken[age] = m
            given.add(m)
    return taken


def _distance(
    text: str, m: Mention, age: Age, everybody: tuple[Mention, ...], words: PeopleWords
) -> int | None:
    """How far apart word and age stand, or None when they cannot belong together."""
    follows = m.end <= age.start
    gap = (m.end, age.start) if follows else (age.end, m.start)
    between = text[gap[0] : gap[1]]
    inside = [o for o in everybody if gap[0] <= o.start and o.end <= gap[1]]
    gendered = bool(inside) and inside[0].kind == "gender"
    mark = _GENDER_MARK if follows else _GENDER_THEN_WORD
    if gendered and mark.fullmatch(between):  # 母♀85, 夫M80
        between = ""
    elif (
        gendered and follows and (m.role == "本人" or between.startswith("の"))
    ):  # 同居人の男性(55)
        between = between.replace(text[inside[0].start : inside[0].end], "", 1)
        between = re.sub(r"^[\s(は、の]+", "(", between)
    elif inside or len(between) > _REACH:
        return None
    if not _joins(between, m, age, follows=follows, words=words):
        return None
    if between[:1] in ("は", "が") and text[age.end : age.end + 1] == "の":  # 相談者は42の長女
        return len(between) + 3
    return len(between) + (3 if any(c in _SEPARATORS for c in between) else 0)


def _joins(between: str, m: Mention, age: Age, *, follows: bool, words: PeopleWords) -> bool:
    """True when what stands between word and age lets them be one person's."""
    bare = age.kind == "bare"
    if (bare and m.kind == "gender" and age.high < 10) or (
        m.role in words.elders and age.high < 15
    ):
        return False
    if follows:
        pattern = _AGE_AFTER_BARE if bare else _AGE_AFTER
        if between == "の" and age.low < 18 and m.role not in words.young:
            return False
    elif m.kind == "gender":
        pattern = _AGE_BEFORE_GENDER
    else:
        pattern = _AGE_BEFORE_BARE if bare else _AGE_BEFORE
        if bare and not between and age.high < 10:  # the 3 of ③本人
            return False
    return pattern.fullmatch(between) is not None


def _goes_on(text: str, last: Mention, age: Age, words: PeopleWords) -> bool:
    """True for the 3歳 of 「子は5歳と3歳」 and the 76 of 「夫婦(81・76)」."""
    many = last.role in words.several or last.kind == "couple"
    return many and _CHAIN.fullmatch(text[last.end : age.start]) is not None


def _are_children(text: str, linked: list[Mention], age: Age) -> bool:
    """True for two ages with nobody's name: 「2歳と0歳、毎日怒ってばかり」 speaks of 子."""
    first = linked[-1] if linked else None
    if first is None or first.role not in ("", "子") or first.age is None or age.high > 15:
        return False
    return first.age.high <= 15 and _CHAIN.fullmatch(text[first.end : age.start]) is not None


def _with_age(
    age: Age, role: Mention | None, gender: Mention | None, words: PeopleWords
) -> list[Mention]:
    parts = [p for p in (role, gender) if p]
    start = min([age.start, *(p.start for p in parts)])
    end = max([age.end, *(p.end for p in parts)])
    sex: Gender = next((p.gender for p in parts if p.gender != "unknown"), "unknown")
    if role is None:
        child = gender is not None and gender.is_child_word
        return [Mention(start, end, "", sex, age, child or age.high <= 15)]
    if role.kind != "couple":
        return [replace(role, start=start, end=end, gender=sex, age=age)]
    both = words.couples[role.role]
    return [Mention(start, end, r, words.gender_of[r], age, kind="couple") for r in both]


def _name_the_unnamed(
    mentions: tuple[Mention, ...],
    sentences: tuple[tuple[int, int], ...],
) -> tuple[Mention, ...]:
    """Turn 「82歳女性」 into 本人 (the first), 子 (a child beside an adult) or 家族."""
    first_end = sentences[0][1] if sentences else 0
    named: list[Mention] = []
    subject = next((m for m in mentions if m.role == "本人"), None)
    for m in mentions:
        if m.kind == "outside":
            continue
        if m.role:
            named.append(m)
            continue
        if m.age and m.age.high <= 1 and m.gender == "unknown":  # 乳児を抱えた女性
            named.append(replace(m, role="子", kind="role"))
        elif subject is None:
            if m.age is None and m.start >= first_end:
                continue
            subject = replace(m, role="本人", kind="role")
            named.append(subject)
        elif m.age is not None:
            role = "本人" if _same(subject, m) else "子" if m.is_child_word else "家族"
            if role == "家族" and m.gender == "unknown":
                continue
            named.append(replace(m, role=role, kind="role"))
    return tuple(named)


def _same(a: Mention, b: Mention) -> bool:
    """True when age and gender allow both to be one person."""
    if "unknown" not in (a.gender, b.gender) and a.gender != b.gender:
        return False
    return not (a.age and b.age) or (a.age.low <= b.age.high and b.age.low <= a.age.high)


def _merge(mentions: tuple[Mention, ...], words: PeopleWords) -> list[Mention]:
    people: list[Mention] = []
    for m in mentions:
        for i, known in enumerate(people):
            one_only = m.role == known.role and m.role not in words.several
            if one_only or (_alike(m.role, known.role, words) and _same(m, known)):
                people[i] = _joined(known, m)
                break
        else:
            people.append(m)
    return people


def _alike(a: str, b: str, words: PeopleWords) -> bool:
    """True for 子 and 長男: two ways to speak of one child; 長男 and 次男 are two."""
    if a == b:
        return True
    vague = {"子", "息子", "娘"}
    return {a, b} <= words.children and bool({a, b} & vague)


def _joined(known: Mention, again: Mention) -> Mention:
    """One person from two mentions: the first words, whichever says more precisely who."""
    vague = {"子": 2, "息子": 1, "娘": 1}
    role = min(known.role, again.role, key=lambda r: vague.get(r, 0))
    gender = known.gender if known.gender != "unknown" else again.gender
    start, end = (
        (known.start, known.end) if known.age or not again.age else (again.start, again.end)
    )
    return replace(
        known,
        start=start,
        end=end,
        role=role,
        gender=gender,
        age=known.age or again.age,
        reports=known.reports or again.reports,
    )


def _fold(people: list[Mention], words: PeopleWords) -> list[Mention]:
    """Leave out second names of one person: 本人 for the 母 a 娘 reports on, 母 of her child."""
    subject = next((p for p in people if p.role == "本人"), None)
    minors = [p for p in people if p.role in words.children and p.age and p.age.low < 18]
    spoken_of = [p for p in people if p.role != "本人" and not p.reports]
    reporter = any(p.reports for p in people)
    kept: list[Mention] = []
    for p in people:
        second_name = p.age is None and (
            p.role == "親"
            or (p is subject and p.gender == "unknown" and _is_spoken_of(spoken_of, reporter))
            or (p.role in ("母", "父") and bool(minors) and _is_adult(subject, p.gender))
            or (p.role in ("弟", "妹") and len(minors) > 1)
            or (p.role in ("子", "息子", "娘") and subject is not None and _is_minor(subject))
        )
        if not second_name:
            kept.append(p)
    return kept


def _is_spoken_of(others: list[Mention], reporter: bool) -> bool:
    """True when 本人 can only be another name of somebody already found."""
    return bool(others) and (reporter or (len(others) == 1 and others[0].age is not None))


def _is_adult(p: Mention | None, gender: Gender) -> bool:
    return p is not None and p.gender == gender and p.age is not None and p.age.low >= 18


def _is_minor(p: Mention) -> bool:
    return p.age is not None and p.age.high < 18


def _person(m: Mention, normalised: Normalised) -> Person:
    start, end = normalised.to_original(m.start, m.end)
    age = normalised.text[m.age.start : m.age.end] if m.age else ""
    if m.age and m.age.kind == "bare" and age.isdigit():
        age += "歳"
    return Person(
        role=m.role,
        age_min=m.age.low if m.age else None,
        age_max=m.age.high if m.age else None,
        age_text=age,
        gender=m.gender,
        span=Span(normalised.text[m.start : m.end], start, end),
    )
