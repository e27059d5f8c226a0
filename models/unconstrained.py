"""Demand of weeks in which stock ran out: what would have been sold had it lasted.

The pace of such a week is estimated from its days with stock and from the weeks before it, which
count as ``PRIOR_WEEKS`` of a week each way: the mean of the eight known weeks before, times last
year's season where it is known (``models.closures``). Days without stock get that pace, and never
less than they sold. Only weeks before it and the week itself tell of a week.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from models.closures import as_if_open
from models.panel import Groups, Panel, group_sums
from models.types import Bools, Floats

PRIOR_WEEKS = 1.0
COLUMNS = {
    "sku": pl.String(),
    "week_start": pl.Date(),
    "observed_units": pl.Float64(),
    "unconstrained_units": pl.Float64(),
    "lost_units": pl.Float64(),
    "method": pl.String(),
    "censored_share": pl.Float64(),
    "trained_on": pl.Boolean(),
}
FRACTION = 1024.0


def week_demand(sold_in: Floats, sold_out: Floats, stocked: Floats, before: Floats) -> Floats:
    """Return (N,) demand of whole weeks; nan where neither days with stock nor weeks before tell.

    ``sold_in`` on the share ``stocked`` of the week's usual demand, ``sold_out`` on the rest;
    ``before``: what weeks before let expect of the whole week, nan = nothing.
    """
    known = ~np.isnan(before)
    worth = np.where(known, PRIOR_WEEKS, 0.0)
    weight = worth + stocked
    pace = (worth * np.where(known, before, 0.0) + sold_in) / np.where(weight > 0, weight, np.nan)
    return np.asarray(sold_in + np.maximum(pace * (1.0 - stocked), sold_out))


def unconstrained(
    panel: Panel, alive: Bools, out: pl.DataFrame, shares: pl.DataFrame, season_weeks: int
) -> pl.DataFrame:
    """Return one row per SKU and complete week with days without stock, while it was on sale.

    ``alive`` (S, T): on sale. ``out``: as ``transforms.planning.stockouts.out_weeks`` gives them.
    ``shares``: sku and ``day_0`` … ``day_6``, the shares of a week's demand.
    """
    skus, member = _by_sku(panel)
    if out.is_empty() or not len(panel.weeks) or panel.sold is None:
        return pl.DataFrame(schema=COLUMNS)
    y = group_sums(panel.y, member)
    live = group_sums(alive.astype(np.float64), member) > 0
    places = out.join(skus.with_row_index("_row"), on="sku", maintain_order="left").join(
        shares, on="sku", how="left", maintain_order="left"
    )
    row = places["_row"].to_numpy().astype(np.int64)
    step = places["week_start"].to_numpy().astype("datetime64[D]") - panel.weeks[0]
    week = step.astype(np.int64) // 7
    inside = (week >= 0) & (week < len(panel.weeks))
    inside[inside] &= live[row[inside], week[inside]]
    places, row, week = places.filter(pl.Series(inside)), row[inside], week[inside]
    short = np.zeros(y.shape, dtype=bool)
    short[row, week] = True
    before = as_if_open(y, short, season_weeks)[row, week]
    return _rows(places, before, ~np.isnan(y[row, week]))


def _by_sku(panel: Panel) -> tuple[pl.DataFrame, Groups]:
    """Return the panel's SKUs, sorted, and the SKU of each of its series."""
    skus = panel.series.select("sku").unique().drop_nulls().sort("sku")
    order = pl.Enum(skus["sku"])
    codes = panel.series["sku"].cast(order).to_physical().to_numpy().astype(np.int64)
    return skus, Groups(codes, skus.height)


def _rows(places: pl.DataFrame, before: Floats, trained: Bools) -> pl.DataFrame:
    out = places.select(f"out_{i}" for i in range(7)).to_numpy().astype(bool)
    days = places.select(f"day_{i}" for i in range(7)).to_numpy()
    # A week that was out on each of its days tells nothing: no rounding of shares may say else.
    stocked = np.where(out.all(axis=1), 0.0, (days * ~out).sum(axis=1))
    sold_in, sold_out = places["sold_in"].to_numpy(), places["sold_out"].to_numpy()
    observed = sold_in + sold_out
    made = week_demand(sold_in, sold_out, stocked, before)
    estimated = ~np.isnan(made)
    whole = np.where(estimated, np.round(np.nan_to_num(made) * FRACTION) / FRACTION, observed)
    whole = np.maximum(whole, observed)
    method = np.where(
        ~estimated, "not_estimated", np.where(stocked > 0, "in_stock_days", "weeks_before")
    )
    return places.select(
        "sku",
        "week_start",
        pl.Series("observed_units", observed),
        pl.Series("unconstrained_units", whole),
        pl.Series("lost_units", whole - observed),
        pl.Series("method", method, dtype=pl.String),
        "censored_share",
        pl.Series("trained_on", trained),
    )
