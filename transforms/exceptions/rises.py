"""Returns and tickets that rose: what the numbers of `models.rising` mean to people."""

from __future__ import annotations

import polars as pl

from transforms.exceptions.found import conformed, number

SHARPLY = 1.5
"""A rise whose lower end is at least this is urgent."""
ACTIONS = {
    "returns": "read what is said of it and check the batch, its page and its pictures; stop what is wrong before more is sold",
    "tickets": "find out what they ask and answer it on the page or in the order mails; plan for more hands",
}


def rises(found: pl.DataFrame) -> pl.DataFrame:
    """Findings of kinds returns_rising and tickets_rising, valued by the excess of four weeks."""
    ratio = pl.col("ratio").round(1).cast(pl.String)
    bounds = (
        pl.lit(" [") + pl.col("ratio_lo").round(1).cast(pl.String) + pl.lit(", ")
        + pl.col("ratio_hi").round(1).cast(pl.String) + pl.lit("]")
    )  # fmt: skip
    told = (
        pl.col("target") + pl.lit(" rose to ") + number("observed", 1) + pl.lit(" a week over the last four weeks; what was sold lets expect ")
        + number("expected", 1) + pl.lit(": ") + ratio + pl.lit(" times as many") + bounds
    )  # fmt: skip
    return conformed(
        found.with_columns(
            (pl.col("target") + pl.lit("_rising")).alias("kind"),
            pl.when(pl.col("ratio_lo") >= SHARPLY)
            .then(pl.lit("high"))
            .otherwise(pl.lit("medium"))
            .alias("severity"),
            told.alias("headline"),
            pl.col("target")
            .replace_strict(ACTIONS, default=None, return_dtype=pl.String)
            .alias("action"),
            pl.col("excess").alias("units_at_risk"),
        )
    )
