"""Concerns that a note names only to say that they are not there, and the ないs that are none."""

from __future__ import annotations

import csv
import re
import time
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from knowledge.load import load_knowledge
from service.triage.denied_concerns import concern_words, find_denied_concerns, main_categories
from service.triage.models import Denied, RedFlag
from service.triage.reading import read
from service.triage.red_flags import flag_rules, make_flag

TODAY = date(2026, 11, 24)
TAXONOMY = Path(__file__).parents[2] / "knowledge" / "national" / "categories.csv"


def denied(note: str, raised: tuple[RedFlag, ...] = ()) -> tuple[Denied, ...]:
    return find_denied_concerns(read(note, TODAY), raised, flag_rules())


def codes(note: str) -> set[str]:
    return {concern.code for concern in denied(note)}


# ── the data ──────────────────────────────────────────────────────────────────


def test_every_code_is_used_once_and_says_what_it_is() -> None:
    """Dangers have flags; the others have categories of the taxonomy and no flags."""
    counted = Counter(concern.code for concern in concern_words())
    assert [code for code, n in counted.items() if n > 1] == []
    flags = {rule.code for rule in flag_rules()}
    with TAXONOMY.open(encoding="utf-8") as file:
        known = {row["code"] for row in csv.DictReader(file)}
    for concern in concern_words():
        kind = concern.code.partition(".")[0]
        assert kind in ("danger", "concern"), concern.code
        assert bool(concern.flags) == (kind == "danger"), concern.code
        assert set(concern.flags) <= flags, concern.code
        assert set(concern.categories) <= known, concern.code
        assert concern.flags or concern.categories, concern.code
        assert concern.label, concern.code


def test_no_pattern_can_run_away() -> None:
    """Nothing is repeated without a bound."""
    for concern in concern_words():
        for pattern in (*concern.words, *concern.fine):
            plain = re.sub(r"\[[^\]]*\]", "x", pattern)
            assert not re.search(r"(?<!\\)[*+]|\{\d+,\}", plain), (concern.code, pattern)


def test_a_long_note_without_full_stops_is_read_in_linear_time() -> None:
    """Four times the length takes about four times as long, not sixteen."""
    took = []
    for length in (1500, 6000):
        reading = read(("酒は手を出さお金は" * 1000)[:length], TODAY)
        start = time.perf_counter()
        find_denied_concerns(reading, (), flag_rules())
        took.append(time.perf_counter() - start)
    assert took[1] < 10 * took[0] + 0.2


# ── said not to be there ──────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("note", "code"),
    [
        # the whole town's ways of saying no
        ("希死念慮(-)、服薬は続いている。", "danger.suicide"),
        ("死にたいかと尋ねると、首を横に振った。", "danger.suicide"),
        ("死にたい気持ちは「ない」ときっぱり。", "danger.suicide"),
        ("死ぬ気なんぞさらさらねえ、孫が来るだで。", "danger.suicide"),
        ("しにたいとは おもいません。", "danger.suicide"),
        ("保健室で見たが虐待の形跡は見当たらず。", "danger.abuse"),
        ("冷たく当たられることなどございません、嫁は大事にしてくれます。", "danger.abuse"),
        ("腕や背中にあざは確認できず。", "danger.injury"),
        ("孫を叩いたことは一度もない。", "danger.child_abuse"),
        ("娘さんが母親に手を上げることはないとのこと、母にどなるのも聞かれない。", "danger.hits"),
        ("施設での虐待は否定。", "danger.disability_abuse"),
        ("夫婦仲は良好、DVの心配は要らない。", "danger.dv"),
        ("お袋も弟も殴られたりはしてねぇ。", "danger.beaten"),
        ("息子は暴れたりはせん、おとなしか。", "danger.outburst"),
        ("立ち退きの話は出ておらず、電気も止まっていない。", "concern.housing"),
        ("今すぐの救急の必要はなし。", "danger.medical"),
        ("セルフネグレクトには該当せず。", "danger.self_neglect"),
        # money, food, debts
        ("年金は少ないが、暮らし向きは足りております。", "concern.poverty"),
        ("お金のしんぱいは ありません。", "concern.poverty"),
        ("ゼニは足りでら。", "concern.poverty"),
        ("貯金はあるし、当面の生活は大丈夫と本人。", "concern.poverty"),
        ("生活に困ってるわけやあらへん。", "concern.poverty"),
        ("米はあるけん、ひもじか思いはしとらん。", "concern.food"),
        ("三食きちんと、ごはんは祖父が作ってくれている。", "concern.food"),
        ("サラ金も借金もありまへん。", "concern.debt"),
        ("負債ナシ。", "concern.debt"),
        ("誰からも、どこからも借りていません。借りたお金はない。", "concern.debt"),
        ("家賃は一度も遅れたことがない。", "concern.arrears"),
        # age, disability, drink
        ("頭はまだしっかりしとる、計算もお手のもん。", "concern.dementia"),
        ("ぼけてはおらんとです。", "concern.dementia"),
        ("物忘れの検査は異常なし。", "concern.dementia"),
        ("認知症とは言われていない。", "concern.dementia"),
        ("介護は要らない、歩いて買い物に行く。", "concern.care"),
        ("知的障害の診断なし。", "concern.disability"),
        ("3歳児健診では発達の指摘はなかった。", "concern.development"),
        ("酒も煙草もやらん、真面目な男だ。", "concern.addiction"),
        ("賭け事や酒ではない。", "concern.addiction"),
        ("断酒して8年になる。", "concern.addiction"),
        # the young, the rest
        ("ひきこもりではなく、週に三日は釣りに行く。", "concern.hikikomori"),
        ("不登校もいじめもない。", "concern.school"),
        ("学校には休まず通っている。", "concern.school"),
        ("家の手伝いはさせていません。", "concern.young_carer"),
        ("不審な契約や送金は確認できず。", "concern.fraud"),
        ("抑うつ・幻聴ともになし。", "concern.mental"),
    ],
)
def test_a_denied_concern_is_listed(note: str, code: str) -> None:
    """Clinical, official, dialect, easy Japanese, from far and near."""
    assert code in codes(note), codes(note)


