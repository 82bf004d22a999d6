"""Every metric by hand on small cases, against ir_measures, and what must always hold."""

from __future__ import annotations

import math
import random

import ir_measures
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ir_measures import R, nDCG

from eval.cases import Case, Prediction
from eval.metrics import (
    METRICS,
    Values,
    case_values,
    estimate,
    ndcg,
    recall,
    summarise,
    useful,
)
from eval.report import LABELS
from eval.slices import SLICES

DESIGN_METRICS = (
    "recall_primary@5", "recall_primary@10", "hit_primary@3", "all_primary@8", "ndcg@10",
    "useful@5", "red_flag_recall", "red_flag_precision", "red_flag_specificity",
    "negation_false_alarms", "route_accuracy",
)  # fmt: skip
CODES = tuple(f"c{i}" for i in range(14))
RANKED = st.lists(st.sampled_from(CODES), max_size=14).map(tuple)  # repeating itself at times
PRIMARY = st.sets(st.sampled_from(CODES), min_size=1, max_size=5)
ACCEPTABLE = st.sets(st.sampled_from(CODES), max_size=5)


def case(primary: str = "a b", **more: object) -> Case:
    """A case whose primary categories are given as words."""
    data = {"id": "T1", "note": "母が泣く。", "primary": primary.split()} | more
    return Case.model_validate(data)


def prediction(ranked: str = "", **more: object) -> Prediction:
    """An answer whose categories are given as words."""
    return Prediction.model_validate({"id": "T1", "ranked": ranked.split()} | more)


def values(the_case: Case, answer: Prediction) -> Values:
    """All metrics of one case."""
    return case_values(the_case, answer)


# By hand.


def test_the_ranking_metrics_of_one_case_by_hand() -> None:
    """Primary a and b stand at 2 and 6, acceptable c at 1; d is not shown."""
    found = values(case("a b", acceptable=["c", "d"]), prediction("c a x y z b"))
    assert found["recall_primary@5"] == 1 / 2  # a of {a, b}
    assert found["recall_primary@10"] == 2 / 2  # a and b
    assert found["hit_primary@3"] == 1  # a among c a x
    assert found["all_primary@8"] == 1  # b at 6
    assert found["useful@5"] == 2 / 5  # c and a of c a x y z
    # gains 1 3 0 0 0 3:  1/log2(2) + 3/log2(3) + 3/log2(7) = 1 + 1.8928 + 1.0686 = 3.9614
    # ideal 3 3 1 1:      3/1 + 3/1.5850 + 1/2 + 1/2.3219    = 3 + 1.8928 + .5 + .4307 = 5.8235
    assert found["ndcg@10"] == pytest.approx(3.9614 / 5.8235, abs=1e-4)


def test_places_just_beyond_the_cut_do_not_count() -> None:
    """Primary at 4, 6, 9 and 11: outside 3, 5, 8 and 10."""
    found = values(case("a b c d"), prediction("x1 x2 x3 a x5 b x7 x8 c x10 d"))
    assert found["hit_primary@3"] == 0
    assert found["recall_primary@5"] == 1 / 4  # a
    assert found["all_primary@8"] == 0  # c and d are missing
    assert found["recall_primary@10"] == 3 / 4  # a, b, c
    # gains 3 at 4, 6 and 9; ideal four 3s: (1/2.3219 + 1/2.8074 + 1/3.3219) / (1 + 1/1.585 + 1/2 + 1/2.3219)
    assert found["ndcg@10"] == pytest.approx((0.4307 + 0.3562 + 0.3010) / 2.5616, abs=1e-4)


def test_useful_counts_what_is_shown_when_less_than_five_is_shown() -> None:
    """One good of two is a half; nothing shown is useless."""
    assert useful(("a", "x"), {"a"}, 5) == 1 / 2
    assert useful((), {"a"}, 5) == 0


def test_nothing_shown_is_zero_and_not_left_out() -> None:
    """An engine that is silent does not win."""
    found = values(case(), prediction())
    assert [found[name] for name in DESIGN_METRICS[:6]] == [0] * 6


def test_a_category_named_twice_counts_once_at_its_best_rank() -> None:
    """An outside engine may repeat itself; that earns nothing."""
    answer = prediction("a a b x", red_flags=["dv", "dv"])
    assert answer.ranked == ("a", "b", "x")
    assert answer.red_flags == ("dv",)
    assert values(case("a b"), answer)["ndcg@10"] == 1


