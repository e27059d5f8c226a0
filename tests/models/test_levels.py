from typing import Any

import numpy as np
import pytest

from models.levels import (
    EXPERTS,
    FACTOR,
    FOURIER,
    LAST_YEAR,
    expert_forecasts,
    inner_origins,
    targets,
)
from models.panel import Grid, Groups


def panel(seed: int = 0, s: int = 6, t: int = 120) -> Any:
    rng = np.random.default_rng(seed)
    y = rng.poisson(5 * np.exp(rng.normal(size=(s, 1))), size=(s, t)).astype(float)
    y[1] *= rng.random(t) < 0.2
    y[2, :40] = np.nan
    y[3, 60:64] = np.nan
    y[4] = 0.0
    return y


def run(y: Any, origins: Any, horizon: int = 13, gap: int = 0) -> Any:
    groups = Groups(np.arange(len(y)) % 2, 2)
    grid = Grid(np.array(origins, dtype=np.int64), horizon, 52, gap)
    return expert_forecasts(y, groups, grid)


def ses(values: Any, alpha: float) -> Any:
    level, n = 0.0, 0
    for v in values:
        if np.isnan(v):
            continue
        n += 1
        level += max(alpha, 1 / n) * (v - level)
    return level


def expert(out: Any, name: str) -> Any:
    return out[..., EXPERTS.index(name)]


@pytest.mark.parametrize(("name", "alpha"), [("ses15", 0.15), ("ses40", 0.4), ("last", 1.0)])
def test_smoothed_levels_equal_a_plain_loop_and_pass_over_missing_weeks(
    name: str, alpha: float
) -> None:
    y = panel()
    out = run(y, [70, 120])
    for i in (0, 1, 2, 3, 4):
        for j, o in enumerate((70, 120)):
            assert expert(out, name)[i, j, 5] == pytest.approx(ses(y[i, :o], alpha), rel=1e-5)


def test_window_experts_equal_numpy() -> None:
    y = panel()
    out = run(y, [120])
    for i in range(len(y)):
        assert expert(out, "mean52")[i, 0, 0] == pytest.approx(np.nanmean(y[i, 68:120]), rel=1e-5)
        assert expert(out, "med52")[i, 0, 0] == pytest.approx(np.nanmedian(y[i, 68:120]), rel=1e-5)
        assert expert(out, "med8")[i, 0, 0] == pytest.approx(np.nanmedian(y[i, 112:120]), rel=1e-5)


def test_last_year_is_the_same_week_and_falls_back_to_the_level() -> None:
    y = panel()
    out = run(y, [59])
    assert np.allclose(expert(out, "year_ratio")[0, 0], y[0, 7:20])  # no level to compare yet
    missing = run(y, [100])
    for name in LAST_YEAR:
        assert expert(missing, name)[3, 0, 12] == expert(missing, "ses15")[3, 0, 12]  # week 60
        young = expert(run(y, [60]), name)
        assert np.array_equal(young[2], expert(run(y, [60]), "ses15")[2])


def test_last_years_week_is_tried_before_the_year_is_over() -> None:
    y = panel()
    out = run(y, [47])
    assert np.array_equal(expert(out, "year_ratio")[0, 0, :5], expert(out, "ses15")[0, 0, :5])
    assert np.allclose(expert(out, "year_ratio")[0, 0, 5:], y[0, :8])


def test_two_years_of_the_same_week_are_averaged_at_last_years_level() -> None:
    y = np.full((1, 150), 10.0)
    y[0, 20], y[0, 72] = 40.0, 20.0  # the same week, two years and one year before week 124
    got = expert(run(y, [120]), "year_ratio")[0, 0, 4]
    assert got == pytest.approx(30.0, rel=0.05)


def test_last_year_with_level_correction_follows_growth() -> None:
    y = np.concatenate([np.full(60, 10.0), np.full(60, 20.0)])[None]
    out = run(y, [112])
    for name in LAST_YEAR:
        assert expert(out, name)[0, 0, 12] >= 20.0
        assert (expert(out, name)[0, 0, :8] <= 31).all()
    flat = run(np.full((1, 120), 7.0), [120])
    assert np.allclose(flat, 7.0, atol=0.4)


def test_a_season_of_ones_own_is_followed_where_the_category_has_none() -> None:
    rng = np.random.default_rng(3)
    wave = 1 + 0.5 * np.sin(2 * np.pi * np.arange(173) / 52.18)
    y = rng.poisson(200, size=(20, 160)) * 1.0
    y[0] = rng.poisson(200 * wave[:160])
    out = run(y, [160])
    for name in FOURIER:
        assert np.abs(expert(out, name)[0, 0] / (200 * wave[160:]) - 1).max() < 0.15
        assert np.abs(expert(out, name)[2, 0] / 200 - 1).max() < 0.15


def test_a_common_week_of_last_year_comes_again() -> None:
    rng = np.random.default_rng(4)
    y = rng.poisson(100, size=(20, 120)) * 1.0
    y[:, 60] *= 3
    out = run(y, [105])
    for name in FACTOR:
        got = expert(out, name)[:, 0]
        assert (got[:, 7] > 1.8 * got[:, 3]).all()


def test_season_experts_equal_the_level_before_a_year_is_known() -> None:
    y = panel(t=120)
    out = run(y, [40, 120])
    for name in (*FOURIER, *FACTOR):
        assert np.array_equal(expert(out, name)[0, 0], expert(out, "ses15")[0, 0])


def test_no_forecast_is_negative_and_unborn_series_have_none() -> None:
    y = panel()
    y[5] = np.linspace(60, 0, 120)
    out = run(y, [30, 60, 90, 120])
    assert np.isnan(out[2, 0]).all()
    assert np.nanmin(out) >= 0


def test_weeks_from_an_origin_on_never_reach_its_forecasts() -> None:
    y = panel()
    origins = [30, 47, 58, 80, 101, 110]
    before = run(y, origins)
    for j, o in enumerate(origins):
        poisoned = y.copy()
        poisoned[:, o:] = 1e9
        assert np.array_equal(run(poisoned, origins)[:, j], before[:, j], equal_nan=True)


def test_a_gap_moves_the_weeks_that_are_forecast() -> None:
    y = panel()
    assert np.array_equal(run(y, [110], 5, gap=2), run(y, [110], 7)[:, :, 2:])
    grid = Grid(np.array([110]), 5, 52, 2)
    assert np.array_equal(targets(y, grid)[:, 0], y[:, 112:117], equal_nan=True)


def test_targets_after_the_end_are_unknown() -> None:
    y = panel()
    got = targets(y, Grid(np.array([118]), 4, 52))
    assert np.array_equal(got[0, 0, :2], y[0, 118:])
    assert np.isnan(got[0, 0, 2:]).all()


@pytest.mark.parametrize("n", [1, 2, 3, 5, 9, 13, 30, 63, 64, 104, 300])
def test_inner_origins_ascend_and_leave_something_on_both_sides(n: int) -> None:
    for stride in (2, 4):
        origins = inner_origins(n, 52, stride)
        assert (np.diff(origins) == stride).all()
        assert ((origins >= 2) & (origins < n)).all()
        assert len(origins) or n < 3
        if n >= 64:
            assert origins[0] >= 56
