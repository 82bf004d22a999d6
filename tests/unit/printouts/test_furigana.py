"""Readings over kanji: right, or none."""

from __future__ import annotations

import pytest

from service.printouts.furigana import add_furigana, without_a_reading
from service.printouts.ruby import Piece, noted, pieces_of, without_readings

WORDS = ["窓口=まどぐち", "役場=やくば", "福祉課=ふくしか", "相談=そうだん", "生活保護=せいかつほご", "受付=うけつけ", "手続き=てつづき", "介護保険=かいごほけん", "地域=ちいき", "包括支援=ほうかつしえん", "社会福祉協議会=しゃかいふくしきょうぎかい", "民生委員=みんせいいいん", "児童相談所=じどうそうだんじょ", "保健所=ほけんじょ", "保健師=ほけんし", "権利擁護=けんりようご", "成年後見=せいねんこうけん", "住居確保給付金=じゅうきょかくほきゅうふきん", "障害者=しょうがいしゃ", "高齢者=こうれいしゃ", "児童扶養手当=じどうふようてあて", "国民健康保険=こくみんけんこうほけん", "訪問介護=ほうもんかいご", "通所=つうしょ", "就労=しゅうろう", "職業=しょくぎょう", "家計改善=かけいかいぜん", "貸付=かしつけ", "税金=ぜいきん", "年金=ねんきん", "印鑑=いんかん", "通帳=つうちょう", "被保険者証=ひほけんしゃしょう", "本人確認書類=ほんにんかくにんしょるい", "振込口座=ふりこみこうざ", "主治医=しゅじい", "診断書=しんだんしょ", "住民票=じゅうみんひょう", "離職票=りしょくひょう", "源泉徴収票=げんせんちょうしゅうひょう", "身分証=みぶんしょう", "平日=へいじつ", "祝日=しゅくじつ", "年末年始=ねんまつねんし", "土曜=どよう", "毎月=まいつき", "毎週=まいしゅう", "夜間=やかん", "休日=きゅうじつ", "電話=でんわ", "予約=よやく", "無料=むりょう", "送迎=そうげい", "訪問=ほうもん", "出張=しゅっちょう", "合同庁舎=ごうどうちょうしゃ", "宿直=しゅくちょく", "子育て=こそだて", "給付係=きゅうふがかり", "支援係=しえんがかり", "総合相談窓口=そうごうそうだんまどぐち", "住宅係=じゅうたくがかり", "病院=びょういん", "薬=くすり", "家族=かぞく", "紙=かみ", "困=こま", "女性相談支援員=じょせいそうだんしえんいん", "自立相談支援機関=じりつそうだんしえんきかん", "後方支援=こうほうしえん", "福祉事務所=ふくしじむしょ", "基幹相談支援=きかんそうだんしえん", "配食=はいしょく", "見守り=みまもり", "居場所=いばしょ", "緊急=きんきゅう"]  # fmt: skip


def read_aloud(text: str) -> str:
    """Return the words as they are spoken: readings in place of what they stand over."""
    return "".join(piece.reading or piece.text for piece in pieces_of(text))


@pytest.mark.parametrize("word", WORDS)
def test_the_desks_words_are_read_right(word: str) -> None:
    written, spoken = word.split("=")
    if written == "困":
        written, spoken = "困ったとき", "こまったとき"
    assert read_aloud(add_furigana(written)) == spoken


def test_the_reading_stands_over_the_kanji_alone() -> None:
    assert add_furigana("窓口で受け付けます") == "窓口《まどぐち》で受《う》け付《つ》けます"
    assert add_furigana("電話で聞いてください") == "電話《でんわ》で聞《き》いてください"


def test_numbers_katakana_and_latin_stay_as_they_are() -> None:
    line = "8:30〜17:15 センター DV 0000-52-3120"
    assert add_furigana(line) == line


@pytest.mark.parametrize(
    "bare",
    ["みどり町", "中町", "萌黄台台", "1日", "20日", "1人", "3階", "方", "何時", "一日"],
)
def test_what_may_be_read_otherwise_has_no_reading(bare: str) -> None:
    assert "《" not in add_furigana(bare).replace("台《だい》", "").replace("萌黄《もえぎ》", "")


@pytest.mark.parametrize(
    ("counted", "reading"),
    [
        ("2階", "かい"),
        ("15日", "にち"),
        ("30分", "ぷん"),
        ("15分", "ふん"),
        ("5人", "にん"),
        ("6月", "がつ"),
    ],
)
def test_counters_are_read_where_their_sound_is_certain(counted: str, reading: str) -> None:
    assert add_furigana(counted).endswith(f"《{reading}》")


def test_a_reading_that_the_desk_wrote_stays() -> None:
    line = "みどり町《まち》中町《なかまち》の役場"
    assert add_furigana(line) == "みどり町《まち》中町《なかまち》の役場《やくば》"
    assert add_furigana(add_furigana(line)) == add_furigana(line)


@pytest.mark.parametrize(
    "line",
    [
        "福祉係の人と係の人、3年金の窓口、10時間、15日間、2階建",
        "9" * 5_000 + "日",
        "あ窓口" * 7_000,
        "｜《》《《窓口》》｜漢",
        "𠮷野家の髙﨑さん、々〆〇",
        "",
    ],
)
def test_no_text_is_changed_beside_its_readings(line: str) -> None:
    assert without_readings(add_furigana(line)) == without_readings(line)


def test_the_desk_is_told_which_words_have_no_reading() -> None:
    text = add_furigana("みどり町中町120の窓口、1人")
    assert without_a_reading(text) == ("町中町",)


def test_the_notation_can_be_typed_and_read_back() -> None:
    assert pieces_of("｜お役場《やくば》へ") == (Piece("お役場", "やくば"), Piece("へ"))
    assert pieces_of("《そのまま》と役《") == (Piece("《そのまま》と役《"),)
    assert noted((Piece("町"), Piece("役場", "やくば"))) == "町｜役場《やくば》"
    assert without_readings("町｜役場《やくば》\n窓口《まどぐち》") == "町役場\n窓口"
