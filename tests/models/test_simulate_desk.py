"""Simulated planners: one who knows, one who hopes, both on weeks and series that exist."""

from __future__ import annotations

from functools import cache

import polars as pl

from models.simulate import Brand, BrandSpec, simulate
from models.simulate.desk import BAD, GOOD


@cache
def brand() -> Brand:
    return simulate(BrandSpec(skus=12, weeks=60, categories=3, seed=5, conversations_per_week=20.0))


def error(author: str) -> float:
    """Sum of absolute errors of an author's category overrides, over what was sold."""
    sold = brand().truth_weekly.select("category", "week_start", "units")
    told = brand()["overrides"].filter(pl.col("author") == author, pl.col("value") >= 0)
    rows = told.filter(pl.col("level") == "category").join(sold, on=["category", "week_start"])
    whole = rows.filter(pl.col("week_start") < brand().spec.last_monday)
    assert whole.height > 20
    return float((whole["value"] - whole["units"]).abs().sum() / whole["units"].sum())


def test_the_one_who_knows_is_nearer_to_what_came_by_far() -> None:
    assert error(GOOD) < 0.15
    assert error(BAD) > 0.4
    assert set(brand().truth["planners"]) == {GOOD, BAD}


def test_overrides_are_made_on_mondays_before_their_week_of_series_that_exist() -> None:
    rows = brand()["overrides"]
    made = rows["created_at"].str.slice(0, 10).str.to_date()
    assert set(made.dt.weekday()) == {1}
    assert (rows["week_start"] > made).all()
    assert (rows["week_start"] > brand().spec.last_monday).any()
    skus = set(brand()["products"]["sku"])
    assert set(rows["sku"].drop_nulls()) <= skus


def test_bad_rows_are_listed_in_the_truth_and_owners_leave_one_category_out() -> None:
    assert len(brand().truth["dirt"]["overrides"]) == 3
    assert (brand()["overrides"]["value"] < 0).sum() == 1
    owned = brand()["owners"].filter(pl.col("object_type") == "category")["object_id"]
    assert set(brand()["products"]["category"]) - set(owned) == {"Razor Blades"}
