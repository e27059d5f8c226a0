"""Leads that move a level for good, told from leads that pass."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from bench.signals import box_jenkins
from models.backtest import backtest
from models.evidence import prove
from models.lasting import (
    SMOOTHING,
    departures_from,
    lasting,
    lasting_path,
    persistence,
    smoothed,
    unseasoned,
)
from models.leading import effects_of
from models.leadtest import sequences
from models.panel import Known
from models.simulate.panels import PanelSpec, first_weeks, simulated_panel
from tests.models.synthetic import Truth, make

FOLDER = os.environ.get("HEARCAST_EXAMPLES_DATA")


def wanderers(seed: int, *, c: int = 6, t: int = 156, lag: int = 3) -> tuple[Any, Any]:
    """Log demand (C, T) that the signal's departures move for good, and the signal."""
    rng = np.random.default_rng(seed)
    signal = 0.12 + 0.01 * np.cumsum(rng.normal(size=(c, t)), axis=1)
    u = departures_from(signal, 0.25)
    news = np.concatenate([np.zeros((c, lag)), u[:, :-lag]], axis=1)
    return np.cumsum(2.0 * news + 0.04 * rng.normal(size=(c, t)), axis=1), signal


def test_a_link_that_moves_a_level_for_good_is_told_with_its_size() -> None:
    demand, signal = wanderers(4)
    got = lasting(demand, signal, 3, 52)
    assert got.lasts.all()
    assert SMOOTHING[got.form[-1]] == 0.25
    effect = got.effect[got.form[-1]]
    assert effect[-1] == pytest.approx(2.0, rel=0.2)
    assert np.abs(effect[:-1] / 2.0 - 1).max() < 0.5


def test_links_that_pass_and_signals_without_any_do_not_last() -> None:
    known, spec, _ = simulated_panel(PanelSpec(n_categories=30, r2=0.2, seed=3))
    test = prove(known, spec).tests["units"]
    passing = lasting(test.demand, test.rate[0], 3, 52)
    assert passing.lasts[:-1].mean() <= 0.04
    assert not passing.lasts[-1]
    demand, signal = wanderers(5)
    unrelated = lasting(demand, signal[::-1].copy(), 3, 52)
    assert unrelated.lasts.sum() == 0


def test_what_lasts_stays_beyond_the_lead_and_a_gap_is_passed_over() -> None:
    u = np.random.default_rng(0).normal(size=30)
    path = lasting_path(u, 0.0, 3, 6, 0)
    assert np.allclose(path, np.cumsum([*u[-3:], 0, 0, 0]))
    assert np.allclose(lasting_path(u, 0.0, 3, 5, 1), path[1:])
    fading = lasting_path(u, 0.5, 3, 6, 0)
    assert np.allclose(np.diff(fading[2:]), u[-1] * 0.5 ** np.arange(1, 4))
    assert np.isfinite(lasting_path(u[:2], 0.5, 4, 6, 0)).all()


def test_a_signal_that_stays_where_it_went_keeps_one_less_its_smoothing() -> None:
    walk = np.cumsum(np.random.default_rng(1).normal(size=(1, 4000)), axis=1)
    noise = np.random.default_rng(1).normal(size=(1, 4000))
    assert persistence(departures_from(walk, 0.25), 0.25)[0] == pytest.approx(0.75, abs=0.03)
    assert persistence(departures_from(noise, 0.25), 0.25)[0] < 0.05


def test_a_wave_is_taken_off_and_a_walk_is_left_alone() -> None:
    t, rng = np.arange(156), np.random.default_rng(2)
    wave = np.sin(2 * np.pi * t / 52.18)
    walk = np.cumsum(rng.normal(size=(40, 156)), axis=1)
    assert np.abs(unseasoned(wave[None] + 0.01 * walk[:1], 52)).std() < 0.2
    kept = unseasoned(walk, 52)
    assert np.median(np.abs(np.diff(kept - walk, axis=1)).max(axis=1)) == 0.0
    gappy = walk.copy()
    gappy[:, :30] = np.nan
    assert np.array_equal(np.isnan(unseasoned(gappy, 52)), np.isnan(gappy))


def test_smoothing_waits_for_the_first_value_and_passes_over_gaps() -> None:
    z = np.array([[np.nan, 2.0, np.nan, 4.0]])
    assert np.array_equal(smoothed(z, 0.5)[0, 1:], [2.0, 2.0, 3.0])
    assert np.isnan(smoothed(z, 0.5)[0, 0])


@pytest.mark.parametrize("t", [5, 20, 44, 60])
def test_little_history_is_no_error_and_nothing_lasts(t: int) -> None:
    demand, signal = wanderers(6, t=t)
    assert not lasting(demand, signal, 8, 52).lasts.any()


def test_an_adopted_lead_that_lasts_moves_every_horizon_of_its_categories() -> None:
    known, spec = make(Truth(weeks=140))
    proof = prove(known, spec)
    test = proof.tests["units"]
    demand, signal = wanderers(7, c=4, t=140)
    rate = test.rate.copy()
    rate[0] = signal
    proof.tests["units"] = replace(test, demand=demand, rate=rate)
    got = effects_of(proof, "units", test.categories, spec, 0).log_effect[0]
    lag = int(test.results.lag[0, 0, -1])
    assert (np.abs(got[:, lag:]) > 0).all()
    passing = effects_of(prove(known, spec), "units", test.categories, spec, 0).log_effect[0]
    assert (passing[:, lag:] == 0).all()


def test_wandering_signals_do_not_lead_wandering_demand() -> None:
    sizes, found = [], []
    for seed in range(6):
        demand, signal = wanderers(seed, c=20)
        walk = 0.05 * np.cumsum(np.random.default_rng(seed).normal(size=demand.shape), axis=1)
        others = np.stack([np.roll(signal, move, axis=0) for move in (0, 1, 2, 3)])
        linked = sequences(demand, others, np.full(4, 8), 52)
        free = sequences(walk, others, np.full(4, 8), 52)
        found.append((linked.lag[0, :-1, -1] == 3).mean())
        sizes.append([(p[:, :-1, -1] <= 0.05).mean()
                      for p in (linked.p[1:], linked.oos_p[1:], free.p, free.oos_p)])  # fmt: skip
    assert np.mean(found) > 0.75
    assert (np.mean(sizes, axis=0) < 0.08).all()


def adopted_from(known: Known, spec: Any) -> Any:
    return prove(known, spec).evidence.row(0, named=True)


@pytest.mark.needs_data
@pytest.mark.skipif(not FOLDER, reason="HEARCAST_EXAMPLES_DATA is not set")
def test_the_lead_of_box_and_jenkins_is_found_in_levels_and_forecasts_better() -> None:
    known, spec = box_jenkins(Path(FOLDER or ""))
    row = adopted_from(known, spec)
    assert (row["status"], row["lead_weeks"], row["direction_ok"]) == ("confirmed", 3, True)
    cuts = range(90, 147, 8)
    past = backtest([first_weeks(known, n) for n in cuts], known, spec).forecasts
    for horizon, least in ((3, 0.4), (13, 0.15)):
        near = past.filter(pl.col("horizon") <= horizon)
        actual = near["actual"].to_numpy()
        with_, without = (
            float(np.abs(near[name].to_numpy() - actual).sum())
            for name in ("mean", "baseline_mean")
        )
        assert 1 - with_ / without > least
