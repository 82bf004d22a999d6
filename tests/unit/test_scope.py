"""What stands around a trouble: affirmed, denied, past, supposed or somebody else's."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from index.text import normalise, split_sentences
from service.triage.models import Scope
from service.triage.scope import is_self_denial, scope_of

CASES = Path(__file__).parents[2] / "eval" / "cases" / "scope.jsonl"
# All splits have been looked at while correcting, so these are floors against regressions;
# accuracy on unseen sentences was 0.87 (test), 0.84 (fresh), 0.69 (unseen) and, of train,
# 0.78 on the last hundred that nobody had looked at.
FLOORS = {"dev": 0.98, "test": 0.98, "fresh": 0.96, "unseen": 0.96, "train": 0.90}
SCOPES: tuple[Scope, ...] = ("affirmed", "denied", "past", "supposed", "other")

Place = tuple[str, int, int, tuple[int, int]]


def place(note: str, target: str, start: int | None = None) -> Place:
    """Arguments of scope_of for ``target`` in ``note``."""
    normalised = normalise(note)
    at = note.index(target) if start is None else start
    a, b = normalised.to_normalised(at, at + len(target))
    sentence = next(r for r in split_sentences(normalised.text) if r[0] <= a < r[1])
    return normalised.text, a, b, sentence


@pytest.mark.parametrize(
    ("note", "target", "scope"),
    [
        ("虐待の疑いはなし。", "虐待", "denied"),
        ("酒・ギャンブルはしない。", "酒", "denied"),
        ("死にたい気持ちがあるわけではないと本人も娘も。", "死にたい", "denied"),
        ("もう食べる物がない。", "食べる物がない", "affirmed"),
        ("借金が返せない。", "借金", "affirmed"),
        ("暴力があり、借金はない。", "暴力", "affirmed"),
        ("うつ病、身寄りなし。", "うつ病", "affirmed"),
        ("息子は暴力を認めないが、腕にあとがある。", "暴力", "affirmed"),
        ("以前DVがあったが解決。", "DV", "past"),
        ("去年の秋、死のうとして未遂。今も消えたい気持ち。", "死のう", "past"),
        ("去年の秋、死のうとして未遂。今も消えたい気持ち。", "消えたい", "affirmed"),
        ("先月から殴られる。", "殴られる", "affirmed"),
        ("3年前から借金がある。", "借金", "affirmed"),
        ("夫から暴力を受けていた。今は離婚して接触はない。", "暴力", "past"),
        ("虐待かもしれない。", "虐待", "supposed"),
        ("倒れたらどうしようと思う。", "倒れ", "supposed"),
        ("虐待の可能性は否定できない。", "虐待", "supposed"),
        ("死にたい気持ちがないわけではない。", "死にたい", "affirmed"),
        ("テレビで虐待の事件を見た。", "虐待", "other"),
        ("近所の人から、隣の子が毎晩泣いていると。", "毎晩泣いている", "affirmed"),
    ],
)
def test_only_the_words_around_the_trouble_decide(note: str, target: str, scope: Scope) -> None:
    """The sentences the desk must not get wrong."""
    assert scope_of(*place(note, target)) == scope


def test_a_denial_after_a_turn_does_not_reach_back() -> None:
    """もの忘れ is there although 認知症の診断 is not."""
    note = "もの忘れがあるが、認知症の診断は受けていない。"
    assert scope_of(*place(note, "もの忘れ")) == "affirmed"
    assert scope_of(*place(note, "認知症")) == "denied"


@pytest.mark.parametrize(
    ("note", "target", "only_said"),
    [
        ("「殴ってなんかいない」と言い張る。", "殴って", True),
        ("本人は暴力を否定している。", "暴力", True),
        ("認知症のようには見えないとのこと。", "認知症", True),
        ("虐待ではないと児相が確認し、終わっている。", "虐待", False),
        ("借金なし。", "借金", False),
        ("毎日殴られると言う。", "殴られる", False),
    ],
)
def test_a_denial_that_is_only_said_is_told_from_a_finding(
    note: str, target: str, only_said: bool
) -> None:
    """本人は否定 against 児相が確認."""
    assert is_self_denial(*place(note, target)) is only_said


@pytest.mark.parametrize(
    ("note", "target"),
    [
        ("死にたいかと聞いたら「子がいるのに」と手を振った。", "死にたい"),
        ("死にたいという言葉は一度もない。", "死にたい"),
        ("「死にたい」とまでは言わない。", "死にたい"),
        ("死にてえとかは言わねえよ。", "死にてえ"),
        ("死にたいいう話は嫁の口からは出とらん。", "死にたい"),
        ("死ぬつもりの感じは私はしませんでした。", "死ぬつもり"),
        ("希死念慮は問うても否定。", "希死念慮"),
        ("自傷・希死念慮なし。", "自傷"),
        ("元夫からの暴力とかは昔も今もない。", "暴力"),
        ("怒鳴る・叩くは見たことがなく、清潔。", "怒鳴"),
        ("叩き合いはなか。", "叩き合い"),
        ("殴られたりはしてないです。", "殴ら"),
        ("夫は手を上げる人ではない。", "手を上げる"),
        ("義父が手を出すこと、私がつらく当たることはございません。", "手を出"),
        ("酒を飲まない。", "飲ま"),
        ("夫に殴られない日が続く。", "殴られ"),
    ],
)
def test_denials_in_many_voices(note: str, target: str) -> None:
    """Asked and shaken off, said of nobody's mouth, in dialect, at a distance."""
    assert scope_of(*place(note, target)) == "denied"


