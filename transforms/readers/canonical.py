"""Canonical tables in a folder of mixed files: recognised by the columns that they must have."""

from __future__ import annotations

import polars as pl

from transforms.contracts import INPUTS, Table
from transforms.readers.layout import Layout, Part, always, drop, take, test
from transforms.readers.steps import blank_as_null

_MORE = {
    "products": "category|title|launched_on|lead_time_days|moq|pack_size|unit_cost",
    "customers": "email|phone|created_at",
    "reviews": "rating|text",
    "promotions": "kind|discount_share|announced_at|category|sku",
}
"""Tables that require too little to be told apart, and one of what they need besides."""
_UNDERSTOOD = 0.6
"""Share of columns that must be canonical: a stranger's file may have a `sku` and a `title`, too."""


_OWN = take("conversation_id", "review_id")
_ABOUT = ("customer_id", "sku", "category", "language", "ingested_at")


def _spoken(frame: pl.DataFrame) -> pl.DataFrame:
    """Title and text as one."""
    frame = blank_as_null(frame)
    text = pl.concat_str("title", "text", separator=". ", ignore_nulls=True).replace("", None)
    return frame.with_columns(text.alias("made.text"))


def _review_parts() -> tuple[Part, ...]:
    """Reviews are heard as conversations and passages, here as in `transforms.review_rows`."""
    conversation = {
        "conversation_id": _OWN,
        "channel": always("review"),
        "started_at": take("created_at"),
        **{name: take(name) for name in (*_ABOUT, "rating", "helpful_votes", "verified")},
    }
    passage = {
        "passage_id": take("review_id"),
        "conversation_id": _OWN,
        "text": take("made.text"),
        "said_at": take("created_at"),
        "speaker": always("customer"),
        **{name: take(name) for name in _ABOUT},
    }
    words = ("title", "text")
    wordless = drop("no words", test("made.text", null=True))
    return (
        Part("conversations", conversation, uses=words, prepare=_spoken),
        Part("passages", passage, uses=words, prepare=_spoken, filter=(wordless,)),
    )


def _parts(table: Table) -> tuple[Part, ...]:
    if table.name == "reviews":
        return _review_parts()
    return (Part(table.name, {name: take(name) for name in table.names}),)


def _layout(table: Table) -> Layout:
    more = (_MORE[table.name],) if table.name in _MORE else ()
    return Layout(
        key=f"canonical/{table.name}",
        title=f"the canonical table {table.name}",
        marks=(*table.required, *more),
        share=_UNDERSTOOD,
        parts=_parts(table),
    )


CANONICAL = tuple(_layout(table) for table in INPUTS.values())
