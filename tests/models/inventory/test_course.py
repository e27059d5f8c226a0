import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.special import ndtri

from models.inventory.course import Running, course_of, interpolation, pace, spread_parts
from tests.models.inventory.outlooks import EVEN, HORIZON, course, outlook_of, paths
from transforms.contracts.exports import CUMULATIVE_QUANTILES

RNG_SEED = 5


def days(*values: float) -> np.ndarray:
    return np.array([values], dtype=np.float64)


def test_whole_weeks_have_the_published_quantiles_themselves() -> None:
    outlook = outlook_of(paths(40, 0.3, np.random.default_rng(RNG_SEED), n=2_000))
    made = course(outlook).quantiles(days(*range(7, 57, 7)), CUMULATIVE_QUANTILES)
    np.testing.assert_allclose(made[0], outlook.summed[0], rtol=1e-9)


@pytest.mark.parametrize("mean", [60.0, 8.0, 1.5])
@pytest.mark.parametrize("span", [4, 10, 24, 45])
def test_spans_that_cut_weeks_hold_as_often_as_they_say(mean: float, span: int) -> None:
    rng = np.random.default_rng(RNG_SEED)
    daily = paths(mean, 0.3, rng)
    at = course(outlook_of(daily, whole=mean < 10)).quantiles(days(span), (0.5, 0.9, 0.95))[0, 0]
    came = daily[:, :span].sum(axis=1)
    for level, limit in zip((0.5, 0.9, 0.95), at, strict=True):
        if mean < 10:  # whole numbers: at most one away from the smallest that holds
            right = np.quantile(came, level, method="inverted_cdf")
            assert limit == np.rint(limit)
            assert abs(limit - right) <= 1, (level, limit)
        else:
            assert (came <= limit).mean() == pytest.approx(level, abs=0.03)


def test_rest_of_a_week_counts_what_it_has_sold() -> None:
    """Given what was sold up to Wednesday, the plan's level holds about as often as it says."""
    rng = np.random.default_rng(RNG_SEED)
    daily = paths(60, 0.4, rng)
    outlook, passed = outlook_of(daily), 3
    sold = daily[:, :passed].sum(axis=1)
    rest = daily[:, passed:7].sum(axis=1)
    plain, told = [], []
    for low in (10, 20, 30, 40):
        near = (sold >= low) & (sold < low + 5)
        expected = course(outlook, passed=passed, sold=low + 2.0).expected(days(4))[0, 0]
        told.append(abs(expected - rest[near].mean()))
        whole = outlook.mean[0, 0]
        plain.append(abs(max(whole - (low + 2.0), 0.0) - rest[near].mean()))
    assert max(told) < 4.0
    assert sum(told) < sum(plain) / 3


def test_expected_demand_adds_up_and_goes_on_beyond_the_horizon() -> None:
    outlook = outlook_of(paths(21, 0.2, np.random.default_rng(RNG_SEED), n=500))
    one = course(outlook, passed=2, sold=6.0, days=(0.4, 0.2, 0.1, 0.1, 0.1, 0.1, 0.0))
    assert one.last_day == 7 * HORIZON - 2
    ahead = one.expected(days(*range(120)))[0]
    assert ahead[0] == 0
    assert (np.diff(ahead) >= -1e-9).all()
    assert ahead[5] == pytest.approx(ahead[4])  # the week's last day sells nothing
    second = ahead[12] - ahead[5]
    assert second == pytest.approx(outlook.mean[0, 1])
    tail = outlook.mean[0, -4:].mean()
    assert ahead[one.last_day + 14] - ahead[one.last_day + 7] == pytest.approx(tail)


def test_shares_of_days_decide_what_is_left_of_the_week() -> None:
    outlook = outlook_of(paths(70, 0.2, np.random.default_rng(RNG_SEED), n=500))
    early = course(outlook, passed=1, sold=35.0, days=(0.5, *[0.5 / 6] * 6))
    late = course(outlook, passed=1, sold=35.0, days=(0.0, *[1 / 6] * 6))
    assert early.expected(days(6))[0, 0] < late.expected(days(6))[0, 0]


@settings(max_examples=60, deadline=None)
@example(noise=2.2e-311, level=1.0, due=0.0, sold=1.0)
@given(noise=st.floats(0, 50), level=st.floats(0, 2), due=st.floats(0, 200), sold=st.floats(0, 400))
def test_pace_lies_between_the_forecast_and_what_was_sold(
    noise: float, level: float, due: float, sold: float
) -> None:
    made = pace(*(np.array([v]) for v in (noise, level, due, sold)))[0]
    assert np.isfinite(made)
    if due > 1e-3 and noise > 1e-6:
        low, high = sorted((1.0, sold / due))
        assert low - 1e-6 <= made <= high + 1e-6


def test_a_sure_forecast_is_not_moved_and_an_unsure_one_is() -> None:
    one = np.array([1.0])
    assert pace(one, 0 * one, 20 * one, 60 * one)[0] == 1.0
    assert pace(one, one, 20 * one, 60 * one)[0] > 2.5


def test_parts_of_the_spread_are_found_again() -> None:
    mean = np.cumsum(np.full((1, 10), 20.0), axis=1)
    for a, b in ((2.0, 0.0), (2.0, 0.05), (0.0, 0.1)):
        noise, level = spread_parts(mean, np.sqrt(a * mean + b * mean**2))
        assert noise[0] == pytest.approx(a, abs=1e-6)
        assert level[0] == pytest.approx(b, abs=1e-9)


def test_a_normal_distribution_is_met_between_and_beyond_the_levels() -> None:
    asked = np.array([0.01, 0.33, 0.5, 0.975, 0.995])
    made = interpolation(CUMULATIVE_QUANTILES, asked) @ ndtri(np.array(CUMULATIVE_QUANTILES))
    np.testing.assert_allclose(made, ndtri(asked), atol=1e-9)


def test_nothing_expected_is_nothing_planned() -> None:
    outlook = outlook_of(np.zeros((10, 7 * HORIZON)))
    still = course_of(outlook, Running(3, 3, np.array([0.0]), EVEN[None]))
    assert still.quantiles(days(5, 30, 90), (0.5, 0.99)).max() == 0
    assert still.expected(days(90)).max() == 0
