"""statsmodels' estimate of a lead: near the truth, used where it won, and never beyond the lead."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from models.base import grid_of
from models.challengers import PACES, SETTLED, challenge
from models.forecast import forecast
from models.leadchallenge import MOST_LEADS, Sums, challenged
from models.leading import Effects, Lead
from models.levels import targets
from models.panel import Grid, one_group
from models.simulate.panels import PanelSpec, simulated_panel
from models.spec import ForecastSpec
from models.types import Floats, Ints

T, LAG, SPEC = 150, 3, ForecastSpec()
GRID = grid_of(T, SPEC, 0, 4)
INNER = replace(GRID, origins=GRID.origins[:-1])


def season_of(weeks: Ints) -> Floats:
    return np.asarray(0.2 * np.sin(2 * np.pi * weeks / 52.18))


def demand(strength: float, seed: int = 1) -> tuple[Floats, Floats]:
    """Demand of two categories that the signal of three weeks before moves, and the signals."""
    rng = np.random.default_rng(seed)
    signal = rng.normal(size=(2, T))
    felt = np.concatenate([np.zeros((2, LAG)), signal[:, :-LAG]], axis=1)
    mean = 400 * np.exp(season_of(np.arange(T)) + strength * felt)
    return rng.poisson(mean).astype(float), signal


def case(strength: float, ours: float) -> tuple[Effects, Sums]:
    """Effects that say ``ours`` of the signals in both categories, and sums forecast but for them."""
    y, signal = demand(strength)
    plain = challenge(y, one_group(2), GRID, paces={SETTLED: PACES[SETTLED]}).extra.forecasts
    ahead = GRID.origins[:, None] + np.arange(SPEC.horizon)[None, :]
    base = np.tile(400 * np.exp(season_of(ahead[:-1])), (2, 1, 1))
    weeks = ahead - LAG
    known = weeks < GRID.origins[:, None]
    path = np.where(known, signal[:, np.where(known, weeks, 0)], 0.0)
    every = ours * path[None]
    leads = tuple(Lead(0, c, LAG, signal[c]) for c in (0, 1))
    effects = Effects(("said",), every[:, :, -1], None, every[:, :, :-1], leads)
    return effects, Sums(y, base, targets(y, INNER), plain[..., 0].astype(float))


def test_an_effect_that_we_missed_is_taken_from_the_model_that_found_it() -> None:
    effects, sums = case(0.15, 0.02)
    got, fits = challenged(effects, sums, GRID)
    assert [fit.used for fit in fits] == [True, True]
    assert all((fit.signal, fit.rung, fit.converged) == ("said", "full", True) for fit in fits)
    truth = effects.log_effect * 0.15 / 0.02
    assert got.log_effect[:, :, :LAG] == pytest.approx(truth[:, :, :LAG], abs=0.05)
    assert (got.log_effect[:, :, LAG:] == 0).all()
    assert (got.past[..., LAG:] == 0).all()  # type: ignore[index]


def test_an_effect_that_is_right_stays() -> None:
    effects, sums = case(0.15, 0.15)
    got, fits = challenged(effects, sums, GRID)
    assert not any(fit.used for fit in fits)
    assert np.array_equal(got.log_effect, effects.log_effect)


def test_one_categorys_win_changes_no_other() -> None:
    wrong, sums = case(0.15, 0.02)
    right, _ = case(0.15, 0.15)
    mixed = wrong.log_effect.copy(), wrong.past.copy()  # type: ignore[union-attr]
    mixed[0][:, 1], mixed[1][:, 1] = right.log_effect[:, 1], right.past[:, 1]  # type: ignore[index]
    got, fits = challenged(replace(wrong, log_effect=mixed[0], past=mixed[1]), sums, GRID)
    assert [fit.used for fit in fits] == [True, False]
    assert np.array_equal(got.log_effect[:, 1], right.log_effect[:, 1])


def test_no_leads_too_many_and_no_past_change_nothing() -> None:
    effects, sums = case(0.15, 0.02)
    many = replace(effects, leads=effects.leads * MOST_LEADS)
    fresh = replace(effects, past=effects.past[:, :, :0])  # type: ignore[index]
    for given in (replace(effects, leads=()), many, replace(effects, past=None), fresh):
        got, fits = challenged(given, sums, GRID)
        assert got is given
        assert fits == ()


def test_a_gap_shortens_what_the_model_may_tell() -> None:
    effects, sums = case(0.15, 0.02)
    late = Grid(GRID.origins, GRID.horizon, GRID.period, 2)
    plain = challenge(sums.demand, one_group(2), late, paces={SETTLED: PACES[SETTLED]})
    base = plain.extra.forecasts[..., 0].astype(float)
    inner = replace(late, origins=late.origins[:-1])
    given = Sums(sums.demand, base[:, :-1], targets(sums.demand, inner), base)
    got, _ = challenged(effects, given, late)
    changed = got.log_effect != effects.log_effect
    assert (got.log_effect[changed & (np.arange(13) >= LAG - 2)] == 0).all()


def test_a_night_publishes_the_fits_and_its_leads_still_stop_where_they_reach() -> None:
    known, spec, _ = simulated_panel(PanelSpec(n_categories=4, per_category=10, r2=0.2, seed=9))
    made = forecast(known, spec)
    fits = made.fits.filter(pl.col("used").is_not_null())
    confirmed = made.evidence.filter(
        (pl.col("status") == "confirmed") & pl.col("category").is_not_null()
    )
    told = {(row["category"], f"state_with_{row['signal']}") for row in confirmed.rows(named=True)}
    assert told
    assert told <= set(fits.select("series_id", "model").iter_rows())
    longest = confirmed["lead_weeks"].max()
    assert made.contributions["horizon"].max() <= longest  # type: ignore[operator]
    without = forecast(known, replace(spec, challengers=False))
    assert without.fits.is_empty()
