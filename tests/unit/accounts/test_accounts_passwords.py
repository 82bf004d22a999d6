"""Hashes and the rules for new passwords."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import argon2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.accounts import passwords
from service.accounts.password_policy import check_password
from service.accounts.passwords import hash_password, needs_rehash, verify_password
from service.accounts.refusals import SignInBusy, WeakPassword
from service.accounts.rules import HashCost, SignInRules, rules_from
from service.settings import Settings
from tests.fixtures.accounts_world import CHEAP, PASSWORD


def test_the_right_password_fits_its_hash_and_no_other_does() -> None:
    stored = hash_password(PASSWORD, CHEAP)
    assert stored.startswith("$argon2id$")
    assert PASSWORD not in stored
    assert verify_password(PASSWORD, stored, CHEAP)
    assert not verify_password(PASSWORD + " ", stored, CHEAP)
    assert hash_password(PASSWORD, CHEAP) != stored


def test_every_keyboard_types_the_same_password() -> None:
    stored = hash_password("ＡＢＣ　ガギグゲゴ　１２３", CHEAP)
    assert verify_password("ABC ガギグゲゴ 123", stored, CHEAP)
    assert verify_password("ABC ｶﾞｷﾞｸﾞｹﾞｺﾞ 123", stored, CHEAP)


@pytest.mark.parametrize("given", ["", "\ud800", "a\0b", "x" * 4_000_000, "\ufdfa" * 257])
def test_no_password_breaks_the_check(given: str) -> None:
    assert not verify_password(given, hash_password(PASSWORD, CHEAP), CHEAP)


def test_an_overlong_password_does_not_pass_for_an_empty_one() -> None:
    assert not verify_password("x" * 257, hash_password("", CHEAP), CHEAP)


@pytest.mark.parametrize("stored", ["", "plain", "$argon2id$v=19$m=8,t=1,p=1$x$y"])
def test_a_stored_text_that_is_no_hash_fits_nothing(stored: str) -> None:
    assert not verify_password(PASSWORD, stored, CHEAP)


def test_with_nothing_stored_the_work_is_the_same_and_the_answer_no(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    checked: list[str] = []
    real = argon2.PasswordHasher.verify

    def count(self: argon2.PasswordHasher, stored: str, given: bytes) -> bool:
        checked.append(stored.split("$")[3])
        return real(self, stored, given)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", count)
    assert not verify_password(PASSWORD, None, CHEAP)
    # Not even the password of the hash that is compared instead.
    assert not verify_password("nobody's", None, CHEAP)
    assert verify_password(PASSWORD, hash_password(PASSWORD, CHEAP), CHEAP)
    assert checked == ["m=8,t=1,p=1"] * 3


def test_a_hash_of_another_cost_is_made_anew() -> None:
    stored = hash_password(PASSWORD, CHEAP)
    assert not needs_rehash(stored, CHEAP)
    assert needs_rehash(stored, HashCost(passes=2, memory_kib=8, lanes=1))


def test_the_settings_alone_give_the_rules_of_the_rfc(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SESSION_IDLE_MINUTES", "SESSION_LIFETIME_HOURS", "PASSWORD_MEMORY_MIB"):
        monkeypatch.delenv(f"TSUNAGI_{name}", raising=False)
    rules = rules_from(Settings())
    assert rules == SignInRules()
    low_memory = argon2.profiles.RFC_9106_LOW_MEMORY
    assert (rules.cost.passes, rules.cost.memory_kib, rules.cost.lanes) == (
        low_memory.time_cost,
        low_memory.memory_cost,
        low_memory.parallelism,
    )


def test_only_a_few_hashes_are_at_work_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    at_work, most = [0], [0]
    lock = threading.Lock()

    def slow(_self: argon2.PasswordHasher, _given: bytes) -> str:
        with lock:
            at_work[0] += 1
            most[0] = max(most[0], at_work[0])
        time.sleep(0.01)
        with lock:
            at_work[0] -= 1
        return ""

    monkeypatch.setattr(argon2.PasswordHasher, "hash", slow)
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda _: hash_password(PASSWORD, CHEAP), range(20)))
    assert most[0] == passwords.CONCURRENT_HASHES


def test_who_would_wait_too_long_is_told_so_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_QUEUE", threading.BoundedSemaphore(1))
    with passwords._slot(), pytest.raises(SignInBusy, match="混み合って"):
        hash_password(PASSWORD, CHEAP)
    monkeypatch.setattr(passwords, "_QUEUE", threading.BoundedSemaphore(2))
    monkeypatch.setattr(passwords, "_SLOTS", threading.BoundedSemaphore(1))
    monkeypatch.setattr(passwords, "WAIT_SECONDS", 0.01)
    with passwords._slot(), pytest.raises(SignInBusy):
        hash_password(PASSWORD, CHEAP)
    assert hash_password(PASSWORD, CHEAP)


# New passwords.


@pytest.mark.parametrize(
    "password",
    [
        PASSWORD,
        "correct horse battery staple",
        "Kx7-mPq2-vRt9",
        "ねこが縁側で昼寝をしている",
        "tree were poor property",
        "RJLDG-JW96C-YBGPC-TPPDU",
    ],
)
def test_good_passwords_pass(password: str) -> None:
    check_password(password, "hanako", "山田 花子")


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("", "12文字以上"),
        ("short passwd"[:11], "いま11文字"),
        # Eleven characters once the half-width kana are put together.
        ("ｶﾞｷﾞｸﾞｹﾞｺﾞ abcxyq"[:16], "12文字以上"),
        ("ながい" * 86, "256文字以内"),
        ("x1y2z3 hanako q8", "ログイン名"),
        ("x1y2z3 HANAKO q8", "ログイン名"),
        ("x1y2z3 ｈａｎａｋｏ q8", "ログイン名"),
        ("花子の好きな 青い自転車", "氏名"),
        ("私は山田ですから 青い傘", "氏名"),
        ("aaaaaaaaaaaaaaaa", "くり返し"),
        ("abababababababab", "くり返し"),
        ("kumo9!kumo9!kumo9!", "くり返し"),
        ("abcdefghijklmnop", "並び"),
        ("987654321098765", "並び"),
        ("qwertyuiopasdfghjkl", "並び"),
        ("aaaabbbbccccdddd", "並び"),
        ("Password-1957!", "よく使われる"),
        ("P@ssw0rd-1957!", "よく使われる"),
        ("admin admin 2026", "よく使われる"),
        ("tsunagi-welcome-26", "よく使われる"),
        ("パスワード・さくら・2026", "よく使われる"),
        ("0259-31-8846-17", "数字だけ"),
    ],
)
def test_weak_passwords_are_refused_with_what_to_change(password: str, words: str) -> None:
    with pytest.raises(WeakPassword, match=words):
        check_password(password, "hanako", "山田 花子")


def test_a_short_name_does_not_forbid_half_the_dictionary() -> None:
    check_password("correct horse battery staple", "at", "R.")


@given(st.text(max_size=300))
def test_any_text_is_taken_or_refused(password: str) -> None:
    words = "OK"
    try:
        check_password(password, "hanako", "山田 花子")
    except WeakPassword as error:
        words = str(error)
    # They end up on a page: never with the password itself.
    assert len(password) < 3 or password not in words
