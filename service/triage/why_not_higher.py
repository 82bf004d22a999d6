"""Step 5c: why a suggestion stands below the one above it, from what really moved the score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from service.triage.models import Eligibility, Suggestion

# Log-odds below which nobody could tell two suggestions apart.
_NEXT_TO_NOTHING = 0.15
_PROBLEMS, _ELIGIBILITY = "読み取った課題", "対象の要件"
# Part of the score (see service.triage.ranker) → what it means when the one above has more of it.
_MORE_OF = {
    "よくある相談との近さ": "「{above}」のほうが、その窓口によくある相談に近い記録です。",
    "支援の内容との近さ": "「{above}」のほうが、支援の内容が記録に近いためです。",
    "町の資源との近さ": "「{above}」のほうが、町にある地域資源の内容が記録に近いためです。",
    "言葉の一致": "「{above}」のほうが、記録と同じ言葉が多く使われているためです。",
    "似た相談の学習": "学習に使った似た相談では、「{above}」のほうが多く選ばれているためです。",
    "緊急の兆候": "「{above}」は、緊急の兆候への対応先のためです。",
    _PROBLEMS: "「{above}」のほうが、読み取った課題に強く当たるためです。",
    "否定された心配": "記録で否定されている心配に当たるため、下げています。",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a category's service stands: its score and what each part adds to it (log-odds).

    ``score`` is the one that the list is ordered by.  ``has_problem``: a trouble that was read
    calls for the category.
    """

    name: str
    score: float
    eligibility: Eligibility
    parts: Mapping[str, float]
    has_problem: bool


def why_not_higher(this: Standing, above: Standing | None, labels: Mapping[str, str]) -> str:
    """Return the strongest difference to the category above in one line; "" for the first.

    ``labels`` are the facts' names by code.
    """
    if above is None:
        return ""
    if (
        this.eligibility.verdict == "does_not_fit"
        and above.eligibility.verdict != this.eligibility.verdict
    ):
        return f"対象外のおそれがあるため、下げています（{'、'.join(this.eligibility.text)}）。"
    if this.score > above.score:
        return f"「{above.name}」を、ほかに応える支援のない課題のために、先に置いたためです。"
    return _by_parts(this, above, labels)


def resource_why_not_higher(card: Suggestion, before: str, services: str) -> str:
    """Return why a local resource stands where it does, in one line.

    ``before`` is the resource above it in its category ("" for none), ``services`` what
    holds its category down.
    """
    if card.is_doubted:
        return "記録が誤り・閉所の疑いがあり、確かめるまで下げています。"
    if card.status in ("full", "suspended"):
        state = "満員" if card.status == "full" else "受け入れを止めている"
        return f"{state}のため、同じ分野の中で下げています。"
    if card.is_stale:
        return "確認から1年を過ぎているため、同じ分野の中で下げています。"
    if before:
        return f"同じ分野の「{before}」のほうが、記録との近さや支援の種類で上のためです。"
    return services


def _open_facts(this: Standing, above: Standing, labels: Mapping[str, str]) -> str:
    names = [labels[code] for code in this.eligibility.deciding_facts if code in labels]
    if this.eligibility.verdict == "unknown" and names:
        asked = "」「".join(names)
        return f"「{above.name}」は対象に合うと読めますが、こちらは「{asked}」がまだ分からないためです。"
    return f"「{above.name}」のほうが、対象の要件に合うためです。"


def _by_parts(this: Standing, above: Standing, labels: Mapping[str, str]) -> str:
    gains = {part: above.parts[part] - value for part, value in this.parts.items()}
    part = max(gains, key=lambda name: (gains[name], name))
    if gains[part] < _NEXT_TO_NOTHING:
        return f"「{above.name}」との差は、ほとんどありません。"
    if part == _ELIGIBILITY:
        return _open_facts(this, above, labels)
    if part == _PROBLEMS and not this.has_problem:
        return "この支援に直接つながる課題を、記録から読み取っていないためです。"
    return _MORE_OF[part].format(above=above.name)
