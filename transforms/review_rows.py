"""Reviews as what they are heard as: a conversation each, and a passage where they have words."""

from __future__ import annotations

import polars as pl

from transforms.contracts import INPUTS
from transforms.validation import EXTRA, ROW

CHANNEL = "review"


def heard_as(reviews: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Rows of conversations and passages, by table; `reviews` keep their contract.

    Rows keep `_row` and their order. Title and text are one passage; a review without either is a
    conversation alone. Unknown columns stay with the passage, where words are.
    """
    own = pl.coalesce("conversation_id", "review_id")
    words = pl.concat_str("title", "text", separator=". ", ignore_nulls=True).str.strip_chars()
    conversations = reviews.with_columns(
        own.alias("conversation_id"),
        pl.lit(CHANNEL).alias("channel"),
        pl.col("created_at").alias("started_at"),
        pl.lit(None, pl.String).alias(EXTRA),
    )
    passages = reviews.with_columns(
        own.alias("conversation_id"),
        pl.col("review_id").alias("passage_id"),
        words.replace("", None).alias("text"),
        pl.col("created_at").alias("said_at"),
        pl.lit("customer").alias("speaker"),
        pl.lit(None, pl.String).alias("channel"),
    ).filter(pl.col("text").is_not_null())
    return {
        "conversations": _as(conversations, "conversations"),
        "passages": _as(passages, "passages"),
    }


def _as(rows: pl.DataFrame, table: str) -> pl.DataFrame:
    names = [name for name in INPUTS[table].names if name in rows.columns]
    return rows.select(*names, ROW, EXTRA)
