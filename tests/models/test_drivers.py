"""Drivers in a forecast: they gain where they are true, cost nothing where not, and add up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from models import driver_gate
from models.base import Base, History, forecast_base
from models.driver_gate import PARTS, estimated, gate, weeks_ahead
from models.drivers import Multipliers, driven, multipliers, neutral, split
from models.exposures import no_promotions
from models.panel import Grid
from models.reconcile import GRAIN, to_grain
from models.spec import ForecastSpec
from tests.models.driven import HORIZON, Truth, elsewhere, feasted, promoted

SPEC = ForecastSpec(horizon=HORIZON)


def forecast(truth: Truth, made: Multipliers) -> Base:
    free = truth.known / made.m[:, : truth.n_weeks]
    return driven(
        forecast_base(History(free, truth.groups), SPEC, 4), truth.known, made, truth.grid
    )


def wape(truth: Truth, mean: Any) -> float:
    return float(np.abs(mean - truth.ahead).sum() / truth.ahead.sum())


def found(truth: Truth) -> Multipliers:
    return multipliers(truth.known, truth.drivers, truth.groups, truth.grid)


def test_promotions_that_work_are_used_and_gain_most_of_what_the_truth_would() -> None:
    truth = promoted()
    made = found(truth)
    assert made.names == PARTS
    assert (made.power[0] > 0).all()
    assert (made.gain[0] > 0.03).all()
    assert not made.power[1].any()
    nothing = neutral(len(truth.y), truth.y.shape[1], truth.groups.n)
    told = replace(nothing, parts=np.stack([truth.m, np.ones_like(truth.m)]), power=made.power)
    without, ours, best = (wape(truth, forecast(truth, one).mean) for one in (nothing, made, told))
    assert ours < 0.93 * without
    assert without - ours > 0.8 * (without - best)


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_a_placebo_is_refused(seed: int) -> None:
    truth = elsewhere(promoted(seed=seed), seed + 100)
    made = found(truth)
    without = wape(truth, forecast_base(History(truth.known, truth.groups), SPEC, 4).mean)
    assert wape(truth, forecast(truth, made).mean) <= without * 1.0015
    assert (made.power > 0).mean() <= 0.25


def test_feasts_that_move_are_used() -> None:
    truth = feasted({"Easter Sunday": 0.5, "Mother's Day": 0.35})
    made = found(truth)
    assert (made.power[1] > 0).sum() >= 3  # of four categories, each judged for itself
    assert not made.power[0].any()
    without = wape(truth, forecast_base(History(truth.known, truth.groups), SPEC, 4).mean)
    assert wape(truth, forecast(truth, made).mean) < 0.98 * without


def test_feasts_that_do_nothing_are_refused() -> None:
    assert not found(feasted({}, seed=3)).acts


def test_only_the_categories_that_gain_use_promotions() -> None:
    truth = promoted(categories=4, each=15, seed=21)
    dull = elsewhere(truth, 99)
    half = truth.groups.codes < 2
    x = np.where(half[None, :, None], truth.drivers.x, dull.drivers.x)
    # What is said of the other half has nothing to do with its demand.
    mixed = replace(truth, drivers=replace(truth.drivers, x=x))
    power = found(mixed).power[0]
    assert (power[:2] > 0).all()
    assert (power[2:] <= 0.5).all()


def test_the_gate_reads_nothing_after_an_origin() -> None:
    truth = promoted(categories=2, each=6)
    oldest = 60
    inner = Grid(np.array([oldest, 72, 86, 100]), HORIZON, 52)
    y = truth.known.copy()
    trial = driver_gate._trial(y, truth.drivers, truth.groups, inner)
    y[:, 73:] = 1e9
    poisoned = driver_gate._trial(y, truth.drivers, truth.groups, inner)
    assert np.array_equal(trial.ahead[:, :, :2], poisoned.ahead[:, :, :2])
    assert np.array_equal(trial.history[:, :, :73], poisoned.history[:, :, :73])
    assert not np.array_equal(trial.ahead[:, :, 3], poisoned.ahead[:, :, 3])


def test_weeks_after_the_cutoff_are_not_read_at_all() -> None:
    truth = promoted(categories=2, each=6)
    a = found(truth)
    b = found(replace(truth, y=np.where(np.arange(truth.y.shape[1]) < truth.n_weeks, truth.y, 1e9)))
    assert np.array_equal(a.m, b.m)
    assert np.array_equal(a.power, b.power)


def test_effects_told_by_the_whole_past_hardly_flatter_inner_errors() -> None:
    """Inner origins see multipliers of all weeks: their errors are as large as honest ones."""
    truth = promoted(seed=31)
    made = found(truth)
    full = replace(made, parts=estimated(truth.known, truth.drivers, truth.groups, 52))
    inner = forecast(truth, full)
    grid = Grid(inner.origins, HORIZON, 52)
    trial = driver_gate._trial(truth.known, truth.drivers, truth.groups, grid)
    free = truth.known / trial.history[0]
    honest = forecast_base(History(free, truth.groups), SPEC, 4).inner_mean * trial.ahead[0]
    late = inner.origins >= truth.n_weeks - 26
    errors = [np.nanmean(np.abs(one - inner.actual)[:, late]) for one in (inner.inner_mean, honest)]
    assert errors[0] > 0.97 * errors[1]


def test_nothing_to_know_changes_nothing() -> None:
    truth = promoted(categories=2, each=4)
    drivers = replace(no_promotions_like(truth), assumed=True)
    made = multipliers(truth.known, drivers, truth.groups, truth.grid)
    assert not made.acts
    assert not made.assumed
    assert (made.m == 1).all()
    base = forecast_base(History(truth.known, truth.groups), SPEC, 4)
    assert driven(base, truth.known, made, truth.grid) is base
    with pytest.raises(ValueError, match="not"):
        multipliers(truth.known[:, :-1], drivers, truth.groups, truth.grid)


def no_promotions_like(truth: Truth) -> Any:
    series = pl.DataFrame({"series_id": list(truth.drivers.series_ids)})
    return no_promotions(series, truth.y.shape[1])


@pytest.mark.parametrize("weeks", [1, 6, 14, 30])
def test_short_histories_are_no_trouble(weeks: int) -> None:
    truth = promoted(categories=2, each=4, weeks=weeks)
    made = found(truth)
    assert made.m.shape == truth.y.shape
    assert np.isfinite(made.m).all()


def test_series_without_a_week_known_are_no_trouble() -> None:
    truth = promoted(categories=3, each=5)
    y = truth.known.copy()
    y[3] = np.nan
    y[5:10] = np.nan  # a whole category
    y[0, :80] = np.nan
    made = multipliers(y, truth.drivers, truth.groups, truth.grid)
    assert np.isfinite(made.m).all()
    assert (made.m > 0).all()


def test_assumed_timing_is_told_where_promotions_are_used() -> None:
    truth = promoted()
    sure = found(truth)
    told = found(replace(truth, drivers=replace(truth.drivers, assumed=True)))
    assert not sure.assumed
    assert told.assumed
    assert np.array_equal(sure.m, told.m)


def test_driven_forecasts_are_of_demand_itself() -> None:
    truth = promoted(categories=2, each=6)
    made = found(truth)
    assert made.acts
    base = forecast(truth, made)
    for i, origin in enumerate(base.origins.tolist()):
        seen = min(HORIZON, truth.n_weeks - origin)
        assert np.array_equal(base.actual[:, i, :seen], truth.known[:, origin : origin + seen])
        assert np.isnan(base.actual[:, i, seen:]).all()
    assert np.array_equal(base.naive, truth.known[:, truth.n_weeks - 52 : truth.n_weeks - 39])
    inner = Grid(base.origins, HORIZON, 52)
    assert weeks_ahead(inner).max() < truth.y.shape[1]


def test_parts_and_what_is_left_add_up_exactly() -> None:
    rng = np.random.default_rng(4)
    truth = promoted(categories=2, each=6)
    parts = np.exp(rng.normal(0, 0.7, size=(2, *truth.y.shape)))
    made = replace(neutral(12, truth.y.shape[1], 2), parts=parts, power=np.ones((2, 2)))
    baseline = to_grain(np.abs(rng.normal(5, 20, size=(12, HORIZON))))
    left, deltas = split(baseline, made)
    assert np.array_equal(left + deltas.sum(axis=0), baseline)
    assert (left >= 0).all()
    assert np.array_equal(deltas * GRAIN, np.round(deltas * GRAIN))
    assert left == pytest.approx(baseline / made.m[:, truth.n_weeks :], rel=1e-3, abs=4 / GRAIN)
    alone = to_grain(baseline / parts[1][:, truth.n_weeks :])
    assert baseline - deltas[1] == pytest.approx(alone, abs=2 / GRAIN)


def test_equal_inputs_give_equal_bits_and_the_gate_takes_a_sample_only() -> None:
    truth = promoted(categories=2, each=6)
    assert np.array_equal(found(truth).m, found(truth).m)
    many = np.ones(5000, dtype=bool)
    codes = np.repeat(np.arange(5), 1000)
    rows = driver_gate._sample(many, driver_gate.Groups(codes, 5))
    assert len(rows) == driver_gate.SAMPLE
    assert np.bincount(codes[rows]).tolist() == [driver_gate.SAMPLE // 5] * 5
    assert not gate(np.full((12, 60), np.nan), truth.drivers, truth.groups, truth.grid)[0].any()
