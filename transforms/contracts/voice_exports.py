"""The published table of quotes, where the configuration allows quotes at all."""

from __future__ import annotations

import polars as pl

from transforms.contracts.columns import count, date, share, text
from transforms.contracts.schema import Column, Table

SIDES = ("for", "against")
VOICES = Table(
    "voices",
    "Redacted quotes for each signal and against it, of the last four whole weeks; only where [privacy] publish_quotes allows it.",
    key=("signal", "category", "side", "place"),
    columns=(
        text("signal", "the signal"),
        text("category", "the category; null: everything", nullable=True),
        text("side", "for: the passage carries the signal; against: it speaks of the same and denies it", one_of=SIDES),
        Column("place", pl.Int32, "order to show them in, from 1; each is another person's", nullable=False, lo=1),
        text("quote", "the customer's words, redacted and cut to 160 characters"),
        date("said_on", "day of the conversation, in UTC"),
        text("passage_id", "the passage"),
        share("confidence", "how sure the tagger was; null: against"),
        count("people", "people on this side in those weeks, at least 3 with the signal", "people"),
    ),
)  # fmt: skip
