"""The training cases hold what a trainee is shown: known codes, quoted words, near-misses."""

from __future__ import annotations

import re

import pytest

from knowledge.load import load_national
from service.training.courses import COURSES, TrainingCase, course

NATIONAL = load_national()
CATEGORIES = {category.code for category in NATIONAL.categories}
FLAGS = {flag.code for flag in NATIONAL.red_flags}
CASES = [case for name in COURSES for case in course(name)]


def test_there_are_enough_cases_of_every_difficulty_in_every_course() -> None:
    assert len(CASES) >= 120
    assert len({case.id for case in CASES}) == len(CASES)
    for name in COURSES:
        cases = course(name)
        assert {case.difficulty for case in cases} == {1, 2, 3}
        assert all(case.id.startswith(f"{name}-") for case in cases)


def test_every_category_is_somewhere_the_right_one() -> None:
    assert {code for case in CASES for code in case.primary} == CATEGORIES


def test_every_red_flag_is_met_and_missed_nearly() -> None:
    assert {code for case in CASES for code in case.red_flags} == FLAGS
    near = [w.code for case in CASES for w in case.wrong if w.code in FLAGS]
    assert len(near) >= 10


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_case_contradicts_neither_itself_nor_the_taxonomy(case: TrainingCase) -> None:
    assert set(case.primary) | set(case.acceptable) <= CATEGORIES
    assert set(case.red_flags) <= FLAGS
    assert not set(case.primary) & set(case.acceptable)
    wrong = {one.code for one in case.wrong}
    assert wrong <= CATEGORIES | FLAGS
    assert not wrong & {*case.primary, *case.acceptable, *case.red_flags}
    assert len(case.why.strip().splitlines()) == len(case.primary)
    words = re.sub(r"\s", "", case.note)
    for quoted in re.findall("「([^「」]+)」", case.why):
        assert re.sub(r"\s", "", quoted) in words, quoted


def test_an_unknown_course_is_an_error() -> None:
    with pytest.raises(KeyError):
        course("nothing")
