"""Random use of the desk over HTTP: nothing breaks, no case is lost, no name stays behind.

The suite does a few walks.  ``TSUNAGI_RANDOM_MINUTES=30 pytest tests/unit/web/test_random_use.py``
goes on for as long.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import Engine
from starlette.testclient import TestClient

from service.cases.keep import get_case
from service.cases.models import Case
from service.cases.words import (
    CLOSED,
    CONSENTS,
    FLAG_DECISIONS,
    PRINTS,
    REFERRAL_STATES,
    REFUSED,
    REJECTED,
)
from service.store.engine import open_store
from service.store.migrate import migrate
from service.triage.triage import Desk
from tests.fixtures.case_pages_world import fields_of, keys_on
from tests.fixtures.store_world import PREFECTURE, TOWN, add_towns
from tests.fixtures.web_world import Hall

# Planted: whatever happens, none of these may be found anywhere afterwards.
_NAMES = ("沼目木花子", "鶴ヶ原健太")
_PHONE, _MAIL = "090-1234-5678", "numameki@example.jp"
PLANTED = ("沼目木", "花子", "鶴ヶ原", _PHONE, "numameki")
_SENTENCES = (
    f"{_NAMES[0]}さん（84歳）が来所。",
    f"長男の{_NAMES[1]}さん（55歳）は仕事がなく、家にいる。",
    "もの忘れが増え、同じ話をくり返す。",
    "年金だけで食費が足りない。",
    "家賃を3か月滞納し、出ていくように言われた。",
    "毎日殴られ、腕にあざがある。",
    "「死にたい」と言い、薬をためている。",
    "子どもが学校に行けなくなった。",
    "犬の登録を消したい。",
    "虐待の疑いはない。",
    f"連絡は{_PHONE}か {_MAIL} へ。",
    "買い物に行く足がない。",
    "\N{ZERO WIDTH SPACE}\r\n\t<b>&amp;",
)
notes = st.lists(st.sampled_from(_SENTENCES), min_size=0, max_size=6).map("".join)
memos = st.one_of(
    st.sampled_from((f"{_NAMES[0]}さんに電話した", f"{_PHONE} へ折り返す", "連絡待ち", "")),
    st.text("あいう漢字 <>&\"'=+\x00\n", max_size=30),
)
days = st.sampled_from(("", "2026-06-10", "2026-05-01", "2026-13-45", "きょう"))
junk = st.sampled_from(("", "x", "-1", "0", "999999999999", "../../etc", "undecided"))
some = st.integers(0, 10_000)
_ANSWERS = ("yes", "no", "unknown", "40", "-3", "はい", "")
_READ = (
    "/", "/cases", "/cases?show=all", "/cases?due=overdue", "/cases?flag=1", "/cases?text=%00",
    "/insights", "/insights/needs", "/insights/needs.csv", "/insights/desk", "/insights/desk.csv",
    "/insights/year", "/advice", "/cases/none", "/cases/%00", "/gaps/none",
)  # fmt: skip


class Desk30(RuleBasedStateMachine):
    """A desk and its coordinator, a keeper and the prefecture, pressing anything at any time."""

    hall: Hall
    folder: Path
    people: Mapping[str, TestClient]

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = list(self.hall.__dict__.setdefault("case_ids", []))
        self.answers = 0

    @rule(
        note=notes,
        answers=st.dictionaries(
            st.sampled_from(("age", "income_low", "x")), st.sampled_from(_ANSWERS), max_size=2
        ),
    )
    def ask(self, note: str, answers: dict[str, str]) -> None:
        """Have a note read, with answers that may make no sense."""
        told = {f"answer_{fact}": value for fact, value in answers.items()}
        self.post("staff", "/", {"note": note, **told})
        self.post("staff", "/similar", {"note": note})

    @rule(
        note=notes,
        choose=st.integers(0, 5),
        decision=st.sampled_from((*FLAG_DECISIONS, "x")),
        consent=st.sampled_from((*CONSENTS, "x")),
        memo=memos,
        day=days,
        reason=st.sampled_from((*REJECTED, "x")),
    )
    def keep(
        self, note: str, choose: int, decision: str, consent: str, memo: str, day: str, reason: str
    ) -> None:
        """Keep an answered note; what is refused for bad input keeps nothing."""
        page = self.post("staff", "/cases/new", {"note": note})
        keys = keys_on(fields_of(page.text))[:choose]
        page = self.post("staff", "/cases/new", {"note": note, "choose": keys})
        form: dict[str, Any] = {
            **fields_of(page.text),
            "consent": consent,
            "memo": memo,
            "next_on": day,
        }
        form |= {name: decision for name in form if name.startswith("flag_")}
        form |= {
            name: reason
            for name in list(form)
            if name.startswith("reject_") and name.removeprefix("reject_") not in keys
        }
        for _ in range(2):
            kept = self.post("staff", "/cases", form)
            if kept.status_code == 303:
                self.ids.append(kept.headers["location"].split("/")[2].partition("?")[0])
                self.hall.__dict__["case_ids"] = list(self.ids)
                return
            # Shown again with what a memo would become: pressed once more.
            form = fields_of(kept.text) or form

    @rule(
        pick=some,
        which=some,
        state=st.sampled_from((*REFERRAL_STATES, "x")),
        reason=st.sampled_from((*REFUSED, "", "x")),
        day=days,
        memo=memos,
        stale=st.booleans(),
    )
    def move(
        self, pick: int, which: int, state: str, reason: str, day: str, memo: str, stale: bool
    ) -> None:
        """Move a connection on, or not at all."""
        case = self.case(pick)
        if case is None:
            return
        referral = case.referrals[which % len(case.referrals)].id if case.referrals else "r9"
        form = {"state": state, "reason": reason, "next_on": day, "memo": memo}
        self.change(case, f"/referrals/{referral}/move", form, stale)

    @rule(
        pick=some,
        which=some,
        what=st.sampled_from(("choose", "reject", "own", "drop")),
        reason=st.sampled_from((*REJECTED, "x")),
        memo=memos,
    )
    def choose(self, pick: int, which: int, what: str, reason: str, memo: str) -> None:
        """Choose, reject, add and drop."""
        case = self.case(pick)
        if case is None:
            return
        key = case.shown[which % len(case.shown)].target.key if case.shown else "service:x"
        path = f"/referrals/r{which % 5}/drop" if what == "drop" else f"/{what}"
        self.change(
            case,
            path,
            {
                "key": key,
                "reason": reason,
                "memo": memo,
                "why": memo,
                "name": memo or "民生委員",
                "phone": "0000-00-0000",
            },
        )

    @rule(
        pick=some,
        index=st.integers(-1, 3),
        decision=st.sampled_from((*FLAG_DECISIONS, "x")),
        memo=memos,
    )
    def decide(self, pick: int, index: int, decision: str, memo: str) -> None:
        """Decide about a red flag, there or not."""
        case = self.case(pick)
        if case is not None:
            self.change(case, f"/flags/{index}", {"decision": decision, "memo": memo})

    @rule(pick=some, consent=st.sampled_from((*CONSENTS, "x")), memo=memos, day=days)
    def agree(self, pick: int, consent: str, memo: str, day: str) -> None:
        """Note consent, a memo and a date."""
        case = self.case(pick)
        if case is not None:
            self.change(
                case, "/consent", {"consent": consent, "consent_on": day, "consent_memo": memo}
            )
            self.change(self.fresh(case), "/memo", {"memo": memo, "next_on": day})

    @rule(pick=some, reason=st.sampled_from((*CLOSED, "x")), again=st.booleans(), to=junk)
    def end(self, pick: int, reason: str, again: bool, to: str) -> None:
        """Close, reopen, go back."""
        case = self.case(pick)
        if case is not None:
            self.change(case, "/close", {"reason": reason})
            if again:
                self.change(self.fresh(case), "/reopen", {})
            self.change(self.fresh(case), "/undo", {"to_revision": to or str(case.revision)})

    @rule(
        pick=some,
        kind=st.sampled_from((*PRINTS, "x")),
        form=st.sampled_from(("", "/pdf", "/docx")),
        text=memos,
    )
    def print(self, pick: int, kind: str, form: str, text: str) -> None:
        """Print what may be printed."""
        case = self.case(pick)
        if case is not None:
            at = f"/cases/{case.id}/print/{kind}"
            edits = fields_of(self.get("staff", at).text)
            if edits and "body_" in next(iter(edits), ""):
                edits[next(iter(edits))] = text
            self.post("staff", f"{at}{form}", dict(edits))

    @rule(pick=some, question=memos, answer=memos)
    def ask_prefecture(self, pick: int, question: str, answer: str) -> None:
        """Ask for back-up; the prefecture answers whatever is in its inbox."""
        case = self.case(pick)
        if case is None:
            return
        page = self.get("staff", f"/cases/{case.id}/advice")
        self.post(
            "staff", f"/cases/{case.id}/advice", {**fields_of(page.text), "question": question}
        )
        asked = [one.id for one in self.fresh(case).advice]
        for request_id in asked:
            self.get("prefecture", f"/advice/{request_id}")
            self.post("prefecture", f"/advice/{request_id}", {"answer": answer})

    @rule(
        who=st.sampled_from(("staff", "coordinator", "keeper", "prefecture")),
        path=st.sampled_from(_READ),
    )
    def read(self, who: str, path: str) -> None:
        """Open any page as anybody."""
        self.get(who, path)

    @rule(kind=junk, pick=some)
    def gap(self, kind: str, pick: int) -> None:
        """Note that nothing fits; take it back, or another one."""
        made = self.post(
            "staff", "/gaps", {"kind": kind or "nothing_fits", "problems": "x", "categories": "x"}
        )
        at = made.headers.get("location", f"/gaps/{pick}").partition("?")[0]
        self.post("staff", f"{at}/take-back", {})

    @invariant()
    def every_case_is_there(self) -> None:
        """What was kept can be opened."""
        for case_id in self.ids[-3:]:
            assert self.get("staff", f"/cases/{case_id}").status_code == 200

    def teardown(self) -> None:
        """All cases are listed, and nothing planted was written."""
        for case_id in self.ids:
            get_case(self.hall.engine, TOWN.code, case_id)
        check_folder(self.folder)

    def case(self, pick: int) -> Case | None:
        """Return one of the kept cases."""
        if not self.ids:
            return None
        return get_case(self.hall.engine, TOWN.code, self.ids[pick % len(self.ids)])

    def fresh(self, case: Case) -> Case:
        """Return the case as it is now."""
        return get_case(self.hall.engine, TOWN.code, case.id)

    def change(self, case: Case, path: str, form: Mapping[str, Any], stale: bool = False) -> None:
        """Send a form of the case's page; where personal words are found, have them replaced."""
        sent = {"revision": str(case.revision - 1 if stale else case.revision), **form}
        answer = self.post("staff", f"/cases/{case.id}{path}", sent)
        if 'name="masking"' in answer.text:
            self.post("staff", f"/cases/{case.id}{path}", {**sent, "masking": "replace"})

    def post(self, who: str, path: str, form: Mapping[str, Any]) -> Any:
        """Send a form; an answer of 500 and above is a fault."""
        return self._checked(self.people[who].post(path, data=dict(form)), path)

    def get(self, who: str, path: str) -> Any:
        """Open a page; an answer of 500 and above is a fault."""
        return self._checked(self.people[who].get(path), path)

    def _checked(self, answer: Any, path: str) -> Any:
        assert answer.status_code < 500, (path, answer.status_code)
        self.hall.__dict__["answers"] = self.hall.__dict__.get("answers", 0) + 1
        return answer


