"""Parts of the lines that tell of a database's troubles: nothing secret, nothing of a row."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from flows.sources.sql.base import Address, Question
from transforms.privacy import redact_text

_MOST = 160
WRITES = "the query would write; only reading is allowed"
_READ_ONLY = re.compile(r"read-?only", re.IGNORECASE)
_LEAST_SECRET = 3
"""Shorter passwords are found in every word; what holds them is not shown at all."""


def place(question: Question | None) -> str:
    """`order_lines: `, or nothing where the trouble is with all of the database."""
    return "" if question is None else f"{question.table}: "


def is_read_only(text: str) -> bool:
    """Whether a database refused to write."""
    return _READ_ONLY.search(text) is not None


def identifiers(text: str) -> str:
    """The first line of what a server says of names in a query, without its prefix."""
    found = re.search(r"ERROR:\s*([^\n]*)", text)
    return (found[1] if found else text.split("\n", 1)[0]).strip()[:_MOST]


def secretless(text: str, address: Address) -> str:
    """`text` without the URL, the password and what tells a person."""
    parts = urlsplit(address.url)
    secrets = {address.url, parts.netloc, parts.query}
    if parts.password:
        secrets |= {parts.password, unquote(parts.password)}
    if any(one and len(one) < _LEAST_SECRET and one in text for one in secrets):
        return "…"
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "…")
    return redact_text(text)
