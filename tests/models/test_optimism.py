"""How much past errors hide is measured: almost nothing of alike series, a lot of changing ones."""

from __future__ import annotations

import numpy as np
import pytest

from models import ensemble, levels
from models.base import grid_of, stride_for, try_experts, zero_based_bands
from models.grams import Trials
from models.optimism import MOST, SERIES, _sample, optimism
from models.panel import Grid, Groups
from models.spec import ForecastSpec
from models.types import Floats

SPEC = ForecastSpec()
BANDS = zero_based_bands(SPEC.horizon)


def measured(y: Floats, groups: Groups, n_origins: int | None = None) -> Floats:
    grid = grid_of(y.shape[1], SPEC, 0, stride_for(len(y)))
    inner = Grid(grid.origins[:-1][-(n_origins or 99) :], SPEC.horizon, SPEC.season_weeks)
    tried = try_experts(y, groups, inner)
    weeks = inner.origins[:, None] + np.arange(SPEC.horizon)[None, :]
    trials = Trials(
        tried.forecasts, tried.rows, np.arange(len(inner.origins)), levels.targets(y, inner),
        ensemble.error_scale(y), ensemble.row_decay(inner, y.shape[1]),
        float(y.shape[1] - inner.origins[0]),
    )  # fmt: skip
    families = ensemble.families_tried(y.shape[1], SPEC.season_weeks)
    return optimism(trials, weeks, groups, BANDS, families)


def alike(seed: int, n: int = 120, weeks: int = 130) -> Floats:
    rng = np.random.default_rng(seed)
    season = 1 + 0.3 * np.sin(2 * np.pi * np.arange(weeks) / 52.18)
    return rng.poisson(30 * season, (n, weeks)).astype(float)


@pytest.mark.parametrize("seed", [1, 2])
def test_many_alike_series_hide_almost_nothing(seed: int) -> None:
    got = measured(alike(seed), Groups(np.repeat(np.arange(4), 30), 4))
    assert (got >= 1).all()
    assert (got < 1.03).all()


def test_a_panel_whose_best_rule_changes_hides_more() -> None:
    y = alike(3)
    walk = np.exp(np.cumsum(0.25 * np.random.default_rng(3).normal(size=(len(y), 30)), axis=1))
    y[:, -30:] = y[:, -31:-30] * walk  # seasons ruled; then each series wanders off
    groups = Groups(np.repeat(np.arange(4), 30), 4)
    assert (measured(y, groups) > measured(alike(3), groups) + 0.02).all()
    assert (measured(y, groups) <= MOST).all()


def test_too_little_past_says_nothing() -> None:
    groups = Groups(np.zeros(120, dtype=np.int64), 1)
    assert np.isnan(measured(alike(4), groups, n_origins=4)).all()
    newest = measured(alike(4), groups, n_origins=6)
    assert np.isnan(newest[1])  # no far horizon of so few origins was known before the newest


def test_the_sample_takes_whole_groups_and_few_of_the_largest() -> None:
    small = Groups(np.repeat(np.arange(300), 10), 300)
    rows = _sample(small)
    assert SERIES <= len(rows) <= 2 * SERIES
    assert (np.bincount(small.codes[rows], minlength=300) % 10 == 0).all()
    large = Groups(np.repeat([0, 1], 5000), 2)
    assert len(_sample(large)) == 200
    assert np.array_equal(_sample(Groups(np.array([0, 1, 0]), 2)), [0, 1, 2])
