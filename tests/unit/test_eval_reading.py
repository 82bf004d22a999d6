"""Measuring the reading alone: counts, and floors on what no author of it had seen."""

from __future__ import annotations

import pytest

from eval.reading import Count, load_rows, people_counts, reading_text, scope_counts


def test_scopes_are_counted_by_what_is_wanted_and_what_is_read() -> None:
    rows = [
        {"text": "借金はない。", "target": "借金", "start": 0, "scope": "denied"},
        {"text": "借金がある。", "target": "借金", "start": 0, "scope": "denied"},  # mislabelled
    ]
    counts = scope_counts(rows)
    assert counts["denied"] == Count(right=1, found=1, wanted=2)
    assert counts["affirmed"] == Count(right=0, found=1, wanted=0)
    assert counts["all"] == Count(right=1, found=2, wanted=2)


def test_people_are_counted_whole_by_role_and_by_age() -> None:
    mother = {"role": "母", "age_min": 82, "age_max": 82, "gender": "female"}
    son = {"role": "長男", "age_min": 50, "age_max": 50, "gender": "male"}
    counts = people_counts([{"text": "母82と長男52の二人暮らし。", "people": [mother, son]}])
    assert counts["all"] == Count(right=1, found=2, wanted=2)
    assert counts["role"] == Count(right=2, found=2, wanted=2)
    assert counts["age"].right == 1


def test_nothing_found_and_nothing_wanted_is_perfect() -> None:
    assert (Count(0, 0, 0).precision, Count(0, 0, 0).recall) == (1.0, 1.0)


@pytest.mark.parametrize("name", ["scope", "people"])
def test_there_are_at_least_300_labelled_texts(name: str) -> None:
    assert len(load_rows(name)) >= 300


def test_the_report_names_every_split_and_measure() -> None:
    text = reading_text()
    for word in ("適合率", "再現率", "続柄", "推測・心配", "unseen"):
        assert word in text
