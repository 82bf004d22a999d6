"""A triage as plain data (the JSON contract) and as text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from service.triage.models import PastRefusal, RedFlag, Suggestion, Triage

VERDICTS = {"fits": "対象になりそう", "unknown": "まだ分からない", "does_not_fit": "対象外のおそれ"}
STATUSES = {"open": "受付中", "full": "満員", "suspended": "受入停止中", "reservation": "予約制"}
ROUTES = {
    "refer": "つなぎ先の候補があります",
    "other_department": "福祉以外の担当課のご用件のようです",
    "insufficient": "情報が足りません。もう少し聞いてください",
    "none": "合う支援先が見つかりませんでした",
}
STALE = "確認から1年を過ぎています。電話で確かめてください"
DOUBTED = "記録の確認が必要"
_LATELY_DAYS = 90
_LISTED = 5


@dataclass(frozen=True, slots=True)
class Badge:
    """A mark below a name, with the record's own words on it; ``kind`` chooses the colour."""

    kind: str
    text: str
    note: str = ""


def as_json(answer: Triage) -> dict[str, Any]:
    """Return the answer in the shape of the CLI and API contract."""
    return {
        "route": answer.route,
        "red_flags": [_flag(flag) for flag in answer.red_flags],
        "problems": [
            {"code": p.code, "label": p.label, "person": p.person, "evidence": _spans(p.evidence)}
            for p in answer.problems
        ],
        "denied": [
            {"code": d.code, "label": d.label, "scope": d.scope, "evidence": [asdict(d.evidence)]}
            for d in answer.denied
        ],
        "people": [
            {"role": p.role, "age": p.age_text, "gender": p.gender, "evidence": [asdict(p.span)]}
            for p in answer.people
        ],
        "suggestions": [_suggestion(s) for s in answer.suggestions],
        "questions": [
            {
                "text": q.text,
                "fact": q.fact,
                "decides": list(q.decides),
                "effects": list(q.effects),
                "kind": q.kind,
                "label": q.label,
            }
            for q in answer.questions
        ],
        "answered": [asdict(said) for said in answer.answered],
        "changes": list(answer.changes),
        "uncovered": list(answer.uncovered),
        "model": dict(answer.model),
        "elapsed_ms": answer.elapsed_ms,
    }


def _spans(spans: tuple[Any, ...]) -> list[dict[str, Any]]:
    return [asdict(span) for span in spans]


def _flag(flag: RedFlag) -> dict[str, Any]:
    return asdict(flag) | {"evidence": _spans(flag.evidence)}


def _suggestion(s: Suggestion) -> dict[str, Any]:
    return {
        "rank": s.rank,
        "category": s.category,
        "category_label": s.category_label,
        "service_id": s.service_id,
        "name": s.name,
        "kind": s.kind,
        "level": s.level,
        "score": s.score,
        "reason": s.reason,
        "provides": s.provides,
        "evidence": _spans(s.evidence),
        "eligibility": {
            "verdict": s.eligibility.verdict,
            "deciding_facts": list(s.eligibility.deciding_facts),
            "text": list(s.eligibility.text),
        },
        "contact": asdict(s.contact),
        "cost": s.cost,
        "bring": list(s.bring),
        "consent": s.consent,
        "next_step": s.next_step,
        "status": s.status,
        "status_note": s.status_note,
        "verified_on": s.verified_on.isoformat(),
        "verified_by": s.verified_by,
        "due_on": s.due_on.isoformat(),
        "is_stale": s.is_stale,
        "layer": s.layer,
        "record_id": s.record_id,
        "refusals": [asdict(r) | {"on": r.on.isoformat()} for r in s.refusals],
        "is_doubted": s.is_doubted,
        "why_not_higher": s.why_not_higher,
    }


