"""Normalising, cutting and analysing Japanese text without losing where each piece came from."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.text import normalise, search_terms, split_sentences, tokenise

# Characters that notes are made of, with those that normalising makes longer or shorter.
NOTE_TEXT = st.text(
    st.sampled_from(
        "母が84歳、ｶﾞﾊﾟ\u3099か㈱①㍿½Å〜～−‐　 \u00a0。！？!?「」（）()\n\r😀👨\u200d👩e\u0301"
    )
)


def sentences(text: str) -> list[str]:
    """The sentences of ``text`` as strings."""
    return [text[a:b] for a, b in split_sentences(text)]


def quoted(note: str, found: str) -> str:
    """What the clerk wrote where the normalised text says ``found``."""
    normalised = normalise(note)
    at = normalised.text.index(found)
    start, end = normalised.to_original(at, at + len(found))
    return note[start:end]


# Normalising.


@pytest.mark.parametrize(
    ("note", "text"),
    [
        ("８０５０問題", "8050問題"),
        ("ＤＶ", "DV"),
        ("ﾃﾞｲｻｰﾋﾞｽ", "デイサービス"),
        ("ﾊﾟｰﾄ", "パート"),
        ("か\u3099", "が"),
        ("㈱山田", "(株)山田"),
        ("①②", "12"),
        ("60〜70代・60～70代", "60~70代・60~70代"),
        ("0000‐52−2120", "0000-52-2120"),
        ("母\u3000八十四\u00a0歳", "母 八十四 歳"),
        ("一行目\n二行目", "一行目\n二行目"),
        ("ラーメン", "ラーメン"),
        ("", ""),
    ],
)
def test_the_many_ways_of_writing_become_one(note: str, text: str) -> None:
    """Widths, dashes, waves and blanks; the long vowel mark is no dash."""
    assert normalise(note).text == text


@pytest.mark.parametrize(
    ("note", "found", "written"),
    [
        ("週2回ﾃﾞｲｻｰﾋﾞｽ利用", "デイサービス", "ﾃﾞｲｻｰﾋﾞｽ"),
        ("週2回ﾃﾞｲｻｰﾋﾞｽ利用", "ビ", "ﾋﾞ"),
        ("勤務先は㈱山田です", "(株)山田", "㈱山田"),
        ("勤務先は㈱山田です", "株", "㈱"),
        ("😀😀母が泣く", "泣く", "泣く"),
        ("👨\u200d👩\u200d👧と暮らすＤＶ被害", "DV", "ＤＶ"),
        ("㈱㈱㈱の母", "母", "母"),
        ("か\u3099んの疑い", "がん", "か\u3099ん"),
        ("終わりがﾊﾟ", "パ", "ﾊﾟ"),
    ],
)
def test_a_piece_of_the_normalised_text_is_found_in_the_note(
    note: str, found: str, written: str
) -> None:
    """Evidence is marked in the clerk's own writing, whole characters at a time."""
    assert quoted(note, found) == written


@pytest.mark.parametrize("note", ["母㈱ﾃﾞｲ😀泣く", "ﾃﾞｲ㈱泣く", "泣く", "①½①泣くﾊﾟ"])
def test_a_piece_of_the_note_is_found_in_the_normalised_text(note: str) -> None:
    """The other way round."""
    normalised = normalise(note)
    at = note.index("泣く")
    start, end = normalised.to_normalised(at, at + 2)
    assert normalised.text[start:end] == "泣く"


@given(NOTE_TEXT)
def test_offsets_never_run_backwards_and_end_at_the_end(note: str) -> None:
    """One origin for each character and one more for the end."""
    normalised = normalise(note)
    assert len(normalised.origin) == len(normalised.text) + 1
    assert list(normalised.origin) == sorted(normalised.origin)
    assert normalised.origin[-1] == len(note)


@given(NOTE_TEXT, st.data())
def test_no_range_is_lost_on_the_way_there_and_back(note: str, data: st.DataObject) -> None:
    """Every piece maps to a piece of the note that holds it, and normalises to it again."""
    normalised = normalise(note)
    length = len(normalised.text)
    if not length:
        return
    start = data.draw(st.integers(0, length - 1))
    end = data.draw(st.integers(start + 1, length))
    a, b = normalised.to_original(start, end)
    assert 0 <= a < b <= len(note)
    assert normalised.text[start:end] in normalise(note[a:b]).text
    back = normalised.to_normalised(a, b)
    assert back[0] <= start
    assert back[1] >= end