def test_a_category_that_is_primary_and_acceptable_is_primary() -> None:
    """A slip of the labeller must not put a perfect answer below one."""
    found = values(case("a b", acceptable=["a", "c"]), prediction("a b c"))
    assert found["ndcg@10"] == 1


# Red flags.


def test_red_flags_are_counted_one_by_one_over_all_cases() -> None:
    """Micro averages: found 2 of 3 wanted, right 2 of 3 shown; half of the calm cases stay calm."""
    rows = (
        ("1", ["suicide", "dv"], ["suicide"]),  # recall 1/2, precision 1/1
        ("2", ["child_abuse"], ["child_abuse", "dv"]),  # recall 1/1, precision 1/2
        ("3", [], []),  # specificity 1
        ("4", [], ["dv"]),  # specificity 0, precision 0/1
    )
    cases = [case(id=key, red_flags=wanted) for key, wanted, _ in rows]
    answers = {key: prediction(red_flags=shown) for key, _, shown in rows}
    totals = summarise(cases, answers, {c.id: values(c, answers[c.id]) for c in cases})
    assert totals["red_flag_recall"].mean == pytest.approx(2 / 3)  # not (1/2 + 1) / 2
    assert totals["red_flag_precision"].mean == pytest.approx(2 / 4)
    assert totals["red_flag_specificity"].mean == 1 / 2
    assert [totals[f"red_flag_{m}"].count for m in ("recall", "precision", "specificity")] == [
        3, 4, 2,  # flags, not cases
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "shown", "expected"),
    [
        (["dv"], ["dv"], (1, 1, None)),
        (["dv"], [], (0, None, None)),
        (["dv"], ["suicide"], (0, 0, None)),
        ([], [], (None, None, 1)),
        ([], ["dv"], (None, 0, 0)),
    ],
)
def test_a_flag_metric_is_none_where_it_does_not_apply(
    wanted: list[str], shown: list[str], expected: tuple[float | None, ...]
) -> None:
    """Not scored is never 0."""
    found = values(case(red_flags=wanted), prediction(red_flags=shown))
    assert tuple(found[f"red_flag_{m}"] for m in ("recall", "precision", "specificity")) == expected


# Denied concerns.


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ({"ranked": "x y"}, 0),
        ({"ranked": "x", "red_flags": ["child_abuse"]}, 1),
        ({"ranked": "x", "red_flags": ["dv"]}, 0),  # another concern
        ({"ranked": "x child.jisou"}, 1),
        ({"ranked": "1 2 3 4 child.jisou"}, 1),
        ({"ranked": "1 2 3 4 5 child.jisou"}, 0),  # sixth place
    ],
)
def test_a_denied_concern_that_is_raised_all_the_same_is_a_false_alarm(
    shown: dict[str, object], expected: float
) -> None:
    """By its flag, or by its category in the top five."""
    answer = prediction(**shown)  # type: ignore[arg-type]  # one is a str
    assert values(case(negated=["児童虐待"]), answer)["negation_false_alarms"] == expected


def test_what_is_labelled_right_is_no_false_alarm_even_when_denied() -> None:
    """The person denies it, the evidence stands."""
    denied = case("a child.jisou", negated=["児童虐待"], red_flags=["child_abuse"])
    answer = prediction("child.jisou", red_flags=["child_abuse"])
    assert values(denied, answer)["negation_false_alarms"] == 0


def test_a_case_without_a_denied_concern_has_no_false_alarm_value() -> None:
    """It is left out of the mean."""
    assert values(case(), prediction(red_flags=["dv"]))["negation_false_alarms"] is None


# Routes.


@pytest.mark.parametrize(
    ("primary", "route", "accuracy", "turned_away"),
    [
        ("none.other_dept", "other_department", 1, None),
        ("none.other_dept", "insufficient", 0, None),
        ("none.insufficient", "insufficient", 1, None),
        ("none.insufficient", "none", 0, None),
        ("none.insufficient none.other_dept", "insufficient", 1, None),
        ("none.insufficient none.other_dept", "other_department", 1, None),
        ("none.insufficient none.other_dept", "refer", 0, None),
        ("none.newcomer", "refer", 0, None),
        ("a", "refer", None, 0),
        ("a none.other_dept", "refer", None, 0),
        ("a", "none", None, 1),
    ],
)
def test_the_route_is_scored_on_cases_that_go_nowhere_else(
    primary: str, route: str, accuracy: float | None, turned_away: float | None
) -> None:
    """And every other case must be referred."""
    found = values(case(primary), prediction("a", route=route))
    assert (found["route_accuracy"], found["wrongly_turned_away"]) == (accuracy, turned_away)


