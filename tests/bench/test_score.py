import numpy as np
import pytest

from bench import score
from bench.peers import QUANTILES, Told

HORIZON = 3


def made(y: np.ndarray, cutoffs: tuple[int, ...], error: float) -> score.Made:
    actual = y[:, np.array(cutoffs)[:, None] + np.arange(HORIZON)]
    mean = actual + error
    return score.Made(
        mean, np.repeat(mean[..., None], len(QUANTILES), axis=3), np.arange(len(y))
    )  # fmt: skip


def panel(seed: int = 1, n: int = 30, t: int = 60) -> np.ndarray:
    return np.random.default_rng(seed).gamma(4.0, 5.0, size=(n, t))


def test_scales_are_mean_weekly_changes_before_the_first_cutoff_only() -> None:
    y = np.array([[1.0, 3.0, np.nan, 4.0, 6.0, 1e9, 1e9, 1e9], [2.0] * 8])
    actual = score.actuals_of(y, (5,), HORIZON)
    assert actual.scale[0] == pytest.approx(2.0)
    assert np.isnan(actual.scale[1])  # never changed: no scale
    assert actual.y.shape == (2, 1, HORIZON)
    assert actual.weeks.tolist() == [[5, 6, 7]]


def test_scores_of_a_constant_error_by_hand() -> None:
    y, cutoffs = panel(), (40, 44)
    actual = score.actuals_of(y, cutoffs, HORIZON)
    got = score.scores(actual, made(y, cutoffs, 2.0), slice(0, HORIZON))
    assert got.mase == pytest.approx(np.mean(2.0 / actual.scale))
    assert got.mase50 == pytest.approx(got.mase)
    assert got.spl == pytest.approx(0.5 * got.mase)  # nine equal quantiles: half on average
    assert got.wape == pytest.approx(got.bias)
    assert got.coverage == 0.0
    assert got.n == 30 * 2 * HORIZON


def test_pinball_is_least_at_the_right_quantile() -> None:
    rng = np.random.default_rng(3)
    draws = rng.exponential(size=4000)
    right = np.quantile(draws, QUANTILES)
    losses = [score.pinball(draws, np.tile(right * k, (4000, 1))).mean() for k in (0.8, 1.0, 1.2)]
    assert losses[1] < min(losses[0], losses[2])


def test_a_gap_is_paired_exact_and_signed() -> None:
    y, cutoffs = panel(), (40, 44)
    actual = score.actuals_of(y, cutoffs, HORIZON)
    band = slice(0, HORIZON)
    found = score.gap(actual, made(y, cutoffs, 1.0), made(y, cutoffs, -2.0), "mase", band)
    assert found.share == pytest.approx(-0.5)
    assert found.low == pytest.approx(-0.5)  # every series and week says the same
    assert found.high == pytest.approx(-0.5)


def test_equal_methods_are_level_and_noise_widens_the_interval() -> None:
    y, cutoffs = panel(), (40, 44, 48)
    actual = score.actuals_of(y, cutoffs, HORIZON)
    rng = np.random.default_rng(5)
    one, other = (made(y, cutoffs, rng.normal(size=(30, 3, HORIZON))) for _ in range(2))
    band = slice(0, HORIZON)
    same = score.gap(actual, one, one, "spl", band)
    assert (same.share, same.low, same.high) == (0.0, 0.0, 0.0)
    found = score.gap(actual, one, other, "mase", band)
    assert found.low < 0 < found.high


def test_a_gap_is_taken_on_the_series_that_both_have() -> None:
    y, cutoffs = panel(), (40,)
    actual = score.actuals_of(y, cutoffs, HORIZON)
    whole = made(y, cutoffs, 1.0)
    rows = np.array([0, 7, 29])
    worse = score.Made(whole.mean[rows] + 1.0, whole.quantiles[rows] + 1.0, rows)
    spoilt = score.Made(whole.mean.copy(), whole.quantiles, whole.rows)
    spoilt.mean[1:7] = 1e9  # series that the other has not
    found = score.gap(actual, spoilt, worse, "mase", slice(0, HORIZON))
    assert found.share == pytest.approx(-0.5)


def test_weeks_without_an_actual_and_peers_without_quantiles_are_left_out() -> None:
    y, cutoffs = panel(), (40,)
    y[3, 41] = np.nan
    actual = score.actuals_of(y, cutoffs, HORIZON)
    told = made(np.nan_to_num(y), cutoffs, 1.0)
    bare = score.Made(told.mean, np.full_like(told.quantiles, np.nan), told.rows)
    got = score.scores(actual, bare, slice(0, HORIZON))
    assert got.n == 30 * HORIZON - 1
    assert np.isnan(got.spl)
    assert np.isnan(got.coverage)
    assert np.isnan(score.gap(actual, told, bare, "spl", slice(0, HORIZON)).share)


def test_stacking_keeps_cutoffs_apart() -> None:
    told = [Told(np.full((2, 3), float(j)), np.full((2, 3, 9), float(j))) for j in range(4)]
    stacked = score.stacked(told, np.arange(2))
    assert stacked.mean.shape == (2, 4, 3)
    assert stacked.mean[:, 2].tolist() == [[2.0] * 3] * 2