@pytest.mark.parametrize(
    ("note", "target"),
    [
        ("読めない漢字が多い。", "読め"),
        ("学校に行けません。", "行け"),
        ("薬の管理ができず困る。", "でき"),
        ("家から出られへん。", "出られ"),
        ("書類が分からん。", "分から"),
        ("呼んでも返事なし。", "返事"),
        ("米が三合しか残ってないよ。", "三合しか残"),
        ("統合失調症で薬を飲んでない。", "薬を飲んで"),
        ("ガスが先月止まったまま。", "ガスが先月止ま"),
        ("死にたいと言って聞かない。", "死にたい"),
        ("怒鳴ることはあっても叩くことはない。", "怒鳴る"),
    ],
)
def test_a_trouble_that_ends_inside_a_negation_is_no_denial(note: str, target: str) -> None:
    """読め|ない, でき|ず, 返事|なし: the ない is the trouble itself."""
    assert scope_of(*place(note, target)) == "affirmed"


@pytest.mark.parametrize(
    ("note", "target"),
    [
        ("前の夫とは4年前に別れ、当時は殴られて警察も入った。", "4年前に別れ、当時は殴られ"),
        ("夫の暴力から逃れて、三年前に町へ来た。", "暴力"),
        ("死にたいと思うことは前はあったが、今はない。", "死にたい"),
        ("死にたいとか、そういうのは去年までで、今はなくなりました。", "死にたい"),
        ("自殺企図歴は15年前に一度のみ。", "自殺企図"),
    ],
)
def test_what_is_over_is_past_or_denied(note: str, target: str) -> None:
    """Both keep the trouble from counting now."""
    assert scope_of(*place(note, target)) in ("past", "denied")


