"""Names of people by rule: before 様 and titles, after 長男の and 氏名：, surname and given name.

What these rules are unsure of (a bare surname in running text) is left to the tagger.
"""

from __future__ import annotations

import re

from index.text import Token
from service.triage.masking.letters import find_by_letters
from service.triage.masking.lexicon import could_be
from service.triage.masking.pieces import Piece
from service.triage.masking.spoken import find_spoken
from service.triage.masking.words import masking_words
from service.triage.mentions import people_words

_ONLY_KANA = re.compile(r"[ぁ-んァ-ヴー]+")
_LOOSE = frozenset(["さん", "サン", "夫妻", "坊", "嬢", "翁", "女史"])
_SELF = re.compile(
    r"と(?:申し|申す|名乗|名のる|おっしゃ|仰|いう者|言う者|いう方|呼ばれ|呼んで|お読み|だけ呼)|でございます|の母です|の父です|の娘です|の息子です|の妻です|の夫です|より(?:TEL|電話|架電|来電|連絡)"
)
_ELDERS = re.compile(
    r"お?(?:じい|ばあ|ばさ|じさ|ば様|じ様|じっちゃ|ばっちゃ|じーちゃ|ばーちゃ)|奥さ|奥様|旦那|ご?主人|おかみ|女将|ご?隠居|お?嬢|お?嫁|若夫婦|叔[母父]|伯[母父]|分家|本家|後家|お兄さ|お姉さ|老夫婦"
)
_GIVEN = re.compile(r" ([一-龥々ぁ-んァ-ヴー]{1,4}?)(?:様|さま|さん|氏|殿|くん|君|ちゃん)")
_MOST = 6  # characters of a name that the dictionary does not know


def find_names(text: str, tokens: tuple[Token, ...]) -> tuple[Piece, ...]:
    """Return the names in the folded text that a rule is sure of; they may overlap."""
    found: list[Piece] = []
    for i, token in enumerate(tokens):
        if text.startswith(("様症状", "様の症状", "様発作", "様疾患", "様変化"), token.start):
            continue
        if (
            token.surface in masking_words().sets["name_honorific"]
            and i
            and (
                tokens[i - 1].end == token.start
                or (
                    text[tokens[i - 1].end : token.start] == " "
                    and "姓" in could_be(tokens[i - 1].surface)
                )
            )
        ):
            found += _before(text, tokens, i, unknown=True, plain=token.surface not in _LOOSE)
        elif token.surface in masking_words().lists["title"] and i:
            found += _before(text, tokens, i, unknown=token.surface.isascii(), plain=False)
        if _introduces(token):
            found += _after(text, tokens, i + 1)
        if _class_of(token) == "姓":
            found += _surname(text, tokens, i)
        elif "姓" in could_be(token.surface):
            found += _maybe_surname(text, tokens, i)
        if (
            _maybe_name(token)
            and _says_self(text, token)
            and _SELF.match(text, token.end)
            and token.surface not in masking_words().not_names
        ):
            found.append(Piece(_with_surname(text, tokens, i), token.end, "name"))
    return (*found, *find_spoken(text), *find_by_letters(text))


def _says_self(text: str, token: Token) -> bool:
    """でございます follows much else (八万円, そう): only what can be nothing but a name counts."""
    return not text.startswith("でござ", token.end) or "普通" not in could_be(token.surface)


def _class_of(token: Token) -> str:
    """Return 姓, 名 or 人名 for what Sudachi read as a person's name, else ""."""
    if token.pos[1:3] == ("固有名詞", "人名"):
        return token.pos[3] if token.pos[3] in ("姓", "名") else "人名"
    return ""


def _maybe_name(token: Token) -> bool:
    return bool(_class_of(token)) or bool({"姓", "名", "人名"} & set(could_be(token.surface)))


