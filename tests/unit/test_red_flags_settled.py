"""Red flags that must stay down because the note settles them, and those that a denial cannot.

Every group of harmless notes stands beside notes in which the same words are a danger.
"""

from __future__ import annotations

from datetime import date

import pytest

from knowledge.load import load_knowledge
from service.triage.reading import read
from service.triage.red_flags import find_red_flags, flag_rules

TODAY = date(2026, 11, 24)
CODES = load_knowledge().red_flags


def codes_of(note: str) -> set[str]:
    return {flag.code for flag in find_red_flags(read(note, TODAY), flag_rules(), CODES)}


@pytest.mark.parametrize(
    "note",
    [
        "園児の腕にあざ。防犯カメラで、すべり台から落ちる場面を確認。家庭に気になる点なし。",
        "デイの車で88歳の女性が腕を擦りむいた件。記録で転倒を確認し、職員の関与はなかった。",
        "夫婦げんかの声がすると通報。警察が両者から別々に聞き、暴力の事実はないと確認した。",
        "母81の通帳を娘が持っているとの電話。包括が面談、本人が頼んだもので搾取の疑いはない。",
        "胸の痛みで救急を受診したが心電図も採血も正常で、肋間神経痛と診断された。",
        "給水停止の通知は隣の部屋あての誤配と判明。",
        "停電かと心配されたが、電球が切れていただけだった。",
        "米がないと電話があり訪ねると、好みの銘柄が切れただけだった。",
        "電気の停止予告が届いたが、昨日コンビニで全額払った。",
        "「次は刺す」と書いた紙が見つかった。劇の台詞の練習で、部員が全員で確認した。",
    ],
)
def test_what_somebody_looked_into_and_found_harmless_raises_nothing(note: str) -> None:
    """Checked by a camera, a record, the police or a doctor, or paid by now."""
    assert codes_of(note) == set()


@pytest.mark.parametrize(
    ("code", "note"),
    [
        (
            "child_abuse",
            "5歳児の背中に複数のあざ。小児科を受診し、骨に異常なし。母は目を合わせない。",
        ),
        ("child_abuse", "年長児の頬に手形。園長は「うちでは問題ない」と説明。"),
        ("child_abuse", "小1の頬にあざ。病院で骨折していることが分かった。父は「転んだ」と言う。"),
        (
            "child_abuse",
            "小2の腕の件、前回は児相の調査で虐待の事実なしとの判断。今日また新しいあざ、父の話で黙る。",
        ),
        (
            "elder_abuse",
            "86歳母の両腕に内出血。施設長は「誤解だ」と言うが、職員の足音で体を固くする。",
        ),
        ("elder_abuse", "母82の年金を同居の長男が勝手に引き出し、使い込んでいたことが分かった。"),
        ("suicide", "ロープを買い、遺書を書いていた。主治医に連絡、明日受診の予定。"),
        (
            "medical_emergency",
            "ろれつが回らず右手が動かない。一度おさまったが、また言葉が出にくい。",
        ),
        (
            "lifeline_loss",
            "電気が止められた。水道料金は払い済み。米びつは空で昨日から食べていない。",
        ),
        ("violence_to_others", "息子が包丁を持って暴れた。母は心配したが、警察は呼ばなかった。"),
    ],
)
def test_a_finding_about_something_else_or_by_the_suspect_clears_nothing(
    code: str, note: str
) -> None:
    """Sound bones, a denial in quotes, an older inquiry, another bill: the danger stands."""
    assert code in codes_of(note)


@pytest.mark.parametrize(
    "note",
    [
        "「頭が割れる」は隣の家の工事の話。騒音の窓口を案内。",
        "「殺す気か」は猛暑の草野球の話で、麦茶の差し入れの礼。",
        "飼い猫がぐったりして動物病院へ連れて行った。帰りに証明書の交付。",
        "ワイドショーで園児がたたかれる映像を見たという電話。うちの園のことではない。",
        "市民劇で刃物を振り回す役。衣装の補助金の相談。",
        "ママ友が夫に殴られていると聞き、声のかけ方を知りたい。",
        "前のホームで縛られていた91歳。今の施設に移って三年、穏やか。",
        "四歳の時のけいれんは一度きりで、以後は再発なし。入学の書類の相談。",
        "背中を殴られたような肩こり。湿布の助成はあるか。",
        "「もう消えたいくらい恥ずかしい」と写真の写りを笑う。",
    ],
)
def test_talk_animals_plays_others_and_the_past_raise_nothing(note: str) -> None:
    """The words are an idiom, a quotation explained, a pet's, an actor's, a friend's or old."""
    assert codes_of(note) == set()