@pytest.mark.parametrize(
    ("note", "target"),
    [
        ("叩かれたこたあ、いっぺんもなかですばい。", "叩かれ"),
        ("いじめられよるんかと聞いたら、ちゃうちゃう言うて笑いよった。", "いじめ"),
        ("じいちゃん惚けとらんげん。", "惚け"),
        ("がっこうで いじめは ないです。ともだち いっぱい います。", "いじめ"),
        ("借金は?→「ありません」", "借金"),
        ("死にたい気持ち　A「それはないですね」", "死にたい気持ち"),
        ("ギャンブル いいえ/飲酒 はい", "ギャンブル"),
        ("電気が止まったと聞いて飛んで行ったが、誤報だったと民生委員。", "電気が止まった"),
        ("結核陰性。", "結核"),
        ("寝たきりどころか畑で鍬を振るう。", "寝たきり"),
        ("借金など、あるものですか。", "借金"),
        ("騒音の苦情は近隣から上がっていない。", "騒音"),
    ],
)
def test_denials_by_answer_dialect_and_correction(note: str, target: str) -> None:
    """Answered no, in dialect or spaced kana, found to be mistaken."""
    assert scope_of(*place(note, target)) == "denied"


@pytest.mark.parametrize(
    ("note", "target"),
    [
        ("夫に殴られたことは誰にも話していない。", "殴られ"),
        ("借金は全然減らない。", "借金"),
        ("夫は暴力を反省していない。", "暴力"),
        ("介護は誰も手伝わない。", "介護"),
        ("薬は飲んでいない。", "薬"),
        ("もう食べる物がない。", "食べる物"),
        ("失業してから収入がない。", "失業"),
        ("妊娠してから検診に行っていない。", "妊娠"),
        ("ゆうべ薬を大量に飲んだが、今は落ち着いている。", "薬を大量に飲んだ"),
        ("夫に殴られた。今は友人宅にいる。", "殴られた"),
        ("ガスが止まった。もう三日風呂に入っていない。", "ガスが止まった"),
        ("となりの人に殴られた。", "殴られた"),
        ("近所の人が怒鳴り込んできて怖い。", "怒鳴り込んで"),
        ("SNSでいじめられている。", "いじめ"),
        ("友人の借金の保証人になった。", "借金"),
        ("飲んでないと言うが、空き缶がある。", "飲んで"),
        ("酒を飲まない日は月に一日もない。", "酒"),
        ("酒なしでは眠れない。", "酒"),
        ("暴力は収まるどころか日ごとにひどくなる。", "暴力"),
        ("立ち退きは免れず、明け渡しと決まった。", "立ち退き"),
    ],
)
def test_a_real_danger_is_not_read_away(note: str, target: str) -> None:
    """A ない about telling, ending or helping, a calm of today, a neighbour who does it to us."""
    assert scope_of(*place(note, target)) == "affirmed"


@pytest.mark.parametrize(
    ("note", "target"),
    [
        ("死にたいとかはない。", "死にたい"),
        ("死のうとかはなかとよ。", "死のうと"),
        ("死にたいなんて思わない。", "死にたいなんて"),
        ("死にたいとまではいかない。", "死にたいとまでは"),
        ("死にたいまではいかん。", "死にたい"),
        ("死にたいというようなことはないです。", "死にたい"),
        ("死にたいという気持ちまではない。", "死にたい"),
        ("死にたいなんてことは一度も。", "死にたい"),
        ("食べる物がないとかはない。", "食べる物がない"),
        ("殴られるなんてない。", "殴られ"),
        ("電気が止まるとかはまだない。", "電気が止ま"),
        ("叩かれる・怒鳴られる等の有無を一項目ずつ確認、いずれも(-)。", "叩かれ"),
        ("暴力や虐待を受けた経験は否定した。", "暴力"),
        ("あざも夜の怯えもない。", "怯え"),
        ("給水停止の予告はなく、今月分を納めた。", "給水停止"),
        ("死にたいお気持ちがあるか伺いましたところ、それはないとのこと。", "死にたい"),
        ("「殴られたことは」→「一度も。飲めば寝るだけ」", "殴られ"),
        ("「頭が割れる」は太鼓の稽古。", "頭が割れ"),
        ("「もう楽になりたい」←借金をまとめたいの意。", "楽になりたい"),
    ],
)
def test_a_word_between_leaves_a_denial_a_denial(note: str, target: str) -> None:
    """とか, なんて, とまで, ような, a list with (-), an answer, a quotation explained."""
    assert scope_of(*place(note, target)) == "denied"


