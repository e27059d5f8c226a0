"""Whatever a small panel holds: quantiles rise, sums agree at every level, parts add up, and again is the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models.forecast import forecast
from models.panel import Known
from models.simulate.panels import PanelSpec, simulated_panel
from models.spec import ForecastSpec, quantile_names
from tests.fuzzing import long, short

MOST = 2.0**40
"""Units of all series in a week: forecasts may be some times as many, and sums are exact to 2**43."""
ADDED = ("mean", "baseline_mean", "signal_delta")
KEY = ["target", "week_start"]
ODD = st.sampled_from(["zero", "spike", "unknown", "late", "short", "fraction", "huge"])
SHAPES = st.fixed_dictionaries(
    {
        "categories": st.integers(1, 3),
        "each": st.integers(1, 4),
        "weeks": st.integers(2, 130),
        "seed": st.integers(0, 10_000),
        "horizon": st.integers(1, 8),
        "oddities": st.lists(st.tuples(ODD, st.floats(0, 1), st.floats(0, 1)), max_size=4),
    }
)


def made(shape: dict[str, Any]) -> tuple[Known, ForecastSpec]:
    """A simulated panel in which some series do what series do in shops."""
    weeks = max(shape["weeks"], 2)
    known, spec, _ = simulated_panel(
        PanelSpec(shape["categories"], shape["each"], weeks=weeks, seed=shape["seed"])
    )
    panel = known.panels["units"]
    y = panel.y.copy()
    for kind, which, when in shape["oddities"]:
        row, at = int(which * (len(y) - 1)), int(when * (weeks - 1))
        if kind == "zero":
            y[row, at:] = 0.0
        elif kind == "spike":
            y[row, at] = 1e6
        elif kind == "unknown":
            y[row, at : at + 9] = np.nan
        elif kind in {"late", "short"}:
            y[row, : at + 1] = np.nan
        elif kind == "fraction":
            y[row] = y[row] / 3
        else:
            y[row] = y[row] * 1e7
    y = np.minimum(y, MOST / len(y))
    changed = replace(panel, y=y)
    known = replace(known, panels={"units": changed})
    return known, replace(spec, horizon=shape["horizon"], challengers=False)


def sound(frame: pl.DataFrame, names: list[str]) -> None:
    """Nothing is null, not a number or negative, and no quantile is above the next."""
    values = frame.select(names).to_numpy()
    assert np.isfinite(values).all()
    assert (values >= 0).all()
    assert (np.diff(values, axis=1) >= 0).all()


def coherent(rows: pl.DataFrame) -> None:
    """SKUs add up to categories, and these to the total, to the last bit."""
    for column in ADDED:
        sums = [
            rows.filter(pl.col("level") == level)
            .group_by(KEY).agg(pl.col(column).sum()).sort(KEY)[column].to_list()
            for level in ("sku", "category", "total")
        ]  # fmt: skip
        assert sums[0] == sums[1] == sums[2], column


def check(shape: dict[str, Any]) -> None:
    known, spec = made(shape)
    found = forecast(known, spec)
    rows = found.forecasts
    sound(rows, quantile_names(spec.quantiles))
    sound(found.cumulative, quantile_names(spec.cumulative_quantiles))
    coherent(rows)
    assert (rows["mean"] - rows["baseline_mean"] - rows["signal_delta"]).abs().max() in (0.0, None)
    key = ["target", "level", "series_id", "horizon"]
    assert not rows.select(key).is_duplicated().any()
    running = found.cumulative.sort(key).with_columns(
        pl.col("mean").diff().over(key[:3]).fill_null(0.0).alias("more")
    )
    assert running["more"].min() in (None,) or running["more"].min() >= 0  # type: ignore[operator]
    shuffled = {
        name: replace(p, series=p.series.reverse(), y=p.y[::-1]) for name, p in known.panels.items()
    }
    again = forecast(replace(known, panels=shuffled), spec)
    assert again.forecasts.equals(rows), "the order of series changes nothing"


@short(25)
@given(shape=SHAPES)
@example(
    shape={"categories": 2, "each": 2, "weeks": 2, "seed": 1, "horizon": 1,
           "oddities": [("spike", 0.0, 0.0), ("spike", 0.0, 1.0), ("huge", 0.0, 0.0)]}
)  # fmt: skip
def test_forecasts_of_odd_panels_are_sound(shape: dict[str, Any]) -> None:
    check(shape)


@pytest.mark.soak
@long(1_000)
@given(shape=SHAPES)
def test_forecasts_of_many_odd_panels_are_sound(shape: dict[str, Any]) -> None:
    check(shape)
