"""Published tables that only count: weekly demand, the list of series, tags and signals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import polars as pl

from transforms.asof import SOURCE
from transforms.calendar import fiscal_period, fiscal_week, last_year_week
from transforms.contracts import EXPORTS
from transforms.demand import MILLI, Demand

WHOLE = "total"
LEVEL_KEYS: Mapping[str, tuple[str, ...]] = {
    "total": (),
    "category": ("category",),
    "sku": ("category", "sku"),
    "sku_channel": ("category", "sku", "channel"),
}
_SCOPE = ("category", "sku", "channel")


def levels_of(bottom: str, levels: Sequence[str]) -> list[str]:
    """The asked levels that a target with this bottom level has, coarsest first; else the bottom."""
    order = list(LEVEL_KEYS)
    there = order[: order.index(bottom) + 1]
    return [name for name in there if name in levels] or [bottom]


def series_id_of(level: str) -> pl.Expr:
    """The series_id at a level, from the scope columns."""
    if level == "total":
        return pl.lit(WHOLE)
    if level == "sku_channel":
        return pl.concat_str("sku", pl.lit("|"), "channel")
    return pl.col(level)


def _scope_of(level: str) -> list[pl.Expr]:
    keys = LEVEL_KEYS[level]
    return [pl.col(n) if n in keys else pl.lit(None, dtype=pl.String).alias(n) for n in _SCOPE]


def demand_weekly(
    demand: Demand,
    levels: Sequence[str],
    *,
    first_week: date,
    last_week: date,
    running_week: date,
    censored: pl.DataFrame,
    calendar: str,
    week_start: str,
) -> pl.DataFrame:
    """One target's published weeks at every level, zero-filled while its series live.

    `first_week` is the first complete week: the one before it, where the data begin, and those
    after `last_week` are marked partial. A finished week of a living series without a row is a
    true zero. `running_week` is the newest week shown.
    """
    filled = _filled(demand, first_week - timedelta(days=7), running_week)
    short = censored if demand.target == "units" else censored.head(0)
    filled = filled.join(short, on=["sku", "week_start"], how="left")
    weeks = filled["week_start"].unique().sort()
    fiscal = _fiscal(weeks, calendar, week_start)
    parts = [_at_level(filled, level, demand.level) for level in levels_of(demand.level, levels)]
    contract = EXPORTS["demand_weekly"]
    partial = (pl.col("week_start") < first_week) | (pl.col("week_start") > last_week)
    return (
        pl.concat(parts)
        .join(fiscal, on="week_start", how="left")
        .with_columns(pl.lit(demand.target).alias("target"), partial.alias("is_partial"))
        .select([pl.col(c.name).cast(c.dtype) for c in contract.columns])
        .sort(contract.order)
    )


def _fiscal(weeks: pl.Series, calendar: str, week_start: str) -> pl.DataFrame:
    """Labels of each week in the fiscal calendar, and the week to compare it with."""
    names = {
        "fiscal_week": (fiscal_week, pl.String),
        "fiscal_period": (fiscal_period, pl.String),
        "last_year_week_start": (last_year_week, pl.Date),
    }
    told = {
        name: pl.Series(
            [label(week, calendar, week_start) for week in weeks.to_list()], dtype=dtype
        )
        for name, (label, dtype) in names.items()
    }
    return pl.DataFrame({"week_start": weeks, **told})


def _filled(demand: Demand, first: date, running: date) -> pl.DataFrame:
    """Bottom series x weeks while each lives, milli 0 where nothing happened."""
    end = pl.coalesce(pl.col("ended_on") - pl.duration(days=1), pl.lit(running))
    happened = demand.series.filter(pl.col("last_week").is_not_null())
    lives = happened.with_columns(
        pl.max_horizontal("first_week", pl.lit(first)).alias("_from"),
        pl.max_horizontal(pl.min_horizontal(end, pl.lit(running)), "last_week", "first_week").alias(
            "_to"
        ),
    )
    weeks = lives.with_columns(
        pl.date_ranges("_from", "_to", interval="7d").alias("week_start")
    ).explode("week_start", empty_as_null=False, keep_nulls=False)
    return weeks.join(demand.weekly, on=["series_id", "week_start"], how="left").select(
        *_SCOPE, "week_start", pl.col("milli").fill_null(0)
    )


def _at_level(filled: pl.DataFrame, level: str, bottom: str) -> pl.DataFrame:
    keys = [*LEVEL_KEYS[level], "week_start"]
    whole_sku = level in ("sku", "sku_channel") and bottom in ("sku", "sku_channel")
    share = pl.col("censored_share").max() if whole_sku else pl.lit(None, dtype=pl.Float64)
    return (
        filled.group_by(keys)
        .agg(pl.col("milli").sum(), share.alias("censored_share"))
        .with_columns((pl.col("milli") / MILLI).alias("value"), pl.lit(level).alias("level"))
        .with_columns(series_id_of(level).alias("series_id"), *_scope_of(level))
        .select("level", "series_id", *_SCOPE, "week_start", "value", "censored_share")
    )


def series_listed(demand: Demand, levels: Sequence[str]) -> pl.DataFrame:
    """Every series of a target at every level, and why it has, or has not, a forecast.

    A category or the total is active while any of its series is.
    """
    contract = EXPORTS["series_listed"]
    parts = [_listed(demand, level) for level in levels_of(demand.level, levels)]
    return (
        pl.concat(parts)
        .with_columns(pl.lit(demand.target).alias("target"))
        .select([pl.col(c.name).cast(c.dtype) for c in contract.columns])
        .sort(contract.order)
    )


def _listed(demand: Demand, level: str) -> pl.DataFrame:
    life = ["status", "first_week", "last_week", "ended_on", "starts_on", "ends_on"]
    columns = ["level", "series_id", *_SCOPE, *life]
    named = demand.series.with_columns(pl.lit(level).alias("level"))
    if level == demand.level or named.is_empty():
        return named.select(columns)
    alive = pl.col("status").is_in(["active", "new", "too_new", "upcoming"])
    keys = [pl.col(key) for key in LEVEL_KEYS[level]] or [pl.lit(WHOLE).alias("series_id")]
    rank = {
        "active": 0, "new": 1, "too_new": 2, "upcoming": 3, "dormant": 4, "discontinued": 5,
    }  # fmt: skip
    best = pl.col("status").replace_strict(rank, return_dtype=pl.Int8).min()
    return (
        named.group_by(keys)
        .agg(
            pl.col("first_week").min(),
            pl.col("last_week").max(),
            best.replace_strict({v: k for k, v in rank.items()}, return_dtype=pl.String).alias(
                "status"
            ),
            pl.when(alive.any()).then(None).otherwise(pl.col("ended_on").max()).alias("ended_on"),
        )
        .with_columns(
            pl.lit(level).alias("level"),
            *(pl.lit(None, dtype=pl.Date).alias(name) for name in ("starts_on", "ends_on")),
        )
        .with_columns(series_id_of(level).alias("series_id"), *_scope_of(level))
        .select(columns)
    )


def tags_table(
    said: pl.DataFrame, passages: pl.LazyFrame, conversations: pl.DataFrame
) -> pl.DataFrame:
    """The published tags: where, when and about what, never the text.

    `said_at` is the tag's own time where it has one, else its passage's, else its conversation's
    beginning. Tags that share a key
    (an upstream system tagged a conversation twice) are one row: the least by its values, so that
    the choice does not depend on the order in which rows arrive.
    """
    contract = EXPORTS["tags"]
    key = [SOURCE, "conversation_id"]
    spoken = passages.select(SOURCE, "passage_id", pl.col("said_at").alias("_spoken")).collect()
    about = conversations.select(*key, "started_at", "sku", "category")
    return (
        said.join(spoken, on=[SOURCE, "passage_id"], how="left")
        .join(about, on=key, how="inner")
        .with_columns(pl.coalesce("said_at", "_spoken", "started_at").alias("said_at"))
        .select([pl.col(c.name).cast(c.dtype) for c in contract.columns])
        .sort(*contract.order, pl.all().exclude(contract.order))
        .unique(subset=list(contract.key), keep="first", maintain_order=True)
    )


def signals_weekly(
    rates: pl.DataFrame, taggers: Mapping[str, tuple[str, str]], first_week: date, last_week: date
) -> pl.DataFrame:
    """The published signals; `taggers` maps our signals to (tagger, tagger_version).

    Rows of signals that another system tags bear theirs.
    """
    contract = EXPORTS["signals_weekly"]
    who = pl.DataFrame(
        [(s, t, v) for s, (t, v) in sorted(taggers.items())],
        schema={"signal": pl.String, "tagger": pl.String, "tagger_version": pl.String},
        orient="row",
    )
    partial = (pl.col("week_start") < first_week) | (pl.col("week_start") > last_week)
    return (
        rates.join(who, on="signal", how="left", suffix="_ours")
        .with_columns(
            partial.alias("is_partial"),
            pl.coalesce("tagger", "tagger_ours").alias("tagger"),
            pl.coalesce("tagger_version", "tagger_version_ours").alias("tagger_version"),
        )
        .select([pl.col(c.name).cast(c.dtype) for c in contract.columns])
        .sort(contract.order, nulls_last=False)
    )
