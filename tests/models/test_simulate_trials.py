"""Experiments of the simulated brand: their truth is in their rows, and nothing else moves for them."""

from __future__ import annotations

import math

import polars as pl
import pytest

from models.simulate import Brand, BrandSpec, simulate, trials

SPEC = BrandSpec(skus=30, weeks=80, categories=3, dirty=False)
STAMP = "%Y-%m-%dT%H:%M:%S%:z"


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


def test_actions_are_measured_by_experiments_that_are_registered(brand: Brand) -> None:
    done = brand.tests["actions"]
    assert done["experiment_id"].is_in(brand["experiments"]["experiment_id"].implode()).all()
    assert done["action_id"].is_unique().all()
    assert not done["action_id"].is_in(brand["actions"]["action_id"].implode()).any()
