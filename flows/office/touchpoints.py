"""touchpoint_yield: answers and insights of each channel, and what they cost."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from flows.office.given import Given
from flows.office.insights import learnt_of, settled
from models.office.insight import costs, judged, with_limits
from transforms.calendar import local_day, week_of
from transforms.contracts import EXPORTS
from transforms.office import learnt
from transforms.office.reached import dials, windowed
from transforms.office.yields import invited, yields

WINDOWS = (4, 13)


def touchpoint_yield(given: Given) -> Mapping[str, pl.DataFrame] | str:
    """The table, or why there is none."""
    if (lacking := given.has("touchpoints")) is not None:
        return lacking
    rules, last = given.rules, settled(given)
    week = week_of(local_day("started_at", rules.timezone), rules.week_start).alias("week_start")
    channel = pl.col("channel").fill_null(learnt.UNKNOWN)
    talked = given.said.now.conversations.select(*learnt.KEY, week, channel)
    every = dials(given.shown("call_attempts"), rules.timezone, rules.week_start)
    weeks = pl.DataFrame({"week_start": [last]})
    windows = _newest(windowed(weeks, last, WINDOWS)).select("window_weeks", "window_end").unique()
    found = yields(
        invited(given.shown("touchpoints"), given.as_of),
        learnt.with_insights(_newest(windowed(talked, last, WINDOWS)), learnt_of(given)),
        _newest(windowed(every, last, WINDOWS)),
        windows,
        given.said.now.conversations["channel"].unique(),
    )
    targets = [
        (name, *ends) for name, ends in given.night.settings.office.touchpoints.targets.items()
    ]
    schema = {"channel": pl.String, "target_lo": pl.Float64, "target_hi": pl.Float64}
    aims = pl.DataFrame(targets, schema=schema, orient="row")
    told = judged(costs(with_limits(found)).join(aims, on="channel", how="left"))
    named = told.with_columns(pl.lit(given.as_of).alias("as_of"))
    return {"touchpoint_yield": named.select(EXPORTS["touchpoint_yield"].names)}


def _newest(shown: pl.DataFrame) -> pl.DataFrame:
    return shown.filter(pl.col("window_end") == pl.col("window_end").max())