def check_folder(folder: Path) -> None:
    """Fail if a planted word stands in any file of the data folder."""
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            for word in PLANTED:
                assert word.encode() not in content, (word, path.name)


@pytest.fixture
def walking(small_desk: Desk, tmp_path: Path) -> tuple[Hall, Engine]:
    """A town hall with everybody in it."""
    engine = open_store(f"sqlite:///{tmp_path}/hall.db")
    migrate(engine)
    add_towns(engine)
    return Hall(small_desk, engine), engine


def test_random_use_breaks_nothing_and_loses_no_case(
    walking: tuple[Hall, Engine], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    hall, engine = walking
    hall.register("kensan", "prefecture", town=PREFECTURE)
    people = {role: hall.come_in(role, role) for role in ("staff", "coordinator", "keeper")}
    people["prefecture"] = hall.signed_in("kensan")
    Desk30.hall, Desk30.folder, Desk30.people = hall, tmp_path, people
    minutes = float(os.environ.get("TSUNAGI_RANDOM_MINUTES", "0"))
    until, rounds = time.monotonic() + minutes * 60, 0
    while rounds == 0 or time.monotonic() < until:
        run_state_machine_as_test(Desk30, settings=_settings(minutes, rounds))
        rounds += 1
    logs = capfd.readouterr()
    assert not [word for word in PLANTED if word in logs.out + logs.err]
    with capfd.disabled():
        if minutes:
            print(
                f"\n{rounds} 回り、{hall.__dict__['answers']} 応答、相談 {len(hall.__dict__.get('case_ids', []))} 件"
            )
    engine.dispose()


def _settings(minutes: float, rounds: int) -> settings:
    return settings(
        max_examples=20 if minutes else 4,
        stateful_step_count=30 if minutes else 15,
        deadline=None,
        database=None,
        derandomize=rounds == 0,
        suppress_health_check=list(HealthCheck),
    )
