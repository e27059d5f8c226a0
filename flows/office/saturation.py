"""saturation: how many more conversations until we know."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import polars as pl

from flows.office.given import Given
from flows.office.insights import learnt_of, settled
from models.office.insight import judged, with_limits
from models.office.saturation import smallest_heard, unseen
from transforms.calendar import local_day, week_of
from transforms.contracts import EXPORTS
from transforms.office import learnt, themes

WEEKS = 13
_WEEK = timedelta(days=6)


def saturation(given: Given) -> Mapping[str, pl.DataFrame] | str:
    """The table, or why there is none."""
    if given.said.deaf is not None:
        return given.said.deaf
    last = given.said.now.last_week
    heard = _heard(given, last)
    if heard.is_empty():
        return f"no conversation of the last {WEEKS} weeks was heard"
    parts = [_unseen(given, heard)]
    if "signal_evidence" in given.tables:
        parts.append(_needed(given))
    parts = [one.with_columns(pl.lit(last + _WEEK).alias("window_end")) for one in parts]
    if not given.shown("insights").is_empty():
        noted = settled(given)
        depths = _depth(given, _heard(given, noted))
        parts.append(depths.with_columns(pl.lit(noted + _WEEK).alias("window_end")))
    rows = pl.concat(parts, how="diagonal").with_columns(
        pl.lit(given.as_of).alias("as_of"), pl.col("window_weeks").fill_null(WEEKS)
    )
    names = EXPORTS["saturation"].names
    absent = [pl.lit(None).alias(name) for name in names if name not in rows.columns]
    return {"saturation": rows.with_columns(absent).select(names)}


def _heard(given: Given, last: date) -> pl.DataFrame:
    """Conversations of the weeks up to `last` of which any passage could carry a signal."""
    now, rules = given.said.now, given.rules
    week = week_of(local_day("started_at", rules.timezone), rules.week_start)
    recent = week.is_between(last - timedelta(weeks=WEEKS - 1), last)
    taggable = given.said.tags.taggable.select(learnt.KEY).unique()
    told = now.conversations.filter(recent)
    if not rules.upstream:
        told = told.join(taggable, on=list(learnt.KEY), how="semi")
    return told.select(
        *learnt.KEY,
        pl.col("category").fill_null(learnt.UNKNOWN),
        pl.col("channel").fill_null(learnt.UNKNOWN),
        pl.lit("all").alias("all"),
    )


def _unseen(given: Given, heard: pl.DataFrame) -> pl.DataFrame:
    target = given.night.settings.office.saturation.target
    counts = pl.concat(
        themes.theme_counts(heard, given.said.now.said, name).with_columns(
            pl.lit(name).alias("dimension")
        )
        for name in ("all", "channel")
    )
    columns = ("n", "once", "twice", "mentions")
    rows_in = zip(*(counts[name].to_list() for name in columns), strict=True)
    found = [unseen(n, one, two, all_, target[1]) for n, one, two, all_ in rows_in]
    least = [smallest_heard(n) for n in counts["n"]]
    rows = counts.with_columns(
        pl.lit("unseen").alias("kind"),
        pl.col("once").alias("k"),
        pl.Series("rate", [one.share for one in found], dtype=pl.Float64),
        pl.Series("lo", [one.lo for one in found], dtype=pl.Float64),
        pl.Series("hi", [one.hi for one in found], dtype=pl.Float64),
        pl.Series("conversations_more", [one.more for one in found], dtype=pl.Int64),
        pl.Series("smallest_heard", least, dtype=pl.Float64),
        pl.lit(target[0]).alias("target_lo"),
        pl.lit(target[1]).alias("target_hi"),
    )
    return judged(rows).drop("mentions", "once", "twice")


def _needed(given: Given) -> pl.DataFrame:
    rows = with_limits(themes.needs(given.tables["signal_evidence"]))
    enough = pl.col("per_week_short") == 0
    verdict = (
        pl.when(pl.col("per_week_needed").is_null())
        .then(pl.lit("not_enough_data"))
        .when(enough)
        .then(pl.lit("above"))
        .otherwise(pl.lit("below"))
    )
    return rows.with_columns(pl.lit("signal").alias("kind"), verdict.alias("verdict"))


def _depth(given: Given, heard: pl.DataFrame) -> pl.DataFrame:
    """Insights by how much the customer said, of channels in which any were noted."""
    said = learnt.depth(given.shown("passages"))
    rows = learnt.with_insights(heard.join(said, on=list(learnt.KEY)), learnt_of(given))
    noted = pl.col("insights_n").sum().over("channel") > 0
    slices = pl.concat_str("channel", "depth", separator=" | ").alias("slice")
    counts = (
        rows.filter(noted)
        .group_by(slices)
        .agg(
            pl.len().cast(pl.Int64).alias("n"),
            (pl.col("whole_n") > 0).sum().cast(pl.Int64).alias("k"),
        )
    )
    limited = with_limits(counts.sort("slice")).with_columns(
        pl.lit("depth").alias("kind"),
        pl.lit("channel").alias("dimension"),
        pl.lit(None, dtype=pl.Float64).alias("target_lo"),
        pl.lit(None, dtype=pl.Float64).alias("target_hi"),
    )
    return judged(limited)
