"""Telephone numbers as towns write them, made into numbers one can dial, or left in doubt."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import phonenumbers

from knowledge.importing.text import fold_number, is_blank

_PLAIN = re.compile(r"(0\d{1,4})-(\d{1,4})-(\d{3,4})")
# 119, 189, #7119, #8008, 171: short numbers that are whole as they stand.
_SHORT = re.compile(r"#?\d{3,4}")
_SHORT_KNOWN = frozenset(("110", "115", "117", "118", "119", "171", "177", "188", "189"))
_NUMBER = re.compile(r"\(?[+#]?\d{1,14}(?:[-() .]{1,3}\d{1,11})*")
_PIECES = re.compile(r"[\n\r、,，;；／/|]|\s{2,}|または|又は|及び(?=[\s\d(])")
_FAX = re.compile(r"f\.?a\.?x\.?|ファックス|ファクス|ファクシミリ|^f(?=[:：\s\d(])", re.IGNORECASE)
_TEL = re.compile(
    r"t\.?e\.?l\.?|電話番号|お電話|電話|でんわ|℡|☎|☏|📞|^t(?=[:：\s\d(])", re.IGNORECASE
)
# One number for both: read as a telephone.
_BOTH = re.compile(r"tel\.?\s*[/・&,、]?\s*fax\.?|電話\s*[/・&,、]?\s*fax\.?", re.IGNORECASE)
_TEL_AT_START = re.compile(rf"^(?:{_TEL.pattern})[:：\s]*|\s(?:{_TEL.pattern})$", re.IGNORECASE)
_EXTENSION = re.compile(r"\(?内線?[:\-\s]*(\d{1,6})(?:[・~\-]\d{1,6})*\)?")
_ROLE = re.compile(r"課|係|室|局|部|班|センター|所|館|園|校|院|会|店|直通|代表|専用|ダイヤル|相談|窓口|夜間|休日|平日|昼|携帯|担当|事務|受付|本部|支部|役場|庁|内|フリー|窓|その他|IP|予約|緊急|師|士|員")  # fmt: skip
_HIDDEN = ("非公開", "非公表", "公開不可")


@dataclass(frozen=True, slots=True)
class Phone:
    """One number, what it is for and whose it is."""

    number: str
    use: Literal["phone", "fax"] = "phone"
    label: str = ""
    extension: str = ""

    def __str__(self) -> str:
        if not self.label and not self.extension:
            return self.number
        extension = f" 内線{self.extension}" if self.extension else ""
        label = f"（{self.label}）" if self.label else ""
        return self.number + extension + label


@dataclass(frozen=True, slots=True)
class PhoneReading:
    """The numbers of a cell, and what a person should look at."""

    phones: tuple[Phone, ...] = ()
    doubts: tuple[str, ...] = ()

    def text(self, use: Literal["phone", "fax"] = "phone") -> str:
        """Return the numbers of one use, as a card shows them."""
        if len(self.phones) == 1:
            return str(self.phones[0]) if self.phones[0].use == use else ""
        return "、".join(str(phone) for phone in self.phones if phone.use == use)


def read_phones(
    cell: str, area_codes: Sequence[str] = (), use: Literal["phone", "fax"] = "phone"
) -> PhoneReading:
    """Return every number in the cell; local ones get the one area code that fits.

    ``area_codes`` are the town's (0183).  A number that cannot be completed, or is of
    no known length, is kept as it is written and named in ``doubts``.
    """
    if _is_plain(cell):
        return PhoneReading((Phone(cell, use),))
    if is_blank(cell):
        return PhoneReading()
    folded = fold_number(cell).strip()
    if _is_plain(folded):
        return PhoneReading((Phone(folded, use),))
    if any(word in cell for word in _HIDDEN):
        return PhoneReading(doubts=("電話は公開されていません",))
    return _read_pieces(_BOTH.sub("TEL", folded), tuple(area_codes), use)


def _is_plain(text: str) -> bool:
    """True for one whole number written as we write it, as most are."""
    return bool(
        _PLAIN.fullmatch(text) and 12 <= len(text) <= 13 and _is_known(text.replace("-", ""))
    )


def _read_pieces(
    text: str, area_codes: tuple[str, ...], use: Literal["phone", "fax"]
) -> PhoneReading:
    phones: list[Phone] = []
    doubts: list[str] = []
    waiting = ""
    for piece in _PIECES.split(text):
        parts = _parts(piece)
        if not parts.numbers:
            label = _label(piece)[0]
            if parts.extension and phones:
                phones[-1] = _changed(phones[-1], extension=parts.extension)
            # A label on its own line: in brackets it belongs to the number above it.
            elif label and phones and piece.strip().startswith("("):
                phones[-1] = _changed(phones[-1], label=label)
            elif label or _FAX.search(piece):
                waiting = piece
            continue
        for raw, words, is_fax in _labelled(parts, waiting):
            label, fault = _label(words)
            number, doubt = _number(raw, area_codes)
            doubts += [said for said in (fault, doubt) if said]
            kind: Literal["phone", "fax"] = "fax" if is_fax or use == "fax" else "phone"
            phones.append(Phone(number, kind, label, parts.extension))
        waiting = ""
    if not phones and not doubts:
        doubts.append("電話番号が見つかりません。番号だけを書いてください")
    return PhoneReading(tuple(phones), tuple(dict.fromkeys(doubts)))


def _changed(phone: Phone, label: str = "", extension: str = "") -> Phone:
    return Phone(phone.number, phone.use, label or phone.label, extension or phone.extension)


@dataclass(frozen=True, slots=True)
class _Parts:
    """The numbers of a piece, the words before each, and the words after the last."""

    numbers: tuple[str, ...]
    words: tuple[str, ...]
    extension: str


def _parts(piece: str) -> _Parts:
    extension = _EXTENSION.search(piece)
    bare = _EXTENSION.sub(" ", piece) if extension else piece
    numbers: list[str] = []
    words: list[str] = [""]
    end = 0
    for match in _NUMBER.finditer(bare):
        words[-1] += bare[end : match.start()]
        end = match.end()
        for raw in _split_run(match[0].strip(" .-")):
            numbers.append(raw)
            words.append("")
    words[-1] += bare[end:]
    return _Parts(tuple(numbers), tuple(words), extension[1] if extension else "")


def _split_run(raw: str) -> list[str]:
    """Return the numbers in one run of digits: two with a blank between them are two."""
    digits = len(re.sub(r"\D", "", raw))
    if digits > 11 and " " in raw:
        return [part for part in raw.split() if len(re.sub(r"\D", "", part)) >= 6]
    return [raw] if digits >= 5 or _SHORT.fullmatch(raw) else []


def _labelled(parts: _Parts, waiting: str) -> list[tuple[str, str, bool]]:
    """Return each number with the words that name it and whether they say FAX.

    「（課）073…（係）073…」 names before the numbers, 「073…（課）073…（係）」 after them.
    """
    before = waiting + " " + parts.words[0]
    named_before = bool(_label(before)[0])
    found: list[tuple[str, str, bool]] = []
    for position, raw in enumerate(parts.numbers):
        lead = before if position == 0 else parts.words[position]
        follow = parts.words[position + 1]
        is_fax = bool(_FAX.search(lead)) and not (position == 0 and _TEL.search(parts.words[0]))
        bracketed = re.match(r"\s*\(([^()]*)\)?", follow)
        after = bracketed[1] if bracketed else ("" if position + 1 < len(parts.numbers) else follow)
        if not named_before and position:
            lead = re.sub(r"^\s*\([^()]*\)?", " ", lead)
        found.append((raw, lead if named_before else f"{lead} {after}", is_fax))
    return found


def _label(words: str) -> tuple[str, str]:
    """Return whose number it is; a word that may be a person's name is left out and told."""
    text = _TEL_AT_START.sub(" ", _FAX.sub(" ", words).strip(" ()[]【】:：・"))
    text = re.sub(r"[\s()\[\]【】<>「」:：*※~\-.#+]+", " ", text).strip(" ・")
    if not text or len(text) < 2 or len(text) > 40:
        return "", ""
    if _ROLE.search(text):
        return text, ""
    return "", f"「{text}」は個人名かもしれないので、電話の名前から外しました"


