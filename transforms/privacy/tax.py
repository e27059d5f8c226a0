"""Tax and social security numbers: Brazil's CPF and CNPJ (check digits mod 11) and United States SSN."""

from __future__ import annotations

import re

from transforms.privacy.marks import TAX_ID

_HEAD, _TAIL = r"(?<![\w.,/+-])", r"(?![\w/-])(?![.,]\d)"
_CUE = r"(?<!\w)(?P<cue>(?:c\.?p\.?f\.?|c\.?n\.?p\.?j\.?|ssn|social security(?: (?:number|no))?|tax id)(?: (?:é|is|do titular|nº|n°|no))?[ .:=#º°-]{0,4})"
_CUED = re.compile(_CUE + r"(?P<number>\d(?:[ ./-]?\d){8,13})(?!\d)", re.IGNORECASE)
_CPF = re.compile(_HEAD + r"\d{3}[. ]\d{3}[. ]\d{3}[-./ ]\d{2}" + _TAIL)
_CNPJ = re.compile(_HEAD + r"[\dA-Z]{2}\.?[\dA-Z]{3}\.?[\dA-Z]{3}/[\dA-Z]{4}-\d{2}" + _TAIL)
_BARE = re.compile(_HEAD + r"(?:\d{14}|\d{11}|\d{9}-\d{2})" + _TAIL)
_SSN = re.compile(_HEAD + r"(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}" + _TAIL)


def mask_tax_ids(s: str, numbered: re.Pattern[str], context: int) -> str:
    """The text with tax numbers replaced.

    A grouped CPF, CNPJ or SSN counts by its form (people mistype digits), a bare run of digits by
    its check digits. Behind a word that `numbered` finds at the end of the `context` characters
    before, such as "order", digits name a thing and stay.
    """
    s = _CUED.sub(lambda m: m["cue"] + TAX_ID, s)
    s = _CNPJ.sub(TAX_ID, _CPF.sub(TAX_ID, s))

    def judge(match: re.Match[str]) -> str:
        before = match.string[max(0, match.start() - context) : match.start()]
        plain = match.group().replace("-", "")
        formed = len(plain) == 9 or _checks(plain)
        return TAX_ID if formed and numbered.search(before) is None else match.group()

    return _SSN.sub(judge, _BARE.sub(judge, s))


def _checks(digits: str) -> bool:
    """Whether the last two digits are the check digits of a CPF (11) or CNPJ (14)."""
    if len(set(digits)) == 1:
        return False
    top = 11 if len(digits) == 11 else 9
    return all(_check(digits[:end], top) == int(digits[end]) for end in (-2, len(digits) - 1))


def _check(body: str, top: int) -> int:
    weight, total = 2, 0
    for c in reversed(body):
        total += int(c) * weight
        weight = 2 if weight == top else weight + 1
    rest = total % 11
    return 0 if rest < 2 else 11 - rest
