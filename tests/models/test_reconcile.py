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
    to_grain,
)

values = st.floats(0, 1e7, allow_nan=False)
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
@given(arrays(float, (50, 2), elements=values), st.randoms(use_true_random=False))
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


def judged(bottom_bias: float, category_bias: float, seed: int = 0) -> Any:
    rng = np.random.default_rng(seed)
    actual = 10 + rng.normal(size=(20, 15, 4))
    groups = Groups(np.repeat([0, 1], 10), 2)
    sums = group_sums(actual, groups)
    bottom = Judged(actual * bottom_bias + rng.normal(size=actual.shape), actual, np.ones(20))
    return bottom, Judged(sums * category_bias, sums, np.full(2, 10.0)), groups


def test_bottoms_are_pulled_only_where_the_category_forecast_wins() -> None:
    assert choose_pull(*judged(1.15, 1.0)) == 1.0
    assert choose_pull(*judged(1.0, 1.15)) == 0.0


def test_a_pull_that_harms_the_bottoms_is_refused() -> None:
    bottom, category, groups = judged(1.0, 1.15)
    shifted = Judged(category.forecast, category.forecast, category.scale)
    assert choose_pull(bottom, shifted, groups) == 0.0


def test_a_gain_in_part_of_the_past_is_no_reason_to_pull() -> None:
    bottom, category, groups = judged(1.15, 1.0)
    early = category.forecast.copy()
    early[:, :8] = category.actual[:, :8] * 1.2  # better than the sums in the later half only
    mixed = Judged(early, category.actual, category.scale)
    assert choose_pull(bottom, mixed, groups) == 0.0


def test_fewer_than_four_origins_pull_nothing() -> None:
    bottom, category, groups = judged(1.15, 1.0)
    cut = [Judged(j.forecast[:, :3], j.actual[:, :3], j.scale) for j in (bottom, category)]
    assert choose_pull(*cut, groups) == 0.0


def skewed(forecast: float) -> tuple[Judged, Judged, Groups]:
    """200 series of median 1 and mean 1.38, and a total whose own forecast is right."""
    rng = np.random.default_rng(5)
    actual = np.exp(rng.normal(0.0, 0.8, size=(200, 16, 4)))
    groups = Groups(np.zeros(200, dtype=np.int64), 1)
    truth = np.full((1, 16, 4), 200 * np.exp(0.32))
    total = Judged(truth, group_sums(actual, groups), np.array([20.0]))
    return Judged(np.full(actual.shape, forecast), actual, np.ones(200)), total, groups


def test_means_of_skewed_demand_follow_their_total_and_medians_stay() -> None:
    low, total, groups = skewed(1.05)
    assert choose_pull(low, total, groups) == 1.0
    ratio = pull_ratio(group_sums(low.forecast, groups), total.forecast)[groups.codes]
    assert choose_centre_pull(low, ratio) == 0.0


def test_what_one_series_lacks_is_not_put_on_the_others_in_full() -> None:
    bottom, total, groups = skewed(1.38)
    actual, forecast, scale = bottom.actual.copy(), bottom.forecast.copy(), bottom.scale.copy()
    actual[0], forecast[0], scale[0] = 100.0, 0.0, 100.0
    lacking = Judged(forecast, actual, scale)
    whole = Judged(total.forecast + 100.0, group_sums(actual, groups), total.scale)
    assert choose_pull(lacking, whole, groups) < 1.0


def test_medians_follow_where_it_pays_for_them() -> None:
    bottom, category, groups = judged(1.15, 1.0)
    ratio = pull_ratio(group_sums(bottom.forecast, groups), category.forecast)[groups.codes]
    assert choose_centre_pull(bottom, ratio) == 1.0
