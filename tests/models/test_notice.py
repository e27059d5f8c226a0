"""Promotions announced on short notice: no look-ahead, no bias where they are not told yet."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from models import driver_gate
from models.drivers import Multipliers, multipliers, split
from models.exposures import Drivers, aligned, promotion_drivers, rows_of, until
from models.forecast import forecast
from models.levels import inner_origins
from models.notice import SWAY, Notice, Promoted, late, notice, promoted, told_by
from models.panel import Grid, Groups, Known, Panel
from models.reconcile import to_grain
from models.rivalry import Rivalry
from models.spec import ForecastSpec
from tests.models.driven import HORIZON, Truth
from tests.models.driven import promoted as world

T, GAP, SERIES, EVERY = 130, 1, 60, 6
SPEC = ForecastSpec(horizon=HORIZON, challengers=False)
AXIS = np.datetime64("2022-01-03") + 7 * np.arange(T + GAP + HORIZON).astype("timedelta64[D]")
CUTOFF = AXIS[T + GAP].item() - timedelta(days=1)
WEEKLY = {
    "series_id": pl.String, "week_start": pl.Date, "kind": pl.String, "days": pl.Int32,
    "any_days": pl.Int32, "discount": pl.Int64, "known_on": pl.Date,
}  # fmt: skip


def told_ahead(truth: Truth, weeks: int) -> Truth:
    """The same world with each week's promotions told so many weeks ahead; the rest hidden."""
    d = truth.drivers
    told = np.maximum(np.arange(d.x.shape[2]) - weeks, 0)
    x = np.where(told > truth.n_weeks, np.float32(0), d.x)
    return replace(truth, drivers=replace(d, x=x, told=np.tile(told, (len(truth.y), 1))))


def found(truth: Truth) -> Multipliers:
    return multipliers(truth.known, truth.drivers, truth.groups, truth.grid)


def doubled(weeks_ahead: int, seed: int = 5) -> tuple[Any, Any, Drivers]:
    """Every sixth week sells double and is told so many weeks ahead: demand, series, drivers."""
    rng = np.random.default_rng(seed)
    on = np.zeros((SERIES, len(AXIS)), dtype=bool)
    for row in on:
        row[int(rng.integers(0, EVERY)) :: EVERY] = True
    y = rng.poisson(rng.gamma(20, 1, size=(SERIES, 1)) * (1.0 + on)).astype(float)
    ids = [f"s{i:02d}" for i in range(SERIES)]
    empty: Any = [None] * SERIES
    series = pl.DataFrame(
        {"series_id": ids, "category": [f"c{i % 4}" for i in range(SERIES)], "sku": ids},
    ).with_columns(pl.Series("channel", empty, dtype=pl.String))
    days = {t: AXIS[t].item() - timedelta(weeks=weeks_ahead - GAP) for t in range(len(AXIS))}
    rows = [
        (ids[i], AXIS[t].item(), None, 7, 7, None, min(days[t], CUTOFF))
        for i, t in np.argwhere(on)
        if t < T + weeks_ahead
    ]
    weekly = pl.DataFrame(rows, schema=WEEKLY, orient="row")
    start = CUTOFF - timedelta(weeks=T)
    return y, series, promotion_drivers(weekly, series, AXIS, assumed=False, start=start)


def published(y: Any, series: pl.DataFrame, drivers: Drivers) -> pl.DataFrame:
    known = Known(
        CUTOFF, GAP, {"units": Panel(series, AXIS[:T], y[:, :T])}, None, {"units": drivers}
    )
    return forecast(known, SPEC).forecasts


@pytest.mark.parametrize("weeks_ahead", [2, 4])
def test_short_notice_leaves_forecasts_unbiased_and_intervals_as_wide_as_they_must(
    weeks_ahead: int,
) -> None:
    y, series, drivers = doubled(weeks_ahead)
    rows = published(y, series, drivers)
    actual = y[:, T + GAP :]
    total = rows.filter(pl.col("level") == "total").sort("horizon")
    assert total["mean"].sum() == pytest.approx(actual.sum(), rel=0.05)
    far = total["mean"].to_numpy()[weeks_ahead:].sum()
    assert far == pytest.approx(actual[:, weeks_ahead:].sum(), rel=0.05)
    skus = rows.filter(pl.col("level") == "sku").sort("series_id", "horizon")
    low, high = (skus[name].to_numpy().reshape(actual.shape) for name in ("p10", "p90"))
    inside = (actual >= low) & (actual <= high)
    assert 0.75 < inside.mean() < 0.88
    # What nobody has told is in the base: no promotion can be named for it.
    delta = total["promotion_delta"].to_numpy()
    assert (delta[: weeks_ahead - GAP] > 0).all()
    assert not delta[weeks_ahead:].any()
    # The old way, told from the start, is what this is about.
    old = published(y, series, replace(drivers, told=None))
    whole = old.filter(pl.col("level") == "total")["mean"].sum()
    assert whole < 0.93 * actual.sum()