def _before(
    text: str, tokens: tuple[Token, ...], i: int, *, unknown: bool, plain: bool
) -> list[Piece]:
    """Return the name that ends before token ``i`` (様, 先生 …).

    ``unknown``: letters the dictionary has no name for count too (りっくん, 月愛ちゃん);
    ``plain``: even those of another word (曲師様), as 様 and 氏 follow few but people.
    """
    last = i - 1
    if text[tokens[last].end : tokens[i].start].strip() or _is_common(tokens, last):
        return []
    first = i
    while first > 0 and _may_be_part(tokens, first - 1, first if first < i else -1):
        first -= 1
    run = tokens[first:i]
    while run and not _maybe_name(run[0]) and any(_maybe_name(t) for t in run):
        if len(run[0].surface) == 1 and len(run) > 1 and len(run) <= 3:
            break
        run, first = run[1:], first + 1
    if not run:
        return []
    known = any(_maybe_name(t) for t in run)
    size = run[-1].end - run[0].start
    if not known and (
        not unknown or size > _MOST or (_is_plain_noun(run) and not (plain and len(run) < 3))
    ):
        return []
    start = _with_surname(text, tokens, first)
    return [Piece(start, run[-1].end, "name")]


def _is_common(tokens: tuple[Token, ...], last: int) -> bool:
    """True for 奥さん, 医者様, 娘さん: whom everybody calls so."""
    s = tokens[last].surface
    pair = (
        tokens[last - 1].surface + s if last and tokens[last - 1].end == tokens[last].start else ""
    )
    words = masking_words().not_names
    return (
        s in words
        and not (
            "姓" in could_be(s)
            and (_class_of(tokens[last]) == "姓" or s == "王")
            and s in ("王", "神", "奥", "宮", "店", "町", "村", "隣", "方", "国")
        )
    ) or pair in words


def _may_be_part(tokens: tuple[Token, ...], j: int, after: int) -> bool:
    token, words = tokens[j], masking_words()
    if after >= 0 and token.end != tokens[after].start:
        return False
    if token.surface in words.not_names or token.surface in people_words().kinds:
        return after < 0 and (bool(_class_of(token)) or token.surface == "王")
    if token.surface in words.lists["facility_end"] and len(token.surface) > 1:
        return bool(_class_of(token))
    return token.surface not in words.lists["name_label"] | words.lists[
        "title"
    ] and _may_be_letters(token, after)


def _may_be_letters(token: Token, after: int) -> bool:
    """Tell by word class and letters whether a token may be part of a name."""
    if token.pos[0] in ("助詞", "助動詞", "補助記号", "空白", "接続詞") or token.pos[1] == "数詞":
        return (after < 0 and token.surface in "一二三四五六八十") or (
            token.surface in ("ノ", "ヶ", "・") and after >= 0
        )
    if token.pos[0] in ("動詞", "形容詞", "副詞", "代名詞") and not _maybe_name(token):
        return after < 0 and len(token.surface) <= 4 and bool(_ONLY_KANA.fullmatch(token.surface))
    return not re.search(r"[A-Za-z0-9]", token.surface) or len(token.surface) > 2


def _is_plain_noun(run: tuple[Token, ...]) -> bool:
    """True when the dictionary knows the letters, but not as a name: 業者, 生徒."""
    word = "".join(t.surface for t in run)
    if could_be(word) == ("普通",):
        return True
    return any(
        len(t.surface) > 1
        and could_be(t.surface) == ("普通",)
        and not _ONLY_KANA.fullmatch(t.surface)
        for t in run
    )


def _with_surname(text: str, tokens: tuple[Token, ...], first: int) -> int:
    """Return where the name begins when a surname stands before it, with a blank between."""
    start = tokens[first].start
    if not first:
        return start
    before = tokens[first - 1]
    gap = text[before.end : start]
    if len(gap) > 2 or gap.strip(" ・") or "\n" in gap:
        return start
    here = tokens[first]
    given = (
        _class_of(here) in ("名", "人名")
        or "名" in could_be(here.surface)
        or not could_be(here.surface)
        or len(here.surface) == 1
    )
    surname = _class_of(before) == "姓" or (
        "姓" in could_be(before.surface)
        and bool(gap)
        and before.surface not in masking_words().not_names
    )
    if given and surname and before.surface not in people_words().kinds:
        return before.start
    return start


def _introduces(token: Token) -> bool:
    """True for 長男, 氏名, 保証人: a name may follow."""
    kind = people_words().kinds.get(token.surface)
    return (
        kind is not None and kind[0] in ("role", "outside")
    ) or token.surface in masking_words().lists["name_label"]


