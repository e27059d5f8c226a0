from typing import Any

import numpy as np

from models.ownseason import own_season
from models.panel import Grid, Groups, one_group
from models.seasonality import relative


def seasons(y: Any, origins: Any, groups: Any = None, gap: int = 0) -> Any:
    grid = Grid(np.array(origins, dtype=np.int64), 13, 52, gap)
    groups = one_group(len(y)) if groups is None else groups
    own = own_season(y, relative(y, 52), groups, grid)
    return 1 + np.einsum("soa,ta->sot", own.coefficients, own.waves), own


def waving(size: Any, t: int = 150, seed: int = 0, mean: float = 60.0) -> Any:
    rng = np.random.default_rng(seed)
    wave = np.sin(2 * np.pi * np.arange(t) / 52.18)
    return rng.poisson(mean * (1 + np.asarray(size)[:, None] * wave)).astype(float)


def test_series_of_one_season_borrow_it_from_each_other() -> None:
    y = waving(np.full(40, 0.4), mean=4.0)
    alone, _ = seasons(y[:1], [110])
    together, _ = seasons(y, [110])
    truth = 1 + 0.4 * np.sin(2 * np.pi * np.arange(110, 123) / 52.18)
    error = np.abs(together[0, 0, 110:123] - truth).mean()
    assert error < 0.08
    assert error < np.abs(alone[0, 0, 110:123] - truth).mean()


def test_series_that_clearly_differ_keep_their_own() -> None:
    y = waving(np.repeat([0.4, -0.4], 20))
    made, _ = seasons(y, [150])
    week = 117
    assert (made[:20, 0, week] > 1.2).all()
    assert (made[20:, 0, week] < 0.8).all()


def test_groups_have_means_of_their_own() -> None:
    y = waving(np.repeat([0.3, -0.3], 20), mean=3.0)
    codes = Groups(np.repeat([0, 1], 20).astype(np.int64), 2)
    made, _ = seasons(y, [150], codes)
    assert made[:20, 0, 117].mean() > 1.15
    assert made[20:, 0, 117].mean() < 0.85


def test_within_the_first_year_there_is_none() -> None:
    y = waving(np.full(5, 0.4))
    _, own = seasons(y, [30, 52, 53])
    assert (own.coefficients[:, :2] == 0).all()
    assert (own.coefficients[:, 2] != 0).all()


def test_an_origin_is_the_same_bit_for_bit_whatever_else_is_asked_or_comes_later() -> None:
    y = waving(np.linspace(-0.3, 0.5, 9))
    y[3, :70] = np.nan
    origins = [53, 60, 77, 100, 131]
    _, every = seasons(y, origins)
    for j, o in enumerate(origins):
        poisoned = y.copy()
        poisoned[:, o:] = 1e9
        for other in (y[:, :o], poisoned):
            _, one = seasons(other, [o])
            assert np.array_equal(one.coefficients[:, 0], every.coefficients[:, j])
            assert np.array_equal(one.waves[:o], every.waves[:o])
