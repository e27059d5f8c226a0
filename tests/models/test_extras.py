from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from models.base import History, forecast_base, grid_of
from models.ensemble import families_tried, prior
from models.extras import Extra, joined
from models.levels import EXPERTS, FLAT, targets
from models.panel import Groups
from models.spec import ForecastSpec

SPEC = ForecastSpec()
FIELDS = ("mean", "centre", "naive", "flat", "inner_mean", "inner_centre", "actual")


def history(s: int = 12, t: int = 120) -> History:
    rng = np.random.default_rng(5)
    y = rng.poisson(30, size=(s, t)).astype(float)
    y[0, :80] = np.nan
    y[1, 40:45] = np.nan
    return History(y, Groups(np.arange(s) % 3, 3))


def told(h: History, noise: float = 1.0) -> Any:
    """Forecasts that know the future all but for some noise; at the cutoff, 30."""
    grid = grid_of(h.y.shape[1], SPEC, h.gap, 2)
    truth = targets(h.y, grid)
    rng = np.random.default_rng(6)
    made = np.where(np.isnan(truth), 30.0, truth) + rng.normal(0, noise, size=truth.shape)
    return np.maximum(made, 0)[..., None].astype(np.float32)


def test_nothing_extra_changes_no_bit_and_a_blind_one_little() -> None:
    h = history()
    plain, again = forecast_base(h, SPEC, 2), forecast_base(h, SPEC, 2, None)
    for name in FIELDS:
        assert np.array_equal(getattr(plain, name), getattr(again, name), equal_nan=True)
    blind = Extra(("none",), np.full_like(told(h), np.nan))
    got = forecast_base(h, SPEC, 2, blind)
    assert np.array_equal(got.flat, plain.flat)
    assert np.allclose(got.mean, plain.mean, rtol=0.03)


def test_an_extra_that_knows_gets_nearly_all_the_weight() -> None:
    h = history()
    base = forecast_base(h, SPEC, 2, Extra(("oracle",), told(h)))
    seen = ~np.isnan(base.actual) & ~np.isnan(base.inner_mean)
    error = np.abs(base.inner_mean - base.actual)[seen].mean()
    plain = forecast_base(h, SPEC, 2)
    assert error < 0.4 * np.abs(plain.inner_mean - plain.actual)[seen].mean()
    assert np.isnan(base.inner_mean[0, 0]).all(), "no forecast before a series began"


def test_what_is_missing_takes_the_flat_level_cell_by_cell() -> None:
    experts = np.random.default_rng(0).random((3, 4, 5, len(EXPERTS))).astype(np.float32)
    experts[0, 0] = np.nan
    given = np.full((3, 4, 5, 2), 7.0, dtype=np.float32)
    given[1, 2, 3, 1] = np.nan
    got = joined(experts, Extra(("a", "b"), given), FLAT)
    assert np.array_equal(got[..., : len(EXPERTS)], experts, equal_nan=True)
    assert got[1, 2, 3, -1] == experts[1, 2, 3, FLAT]
    assert got[1, 2, 3, -2] == 7.0
    assert np.isnan(got[0, 0]).all()
    assert joined(experts, None, FLAT) is experts


def test_extra_experts_are_one_family_of_equal_mass() -> None:
    for n_weeks, families in ((100, 5), (60, 3), (40, 2)):
        p = prior(families_tried(n_weeks, 52), extra=3)
        assert p.shape == (len(EXPERTS) + 3,)
        assert p.sum() == pytest.approx(1)
        assert p[-3:] == pytest.approx(1 / families / 3)


def test_short_histories_and_empty_panels_take_extras_too() -> None:
    for s, t in ((3, 1), (3, 9), (0, 80)):
        h = History(np.full((s, t), 5.0), Groups(np.zeros(s, dtype=np.int64), 1))
        n = len(grid_of(t, SPEC, 0, 2).origins)
        extra = Extra(("x",), np.full((s, n, SPEC.horizon, 1), 5.0, dtype=np.float32))
        assert forecast_base(h, SPEC, 2, extra).mean == pytest.approx(5.0, rel=0.01)


def test_extras_that_do_not_fit_are_refused() -> None:
    h = history()
    good = Extra(("x",), told(h))
    with pytest.raises(ValueError, match="experts"):
        forecast_base(h, SPEC, 2, replace(good, forecasts=good.forecasts[:, 1:]))
    with pytest.raises(ValueError, match="distinct"):
        Extra(("x", "x"), np.repeat(good.forecasts, 2, axis=3))
    with pytest.raises(ValueError, match="not \\(S"):
        Extra(("x", "y"), good.forecasts)
    with pytest.raises(ValueError, match="not negative"):
        Extra(("x",), good.forecasts - 1e3)
