"""What must not lie on a kitchen table: services that give away violence or a diagnosis.

The slip is read by whoever is at home.  Which services it leaves out does not depend on the
red flags alone: those miss one case in six.
"""

from __future__ import annotations

import re

from service.cases.models import Case, Referral, Target

_ABUSE_FLAGS = frozenset(["dv", "child_abuse", "elder_abuse", "disability_abuse"])
# Give violence away by themselves.
_ALWAYS = frozenset(
    [
        "rights.dv",
        "rights.women",
        "rights.police",
        "elderly.abuse",
        "disability.abuse",
        "child.jisou",
    ]
)
# Give away, in a house with violence, that somebody has told or wants to leave.
_WITH_VIOLENCE = frozenset(
    [
        "child.kodomo_katei",
        "child.single_parent",
        "housing.temporary",
        "multi.outreach",
        "rights.houterasu",
        "rights.human",
    ]
)
_VIOLENCE_WORDS = re.compile(
    "D[VＶ]|Ｄ[VＶ]|暴力|虐待|女性相談|女性支援|配偶者|シェルター|一時保護|保護命令|警察|児童相談所|(?<!消費者)被害"
)
_LEAVING_WORDS = re.compile("離婚|ひとり親|母子|父子|児童扶養|避難|転居")
_TELLING_WORDS = re.compile(
    "認知症|精神|うつ病|統合失調|依存|アルコール|ギャンブル|自殺|自死|ひきこもり|発達障[害が]"
    "|D[VＶ]|Ｄ[VＶ]|暴力|虐待|離婚|借金|債務|生活保護|出所|刑"
)


def has_violence(case: Case) -> bool:
    """Tell whether a flag of violence or abuse stands (nobody found it to be wrong)."""
    return any(f.code in _ABUSE_FLAGS and f.decision != "not_so" for f in case.flags)


def why_withheld(case: Case, referral: Referral) -> str:
    """Return why the slip leaves this connection out, for the desk; "" when it does not."""
    target = referral.target
    if target.category in _ALWAYS or _VIOLENCE_WORDS.search(_words_of(target)):
        return "家の人が見ると、暴力や虐待を相談したことが分かります。"
    if not has_violence(case):
        return ""
    if target.category in _WITH_VIOLENCE or _LEAVING_WORDS.search(_words_of(target)):
        return "暴力・虐待の印がある相談です。家の人が見ると、相談したことや家を出る用意が分かるおそれがあります。"
    return ""


def telling_words(text: str) -> tuple[str, ...]:
    """Return the words in a slip that name an illness or a trouble, each once."""
    return tuple(dict.fromkeys(_TELLING_WORDS.findall(text)))


def _words_of(target: Target) -> str:
    # Not what it provides: a general window (地域包括支援センター) deals with abuse among much else.
    return f"{target.name} {target.window}"
