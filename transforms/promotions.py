"""Promotions as weeks: which series are promoted when, on how many days, at what discount."""

from __future__ import annotations

from datetime import date

import polars as pl

from transforms.calendar import local_day, week_of

BASIS = 10_000
EVERY_DAY = 0b1111111
LONGEST_DAYS = 3 * 366
"""A promotion that lasts longer is a price, not a promotion, and is left out."""


def announced(promotions: pl.DataFrame, cutoff: date, timezone: str) -> pl.DataFrame:
    """The promotions that were announced by the end of `cutoff`, or do not say when."""
    day = local_day("announced_at", timezone)
    return promotions.filter(pl.col("announced_at").is_null() | (day <= cutoff))


def timing_assumed(promotions: pl.DataFrame) -> bool:
    """Whether some promotion does not say since when it is known."""
    return promotions["announced_at"].null_count() > 0


def promotion_weeks(
    promotions: pl.DataFrame,
    series: pl.DataFrame,
    *,
    last: date,
    week_start: str,
    timezone: str = "UTC",
) -> pl.DataFrame:
    """Promoted weeks of each series, up to the week of `last`.

    A promotion with a SKU is of that SKU, one with a category only of all of its series, one with
    neither of everything. Columns: series_id, week_start, kind (null: unnamed), days (1 to 7, on
    which one of this kind is on), any_days (on which any is on), discount (mean of those that tell
    one, weighted by days, Int64 ten-thousandths; null: untold), known_on (business day on which the
    last of them was announced; null: none says when). Days that overlap count once.
    One row per series, week and kind, sorted. Rows that end before they start are left out.
    """
    hits = _of_series(_weeks(promotions, last, week_start, timezone), series)
    told = pl.col("discount").is_not_null()
    weight = pl.when(told).then(pl.col("mask").bitwise_count_ones().cast(pl.Int64))
    by_kind = hits.group_by("series_id", "week_start", "kind").agg(
        pl.col("mask").bitwise_or(),
        (weight * pl.col("discount")).sum().alias("_sum"),
        weight.sum().alias("_days"),
        pl.col("known_on").max(),
    )
    either = by_kind.group_by("series_id", "week_start").agg(
        pl.col("mask").bitwise_or().alias("_any")
    )
    return (
        by_kind.join(either, on=["series_id", "week_start"])
        .select(
            "series_id",
            "week_start",
            "kind",
            pl.col("mask").bitwise_count_ones().cast(pl.Int32).alias("days"),
            pl.col("_any").bitwise_count_ones().cast(pl.Int32).alias("any_days"),
            pl.when(pl.col("_days") > 0).then(pl.col("_sum") // pl.col("_days")).alias("discount"),
            "known_on",
        )
        .sort("series_id", "week_start", "kind", nulls_last=False)
    )


def _weeks(promotions: pl.DataFrame, last: date, week_start: str, timezone: str) -> pl.DataFrame:
    """One row per promotion and week: sku, category, kind, discount, known_on, days as bits."""
    length = (pl.col("ends_on") - pl.col("starts_on")).dt.total_days()
    sound = promotions.filter(
        length.is_between(0, LONGEST_DAYS - 1) & (pl.col("starts_on") <= last)
    )
    ends = pl.min_horizontal("ends_on", pl.lit(last))
    first, final = week_of(pl.col("starts_on"), week_start), week_of(ends, week_start)
    spread = sound.select(
        "sku",
        "category",
        "kind",
        (pl.col("discount_share") * BASIS).round().cast(pl.Int64).alias("discount"),
        local_day("announced_at", timezone).alias("known_on"),
        "starts_on",
        "ends_on",
        pl.date_ranges(first, final, interval="1w").alias("week_start"),
    ).explode("week_start", empty_as_null=False)
    skipped = (pl.col("starts_on") - pl.col("week_start")).dt.total_days().clip(0, 6)
    until = (pl.col("ends_on") - pl.col("week_start")).dt.total_days().clip(0, 6)
    power = pl.lit(2, dtype=pl.Int64)
    mask = (power.pow(until + 1) - power.pow(skipped)).cast(pl.Int64) & EVERY_DAY
    return spread.select(
        "sku", "category", "kind", "discount", "known_on", "week_start", mask.alias("mask")
    )


def _of_series(weeks: pl.DataFrame, series: pl.DataFrame) -> pl.DataFrame:
    """The promoted weeks of each series that they hit."""
    scope = series.select("series_id", "sku", "category")
    columns = ["series_id", "week_start", "kind", "discount", "known_on", "mask"]
    by_sku = weeks.filter(pl.col("sku").is_not_null()).drop("category")
    whole = weeks.filter(pl.col("sku").is_null())
    by_category = whole.filter(pl.col("category").is_not_null())
    everything = whole.filter(pl.col("category").is_null())
    return pl.concat(
        [
            by_sku.join(scope, on="sku").select(columns),
            by_category.join(scope, on="category").select(columns),
            everything.join(scope.select("series_id"), how="cross").select(columns),
        ]
    )
