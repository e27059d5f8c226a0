"""Identifiers that their own form or check digits give away: e-mail, phone, card, IBAN, tax numbers.

Recognised: e-mail addresses, phone numbers, payment cards (issuer range, length, Luhn), IBANs (length of the
country, ISO 7064 mod 97), and Brazilian CPF and CNPJ and United States social security numbers. Order numbers, SKUs,
dates, prices and barcodes stay: a bare run of digits is a phone number only when a numbering plan fits it and no word
like "order" stands before. All expressions are linear in the length of the text.
"""

from __future__ import annotations

import re

import polars as pl

from transforms.privacy.local_phones import WHEN, mask_told_phones
from transforms.privacy.marks import CARD, EMAIL, IBAN, PHONE
from transforms.privacy.tax import mask_tax_ids

_MAX_PASSES = 20

_AT = r"(?:@|＠|%40|&#64;|&commat;| ?[\[({] ?at ?[\])}] ?)"
_DOT = r"(?:\.| ?[\[({] ?dot ?[\])}] ?)"
_EMAIL = re.compile(
    rf"(?<![\w.+'!#$*/=^`|~-])[\w.+'!#$*/=^`|~-]++{_AT}[\w-]++(?:{_DOT}[\w-]++)+", re.IGNORECASE
)
_AT_SIGNS = ("@", "＠", "%40", "&", "[", "(", "{")
_DIGIT = re.compile(r"\d")
_EMAIL_HINT = r"(?i)@|＠|%40|&#64;|&commat;|[\[({] ?at ?[\])}]"

_SEP_CHARS = " \t.\u00a0\u2007\u2009\u202f\u200b\u2060\u2010\u2011\u2012\u2013\u2014\u2015\\-"
_SEP = f"[{_SEP_CHARS}]"
_IBAN_LENGTHS = {
    code: int(length)
    for code, length in re.findall(
        r"([A-Z]{2})(\d\d)",
        "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BR29BY28CH21CR22CY28CZ24DE22DK18DO28EE20EG29ES24"
        "FI18FO18FR27GB22GE22GI23GL18GR27GT28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32"
        "LI21LT20LU20LV21LY25MC27MD24ME22MK19MR27MT31MU30NL18NO15PK24PL28PS29PT25QA29RO24RS22"
        "SA24SC31SE24SI19SK24SM27ST25SV28TL23TN24TR26UA29VA22VG24XK20",
    )
}
_IBAN_START = re.compile(
    rf"(?<![A-Za-z0-9])[A-Za-z]{{2}}{_SEP}?\d{{2}}(?=(?:{_SEP}?[A-Za-z0-9]){{11}})"
)
_DIGIT_RUN = re.compile(rf"(?<![\w+])\d(?:{_SEP}?\d){{11,}}+(?!\w)")
_CARD_RANGES = (
    (re.compile(r"4"), (13, 16, 19)),
    (re.compile(r"5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)"), (16,)),
    (re.compile(r"3[47]|2131|1800"), (15,)),
    (re.compile(r"3(?:0[0-5]|095|[689])"), (14, 16, 17, 18, 19)),
    (re.compile(r"6(?:011|4[4-9]|5|2)|35(?:2[89]|[3-8])"), (16, 17, 18, 19)),
    (re.compile(r"50|5[6-9]|6[0-9]"), (16, 18, 19)),
)

_CARD_WORD = re.compile(
    r"(?<!\w)(?P<cue>(?:credit|debit|visa|mastercard|maestro|amex|jcb|diners|discover|card|cartão|cartao|de crédito|de débito)"
    r"(?:[ ](?:card|number|no|num|ending|is|was|é|número|numero|nº)){0,3}[ .:#=-]{1,3})"
    rf"(?P<number>\d(?:{_SEP}?\d){{11,18}}+)(?!\w)",
    re.IGNORECASE,
)

