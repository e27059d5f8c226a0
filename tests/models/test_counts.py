from typing import Any

import numpy as np
import pytest

from models.calibration import covered, pit_bounds
from models.counts import (
    Counts,
    count_quantiles,
    dispersions,
    true_levels,
    volume_classes,
    whole_rows,
)
from models.intervals import Past, Plan, band_quantiles
from models.panel import one_group
from models.spec import WEEKLY_QUANTILES

S, ORIGINS, B = 120, 20, 4


def draws(rng: Any, rate: Any, dispersion: float, shape: Any) -> Any:
    """Negative binomial counts with variance rate + dispersion * rate^2."""
    over = rng.gamma(1 / dispersion, dispersion, size=shape) if dispersion else np.ones(shape)
    return rng.poisson(rate * over).astype(float)


def counts(rng: Any, rate: Any, dispersion: float, lump: float = 1.0) -> Counts:
    level = np.asarray(rate, dtype=float) * np.ones(S)
    whole = np.tile(level[:, None, None], (1, ORIGINS, B))
    actual = lump * draws(rng, whole / lump, dispersion, whole.shape)
    pools = np.zeros(S, dtype=np.int64)
    return Counts(
        actual, whole, whole[:, 0], level, pools, 40.0, np.ones(1), np.zeros(B), np.zeros(S)
    )  # fmt: skip


def coverage(made: Any, future: Any) -> float:
    """Randomised coverage of [p10, p90] over all of future (S, B, N)."""
    quantiles = np.repeat(made[:, :, None], future.shape[2], axis=2).reshape(-1, made.shape[2])
    actual = future.reshape(-1)
    low, high = pit_bounds(actual, quantiles, WEEKLY_QUANTILES, np.ones(len(actual), dtype=bool))
    return float(covered(low, high, (0.1, 0.9)).mean())


@pytest.mark.parametrize("rate", [0.05, 0.3, 1.0, 4.0, 9.0])
@pytest.mark.parametrize("dispersion", [0.0, 0.8])
def test_quantiles_are_whole_and_cover_what_they_promise(rate: float, dispersion: float) -> None:
    rng = np.random.default_rng(1)
    level = rate * np.exp(rng.uniform(-0.35, 0.35, size=S))
    made = count_quantiles(counts(rng, level, dispersion), WEEKLY_QUANTILES)
    assert np.array_equal(made, np.round(made))
    assert (np.diff(made, axis=2) >= 0).all()
    assert (made >= 0).all()
    future = draws(rng, level[:, None, None], dispersion, (S, B, 100))
    assert 0.77 < coverage(made, future) < 0.83
    assert np.median(made[:, :, 5]) == pytest.approx(np.median(future), abs=0.12 * rate)


def test_a_median_is_nought_where_most_weeks_are_and_p95_is_a_count() -> None:
    made = count_quantiles(counts(np.random.default_rng(2), 0.3, 0.0), WEEKLY_QUANTILES)
    assert (made[:, :, 5] == 0).all()
    assert set(np.unique(made[:, :, 10])) <= {1.0, 2.0}


def test_packs_of_three_are_not_negative_binomial_and_yet_covered() -> None:
    rng = np.random.default_rng(3)
    made = count_quantiles(counts(rng, 2.0, 0.0, lump=3.0), WEEKLY_QUANTILES)
    future = 3.0 * draws(rng, 2.0 / 3, 0.0, (S, B, 100))
    assert 0.74 < coverage(made, future) < 0.86


@pytest.mark.parametrize("dispersion", [0.0, 0.5, 2.0])
def test_dispersion_is_found(dispersion: float) -> None:
    made = dispersions(counts(np.random.default_rng(4), 3.0, dispersion), np.full(S, 0.3))
    assert np.median(made) == pytest.approx(max(dispersion, 0.01), rel=0.25, abs=0.08)


def test_a_bias_of_the_rate_moves_the_levels() -> None:
    rng = np.random.default_rng(5)
    fair = counts(rng, 4.0, 0.2)
    low = Counts(
        fair.actual, fair.rate * 0.5, fair.ahead, fair.mean, fair.pools, 40.0, fair.wider,
        fair.unseen, fair.young,
    )  # fmt: skip
    least, a = np.full(S, 0.4), np.full(S, 0.2)
    levels = [true_levels(c, least, a, (0.1, 0.5, 0.9))[0] for c in (fair, low)]
    assert np.allclose(levels[0], (0.1, 0.5, 0.9), atol=0.06)
    assert (levels[1] > levels[0] + 0.05).all()


def test_what_past_counts_cannot_show_widens() -> None:
    base = counts(np.random.default_rng(6), 5.0, 0.1)
    plain = count_quantiles(base, WEEKLY_QUANTILES)
    fields = base.actual, base.rate, base.ahead, base.mean, base.pools, 40.0, base.wider
    season = count_quantiles(Counts(*fields, np.full(B, 0.6), base.young), WEEKLY_QUANTILES)
    young = count_quantiles(Counts(*fields, base.unseen, np.full(S, 0.9)), WEEKLY_QUANTILES)
    for made in (season, young):
        assert (made[:, :, 9] - made[:, :, 1]).mean() > 1.2 * (
            plain[:, :, 9] - plain[:, :, 1]
        ).mean()


def test_whole_rows_by_what_is_known_and_else_by_the_others() -> None:
    nan = np.nan
    known = np.array([[1.0, nan], [nan, nan], [2.0, 0.0]]).reshape(3, 1, 2)
    assert whole_rows(known).tolist() == [True, True, True]
    known[2, 0, 0] = 1.5
    assert whole_rows(known).tolist() == [True, False, False]
    assert not whole_rows(np.full((2, 1, 2), nan)).any()


def test_classes_are_half_open() -> None:
    assert volume_classes(np.array([0.49, 0.5, 2.0, 9.9, 10.0, 50.0])).tolist() == [
        0,
        1,
        2,
        2,
        3,
        4,
    ]


def test_kilograms_keep_their_fractions_and_units_do_not() -> None:
    rng = np.random.default_rng(7)
    units = draws(rng, 3.0, 0.3, (40, 20, 13))
    plan = Plan(((0, 4), (4, 13)), WEEKLY_QUANTILES)
    for actual, whole in ((units, True), (units * 0.37, False)):
        past = Past(np.full(actual.shape, actual.mean()), actual, 60 + np.arange(0, 40, 2))
        mean = np.full(40, actual.mean())
        made = band_quantiles(past, past.forecast[:, 0], mean, one_group(40), plan)
        assert np.array_equal(made, np.round(made)) == whole