def test_the_order_of_series_changes_no_bit() -> None:
    y, series, drivers = doubled(3)
    order = np.random.default_rng(1).permutation(SERIES)
    other = published(y[order], series[order.tolist()], rows_of(drivers, order[::-1]))
    assert other.equals(published(y, series, drivers))


def test_promotions_told_before_any_horizon_change_nothing() -> None:
    truth = world(categories=2, each=6)
    told = told_ahead(truth, HORIZON - 1)
    assert told.drivers.told is not None
    assert not late(told.drivers, truth.grid)
    a, b = found(truth), found(told)
    assert a.acts
    assert b.notice is None
    assert np.array_equal(a.parts, b.parts)
    assert np.array_equal(a.power, b.power)
    assert late(told_ahead(truth, HORIZON - 2).drivers, truth.grid)


@pytest.mark.parametrize("weeks", [2, 5])
def test_silence_costs_categories_as_much_as_their_promotions_lift(weeks: int) -> None:
    truth = told_ahead(world(seed=2), weeks)
    made = found(truth)
    assert made.notice is not None
    mean, centre = made.now(truth.n_weeks, truth.grid)
    assert np.array_equal(mean[:, :weeks], made.m[:, truth.n_weeks :][:, :weeks])
    real = world(seed=2).m[:, : truth.n_weeks]
    for g in range(truth.groups.n):
        rows = truth.groups.codes == g
        demand = truth.known[rows]
        lift = demand.sum() / (demand / real[rows]).sum()
        assert mean[rows, weeks + 2 :].mean() == pytest.approx(lift, rel=0.05)
    assert (centre <= mean + 1e-12).all()
    assert (mean[:, -1] > 1.02).all()


def test_the_gates_trial_knows_no_promotion_that_was_not_told_yet() -> None:
    truth = told_ahead(world(categories=2, each=6), 3)
    inner = Grid(np.array([60, 72, 86, 100]), HORIZON, 52)
    y, d = truth.known.copy(), truth.drivers
    trial = driver_gate._trial(y, d, truth.groups, inner)
    assert trial.silence is not None
    assert d.told is not None
    x = np.where(d.told > 72, np.float32(1) - (d.x > 0), d.x)
    y[:, 73:] = 1e9
    poisoned = driver_gate._trial(y, replace(d, x=x), truth.groups, inner)
    assert poisoned.silence is not None
    assert np.array_equal(trial.ahead[:, :, :2], poisoned.ahead[:, :, :2])
    assert np.array_equal(trial.silence[:, :, :2], poisoned.silence[:, :, :2])
    assert not np.array_equal(trial.silence[:, :, 3], poisoned.silence[:, :, 3])
    assert (trial.ahead[0, :, :, 4:] == 1).all()
    assert (trial.ahead[0, :, :, :3] != 1).any()


def fixed(truth: Truth, own: Any, y: Any) -> Notice:
    """What silence means with effects that are given, so that nothing else reads demand."""
    effects = Promoted(y, own, Rivalry(0.0, 0.0), truth.groups)
    made = notice(effects, np.ones(len(own)), truth.drivers, own, truth.grid)
    assert made is not None
    return made


def test_inner_origins_read_neither_demand_nor_promotions_after_them() -> None:
    truth = told_ahead(world(categories=2, each=6), 3)
    d = truth.drivers
    own = np.where((d.x != 0).any(axis=0), truth.m, 1.0)
    origins = inner_origins(truth.n_weeks, 52, 4)
    at = int(origins[3])
    before = fixed(truth, own, truth.known).at(origins)
    assert d.told is not None
    later = (d.told > at) & (np.arange(own.shape[1]) >= at)
    y = np.where(np.arange(truth.n_weeks) >= at, 1e9, truth.known)
    after = fixed(truth, np.where(later & (own != 1), 9.0, own), y).at(origins)
    for one, two in zip(before, after, strict=True):
        assert np.array_equal(one[:, :4], two[:, :4])
    assert not np.array_equal(before[1][:, -1], after[1][:, -1])


