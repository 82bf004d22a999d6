"""Phones, e-mail, accounts of social media, numbers of cards and banks, car plates.

The grammar is that of Japanese numbers as people write them, not of any one area code.
All patterns read the folded note (NFKC, dashes as '-'); ー stands for a dash too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from service.triage.masking.models import Kind
from service.triage.masking.pieces import Piece, free
from service.triage.masking.words import masking_words

_KANJI_DIGIT = "〇零一二三四五六七八九"
_EMAIL = re.compile(
    r"[A-Za-z0-9][\w.+%-]*\s?(?:@|\(at\)|\[at\]|アットマーク|あっと)\s?[A-Za-z0-9][\w-]*(?:\s?(?:\.|ドット)\s?[A-Za-z0-9][\w-]*)*",
    re.ASCII,
)
_AT_NAME = re.compile(r"(?<![\w.])@\w[\w.-]{1,40}(?<!\.)", re.ASCII)
_SNS_LABEL = re.compile(
    r"(?:LINE|ライン|インスタ(?:グラム)?|Instagram|insta|Twitter|ツイッター|旧Twitter|(?<![A-Za-z])X(?![A-Za-z])|TikTok|ティックトック|Facebook|FB|フェイスブック|Discord|ディスコード|カカオ(?:トーク)?|KakaoTalk|WeChat|微信|Skype|スカイプ|Zalo|ザロ|WhatsApp|Viber|Messenger|アカウント名?|アカ|垢|(?<![A-Za-z])ID|ユーザー名|ハンドル(?:ネーム)?)",
    re.IGNORECASE,
)
_SNS_VALUE = re.compile(
    r"[^A-Za-z0-9\n。@]{0,8}?(@?[A-Za-z0-9](?=[\w.-]*[A-Za-z_])[\w.-]{2,40})(?<![.-])", re.ASCII
)
_NOT_SNS = re.compile(
    r"(?:line|id|instagram|insta|twitter|tiktok|facebook|fb|discord|wechat|skype|zalo|whatsapp|dm|sns|x|tel|fax|mail|gmail|wi-?fi|qr|pc|ok|ng|url|http|https|www|r\d.*|\d+(?:gb|g|円|日|名|h|min))$",
    re.IGNORECASE,
)
_HANDLE = re.compile(
    r"(?<![\w@./-])(?=[\w.]*[a-z])[A-Za-z][\w.]*_[\w.]*\w(?![\w@])|(?<![\w@./-])[a-z]{3,}[.-][a-z0-9]{3,}(?![\w@./-])(?<!com)(?<!net)(?<!org)(?<!pdf)(?<!html)",
    re.ASCII,
)

_DASH = r"[-ー・.]"
_GAP = rf"(?:{_DASH}|\s|\s?{_DASH}\s?|の|局の?)"
_PHONES = (
    re.compile(r"(?<![\d-])\(?\+81\)?[\s-]?\(?0?\)?[\d\s()-]{8,14}\d(?![\d-])"),
    re.compile(rf"(?<![\d.,-])\(?0\d{{1,4}}\)?{_GAP}?\(?\d{{1,4}}\)?{_GAP}\d{{3,4}}(?!\d|{_DASH}\d)"),
    re.compile(r"(?<![\d.,-])\(?0\d{1,4}\)\s?\d{1,4}\)?[\s-]?\d{4}(?!\d)"),
    re.compile(r"(?<![\d.,-])0\d{1,4}\(\d{1,4}\)\s?\d{3,4}(?!\d)"),
    re.compile(r"(?<![\d.,-])0\d{9,10}(?!\d)"),
    re.compile(rf"(?<![{_KANJI_DIGIT}十百千])[{_KANJI_DIGIT}]{{2,5}}(?:局?の|[-ー・])[{_KANJI_DIGIT}]{{2,4}}(?:[-ー・の][{_KANJI_DIGIT}]{{3,4}})?(?![{_KANJI_DIGIT}十百千])"),
    re.compile(r"(?<![\d./:,A-Za-z-])\d{1,4}(?:[-ー]|\s?-\s?|局の?|の)\d{4}(?!\d|年|円|万|人|[-ー/:.]\d)"),
)  # fmt: skip
_PHONE_LABEL = re.compile(
    r"(?:TEL|Tel|tel|電話番号|電話|でんわ|℡|☎|携帯番号|携帯電話|携帯|ケータイ|スマホ|FAX|Fax|fax|ファックス|ファクス|ファクシミリ|連絡先|直通|代表|固定|番号)"
    r"[^\d\n+]{0,8}?([\d(+][\d()\s.・ー-]{3,16}\d)(?!\d|年|円|万|件|人|名|時|分|月|日|回|/|:|,)"
)
_EXTENSION = re.compile(
    r"(?:内線|(?<![一-龥])内)(?:番号|電話)?[はがをの:\s()No.]{0,4}(\d{2,5}(?:[-ー]\d{1,4})?)(?!\d|名|人|件|年|月|日|回|円|割)"
    r"|(?<![A-Za-z])ext\.?\s?(\d{2,5})",
    re.IGNORECASE,
)
_EXTENSION_BEHIND = re.compile(r"\s?[(・]?\s?(?:内線?|ext\.?)\s?:?\s?\d{1,5}(?!\d)", re.IGNORECASE)
_YEARS = re.compile(r"(?:19|20)\d\d[-ー](?:19|20)\d\d|(?:19|20)\d\d[-ー][01]\d[0-3]\d")

_PLATES = (
    re.compile(r"[一-龥々ヶケノぁ-ん]{1,6}?\s?(?:\d{3}\s?[ぁ-んA-Z]\s?[\d・.]{1,2}\s?[-ー・]?|\d{2}\s?[ぁ-ん]\s?[\d・.]{1,2}\s?[-ー])\s?\d{1,2}(?!\d)"),
    re.compile(r"[一-龥々ヶケノ]{1,6}\s[ぁ-ん]\s\d{1,2}\s?[-ー・]?\s?\d{1,2}(?!\d)"),
    re.compile(r"(?:(?<!マイ)ナンバー|車両番号|標識番号|プレート|車番)[^\d\n]{0,10}?([ぁ-ん]?\s?\d{1,4}\s?[-ー・]?\s?\d{0,4})(?!\d|台|円|年)"),
)  # fmt: skip
_CARDS = (
    re.compile(r"(?<![A-Za-z\d])[A-Z]{2}\s?\d{8}\s?[A-Z]{2}(?![A-Za-z\d])", re.IGNORECASE),
    re.compile(r"(?<![A-Za-z\d])[A-Z]{2}\d{7}(?![A-Za-z\d])"),
    re.compile(r"(?<!\d)\d{4}(?:[-ー\s・]\d{4}){1,2}[-ー\s・]\d{2,4}(?!\d)"),
    re.compile(r"(?<![A-Za-z\d])[A-Z]\d{1,2}-\d{3,4}(?![\d./-])"),
    re.compile(r"(?<![\d.,-])\d{2}[-ー\s]?\d{2}[-ー\s]\d{6}[-ー\s]\d{4}(?!\d)"),
    re.compile(r"(?<![\d.,-])\d{4}[-ー]\d{6}(?:[-ー]\d)?(?!\d)"),
    re.compile(r"(?<![\d.,-])\d{11,16}(?!\d|円)"),
)  # fmt: skip
# 国保 記号鳥3 番号118204
_SIGN = re.compile(
    r"記号\s?([一-龥]{1,2}\s?\d{1,4})(?=[\s、・]{0,2}番号)|記号\s?(\d{1,4})(?=[\s、・]{0,2}番号)"
)
_UNIT = (
    r"(?!\d|[,/:]\d|\(\d{1,4}\)\d|\.\d|[ ]?(?:円|万|千|百|億|件|人|名|歳|才|年|月|日|回|時|分|割|%|枚|世帯|級|か月|ヶ月|カ月|ヵ月|km|kg|cm|mg|"
    r"ml|m(?![a-z])|g(?![a-z])|点|倍|度|口|食|台|棟|号室|丁目|番地|坪|畳|頭|匹|本|個|つ|週|泊|階|条|項|桁|ケタ))"
)
_VALUE = (
    r"((?:No\.?\s?)?(?:第\s?)?(?:[一-龥]{1,3}[・-]?(?=\s?-?\s?\d)|[ァ-ヴ]-?(?=\d))?[A-Za-z]{0,3}\s?-?\s?\d[\dA-Za-z]*(?:\s?[-ー・]\s?[\dA-Za-z]+)*"
    r"(?:\s?号(?!室|棟))?)"
)
_LINK = r"(?:は|が|の|も|[:;=\s・.()「」→,、]|番号|番|No\.?|NO\.?|#|記号|その|県の|町の|市の|[1-6]級|末尾|こと){0,4}"
_TAIL = re.compile(
    rf"(?:[一-龥]{{1,3}}[都道府県市])?第\s?[A-Z]{{0,3}}\s?\d{{3,}}\s?号{_UNIT}|(?<!\d)\d{{3,}}\s?号(?!室|棟|線|車|機|館|沿)"
)
_LAW = re.compile(
    r"(?:法律|条例|告示|政令|省令|規則|議案|通知|発|令|法|訓令|要綱|国道|県道|町道|線|議|報告|要領|事務連絡|広報|会報|通算)$"
)
_KANJI_RUN = re.compile(rf"[{_KANJI_DIGIT}]{{5,}}")
_LONG = re.compile(rf"(?<![\d.,/:A-Za-z])\d{{6,}}(?:[-ー]\d+)*{_UNIT}")
_ACCOUNT = re.compile(
    r"(?:口座番号|口座|普通預金|普通|当座|貯蓄|定期|普|当|ゆうちょ|郵貯|郵便貯金|銀行|信金|信用金庫|信組|信用組合|農協|JA|漁協|支店|支所|本店|本所|出張所|店番?|記号|振込先|振替)"
    r"[^\d\n。]{0,12}?(\d[\d\sー-]{2,14}\d)" + _UNIT
)
_POSTAL_BANK = re.compile(
    r"(?<!\d)1\d{4}\s?[-ー・のと、,\s]{1,2}\s?\d{4,8}(?!\d)|(?<!\d)1\d{4}[^\d\n。]{1,6}番号[^\d\n。]{0,4}\d{4,8}(?!\d)"
)
_BANK_AROUND = re.compile(
    r"口座|普通|当座|貯蓄|ゆうちょ|郵貯|銀行|信金|信用|信組|農協|JA|漁協|支店|支所|本店|振込|振替|引落|引き落|預金|通帳|貯金"
)


def find_contacts(text: str) -> tuple[Piece, ...]:
    """Return e-mail addresses and accounts of social media."""
    found: list[Piece] = []
    for m in _EMAIL.finditer(text):
        found.append(Piece(*m.span(), "email"))
    for m in _AT_NAME.finditer(text):
        _add(found, m.start(), m.end(), "sns")
    for label in _SNS_LABEL.finditer(text):
        value = _SNS_VALUE.match(text, label.end())
        if value and not _NOT_SNS.match(value[1]):
            _add(found, value.start(1), value.end(1), "sns")
    for m in _HANDLE.finditer(text):
        _add(found, m.start(), m.end(), "sns")
    return tuple(found)


def find_digits(text: str, today: date) -> tuple[Piece, ...]:
    """Return phones and numbers.  Dates, amounts, counts and national hotlines are left out."""
    found: list[Piece] = []
    for kind, start, end in _candidates(text):
        piece = text[start:end]
        if not _is_plain(piece, today) and not _is_hotline(piece):
            _add(found, start, end, kind)
    return tuple(found)


def _candidates(text: str) -> Iterator[tuple[Kind, int, int]]:
    """Yield what may be personal digits, surest first."""
    for pattern in _PLATES:
        yield from _spans(pattern, text, "number")
    for m in _POSTAL_BANK.finditer(text):
        if _BANK_AROUND.search(text, max(0, m.start() - 20), m.start()):
            yield "account", *m.span()
    for pattern in _CARDS:
        for m in pattern.finditer(text):
            if not re.match(r"0[5-9]0", m.group()) or len(m.group()) == 12:
                yield "number", *m.span()
    yield from _spans(_SIGN, text, "number")
    for pattern in _label_patterns():
        for m in pattern.finditer(text):
            if _is_phone_like(m[1]) and not _BANK_AROUND.search(
                text, max(0, m.start() - 8), m.end()
            ):
                continue
            if len(re.sub(r"\D", "", m[1])) > 1 + m.group().upper().startswith("NO"):
                numbered = m.group().upper().startswith("NO")
                yield "number", m.start() if numbered else m.start(1), m.end(1)
    for m in _ACCOUNT.finditer(text):
        if len(re.sub(r"\D", "", m[1])) >= 4 and not re.match(r"0\d{1,3}-\d{1,4}-", m[1]):
            yield "account", *m.span(1)
    yield from _phones(text)
    yield from _other_numbers(text)


def _phones(text: str) -> Iterator[tuple[Kind, int, int]]:
    for pattern in _PHONES:
        for m in pattern.finditer(text):
            if not _YEARS.match(m.group()):
                start = m.start() + (m.group()[0] == "(" and ")" not in m.group())
                behind = _EXTENSION_BEHIND.match(text, m.end())
                yield "phone", start, behind.end() if behind else m.end()
    yield from _spans(_EXTENSION, text, "phone")
    for m in _PHONE_LABEL.finditer(text):
        if len(re.sub(r"\D", "", m[1])) >= 6:
            yield "phone", *m.span(1)


def _other_numbers(text: str) -> Iterator[tuple[Kind, int, int]]:
    """Yield 第…号 and long runs of digits that nothing else explains."""
    for m in _TAIL.finditer(text):
        if not _LAW.search(text[max(0, m.start() - 6) : m.start()]):
            yield "number", *m.span()
    for m in (*_LONG.finditer(text), *_KANJI_RUN.finditer(text)):
        around = _BANK_AROUND.search(text, max(0, m.start() - 16), m.start())
        yield "account" if around else "number", *m.span()


def _label_patterns() -> tuple[re.Pattern[str], ...]:
    strong, weak = masking_words().number_labels, masking_words().number_topics
    return (
        re.compile(rf"(?:{strong}){_LINK}{_VALUE}{_UNIT}"),
        re.compile(
            rf"(?:{weak}){_LINK}(?=[^\n]{{0,5}}\d{{4}}|第\s?\d{{2,}}|[A-Z]{{1,3}}-?\d{{3}}){_VALUE}{_UNIT}"
        ),
    )


def _spans(pattern: re.Pattern[str], text: str, kind: Kind) -> Iterator[tuple[Kind, int, int]]:
    for m in pattern.finditer(text):
        group = next((i for i in range(1, (m.lastindex or 0) + 1) if m[i]), 0)
        yield kind, *m.span(group)


def _add(found: list[Piece], start: int, end: int, kind: Kind) -> None:
    if free(found, start, end):
        found.append(Piece(start, end, kind))


def _is_phone_like(piece: str) -> bool:
    return (
        re.fullmatch(r"0[5789]0[-ー\s]?\d{4}[-ー\s]?\d{4}|0\d{1,4}[-ー]\d{1,4}[-ー]\d{4}", piece)
        is not None
    )


def _is_plain(piece: str, today: date) -> bool:
    """Tell an ordinary date (20261005, 2026-1005) from a number."""
    digits = re.sub(r"[-ー]", "", piece)
    if re.fullmatch(r"20[0-4]\d[01]\d[0-3]\d", digits):
        year, month, day = int(digits[:4]), int(digits[4:6]), int(digits[6:])
        return abs(year - today.year) <= 3 and 1 <= month <= 12 and 1 <= day <= 31
    return False


def _is_hotline(piece: str) -> bool:
    return re.sub(r"\D", "", piece) in masking_words().hotlines
