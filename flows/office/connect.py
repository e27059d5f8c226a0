"""connect_rate: how many of those dialled answer."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from flows.office.given import Given
from models.office.connect import compared, reach_rates
from transforms.calendar import last_complete_week
from transforms.contracts import EXPORTS
from transforms.office.reached import dials, firsts, reached, windowed


def connect_rate(given: Given) -> Mapping[str, pl.DataFrame] | str:
    """The table, or why there is none."""
    if (lacking := given.has("call_attempts")) is not None:
        return lacking
    rules = given.rules
    last = last_complete_week(given.as_of, rules.latency_days, rules.week_start)
    every = dials(given.shown("call_attempts"), rules.timezone, rules.week_start)
    shown = windowed(every, last)
    if shown.is_empty():
        return "no complete week of the last 25 has calls"
    rates = reach_rates(reached(shown), given.night.settings.office.connect.target)
    teams = compared(firsts(shown)).with_columns(
        pl.lit("comparison").alias("kind"),
        pl.lit("people").alias("unit"),
        pl.lit("team").alias("dimension"),
    )
    rows = pl.concat([rates.with_columns(pl.lit("rate").alias("kind")), teams], how="diagonal")
    names = EXPORTS["connect_rate"].names
    return {"connect_rate": rows.with_columns(pl.lit(given.as_of).alias("as_of")).select(names)}