@pytest.mark.parametrize(
    ("note", "target"),
    [
        ("死にたいとしか言わない。", "死にたい"),
        ("死にたいとか言うてました。", "死にたい"),
        ("「死にたい」は昨夜の電話。", "死にたい"),
        ("「叩かれた」は保育園の話です。", "叩かれ"),
        ("あの人が来るときは殴られる。", "殴られ"),
        ("友達は元気だが、私は夫に殴られている。", "殴られ"),
        ("犬が死んでから、死にたいと言う。", "死にたい"),
        ("犬が吠えると夫に殴られる。", "殴られ"),
        ("再発はないが、けいれんがまた起きた。", "けいれん"),
        ("前の夫に昨日殴られた。", "殴られ"),
    ],
)
def test_words_like_those_of_a_denial_deny_nothing(note: str, target: str) -> None:
    """としか, a quotation of last night, a dog or a friend that is not the one in trouble."""
    assert scope_of(*place(note, target)) == "affirmed"


@pytest.mark.parametrize(
    ("note", "target", "scope"),
    [
        ("飼い猫が二階の窓から飛び降りる癖がある。", "飛び降り", "other"),
        ("胸を押さえて倒れたのは飼い犬のほう。", "胸を押さえて", "other"),
        ("ママ友が夫に殴られていると聞いた。", "殴られ", "other"),
        ("別の子が母親に蹴られるのを見た。", "蹴られ", "other"),
        ("よその県の作業所で賃金が払われなかったそうだ。", "賃金が払われ", "other"),
        ("昨秋は「死にたい」と言って入院したが、春に戻った。", "死にたい", "past"),
        ("あの台風の時は食べる物もなかった。", "食べる物もなかった", "past"),
        ("四歳の時のけいれんは一度きり。", "けいれん", "past"),
        ("同居の孫が叩いたが、孫は三年前に独立した。", "叩い", "past"),
        ("断られたら行き場が無い。", "行き場が無い", "supposed"),
        ("暴力の有無は確認できない。", "暴力", "supposed"),
    ],
)
def test_animals_friends_times_and_conditions_are_told_apart(
    note: str, target: str, scope: Scope
) -> None:
    """Whose it is and when it was, when neither stands right beside the trouble."""
    assert scope_of(*place(note, target)) == scope


def test_a_long_line_is_read_in_no_time() -> None:
    """Reach is bounded: a line of three thousand letters costs no more than a sentence."""
    for filler in ("も", "たが、", "の", "「"):
        note = filler * 1000
        assert scope_of(note, 500, 502, (0, len(note))) in SCOPES


def test_a_trouble_at_the_very_edge_of_the_note_is_affirmed() -> None:
    """Nothing around it, nothing to take back."""
    assert scope_of("虐待", 0, 2, (0, 2)) == "affirmed"


@pytest.mark.parametrize("split", sorted(FLOORS))
def test_labelled_sentences_are_read_as_well_as_before(split: str) -> None:
    """Accuracy stays at or above the recorded floor; no scope falls under 0.85 recall."""
    cases = [json.loads(line) for line in CASES.read_text(encoding="utf-8").splitlines()]
    table: Counter[tuple[str, str]] = Counter()
    for case in (c for c in cases if c["split"] == split):
        got = scope_of(*place(case["text"], case["target"], case["start"]))
        table[case["scope"], got] += 1
    right = sum(table[s, s] for s in SCOPES)
    assert right / table.total() >= FLOORS[split]
    for scope in SCOPES:
        wanted = sum(n for (label, _), n in table.items() if label == scope)
        assert table[scope, scope] / wanted >= 0.85, scope
