"""Contact details of people, for those who call them."""

from __future__ import annotations

import polars as pl

MAX_CELL = 2_000


def book(customers: pl.DataFrame) -> pl.DataFrame:
    """person, customer_id, email, phone: all that is known of each, several split at semicolons."""
    details = ("customer_id", "email", "phone")
    return (
        customers.group_by("person")
        .agg(pl.col(name).drop_nulls().unique().sort().str.join("; ") for name in details)
        .with_columns(
            pl.when(pl.col(name).str.len_chars() > 0).then(pl.col(name)).alias(name)
            for name in details
        )
        .sort("person")
    )


def sheet(rows: pl.DataFrame) -> pl.DataFrame:
    """`rows` whose texts no spreadsheet takes for a formula; a telephone number keeps its plus."""
    safe = []
    for name, dtype in rows.schema.items():
        if dtype == pl.String:
            plain = pl.col(name).str.replace_all(r"[\x00-\x1f\x7f]", " ").str.slice(0, MAX_CELL)
            risky = plain.str.contains(r"^([=\-@＝＋－＠|%]|\+[^0-9])")
            cell = pl.when(risky).then(pl.lit("'") + plain).otherwise(plain)
            safe.append(cell.alias(name))
    return rows.with_columns(safe)