@given(NOTE_TEXT)
def test_normalising_twice_changes_nothing_more(note: str) -> None:
    """Passages are normalised when built and again when analysed."""
    once = normalise(note).text
    assert normalise(once).text == once


# Sentences.


def test_a_sentence_ends_at_its_mark_and_at_a_line_break() -> None:
    """Bullets without full stops are sentences too."""
    assert sentences("母84。長男52?\n・無職\n・年金8万\n\nどうする！？") == [
        "母84。", "長男52?", "・無職", "・年金8万", "どうする！？",
    ]  # fmt: skip


def test_a_quotation_is_not_cut_apart() -> None:
    """The marks inside brackets belong to what was said."""
    assert sentences("「もうだめ。死にたい！」と言う。母は泣く。") == [
        "「もうだめ。死にたい！」と言う。", "母は泣く。",
    ]  # fmt: skip


def test_a_bracket_that_is_never_closed_does_not_swallow_the_note() -> None:
    """A line break sets things right; a closing bracket too many does no harm."""
    assert sentences("「もうだめ\n母は泣く。息子は）無職。）終わり。") == [
        "「もうだめ",
        "母は泣く。",
        "息子は）無職。）",
        "終わり。",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\u3000\r\n\t"])
def test_blank_text_has_no_sentence(text: str) -> None:
    """Nothing to embed."""
    assert split_sentences(text) == ()


def test_windows_line_breaks_leave_no_trace() -> None:
    """CRLF comes from pasted mail."""
    assert sentences("一行目\r\n\r\n 二行目 \r\n") == ["一行目", "二行目"]


@given(NOTE_TEXT)
def test_sentences_hold_everything_but_blanks_once_and_in_order(text: str) -> None:
    """No word is read twice or lost."""
    ranges = split_sentences(text)
    flat = [edge for pair in ranges for edge in pair]
    assert flat == sorted(flat)
    assert all(text[a:b] and text[a:b] == text[a:b].strip() for a, b in ranges)
    assert "".join("".join(text[a:b] for a, b in ranges).split()) == "".join(text.split())


# Tokens.


def test_tokens_know_their_place_behind_emoji_and_composed_words() -> None:
    """Offsets are characters, not bytes."""
    text = normalise("😀母は認知症👨\u200d👩で㈱山田へ。").text
    tokens = tokenise(text)
    assert all(text[t.start : t.end] == t.surface for t in tokens)
    assert {"母", "認知", "山田"} <= {t.surface for t in tokens}


def test_blanks_are_no_tokens() -> None:
    """Nothing to search for."""
    assert [t.surface for t in tokenise("母 \n 父")] == ["母", "父"]


def test_a_text_longer_than_sudachi_takes_is_analysed_in_pieces() -> None:
    """49,149 bytes is Sudachi's limit; a note may be 20,000 characters."""
    text = "母は泣く。" * 4_000
    tokens = tokenise(text)
    assert tokens[-1].end == len(text)
    assert all(text[t.start : t.end] == t.surface for t in tokens)


@pytest.mark.parametrize(("one", "other"), [("引越し", "引っ越し"), ("打合せ", "打ち合わせ")])
def test_spellings_of_one_word_give_the_same_terms(one: str, other: str) -> None:
    """Sudachi's normalised form."""
    assert search_terms(tokenise(one)) == search_terms(tokenise(other))


def test_search_terms_are_the_words_that_carry_meaning() -> None:
    """No particles, no auxiliaries, none of the verbs that stand everywhere."""
    assert search_terms(tokenise("母は食べる物がない。")) == ["母", "食べる"]


def test_eight_threads_at_once_read_what_one_reads() -> None:
    """Requests run side by side and a Sudachi tokenizer must not be shared."""
    notes = [f"母{age}歳は㈱山田を辞めて、家賃が払えない。" * 20 for age in range(60, 68)]
    alone = [tokenise(normalise(note).text) for note in notes]
    start = Barrier(8)

    def read(note: str) -> list[object]:
        start.wait()
        return [tokenise(normalise(note).text) for _ in range(5)]

    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(read, notes))
    assert together == [[tokens] * 5 for tokens in alone]
