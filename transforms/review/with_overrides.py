"""What planners' overrides make of forecasts, beside what they were."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import polars as pl

from transforms.review.parts import Night

Series = tuple[str, str, str]
"""Target, level and series."""
SERIES = ("target", "level", "series_id")
NOTE = "“With overrides” is what planners put in the forecast’s place: orders rest on it."


def final_sums(night: Night, horizon: int) -> Mapping[Series, float]:
    """Demand from horizon 1 to `horizon` with overrides, of series that an override moves by then."""
    final = night.table("forecasts_final")
    if final is None:
        return {}
    until = final.filter(pl.col("horizon") <= horizon)
    moved = until.filter(pl.col("override_delta") != 0).select(SERIES).unique()
    sums = until.filter(pl.col("horizon") == horizon).join(moved, on=list(SERIES), how="semi")
    return {(t, lv, s): x for t, lv, s, x in sums.select(*SERIES, "cumulative_mean").iter_rows()}


def final_weeks(night: Night, series: Series) -> Mapping[date, float]:
    """The weeks of a series with overrides; empty where no override moves any of them."""
    final = night.table("forecasts_final")
    if final is None:
        return {}
    mine = final.filter(*(pl.col(n) == x for n, x in zip(SERIES, series, strict=True)))
    if not (mine["override_delta"] != 0).any():
        return {}
    return dict(mine.select("week_start", "final_mean").iter_rows())
