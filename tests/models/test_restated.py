"""Corrected history told apart: tonight's forecast on the old weeks as they were known then."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from models.forecast import forecast
from models.panel import Known, Panel
from models.restated import as_known_then, baseline_then
from models.spec import ForecastSpec
from tests.models.synthetic import Truth, cut, make

SPEC = ForecastSpec(horizon=4, challengers=False)


def known_of() -> Known:
    """Two categories of five SKUs over 90 weeks."""
    return make(Truth(n_categories=2, per_category=5, weeks=90, placebos=1))[0]


def then_of(known: Known) -> Known:
    """What was known a week before."""
    return cut(known, 89)


def corrected(known: Known, week: int, by: float) -> Known:
    """The same with one week of the first series corrected."""
    panel = known.panels["units"]
    y = panel.y.copy()
    y[0, week] += by
    return replace(known, panels=known.panels | {"units": Panel(panel.series, panel.weeks, y)})


def test_unchanged_history_needs_no_forecast() -> None:
    now = known_of()
    assert as_known_then(now, then_of(now)) is None
    assert baseline_then(now, then_of(now), SPEC) is None


def test_old_weeks_are_put_back_and_new_ones_stay() -> None:
    then = then_of(known_of())
    now = corrected(known_of(), -3, 40.0)
    past = as_known_then(now, then)
    assert past is not None
    y, fresh, old = past.panels["units"].y, now.panels["units"].y, then.panels["units"].y
    np.testing.assert_array_equal(y[:, :-1], old)
    np.testing.assert_array_equal(y[:, -1], fresh[:, -1])
    assert past.signals is None


def test_a_correction_of_the_newest_weeks_moves_the_forecast_the_other_way_back() -> None:
    then = then_of(known_of())
    now = corrected(known_of(), -2, 60.0)
    made = baseline_then(now, then, SPEC)
    assert made is not None
    plain = forecast(known_of(), SPEC).forecasts
    key = ["target", "level", "series_id", "week_start"]
    same = made.join(plain, on=key)
    assert same.height == made.height
    assert same.filter(pl.col("baseline_then") != pl.col("mean")).is_empty()
    tonight = forecast(now, SPEC).forecasts.join(made, on=key).filter(level="total")
    assert (tonight["baseline_mean"] > tonight["baseline_then"]).all()


def test_a_series_that_was_not_known_then_has_no_history_in_old_weeks() -> None:
    now = known_of()
    panel = now.panels["units"]
    old = then_of(now)
    fewer = old.panels["units"]
    then = replace(old, panels={"units": Panel(fewer.series[1:], fewer.weeks, fewer.y[1:])})
    past = as_known_then(now, then)
    assert past is not None
    y = past.panels["units"].y
    assert np.isnan(y[0, :-1]).all()
    assert y[0, -1] == panel.y[0, -1]
