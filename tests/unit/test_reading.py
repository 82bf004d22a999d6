"""Reading closes blanks inside words and keeps the way back to the note."""

from __future__ import annotations

from datetime import date

import pytest

from index.text import normalise
from service.triage.reading import close_gaps, read


@pytest.mark.parametrize(
    ("note", "text"),
    [
        ("でんきが とまって、おかねも ない。", "でんきがとまって、おかねもない。"),
        ("手首 の 傷", "手首の傷"),
        ("受 診 拒 否", "受診拒否"),
        ("水道が止 まった", "水道が止まった"),
        ("68男 独居 借家", "68男 独居 借家"),
        ("母 82歳", "母 82歳"),
        ("空白なし", "空白なし"),
    ],
)
def test_blanks_inside_words_are_closed_and_those_between_entries_stay(
    note: str, text: str
) -> None:
    assert close_gaps(normalise(note)).text == text


@pytest.mark.parametrize("note", ["手首 の　傷 が ２つ", "ｶﾞｽ が とまり ました", " 母 が 倒 れ た "])
def test_every_letter_still_leads_to_its_place_in_the_note(note: str) -> None:
    closed = close_gaps(normalise(note))
    assert len(closed.origin) == len(closed.text) + 1
    assert list(closed.origin) == sorted(closed.origin)
    assert closed.origin[-1] == len(note)
    for i, letter in enumerate(closed.text):
        a, b = closed.to_original(i, i + 1)
        assert normalise(note[a:b]).text.strip().startswith(letter) or letter == " "


def test_people_are_found_across_a_gap_with_their_words_of_the_note() -> None:
    note = "祖 母 82歳 が 転んだ。"
    (person,) = read(note, date(2026, 6, 1)).people
    assert (person.role, person.age_min) == ("祖母", 82)
    assert note[person.span.start : person.span.end] == person.span.text
