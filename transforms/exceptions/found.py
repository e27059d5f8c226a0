"""What a finding is, before it has an owner, a customers' reason and an episode."""

from __future__ import annotations

import polars as pl

from transforms.contracts.desk_exports import METRIC
from transforms.wording import counted

FOUND: dict[str, pl.DataType] = {
    **dict.fromkeys(
        ("kind", "severity", "target", "level", "series_id", "category", "sku", "channel",
         "signal", "headline", "action"), pl.String()
    ),
    **dict.fromkeys(
        ("units_at_risk", "unit_price", "observed", "expected", "ratio", "ratio_lo", "ratio_hi"),
        pl.Float64(),
    ),
    "value_at_risk": pl.Float64(),
    "value_unit": pl.String(),
    "n": pl.Int64(),
    "due_on": pl.Date(),
}  # fmt: skip
"""Columns of a finding; `value_unit` is a currency, or what is counted where no price is known."""
SUBJECT = ["kind", "target", "level", "series_id", "signal"]
"""What makes two findings of different nights the same matter."""
OVERSTOCK = "overstock"
EVENTS = "events"
MILLI = 1000


def conformed(rows: pl.DataFrame) -> pl.DataFrame:
    """`rows` in the columns of FOUND; those that they lack are null."""
    there = set(rows.columns)
    return rows.select(
        (pl.col(name) if name in there else pl.lit(None, dtype=dtype).alias(name)).cast(dtype)
        for name, dtype in FOUND.items()
    )


def price_list(plan: pl.DataFrame | None) -> pl.DataFrame:
    """Prices by series of units: level, series_id, unit_price, value_unit.

    `plan` is inventory_plan (None: there is none). A category's price, and that of the total, is
    that of its SKUs weighted by what is expected of them, in whole thousandths.
    """
    schema = {"level": pl.String(), "series_id": pl.String(), "unit_price": pl.Float64(),
              "value_unit": pl.String()}  # fmt: skip
    if plan is None:
        return pl.DataFrame(schema=schema)
    known = plan.filter(pl.col("unit_price") > 0).with_columns(
        (pl.col("unit_price") * MILLI).round().cast(pl.Int64).alias("_price"),
        (pl.col("final_units").fill_null(0.0) * MILLI + 1).round().cast(pl.Int64).alias("_weight"),
        pl.col("currency").fill_null("currency").alias("value_unit"),
    )
    parts = [known.select(pl.lit("sku").alias("level"), pl.col("sku").alias("series_id"),
                          "unit_price", "value_unit")]  # fmt: skip
    for level, series in (("category", pl.col("category")), ("total", pl.lit("total"))):
        grouped = known.group_by(series.alias("series_id")).agg(
            ((pl.col("_price") * pl.col("_weight")).sum() / pl.col("_weight").sum() / MILLI)
            .round(4).alias("unit_price"),
            pl.col("value_unit").n_unique().alias("_units"),
            pl.col("value_unit").min(),
        )  # fmt: skip
        parts.append(
            grouped.filter(pl.col("_units") == 1).select(
                pl.lit(level).alias("level"), "series_id", "unit_price", "value_unit"
            )
        )
    return pl.concat(parts).select(list(schema))


def valued(rows: pl.DataFrame, prices: pl.DataFrame) -> pl.DataFrame:
    """`rows` with units_at_risk in money where the price of their series is known.

    Tickets have no price, and excess stock is worth its cost or nothing that is known: it keeps
    what it brings. What other rows bring already as value_at_risk stays, too.
    """
    at_cost = pl.col("kind") == OVERSTOCK
    own = rows.rename({"unit_price": "_cost", "value_unit": "_unit"})
    joined = own.join(prices, on=["level", "series_id"], how="left", maintain_order="left")
    priced = (pl.col("target") != "tickets") & ~at_cost
    value = pl.when(priced).then((pl.col("units_at_risk") * pl.col("unit_price")).round(2))
    counted = pl.when(pl.col("target") == METRIC).then(pl.lit(EVENTS)).otherwise("target")
    return joined.with_columns(
        pl.coalesce("value_at_risk", value).alias("value_at_risk"),
        pl.when(priced).then("unit_price").otherwise("_cost").alias("unit_price"),
    ).with_columns(
        pl.when(pl.col("value_at_risk").is_null()).then(counted)
        .otherwise(pl.coalesce("value_unit", "_unit", pl.lit("currency"))).alias("value_unit")
    ).drop("_cost", "_unit")  # fmt: skip


def day(column: str) -> pl.Expr:
    """A date as people write it: 3 Dec."""
    return pl.col(column).dt.to_string("%-d %b")


def number(column: str, decimals: int = 0) -> pl.Expr:
    """A number as text, rounded, with thousands apart: long runs of digits look like telephones."""
    return pl.col(column).map_elements(
        lambda value: f"{value:,.{decimals}f}", return_dtype=pl.String, skip_nulls=True
    )


def units(column: str) -> pl.Expr:
    """A quantity as text with its noun: "1 unit", "1,234 units"."""
    return pl.col(column).map_elements(
        lambda value: counted(value, "units"), return_dtype=pl.String, skip_nulls=True
    )


def moved_words(column: str) -> pl.Expr:
    """A change in words: 'up 12', 'down 1,234'."""
    size = pl.col(column).abs().alias(column)
    told = size.map_elements(lambda value: f"{value:,.0f}", return_dtype=pl.String, skip_nulls=True)
    return pl.when(pl.col(column) < 0).then(pl.lit("down ")).otherwise(pl.lit("up ")) + told