# Against ir_measures.


def test_ndcg_and_recall_are_those_of_ir_measures_on_200_random_runs() -> None:
    """Primary has relevance 3 and acceptable 1; the reference is trec_eval."""
    draw = random.Random(7)  # noqa: S311 - a seeded test, no secret
    qrels: list[ir_measures.Qrel] = []
    run: list[ir_measures.ScoredDoc] = []
    ours: dict[str, dict[str, float]] = {}
    for number in range(200):
        key = str(number)
        primary = set(draw.sample(CODES, draw.randint(1, 4)))
        acceptable = set(draw.sample(CODES, draw.randint(0, 5))) - primary
        ranked = tuple(draw.sample(CODES, draw.randint(1, 14)))
        qrels += [ir_measures.Qrel(key, code, 3) for code in sorted(primary)]
        qrels += [ir_measures.Qrel(key, code, 1) for code in sorted(acceptable)]
        run += [ir_measures.ScoredDoc(key, code, -float(i)) for i, code in enumerate(ranked)]
        ours[key] = {
            "nDCG@10": ndcg(ranked, primary, acceptable, 10),
            "R(rel=3)@5": recall(ranked, primary, 5),
            "R(rel=3)@10": recall(ranked, primary, 10),
        }
    measures = [nDCG @ 10, R(rel=3) @ 5, R(rel=3) @ 10]
    compared = 0
    for metric in ir_measures.iter_calc(measures, qrels, run):
        assert ours[metric.query_id][str(metric.measure)] == pytest.approx(metric.value, abs=1e-6)
        compared += 1
    assert compared == 600


# What always holds.


@given(RANKED, PRIMARY, ACCEPTABLE)
def test_every_value_lies_between_zero_and_one(
    ranked: tuple[str, ...], primary: set[str], acceptable: set[str]
) -> None:
    """However odd the labels and however repetitive the answer."""
    labelled = Case(id="T1", note="", primary=tuple(primary), acceptable=tuple(acceptable))
    for name, value in values(labelled, Prediction(id="T1", ranked=ranked)).items():
        assert value is None or 0 <= value <= 1 + 1e-12, name


@given(PRIMARY, ACCEPTABLE)
def test_the_ideal_order_is_perfect(primary: set[str], acceptable: set[str]) -> None:
    """All primary first, then all acceptable."""
    ideal = (*sorted(primary), *sorted(acceptable - primary))
    assert ndcg(ideal, primary, acceptable, 10) == pytest.approx(1)


@given(st.permutations(CODES).map(tuple), PRIMARY, ACCEPTABLE, st.integers(1, 10))
def test_what_stands_below_the_cut_changes_nothing(
    ranked: tuple[str, ...], primary: set[str], acceptable: set[str], k: int
) -> None:
    """Neither by being there nor by its order."""
    cut, turned = ranked[:k], (*ranked[:k], *reversed(ranked[k:]))
    for other in (cut, turned):
        assert ndcg(other, primary, acceptable, k) == ndcg(ranked, primary, acceptable, k)
        assert recall(other, primary, k) == recall(ranked, primary, k)
        assert useful(other, primary, k) == useful(ranked, primary, k)


@given(st.permutations(CODES).map(tuple), PRIMARY, st.randoms(use_true_random=False))
def test_recall_and_usefulness_ignore_the_order_above_the_cut(
    ranked: tuple[str, ...], primary: set[str], draw: random.Random
) -> None:
    """Only nDCG looks at places."""
    shuffled = (*draw.sample(ranked[:5], 5), *ranked[5:])
    assert recall(shuffled, primary, 5) == recall(ranked, primary, 5)
    assert useful(shuffled, primary, 5) == useful(ranked, primary, 5)


