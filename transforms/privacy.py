"""Redaction of identifiers in text, and keyed hashes for joins.

Recognised: e-mail addresses, phone numbers, payment cards (issuer range, length, Luhn) and IBANs (length of the
country, ISO 7064 mod 97). Names and postal addresses are not. Order numbers, SKUs, dates, prices and barcodes stay:
a bare run of digits is a phone number only when a numbering plan fits it and no word like "order" stands before.
All expressions are linear in the length of the text.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import math
import re
from collections.abc import Mapping

import polars as pl

EMAIL, PHONE, CARD, IBAN = "<EMAIL>", "<PHONE>", "<CARD>", "<IBAN>"
_MAX_PASSES = 20

_AT = r"(?:@|＠|%40|&#64;|&commat;| ?[\[({] ?at ?[\])}] ?)"
_DOT = r"(?:\.| ?[\[({] ?dot ?[\])}] ?)"
_EMAIL = re.compile(
    rf"(?<![\w.+'!#$*/=^`|~-])[\w.+'!#$*/=^`|~-]++{_AT}[\w-]++(?:{_DOT}[\w-]++)+", re.IGNORECASE
)
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
_DIGIT_RUN = re.compile(rf"(?<![\w])\d(?:{_SEP}?\d){{11,}}+(?!\w)")
_CARD_RANGES = (
    (re.compile(r"4"), (13, 16, 19)),
    (re.compile(r"5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)"), (16,)),
    (re.compile(r"3[47]"), (15,)),
    (re.compile(r"3(?:0[0-5]|095|[689])"), (14, 16, 17, 18, 19)),
    (re.compile(r"6(?:011|4[4-9]|5|2)|35(?:2[89]|[3-8])"), (16, 17, 18, 19)),
    (re.compile(r"50|5[6-9]|6[0-9]"), (16, 18, 19)),
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
            rf"(?:1{_O})?\([2-9]\d\d\){_O}\d{{3}}{_O}\d{{4}}",  # (212) 555-0123
            rf"(?:1{_O})?[2-9]\d\d[/{_SEP_CHARS}]{_O}\d{{3}}{_S}\d{{4}}",  # 212-555-0123, 212/555-0123
            rf"(?:1{_S})?[2-9]\d\d{_S}[2-9]\d{{6}}",  # 212 5550123
            rf"(?:55{_O})?\(?0?[1-9]\d\)?{_O}9?{_O}\d{{4}}{_S}\d{{4}}",  # (11) 91234-5678
            rf"\(0?[1-9]\d\){_O}9?\d{{8}}",  # (11) 912345678
            rf"[1-9]\d{_S}9\d{{8}}",  # 11 912345678
            r"9\d{4}-\d{4}",  # 91234-5678
            rf"00{_O}[1-9]\d{{0,2}}(?:{_O}\(?\d{{1,5}}\)?){{2,6}}",  # 0044 20 7946 0958
            rf"\(?0[1-9]\d{{0,4}}\)?(?:{_SEP}?/{_SEP}?|{_O})\d{{2,8}}(?:{_S}\d{{2,5}}){{0,4}}",  # 020 7946 0958
            rf"[6-9]\d\d{_S}\d{{3}}{_S}\d{{3}}",  # 612 345 678
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
    r"(?<!\w)(?P<word>(?:call|phone|telephone|tel|mobile|cell|whatsapp|whats|zap|fone|telefone|celular|cel|fax"
    r"|sms|ligar|ligue)(?:[ .:#-]{1,3}(?:me|us|number|no|is|at|on|para|no|é|e|him|her)){0,3}[ .:#=-]{1,3})"
    rf"\(?\d\)?(?:{_SEP}?[()]?\d){{6,14}}(?![\w])(?![-.,/:]\d)",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"(?:19|20)\d\d(?P<a>[-./ ])\d{1,2}(?P=a)\d{1,2}(?!\d)"
    r"|\d{1,2}(?P<b>[-./ ])\d{1,2}(?P=b)(?:19|20)?\d\d(?![-./ ]?\d)"
    r"|\d{1,2}(?P<c>[-./ ])\d{1,2}(?P=c)(?:19|20)\d\d(?!\d)"
)
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
    suspect = (values.str.contains(_EMAIL_HINT) | (values.str.count_matches(r"\d") >= 6)).fill_null(
        False
    )
    if not suspect.any():
        return values
    at = suspect.arg_true()
    fixed = [redact_text(value) for value in values.gather(at).to_list()]
    return values.scatter(at, pl.Series(fixed, dtype=pl.String))


def redact_json_row(row: Mapping[str, object], max_chars: int = 200) -> str:
    """A row as JSON with sorted keys, every string (keys too) redacted, then cut to `max_chars` characters.

    Cutting comes after redaction and never splits a placeholder. Dates become ISO text, non-finite numbers
    "nan", "inf" and "-inf", bytes their length, and whole numbers of ten digits and more are judged as text.
    """
    safe = _safe(row, max_chars)
    text = json.dumps(safe, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "replace").decode("utf-8")


def hmac_key(value: str, key: bytes) -> str:
    """Join key of a value: the first 32 hex digits of HMAC-SHA256. Raises ValueError for an empty key."""
    if not key:
        raise ValueError(
            "the key of join keys is empty: set it in the environment or in a secret store"
        )
    return hmac.new(key, value.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:32]


def _once(s: str) -> str:
    s = _EMAIL.sub(EMAIL, s)
    s = _replace_ibans(s)
    s = _DIGIT_RUN.sub(_cards_in, s)
    s = _INTERNATIONAL.sub(lambda m: PHONE if 7 <= _digits(m.group()) <= 21 else m.group(), s)
    s = _GROUPED.sub(_grouped_phone, s)
    s = _AFTER_WORD.sub(lambda m: m["word"] + PHONE, s)
    return _BARE.sub(_bare_phone, s)


def _digits(s: str) -> int:
    return sum(c.isdigit() for c in s)


def _grouped_phone(match: re.Match[str]) -> str:
    found = match.group()
    if _DATE.match(found) or not 9 <= _digits(found) <= 21:
        return found
    kept = found.isdigit() and (_is_numbered(match) or _is_barcode(found))
    return found if kept else PHONE


def _is_barcode(digits: str) -> bool:
    """True for a GTIN filled with zeros in front, by its check digit."""
    if not digits.startswith("00") or len(digits) not in {12, 13, 14}:
        return False
    total = sum(int(c) * (3 if i % 2 == 0 else 1) for i, c in enumerate(reversed(digits[:-1])))
    return (total + int(digits[-1])) % 10 == 0


def _bare_phone(match: re.Match[str]) -> str:
    return match.group() if _is_numbered(match) else PHONE


def _is_numbered(match: re.Match[str]) -> bool:
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


def _cards_in(match: re.Match[str]) -> str:
    """The run of digits with its cards replaced: a card begins and ends where a group of digits does."""
    run = match.group()
    at = [i for i, c in enumerate(run) if c.isdigit()]
    digits = "".join(str(int(run[i])) for i in at)
    out, done, k = [], 0, 0
    while k < len(at):
        end = _card_end(digits, at, k) if digits[k] in "23456" else None
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
        if _is_card(digits[start:end]):
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
    while i < len(s) and len(compact) < length and i - start < 3 * length:
        if s[i].isascii() and s[i].isalnum():
            compact.append(s[i].upper())
        elif not re.fullmatch(_SEP, s[i]):
            return None
        i += 1
    if len(compact) < length or (i < len(s) and s[i].isascii() and s[i].isalnum()):
        return None
    turned = "".join(str(int(c, 36)) for c in compact[4:] + compact[:4])
    return i if int(turned) % 97 == 1 else None


def _cut(text: str, max_chars: int) -> str:
    if len(text) <= max_chars:
        return text
    cut = text[:max_chars]
    for name in (EMAIL, PHONE, CARD, IBAN):
        for size in range(len(name) - 1, 0, -1):
            at = max_chars - size
            if at >= 0 and cut.endswith(name[:size]) and text.startswith(name, at):
                return cut[:at] + "…"
    return cut + "…"


def _safe(value: object, max_chars: int) -> object:
    """A JSON value without identifiers."""
    if isinstance(value, Mapping):
        return _safe_mapping(value, max_chars)
    if isinstance(value, list | tuple):
        return [_safe(inner, max_chars) for inner in value]
    if isinstance(value, set | frozenset):
        return sorted(str(_safe(inner, max_chars)) for inner in value)
    return _safe_scalar(value, max_chars)


def _safe_mapping(value: Mapping[object, object], max_chars: int) -> dict[str, object]:
    """Keys redacted too (a wrong delimiter puts data into the header); equal ones are told apart by a number."""
    out: dict[str, object] = {}
    for key, inner in sorted(value.items(), key=lambda item: str(item[0])):
        name = unique = _cut(redact_text(str(key)), max_chars)
        count = 1
        while unique in out:
            count += 1
            unique = f"{name} ({count})"
        out[unique] = _safe(inner, max_chars)
    return out


def _safe_scalar(value: object, max_chars: int) -> object:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, bytes | bytearray):
        return f"{len(value)} bytes"
    text = value.isoformat() if isinstance(value, dt.date | dt.time) else str(value)
    redacted = redact_text(text)
    if isinstance(value, int) and redacted == text:
        return value
    return _cut(redacted, max_chars)
