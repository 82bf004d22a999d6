"""Whether a printout may leave the desk, and on what ground it says it does."""

from __future__ import annotations

from dataclasses import dataclass

from service.cases.models import Case, FlagSeen
from service.cases.words import PrintKind

# 個人情報保護法: a town is bound by 69条 (2項4号: plainly in the person's own interest, or another
# special reason), a private body that runs the desk (社会福祉協議会 and the like) by 27条 (1項2号:
# needed to protect life, body or property, consent hard to get).  In both, 1項 / 1項1号 lets
# through what another law orders, such as the duties to report in a flag's own article.
_TO_PROTECT = (
    "生命・身体の保護（個人情報保護法 町の機関: 69条2項4号、社会福祉協議会など: 27条1項2号）"
)
_BY_LAW = "法令に基づく場合（同 69条1項、27条1項1号）"


@dataclass(frozen=True, slots=True)
class Sharing:
    """Whether it is allowed; ``basis`` is printed, ``warning`` says what to do (both may be "")."""

    allowed: bool
    basis: str
    warning: str


def may_share(case: Case, kind: PrintKind) -> Sharing:
    """Tell whether this printout of the case may be made, from the consent and the red flags."""
    if kind == "slip":
        return Sharing(True, "本人に渡すもの", "")
    if kind == "emergency":
        return Sharing(True, _emergency_basis(case), _emergency_warning(case))
    return _by_consent(case)


def _by_consent(case: Case) -> Sharing:
    if case.consent == "given":
        on = case.consent_on
        day = f"（{on.year}年{on.month}月{on.day}日）" if on else ""
        return Sharing(True, f"本人の同意{day}", "")
    if case.consent == "not_needed":
        memo = f"（{case.consent_memo}）" if case.consent_memo else ""
        return Sharing(
            True,
            f"法令により同意不要{memo}",
            "同意がなくても出せる範囲は、その法令が定める相手と内容だけです。要らないことは消してください。",
        )
    if case.consent == "refused":
        return Sharing(
            False,
            "",
            "本人が同意していないので、ほかの機関には出せません。"
            "もう一度本人と話すか、命や虐待の心配があるときは「緊急対応の票」を使ってください。",
        )
    return Sharing(
        False,
        "",
        "本人の同意をまだ確かめていません。同意を確かめ、相談の「同意」に日付を入れてください。"
        "命や虐待の心配があるときは「緊急対応の票」を使ってください。",
    )


def _emergency_basis(case: Case) -> str:
    articles = dict.fromkeys(flag.article for flag in _standing(case) if flag.article)
    by_law = (*articles, _BY_LAW) if articles else ()
    return "／".join((*by_law, _TO_PROTECT))


def _emergency_warning(case: Case) -> str:
    if not _standing(case):
        return "この相談には、いま緊急・通報の項目がありません。本当に要るか確かめてください。"
    if case.consent == "refused":
        return (
            "本人は同意していません。命を守るのに要ることだけを伝え、伝えたことを記録してください。"
        )
    if case.consent == "unknown":
        return "できるなら本人に伝えてから出してください。急ぐときは待たずに出せます。"
    return ""


def _standing(case: Case) -> tuple[FlagSeen, ...]:
    """Return the flags that were not found to be wrong."""
    return tuple(flag for flag in case.flags if flag.decision != "not_so")
