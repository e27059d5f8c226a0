"""What people write, without what tells who they are: identifiers, postal addresses, names, order numbers by choice."""

from __future__ import annotations

import re

import polars as pl

from transforms.privacy.local_phones import mask_grouped_phones
from transforms.privacy.marks import ORDER
from transforms.privacy.names import mask_names
from transforms.privacy.numbers import is_numbered, redact_text
from transforms.privacy.places import mask_places

_MAX_PASSES = 6
_ORDER = re.compile(
    r"(?<!\w)(?P<cue>(?:(?:order|ord|pedido|encomenda|compra|invoice|receipt|confirmation|tracking|rma|ticket|case|"
    r"protocolo|nota fiscal|rastreio|rastreamento)s?(?:[ ](?:numbers?|num|nums|no|nr|id|ids|code|ref|reference|número|numero|de))?"
    r"|n[º°]|num|po|ref)(?:[ ](?:is|was|é|foi))?[ ]?[.:#=nº°(-]{0,3}[ ]{0,2})"
    r"(?P<number>(?=[A-Za-z0-9/-]{0,24}\d)[A-Za-z0-9][A-Za-z0-9/-]{3,39})(?![\w])",
    re.IGNORECASE,
)
_HASHED = re.compile(r"(?<![\w&#/])#[A-Za-z]{0,5}-?\d{4,20}(?![\w-])")
_AMAZON = re.compile(r"(?<![\w-])\d{3}-\d{7}-\d{7}(?![\w-])")
_DATE = re.compile(r"\d{1,4}[/-]\d{1,2}[/-]\d{1,4}\Z")


def redact_words_text(s: str, *, mask_orders: bool = False) -> str:
    """The text with identifiers, addresses and names replaced; idempotent, never raises.

    `mask_orders`: order, invoice and tracking numbers behind a word that says so are replaced too.
    """
    for _ in range(_MAX_PASSES):
        found = mask_grouped_phones(redact_text(s), is_numbered)
        redacted = mask_names(mask_places(found))
        if mask_orders:
            redacted = _without_orders(redacted)
        if redacted == s:
            return s
        s = redacted
    return s


def redact_words(text: pl.Series, *, mask_orders: bool = False) -> pl.Series:
    """The series with every value redacted as by `redact_words_text`; nulls stay."""
    values = text.cast(pl.String)
    unique = values.drop_nulls().unique(maintain_order=True)
    fixed = [redact_words_text(value, mask_orders=mask_orders) for value in unique.to_list()]
    safe = pl.Series(fixed, dtype=pl.String)
    changed = unique != safe
    if not changed.any():
        return values
    return values.replace(unique.filter(changed), safe.filter(changed))


def _without_orders(s: str) -> str:
    s = _ORDER.sub(
        lambda m: m.group() if _DATE.match(m["number"]) else m["cue"] + ORDER,
        s,
    )
    return _AMAZON.sub(ORDER, _HASHED.sub(ORDER, s))
