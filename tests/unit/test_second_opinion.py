"""The model's second opinion on danger: it adds 'please check', never removes, never overrides a denial."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from service.triage.models import Assessment
from service.triage.reading import read
from service.triage.second_opinion import denied_flags, second_opinion, shipped_opinion
from service.triage.triage import Desk, assess, examine

TODAY = date(2026, 11, 24)
NOTHING = Assessment((), (), (), ())


def _sure(desk: Desk, code: str) -> Desk:
    """A desk whose head is certain of one flag whatever the note says."""
    assert desk.head is not None
    bias = desk.head.bias.copy()
    bias[desk.head.codes.index(f"flag.{code}")] = 1000.0
    return replace(desk, head=replace(desk.head, bias=bias))


def test_the_model_adds_a_flag_marked_as_its_own_with_a_sentence(desk: Desk) -> None:
    note = "買い物の足がない。夜はよく眠れている。"
    flags = examine(_sure(desk, "dv"), note, TODAY).assessment.red_flags
    added = [flag for flag in flags if flag.code == "dv"]
    assert [flag.source for flag in added] == ["model"]
    assert added[0].evidence[0].text in note
    assert added[0].recipient


def test_what_the_rules_raised_stays_theirs_however_sure_the_model_is(desk: Desk) -> None:
    note = "小2の男の子、腕に新しいあざがいくつも。「お父さんにたたかれた」と話す。"
    for code, bias in (("child_abuse", 1000.0), ("child_abuse", -1000.0)):
        assert desk.head is not None
        changed = desk.head.bias.copy()
        changed[desk.head.codes.index(f"flag.{code}")] = bias
        other = replace(desk, head=replace(desk.head, bias=changed))
        flags = examine(other, note, TODAY).assessment.red_flags
        assert [f.source for f in flags if f.code == code] == ["rule"]


@pytest.mark.parametrize(
    ("note", "code"),
    [
        ("母81。家族の暴力などはない。食事もとれている。", "elder_abuse"),
        ("眠れないが、死にたい気持ちはないとのこと。", "suicide"),
        ("以前は夫の暴力があったが、離婚して今はない。", "dv"),
    ],
)
def test_a_denied_danger_is_known_to_the_opinion(desk: Desk, note: str, code: str) -> None:
    reading = read(note, TODAY)
    assert code in denied_flags(assess(desk, reading), desk.flag_rules)


def test_a_denial_makes_the_shipped_opinion_less_sure_and_a_surer_head_surer() -> None:
    opinion = shipped_opinion()
    for code in opinion.weights:
        plain = opinion.probability(code, np.array([0.0, 0.0, 4.0]))
        assert opinion.probability(code, np.array([0.0, 1.0, 4.0])) <= plain
        assert opinion.probability(code, np.array([2.0, 0.0, 4.0])) > plain


def test_the_opinion_quotes_the_sentence_that_speaks_most(desk: Desk) -> None:
    note = "買い物の足がない。夫に毎晩なぐられて、腕にあざがある。"
    examined = examine(desk, note, TODAY)
    unraised = replace(examined.assessment, red_flags=())
    assert desk.head is not None
    added = second_opinion(
        examined.reading, examined.hits.vectors, desk.head, unraised,
        desk.flag_rules, desk.knowledge.red_flags,
    )  # fmt: skip
    assert {f.code: f.evidence[0].text for f in added}["dv"].startswith("夫に毎晩")


def test_without_a_head_nothing_is_added(desk: Desk) -> None:
    examined = examine(desk, "買い物の足がない。", TODAY)
    found = second_opinion(
        examined.reading, examined.hits.vectors, None, NOTHING,
        desk.flag_rules, desk.knowledge.red_flags,
    )  # fmt: skip
    assert found == ()


def test_every_flag_has_an_opinion(desk: Desk) -> None:
    opinion = shipped_opinion()
    assert set(opinion.weights) == {flag.code for flag in desk.knowledge.red_flags}
    assert 0.3 <= opinion.least < 1
