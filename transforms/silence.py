"""Why no signal moves a forecast: what an adopted lead lacks in a week, told apart."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import polars as pl


def silence(tables: Mapping[str, pl.DataFrame], row: Mapping[str, Any]) -> str:
    """Why no signal acts on a row of forecasts: none confirmed, or what keeps each that is."""
    evidence = tables["signal_evidence"].filter(pl.col("target") == row["target"])
    scope = pl.col("category").is_null() | (pl.col("category") == row["category"])
    mine = evidence.filter(scope)
    adopted = mine.filter(pl.col("status") == "confirmed")
    if adopted.is_empty():
        counts = dict(mine["status"].value_counts(sort=True).sort("status").iter_rows())
        tested = ", ".join(f"{n} {status}" for status, n in counts.items()) or "none tested"
        return f"  No signal acts: none is confirmed for {row['target']} here ({tested})."
    own = adopted.sort("category", nulls_last=True).unique("signal", keep="first")
    told = "; ".join(_still(tables, row, one) for one in own.sort("signal").iter_rows(named=True))
    return f"  No signal acts on this week: {told}."


def _unheard(
    tables: Mapping[str, pl.DataFrame], row: Mapping[str, Any], lead: Mapping[str, Any]
) -> bool:
    """Whether the week from which a lead would act is not yet known whole, as sources come late."""
    week = row["week_start"] - timedelta(weeks=lead["lead_weeks"])
    mine = tables["signals_weekly"].filter(
        pl.col("signal") == lead["signal"], pl.col("week_start") == week
    )
    return bool(mine["is_partial"].any())


def _still(
    tables: Mapping[str, pl.DataFrame], row: Mapping[str, Any], lead: Mapping[str, Any]
) -> str:
    """Why one adopted lead moves nothing in a week: out of reach, no share of a pool, or nothing to add."""
    weeks = "1 week" if lead["lead_weeks"] == 1 else f"{lead['lead_weeks']} weeks"
    name = f"{lead['signal']} leads by {weeks}"
    if row["horizon"] > lead["lead_weeks"]:
        ahead = f"{row['horizon']} ahead"
        return f"{name}, and this one is {ahead}; beyond its lead a signal says nothing"
    if _unheard(tables, row, lead):
        return f"{name}, and what was said in the week that acts is not known whole yet"
    parts = tables["forecast_contributions"].filter(
        pl.col("target") == row["target"], pl.col("signal") == lead["signal"],
        pl.col("category") == row["category"],
    )  # fmt: skip
    if lead["category"] is None and not (parts["delta"] != 0).any():
        return f"{name} over all categories together, but {row['category']} shows nothing of it"
    return f"{name}, but what was said in the week that acts changes nothing here"
