"""つなぎ票: what one receiving agency needs to begin, and a form for its answer."""

from __future__ import annotations

from knowledge.models import Condition, Knowledge
from service.cases.models import Case, Referral, Target
from service.cases.words import AGE_GROUPS
from service.printouts.desk_contact import desk_contact
from service.printouts.models import Section
from service.printouts.wording import day, listed, sender, trouble_of

TITLE = "つなぎ票"
_LINE = "＿＿＿＿＿＿＿＿＿＿＿＿＿＿"
_REPLY = f"""□ 受け入れます（始める日：　　月　　日）
□ 本人に会ってから決めます（予定：　　月　　日）
□ 対象ではありません（わけ：{_LINE}）
□ 満員です（空く見込み：　　月ごろ／分からない）
□ 予算や枠が終わりました
□ 本人と連絡がつきません
□ 本人が望みませんでした
□ そのほか（{_LINE}）
ほかに合いそうな所：{_LINE}
返事をした日：　　月　　日　　お名前：{_LINE}
電話か手渡しでお返しください。個人の情報なので、ふつうの電子メールでは送らないでください。"""


def referral_sections(
    case: Case,
    referral: Referral,
    knowledge: Knowledge,
    basis: str,
    viewer_name: str,
) -> tuple[Section, ...]:
    """Return the parts of the sheet: facts that this agency needs, and no other trouble."""
    target = referral.target
    to = f"{target.window or target.name}　御中"
    return (
        Section("あて先", "\n".join((to, f"電話：{target.phone or _LINE}")), "to"),
        Section("送り元", sender(desk_contact(knowledge), viewer_name), "from"),
        Section("ご本人", _person(case), "person"),
        Section("お願いしたいこと", _request(referral), "request"),
        Section("そのわけ（窓口で聞いたこと）", _facts(case, target), "facts"),
        Section("確かめたこと", _answers(case, target, knowledge), "answers"),
        Section(
            "この票を渡す根拠", f"{basis}\nお願いした用件のほかには使わないでください。", "basis"
        ),
        Section("お返事（受け取った方が書いてください）", _REPLY, "reply"),
    )


def _person(case: Case) -> str:
    return "\n".join(
        (
            f"お名前：{_LINE}（手で書いてください）",
            f"連絡先：{_LINE}　電話してよい時間：＿＿＿＿",
            f"年代：{AGE_GROUPS[case.age_group]}　地区：{case.district or '＿＿＿＿'}",
        )
    )


def _request(referral: Referral) -> str:
    asked = f"「{referral.target.name}」について、本人の話を聞いてください。"
    why = f"わけ：{referral.why}" if referral.why else ""
    by = f"できれば {day(referral.next_on)} までにお返事をください。" if referral.next_on else ""
    return "\n".join(line for line in (asked, why, by) if line)


def _facts(case: Case, target: Target) -> str:
    """Return the troubles that call for this very agency; the others are not its business."""
    wanted = [problem for problem in case.problems if target.category in problem.categories]
    return listed(
        f"{trouble_of(problem)}{f'「{problem.quote}」' if problem.quote else ''}"
        for problem in wanted
    )


def _answers(case: Case, target: Target, knowledge: Knowledge) -> str:
    facts = {condition.fact for condition in _conditions(target, knowledge)}
    return listed(f"{a.question} → {a.answer}" for a in case.answers if a.fact in facts)


def _conditions(target: Target, knowledge: Knowledge) -> tuple[Condition, ...]:
    services = (s.eligibility for s in knowledge.services if s.id == target.service_id)
    wanted = {target.record_id, target.service_id}
    resources = (r.eligibility for r in knowledge.resources if r.id in wanted)
    return tuple(condition for found in (*services, *resources) for condition in found)