@given(
    st.permutations(CODES).map(tuple), PRIMARY, ACCEPTABLE, st.integers(min_value=1, max_value=13)
)
def test_moving_a_primary_one_place_up_never_lowers_ndcg(
    ranked: tuple[str, ...], primary: set[str], acceptable: set[str], at: int
) -> None:
    """Over anything but another primary."""
    if ranked[at] not in primary or ranked[at - 1] in primary:
        return
    better = (*ranked[: at - 1], ranked[at], ranked[at - 1], *ranked[at + 1 :])
    before = ndcg(ranked, primary, acceptable, 10)
    assert ndcg(better, primary, acceptable, 10) >= before - 1e-12


# Means and intervals.


def test_the_mean_is_weighted_and_its_interval_holds_it() -> None:
    """(1 x 1 + 0 x 3) / 4 = 0.25."""
    found = estimate([1.0, 0.0], [1.0, 3.0])
    assert found is not None
    assert found.mean == 0.25
    assert 0 <= found.low <= found.mean <= found.high <= 1
    assert found.count == 2


def test_the_interval_is_that_of_the_mean_of_resampled_cases() -> None:
    """100 coin flips: 0.5 +- 1.96 x sqrt(.25 / 100) = 0.5 +- 0.098."""
    found = estimate([0.0, 1.0] * 50, [1.0] * 100, draws=4_000)
    assert found is not None
    half = 1.96 * math.sqrt(0.25 / 100)
    assert (found.low, found.high) == pytest.approx((0.5 - half, 0.5 + half), abs=0.02)


def test_estimates_repeat_themselves_and_nothing_to_score_is_none() -> None:
    """Seeded; and never a zero for an empty set."""
    assert estimate([0.2, 0.9, 0.4], [1.0] * 3) == estimate([0.2, 0.9, 0.4], [1.0] * 3)
    assert estimate([], []) is None
    assert summarise([], {}, {}) == {}


def test_a_metric_that_applies_to_no_case_is_absent_from_the_totals() -> None:
    """Absent, not zero."""
    one = case()
    answers = {one.id: prediction("a b")}
    totals = summarise([one], answers, {one.id: values(one, answers[one.id])})
    assert "red_flag_recall" not in totals
    assert "route_accuracy" not in totals
    assert totals["recall_primary@5"].mean == 1


# Names.


def test_every_metric_of_the_contract_is_computed_summed_and_labelled() -> None:
    """design.md, METRICS, the values of a case and the report name the same."""
    assert set(DESIGN_METRICS) <= set(METRICS)
    assert set(values(case(), prediction())) == set(METRICS) == set(LABELS)


def test_the_slices_are_by_sector_difficulty_length_and_origin() -> None:
    """A case of two sectors stands in both."""
    one = case(
        "elderly.abuse poverty.food poverty.loan",
        note="あ" * 101, difficulty="hard", label_origin="invented",
    )  # fmt: skip
    assert SLICES["sector"](one) == ["elderly", "poverty"]
    assert SLICES["difficulty"](one) == ["hard"]
    assert SLICES["note_length"](one) == ["~200"]
    assert SLICES["label_origin"](one) == ["invented"]
    assert SLICES["difficulty"](case()) == ["不明"]


def test_age_and_gender_slices_are_read_from_the_person_consulted_about() -> None:
    one = case(note="82歳女性、長男52と二人。")
    assert (SLICES["age_group"](one), SLICES["gender"](one)) == (["65歳〜"], ["女性"])
    assert SLICES["age_group"](case(note="家賃が払えない。")) == ["不明"]


@pytest.mark.parametrize(
    ("chars", "band"), [(0, "~40"), (40, "~40"), (41, "~100"), (400, "~400"), (401, "401~")]
)
def test_note_lengths_fall_into_bands(chars: int, band: str) -> None:
    """The upper end belongs to the band."""
    assert SLICES["note_length"](case(note="あ" * chars)) == [band]


def test_every_denial_rule_names_shipped_codes() -> None:
    """negated.yaml speaks of flags and categories that exist."""
    from eval.denials import _denials
    from knowledge.load import load_knowledge

    knowledge = load_knowledge()
    flags = {flag.code for flag in knowledge.red_flags}
    codes = {category.code for category in knowledge.categories}
    for pattern, its_flags, its_codes in _denials():
        assert its_flags <= flags, pattern.pattern
        assert its_codes <= codes, pattern.pattern
