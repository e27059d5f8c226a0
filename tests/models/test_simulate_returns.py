"""Planted hazards of repeat orders: what they change, what they leave, and the truth told of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from models.simulate import Brand, BrandSpec, simulate
from models.simulate.orders import UNEVEN
from models.simulate.returned import HORIZONS, SINCE

SPEC = BrandSpec(
    skus=6, weeks=50, categories=3, conversations_per_week=120.0, customers_per_sku=150, dirty=False
)
RATIOS = (("stocking_up", 0.2), ("repeat_intent", 5.0))


@pytest.fixture(scope="module")
def brand() -> Brand:
    return simulate(replace(SPEC, repeat_ratios=RATIOS))


def day(column: str) -> pl.Expr:
    start = pl.lit(SPEC.start)
    return (pl.col(column).str.slice(0, 10).str.to_date() - start).dt.total_days()


def test_what_is_ordered_and_said_and_when_stays(brand: Brand) -> None:
    plain = simulate(SPEC)
    assert "repeat_timing" not in plain.truth
    lines = [b["order_lines"].drop("customer_id") for b in (plain, brand)]
    assert lines[0].equals(lines[1])
    assert plain["passages"].equals(brand["passages"])
    talks = [b["conversations"].drop("customer_id") for b in (plain, brand)]
    assert talks[0].equals(talks[1])
    assert not plain["order_lines"].equals(brand["order_lines"])
    known = [b["conversations"]["customer_id"].is_null() for b in (plain, brand)]
    assert known[0].equals(known[1]), "a conversation without a name stays one"


def test_equal_ratios_of_one_change_nothing_but_chance_and_wrong_ones_are_refused() -> None:
    with pytest.raises(ValueError, match="different ones of stocking_up"):
        replace(SPEC, repeat_ratios=(("joy", 2.0),))
    with pytest.raises(ValueError, match="different ones"):
        replace(SPEC, repeat_ratios=(("stocking_up", 2.0), ("stocking_up", 3.0)))
    with pytest.raises(ValueError, match="above 0"):
        replace(SPEC, repeat_ratios=(("stocking_up", 0.0),))
    made = simulate(replace(SPEC, repeat_ratios=(("stocking_up", 1.0),)))
    curves = made.truth["repeat_timing"]["curves"]
    assert curves["stocking_up"]["p_90d"] == pytest.approx(
        curves["(no conversation)"]["p_90d"], rel=0.35
    )


def private_orders(brand: Brand) -> pl.DataFrame:
    """Order and day by customer (a number), of private customers' orders that stand, in order of time."""
    real = brand["order_lines"].filter(
        pl.col("cancelled_at").is_null(), ~pl.col("is_test"), pl.col("channel") != "wholesale"
    )
    who = pl.col("customer_id").str.slice(1).cast(pl.Int64) - 1
    return (
        real.select("order_id", who.alias("who"), day("ordered_at").alias("day"))
        .unique("order_id")
        .sort("day", "order_id")
    )


def told(brand: Brand) -> list[tuple[int, int, str]]:
    """Customer, day and planted signal of all that was said by customers whose name is known."""
    said = brand.truth_passages.explode("signals").select("conversation_id", "signals").unique()
    both = said.join(brand["conversations"], on="conversation_id").drop_nulls("customer_id")
    planted = both.filter(pl.col("signals").is_in([name for name, _ in RATIOS]))
    who = pl.col("customer_id").str.slice(1).cast(pl.Int64) - 1
    return planted.select(who, day("started_at").alias("on"), "signals").rows()


def test_orders_come_in_proportion_to_weight_and_ratio(brand: Brand) -> None:
    """Day by day and person by person: orders seen beside those that the planted hazards expect."""
    n = SPEC.skus * SPEC.customers_per_sku
    weight = np.diff((np.arange(n + 1) / n) ** (1 / UNEVEN))
    ratio = {frozenset(): 1.0, **{frozenset([a]): b for a, b in RATIOS}}
    ratio[frozenset(name for name, _ in RATIOS)] = float(np.prod([r for _, r in RATIOS]))
    words: dict[int, list[tuple[int, str]]] = {}
    for who, on, signal in told(brand):
        words.setdefault(on, []).append((who, signal))
    orders = private_orders(brand)
    said: list[frozenset[str]] = [frozenset()] * n
    seen: dict[frozenset[str], float] = {}
    expected: dict[frozenset[str], float] = {}
    for on in range(SPEC.days):
        today = orders.filter(day=on)["who"].to_list()
        hazard = weight * [ratio[one] for one in said]
        for one in ratio:
            theirs = np.array([s == one for s in said])
            share = float(hazard[theirs].sum() / hazard.sum())
            expected[one] = expected.get(one, 0.0) + share * len(today)
        for who in today:
            seen[said[who]] = seen.get(said[who], 0.0) + 1
        for who in today:
            said[who] = frozenset()
        for who, signal in words.get(on, []):
            if who < n:
                said[who] = said[who] | {signal}
    for one in ratio:
        assert expected[one] > 8
        # What is said and ordered on one day is told apart by the moment, here by the day.
        assert seen[one] == pytest.approx(expected[one], abs=4 * expected[one] ** 0.5), one


def chance(curve: dict[str, Any]) -> list[float]:
    return [curve[f"p_{d}d"] for d in HORIZONS if curve[f"p_{d}d"] is not None]


def test_the_truth_orders_signals_by_their_ratios_and_curves_rise(brand: Brand) -> None:
    truth = brand.truth["repeat_timing"]
    assert truth["ratios"] == dict(RATIOS)
    curves = truth["curves"]
    for curve in curves.values():
        assert chance(curve) == sorted(chance(curve))
    middle = curves["product_question"]["p_90d"]
    assert curves["stocking_up"]["p_90d"] < 0.7 * middle
    assert curves["repeat_intent"]["p_90d"] > 1.4 * middle
    first = private_orders(brand).group_by("who").agg(pl.col("day").min())
    new = first.filter(pl.col("day").is_between(SINCE, SPEC.days - 1, closed="left"))
    assert curves["(no conversation)"]["n"] == pytest.approx(new.height, abs=3)
