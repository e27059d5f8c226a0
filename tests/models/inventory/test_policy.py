from dataclasses import replace

import numpy as np
import pytest

from models.inventory.policy import (
    Terms,
    days_to_wait,
    lead_nodes,
    levels_of,
    order,
    service_of,
)
from tests.models.inventory.outlooks import course, outlook_of, paths

SEED = 11


def terms(**changes: object) -> Terms:
    one = np.array([1.0])
    base = Terms(14 * one, 0 * one, 7 * one, 0.95 * one, np.nan * one, np.nan * one, one > 0)
    return replace(base, **{k: np.asarray([v]) for k, v in changes.items()})


def test_reorder_point_is_the_quantile_of_lead_plus_review() -> None:
    outlook = outlook_of(paths(40, 0.3, np.random.default_rng(SEED)))
    made = levels_of(course(outlook), terms())
    p95 = outlook.summed[0, 2, 10]
    assert made.reorder[0] == pytest.approx(p95)
    assert made.order_up_to[0] == np.ceil(p95)
    assert made.mean[0] == pytest.approx(outlook.mean[0, :3].sum())
    assert made.p50[0] < made.p90[0] < made.p95[0]


def test_levels_rise_with_the_service_asked_for() -> None:
    one = course(outlook_of(paths(40, 0.3, np.random.default_rng(SEED))))
    asked = [levels_of(one, terms(service=s)).reorder[0] for s in (0.8, 0.9, 0.95, 0.98, 0.995)]
    assert asked == sorted(asked)
    assert len(set(asked)) == 5


def test_lead_times_have_their_mean_and_deviation() -> None:
    nodes = lead_nodes(terms(lead_std_days=5.0))[0]
    assert nodes.mean() == pytest.approx(14)
    assert nodes.std() == pytest.approx(5, rel=0.02)
    assert (nodes >= 0).all()
    assert lead_nodes(terms()).shape == (1, 1)


def test_a_varying_lead_time_is_covered_as_often_as_asked() -> None:
    """Beside a simulation of both; the textbook's normal formula is not what is compared with."""
    rng = np.random.default_rng(SEED)
    daily = paths(40, 0.2, rng)
    level = levels_of(course(outlook_of(daily)), terms(lead_std_days=6.0)).reorder[0]
    lead = np.rint(rng.gamma((14 / 6) ** 2, 36 / 14, len(daily))).astype(int)
    until = np.minimum(lead + 7, daily.shape[1])
    summed = np.cumsum(daily, axis=1)
    held = (summed[np.arange(len(daily)), until - 1] <= level).mean()
    assert held == pytest.approx(0.95, abs=0.012)
    assert level > levels_of(course(outlook_of(daily)), terms()).reorder[0]


@pytest.mark.parametrize(
    ("position", "moq", "pack", "expected"),
    [
        (100, np.nan, np.nan, 0), (70, np.nan, np.nan, 30), (99.5, np.nan, np.nan, 1),
        (70, 48, np.nan, 48), (70, np.nan, 12, 36), (70, 50, 12, 60), (64, 36, 12, 36),
        (-20, np.nan, np.nan, 120), (np.nan, 48, 12, np.nan),
    ],
)  # fmt: skip
def test_orders_fill_up_in_whole_packs(
    position: float, moq: float, pack: float, expected: float
) -> None:
    made = order(np.array([100.0]), np.array([position]), terms(moq=moq, pack=pack))
    np.testing.assert_equal(made[0], expected)


def test_goods_sold_by_weight_are_ordered_to_the_gram() -> None:
    made = order(np.array([10.25]), np.array([9.0]), terms(pieces=False))
    assert made[0] == 1.25


def test_service_is_what_a_simulation_finds() -> None:
    rng = np.random.default_rng(SEED)
    daily = paths(40, 0.3, rng)
    position = np.array([150.0])
    made = service_of(course(outlook_of(daily)), terms(), position)
    before, until = daily[:, :14].sum(axis=1), daily[:, :21].sum(axis=1)
    assert made.cycle[0] == pytest.approx((until <= 150).mean(), abs=0.015)
    short = np.maximum(until - np.maximum(150, before), 0).mean()
    assert made.fill[0] == pytest.approx(1 - short / (until - before).mean(), abs=0.01)
    unknown = service_of(course(outlook_of(daily)), terms(), np.array([np.nan]))
    assert np.isnan(unknown.cycle[0])
    assert np.isnan(unknown.fill[0])


def test_an_order_can_wait_as_long_as_the_position_outlasts_its_lead_time() -> None:
    daily = paths(40, 0.3, np.random.default_rng(SEED))
    one = course(outlook_of(daily))
    waits = [int(days_to_wait(one, terms(), np.array([p]))[0]) for p in (0, 80, 150, 250, 9_999)]
    assert waits[0] == waits[1] == 0
    assert 0 < waits[2] < waits[3]
    assert waits[4] == -1
    held = daily[:, : 14 + waits[2]].sum(axis=1) <= 150
    assert held.mean() == pytest.approx(0.95, abs=0.03)
    unknown = days_to_wait(one, terms(), np.array([np.nan]))[0]
    assert unknown == -1
