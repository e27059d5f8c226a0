"""Quotes from the lake into the table voices, redacted; only where the configuration allows them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import polars as pl

from flows.knowledge import Tags
from flows.phrases import Counted, Passages
from transforms.contracts import EXPORTS
from transforms.phrases import PASSAGE
from transforms.tagging import PhraseBook
from transforms.voices import denied, picked
from transforms.waterfall import quote


def voices(
    passages: Passages,
    counted: Counted,
    tags: Tags,
    books: Sequence[PhraseBook],
    *,
    mask_orders: bool,
) -> pl.DataFrame:
    """The table voices, but for pseudonyms of its passages.

    Passages whose words were deleted are not quoted, and no other is taken in their place.
    """
    heard = counted.heard.filter(pl.col("week_start").is_in(counted.shown))
    chosen = picked(heard.drop("batch"), tags.tags, _denied(passages, counted, books))
    texts = passages.texts(chosen.select(PASSAGE).unique(maintain_order=True))
    shown = partial(quote, mask_orders=mask_orders)
    words = texts.filter(pl.col("text").is_not_null()).select(
        *PASSAGE, pl.col("text").map_elements(shown, return_dtype=pl.String).alias("quote")
    )
    contract = EXPORTS["voices"]
    found = chosen.join(words, on=list(PASSAGE)).filter(pl.col("quote") != "")
    return found.select([pl.col(c.name).cast(c.dtype) for c in contract.columns]).sort(
        contract.order, nulls_last=False
    )


def _denied(passages: Passages, counted: Counted, books: Sequence[PhraseBook]) -> pl.DataFrame:
    """What passages of the shown weeks deny, each in its own language."""
    empty = counted.heard.head(0).select(PASSAGE).with_columns(pl.lit("").alias("signal"))
    found = [empty]
    for _, batch in passages.batches(counted.shown):
        for book in books:
            mine = batch.filter(pl.col("language") == book.language, pl.col("text").is_not_null())
            if mine.height:
                found.append(denied(mine, book))
    return pl.concat(found)
