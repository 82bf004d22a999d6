"""The model's second opinion on danger: it adds 'please check', never removes, never overrides a denial."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from service.triage.models import Assessment
from service.triage.reading import read
from service.triage.second_opinion import not_for_the_model, second_opinion, thresholds
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
def test_what_the_note_denies_is_not_added(desk: Desk, note: str, code: str) -> None:
    reading = read(note, TODAY)
    assert code in not_for_the_model(assess(desk, reading), desk.flag_rules)


def test_without_a_head_nothing_is_added(desk: Desk) -> None:
    examined = examine(desk, "買い物の足がない。", TODAY)
    found = second_opinion(
        examined.reading, examined.hits.vectors, (0,), None, NOTHING,
        desk.flag_rules, desk.knowledge.red_flags,
    )  # fmt: skip
    assert found == ()


def test_every_flag_has_a_threshold(desk: Desk) -> None:
    assert set(thresholds()) == {flag.code for flag in desk.knowledge.red_flags}
    assert all(np.isfinite(list(thresholds().values())))
