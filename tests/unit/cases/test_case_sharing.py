"""What the consent and the red flags let out of the desk, and what is printed as the ground."""

from __future__ import annotations

from datetime import date

import pytest

from service.cases.models import Case
from service.cases.sharing import may_share
from service.cases.steps import decide_flag, set_consent
from service.cases.words import PRINTS, PrintKind
from tests.fixtures.kept_cases import FLAG, NOW, TODAY, WHO, new_case
from tests.fixtures.store_world import TOWN


@pytest.fixture
def case() -> Case:
    """A case whose consent nobody has asked for, with a red flag."""
    kept = new_case(flags=(FLAG,)).model_dump(exclude={"chosen"})
    start = {"town_code": TOWN.code, "id": "c-1", "number": 1, "opened_at": NOW, "opened_by": WHO}
    return Case.model_validate({**kept, **start, "updated_at": NOW, "updated_by": WHO})


def test_the_person_is_always_given_the_own_slip(case: Case) -> None:
    for consent in ("unknown", "refused"):
        told = may_share(case.model_copy(update={"consent": consent}), "slip")
        assert (told.allowed, told.basis) == (True, "本人に渡すもの")


@pytest.mark.parametrize("kind", ["referral", "packet"])
def test_others_get_something_only_on_a_ground(case: Case, kind: PrintKind) -> None:
    unknown = may_share(case, kind)
    assert (unknown.allowed, unknown.basis) == (False, "")
    assert "まだ確かめていません" in unknown.warning
    given = may_share(set_consent("given", TODAY, "")(case), kind)
    assert (given.allowed, given.basis) == (True, "本人の同意（2026年11月24日）")
    refused = may_share(set_consent("refused", date(2026, 11, 1), "")(case), kind)
    assert not refused.allowed
    assert "同意していない" in refused.warning
    by_law = may_share(set_consent("not_needed", None, "社会福祉法106条の6の支援会議")(case), kind)
    assert by_law.allowed
    assert by_law.basis == "法令により同意不要（社会福祉法106条の6の支援会議）"
    assert "要らないことは消して" in by_law.warning


def test_an_emergency_never_waits_for_consent_and_names_the_law(case: Case) -> None:
    told = may_share(case, "emergency")
    assert told.allowed
    assert told.basis.startswith("高齢者虐待防止法7条1項／法令に基づく場合")
    assert "69条2項4号" in told.basis
    assert "27条1項2号" in told.basis
    assert "待たずに" in told.warning
    refused = may_share(set_consent("refused", None, "")(case), "emergency")
    assert refused.allowed
    assert "要ることだけ" in refused.warning
    assert may_share(set_consent("given", TODAY, "")(case), "emergency").warning == ""


def test_a_flag_found_to_be_wrong_is_no_ground(case: Case) -> None:
    told = may_share(decide_flag(0, "not_so", "", WHO, NOW)(case), "emergency")
    assert told.allowed
    assert "虐待" not in told.basis
    assert "法令に基づく" not in told.basis
    assert "本当に要るか" in told.warning


def test_every_printout_has_an_answer(case: Case) -> None:
    for kind in PRINTS:
        told = may_share(case, kind)
        assert told.allowed is bool(told.basis)
        assert told.allowed or told.warning
