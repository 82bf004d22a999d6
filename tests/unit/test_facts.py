"""The yes/no facts a note settles: household, certificates, money, home, work."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import yaml

from service.triage.facts import FactRule, fact_rules, find_facts
from service.triage.models import Fact
from service.triage.reading import read
from service.triage.rules import Rule

TODAY = date(2026, 6, 1)
DEFINITIONS = Path(__file__).parents[2] / "knowledge" / "national" / "facts.yaml"


def found(note: str) -> dict[str, Fact]:
    """Read the facts of ``note`` with the shipped rules, by code."""
    return {fact.code: fact for fact in find_facts(read(note, TODAY), fact_rules())}


def settled(note: str, code: str) -> bool | None:
    """Say what the note settles about ``code``; None when it stays unknown."""
    fact = found(note).get(code)
    return None if fact is None else bool(fact.value)


def test_there_is_a_rule_for_every_yes_no_fact_of_the_knowledge() -> None:
    """A fact that eligibility asks for and no rule reads would be asked every time."""
    definitions = yaml.safe_load(DEFINITIONS.read_text(encoding="utf-8"))
    wanted = {d["code"] for d in definitions if d["kind"] == "bool"}
    assert {rule.fact for rule in fact_rules()} == wanted


@pytest.mark.parametrize(
    ("note", "code"),
    [
        ("82歳女性、独居。", "lives_alone"),
        ("夫を亡くして一人暮らしになりました。", "lives_alone"),
        ("要支援2、膝が悪い。", "care_certified"),
        ("父は要介護3です。", "care_certified"),
        ("介護保険の認定を受けています。", "care_certified"),
        ("療育手帳B、23歳。", "disability_certificate"),
        ("精神の手帳2級。", "disability_certificate"),
        ("A型に通っている。", "disability_certificate"),
        ("受給者証あり、放デイ探し中。", "disability_certificate"),
        ("統合失調症で通院中。", "disability"),
        ("母のもの忘れがひどい。", "dementia_signs"),
        ("生保受給中の男性。", "seiho"),
        ("生活保護を受けています。", "seiho"),
        ("年金だけでは足りない。", "low_income"),
        ("来月の家賃が払えない。", "low_income"),
        ("工場が閉まって失業した。", "unemployed"),
        ("シフトが減って困る。", "unemployed"),
        ("また働きたい。", "can_work"),
        ("アパートの大家から電話。", "renting"),
        ("家賃を2か月滞納。", "renting"),
        ("今夜寝る所がない。", "no_home_soon"),
        ("車中泊が2週間。", "no_home_soon"),
        ("消費者金融に借金がある。", "debt"),
        ("フィリピン出身の妻。", "foreign"),
        ("日本語が読めない。", "foreign"),
        ("離婚して子ども2人を育てています。", "single_parent"),
        ("父子家庭、娘は中2。", "single_parent"),
        ("産後2か月、涙が止まらない。", "pregnant_or_infant"),
        ("妊娠7か月、頼れる人なし。", "pregnant_or_infant"),
        ("生後3か月の子。", "pregnant_or_infant"),
        ("3歳の娘と来所。", "preschool_child"),
        ("小4の息子が学校に行かない。", "has_child"),
        ("町内在住の女性。", "resident"),
    ],
)
def test_the_note_says_yes(note: str, code: str) -> None:
    """Each way of telling settles the fact."""
    assert settled(note, code) is True


@pytest.mark.parametrize(
    ("note", "code"),
    [
        ("80歳の母と同居。", "lives_alone"),
        ("夫婦二人暮らし。", "lives_alone"),
        ("一人暮らしではない。", "lives_alone"),
        ("介護保険は申請していない。", "care_certified"),
        ("要介護認定は未申請。", "care_certified"),
        ("手帳なし、通院なし。", "disability_certificate"),
        ("もの忘れはない。", "dementia_signs"),
        ("生活保護は受けていない。", "seiho"),
        ("生活保護を申請したい。", "seiho"),
        ("お金には困っていません。", "low_income"),
        ("腰を痛めて働けない。", "can_work"),
        ("家は持ち家。", "renting"),
        ("借金はない。", "debt"),
        ("保険証なし、37歳。", "insured"),
        ("子なし、きょうだいは他界。", "has_child"),
        ("住民票は他県。", "resident"),
    ],
)
def test_the_note_says_no(note: str, code: str) -> None:
    """A denial, or the opposite, settles the fact as well."""
    assert settled(note, code) is False


@pytest.mark.parametrize(
    ("note", "code"),
    [
        ("82歳女性、膝が痛い。", "lives_alone"),
        ("手帳を取りたい。", "disability_certificate"),
        ("母子手帳をなくした。", "disability_certificate"),
        ("借金はない。", "low_income"),
        ("病院では麻痺はないと言われた。", "disability"),
        ("家賃は一度も遅れたことがない。", "low_income"),
        ("次女は30歳。", "pregnant_or_infant"),
        ("自傷等の様子なし。", "has_child"),
        ("認定こども園の先生から。", "care_certified"),
        ("保護者から電話。", "seiho"),
        ("手伝いたいと申し出てくれた。", "no_home_soon"),
        ("道に穴があいている。", "foreign"),
    ],
)
def test_what_the_note_does_not_say_stays_unknown(note: str, code: str) -> None:
    """Words that only look alike settle nothing."""
    assert settled(note, code) is None


def test_a_note_of_several_facts_settles_each_once() -> None:
    """The clerk's bullets are read one by one."""
    note = "・68男 独居 借家\n・年金月5万8千、貯金は底をついた\n・要支援1\n・借金なし"
    facts = {code: fact.value for code, fact in found(note).items()}
    assert facts == {
        "lives_alone": True,
        "renting": True,
        "low_income": True,
        "care_certified": True,
        "debt": False,
    }


def test_yes_wins_over_no() -> None:
    """A denial in one place does not undo a statement in another."""
    assert settled("母は要介護2。父の認定はまだ。", "care_certified") is True


def test_the_evidence_is_the_words_of_the_note_as_written() -> None:
    """Full-width writing is marked where it stands in the original."""
    note = "本人は　要支援２　です。"
    evidence = found(note)["care_certified"].evidence
    assert note[evidence.start : evidence.end] == evidence.text == "要支援２"


def test_a_denied_yes_says_no_only_where_the_rule_says_so() -> None:
    """「麻痺はない」 is no statement about every other disability."""
    yes = (Rule(any=("猫",)),)
    reading = read("猫はいない。", TODAY)
    assert [f.value for f in find_facts(reading, (FactRule(fact="cat", yes=yes),))] == [False]
    careful = FactRule(fact="cat", yes=yes, denied_means_no=False)
    assert find_facts(reading, (careful,)) == ()
