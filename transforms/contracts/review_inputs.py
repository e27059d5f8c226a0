"""The canonical input of reviews: heard like any conversation, with what readers made of them."""

from __future__ import annotations

import polars as pl

from transforms.contracts.input_columns import instant, name_of
from transforms.contracts.schema import Column, Table

MAX_CHARS = 1_000_000
MAX_VOTES = 10_000_000


def _words(name: str, prose: str) -> Column:
    return Column(name, pl.String, prose, max_chars=MAX_CHARS, private=True)


HELPFUL = Column(
    "helpful_votes",
    pl.Int64,
    "readers who found the review helpful",
    unit="votes",
    lo=0,
    hi=MAX_VOTES,
)
VERIFIED = Column("verified", pl.Boolean, "the reviewer is known to have bought it")
REVIEWS = Table(
    "reviews",
    "One review. It is heard as a conversation of channel review, and its title and text as a "
    "passage; nothing of it is kept apart from these.",
    key=("review_id",),
    event_time="created_at",
    text=True,
    columns=(
        name_of("review_id", "the review", required=True),
        instant("created_at", "when it was written", required=True),
        _words("text", "what it says; null: stars alone"),
        _words("title", "its title"),
        Column("rating", pl.Float64, "stars as given"),
        name_of("conversation_id", "the conversation that it is; default: review_id"),
        name_of("customer_id", "the source's own key of the customer", private=True),
        name_of("sku", "the stock-keeping unit"),
        name_of("category", "the product category as the source names it"),
        name_of("language", "ISO 639-1 code, where known"),
        HELPFUL,
        VERIFIED,
        instant("ingested_at", "when the source system handed the row over; null: not told"),
    ),
)
HEARD_AS = ("conversations", "passages")
"""Tables that a review's rows go to."""