_EXT = r"(?:[ ,;]{0,2}(?:x|ext|extension|ramal)[. ]{0,2}\d{1,6})?"
_HEAD = r"(?<![\w#$€£+/])(?<!\d[.,:/])(?<!\w-)"
_TAIL = r"(?!\w)(?![-.,/:]\d)"
_INTERNATIONAL = re.compile(
    rf"(?<![\w+])(?:\+|\uff0b) ?\(?\d{{1,3}}\)?(?:{_SEP}{{0,2}}\(?\d{{1,5}}\)?){{1,7}}{_EXT}(?!\d)",
    re.IGNORECASE,
)
_S = _SEP + "{1,2}"
_O = _SEP + "{0,2}"
_GROUPED = re.compile(
    _HEAD
    + "(?:"
    + "|".join(
        [
            rf"(?:1{_O})?\(\d{{3}}\){_O}\d{{3}}{_O}\d{{4}}",  # (212) 555-0123
            rf"(?:1{_O})?[2-9]\d\d[/{_SEP_CHARS}]{_O}\d{{3}}{_S}\d{{4}}",  # 212-555-0123, 212/555-0123
            rf"(?:1{_S})?[2-9]\d\d{_S}[2-9]\d{{6}}",  # 212 5550123
            rf"(?:55{_O})?\(?0?[1-9]\d\)?{_O}9?{_O}\d{{4}}{_S}\d{{4}}",  # (11) 91234-5678
            rf"\(0?[1-9]\d\){_O}9?\d{{8}}",  # (11) 912345678
            rf"[1-9]\d{_S}9\d{{8}}",  # 11 912345678
            r"9\d{4}-\d{4}",  # 91234-5678
            rf"00{_O}[1-9]\d{{0,2}}(?:{_O}\(?\d{{1,5}}\)?){{2,6}}",  # 0044 20 7946 0958
            rf"\(?0[1-9]\d{{0,4}}\)?(?:{_SEP}?/{_SEP}?|{_O})\d{{2,9}}(?:{_S}\d{{2,5}}){{0,4}}",  # 020 7946 0958
            rf"\([1-9]\d{{0,2}}\){_O}\d{{8,10}}",  # (351) 912345678
            rf"\([1-9]\d{{0,2}}\){_O}\d{{3}}{_S}\d{{3}}{_S}\d{{3}}",  # (351) 264 098 108
            rf"1[3-9]\d{_S}\d{{4}}{_S}\d{{4}}",  # 131 0216 1683
            rf"2\d{_S}\d{{3}}{_S}\d{{4}}",  # 21 234 5678
            rf"[5-9]\d\d{_S}\d{{3}}{_S}\d{{3}}",  # 612 345 678
            rf"[6-9]\d\d{_S}\d\d{_S}\d\d{_S}\d\d",  # 612 34 56 78
            rf"[6-9]\d{{4}}{_S}\d{{5}}",  # 98765 43210
        ]
    )
    + ")"
    + _EXT
    + _TAIL,
    re.IGNORECASE,
)
_BARE = re.compile(
    _HEAD + r"(?:1?[2-9]\d\d[2-9]\d{6}|(?:55)?[1-9]{2}9\d{8}|0[1-9]\d{8,9})" + _EXT + _TAIL,
    re.IGNORECASE,
)
_AFTER_WORD = re.compile(
    r"(?<!\w)(?P<word>(?:call|ring|text|dial|number|número|phone|telephone|tel|mobile|cell|whatsapp|whats|zap|fone|telefone|celular|cel|fax"
    r"|sms|ligar|ligue)(?:[ .:#-]{1,3}(?:me|us|number|no|is|at|on|para|no|é|e|him|her)){0,3}[ .:#=-]{1,3})"
    rf"\(?\d\)?(?:{_SEP}?[()]?\d){{6,14}}(?![\w])(?![-.,/:]\d)",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"(?:19|20)\d\d(?P<a>[-./ ])\d{1,2}(?P=a)\d{1,2}(?!\d)"
    r"|\d{1,2}(?P<b>[-./ ])\d{1,2}(?P=b)(?:19|20)?\d\d(?![-./ ]?\d)"
    r"|\d{1,2}(?P<c>[-./ ])\d{1,2}(?P=c)(?:19|20)\d\d(?!\d)"
)
_ZIP4, _STATE = re.compile(r"\d{5}-\d{4}"), re.compile(r"\b[A-Z]{2},? {1,2}\Z")
_DECIMAL = re.compile(r"\d{1,3}\.(?:\d{5,}|\d{1,3}\.\d{1,3}\.\d{1,3}\Z)")
_PURCHASE = re.compile(r"\d{3}-\d{7}-\d{7}")
"""A marketplace's order number; one in ten would pass for a card."""
_CEP = re.compile(r"\d{5}-\d{3}")
_NUMBERED = re.compile(
    r"(?:orders?|ord|pedidos?|encomenda|invoice|inv|sku|ref|reference|tracking|rastreio|rastreamento|item|part|"
    r"model|modelo|serial|ticket|case|protocolo|nota|nf|nfe|id|ean|upc|isbn|gtin|barcode|product|produto|lot|batch|"
    r"po|rma|asin|receipt|confirmation|transaction|boleto|code|código|codigo)"
    r"(?:[\s:#.]{0,3}(?:numbers?|num|nums|no|nos|nr|n[ºo°]|número|numero|id|code|fiscal|is|was|é|foi|of|do|da)){0,3}[\s:#.(\"'-]{0,4}$",
    re.IGNORECASE,
)
_CONTEXT = 48


