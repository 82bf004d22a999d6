"""The masking measurement as text for the console."""

from __future__ import annotations

from eval.masking_score import MaskingScore
from eval.metrics import Estimate

_NAMES = {
    "name": "名前",
    "address": "住所",
    "phone": "電話",
    "email": "メール",
    "sns": "SNS",
    "birth": "生年月日",
    "number": "番号",
    "account": "口座",
    "facility": "施設・勤め先",
    "": "すべて",
}


def masking_text(score: MaskingScore) -> str:
    """Return a table in Japanese: per kind and per writer, shares with 95% intervals."""
    lines = ["種類\t見つけた割合\t見つけたもののうち正しい割合"]
    lines += [
        f"{words}\t{_share(score.recall.get(kind))}\t{_share(score.precision.get(kind))}"
        for kind, words in _NAMES.items()
    ]
    for writer, found in score.recall_of_writer.items():
        right = score.precision_of_writer.get(writer)
        lines.append(f"書き手 {writer}\t{_share(found)}\t{_share(right)}")
    lines.append(f"1つも見落とさなかった記録\t{_share(score.nothing_missed)}")
    lines.append(f"個人情報のない記録で、何も印を付けなかった割合\t{_share(score.quiet_untouched)}")
    return "\n".join(lines)


def _share(value: Estimate | None) -> str:
    if value is None:
        return "—"
    return f"{value.mean:.3f} [{value.low:.3f}, {value.high:.3f}] n={value.count}"