@pytest.mark.parametrize(
    ("code", "note"),
    [
        ("suicide", "「死にたい」は昨夜の電話の言葉。"),
        ("suicide", "犬が死んでから、死にたいと言って泣いている。"),
        ("dv", "前の夫に昨日も待ち伏せされ、腕をつかまれた。"),
        ("medical_emergency", "けさから胸が締めつけられる感じで冷や汗。"),
        ("violence_to_others", "隣の男が鉈を持って玄関で「出てこい」と叫んでいる。"),
    ],
)
def test_the_same_words_meant_and_ours_raise_the_flag(code: str, note: str) -> None:
    """A quotation of last night, our own grief, a former husband of today, a neighbour's axe."""
    assert code in codes_of(note)


@pytest.mark.parametrize(
    "note",
    [
        "高2。死にたいとかはないです、と本人。部活は楽しい。",
        "死にたいなんて思わない、と笑って畑の話。",
        "死にたいとまではいかない、ただ眠りが浅い。",
        "死にたいと思うようなことはありませんか、に「ない」。",
        "「消えたいとか思わん？」「思わん思わん」。配食の曜日の変更。",
        "夫に殴られるとかはない。生活費の分け方の相談。",
    ],
)
def test_a_denial_with_a_word_between_stays_a_denial(note: str) -> None:
    """とか, なんて, とまでは, ようなことは and an answer keep the flag down."""
    assert codes_of(note) == set()


@pytest.mark.parametrize(
    "note",
    [
        "死にたいとは言わないが、毎晩泣いて「消えたい」と書く。",
        "「死にたい」としか言わない高2の娘。",
        "死にたいとしか思えない。",
    ],
)
def test_a_denial_of_one_word_does_not_silence_the_next(note: str) -> None:
    """A sentence may deny 死にたい and say 消えたい."""
    assert "suicide" in codes_of(note)


@pytest.mark.parametrize(
    ("wrong", "note"),
    [
        ("elder_abuse", "乳児健診。母の頬に指の跡、夫が付き添い代わりに答える。"),
        ("elder_abuse", "産後2か月の母が夫に髪をつかまれ引きずられた。"),
        ("child_abuse", "74歳の女性。孫の七五三が楽しみ。夫に茶碗を投げつけられ、腕にあざ。"),
        ("child_abuse", "作業所の職員に叩かれたと妹(知的・25)が泣く。"),
        ("disability_abuse", "母子手帳を夫に取り上げられ、つねられるという妊婦。"),
    ],
)
def test_a_flag_is_not_raised_for_people_it_does_not_protect(wrong: str, note: str) -> None:
    """A young mother is no elder, a grandmother's bruise is no child's, 母子手帳 is no 手帳."""
    assert wrong not in codes_of(note)


@pytest.mark.parametrize(
    ("code", "note"),
    [
        ("child_abuse", "祖母(68)と来た孫(小2)、「パパにぶたれる」と泣く。"),
        ("elder_abuse", "72歳の母が息子に殴られ、目の周りが黒い。孫は小3。"),
        ("child_abuse", "父「しつけの範囲」。小1の太ももにベルトの形の線が平行に五本。"),
        ("elder_abuse", "「転んだだけ」と88歳。両の二の腕に指の形の跡、息子の足音で黙る。"),
        (
            "disability_abuse",
            "世話人「自分で噛んだ」。28歳(知的)の背に靴底の跡、名を呼ばれると直立する。",
        ),
        ("dv", "「私が悪いんです」と妻。首の左右に指の跡、夫は廊下で待つ。"),
        ("suicide", "「冗談です」と高1。検索履歴は致死量、友達に宝物を配った。"),
        ("suicide", "眠れなくて多めに飲んだだけ、と言うが空のシートが十二枚。"),
        ("violence_to_others", "「冗談だよ」と言うが、鞄に包丁、元の上司の家の前にいた。"),
        ("violence_to_others", "四十代の息子がけさも父の胸ぐらをつかんで殴った。"),
        (
            "self_neglect",
            "「平気、帰れ」と72歳。受診票は破り捨て、足の指が黒く、三日何も食べていない。",
        ),
        ("lifeline_loss", "寮を金曜までに出ろと言われた。行く所がない。"),
        (
            "medical_emergency",
            "「二日酔い」と言うが、昨夜頭を打ち、片方の瞳だけ大きく、二度吐いた。",
        ),
    ],
)
def test_a_denial_against_evidence_does_not_silence_the_flag(code: str, note: str) -> None:
    """しつけ, 転んだだけ, 冗談, 平気: the mark, the fear or the means speaks louder."""
    assert code in codes_of(note)
