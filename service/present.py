"""A triage as plain data (the JSON contract) and as text for a terminal."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from service.triage.models import RedFlag, Suggestion, Triage

VERDICTS = {"fits": "対象になりそう", "unknown": "まだ分からない", "does_not_fit": "対象外のおそれ"}
STATUSES = {"open": "受付中", "full": "満員", "suspended": "受入停止中", "reservation": "予約制"}
ROUTES = {
    "refer": "つなぎ先の候補があります",
    "other_department": "福祉以外の担当課のご用件のようです",
    "insufficient": "情報が足りません。もう少し聞いてください",
    "none": "合う支援先が見つかりませんでした",
}


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
            }
            for q in answer.questions
        ],
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
        "is_stale": s.is_stale,
    }


def as_text(answer: Triage) -> str:
    """Return the answer as lines for a terminal, urgent things first."""
    lines: list[str] = []
    for flag in answer.red_flags:
        lines += [
            f"【{'緊急・通報' if flag.source == 'rule' else '要確認'}】{flag.label}（{flag.duty}）",
            f"  まず: {flag.first_response}",
            f"  根拠法: {flag.article}",
            f"  連絡先: {flag.recipient}　{flag.phone}",
            f"  記録の言葉: {' ／ '.join(span.text for span in flag.evidence)}",
        ]
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
    for s in answer.suggestions:
        mark = "地域" if s.kind == "resource" else "制度"
        state = "" if s.status == "open" else f"［{STATUSES[s.status]}］"
        stale = "［情報が古い］" if s.is_stale else ""
        lines += [
            f"{s.rank:>3}. [{mark}] {s.name}{state}{stale}",
            f"      {s.contact.window}　{s.contact.phone}　{s.contact.hours}".rstrip(),
            f"      対象: {VERDICTS[s.eligibility.verdict]}／確認日 {s.verified_on}",
            f"      理由: {s.reason}",
        ]
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
