"""What happened, by series and week: units, returns and tickets, and each series' life."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from transforms.asof import SOURCE
from transforms.calendar import local_day, week_of
from transforms.plans import NEW_WEEKS, one_per_sku, planned, unsold

UNCATEGORISED = "(uncategorised)"
MILLI = 1000
"""Quantities are summed as whole thousandths, so that no sum depends on the order of rows."""
DORMANT_WEEKS = 26
_HALF = 2**31
"""Days of a date are fewer, before 1970 and after."""
BOTTOM = {"sku_channel": ("sku", "channel"), "sku": ("sku",), "category": ("category",)}


@dataclass(frozen=True, slots=True)
class Demand:
    """One target's bottom series.

    `weekly`: series_id, week_start, milli (Int64 thousandths, > 0 or absent). `series`: one row
    per series: series_id, category, sku, channel, first_week, last_week (null: nothing happened
    yet), status, ended_on, and what is planned: starts_on, ends_on (null: nothing is). `level` is
    the level of the bottom series.
    """

    target: str
    level: str
    weekly: pl.DataFrame
    series: pl.DataFrame


def sku_categories(order_lines: pl.DataFrame, products: pl.DataFrame) -> pl.DataFrame:
    """One category per SKU: the product's, else the latest order line's, else (uncategorised)."""
    pairs = (
        order_lines.lazy()
        .group_by("sku", "category")  # few are left to sort
        .agg(pl.col("ordered_at").max())
        .collect(engine="streaming")
    )
    lines = (
        pairs.filter(pl.col("category").is_not_null())
        .sort("ordered_at", "category")
        .group_by("sku")
        .agg(pl.col("category").last().alias("_line"))
    )
    named = products.filter(pl.col("category").is_not_null()).sort(SOURCE, "sku")
    named = named.unique(subset="sku", keep="first", maintain_order=True)
    skus = pl.concat([pairs.select("sku"), products.select("sku")]).unique()
    return (
        skus.join(named.select("sku", "category"), on="sku", how="left")
        .join(lines, on="sku", how="left")
        .select("sku", pl.coalesce("category", "_line", pl.lit(UNCATEGORISED)).alias("category"))
        .sort("sku")
    )


COUNTED = pl.col("cancelled_at").is_null() & ~pl.col("is_test").fill_null(False)
"""Which order lines are demand: neither cancelled nor tests; gross of returns."""


def unit_events(order_lines: pl.DataFrame, categories: pl.DataFrame, timezone: str) -> pl.DataFrame:
    """Demand by day: day, sku, category, channel, milli (Int64), one row for each of the first four."""
    return _events(
        order_lines, "ordered_at", timezone, categories, kept=("channel",), counted=COUNTED
    )


def return_events(refunds: pl.DataFrame, categories: pl.DataFrame, timezone: str) -> pl.DataFrame:
    """Returned units by day, in the same columns; a refund tells no channel."""
    return _events(refunds, "refunded_at", timezone, categories)


def ticket_events(
    tickets: pl.DataFrame,
    order_lines: pl.DataFrame,
    categories: pl.DataFrame,
    timezone: str,
) -> pl.DataFrame:
    """Opened tickets as events by category.

    The ticket's own SKU decides the category, then its own category, then the first line of its
    order, else (uncategorised). Tickets have no SKU level: most speak of an order.
    """
    theirs = tickets.select(SOURCE, "order_id").drop_nulls().unique()
    first = (
        order_lines.join(theirs, on=[SOURCE, "order_id"], how="semi")
        .sort(SOURCE, "order_id", "line_id")
        .unique(subset=[SOURCE, "order_id"], keep="first", maintain_order=True)
        .select(SOURCE, "order_id", pl.col("sku").alias("_order_sku"))
    )
    by_sku = categories.rename({"category": "_sku_category"})
    by_order = categories.rename({"sku": "_order_sku", "category": "_order_category"})
    category = pl.coalesce("_sku_category", "category", "_order_category", pl.lit(UNCATEGORISED))
    return (
        tickets.join(by_sku, on="sku", how="left")
        .join(first, on=[SOURCE, "order_id"], how="left")
        .join(by_order, on="_order_sku", how="left")
        .select(
            local_day("opened_at", timezone).alias("day"),
            pl.lit(None, dtype=pl.String).alias("sku"),
            category.alias("category"),
            pl.lit(None, dtype=pl.String).alias("channel"),
            pl.lit(MILLI, dtype=pl.Int64).alias("milli"),
        )
    )


def _events(
    rows: pl.DataFrame,
    time: str,
    timezone: str,
    categories: pl.DataFrame,
    *,
    kept: tuple[str, ...] = (),
    counted: pl.Expr = pl.lit(True),  # noqa: B008 - an expression is a value
) -> pl.DataFrame:
    keys = ["day", "sku", "channel"]
    channel = _numbered(rows["channel"]) if "channel" in kept else pl.lit(None, pl.String)
    known = (
        rows.select(
            local_day(time, timezone).alias("day"),
            _numbered(rows["sku"]),
            channel.alias("channel"),
            "quantity",
            counted.alias("_counts"),
        )
        .lazy()
        .filter("_counts")
        .group_by(keys)
        .agg((pl.col("quantity") * MILLI).round().cast(pl.Int64).sum().alias("milli"))
        .collect(engine="streaming")
        .sort(keys)
        .with_columns(pl.col("sku", "channel").cast(pl.String))
    )
    return placed(known, categories)


def placed(sums: pl.DataFrame, categories: pl.DataFrame) -> pl.DataFrame:
    """`sums` (day, sku, channel, milli) as events: with the category of each SKU, in the order given."""
    return sums.join(categories, on="sku", how="left", maintain_order="left").select(
        "day", "sku", pl.col("category").fill_null(UNCATEGORISED), "channel", "milli"
    )


def _numbered(texts: pl.Series) -> pl.Series:
    """`texts` as numbers in the same order, which are grouped and sorted in half the time."""
    return texts.cast(pl.Enum(texts.drop_nulls().unique().sort()))


def bottom_level(target: str, levels: Sequence[str]) -> str:
    """The level at which a target's series are modelled: the finest that it can have."""
    if "sku_channel" in levels and target == "units":
        return "sku_channel"
    if "sku" in levels and target != "tickets":
        return "sku"
    return "category"