def test_what_silence_means_is_the_mean_of_silent_weeks_by_category_and_lead() -> None:
    own = np.ones((2, 40))
    own[0, 4::4] = 3.0
    told = np.maximum(np.tile(np.arange(40) - 2, (2, 1)), 0)
    y = 10.0 * own[:, :36]
    groups = Groups(np.array([0, 1]), 2)
    grid = Grid(np.array([36]), 4, 52)
    effects = Promoted(y, own, Rivalry(0.0, 0.0), groups)
    shown, mean, centre = Notice(effects, np.ones(2), y / own[:, :36], told, own != 1, grid).at(
        np.array([36])
    )
    assert shown[0, 0].tolist() == [3.0, 1.0, 1.0, 1.0]
    # Two weeks ahead promotions are told; of three weeks on a quarter of all weeks are a surprise.
    assert mean[0, 0, :3].tolist() == [1.0, 1.0, 1.0]
    assert mean[0, 0, 3] == pytest.approx(1 + 2 * 8 / 33)
    assert centre[0, 0, 3] == pytest.approx(np.exp(SWAY * 8 / 33))
    assert (mean[1] == 1).all()


def test_shares_add_up_where_promotions_are_not_told() -> None:
    truth = told_ahead(world(categories=2, each=6), 3)
    made = found(truth)
    baseline = to_grain(truth.ahead * made.now(truth.n_weeks, truth.grid)[0])
    left, deltas = split(baseline, made)
    assert np.array_equal(left + deltas.sum(axis=0), baseline)
    assert (left >= 0).all()
    assert not deltas[0][:, 4:].any()


def test_no_demand_no_category_and_short_histories_are_no_trouble() -> None:
    truth = told_ahead(world(categories=3, each=5), 2)
    y = truth.known.copy()
    y[3], y[5:10] = np.nan, np.nan
    made = multipliers(y, truth.drivers, truth.groups, truth.grid)
    assert made.notice is not None
    assert all(np.isfinite(one).all() for one in made.now(truth.n_weeks, truth.grid))
    for weeks in (1, 14, 30):
        small = told_ahead(world(categories=2, each=4, weeks=weeks), 2)
        assert np.isfinite(np.stack(found(small).now(weeks, small.grid))).all()


def test_days_of_announcement_become_origins() -> None:
    series = pl.DataFrame({"series_id": ["a", "b"]})
    start = date(2022, 1, 9)
    days = [None, start - timedelta(days=30), start + timedelta(days=7), start + timedelta(days=8)]
    rows = [
        ("a", AXIS[3 * i].item(), None, 7, 7, None, day) for i, day in enumerate(days)
    ]  # fmt: skip
    weekly = pl.DataFrame(rows, schema=WEEKLY, orient="row")
    made = promotion_drivers(weekly, series, AXIS[:12], assumed=False, start=start)
    assert made.told is not None
    assert made.told[0].tolist() == [0, 0, 0, 0, 0, 0, 1, 1, 0, 2, 2, 0]
    assert not made.told[1].any()
    assert promotion_drivers(weekly, series, AXIS[:12], assumed=False).told is None
    assert aligned(made, series[::-1]).told.tolist() == made.told[::-1].tolist()  # type: ignore[union-attr]
    assert until(made, 5).told.shape == (2, 5)  # type: ignore[union-attr]
    hidden = told_by(made, 10)
    assert np.array_equal(hidden.x, made.x)
    assert not told_by(replace(made, told=made.told + 9), 9).x[:, 0, 6].any()
    with pytest.raises(ValueError, match="told"):
        replace(made, told=made.told[:, :3])


def test_effects_without_rivals_are_their_own() -> None:
    truth = world(categories=2, each=6)
    effects = promoted(truth.known, truth.drivers, truth.groups)
    m = effects.m()
    assert np.array_equal(m, driver_gate.promotions_of(truth.known, truth.drivers, truth.groups))
    assert (effects.m(np.ones(m.shape, dtype=bool)) == 1).all()
