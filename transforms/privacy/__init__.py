"""Redaction of what tells a person, and keyed hashes for joins.

`redact` replaces identifiers that their form gives away and is safe on codes and names of things;
`redact_words` is for what people write: it replaces postal addresses and personal names too.
"""

from transforms.privacy.keyed import Keyring, hashes, hmac_key, key_id, pseudonym
from transforms.privacy.marks import (
    ADDRESS,
    CARD,
    EMAIL,
    IBAN,
    MARKS,
    NAME,
    ORDER,
    PHONE,
    TAX_ID,
)
from transforms.privacy.numbers import redact, redact_text
from transforms.privacy.rows import redact_json_row
from transforms.privacy.words import redact_words, redact_words_text

__all__ = [
    "ADDRESS",
    "CARD",
    "EMAIL",
    "IBAN",
    "MARKS",
    "NAME",
    "ORDER",
    "PHONE",
    "TAX_ID",
    "Keyring",
    "hashes",
    "hmac_key",
    "key_id",
    "pseudonym",
    "redact",
    "redact_json_row",
    "redact_text",
    "redact_words",
    "redact_words_text",
]
