"""Tags into weekly counts: of the conversations that could carry a signal, how many did."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import polars as pl

from transforms.asof import SOURCE
from transforms.calendar import local_day, week_of

UNATTRIBUTED = "(unattributed)"


def all_conversations(conversations: pl.DataFrame, passages: pl.DataFrame) -> pl.DataFrame:
    """Conversations, and those that only passages tell of (they carry channel and said_at).

    Columns: _source, conversation_id, channel, started_at, customer_id, language, sku, category.
    """
    columns = ["channel", "started_at", "customer_id", "language", "sku", "category"]
    key = [SOURCE, "conversation_id"]
    implied = (
        passages.filter(pl.col("said_at").is_not_null())
        .join(conversations, on=key, how="anti")
        .sort(*key, "said_at", "passage_id")
        .group_by(key)
        .agg(
            pl.col("said_at").min().alias("started_at"),
            *[pl.col(name).drop_nulls().first() for name in columns if name != "started_at"],
        )
    )
    return pl.concat([conversations.select(*key, *columns), implied.select(*key, *columns)]).sort(
        key
    )


def attributed(
    conversations: pl.DataFrame, order_lines: pl.DataFrame, categories: pl.DataFrame
) -> pl.DataFrame:
    """`conversations` with the category that each counts for, and how it was found.

    `category`: that of the SKU talked of, else the conversation's own, else that of the
    customer's last order before it began, else (unattributed). `attributed_by`: sku, category,
    last_order or none.
    """
    by_sku = categories.rename({"category": "_sku_category"})
    last = _last_order(conversations, order_lines, categories)
    how = (
        pl.when(pl.col("_sku_category").is_not_null())
        .then(pl.lit("sku"))
        .when(pl.col("category").is_not_null())
        .then(pl.lit("category"))
        .when(pl.col("_last_category").is_not_null())
        .then(pl.lit("last_order"))
        .otherwise(pl.lit("none"))
    )
    found = pl.coalesce("_sku_category", "category", "_last_category", pl.lit(UNATTRIBUTED))
    return (
        conversations.join(by_sku, on="sku", how="left")
        .join(last, on=[SOURCE, "conversation_id"], how="left")
        .with_columns(how.alias("attributed_by"), found.alias("category"))
        .drop("_sku_category", "_last_category")
        .sort(SOURCE, "conversation_id")
    )


def _last_order(
    conversations: pl.DataFrame, order_lines: pl.DataFrame, categories: pl.DataFrame
) -> pl.DataFrame:
    """Category of the customer's last order line strictly before the conversation began."""
    asked = conversations.filter(pl.col("customer_id").is_not_null()).select(
        SOURCE, "conversation_id", "customer_id", "started_at"
    )
    bought = (
        order_lines.select("customer_id", "ordered_at", "sku")
        .filter(pl.col("customer_id").is_not_null())
        .join(asked.select("customer_id").unique(), on="customer_id", how="semi")
        .sort("ordered_at", "sku")
        .join(categories, on="sku", how="left", maintain_order="left")
        .rename({"category": "_last_category"})
        .drop("sku")
    )
    joined = asked.sort("started_at").join_asof(
        bought,
        left_on="started_at",
        right_on="ordered_at",
        by="customer_id",
        strategy="backward",
        allow_exact_matches=False,
        check_sortedness=False,
    )
    return joined.select(SOURCE, "conversation_id", "_last_category").drop_nulls("_last_category")


def weekly_counts(
    conversations: pl.DataFrame,
    taggable: pl.DataFrame,
    mentions: pl.DataFrame,
    *,
    signals: Sequence[str],
    timezone: str,
    week_start: str,
    last_day: date,
) -> pl.DataFrame:
    """Counts per signal, category and week, complete from the first week to `last_day`'s.

    `conversations` are attributed; `taggable` and `mentions` name conversations (_source,
    conversation_id, and signal). A conversation counts in the week in which it began, once,
    whatever it says how often. Rows: signal, category (null: everything, with the unattributed),
    week_start, conversations_taggable, conversations_with_signal; weeks without any taggable
    conversation are there with 0.
    """
    key = [SOURCE, "conversation_id"]
    heard = conversations.join(taggable.select(key), on=key, how="semi").select(
        *key,
        "category",
        week_of(local_day("started_at", timezone), week_start).alias("week_start"),
    )
    if heard.is_empty():
        return pl.DataFrame(schema=_COUNTS)
    said = mentions.select(*key, "signal").unique().join(heard, on=key)
    scope = ["category", "week_start"]
    inside = pl.col("category") != UNATTRIBUTED
    exposure = _both(heard.filter(inside), heard, scope, [], "conversations_taggable")
    numerator = _both(said.filter(inside), said, scope, ["signal"], "conversations_with_signal")
    grid = _grid(exposure, signals, last_day)
    return (
        grid.join(exposure, on=scope, how="left", nulls_equal=True)
        .join(numerator, on=["signal", *scope], how="left", nulls_equal=True)
        .with_columns(
            pl.col("conversations_taggable").fill_null(0),
            pl.col("conversations_with_signal").fill_null(0),
        )
        .select(list(_COUNTS))
        .sort("signal", "category", "week_start", nulls_last=False)
    )


_COUNTS = {
    "signal": pl.String,
    "category": pl.String,
    "week_start": pl.Date,
    "conversations_taggable": pl.Int64,
    "conversations_with_signal": pl.Int64,
}


def _both(
    inside: pl.DataFrame,
    everything: pl.DataFrame,
    scope: list[str],
    extra: list[str],
    name: str,
) -> pl.DataFrame:
    """Counts per category and, with a null category, over everything."""
    parts = inside.group_by(*extra, *scope).agg(pl.len().cast(pl.Int64).alias(name))
    total = (
        everything.group_by(*extra, "week_start")
        .agg(pl.len().cast(pl.Int64).alias(name))
        .with_columns(pl.lit(None, dtype=pl.String).alias("category"))
    )
    return pl.concat([parts, total.select(parts.columns)])


def _grid(exposure: pl.DataFrame, signals: Sequence[str], last_day: date) -> pl.DataFrame:
    first = exposure.select(pl.col("week_start").min()).item()
    weeks = pl.DataFrame({"week_start": pl.date_range(first, last_day, "7d", eager=True)})
    names = pl.DataFrame({"signal": list(signals)}, schema={"signal": pl.String})
    return names.join(exposure.select("category").unique(), how="cross").join(weeks, how="cross")
