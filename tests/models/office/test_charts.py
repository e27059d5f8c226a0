"""Control charts against slow versions: scores, limits, which chart, and what is too little."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from models.office import charts
from models.office.charts import (
    Baseline,
    scores,
    share_baseline,
    share_limits,
    share_z,
    value_baseline,
    value_limits,
    value_z,
)

WEEKS = 26


def plain(centre: float = 0.2, weight: float = 1e9) -> Baseline:
    return Baseline("p", centre, 1.0, np.inf, weight, WEEKS, 0.0, linked=False)


@pytest.mark.parametrize(("n", "p"), [(20, 0.35), (60, 0.05), (200, 0.08), (3_000, 0.5)])
def test_scores_are_the_binomial_tail_with_half_the_weight_of_what_is_seen(
    n: int, p: float
) -> None:
    k = np.arange(n + 1)
    slow = stats.norm.ppf(stats.binom.cdf(k - 1, n, p) + stats.binom.pmf(k, n, p) / 2)
    near = np.abs(slow) < 3.5
    fast = scores(k.astype(float), np.full(n + 1, float(n)), p)
    assert np.abs(fast - slow)[near].max() < 0.25, "no event at all is furthest off"
    inner = (np.abs(slow) < 3) & (k > 0)
    assert np.abs(fast - slow)[inner].max() < 0.1
    assert (np.diff(fast[near]) > 0).all()


def test_limits_are_where_the_score_is_three() -> None:
    n = np.array([40.0, 200.0, 5_000.0])
    lo, hi = share_limits(n, plain(weight=4_000.0))
    scale = np.sqrt(1 + n / 4_000)
    assert scores(lo * n, n, 0.2) / scale == pytest.approx(-3 * np.ones(3), abs=1e-6)
    assert scores(hi * n, n, 0.2) / scale == pytest.approx(3 * np.ones(3), abs=1e-6)
    assert (np.diff(hi - lo) < 0).all(), "more is known of a larger week"


def test_where_no_count_reaches_the_limit_it_is_the_end_of_the_scale() -> None:
    lo, hi = share_limits(np.array([10.0]), plain(0.04))
    assert lo[0] == 0.0
    assert 0.1 < hi[0] < 1.0
    assert share_limits(np.array([3.0]), plain(0.9))[1][0] == pytest.approx(1.0)


def weeks_of(rng: np.random.Generator, rho: float, n: int = 400, p: float = 0.1) -> np.ndarray:
    share = p if rho == 0 else rng.beta(p * (1 / rho - 1), (1 - p) * (1 / rho - 1), WEEKS)
    return rng.binomial(n, share, WEEKS).astype(float)


def test_laneys_chart_is_for_weeks_that_differ_by_more_than_counting_makes() -> None:
    kinds = {
        rho: [
            share_baseline(weeks_of(np.random.default_rng(seed), rho), np.full(WEEKS, 400.0))
            for seed in range(100)
        ]
        for rho in (0.0, 0.02)
    }
    even = [one.chart for one in kinds[0.0] if one is not None and not one.linked]
    uneven = [one for one in kinds[0.02] if one is not None]
    assert even.count("p") >= 0.88 * len(even)
    assert all(one.chart == "laney_p" for one in uneven)
    # A share's variance beyond counting is 1 + (n - 1) rho times as large.
    assert np.median([one.spread for one in uneven]) == pytest.approx(np.sqrt(1 + 399 * 0.02), rel=0.15)  # fmt: skip


def test_weeks_that_resemble_their_neighbours_widen_the_limits_and_silence_the_runs() -> None:
    slow = np.sin(np.arange(WEEKS) / 3) * 30 + 60
    base = share_baseline(np.round(slow), np.full(WEEKS, 400.0))
    assert base is not None
    assert base.linked
    assert base.autocorrelation > 0.5
    moving = np.abs(np.diff(scores(np.round(slow), np.full(WEEKS, 400.0), base.centre))).mean()
    assert base.spread > moving / charts.RANGE_MEAN


def test_individuals_are_mean_and_moving_range_with_doubt_about_both() -> None:
    values = np.random.default_rng(4).normal(0.4, 0.05, WEEKS)
    base = value_baseline(values)
    assert base is not None
    spread = np.abs(np.diff(values)).mean() / 1.128
    assert (base.centre, base.spread) == pytest.approx((values.mean(), spread))
    lo, hi = value_limits(base)
    assert lo < values.mean() - 3 * spread < values.mean() + 3 * spread < hi
    assert value_z(np.array([lo, base.centre, hi]), base) == pytest.approx([-3, 0, 3], abs=1e-9)


def test_a_wide_week_of_a_short_baseline_counts_for_less() -> None:
    k, n = np.array([40.0]), np.array([100.0])
    far = share_z(k, n, plain(weight=1e9))[0]
    assert share_z(k, n, plain(weight=300.0))[0] == pytest.approx(far / np.sqrt(1 + 100 / 300))


@pytest.mark.parametrize(
    ("k", "n"),
    [
        (np.full(11, 5.0), np.full(11, 50.0)),
        (np.r_[np.full(25, 0.0), 4.0], np.full(26, 50.0)),
        (np.r_[np.full(25, 50.0), 46.0], np.full(26, 50.0)),
    ],
)
def test_too_little_has_no_centre(k: np.ndarray, n: np.ndarray) -> None:
    assert share_baseline(k, n) is None


def test_values_that_never_vary_or_are_few_have_no_limits() -> None:
    assert value_baseline(np.full(26, 0.3)) is None
    assert value_baseline(np.arange(11.0)) is None
