"""No e-mail, phone or card number in a published table."""

from __future__ import annotations

import polars as pl

from transforms.contracts import EXPORTS
from transforms.expectations.contract_rules import named
from transforms.expectations.verdicts import Dossier
from transforms.privacy import redact

IDENTIFIERS = frozenset(
    {
        "series_id",
        "location",
        "sku",
        "conversation_id",
        "passage_id",
        "example_1",
        "example_2",
        "sha256",
        "tagger_version",
        "file",
        "customer_key",
        "key_hash",
    }
)
"""Columns of codes: a run of digits there (an EAN, a hash) is no phone or card number."""
CODE = r"^[\w.|:/\-]*$"


def expect_no_private_text(dossier: Dossier, frame: pl.DataFrame) -> None:
    """Expect no string of `frame` to change under redaction; columns that do are named.

    In a column of codes only values that are no plain code (letters, digits, . | : / - _) are
    redacted and compared.
    """
    names = sorted(name for name, dtype in frame.schema.items() if dtype == pl.String)
    if not names:
        return
    wrong = [_private(frame[name]) for name in names]
    dossier.views["texts"] = pl.DataFrame({"column": names, "private": wrong})
    known = EXPORTS[dossier.table].names
    found = [name for name, count in zip(names, wrong, strict=True) if count]
    dossier.expect(
        "no_private_text",
        "hold",
        "texts",
        "ExpectColumnMaxToBeBetween",
        expected="none",
        n=frame.height,
        label=named(dict.fromkeys(name if name in known else "further columns" for name in found)),
        column="private",
        min_value=0,
        max_value=0,
    )


def _private(column: pl.Series) -> int:
    """Distinct values that redaction would change."""
    values = column.drop_nulls().unique(maintain_order=True)
    if column.name in IDENTIFIERS:
        values = values.filter(~values.str.contains(CODE))
    return int((values != redact(values)).sum())
