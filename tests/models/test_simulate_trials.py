"""Experiments of the simulated brand: their truth is in their rows, and nothing else moves for them."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from models.simulate import Brand, BrandSpec, simulate, trials
from models.simulate.assortment import day_weights, draw_assortment, draw_promotions, draw_stockouts
from models.simulate.demand import draw_lines, draw_units
from models.simulate.drivers import draw_drivers
from models.simulate.orders import Orders, draw_orders

SPEC = BrandSpec(skus=30, weeks=80, categories=3, dirty=False)
STAMP = "%Y-%m-%dT%H:%M:%S%:z"
Row = dict[str, float]


def orders_of_the_brand() -> Orders:
    goods, drivers = draw_assortment(SPEC), draw_drivers(SPEC)
    promos, gaps = draw_promotions(SPEC, goods), draw_stockouts(SPEC, goods)
    weights = day_weights(SPEC, goods, promos, gaps)
    return draw_orders(SPEC, draw_lines(SPEC, draw_units(SPEC, goods, drivers, weights), weights))


@pytest.fixture(scope="module")
def brand() -> Brand:
    return simulate(SPEC)


def test_experiments_disturb_no_other_table(brand: Brand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "lots_of_tests", lambda *_: (pl.DataFrame(), {}))
    without = simulate(SPEC)
    for name, frame in without.items():
        assert frame.equals(brand[name]), name


def test_arms_convert_as_the_truth_says_and_one_lot_is_broken(brand: Brand) -> None:
    plans = {row["experiment_id"]: row for row in brand["experiments"].iter_rows(named=True)}
    bought = brand["order_lines"].filter(pl.col("cancelled_at").is_null() & ~pl.col("is_test"))
    orders = bought.select(
        "customer_id", pl.col("ordered_at").str.to_datetime(STAMP, time_zone="UTC")
    )
    for name, told in brand.truth["experiments"].items():
        moments = pl.Series([plans[name]["starts_at"], plans[name]["ends_at"]])
        start, end = moments.str.to_datetime(STAMP, time_zone="UTC")
        within = orders.filter(pl.col("ordered_at").is_between(start, end, closed="left"))
        lots = brand.tests["assignments"].filter(experiment_id=name)
        assert lots["customer_id"].is_unique().all()
        share = lots.filter(arm="treatment").height / lots.height
        assert abs(share - told["lot"]) < 4 * math.sqrt(0.25 / lots.height)
        for arm in ("control", "treatment"):
            mine = lots.filter(arm=arm)
            k = mine["customer_id"].is_in(within["customer_id"].implode()).sum()
            p = told[f"conversion_{arm}"]
            assert abs(k / mine.height - p) < 4.5 * math.sqrt(p * (1 - p) / mine.height), (
                name,
                arm,
            )
    assert plans["free_gift"]["treatment_share"] != brand.truth["experiments"]["free_gift"]["lot"]


def spent_while(brand: Brand, experiment: str) -> pl.DataFrame:
    """customer_id, value and orders of those who ordered while the experiment ran."""
    bought = brand["order_lines"].filter(pl.col("cancelled_at").is_null() & ~pl.col("is_test"))
    plan = brand["experiments"].filter(experiment_id=experiment)
    start, end = (
        plan[name].str.to_datetime(STAMP, time_zone="UTC")[0] for name in ("starts_at", "ends_at")
    )
    at = pl.col("ordered_at").str.to_datetime(STAMP, time_zone="UTC")
    return (
        bought.filter(at.is_between(start, end, closed="left"))
        .group_by("customer_id")
        .agg(
            (pl.col("unit_price") * pl.col("quantity").clip(0, 1_000)).sum().alias("value"),
            pl.col("order_id").n_unique().alias("orders"),
        )
    )


def test_arms_over_many_lots_are_what_the_truth_says(
    brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Arms drawn again for the same brand: sums over all lots have the ratios of the truth."""
    orders = orders_of_the_brand()
    lots, seeds = [], 150
    for seed in range(seeds):
        monkeypatch.setattr(
            BrandSpec, "rng", lambda _, part, seed=seed: np.random.default_rng([seed, len(part)])
        )
        lots.append(trials.lots_of_tests(SPEC, orders)[0])
    drawn = pl.concat(lots)
    for name, told in brand.truth["experiments"].items():
        mine = drawn.filter(experiment_id=name)
        both = mine.join(spent_while(brand, name), on="customer_id", how="left")
        sums = both.group_by("arm").agg(
            pl.len().alias("n"),
            pl.col("value", "orders").sum(),
            pl.col("orders").count().alias("buyers"),
        )
        control, treated = sums.sort("arm").iter_rows(named=True)

        def ratio(top: str, below: str, one: Row = treated, other: Row = control) -> float:
            return float(one[top] / one[below] / (other[top] / other[below]))

        assert ratio("buyers", "n") == pytest.approx(told["ratio"], rel=0.02), name
        assert ratio("value", "n") == pytest.approx(told["revenue_per_eligible_ratio"], rel=0.06)
        assert ratio("value", "orders") == pytest.approx(told["order_value_ratio"], rel=0.06)


def test_actions_are_measured_by_experiments_that_are_registered(brand: Brand) -> None:
    done = brand.tests["actions"]
    assert done["experiment_id"].is_in(brand["experiments"]["experiment_id"].implode()).all()
    assert done["action_id"].is_unique().all()
    assert not done["action_id"].is_in(brand["actions"]["action_id"].implode()).any()