def assemble(
    events: pl.DataFrame,
    products: pl.DataFrame,
    *,
    target: str,
    levels: Sequence[str],
    last_week: date,
    as_of: date,
    week_start: str,
    first_week: date | None = None,
) -> Demand:
    """A target's weekly sums and the life of each of its series.

    A series begins with its first event, or its launch where that is earlier and after the data
    begin; one that has not seen a complete week yet is too_new, and so is each while the data's
    own `first_week`, the first complete one, is not over. It is discontinued from the product's
    own date, dormant after 26 complete weeks in a row without an event; both keep their history
    and get no forecast. A product that is to be launched, or was launched lately and has not sold
    yet, is a series of units too: upcoming, or too_new, or new.
    """
    level = bottom_level(target, levels)
    keys = list(BOTTOM[level])
    events = events.with_columns(_series_id(level).alias("series_id"))
    weekly = _weekly(events, week_start)
    scope = events.select("series_id", *({"category", *keys})).unique(subset="series_id")
    life = weekly.group_by("series_id").agg(
        pl.col("week_start").min().alias("first_week"),
        pl.col("week_start").max().alias("last_week"),
    )
    known = scope.join(life, on="series_id")
    if target == "units" and level == "sku":
        waiting = unsold(
            products, scope["sku"], as_of=as_of, last_week=last_week, week_start=week_start
        ).with_columns(pl.col("sku").alias("series_id"))
        named = waiting.with_columns(pl.col("category").fill_null(UNCATEGORISED))
        known = pl.concat([known, named], how="diagonal")
    series = _with_products(known, products, level, week_start, as_of)
    data_begin = weekly["week_start"].min() if weekly.height else last_week
    series = series.with_columns(
        pl.max_horizontal(
            pl.min_horizontal("first_week", "_launch_week"), pl.lit(data_begin)
        ).alias("first_week")
    )
    nothing_whole = first_week is not None and first_week > last_week
    return Demand(target, level, weekly, _status(series, last_week, nothing_whole=nothing_whole))


