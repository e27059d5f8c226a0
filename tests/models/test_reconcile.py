from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.panel import Groups, group_sums
from models.reconcile import (
    GRAIN,
    Judged,
    choose_centre_pull,
    choose_pull,
    deltas_of,
    pull_ratio,
    pulled,
    to_grain,
)

values = st.floats(0, 1e7, allow_nan=False)
large = st.floats(0, 2.0**43 / 50, allow_nan=False)
shares = st.floats(-0.999, 1.2, allow_nan=False)


@settings(deadline=None, max_examples=60)
@given(arrays(float, (4, 3), elements=values), arrays(float, (3, 4, 3), elements=shares))
def test_baseline_plus_deltas_is_exact_and_never_negative(raw: Any, share: Any) -> None:
    baseline = to_grain(raw)
    deltas = deltas_of(baseline, share)
    mean = baseline + deltas[0] + deltas[1] + deltas[2]
    assert (mean >= 0).all()
    assert (mean == deltas[2] + (deltas[0] + (baseline + deltas[1]))).all()
    assert (mean * GRAIN == np.round(mean * GRAIN)).all()


@settings(deadline=None, max_examples=40)
@given(arrays(float, (50, 2), elements=large), st.randoms(use_true_random=False))
def test_sums_of_grains_do_not_depend_on_their_order(raw: Any, rnd: Any) -> None:
    grains = to_grain(raw)
    order = list(range(50))
    rnd.shuffle(order)
    assert (group_sums(grains, Groups(np.zeros(50, int), 1)) == grains[order].sum(axis=0)).all()


def test_no_signals_no_deltas() -> None:
    assert deltas_of(np.ones((3, 2)), np.zeros((0, 3, 2))).shape == (0, 3, 2)


def test_group_sums_pass_over_unknown_values() -> None:
    got = group_sums(
        np.array([[1.0, np.nan], [2.0, np.nan], [4.0, 8.0]]), Groups(np.array([0, 0, 1]), 3)
    )
    assert np.array_equal(got, [[3.0, np.nan], [4.0, 8.0], [np.nan, np.nan]], equal_nan=True)


def test_ratio_is_bounded_and_one_where_unknown() -> None:
    got = pull_ratio(np.array([1.0, 10.0, 0.0, np.nan, 2.0]), np.array([9.0, 1.0, 5.0, 5.0, 3.0]))
    assert np.array_equal(got, [2.0, 0.5, 1.0, 1.0, 1.5])


BAND = (0, 4)


@dataclass(frozen=True)
class Case:
    """Bottoms, what their sums' own forecast says, and which sum each belongs to."""

    bottom: Judged
    own: Judged
    groups: Groups

    def sums(self) -> Any:
        return group_sums(self.bottom.forecast, self.groups)

    def factors(self) -> Any:
        return pulled(pull_ratio(self.sums(), self.own.forecast))

    def pull(self) -> float:
        summed = replace(self.own, forecast=self.sums())
        return choose_pull(self.bottom, summed, self.factors(), self.groups)

    def centre_pull(self) -> float:
        return choose_centre_pull(self.bottom, self.factors(), self.groups)


def case(bottom_bias: float, category_bias: float, seed: int = 0) -> Case:
    rng = np.random.default_rng(seed)
    actual = 10 + rng.normal(size=(20, 15, 4))
    groups = Groups(np.repeat([0, 1], 10), 2)
    sums = group_sums(actual, groups)
    forecast = actual * bottom_bias + rng.normal(size=actual.shape)
    return Case(
        Judged(forecast, actual, np.ones(20), BAND),
        Judged(sums * category_bias, sums, np.full(2, 10.0), BAND),
        groups,
    )


def test_losses_are_those_of_a_plain_loop_over_shards_bands_and_factors() -> None:
    rng = np.random.default_rng(3)
    n = 700  # more than one shard
    forecast, actual = rng.gamma(2.0, size=(2, n, 9, 6))
    actual[rng.random(actual.shape) < 0.2] = np.nan
    forecast[:40, :2] = np.nan
    scale, codes = rng.uniform(1, 3, n), rng.integers(0, 3, n)
    factors = pulled(rng.uniform(0.5, 2.0, (3, 9, 6)))
    got = Judged(forecast, actual, scale, (1, 4))
    for square in (False, True):
        want = np.zeros((3, 9))
        for p in range(3):
            error = np.abs(forecast * factors[p][codes] - actual) / scale[:, None, None]
            want[p] = np.nansum((error ** (2 if square else 1))[:, :, 1:4], axis=(0, 2))
        quarters = np.array([[part.sum() for part in np.array_split(row, 4)] for row in want])
        assert np.allclose(got.quarters(factors, Groups(codes, 3), square=square), quarters)


def test_bottoms_are_pulled_only_where_the_category_forecast_wins() -> None:
    assert case(1.15, 1.0).pull() == 1.0
    assert case(1.0, 1.15).pull() == 0.0


def test_a_pull_that_harms_the_bottoms_is_refused() -> None:
    given = case(1.0, 1.15)
    shifted = replace(given.own, actual=given.own.forecast)
    assert replace(given, own=shifted).pull() == 0.0


def test_a_gain_in_part_of_the_past_is_no_reason_to_pull() -> None:
    given = case(1.15, 1.0)
    early = given.own.forecast.copy()
    early[:, :8] = given.own.actual[:, :8] * 1.2  # better than the sums in the later half only
    assert replace(given, own=replace(given.own, forecast=early)).pull() == 0.0


def test_fewer_than_four_origins_pull_nothing() -> None:
    given = case(1.15, 1.0)
    low, own = (
        replace(j, forecast=j.forecast[:, :3], actual=j.actual[:, :3])
        for j in (given.bottom, given.own)
    )
    assert Case(low, own, given.groups).pull() == 0.0


def skewed(forecast: float) -> Case:
    """200 series of median 1 and mean 1.38, and a total whose own forecast is right."""
    rng = np.random.default_rng(5)
    actual = np.exp(rng.normal(0.0, 0.8, size=(200, 16, 4)))
    groups = Groups(np.zeros(200, dtype=np.int64), 1)
    truth = np.full((1, 16, 4), 200 * np.exp(0.32))
    total = Judged(truth, group_sums(actual, groups), np.array([20.0]), BAND)
    return Case(Judged(np.full(actual.shape, forecast), actual, np.ones(200), BAND), total, groups)


def test_means_of_skewed_demand_follow_their_total_and_medians_stay() -> None:
    assert skewed(1.05).pull() == 1.0
    assert skewed(1.05).centre_pull() == 0.0


def test_what_one_series_lacks_is_not_put_on_the_others_in_full() -> None:
    given = skewed(1.38)
    low = given.bottom
    actual, forecast, scale = low.actual.copy(), low.forecast.copy(), low.scale.copy()
    actual[0], forecast[0], scale[0] = 100.0, 0.0, 100.0
    sums = group_sums(actual, given.groups)
    whole = replace(given.own, forecast=given.own.forecast + 100.0, actual=sums)
    assert Case(Judged(forecast, actual, scale, BAND), whole, given.groups).pull() < 1.0


def test_medians_follow_where_it_pays_for_them() -> None:
    assert case(1.15, 1.0).centre_pull() == 1.0
