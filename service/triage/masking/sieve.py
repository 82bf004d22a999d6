"""What looks like a name and is none: the words of the masking itself, numerals, plain words.

Rules and tagger both pass here, so that what is said once about plain words holds for both.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from itertools import pairwise

from index.text import Token
from service.triage.masking.lexicon import could_be
from service.triage.masking.pieces import Piece
from service.triage.masking.words import masking_words

_MARK = r"\[(?:電話|メール|SNS|住所|生年月日|番号|口座)\]"
_PEOPLE = r"支援者|専門職|医師|学校の先生|ケアマネジャー|看護師|通訳|保証人|民生委員|職員"
# What the masking writes (folded: ［ is [), and the municipality it leaves before an address.
_WRITTEN = re.compile(
    rf"{_MARK}|\(名前\)|(?<![A-Za-z])人[A-Z](?![A-Za-z])|町内の(?:事業所|施設|場所)|(?:{_PEOPLE})[A-Z]?(?![一-龥])"
    rf"|(?:[^\s、。:,()「」]{{1,12}}[都道府県市区町村郡]){{1,3}}[^\s、。:,()「」]{{0,6}}(?={_MARK})"
    r"|(?:[一-龥]{2,6})(?:町|市|村)(?=\[住所\])"
)
_NUMERAL = re.compile(
    r"[〇一二三四五六七八九十百千万]{2,}[軒人歳才年月日円台匹目つ]?|[一二三四五六七八九十][軒人歳才月円台匹つ]|[一-龥]つ目|[A-Za-z]|\d.*"
)
_NUMBER_NAMES = frozenset(["五十", "二三", "八十", "三四"])
_ILLNESS = re.compile(
    r"\s?(?:銀行|信金|信用(?:金庫|組合)|農協|支所|支店|本店|普通|当座)|を渡|症|病(?!院)|型|様の?(?:痕|所見|症|病変|便|物|発疹|変化)"
)
_HONORED = re.compile(
    r"\s?(?:様|さま|さん|氏|殿|くん|君|ちゃん|先生|医師|Dr|Ns|CM|PT|OT|ST|主任|係長|課長|主事|校長|委員|民生|夫妻|一家)"
)
_POLITE = re.compile(r"\s?(?:さん|様|氏|ちゃん|くん)")
_READING = re.compile(r"\([ぁ-んァ-ヴー]+\)")
# An age, a school year or a date of an era says that a person stands before.
_SAID = re.compile(
    r"\s?[、(]?\s?(?:(?:小|中|高)[1-6]|年[長中少]|\d{1,3}(?:歳|才|さい)|[SHRT]\d|(?:昭|平|令|大正)和?成?\s?[\d元]|って(?:いう|言う)|と(?:申|もうし|いい))|[、。]?です"
)
_VERB = re.compile(r"さん(?:で|と[いて言]|な|ね|よ|く|か[ら。]|や|わ|の[かにで]|ば|\b等)")
_TELLER = re.compile(
    r"[ぁ-ん]*(?:ばあ|じい|ばば|じじ|かあ|とう|ねえ|にい|おば|おじ|あか|おっ)|[爺婆ばじ]"
)
_LOCATED = re.compile(
    r"^(?:[町市県村国]立|公立)?(?:図書館|公民館|体育館|資料館)|の中$|[ァ-ヴー]+の寮$|[爺婆]ちゃんの家$|^元(?:小|中)?学校$|(?:在学|治療|待期|授業)中$|(?:[上下前後中奥隣横裏表元他今角本次]|うち|よそ|あと|ほか|[親父母兄姉弟妹夫妻孫子島])の(?:家|寮|店|工場|学校|病院)$"
)
# Not 村 and 町: 今村 and 小町 are surnames.
_MUNICIPALITY = re.compile(r"[一-龥]{2,4}[市県府郡]")
_PARTICLES = frozenset("をはがもにでと")
_KANA_NAMED = re.compile(
    r"(?!うどん|とうふ|まち|ぶどう|りんご|たばこ|うち|よそ|わたし|あなた|じぶん|みんな|となり|それぞれ|むすめ|むすこ|おや)[ぁ-ん]{3,8}(?:の家|作業所|タクシー|ホール)"
)
_KANA_JOINED = re.compile(r"[ァ-ヴーA-Za-z]・[ァ-ヴーA-Za-z]")
_KANA_NOUN = re.compile(r"[ぁ-んァ-ヴー]{3,}|憩い|希望|若葉|青空")
_KANA = re.compile(r"[ぁ-んー]+")
# Nouns that only carry a sentence on.
_FORMAL = frozenset(["とき", "こと", "ところ", "もの", "ため", "ほか", "はず", "まま"])
_FROM = re.compile(
    r"から|に(?:転|引|住|いる|行|帰)|で(?:働|暮|生ま|就)|へ(?:転|引|行|帰)|出身|方面|県|駅|在住|生まれ"
)


def sift(
    text: str, tokens: tuple[Token, ...], pieces: Iterable[Piece], known: Collection[str] = ()
) -> list[Piece]:
    """Return the pieces without those that are no personal words; ``known`` names stay."""
    written = [m.span() for m in _WRITTEN.finditer(text)]
    at = {t.start: i for i, t in enumerate(tokens)}
    kept: list[Piece] = []
    for p in pieces:
        if any(s < p.end and p.start < e for s, e in written):
            continue
        if p.kind == "name" and _is_none(text, tokens, at.get(p.start), p):
            continue
        if (
            p.kind == "address"
            and re.sub(r"\D", "", text[p.start : p.end]) in masking_words().hotlines
        ):
            continue
        if text[p.start : p.end] in known:
            kept.append(p)
            continue
        if p.kind == "facility" and _is_general(text, tokens, p):
            continue
        kept.append(p)
    return kept


def _is_none(text: str, tokens: tuple[Token, ...], first: int | None, p: Piece) -> bool:
    """Tell whether what was found as a name is none."""
    word = text[p.start : p.end]
    if _is_never(text, p, word) or _inside_longer(text, p):
        return True
    honored = bool(_HONORED.match(text, p.end))
    if not honored and _MUNICIPALITY.fullmatch(word):
        return True
    if honored and _is_called_so(text, p, word):
        return True
    if honored or first is None:
        return False
    inside = [t for t in tokens[first:] if t.end <= p.end]
    if _are_plain(text, tokens[first - 1] if first else None, inside, p):
        return True
    return len(inside) == 1 and _is_country_or_place(text, inside[0])


def _is_never(text: str, p: Piece, word: str) -> bool:
    """True for numerals, kin, illnesses, banks, rivers and words that only lead a title."""
    words = masking_words()
    if word in words.not_names and not _HONORED.match(text, p.end):
        return True
    if word in words.facility_leads and not _POLITE.match(text, p.end):
        return True
    numeral = _NUMERAL.fullmatch(word) is not None and word not in _NUMBER_NAMES
    other = _TELLER.fullmatch(word) or _ILLNESS.match(text, p.end)
    return numeral or other is not None or word in _FORMAL


def _is_called_so(text: str, p: Piece, word: str) -> bool:
    """True for 漁師さん and for the verbs of 探さんで and 金を渡さん."""
    known = set(could_be(word))
    if _VERB.match(text, p.end) and not known & {"姓", "名", "人名"}:
        return True
    if len(word) == 1 and text[p.start - 1 : p.start] == "を" and text.startswith("さん", p.end):
        return True
    return known == {"普通"} and word[-1] in "師員屋士手者人長係" and len(word) > 1


def _are_plain(text: str, before: Token | None, inside: list[Token], p: Piece) -> bool:
    """True for いじり, ミルクとおむつ: words no name is made of, and nothing that says it is one."""
    word = text[p.start : p.end]
    if re.search(r"[ァ-ヴー][・ ][ァ-ヴー]|\(", word) or _SAID.match(text, p.end):
        return False
    if text[p.start - 1 : p.start] == "(" and text[p.end : p.end + 1] == ")":
        return False
    if _READING.match(text, p.end) or (before and _leads(text, before, p.start)):
        return False
    return bool(inside) and all(
        could_be(t.surface) == ("普通",) or t.pos[0] in ("助詞", "助動詞", "補助記号", "動詞")
        for t in inside
    )


def _leads(text: str, token: Token, start: int) -> bool:
    """Tell whether a heading (氏名：) stands before."""
    labels = masking_words().lists["name_label"]
    head = text[max(0, start - 8) : start].rstrip(" :は「(=")
    return token.surface in labels or any(
        head.endswith(w) for w in ("氏名", "名前", "児童名", "姓")
    )


def _is_country_or_place(text: str, token: Token) -> bool:
    """True for 日本, ブラジル, and for 福島 in 福島から: read as a place, and used as one."""
    if token.pos[1:3] != ("固有名詞", "地名"):
        return False
    if not set(could_be(token.surface)) & {"姓", "名", "人名"}:
        return True
    return token.pos[3] == "国" or bool(_FROM.match(text, token.end))


def _inside_longer(text: str, p: Piece) -> bool:
    """True for the 健師 of 保健師 and the 所 of 診療所: the end of a longer plain word."""
    words = masking_words()
    plain = words.not_names | words.lists["title"] | words.lists["facility_end"]
    return any(
        p.start >= size and text[p.start - size : p.end] in plain
        for size in (1, 2, 3)
        if re.fullmatch(r"[一-龥ァ-ヴー]+", text[max(0, p.start - size) : p.start])
    )


def _is_general(text: str, tokens: tuple[Token, ...], p: Piece) -> bool:
    """True for 温泉旅館, 車の中 and 子どもを保育所: plain words before a word for a kind of place."""
    word, words = text[p.start : p.end], masking_words()
    if _LOCATED.search(word) or re.search(r"銀行|信金|信用(?:金庫|組合)", word):
        return True
    if _KANA_NAMED.fullmatch(word):
        return False
    inside = [t for t in tokens if p.start <= t.start and t.end <= p.end]
    if (
        _runs_on(inside)
        or _is_said_of(word, inside)
        or ("・" in word and not _KANA_JOINED.search(word))
    ):
        return True
    loose = any(word.endswith(e) for e in words.sets["facility_loose"])
    odd = any(len(a.surface) == len(b.surface) == 1 for a, b in pairwise(inside[:-1]))
    return loose and not odd and all(_is_plain(t) for t in inside)


def _runs_on(inside: list[Token]) -> bool:
    """True for 子どもを保育所: a particle behind a word that is not kana is no part of a name."""
    if any(t.pos[0] == "助動詞" and t.surface in ("た", "ない", "です", "ます") for t in inside):
        return True
    return any(
        t.pos[0] == "助詞" and t.surface[0] in _PARTICLES and not _KANA.fullmatch(b.surface)
        for b, t in pairwise(inside)
    )


def _is_said_of(word: str, inside: list[Token]) -> bool:
    """True for きょう県立病院 and わたしの家, 親の会: said of a time, a person or a place, no name."""
    if not inside:
        return False
    head = inside[0]
    timed = head.pos[2] == "副詞可能" and re.search(r"[一-龥]{2}|きょう|あした", head.surface)
    if head.pos[0] in ("感動詞", "代名詞", "連体詞", "接続詞") or timed:
        return len(head.surface) > 1
    own = [t for t in inside if t.surface not in ("の", "家", "会", "軒")]
    return re.search(r"の(?:家|会|.?軒)$", word) is not None and all(
        t.pos[1] != "固有名詞"
        and "普通" in could_be(t.surface)
        and not _KANA_NOUN.fullmatch(t.surface)
        for t in own
    )


def _is_plain(token: Token) -> bool:
    """Tell whether the word, as it stands, names nothing in particular."""
    words = masking_words()
    listed = token.surface in words.facility_generic or token.surface in words.lists["facility_end"]
    return (
        listed
        or token.surface in words.facility_leads
        or token.pos[1] == "数詞"
        or (len(token.surface) > 1 and could_be(token.surface) == ("普通",))
        or token.pos[0] in ("助詞", "接頭辞", "接尾辞", "感動詞", "副詞", "動詞")
    )
