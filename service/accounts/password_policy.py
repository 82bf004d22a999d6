"""Which new passwords are refused.  Length first (NIST SP 800-63B): no required symbols."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from service.accounts.passwords import MAX_CHARS, normalise
from service.accounts.refusals import WeakPassword

MIN_CHARS = 12
# What is left of it once runs (1234, qwerty, aaaa) are shortened to two characters each.
_MIN_WITHOUT_RUNS = 8
_MIN_DISTINCT = 5
_COMMON_FILE = Path(__file__).with_name("common_passwords.txt")
_KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "1234567890", "qazwsxedcrfvtgbyhnujmikolp")
_LOOKALIKES = str.maketrans("@0135$", "aoless")


def check_password(password: str, login: str, display_name: str) -> None:
    """Raise :class:`WeakPassword`, saying what to change, unless the password may be used."""
    if len(password) > MAX_CHARS or len(normalise(password)) > MAX_CHARS:
        raise WeakPassword(f"パスワードは{MAX_CHARS}文字以内にしてください。")
    plain = normalise(password).casefold()
    if len(plain) < MIN_CHARS:
        raise WeakPassword(
            f"パスワードは{MIN_CHARS}文字以上にしてください（いま{len(plain)}文字）。"
            "思い出せる言葉をいくつか並べた長い文でもかまいません。"
        )
    for name in _names(login, display_name):
        if name in plain:
            raise WeakPassword(
                "パスワードに、ログイン名や氏名を入れないでください。別の言葉にしてください。"
            )
    if _is_monotonous(plain):
        raise WeakPassword(
            "同じ文字のくり返しや、1234・abcd・qwerty のような並びが多すぎます。"
            "別の言葉を混ぜてください。"
        )
    if _is_common(plain):
        raise WeakPassword(
            "よく使われる言葉や数字だけでできているので、推測されます。"
            "関係のない言葉をいくつか並べてください。"
        )


def _names(login: str, display_name: str) -> tuple[str, ...]:
    """Return the names that must not be inside; too short ones stand in any word."""
    whole = (normalise(login).casefold(), normalise(display_name).casefold())
    names = {*whole, *(part for name in whole for part in re.split(r"[\s@._-]+", name))}
    return tuple(sorted(n for n in names if len(n) >= (4 if n.isascii() else 2)))


def _is_monotonous(plain: str) -> bool:
    unit = plain[: (plain + plain).find(plain, 1)]
    if len(unit) < min(len(plain), MIN_CHARS):
        return True
    return len(set(plain)) < _MIN_DISTINCT or len(_without_runs(plain)) < _MIN_WITHOUT_RUNS


def _without_runs(plain: str) -> str:
    """Return the text with every run of three or more shortened to its first two characters."""
    kept = plain[:2]
    for before, middle, char in zip(plain, plain[1:], plain[2:], strict=False):
        if not _steps(before, middle) & _steps(middle, char):
            kept += char
    return kept


def _steps(char: str, following: str) -> frozenset[str]:
    """Return in which ways one character leads to the next; a run goes on in the same way."""
    distance = ord(following) - ord(char)
    steps = {str(distance)} if abs(distance) <= 1 else set()
    for row in _KEYBOARD:
        steps |= {f"right in {row}"} if char + following in row else set()
        steps |= {f"left in {row}"} if following + char in row else set()
    return frozenset(steps)


def _is_common(plain: str) -> bool:
    """Tell whether it is a number, or nothing but common words with digits and signs between."""
    if re.fullmatch(r"[\d\s./:+-]+", plain):
        return True
    # A year at the end is a year, not letters: only what stands inside is a lookalike.
    inside = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", plain)
    variants = (plain, inside.translate(_LOOKALIKES))
    return any(_is_made_of_common(re.sub(r"[\W\d_]+", "", text)) for text in variants)


def _is_made_of_common(letters: str) -> bool:
    reached = {0}
    for start in range(len(letters)):
        if start in reached:
            fit = (word for word in _common_words() if letters.startswith(word, start))
            reached.update(start + len(word) for word in fit)
    return bool(letters) and len(letters) in reached


@lru_cache(maxsize=1)
def _common_words() -> tuple[str, ...]:
    lines = _COMMON_FILE.read_text(encoding="utf-8").splitlines()
    return tuple(normalise(line).casefold() for line in lines if not line.startswith("#"))
