"""Conversations that count, and the category that each counts for."""

from __future__ import annotations

import polars as pl

from transforms.asof import SOURCE

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