def redact_text(s: str) -> str:
    """The text with every recognised identifier replaced by its placeholder; idempotent, never raises."""
    for _ in range(_MAX_PASSES):
        redacted = _once(s)
        if redacted == s:
            return s
        s = redacted
    return s


def redact(text: pl.Series) -> pl.Series:
    """The series with every value redacted as by `redact_text`; nulls stay. Only suspect values reach Python."""
    values = text.cast(pl.String)
    suspect = (values.str.contains(_EMAIL_HINT) | (values.str.count_matches(r"\d") >= 5)).fill_null(
        False
    )
    if not suspect.any():
        return values
    at = suspect.arg_true()
    fixed = [redact_text(value) for value in values.gather(at).to_list()]
    return values.scatter(at, pl.Series(fixed, dtype=pl.String))


def _once(s: str) -> str:
    """One pass. What needs more digits than the text has, or a sign that it lacks, is not looked for."""
    if any(sign in s for sign in _AT_SIGNS):
        s = _EMAIL.sub(EMAIL, s)
    s = _replace_ibans(s)
    digits = len(_DIGIT.findall(s))
    if digits >= 12:
        s = _CARD_WORD.sub(_told_card, s)
        s = _DIGIT_RUN.sub(_cards_in, s)
    if digits >= 9 or "/" in s:
        s = mask_tax_ids(s, _NUMBERED, _CONTEXT)
    if digits >= 7:
        s = _mask_formed_phones(s)
    return mask_told_phones(s, is_numbered, lambda told: told.isdigit() and _gtin(told))


def _mask_formed_phones(s: str) -> str:
    """The text without the phone numbers that their own form, or a word right before them, gives away."""
    if "+" in s or "\uff0b" in s:
        s = _INTERNATIONAL.sub(lambda m: PHONE if 7 <= _digits(m.group()) <= 21 else m.group(), s)
    s = _GROUPED.sub(_grouped_phone, s)
    s = _AFTER_WORD.sub(_told_phone, s)
    return _BARE.sub(_bare_phone, s)


def _digits(s: str) -> int:
    return sum(c.isdigit() for c in s)


def _grouped_phone(match: re.Match[str]) -> str:
    found = match.group()
    core = found.strip("()")
    spaced = not core.isdigit() and not _CEP.fullmatch(core)
    least = 8 if spaced and core.startswith("0") else 9
    if _DATE.match(core) or not least <= _digits(found) <= 21:
        return found
    named = not found.startswith("(") and is_numbered(match)
    before = match.string[max(0, match.start() - 4) : match.start()]
    named = named or (_ZIP4.fullmatch(core) is not None and _STATE.search(before) is not None)
    kept = named or (core.isdigit() and _is_barcode(core))
    return found if kept else PHONE


