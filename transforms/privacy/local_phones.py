"""Short and local phone numbers, which no numbering plan gives away: by the words around them, or by how they are grouped.

Five digits behind "tel." are a number to call; so are seven or eight in groups in which nobody writes quantities. Groups
of three from the right are thousands, groups that only rise or fall are sizes, and what a unit, a currency or a word such
as "order" stands beside is a thing. All expressions are linear in the length of the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

from transforms.privacy.marks import PHONE

_S = "[ \t.\u00a0\u2007\u2009\u202f\u2010-\u2015-]"
_GLUE = (
    r"(?:[ .:#,-]{1,3}(?:me|us|him|her|them|mim|back|here|directly|anytime|number|no|nr|num|is|was|are|at|on|under|via|through|by|"
    r"para|pra|pelo|no|o|a|é|e|foi|meu|número|numero|nº|whatsapp|whats|phone|telephone|mobile|cell|tel|telefone|celular)"
    r"(?=[ .:#,(]))"
)
_NOUN = (
    r"(?:tele)?phones?|my (?:new )?number|ph|tel|telef|telf|mobile|mob|cell(?:phone)?|landline|whats ?app|whats|wpp|wapp|zap|fone|telefones?|"
    r"telem[óo]ve(?:l|is)|tlm|celular(?:es)?|cel|fixo|fax|handy|hotline"
)
_VERB = r"call|ring|text|dial|reach|sms|lig(?:a|ar|ue|uem)|chama"
_MAYBE = (
    r"call|ring|text|dial|reach|contact|contat[oe]|contacto|contactar|sms|lig(?:a|ar|ue|uem)|chama"
)
_NUMBER = rf"\(?\d\)?(?:{_S}?[()]?\d){{%d,13}}"
_JOINT = "[ .:=(-]{1,3}"
_END = r"(?![\w%€$£])(?![-.,/:]\d)"

_FIVE = re.compile(_NUMBER % 4)
"""What every told number begins with: five digits at least."""
_STEMS = (
    "ph", "number", "tel", "mob", "cel", "landline", "whats", "wpp", "wapp", "zap", "fone", "tlm", "fixo", "fax",
    "handy", "hotline", "call", "ring", "text", "dial", "reach", "sms", "lig", "chama", "conta",
)  # fmt: skip
"""Each noun and verb above holds one of these."""
_CUED = tuple(
    re.compile(
        rf"(?<![\w-])(?P<word>(?:{words}){glued}{joint})(?P<number>{_NUMBER % more}){_END}",
        re.IGNORECASE,
    )
    for words, glued, joint, more in (
        (_NOUN, _GLUE + "{1,3}", _JOINT, 4),
        (_NOUN, "", "[ ]?[:.=][ ]{0,2}", 4),
        (_NOUN, _GLUE + "{0,3}", _JOINT, 5),
        (_VERB, _GLUE + "{1,4}", _JOINT, 4),
        (_MAYBE, _GLUE + "{0,3}", _JOINT, 6),
    )
)
"""Number behind a word: five digits behind "tel:", "phone is" or "call me on", six behind a bare noun (a cell 18650
is a battery), seven behind a bare verb."""
_SIGNED = re.compile(
    rf"(?m)^(?P<word>[ \t|]{{0,3}}[TMPFCHW][.:][ \t]{{0,3}})(?P<number>{_NUMBER % 6}){_END}"
)
"""A line of a signature: "T: 32 12 34 56"."""
_NAMED = r"(?:mobile|cell|home|work|office|whats ?app|wpp|celular|cel|fixo|casa|tel|phone|ph|fone|telefone|telem[óo]vel)"
_FOLLOWED = re.compile(
    rf"(?<![\w#$€£+.,:/-])(?P<number>{_NUMBER % 4})(?=[ ]?\({_NAMED}\)|[ ]?[-,][ ]{_NAMED}(?![\w])(?![ ]\w)"
    rf"|[ ](?:is|was)[ ](?:my|our|the)(?:[ ]\w{{2,10}}){{0,2}}[ ](?:number|phone|mobile|cell|tel)(?!\w)"
    rf"|[ ]é[ ](?:o[ ])?(?:meu|nosso)(?:[ ]novo)?[ ](?:número|numero|telefone|celular|whats|zap|fone|tel)(?!\w))",
    re.IGNORECASE,
)
_SHAPES = re.compile(
    r"(?<![\w#$€£+/(])(?<!\d[.,:/-])(?<![\d)][ -])(?<!\w-)(?P<number>"
    + "|".join(
        rf"(?:{one})"
        for one in (
            r"[2-9]\d\d(?P<a>[ -])\d{4}",  # 312 3456
            r"[2-9]\d{3}(?P<b>[ -])\d{4}",  # 2123 4567
            r"[2-9]\d(?P<c>[ .])\d\d(?P=c)\d\d(?P=c)\d\d",  # 32 12 34 56
            r"[2-9]\d\d(?P<d>[ -])\d\d(?P=d)\d{2,3}",  # 212 34 56, 212 34 567
            r"[2-9]\d(?P<e>[ -])\d{3}(?P=e)\d\d(?P=e)\d\d",  # 71 234 56 78
            r"1[38]00[ ]\d{3}[ ]\d{3}",  # 1300 123 456
            r"[78][ -]?\(\d{3}\)[ ]?\d{3}-\d\d-\d\d",  # 8 (301) 123-45-67
            r"0\d{2}(?P<f>[ -])\d{3}(?P=f)\d{2}(?P=f)\d{2}",  # 044 668 18 00
        )
    )
    + r")(?![\w%€$£\"'”″])(?![-.,/:]\d)(?![ -]{1,2}\d)(?!-\w)"
)
_UNIT = re.compile(
    r"[ ]?(?:cm|mm|m|km|ml|l|oz|lbs?|kg|g|mg|inch(?:es)?|in|ft|feet|yards?|v|w|mah|gb|mb|tb|hz|pcs?|pieces?|units?|unidades|"
    r"pe[çc]as|packs?|sets?|x|times|days?|dias|weeks?|years?|anos|hours?|horas|min(?:utes)?|people|pessoas|reviews?|dollars?|"
    r"usd|eur(?:os?)?|gbp|reais|r\$|[€$£%])(?![\w])",
    re.IGNORECASE,
)
_MONEY = re.compile(r"(?:[$€£]|R\$|USD|EUR|GBP|size|sizes|tamanhos?|nums?)[ ]?$", re.IGNORECASE)
_YEAR = re.compile(r"(?:19|20)\d\d")
_DAY, _MONTH = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])"
WHEN = re.compile(
    r"\d{1,3}\.\d{3,}|\d{1,2}\.\d\d ?[-\u2013] ?\d{1,2}\.\d\d"
    r"|\d{1,3}(?:\.\d{1,3}){3}"
    rf"|(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])|{_DAY}([-./]){_MONTH}\1(?:19|20)?\d\d|{_MONTH}([-./]){_DAY}\2(?:19|20)?\d\d"
    rf"|(?:19|20)\d\d([-./ ]){_MONTH}\3{_DAY}|{_DAY} {_MONTH} (?:19|20)\d\d"
)
"""Decimals, hours, internet addresses and dates."""


def mask_told_phones(
    s: str, is_thing: Callable[[re.Match[str]], bool], is_barcode: Callable[[str], bool]
) -> str:
    """The text with numbers replaced that the words around them call phones.

    `is_thing` tells of "order" and the like before a number, `is_barcode` of thirteen digits.
    """

    def called(match: re.Match[str]) -> bool:
        return _is_called(match) and not (
            len(match["number"]) == 13 and is_barcode(match["number"])
        )

    if not _FIVE.search(s):
        return s
    for cued in (*(_CUED if _may_call(s) else ()), _SIGNED):
        s = cued.sub(lambda m: m["word"] + PHONE if called(m) else m.group(), s)
    return _FOLLOWED.sub(lambda m: PHONE if called(m) and not is_thing(m) else m.group(), s)


def _may_call(s: str) -> bool:
    """False when a text surely holds no word of `_CUED`; beyond ASCII, letters have more kin than their small ones."""
    lower = s.lower()
    return not s.isascii() or any(stem in lower for stem in _STEMS)


def mask_grouped_phones(s: str, is_thing: Callable[[re.Match[str]], bool]) -> str:
    """The text with numbers replaced that are grouped as local phones are; for what people write, not for codes."""
    return _SHAPES.sub(lambda m: m.group() if is_thing(m) or _is_amount(m) else PHONE, s)


def _is_called(match: re.Match[str]) -> bool:
    """False for years, dates, hours and amounts, which stand behind "call me in", too."""
    number = match["number"]
    years = all(_YEAR.fullmatch(one) for one in re.findall(r"\d+", number))
    return not (years or WHEN.fullmatch(number) or _UNIT.match(_after(match)))


def _is_amount(match: re.Match[str]) -> bool:
    """Years, sizes that only rise or fall, and what a unit or a currency stands beside."""
    groups = re.findall(r"\d+", match["number"])
    steps = [int(b) - int(a) for a, b in pairwise(groups)]
    sizes = len(steps) > 1 and (min(steps) > 0 or max(steps) < 0)
    years = all(_YEAR.fullmatch(one) for one in groups)
    before = match.string[max(0, match.start() - 12) : match.start()]
    return bool(sizes or years or _UNIT.match(_after(match)) or _MONEY.search(before))


def _after(match: re.Match[str]) -> str:
    return match.string[match.end() : match.end() + 16]