def _number(raw: str, area_codes: tuple[str, ...]) -> tuple[str, str]:
    """Return the number with hyphens, and a doubt or an empty text."""
    digits = re.sub(r"\D", "", raw)
    if raw.startswith("#") or digits in _SHORT_KNOWN:
        return raw, ""
    if raw.startswith("+81") or (digits.startswith("81") and raw.startswith("+")):
        digits = "0" + digits[2:].removeprefix("0")
    if digits.startswith("0") and len(digits) in (10, 11):
        return _whole(raw, digits)
    zeroed = "0" + digits
    if not digits.startswith("0") and len(zeroed) in (10, 11) and _is_known(zeroed):
        return _hyphened(zeroed), "先頭の0が消えていたので補いました。確かめてください"
    if not digits.startswith("0") and 5 <= len(digits) <= 8:
        return _local(raw, digits, area_codes)
    return raw.strip("()-. "), f"電話番号の桁が合いません（{len(digits)}桁）。確かめてください"


def _whole(raw: str, digits: str) -> tuple[str, str]:
    doubt = "" if _is_known(digits) else "使われていない番号のようです。確かめてください"
    groups = re.findall(r"\d+", raw.removeprefix("+81"))
    if len(groups) == 3 and not raw.startswith("+") and len(groups[2]) in (3, 4):
        return "-".join(groups), doubt
    return (raw.strip("()-. ") if doubt else _hyphened(digits)), doubt