def _told_phone(match: re.Match[str]) -> str:
    """Digits behind a word like "call", unless it is the number of an order or the like."""
    start = match.start() + len(match["word"])
    before = match.string[max(0, start - _CONTEXT) : start]
    told = match.group()[len(match["word"]) :]
    when = WHEN.fullmatch(told) or _DATE.match(told) or _DECIMAL.match(told)
    other = when or _NUMBERED.search(before)
    return match.group() if other else match["word"] + PHONE


def _is_barcode(digits: str) -> bool:
    """True for a GTIN filled with zeros in front, by its check digit."""
    return digits.startswith("00") and len(digits) in {12, 13, 14} and _gtin(digits)


def _gtin(digits: str) -> bool:
    total = sum(int(c) * (3 if i % 2 == 0 else 1) for i, c in enumerate(reversed(digits[:-1])))
    return (total + int(digits[-1])) % 10 == 0


def _bare_phone(match: re.Match[str]) -> str:
    return match.group() if is_numbered(match) else PHONE


def is_numbered(match: re.Match[str]) -> bool:
    """True behind a word such as "order": the digits name a thing, not a person."""
    before = match.string[max(0, match.start() - _CONTEXT) : match.start()]
    found = _NUMBERED.search(before)
    return found is not None and not (found.start() and before[found.start() - 1].isalnum())


def _luhn(digits: str) -> bool:
    total = 0
    for i, char in enumerate(reversed(digits)):
        value = int(char) * (2 if i % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _is_card(digits: str) -> bool:
    known = any(len(digits) in lengths and iin.match(digits) for iin, lengths in _CARD_RANGES)
    return known and len(set(digits)) > 1 and _luhn(digits)


def _told_card(match: re.Match[str]) -> str:
    """Behind a word like "card" the check digit is enough, whoever issued it."""
    digits = "".join(str(int(c)) for c in match["number"] if c.isdigit())
    return match["cue"] + CARD if _luhn(digits) else match.group()


def _cards_in(match: re.Match[str]) -> str:
    """The run of digits with its cards replaced: a card begins and ends where a group of digits does."""
    run = match.group()
    if _PURCHASE.fullmatch(run):
        return run
    at = [i for i, c in enumerate(run) if c.isdigit()]
    digits = "".join(str(int(run[i])) for i in at)
    out, done, k = [], 0, 0
    while k < len(at):
        end = _card_end(digits, at, k) if digits[k] in "123456" else None
        if end is None:
            k += 1
            continue
        out.append(run[done : at[k]] + CARD)
        done, k = at[end - 1] + 1, end
    return "".join([*out, run[done:]])


def _card_end(digits: str, at: list[int], start: int) -> int | None:
    if start and at[start] == at[start - 1] + 1:
        return None
    for length in range(min(19, len(at) - start), 12, -1):
        end = start + length
        if end < len(at) and at[end] == at[end - 1] + 1:
            continue
        number = digits[start:end]
        # Cards of 13 digits are rare, EANs are not.
        product = length == 13 and at[end - 1] - at[start] == 12 and _gtin(number)
        if _is_card(number) and not product:
            return end
    return None


def _replace_ibans(s: str) -> str:
    out: list[str] = []
    done = 0
    for match in _IBAN_START.finditer(s):
        end = _iban_end(s, match.start()) if match.start() >= done else None
        if end is not None:
            out.append(s[done : match.start()] + IBAN)
            done = end
    return "".join([*out, s[done:]]) if out else s


def _iban_end(s: str, start: int) -> int | None:
    length = _IBAN_LENGTHS.get(s[start : start + 2].upper())
    if length is None:
        return None
    compact: list[str] = []
    i = start
    written = s[start : start + 2].isupper()
    while i < len(s) and len(compact) < length and i - start < 3 * length:
        if s[i].isascii() and s[i].isalnum():
            compact.append(s[i].upper())
        elif not written or not re.fullmatch(_SEP, s[i]):
            return None  # in small letters only in one piece: else "at 38 …" would be Austria's
        i += 1
    if len(compact) < length or (i < len(s) and s[i].isascii() and s[i].isalnum()):
        return None
    turned = "".join(str(int(c, 36)) for c in compact[4:] + compact[:4])
    return i if int(turned) % 97 == 1 else None
