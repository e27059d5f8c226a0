"""No e-mail, phone or card number in a published table."""

from __future__ import annotations

import polars as pl

from transforms.contracts import EXPORTS
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
    """Expect no string of `frame` to change under redaction, by column.

    In a column of codes only values that are no plain code (letters, digits, . | : / - _) are
    redacted and compared.
    """
    names = [name for name, dtype in frame.schema.items() if dtype == pl.String]
    for name in sorted(names):
        values = frame[name].drop_nulls().unique(maintain_order=True)
        if name in IDENTIFIERS:
            values = values.filter(~values.str.contains(CODE))
        wrong = int((values != redact(values)).sum())
        label = name if name in EXPORTS[dossier.table].names else "further columns"
        dossier.none("no_private_text", "hold", wrong, n=frame.height, label=label)
