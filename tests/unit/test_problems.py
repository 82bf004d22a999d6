"""Problems (課題): which troubles a note tells of, where it says so, and what they call for."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from service.triage.models import Denied, Problem
from service.triage.problems import ProblemRule, find_problems, problem_rules
from service.triage.reading import read
from service.triage.rules import Rule, find_matches

TODAY = date(2026, 6, 1)
TAXONOMY = Path(__file__).parents[2] / "knowledge" / "national" / "categories.csv"


def found(note: str) -> tuple[tuple[Problem, ...], tuple[Denied, ...]]:
    """Read a note with the shipped rules."""
    return find_problems(read(note, TODAY), problem_rules())


def codes(note: str) -> set[str]:
    """The codes of the troubles that hold now."""
    return {problem.code for problem in found(note)[0]}


def categories(note: str, at_least: float = 0.5) -> set[str]:
    """The categories the troubles of a note call for, from a weight on."""
    weights = {rule.code: rule.categories for rule in problem_rules()}
    return {c for code in codes(note) for c, w in weights[code].items() if w >= at_least}


def denied(note: str) -> dict[str, str]:
    """The codes of the troubles the note takes back, with the scope that says how."""
    return {d.code: d.scope for d in found(note)[1]}


# ── the rule files ────────────────────────────────────────────────────────────


def test_every_code_is_used_once() -> None:
    """A code names one trouble over all files."""
    counted = Counter(rule.code for rule in problem_rules())
    assert [code for code, n in counted.items() if n > 1] == []


def test_every_trouble_has_a_label_and_a_first_window() -> None:
    """Labels are Japanese; each trouble calls for something, weights lie in (0, 1]."""
    for rule in problem_rules():
        assert rule.label, rule.code
        assert not rule.label.isascii(), rule.code
        assert all(0 < weight <= 1 for weight in rule.categories.values()), rule.code
        assert max(rule.categories.values()) >= 0.5, rule.code


def test_only_categories_of_the_taxonomy_are_called_for() -> None:
    """A misspelt category would never be shown."""
    known = _taxonomy()
    assert {c for rule in problem_rules() for c in rule.categories} <= known


def test_every_category_is_called_for_by_some_trouble() -> None:
    """Nothing but 情報不足 is out of reach of the rules."""
    reachable = {c for rule in problem_rules() for c, w in rule.categories.items() if w >= 0.5}
    assert _taxonomy() - {"none.insufficient"} - reachable == set()


def _taxonomy() -> set[str]:
    with TAXONOMY.open(encoding="utf-8", newline="") as file:
        return {row["code"] for row in csv.DictReader(file)}


# ── where the note says so ──────────────────────────────────────────────────


@pytest.mark.parametrize(
    "note",
    [
        "夫に殴られ、逃げてきた。子どもは5歳。",
        "・８２歳女性　独居\n・訪問販売で布団の契約を３件\n・解約したい",
        "ﾊﾟﾁﾝｺで給料を全部使う息子。サラ金５社から３００万円の借金。",
        "「もう死にたい」と電話。薬をためている。\n\nうつ病で通院中。",
        "刑務所を出たばかり。住む所も金もない。",
        "にほんごが わかりません。びざの ことを ききたい です。",
    ],
)
def test_evidence_points_into_the_note_as_given(note: str) -> None:
    """Full-width digits, half-width kana, blanks and line breaks do not shift offsets."""
    problems, taken_back = found(note)
    assert problems
    spans = [span for problem in problems for span in problem.evidence]
    for span in [*spans, *(d.evidence for d in taken_back)]:
        assert span.text
        assert note[span.start : span.end] == span.text


def test_problems_come_in_the_order_of_the_note() -> None:
    """The clerk reads them beside the note."""
    problems, _ = found("家の前に元彼が待っている。つきまとわれて怖い。借金が300万円あり返せない。")
    starts = [problem.evidence[0].start for problem in problems]
    assert starts == sorted(starts)


def test_a_trouble_told_many_times_shows_three_places_at_most() -> None:
    """Evidence, not a list of every mention."""
    note = "死にたい。" * 6
    problem = next(p for p in found(note)[0] if p.code == "suicidal_feelings")
    assert len(problem.evidence) == 3


def test_a_trouble_carries_the_person_named_last_before_it() -> None:
    """借金 of the 息子, not of the 母 who calls."""
    problems, _ = found("母（74歳）より。息子（45歳）はサラ金5社から借金がある。")
    debt = next(p for p in problems if p.code == "multiple_debts")
    assert debt.person.startswith("息子")


# ── what is not so ─────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("note", "code", "scope"),
    [
        ("死にたい気持ちはない。", "suicidal_feelings", "denied"),
        ("死にたいとは言わない。食事もとれている。", "suicidal_feelings", "denied"),
        ("死にたいなどは言いません。", "suicidal_feelings", "denied"),
        ("アルコール依存はなし。", "alcohol_problem", "denied"),
        ("夫から暴力を受けていた。今は離婚して接触はない。", "partner_violence", "past"),
    ],
)
def test_a_denied_trouble_is_listed_as_denied(note: str, code: str, scope: str) -> None:
    """What the note denies or tells as past is no problem, but is not lost."""
    assert code not in codes(note)
    assert denied(note)[code] == scope


def test_a_trouble_affirmed_once_is_not_listed_as_denied() -> None:
    """去年 it was tried, now it is there again."""
    note = "朝は死にたい気持ちはないと言う。夜になると死にたいと泣く。"
    assert "suicidal_feelings" in codes(note)
    assert "suicidal_feelings" not in denied(note)


def test_other_peoples_troubles_are_not_the_households() -> None:
    """Television is no reason to call the police."""
    assert "special_fraud" not in codes("テレビで振り込め詐欺の特集を見た。")


def test_a_supposed_trouble_weighs_less() -> None:
    """かもしれない counts 0.6 of a trouble that is so."""
    sure = next(p for p in found("夫は結核と診断された。")[0] if p.code == "infectious_disease")
    maybe = next(p for p in found("夫は結核かもしれない。")[0] if p.code == "infectious_disease")
    assert sure.weight == 1.0
    assert 0 < maybe.weight < sure.weight


def test_a_trouble_both_supposed_and_sure_is_sure() -> None:
    """The stronger mention decides."""
    rule = ProblemRule(
        code="x", label="例", categories={"health.hokenjo": 1.0}, rules=(Rule(any=("結核",)),)
    )
    problems, _ = find_problems(read("結核かもしれない。検査で結核と分かった。", TODAY), (rule,))
    assert [p.weight for p in problems] == [1.0]


@pytest.mark.parametrize(
    "note",
    [
        "中2男子。死にたいとかはない、学校を変わりたい。",
        "高1。「死にたいとまではいかない」と話す。",
        "死にたいなんて思わない。14歳。",
        "小6女児。自傷とかはなし。",
        "高2。死にたいというようなことはないと。",
        "高3。死にたい気持ちまではないです。",
    ],
)
def test_a_denied_wish_to_die_of_a_child_is_listed_as_denied(note: str) -> None:
    """The trouble is not there although its name is."""
    assert "child_says_die" not in codes(note)
    assert "suicidal_feelings" not in codes(note)
    assert denied(note)["child_says_die"] == "denied"


@pytest.mark.parametrize(
    "note",
    [
        "中3男子。死にたいとしか言わない。",
        "高1。死にたいとは言わないが、毎晩泣いて「消えたい」。",
        "中2。死にたいとか言う。",
        "15歳。死にたいって思うことはないけど消えたい。",
    ],
)
def test_a_wish_to_die_of_a_child_beside_a_denial_holds(note: str) -> None:
    """としか is no denial, and 消えたい is not taken back with 死にたい."""
    assert "child_says_die" in codes(note)


def test_an_empty_note_and_no_rules_give_nothing() -> None:
    """No text, no troubles; no rules, no troubles."""
    assert found("") == ((), ())
    assert find_problems(read("夫に殴られる。", TODAY), ()) == ((), ())


@pytest.mark.parametrize(
    ("word", "note", "found_there"),
    [
        ("なた", "玄関にどなたか来た。", False),
        ("けられ", "声をかけられた。", False),
        ("ねる", "訪ねる家が分からない。", False),
        ("あざ", "腕に青あざ。", True),
        ("なた", "なたを持っていた。", True),
    ],
)
def test_a_pattern_does_not_begin_inside_another_word(
    word: str, note: str, found_there: bool
) -> None:
    """ど|なた is no hatchet; 青|あざ is a bruise."""
    assert bool(find_matches(Rule(any=(word,)), read(note, TODAY))) is found_there


def test_gaps_of_ocr_and_plain_japanese_hide_no_trouble() -> None:
    """Problems profit from closed gaps; their evidence still points into the note."""
    note = "ガ ス が 止 め られ、家 賃 も 払 え ない。"
    problems, _ = found(note)
    assert "utilities_cut" in {problem.code for problem in problems}
    for problem in problems:
        assert all(note[s.start : s.end] == s.text for s in problem.evidence)


# ── which trouble calls for what ─────────────────────────────────────────────


@pytest.mark.parametrize(
    ("note", "category"),
    [
        ("死にたい、もう疲れたと電話口で泣く。", "health.suicide"),
        ("借金で首つるしかないと言う男性58。", "health.suicide"),
        ("息子31、妄想あり受診拒む。入院も考えたい。", "health.hokenjo"),
        ("パーキンソン病と診断、難病の医療費助成の申請をしたい。", "health.hokenjo"),
        ("自死で夫を亡くした。遺族の集まりを希望。", "health.seishin_center"),
        ("健診で血糖が高いと言われた。食事のことを聞きたい。", "health.hokenshi"),
        ("入院中の夫、転院先を探せと言われた。", "health.medical"),
        ("夫の酒がとまらない、朝から飲む。", "health.addiction"),
        ("むすこが ぱちんこで きゅうりょうを ぜんぶ つかう。", "health.addiction"),
        ("認知症の母の預金がおろせない。後見人をつけたい。", "rights.kouken"),
        ("通帳をなくす、再発行4回目。預けておける所は。", "rights.nichijo"),
        ("離婚したいが弁護士代がない。", "rights.houterasu"),
        ("屋根の点検と言われ200万の契約をした。解約したい。", "rights.shohi"),
        ("サラ金5社で400万、もう返せない。", "rights.debt"),
        ("夫に殴られ裸足で逃げてきた。", "rights.dv"),
        ("家に居場所がなく知人宅を転々、19歳女性。性被害もあり。", "rights.women"),
        ("元彼につきまとわれる、家の前で待っている。", "rights.police"),
        ("ろれつが回らず右手が動かんと妻が言う。30分前から。", "rights.emergency"),
        ("満期出所、身寄りなし。持病あり。", "rights.exoffender"),
        ("ビザの期限が切れそう。日本語があまり話せない。", "rights.foreign"),
        ("車いすで店に入ろうとしたら断られた。差別では。", "rights.human"),
        ("制度の間に落ちている60歳男、どこも対象外と言われた。", "community.shakyo"),
        ("うちの地区の担当の民生委員さんは誰か教えてほしい。", "community.minsei"),
        ("ラジオ体操の会を始めたい。", "community.coordinator"),
        ("草刈りの当番、高齢化で回らない。", "community.rmo"),
        ("免許返した79歳、病院へ行く足がない。", "community.transport"),
        ("電球の交換ができん、ちょっと来てくれる人いないか。", "community.volunteer"),
        ("寝たきりの母、大雨の時どう避難するか決めておきたい。", "community.disaster"),
        ("隣の空き家が崩れそう、瓦が落ちてくる。", "community.akiya_env"),
        ("うちの休耕地を福祉に使ってもらえないか。", "community.agri"),
        ("住民票と印鑑証明がほしい、今日中に。", "none.other_dept"),
    ],
)
def test_each_trouble_calls_for_its_first_window(note: str, category: str) -> None:
    """One plain note for each window of these sectors."""
    assert category in categories(note)


@pytest.mark.parametrize(
    ("errand", "trouble"),
    [
        ("水道の開栓の手続きをしたい。", "水道が止められた。開栓のお金がない。"),
        ("犬の登録をしたい。", "犬の登録どころか、生活費がなく自分も食べていない。"),
        ("住民票がほしい。", "住民票がほしいが、夫から逃げているので居場所を知られたくない。"),
        ("粗大ごみの出し方を知りたい。", "粗大ごみを出そうにも膝が痛くて運べない。"),
        ("固定資産税の納付書をなくした。", "固定資産税の納付書が来たが払えない。"),
    ],
)
def test_a_town_hall_errand_is_one_only_without_a_welfare_trouble(
    errand: str, trouble: str
) -> None:
    """The same word, another desk."""
    assert "none.other_dept" in categories(errand)
    assert "none.other_dept" not in categories(trouble)


@pytest.mark.parametrize(
    "note",
    [
        "先日はありがとうございました。またよろしくお願いします。",
        "あー、テストテスト。聞こえますか。",
        "電話あり、また今度にしますと言って切れた。",
    ],
)
def test_a_note_that_tells_nothing_has_no_problem(note: str) -> None:
    """Greetings and fragments must not be read as troubles."""
    assert codes(note) == set()
