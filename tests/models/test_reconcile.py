from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.panel import Groups, group_sums
from models.reconcile import GRAIN, Judged, choose_pull, deltas_of, pull_ratio, to_grain

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
