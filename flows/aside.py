"""Tables that nothing more of the night reads: they wait in its folder, out of memory, to be published."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from flows.memory import give_back
from flows.night import Night

ONLY_PUBLISHED = ("tags", "customers", "identity_edges")
"""Read by nothing once they are made: with millions of customers a gigabyte."""
NOT_FOR_THE_OFFICE = (
    "forecasts",
    "forecasts_cumulative",
    "forecasts_final",
    "forecast_contributions",
    "forecast_changes",
    "backtest_forecasts",
    "demand_unconstrained",
)
"""Read by the planner's tables, and not by the customer system's, which need the room most."""


def set_aside(night: Night, tables: dict[str, pl.DataFrame], names: Iterable[str]) -> list[str]:
    """Takes those of `names` that are there out of `tables`; the night's folder holds them from here on."""
    there = [name for name in names if name in tables]
    night.keep({name: tables.pop(name) for name in there})
    give_back()
    return there
