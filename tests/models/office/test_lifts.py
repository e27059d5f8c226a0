"""Lifts: textbook numbers, slow versions, and verdicts that wait, stop or stay silent."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from models.office.lifts import (
    needed_for_mean,
    needed_for_share,
    sample_ratio,
    share_difference,
    share_ratio,
    winsorised,
)
from models.office.placebo import Days, before_and_after, dates, means
from models.office.trials import Plan, trial_rows

PLAN = Plan("test", over=True, treatment_share=0.5, primary="conversion", expected_lift=0.27)


def test_newcombe_and_katz_are_those_of_the_books() -> None:
    """Newcombe (1998), table II: 56/70 and 48/80 differ by .2, .0524 to .3339."""
    value, lo, hi = share_difference(56, 70, 48, 80)
    assert (value, lo, hi) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
    ratio, low, high = share_ratio(56, 70, 48, 80)
    spread = 1.959963984540054 * math.sqrt(1 / 56 - 1 / 70 + 1 / 48 - 1 / 80)
    assert ratio == pytest.approx(4 / 3)
    assert (low, high) == pytest.approx((ratio * math.exp(-spread), ratio * math.exp(spread)))
    assert share_ratio(0, 70, 48, 80) == (None, None, None)


@pytest.mark.parametrize(
    ("base", "expected"), [(0.02, 11_942), (0.03, 7_868), (0.05, 4_609), (0.10, 2_165)]
)
def test_units_needed_for_a_lift_of_27_percent(base: float, expected: int) -> None:
    assert needed_for_share(base, 0.27) == pytest.approx(expected, rel=0.003)


def test_units_needed_for_values_and_where_there_is_no_answer() -> None:
    assert needed_for_mean(100.0, 100.0, 0.27) == pytest.approx(216, abs=1)
    assert needed_for_share(0.9, 0.27) is None
    assert needed_for_mean(0.0, 1.0, 0.1) is None


def test_a_lot_of_sixty_to_forty_is_not_one_of_halves() -> None:
    assert sample_ratio(np.array([800, 1200]), np.array([0.5, 0.5])) < 1e-10
    assert sample_ratio(np.array([990, 1010]), np.array([0.5, 0.5])) > 0.5


def test_winsorising_cuts_at_the_99th_percentile() -> None:
    assert winsorised(np.arange(101.0)) == 99.0
    assert winsorised(np.array([])) == np.inf


def frames(
    n: tuple[int, int], k: tuple[int, int], cents: int = 5_000
) -> tuple[pl.DataFrame, pl.DataFrame]:
    names = ("control", "treatment")
    units, orders = [], []
    for arm, size, bought in zip(names, n, k, strict=True):
        who = [f"{arm}{i:05d}" for i in range(size)]
        units.append(pl.DataFrame({"customer_id": who, "arm": [arm] * size}))
        orders.append(
            pl.DataFrame(
                {
                    "customer_id": who[:bought],
                    "arm": [arm] * bought,
                    "cents": [cents + i for i in range(bought)],
                    "currency": ["USD"] * bought,
                }
            )
        )
    return pl.concat(units), pl.concat(orders)


def verdicts(rows: list[dict[str, object]]) -> dict[tuple[object, object], object]:
    return {(row["metric"], row["trim"]): row["verdict"] for row in rows}


def test_a_lift_is_called_only_when_it_is_over_and_the_lot_is_sound() -> None:
    given = frames((1000, 1000), (200, 300))
    over = verdicts(trial_rows(*given, PLAN))
    assert over["conversion", "raw"] == over["revenue_per_eligible", "raw"] == "above"
    running = Plan(
        "test", over=False, treatment_share=0.5, primary="conversion", expected_lift=None
    )
    assert set(verdicts(trial_rows(*given, running)).values()) == {"running"}
    broken = trial_rows(*frames((800, 1200), (160, 360)), PLAN)
    assert set(verdicts(broken).values()) == {"sample_ratio_mismatch"}
    nothing = verdicts(trial_rows(*frames((1000, 1000), (200, 205)), PLAN))
    assert nothing["conversion", "raw"] == "undetermined"
    few = verdicts(trial_rows(*frames((15, 15), (5, 9)), PLAN))
    assert set(few.values()) == {"not_enough_data"}


def test_rows_add_up_and_a_large_order_is_cut_where_it_says_so() -> None:
    units, orders = frames((500, 500), (100, 100), 5_000)
    large = orders.with_columns(
        pl.when(pl.col("customer_id") == "treatment00000")
        .then(9_000_000)
        .otherwise("cents")
        .alias("cents")
    )
    rows = {(row["metric"], row["trim"]): row for row in trial_rows(units, large, PLAN)}
    raw, cut = rows["average_order_value", "raw"], rows["average_order_value", "winsorised"]
    assert raw["treated"] == pytest.approx(large.filter(arm="treatment")["cents"].mean() / 100)  # type: ignore[operator]
    assert cut["treated"] < 51 < raw["treated"]
    assert rows["conversion", "raw"]["n_needed"] == needed_for_share(0.2, 0.27)
    per = rows["revenue_per_eligible", "raw"]
    assert per["control"] == pytest.approx(raw["control"] * 100 / 500)
    assert (raw["n_arm"], per["n_arm"]) == (100, 500)


def test_orders_in_another_currency_are_left_out_of_values_and_count_as_orders() -> None:
    units, orders = frames((300, 300), (60, 60))
    mixed = orders.with_columns(
        pl.when(pl.col("customer_id").str.ends_with("9"))
        .then(pl.lit("EUR"))
        .otherwise("currency")
        .alias("currency")
    )
    rows = {(row["metric"], row["trim"]): row for row in trial_rows(units, mixed, PLAN)}
    assert rows["conversion", "raw"]["k_arm"] == 60
    assert rows["average_order_value", "raw"]["n_arm"] == 54
    assert rows["average_order_value", "raw"]["currency"] == "USD"


def test_without_a_control_nothing_is_compared() -> None:
    units, orders = frames((50, 50), (20, 20))
    assert trial_rows(units.filter(arm="treatment"), orders.filter(arm="treatment"), PLAN) == []


def test_placebo_dates_end_before_the_change_and_begin_after_the_data_do() -> None:
    found = dates(100, 14)
    assert found[0] == 86
    assert found[-1] >= 14
    assert (np.diff(found) == -7).all()
    days = Days(np.arange(200.0), np.ones(200))
    before, after = means(days, np.array([100]), 14)
    assert (before[0], after[0]) == (np.arange(86, 100).mean(), np.arange(100, 114).mean())


def test_a_step_is_seen_beside_placebos_and_the_usual_swing_is_not() -> None:
    rng = np.random.default_rng(3)
    noise = rng.normal(100, 5, 800)
    step = noise + np.where(np.arange(800) >= 750, 20, 0)
    seen = before_and_after(Days(step, np.ones(800)), 750, 28, over=True)
    assert seen["verdict"] == "above"
    assert seen["n_placebo"] >= 19
    assert (
        before_and_after(Days(noise, np.ones(800)), 750, 28, over=True)["verdict"] == "undetermined"
    )
    assert before_and_after(Days(step, np.ones(800)), 750, 28, over=False)["verdict"] == "running"
    short = before_and_after(Days(step[650:], np.ones(150)), 100, 28, over=True)
    assert short["verdict"] == "not_enough_data"
    assert short["difference"] is not None
