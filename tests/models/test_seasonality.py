from typing import Any

import numpy as np
import pytest

from models.panel import Grid, Groups, one_group
from models.seasonality import (
    common_factor,
    group_means,
    pooled_season,
    relative,
    trailing_mean,
)


def seasonal(seed: int = 0, s: int = 40, t: int = 130, size: float = 0.4) -> Any:
    rng = np.random.default_rng(seed)
    wave = 1 + size * np.sin(2 * np.pi * np.arange(t) / 52.18)
    return rng.poisson(30 * wave, size=(s, t)).astype(float), wave


def test_a_planted_season_is_found_from_before_each_origin() -> None:
    y, wave = seasonal()
    grid = Grid(np.array([80, 130]), 13, 52)
    season = pooled_season(y, one_group(len(y)), grid)
    assert season.known.all()
    late = 1 + 0.4 * np.sin(2 * np.pi * np.arange(130, 143) / 52.18)
    assert np.abs(season.season[0, 1, 130:] - late).max() < 0.12
    assert np.corrcoef(season.season[0, 0, 80:93], wave[80:93])[0, 1] > 0.9


def test_without_season_the_pooled_one_stays_near_one() -> None:
    y, _ = seasonal(size=0.0)
    season = pooled_season(y, one_group(len(y)), Grid(np.array([130]), 13, 52))
    assert np.abs(season.season - 1).max() < 0.05


def test_groups_keep_their_own_season_where_the_data_say_so() -> None:
    up, _ = seasonal(1)
    down, _ = seasonal(2, size=-0.4)
    groups = Groups(np.repeat([0, 1], 40), 2)
    season = pooled_season(np.vstack([up, down]), groups, Grid(np.array([130]), 13, 52))
    week = 117  # a quarter of a year after two whole ones: the peak of one, the trough of the other
    assert season.season[0, 0, week] > 1.2
    assert season.season[1, 0, week] < 0.8


def test_less_than_a_year_gives_no_season() -> None:
    y, _ = seasonal(t=50)
    season = pooled_season(y, one_group(len(y)), Grid(np.array([40, 50]), 13, 52))
    assert not season.known.any()
    assert (season.season == 1).all()
    assert (season.factor == 1).all()


def test_nothing_but_zeros_gives_no_season() -> None:
    season = pooled_season(np.zeros((3, 100)), one_group(3), Grid(np.array([100]), 13, 52))
    assert not season.known.any()


def test_relative_demand_is_over_the_trailing_year_and_capped() -> None:
    y = np.full((1, 120), 4.0)
    y[0, 100] = 1000.0
    ratio = relative(y, 52)
    assert np.allclose(ratio[0, :100], 1.0)
    assert ratio[0, 100] == 5.0
    assert ratio[0, 110] < 1.0
    assert np.isnan(relative(np.zeros((1, 60)), 52)).all()


@pytest.mark.parametrize("t", [5, 51, 52, 53, 60, 130])
def test_trailing_means_equal_plain_windows(t: int) -> None:
    rng = np.random.default_rng(t)
    y = rng.poisson(3.0, size=(5, t)).astype(float)
    y[rng.random(y.shape) < 0.2] = np.nan
    y[3] = np.nan
    got = trailing_mean(y, 52)
    for i in range(len(y)):
        for week in range(t):
            end = week + 1 if t < 52 else max(week + 1, 52)
            seen = y[i, max(0, end - 52) : end]
            seen = seen[~np.isnan(seen)]
            assert got[i, week] == pytest.approx(
                seen.mean() if len(seen) >= 8 else np.nan, nan_ok=True
            )


def test_group_means_pass_over_unknown_weeks() -> None:
    ratio = np.array([[1.0, np.nan], [3.0, 2.0], [5.0, np.nan]])
    got = group_means(ratio, Groups(np.array([0, 0, 1]), 2))
    assert np.array_equal(got, [[2.0, 2.0], [5.0, np.nan]], equal_nan=True)


def test_a_shared_shock_stands_in_the_factor_and_later_weeks_do_not_change_it() -> None:
    y, _ = seasonal(size=0.0, t=110)
    y[:, 70] *= 2
    groups = Groups(np.repeat([0, 1], 20), 2)
    factor = common_factor(relative(y, 52), groups, 52)
    assert (factor[:, 70] > 1.6).all()
    later = y.copy()
    later[:, 90:] *= 3
    assert np.array_equal(common_factor(relative(later, 52), groups, 52)[:, :90], factor[:, :90])


def test_what_stands_at_an_origin_is_the_same_from_every_later_cutoff() -> None:
    y, _ = seasonal(t=140)
    y[3, :30] = np.nan
    groups = Groups(np.repeat([0, 1], 20), 2)
    every = pooled_season(y, groups, Grid(np.array([53, 58, 70, 99, 121, 140]), 13, 52))
    for n, rows in ((54, [0]), (70, [0, 1, 2]), (121, [2, 3, 4]), (122, [4])):
        origins = np.array([53, 58, 70, 99, 121, 140])[rows]
        one = pooled_season(y[:, :n], groups, Grid(origins, 13, 52))
        assert one.known.all()
        assert np.array_equal(one.season, every.season[:, rows, : n + 13])
        assert np.array_equal(one.factor, every.factor[:, :n])
