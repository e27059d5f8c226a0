"""Shops of articles that sell once and never again: the total lives on though each SKU ends."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from models.forecast import forecast
from models.panel import Known, Panel, weeks_until_over
from models.spec import ForecastSpec, quantile_names

WEEKS, SKUS = 80, 1200


def long_tail(seed: int = 4) -> Panel:
    """Each SKU sells in one week and is dormant 26 weeks later."""
    rng = np.random.default_rng(seed)
    first = rng.integers(0, WEEKS, SKUS)
    y = np.full((SKUS, WEEKS), np.nan)
    for row, week in enumerate(first):
        y[row, week : week + 27] = 0.0
        y[row, week] = rng.integers(1, 4)
    ended = first + 26 < WEEKS
    series = pl.DataFrame(
        {
            "series_id": [f"S{i:04d}" for i in range(SKUS)],
            "category": ["a" if i % 2 else "b" for i in range(SKUS)],
            "sku": [f"S{i:04d}" for i in range(SKUS)],
            "ended": ended,
        }
    ).with_columns(pl.lit(None, dtype=pl.String).alias("channel"))
    weeks = np.arange(np.datetime64("2025-01-06"), WEEKS * 7 + np.datetime64("2025-01-06"), 7)
    return Panel(series, weeks.astype("datetime64[D]"), y)


def test_the_total_is_forecast_at_its_level_with_intervals_around_it() -> None:
    panel = long_tail()
    known = Known(date(2026, 7, 19), 0, {"units": panel})
    made = forecast(known, ForecastSpec(horizon=6)).forecasts.filter(pl.col("level") == "total")
    level = float(np.nansum(panel.y, axis=0)[-12:].mean())
    for row in made.iter_rows(named=True):
        assert 0.7 * level < row["mean"] < 1.4 * level
        assert row["p10"] < level < row["p90"]
        assert 0 < row["p05"] < row["mean"] < row["p95"]


def test_articles_that_sell_once_have_quantiles_of_counts() -> None:
    known = Known(date(2026, 7, 19), 0, {"units": long_tail()})
    made = forecast(known, ForecastSpec(horizon=6)).forecasts
    sku = made.filter(pl.col("level") == "sku").select(quantile_names(ForecastSpec().quantiles))
    values = sku.to_numpy()
    assert np.array_equal(values, np.round(values))
    assert (sku["p50"] == 0).mean() > 0.9  # but not of those known for a week or two
    assert (np.diff(values, axis=1) >= 0).all()
    total = made.filter(pl.col("level") == "total")
    assert (total["p50"] == total["p50"].round()).all()
    assert (total["p90"] > total["p10"]).all()


def test_a_series_is_over_after_its_last_known_week_and_a_living_one_is_not() -> None:
    panel = long_tail()
    over = weeks_until_over(panel)
    ended = panel.series["ended"].to_numpy()
    assert (over[~ended] == WEEKS + 1).all()
    first = np.argmax(np.nan_to_num(panel.y) > 0, axis=1)
    assert np.array_equal(over[ended], first[ended] + 27)
