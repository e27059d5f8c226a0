"""What is known ahead reaches every part of a bottom's forecast once."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest

from models.base import grid_of
from models.bottom import _undriven
from models.drivers import neutral
from models.exposures import promotion_drivers
from models.extras import Extra
from models.forecast import forecast
from models.panel import Known, Panel
from models.spec import ForecastSpec

SPEC = ForecastSpec(horizon=6, challengers=False)
T, GAP, SERIES = 110, 1, 40
WEEKS = np.datetime64("2022-01-03") + 7 * np.arange(T + GAP + SPEC.horizon).astype("timedelta64[D]")
LAUNCHED = T + GAP


def promoted_weeks(rng: Any) -> Any:
    """(S + 1, N) weeks with a promotion that doubles sales; the last series is yet to come."""
    on = np.zeros((SERIES + 1, len(WEEKS)), dtype=bool)
    for row in on[:-1]:
        row[int(rng.integers(0, 8)) : T : 8] = True
    return on


def told(on: Any, y: Any) -> Any:
    """The forecast of the last series, a launch in the first week ahead."""
    ids = [f"s{i:02d}" for i in range(SERIES + 1)]
    start: list[date | None] = [*[None] * SERIES, WEEKS[LAUNCHED].item()]
    series = pl.DataFrame(
        {
            "series_id": ids, "category": ["a"] * len(ids), "sku": ids,
            "channel": pl.Series([None] * len(ids), dtype=pl.String),
            "ended": [False] * len(ids), "starts_on": start,
        }
    )  # fmt: skip
    rows = [(ids[i], WEEKS[t].item(), None, 7, 7, None) for i, t in np.argwhere(on)]
    types = {"series_id": pl.String, "week_start": pl.Date, "kind": pl.String,
             "days": pl.Int32, "any_days": pl.Int32, "discount": pl.Int64}  # fmt: skip
    drivers = promotion_drivers(
        pl.DataFrame(rows, schema=types, orient="row"), series, WEEKS, assumed=False
    )
    cutoff = (WEEKS[LAUNCHED] - np.timedelta64(1, "D")).item()
    known = Known(cutoff, GAP, {"units": Panel(series, WEEKS[:T], y)}, None, {"units": drivers})
    made = forecast(known, SPEC).forecasts
    return made.filter(pl.col("level") == "sku", pl.col("series_id") == ids[-1]).sort("horizon")


def test_a_promoted_launch_sells_more_by_its_own_promotion_alone() -> None:
    rng = np.random.default_rng(3)
    on = promoted_weeks(rng)
    y = rng.poisson(rng.gamma(20, 1, size=(SERIES + 1, 1)) * (1.0 + on[:, :T])).astype(float)
    y[-1] = np.nan
    plain = told(on, y)
    others, own = on.copy(), on.copy()
    others[:-1, LAUNCHED + 2], own[-1, LAUNCHED + 2] = True, True
    beside, promoted = told(others, y), told(own, y)
    usual = plain["mean"].to_numpy()
    assert (plain["promotion_delta"] == 0).all()
    assert beside["mean"].to_numpy()[2] < 1.1 * usual[2]
    lift = promoted["mean"].to_numpy() - usual
    assert lift[2] == pytest.approx(usual[2], rel=0.15)
    assert promoted["promotion_delta"][2] == pytest.approx(lift[2], abs=0.01)
    assert promoted["p90"][2] > 1.7 * plain["p90"][2]
    assert lift[:2] == pytest.approx(np.zeros(2), abs=1e-9)


def test_experts_of_an_outcome_get_its_drivers_once() -> None:
    rng = np.random.default_rng(1)
    grid = grid_of(T, SPEC, GAP, 4)
    parts = np.exp(rng.normal(0, 0.5, size=(2, 3, T + GAP + SPEC.horizon)))
    still = neutral(3, T + GAP + SPEC.horizon, 1)
    made = type(still)(still.names, parts, np.ones((2, 1)), still.gain, assumed=False)
    forecasts = rng.gamma(5, 1, size=(3, len(grid.origins), SPEC.horizon, 2)).astype(np.float32)
    extra = Extra(("hazard", "hazard_recent"), forecasts)
    got = _undriven(extra, made, grid)
    assert got is not None
    ahead = made.m[:, T + GAP :]
    assert got.forecasts[:, -1, :, 0] * ahead == pytest.approx(forecasts[:, -1, :, 0], rel=1e-5)
    first = int(grid.origins[0]) + GAP
    back = got.forecasts[:, 0, :, 1] * made.m[:, first : first + SPEC.horizon]
    assert back == pytest.approx(forecasts[:, 0, :, 1], rel=1e-5)
    assert _undriven(extra, still, grid) is extra
    assert _undriven(None, made, grid) is None