def test_what_is_over_or_somebody_elses_is_listed_with_its_scope() -> None:
    """以前のDV and a thing from the news are kept apart from a plain denial."""
    by_code = {d.code: d.scope for d in denied("夫に殴られたのは20年前のことで、今は穏やか。")}
    assert by_code["danger.dv"] == "past"
    assert {d.code: d.scope for d in denied("テレビで虐待の事件を見た。")} == {
        "danger.abuse": "other"
    }


# ── the ない that is the trouble, and other look-alikes ──────────────────────


@pytest.mark.parametrize(
    "note",
    [
        "金がない、食べる物もない。",
        "収入なし、貯金なし、身寄りなし。",
        "手帳なし、認定なし。",
        "家賃が払えていない。",
        "お金は足りていない。",
        "生活費が足りないと言う。",
        "ごはんは食べられていない。",
        "食事はとれているのか分からない。",
        "お金に余裕がない。",
        "お金はあるのか、尋ねたい。",
        "借金が返せない。",
        "借金はないですか。",
        "酒を飲まないと手が震える。",
        "酒はやめられない。",
        "頭がはっきりしない。",
        "認知症で、身の回りのことができない。",
        "学校には行けていない。",
        "死にたいね。もう疲れた。",
        "死にたいわけじゃない、消えたい。",
        "夫に殴られたことはないが、財布も電話も取り上げられている。",
        "虐待がないとは言い切れない。",
        "DVじゃないですよね。",
        "いじめはないが、学校に行けない。",
        "だまされたとは思っていない様子で、また振り込みに行く。",
        "救急車は要らんと言うが、唇が紫色。",
        "ごはんの差し入れはありがたい。母さん、泣いとった。",
    ],
)
def test_a_trouble_is_not_taken_for_a_denial(note: str) -> None:
    """金がない is poverty; 「殴られはしないが」 is no all-clear."""
    assert codes(note) == set()


# ── flags ─────────────────────────────────────────────────────────────────────


def test_a_raised_flag_keeps_its_categories() -> None:
    """A denial of violence leaves what the rules found alone."""
    flag = next(code for code in load_knowledge().red_flags if code.code == "elder_abuse")
    rule = next(rule for rule in flag_rules() if rule.code == "elder_abuse")
    raised = (make_flag(flag, rule.answer, (), "rule"),)
    note = "虐待ではないと言うが、母の腕に輪の形のあとがある。虐待なし。"
    (concern,) = (d for d in denied(note, raised) if d.code == "danger.abuse")
    assert not set(main_categories(["elder_abuse"], flag_rules())) & set(concern.categories)
    assert set(main_categories(["child_abuse"], flag_rules())) <= set(concern.categories)


def test_a_kind_of_abuse_denies_its_own_window_only() -> None:
    """「子を叩かない」 says nothing of grandmother."""
    (concern,) = (d for d in denied("子には手を上げない。") if d.code == "danger.child_abuse")
    assert concern.categories == main_categories(["child_abuse"], flag_rules())


def test_the_evidence_is_what_the_note_says() -> None:
    """The words are shown as they stand, wherever they stand."""
    note = "　ﾎｰﾑより。負債ナシ、生活費は足りています。"
    for concern in denied(note):
        span = concern.evidence
        assert note[span.start : span.end] == span.text