def _after(text: str, tokens: tuple[Token, ...], i: int) -> list[Piece]:
    """Return the name that follows a role or a heading: 長男の健太, 氏名：山田 太郎."""
    n = i
    while (
        n < len(tokens)
        and n - i < 2
        and tokens[n].surface in ("の", "は", ":", "(", "「", "・", "→", "=", ";", "/")
    ):
        n += 1
    if n >= len(tokens) or "\n" in text[tokens[i - 1].end : tokens[n].start]:
        return []
    if tokens[n].surface in masking_words().not_names or tokens[n].surface in people_words().kinds:
        return []
    if not _class_of(tokens[n]) and not _fits_after(text, tokens, i - 1, n):
        return []
    end = _name_end(text, tokens, n)
    follows = text[end : end + 1]
    if tokens[n].surface in masking_words().lists["place"] or follows in "県市町村区駅":
        return [] if follows else [Piece(tokens[n].start, end, "name")]
    return [Piece(tokens[n].start, end, "name")]


def _fits_after(text: str, tokens: tuple[Token, ...], label: int, n: int) -> bool:
    """Tell whether what may be a name is one here: 旧姓田子), 娘の真帆は, 氏名：泉 春."""
    token, known = tokens[n], set(could_be(tokens[n].surface))
    follows = text[token.end : token.end + 1]
    apart = text[tokens[label].end : token.start]
    if re.search(r"[:=]", apart) or tokens[label].surface in ("氏名", "旧姓", "本名", "姓", "通称"):
        return bool({"姓", "名", "人名"} & known)
    if "名" not in known or re.match(r"[一-龥]", follows):
        return False
    if len(token.surface) > 1 and token.pos[0] == "名詞" and "普通" not in known:
        return True
    is_role = people_words().kinds.get(tokens[label].surface, ("",))[0] == "role"
    alone = len(token.surface) > 1 and known <= {"姓", "名", "人名", "地名"}
    if is_role and not apart.strip() and len(token.surface) > 1:
        return token.pos[0] == "名詞" and (
            not follows or follows in " に「、(はが\n" or follows.isdecimal()
        )
    return is_role and (alone or follows in ("が", "は", "(", "も")) and "の" in apart


def _name_end(text: str, tokens: tuple[Token, ...], n: int) -> int:
    """Return where a name that begins with token ``n`` ends: with the given name behind it."""
    end, j = tokens[n].end, n + 1
    while j < len(tokens) and j - n < 4:
        gap = text[end : tokens[j].start]
        if (
            "\n" in gap
            or len(gap) > 2
            or gap.strip()
            or tokens[j].surface in masking_words().lists["title"]
        ):
            break
        near = (
            not gap
            and len(tokens[j].surface) == 1
            and "名" in could_be(tokens[j].surface)
            and _class_of(tokens[n]) != "名"
        )
        if _class_of(tokens[j]) not in ("名", "人名") and not near:
            break
        end, j = tokens[j].end, j + 1
    return end


def _surname(text: str, tokens: tuple[Token, ...], i: int) -> list[Piece]:
    """Return 山田 太郎, and the 望月 of 「望月のお嬢さん」."""
    end = _name_end(text, tokens, i)
    given = _GIVEN.match(text, tokens[i].end)
    if given and given[1] not in masking_words().not_names:
        end = max(end, given.end(1))
    if end > tokens[i].end:
        return [Piece(tokens[i].start, end, "name")]
    if (
        i + 2 < len(tokens)
        and tokens[i + 1].surface == "の"
        and tokens[i].surface not in masking_words().not_names
    ):
        behind = text[tokens[i + 2].start : tokens[i + 2].start + 6]
        if any(behind.startswith(w) for w in masking_words().kin_after_no):
            return [Piece(tokens[i].start, tokens[i].end, "name")]
    return []


def _maybe_surname(text: str, tokens: tuple[Token, ...], i: int) -> list[Piece]:
    """Return the 柏 of 「柏の叔母が」: what may be a surname, when kin follow and nothing leads."""
    token = tokens[i]
    before = text[token.start - 1 : token.start]
    if (
        token.surface in masking_words().sets["not_before_no"]
        or token.surface in masking_words().not_names
        or re.match(r"[一-龥ァ-ヴーA-Za-z0-9]", before)
    ):
        return []
    if text[token.end : token.end + 1] == "の" and _ELDERS.match(text, token.end + 1):
        return [Piece(token.start, token.end, "name")]
    return []