def _local(raw: str, digits: str, area_codes: tuple[str, ...]) -> tuple[str, str]:
    fitting = [code for code in area_codes if len(code + digits) == 10 and _is_known(code + digits)]
    if len(fitting) == 1:
        groups = re.findall(r"\d+", raw)
        tail = groups if len(groups) == 2 else [digits[:-4], digits[-4:]]
        return "-".join((fitting[0], *tail)), ""
    reason = "市外局番が分かりません" if not fitting else "市外局番が2つ以上当てはまります"
    return raw.strip("()-. "), f"{reason}。市外局番から書いてください"


def _hyphened(digits: str) -> str:
    """Return the digits with the hyphens the numbering plan puts in; as they are if unknown."""
    # 00…: the carriers' own numbers (0077, 0088), which the plan does not part.
    if digits.startswith("00") or not _is_known(digits):
        return digits
    first, second = _groups(digits[:-4], len(digits))
    return "-".join((digits[:first], digits[first:second], digits[second:]))


@lru_cache(maxsize=65_536)
def _groups(prefix: str, length: int) -> tuple[int, int]:
    """Return where the numbering plan puts the two hyphens; the last four digits never decide."""
    parsed = phonenumbers.parse(prefix + "1234"[: length - len(prefix)], "JP")
    written = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)
    first, second, _ = map(len, written.split("-"))
    return first, first + second


def _is_known(digits: str) -> bool:
    """True when the numbering plan has numbers of this length that begin like this one."""
    return _prefix_is_known(digits[:-4], len(digits))


@lru_cache(maxsize=65_536)
def _prefix_is_known(prefix: str, length: int) -> bool:
    # phonenumbers takes 60 µs; the last four digits never decide, so exchanges are kept.
    digits = prefix + "1234"[: length - len(prefix)]
    if digits[0] == "0" != digits[1]:
        # What parse() makes of it, the trunk 0 off, in a third of the time.
        national = phonenumbers.PhoneNumber(country_code=81, national_number=int(digits[1:]))
        return phonenumbers.is_valid_number(national)
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(digits, "JP"))
    except phonenumbers.NumberParseException:
        return False


def area_codes_of(phones: Iterable[str]) -> tuple[str, ...]:
    """Return the area codes that at least a third of these numbers have, commonest first."""
    counts: dict[str, int] = {}
    for text in phones:
        digits = re.sub(r"\D", "", fold_number(text))
        if len(digits) != 10 or not digits.startswith("0") or not _is_known(digits):
            continue
        parsed = phonenumbers.parse(digits, "JP")
        length = phonenumbers.length_of_geographical_area_code(parsed)
        if length:
            code = digits[: length + 1]
            counts[code] = counts.get(code, 0) + 1
    total = sum(counts.values())
    common = [code for code, count in counts.items() if count * 3 >= total]
    return tuple(sorted(common, key=lambda code: (-counts[code], code)))
