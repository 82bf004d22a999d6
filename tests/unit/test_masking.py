"""Personal data is found before a note is kept, and replaced by roles."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.masking_quiet import false_alarms
from eval.masking_score import Marked, MarkedNote, load_marked, score_note, summarise
from knowledge.load import load_knowledge
from service.triage.masking import Found, Gazetteer, Masked, find_personal, gazetteer_of, mask

TODAY = date(2026, 11, 24)
NOWHERE = Gazetteer()


def kinds(note: str) -> list[tuple[str, str]]:
    return [(f.text, f.kind) for f in find_personal(note, NOWHERE, TODAY)]


def masked(note: str) -> str:
    return mask(note, find_personal(note, NOWHERE, TODAY)).text


@pytest.mark.parametrize(
    "number",
    [
        "03-5321-1111",
        "0463-27-8800",
        "(042) 345-6789",
        "06(6341)5567",
        "090-3456-7890",
        "080 1234 5678",
        "０９０３４５６７８９０",
        "0185‐24‐3310",
        "072・634・5521",
        "341-2267",
        "52-3121",
        "+81-90-1234-5678",
        "0120-444-555",
        "0123456789",
    ],
)
def test_phones_are_found_in_every_style_whatever_their_digits(number: str) -> None:
    found = find_personal(f"連絡先は{number}です", NOWHERE, TODAY)

    assert [f.kind for f in found] == ["phone"]
    assert found[0].text.strip("()") in number


@pytest.mark.parametrize(
    "words",
    [
        "119番通報、189に連絡、#8008、#7119、188へ",
        "よりそいホットライン0120-279-338へ",
        "血圧152/90、年金65,000円、10/5 13:30、38.5度",
        "R8.4.1から受給、昭和50年に結婚、S50.4.1入社",
        "2026-10-05に来所、要介護3、体重45.5kg",
        "家賃3-4万、2-3日前、5-6回",
        "条文は第27条第1項第2号、告示第123号",
        "本人は林業で、森で転倒。泉のそば。光熱費が払えない",
        "長男と長女が東側の部屋にいる。母は久しぶりに星を見た",
    ],
)
def test_hotlines_amounts_dates_and_common_words_stay(words: str) -> None:
    assert kinds(words) == []


@pytest.mark.parametrize(
    ("note", "age"),
    [
        ("昭和25年3月8日生", "76歳"),
        ("S25.3.8生まれ", "76歳"),
        ("1950/3/8生", "76歳"),
        ("生年月日：平成３０年１２月１日", "7歳"),
        ("大正十五年五月三日生まれ", "100歳"),
        ("令和元年6月生まれ", "7歳"),
    ],
)
def test_birth_dates_of_all_eras_become_the_age(note: str, age: str) -> None:
    assert f"［生年月日］（{age}）" in masked(note)


def test_an_age_that_the_note_gives_is_not_written_twice() -> None:
    assert masked("母は昭和25年3月8日生（76歳）") == "母は［生年月日］（76歳）"


@pytest.mark.parametrize(
    ("note", "kind"),
    [
        ("マイナンバー 1234 5678 9012", "number"),
        ("介護保険被保険者番号 0001234567", "number"),
        ("在留カードAB12345678CD", "number"),
        ("手帳は第22041号", "number"),
        ("車は川崎 500 さ 12-34", "number"),
        ("普通口座 1234567", "account"),
        ("ゆうちょ 記号12340 番号12345671", "account"),
        ("メールは hana.k@example.jp へ", "email"),
        ("LINE ID hana_k22", "sns"),
    ],
)
def test_numbers_accounts_and_addresses_of_the_net_are_found(note: str, kind: str) -> None:
    assert kind in [k for _, k in kinds(note)]


def test_a_name_becomes_the_role_that_stands_before_it_and_keeps_it() -> None:
    assert masked("長男の健太が無職。健太さんは夜に出歩く。") == (
        "長男の（名前）が無職。長男さんは夜に出歩く。"
    )


def test_two_strangers_get_two_letters_and_each_keeps_its_own() -> None:
    text = masked("佐藤様より。鈴木様と口論。佐藤様は泣いている。")

    assert text == "人A様より。人B様と口論。人A様は泣いている。"


def test_the_municipality_of_an_address_is_kept() -> None:
    assert masked("住所は緑川町大字上野31番地2") == "住所は緑川町［住所］"


def test_a_facility_becomes_the_kind_of_place() -> None:
    text = masked("丸八水産を辞め、県立緑野病院に通う")

    assert "丸八" not in text
    assert "緑野" not in text
    assert "病院" in text


def test_general_words_for_places_stay() -> None:
    assert kinds("病院と小学校、役場、社協、ハローワークに相談。町立図書館に行く") == []


def test_the_towns_own_records_are_known() -> None:
    gazetteer = gazetteer_of(load_knowledge())
    found = find_personal("こたき弁当の会に頼む", gazetteer, TODAY)

    assert [f.text for f in found] == ["こたき弁当の会"]


def test_scanned_notes_are_read_through_their_blanks_and_letters() -> None:
    note = "氏 名　山 田　太 郎\n生 年 月 日　昭 和 2l 年 lO 月 lO 日 生\n電 話　O9O-l234-5678"

    assert {"birth", "phone"} <= {k for _, k in kinds(note)}


def test_a_span_of_the_note_is_given_masked_and_widened_to_whole_words() -> None:
    note = "山田さんの母"
    out = mask(note, [Found(0, 2, "山田", "name", "本人")])

    assert out.text == "本人さんの母"
    assert (out.of(1, 4), out.of(4, 6), out.of(3, 3)) == ("本人さん", "の母", "")


def test_many_threads_find_the_same() -> None:
    note = "山田太郎様（S30.5.5生）、090-1234-5678"
    alone = find_personal(note, NOWHERE, TODAY)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: find_personal(note, NOWHERE, TODAY), range(32)))

    assert all(f == alone for f in found)


_WORDS = st.sampled_from(
    ["山田", "さん", "様", "の", "母", "昭和25年", "3月8日", "生", "0", "l", "O", "-", "1", "9", "㈱", "①", "ｱ", "ﾞ", "町", "字", "番地", "号", "\n", " ", "　", "「", "(", "@", "a", "病院", "苑", "\ud800", "😀"]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(max_size=60), st.lists(_WORDS, max_size=25).map("".join)))
def test_what_is_found_is_sorted_disjoint_and_never_raises(note: str) -> None:
    found = find_personal(note, NOWHERE, TODAY)

    assert all(0 <= f.start < f.end <= len(note) for f in found)
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))
    assert all(note[f.start : f.end] == f.text and f.replacement for f in found)
    whole = mask(note, found)
    assert whole.of(0, len(note)) == whole.text
    for start, end in _cuts(len(note)):
        assert whole.of(start, end) in whole.text


def _cuts(size: int) -> Iterator[tuple[int, int]]:
    yield from ((0, size // 2), (size // 3, size), (size // 2, size // 2 + 1))


def test_half_a_name_found_counts_as_missed() -> None:
    note = MarkedNote(
        id="x", writer="x", note="山田太郎様", spans=(Marked(start=0, end=4, type="name"),)
    )

    half = score_note(note, [Found(0, 2, "山田", "name", "本人")])
    full = score_note(note, [Found(0, 2, "山田", "name", "本人"), Found(2, 4, "太郎", "name", "")])

    assert (half.hits, half.rights) == ((False,), (True,))
    assert full.hits == (True,)
    assert summarise([half]).recall["name"].mean == 0  # type: ignore[union-attr]  # one was counted


def test_masked_text_hardly_changes_when_it_is_masked_again() -> None:
    again = 0
    notes = load_marked("dev")[:80]
    for n in notes:
        text = mask(n.note, find_personal(n.note, NOWHERE, TODAY)).text
        again += bool(find_personal(text, NOWHERE, TODAY))

    assert again <= len(notes) * 0.05


@pytest.mark.parametrize(
    ("note", "personal"),
    [
        ("兄洋一、弟洋二、妹洋子で相談", ["洋一", "洋二", "洋子"]),
        ("母ひでS26.9.30", ["ひで", "S26.9.30"]),
        ("同居は蓮（小1）のみ", ["蓮"]),
        ("団地の堤という人", ["堤"]),
        ("ST評価はPT柊、のち西相談員", ["柊", "西"]),
        ("南3条西12丁目、上野第2地割15-3", ["南3条西12丁目", "上野第2地割15-3"]),
        ("メゾンさくら2号に住む", ["メゾンさくら2号"]),
        ("国保 記号鳥3 番号118204", ["鳥3", "118204"]),
        ("三ツ葉小4年、二小の校長", ["三ツ葉小", "二小"]),
        ("ヤマキでパート、緑病で検査", ["ヤマキ", "緑病"]),
        ("昭和22年生、誕生日は5月3日", ["昭和22年生", "5月3日"]),
    ],
)
def test_what_stands_around_gives_names_places_and_numbers_away(
    note: str, personal: list[str]
) -> None:
    assert [text for text, _ in kinds(note)] == personal


@pytest.mark.parametrize(
    "note",
    [
        "日本で暮らすがカードとパンがない",
        "温泉旅館の仲居。車の中で寝る。町の病院、うどん屋",
        "要介護3、要介2。保健師さんと診療所Ns。漁師さん",
        "同じ団地の4階。寮も一緒に出された。アパートの家賃が五万八千円",
        "母は八十八。親の会に出た。北海道と福島から来た",
        "［住所］に住む人A様と人B。電話は［電話］。緑川町［住所］",
    ],
)
def test_plain_words_countries_and_what_masking_wrote_are_not_personal(note: str) -> None:
    assert kinds(note) == []


def test_notes_without_names_are_seldom_marked() -> None:
    share = false_alarms(["dev.jsonl"])

    assert share is not None
    assert share.mean < 0.1


def test_the_marked_spans_are_inside_their_notes_and_writers_are_apart() -> None:
    dev, test = load_marked("dev"), load_marked("test")

    assert not {n.writer for n in dev} & {n.writer for n in test}
    for n in (*dev, *test):
        assert all(0 <= s.start < s.end <= len(n.note) for s in n.spans)


def test_an_empty_note_has_nothing() -> None:
    assert mask("", find_personal("", NOWHERE, TODAY)) == Masked("", ())


@pytest.mark.parametrize("place", ["秋田市", "岩手県", "山本郡", "福岡市"])
def test_a_municipality_that_begins_like_a_surname_is_no_person(place: str) -> None:
    assert find_personal(f"息子は{place}で月1回しか来ない。", NOWHERE, TODAY) == ()
