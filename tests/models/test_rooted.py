from typing import Any

import numpy as np
import pytest

from models.rooted import PHI, QUICK, SKEW, SLOW, news_gains, root_rows
from models.statespace import WanderingLevel, predict


def ahead(root: Any, origin: int, drift: float, season: Any = None, first: int = 0) -> Any:
    rows = np.full((13, 2), 7.0, dtype=np.float32)
    wave = np.ones(len(root) + 13) if season is None else season
    root_rows(root, first, origin, wave, news_gains(len(root), drift), 1, rows)
    return rows[:, 1]


@pytest.mark.parametrize("drift", [SLOW, QUICK])
def test_it_is_the_kalman_filter_of_statsmodels(drift: float) -> None:
    root = 6 + np.random.default_rng(1).choice([-0.5, 0.5], size=120)  # nothing out of line
    model = WanderingLevel(root, np.zeros((120, 0)), np.zeros(0), drift)
    want = predict(model, PHI, np.array([110]), np.arange(13), np.zeros((133, 0)))
    got = ahead(root, 110, drift)
    assert np.allclose(got, want.mean[0] ** 2 + SKEW * want.variance[0], rtol=5e-4)
    assert SKEW * want.variance[0] > 1e-3 * got.max()


def test_a_season_multiplies_and_news_fades() -> None:
    root = np.full(80, 5.0) + 0.1 * np.sin(np.arange(80.0))
    root[79] = 5.3
    season = np.linspace(0.5, 2, 93)
    plain = ahead(root, 80, SLOW)
    assert np.allclose(ahead(root, 80, SLOW, season), plain * season[80:], rtol=1e-5)
    assert (np.diff(plain[:8]) < 0).all()
    assert plain[0] - plain[1] > 5 * (plain[5] - plain[6])


@pytest.mark.parametrize("drift", [SLOW, QUICK])
def test_one_week_out_of_line_counts_as_twice_the_usual_surprise(drift: float) -> None:
    root = 10 + np.random.default_rng(2).normal(size=90)
    high, higher = root.copy(), root.copy()
    high[88], higher[88] = 20, 200
    assert np.array_equal(ahead(high, 90, drift), ahead(higher, 90, drift))
    assert np.abs(ahead(high, 90, drift) / ahead(root, 90, drift) - 1).max() < 0.2


def test_weeks_not_known_are_passed_over_and_later_ones_never_read() -> None:
    root = 10 + np.random.default_rng(3).normal(size=90)
    gaps = np.insert(root, [20, 20, 50], np.nan)
    assert np.allclose(ahead(gaps, 93, SLOW), ahead(root, 90, SLOW), rtol=0.01)
    poisoned = root.copy()
    poisoned[60:] = 1e9
    assert np.array_equal(ahead(poisoned, 60, QUICK), ahead(root, 60, QUICK))
    late = root.copy()
    late[:30] = 1e9
    assert np.array_equal(ahead(late, 90, QUICK, first=30), ahead(root, 90, QUICK, first=30))


def test_too_few_weeks_say_what_the_level_says_and_zeros_can_end() -> None:
    root = np.zeros(60)
    root[40:] = 3.0
    assert (ahead(root, 7, SLOW) == 7).all()
    assert (ahead(root, 30, SLOW) == 0).all()
    assert 4 < ahead(root, 60, QUICK)[0] < 10


def test_a_new_level_is_followed_quickly_or_slowly() -> None:
    root = 4 + 0.3 * np.random.default_rng(4).normal(size=100)
    root[80:] += 1.0
    slow, quick = ahead(root, 100, SLOW)[8], ahead(root, 100, QUICK)[8]
    assert 16 < slow < quick
    assert quick == pytest.approx(25, rel=0.1)
