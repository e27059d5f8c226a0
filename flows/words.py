"""What customers said, apart from everything else: one file of words beside each part that has them.

A part of a worded table is two files of the same rows in the same order: the columns that count, in `tables/`, and
the words, in `restricted/words/`. Words can so be deleted without touching what is counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import polars as pl

from transforms.asof import EXTRA

STATE = "_words"
RAW, REDACTED, GONE = "raw", "redacted", "gone"
"""What `text` holds: what was said, the same redacted, or nothing any more."""

WORDED: Mapping[str, tuple[str, ...]] = {"passages": ("text", EXTRA)}
"""Tables whose words are kept apart, with the columns that hold them."""


def words_path(table: str, name: str) -> str:
    """Where the words of the part file `name` of `table` stand, relative to the lake."""
    return f"restricted/words/{table}/{name}"


def split_words(table: str, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The columns that count, and the words with their state, row for row."""
    columns = list(WORDED[table])
    words = frame.select(columns)
    if STATE in frame.columns:
        words = words.with_columns(frame[STATE])
    else:
        words = words.with_columns(pl.lit(RAW).alias(STATE))
    return frame.drop(*columns, STATE, strict=False), words


def forgiving(current: pl.DataFrame, good: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """`current` with the words of `good` where its own are withheld.

    A passage that comes again after its words were deleted is the same passage: without this it
    would look changed, and its words would be back.
    """
    if STATE not in current.columns:
        return current
    columns = [name for name in ("text", EXTRA) if name in current.columns]
    withheld = pl.col(STATE) != RAW
    if not current.select(withheld.any()).item():
        return current.drop(STATE)
    again = good.select(*key, *(pl.col(name).alias(f"_again_{name}") for name in columns))
    again = again.unique(key, keep="last", maintain_order=True)
    joined = current.join(again, on=key, how="left", maintain_order="left")
    return joined.with_columns(
        pl.when(withheld).then(pl.col(f"_again_{name}")).otherwise(pl.col(name)).alias(name)
        for name in columns
    ).select([name for name in current.columns if name != STATE])


def expired(
    state: pl.Expr, said_on: pl.Expr, as_of: date, raw_days: int, redacted_days: int | None
) -> tuple[pl.Expr, pl.Expr]:
    """Which rows' raw words are due to go tonight, and which rows are to hold nothing any more.

    A passage said on the day `as_of` - days is kept for the last time.
    """
    stays = max(raw_days, redacted_days or raw_days)
    past_raw = said_on < as_of - timedelta(days=raw_days)
    past_all = said_on < as_of - timedelta(days=stays)
    return (state == RAW) & past_raw, (state != GONE) & past_all