def _weekly(events: pl.DataFrame, week_start: str) -> pl.DataFrame:
    """Sums above 0 by series and week, in this order.

    Series and week are one whole number, which is grouped and sorted in a third of the time.
    """
    names = events["series_id"].unique().sort()
    place = names.to_frame("series_id").with_row_index("_place")
    week = week_of(pl.col("day"), week_start).to_physical().cast(pl.Int64) + _HALF
    sums = (
        events.lazy()
        .join(place.lazy(), on="series_id", how="left")
        .group_by((pl.col("_place").cast(pl.Int64) * (2 * _HALF) + week).alias("_cell"))
        .agg(pl.col("milli").sum())
        .filter(pl.col("milli") > 0)
        .sort("_cell")
        .collect()
    )
    which, day = pl.col("_cell") // (2 * _HALF), pl.col("_cell") % (2 * _HALF) - _HALF
    return sums.select(
        pl.lit(names).gather(which).alias("series_id"),
        day.cast(pl.Int32).cast(pl.Date).alias("week_start"),
        "milli",
    )


def _series_id(level: str) -> pl.Expr:
    if level == "sku_channel":
        channel = pl.col("channel").fill_null("(none)")
        return pl.concat_str(pl.col("sku"), pl.lit("|"), channel)
    return pl.col(level)


def _with_products(
    series: pl.DataFrame, products: pl.DataFrame, level: str, week_start: str, as_of: date
) -> pl.DataFrame:
    """Adds `_launch_week`, `ended_on` and plans (null where the product tells none), and all keys."""
    for name in ("sku", "channel"):
        if name not in series.columns:
            series = series.with_columns(pl.lit(None, dtype=pl.String).alias(name))
    if level == "category":
        nothing = ("_launch_week", "ended_on", "starts_on", "ends_on")
        return series.with_columns(pl.lit(None, dtype=pl.Date).alias(name) for name in nothing)
    plans = planned(products, as_of)
    told = one_per_sku(products).select(
        "sku",
        pl.when(pl.col("launched_on") <= as_of)
        .then(week_of(pl.col("launched_on"), week_start))
        .alias("_launch_week"),
        pl.when(pl.col("discontinued_on") <= as_of)
        .then(pl.col("discontinued_on"))
        .alias("ended_on"),
    )
    channel = pl.col("channel").fill_null("(none)") if level == "sku_channel" else pl.col("channel")
    return (
        series.join(told, on="sku", how="left")
        .join(plans, on="sku", how="left")
        .with_columns(channel)
    )


def _status(series: pl.DataFrame, last_week: date, *, nothing_whole: bool) -> pl.DataFrame:
    silent_since = last_week - timedelta(weeks=DORMANT_WEEKS - 1)
    dormant = (pl.col("last_week") < silent_since).fill_null(value=False)
    unsold = pl.col("last_week").is_null()
    status = (
        pl.when(pl.col("ended_on").is_not_null())
        .then(pl.lit("discontinued"))
        .when(dormant)
        .then(pl.lit("dormant"))
        .when(unsold & pl.col("starts_on").is_not_null())
        .then(pl.lit("upcoming"))
        .when((pl.col("first_week") > last_week) | pl.lit(nothing_whole))
        .then(pl.lit("too_new"))
        .when(pl.col("first_week") > last_week - timedelta(weeks=NEW_WEEKS))
        .then(pl.lit("new"))
        .otherwise(pl.lit("active"))
    )
    ended = pl.when(dormant).then(pl.col("last_week") + pl.duration(weeks=DORMANT_WEEKS + 1))
    return (
        series.with_columns(status.alias("status"))
        .with_columns(pl.coalesce("ended_on", ended).alias("ended_on"))
        .select(
            "series_id",
            "category",
            "sku",
            "channel",
            "first_week",
            "last_week",
            "status",
            "ended_on",
            pl.when(unsold).then(pl.col("starts_on")).alias("starts_on"),
            "ends_on",
        )
        .sort("series_id")
    )


def censored_weeks(
    inventory: pl.DataFrame, categories: pl.DataFrame, week_start: str
) -> pl.DataFrame:
    """Share of each SKU's and week's observed days without stock: sku, week_start, share.

    Several sources' stock of one SKU and day is added up. A SKU's week without any inventory row
    is absent: stock unknown.
    """
    daily = inventory.group_by("sku", "date").agg(
        (pl.col("on_hand") * MILLI).round().cast(pl.Int64).sum().alias("stock")
    )
    return (
        daily.join(categories.select("sku"), on="sku", how="semi")
        .with_columns(week_of(pl.col("date"), week_start).alias("week_start"))
        .group_by("sku", "week_start")
        .agg((pl.col("stock") <= 0).mean().alias("censored_share"))
        .sort("sku", "week_start")
    )
