"""The simulated programme: its truth is in its tables, and nothing else of the brand moves for it."""

from __future__ import annotations

import math
from dataclasses import replace

import polars as pl
import pytest

from models.simulate import Brand, BrandSpec, simulate

SPEC = BrandSpec(skus=40, weeks=110, categories=4, dirty=False)


@pytest.fixture(scope="module")
def brand() -> Brand:
    return simulate(SPEC)


def at(column: str) -> pl.Expr:
    return pl.col(column).str.to_datetime("%Y-%m-%dT%H:%M:%S%:z", time_zone="UTC")


def near(k: float, n: float, p: float, sigmas: float = 4.0) -> bool:
    return abs(k / n - p) < sigmas * math.sqrt(p * (1 - p) / n)


def test_the_office_disturbs_no_other_table(brand: Brand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.simulate.brand.office", lambda *_: ({}, pl.DataFrame(), {}))
    without = simulate(SPEC)
    assert set(brand) - set(without) == {
        "consents", "assignments", "insights", "actions", "touchpoints", "distributions"
    }  # fmt: skip
    for name, frame in without.items():
        assert frame.equals(brand[name]), name
    assert {k: v for k, v in brand.truth.items() if k != "office"} == {
        k: v for k, v in without.truth.items() if k != "office"
    }


def test_nobody_is_drawn_twice_or_was_on_another_list(brand: Brand) -> None:
    drawn = brand["assignments"]
    assert drawn["customer_id"].is_unique().all()
    others = brand["call_attempts"]["customer_id"].implode()
    assert not drawn["customer_id"].is_in(others).any()
    held = drawn.filter(arm="holdout")["customer_id"]
    assert not brand.cart_calls["customer_id"].is_in(held.implode()).any()
    assert set(brand.cart_calls.columns) < set(brand["call_attempts"].columns)


def test_calls_follow_the_lot_and_the_cart_comes_before_it(brand: Brand) -> None:
    lot = brand["assignments"].select("customer_id", at("assigned_at"))
    calls = brand.cart_calls.select("customer_id", at("attempted_at")).join(lot, on="customer_id")
    assert calls.height == brand.cart_calls.height
    assert (calls["attempted_at"] > calls["assigned_at"]).all()
    left = brand["checkouts"].filter(pl.col("completed_order_id").is_null())
    begun = left.group_by("customer_id").agg(at("started_at").min())
    both = lot.join(begun, on="customer_id", how="left")
    assert both["started_at"].null_count() == 0
    assert (both["started_at"] < both["assigned_at"]).all()


def recovered(brand: Brand) -> pl.DataFrame:
    lines = brand["order_lines"].filter(~pl.col("is_test"))
    lot = brand["assignments"].select("customer_id", "arm", at("assigned_at"))
    end = lot["assigned_at"].max()
    bought = lot.join(lines.select("customer_id", at("ordered_at")), on="customer_id")
    wait = pl.col("ordered_at") - pl.col("assigned_at")
    inside = bought.filter(wait.is_between(pl.duration(days=0), pl.duration(days=14)))
    ordered = pl.col("customer_id").is_in(inside["customer_id"].implode()).alias("ordered")
    return lot.with_columns(ordered).filter(
        pl.col("assigned_at") < pl.lit(end) - pl.duration(days=14)
    )


def test_recovery_of_each_arm_is_that_of_the_truth() -> None:
    """Over several brands, as one has few customers held out; cancelled orders count a little."""
    found = {"called": [0, 0, 0.0], "holdout": [0, 0, 0.0]}
    for seed in range(6):
        brand = simulate(replace(SPEC, seed=seed))
        told = brand.truth["office"]["experiments"]["abandoner"]
        for arm, rows in recovered(brand).group_by("arm"):
            one = found[str(arm[0])]
            one[0] += int(rows["ordered"].sum())
            one[1] += rows.height
            one[2] += told[f"recovery_{arm[0]}"] * rows.height
    for arm, (k, n, expected) in found.items():
        assert n > 500
        assert near(k, n, expected / n), (arm, k, n, expected)
    k, n, _ = found["called"]
    assert n / (n + found["holdout"][1]) == pytest.approx(0.8, abs=0.02)


def test_consents_have_the_shares_of_the_truth(brand: Brand) -> None:
    told, n = brand.truth["office"]["consents"], brand["customers"].height
    by = brand["consents"].group_by("customer_id").agg(
        pl.col("may_contact").first().alias("first"),
        pl.col("may_contact").last().alias("last"),
        pl.col("expires_on").is_not_null().any().alias("ends"),
    )  # fmt: skip
    assert near(n - by.height, n, told["unknown"])
    assert near(by.filter(~pl.col("first")).height, n, told["refused"])
    assert near(by.filter(pl.col("first") & ~pl.col("last")).height, n, told["withdrawn"])
    assert near(by["ends"].sum(), n, told["expired"])


def test_insights_and_actions_have_the_truth_in_them(brand: Brand) -> None:
    told, noted = brand.truth["office"], brand["insights"]
    whole = noted.filter(
        pl.col("quote").is_not_null(),
        pl.col("proposed_action").is_not_null(),
        pl.col("owner").is_not_null(),
    )
    assert near(whole.height, noted.height, told["whole_of_noted"])
    said = brand["passages"].select("passage_id", "conversation_id", "text")
    quoted = noted.drop_nulls("quote").join(said, on=["passage_id", "conversation_id"], how="left")
    assert (quoted["quote"] == quoted["text"]).all()
    calls = brand["call_attempts"].filter("connected")["conversation_id"].drop_nulls()
    assert noted["conversation_id"].is_in(calls.implode()).all()
    done = brand["actions"]
    assert done["insight_id"].is_in(whole["insight_id"].implode()).all()
    assert done.height > 100
    days = (at("shipped_at") - at("opened_at")).dt.total_days(fractional=True)
    end = done.select(at("opened_at").max()).item()
    old = done.filter(at("opened_at") < pl.lit(end) - pl.duration(days=91))
    assert old.height > 80
    for day in ("28", "60", "90"):
        k = int(old.select((days <= int(day)).fill_null(value=False).sum()).item())
        assert near(k, old.height, told["shipped_by_day"][day]), day
