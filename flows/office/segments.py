"""segments, segment_cutoffs and clv_calibration: customers by value, and what they may be worth."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import polars as pl

from flows.office.given import Given
from models.office.foretold import calibration
from models.office.worth import worth
from transforms.contracts import EXPORTS
from transforms.office.segments import (
    cutoffs,
    freeze_day,
    histories,
    memory,
    moved,
    named,
    published,
    purchases,
    segmented,
)


def segments(given: Given) -> Mapping[str, pl.DataFrame] | str:
    """The tables, or why there are none."""
    if (lacking := given.has("order_lines")) is not None:
        return lacking
    rules, as_of = given.night.settings.office.segments, given.as_of
    bought, ids = purchases(given.lines, given.rules.timezone), given.everybody
    frozen = freeze_day(bought, as_of, rules.frozen_on, rules.least_days)
    if frozen is None:
        return f"no cut-offs yet: they need {rules.least_days} days of customers' purchases before their freeze ([office.segments])"
    then = None if frozen == as_of else given.at(frozen)
    given.release("order_lines")
    seen = bought if then is None else purchases(then.lines, given.rules.timezone)
    del then
    if seen.is_empty():
        return f"nothing was known at the freeze of {frozen} ([office.segments] frozen_on)"
    days = memory(seen, frozen, 7 * rules.memory_weeks)
    cuts = cutoffs(histories(seen, frozen, days), frozen, days)
    now = segmented(histories(bought, as_of, days), cuts, as_of, rules.new_days)
    earlier = as_of - timedelta(weeks=rules.movement_weeks)
    before = segmented(histories(bought, earlier, days), cuts, earlier, rules.new_days)
    given.segmented = named(now.select("customer_id", "segment", "cents"), ids)
    valued = worth(moved(now, before), rules.horizon_weeks)
    rows = published(named(valued, ids)).select(
        pl.lit(as_of).alias("as_of"),
        pl.col("customer_id").alias("customer_key"),
        pl.col("first_on").alias("first_bought_on"),
        pl.lit(rules.horizon_weeks, dtype=pl.Int64).alias("horizon_weeks"),
        pl.exclude("customer_id", "first_on"),
    )
    return {
        "segments": rows.select(EXPORTS["segments"].names),
        "segment_cutoffs": _named(given, "segment_cutoffs", cuts),
        "clv_calibration": _calibrated(given, bought, cuts, days),
    }


def _calibrated(given: Given, bought: pl.DataFrame, cuts: pl.DataFrame, days: int) -> pl.DataFrame:
    """clv_calibration: the model as of some months ago against the weeks since."""
    rules = given.night.settings.office.segments
    weeks = rules.calibration_weeks
    cutoff = given.as_of - timedelta(weeks=weeks)
    known = segmented(histories(bought, cutoff, days), cuts, cutoff, rules.new_days)
    came = (
        bought.filter((pl.col("day") > cutoff) & (pl.col("day") <= given.as_of))
        .group_by("customer_id")
        .agg(pl.len().alias("bought"), pl.col("cents").sum().alias("came_cents"))
    )
    told = calibration(known, came, weeks).with_columns(
        pl.lit(cutoff).alias("cutoff"), pl.lit(weeks, dtype=pl.Int64).alias("weeks")
    )
    return _named(given, "clv_calibration", told)


def _named(given: Given, name: str, rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(pl.lit(given.as_of).alias("as_of")).select(EXPORTS[name].names)