def as_text(answer: Triage) -> str:
    """Return the answer as lines for a terminal, urgent things first."""
    lines: list[str] = []
    for flag in answer.red_flags:
        lines += _flag_lines(flag)
    if not answer.red_flags:
        lines.append("（緊急・通報の印は出ていません。印がないことは安全を保証しません）")
    lines.append(f"■ {ROUTES[answer.route]}")
    if answer.problems:
        lines.append("■ 読み取った課題")
        for problem in answer.problems:
            who = f"［{problem.person}］" if problem.person else ""
            lines.append(f"  ・{problem.label}{who} …「{problem.evidence[0].text}」")
    if answer.suggestions:
        lines.append("■ つなぎ先の候補（決めるのは窓口の人です）")
    for suggestion in answer.suggestions:
        lines += _card_lines(suggestion)
    if answer.questions:
        lines.append("■ 次に聞くこと")
        for question in answer.questions:
            lines += [f"  ・{question.text}", *(f"      {e}" for e in question.effects)]
    if answer.uncovered:
        lines.append("■ 応えられていないこと")
        lines += [f"  ・{text}" for text in answer.uncovered]
    lines.append(
        f"（{answer.elapsed_ms:.0f} ミリ秒　{answer.model['town']}　索引 {answer.model['index']}）"
    )
    return "\n".join(lines)


def _flag_lines(flag: RedFlag) -> list[str]:
    return [
        f"【{'緊急・通報' if flag.source == 'rule' else '要確認'}】{flag.label}（{flag.duty}）",
        f"  まず: {flag.first_response}",
        f"  根拠法: {flag.article}",
        f"  連絡先: {flag.recipient}　{flag.phone}",
        f"  記録の言葉: {' ／ '.join(span.text for span in flag.evidence)}",
    ]


def _card_lines(s: Suggestion) -> list[str]:
    mark = "地域" if s.kind == "resource" else "制度"
    badges = "".join(f"［{'：'.join(filter(None, (b.text, b.note)))}］" for b in badges_of(s))
    return [
        f"{s.rank:>3}. [{mark}] {s.name}{badges}",
        f"      {s.contact.window}　{s.contact.phone}　{s.contact.hours}".rstrip(),
        *([f"      {s.status_note}"] if s.status == "open" and s.status_note else []),
        f"      対象: {VERDICTS[s.eligibility.verdict]}",
        f"      {checked_text(s)}",
        *(f"      {line}" for line in refusal_lines(s)),
        f"      理由: {s.reason}",
    ]


def badges_of(s: Suggestion) -> tuple[Badge, ...]:
    """Return the marks of a card, what matters most first."""
    badges: list[Badge] = []
    if s.is_doubted:
        badges.append(Badge("doubted", DOUBTED))
    if s.status != "open":
        badges.append(Badge(s.status, STATUSES[s.status], s.status_note))
    if s.is_stale:
        badges.append(Badge("stale", STALE))
    if s.layer == "prefecture":
        badges.append(Badge("prefecture", "県"))
    return tuple(badges)


def checked_text(s: Suggestion) -> str:
    """Return when and by whom the card was verified, and by when it must be again."""
    by = f"（{s.verified_by}）" if s.verified_by else ""
    return f"確認 {s.verified_on}{by}・次の確認 {s.due_on}まで"


def refusal_lines(s: Suggestion) -> tuple[str, ...]:
    """Return what others met there: the last three months, then the rest of the half year."""
    late = [r for r in s.refusals if r.days_ago <= _LATELY_DAYS]
    early = [r for r in s.refusals if r.days_ago > _LATELY_DAYS]
    parts = (("この3か月に断られた記録", late), ("その前の3か月に断られた記録", early))
    return tuple(f"{label}: {_listed(refusals)}" for label, refusals in parts if refusals)


def _listed(refusals: Sequence[PastRefusal]) -> str:
    shown = "、".join(f"{r.reason}（{r.on.month}/{r.on.day}）" for r in refusals[:_LISTED])
    more = len(refusals) - _LISTED
    return f"{shown}、ほか{more}件" if more > 0 else shown
