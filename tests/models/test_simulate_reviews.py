"""Reviews of the simulated brand: stars are what the truth says of them, over many brands."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from models.proportions import wilson
from models.simulate import Brand, BrandSpec, simulate
from transforms.office.metrics import one_star


def brand(seed: int) -> Brand:
    return simulate(BrandSpec(skus=6, weeks=26, categories=3, seed=seed, dirty=False))


def reviews(made: Brand) -> pl.DataFrame:
    """Reviews whose category is told, as the lake has them, with the true chance of one star."""
    given = made["conversations"].filter(pl.col("channel") == "review")
    known = given.join(made["products"].select("sku", pl.col("category").alias("_of")), on="sku", how="left")  # fmt: skip
    told = known.with_columns(
        pl.coalesce("category", "_of").alias("category"),
        pl.col("started_at").str.to_datetime("%Y-%m-%dT%H:%M:%S%:z", time_zone="UTC"),
        pl.lit("s").alias("_source"),
        pl.col("rating").cast(pl.Float64),
    ).filter(pl.col("category").is_not_null())
    day = pl.col("started_at").dt.convert_time_zone("America/New_York").dt.date()
    truth = made.truth["reviews"]
    calm = pl.lit(1.0)
    for name in truth["unhappy_signals"]:
        calm = calm * (1 - pl.col(f"rate_{name}"))
    chance = truth["one_star"]["unhappy"] * (1 - calm)
    rates = made.truth_weekly.select("category", "week_start", chance.alias("chance"))
    return told.with_columns(day.dt.truncate("1w").alias("week_start")).join(
        rates, on=["category", "week_start"]
    )


def test_one_star_is_as_frequent_as_the_truth_says() -> None:
    rows = pl.concat([reviews(brand(seed)) for seed in (1, 2, 3)])
    ones, truth = (rows["rating"] == 1).sum(), rows["chance"].sum()
    assert rows.height > 1_000
    assert abs(ones - truth) < 4 * np.sqrt(truth)


@pytest.mark.soak
def test_the_share_of_one_star_is_covered_over_a_hundred_brands() -> None:
    weeks, quarters = [], []
    for seed in range(100):
        rows = reviews(brand(100 + seed)).with_columns(pl.lit(None, pl.String).alias("customer_id"))
        counts = one_star(rows, "America/New_York", "monday").join(
            rows.group_by("week_start").agg(pl.col("chance").mean()), on="week_start"
        )
        _, lo, hi = wilson(counts["k"].to_numpy(), counts["n"].to_numpy())
        enough = counts["n"].to_numpy() >= 20
        truth = counts["chance"].to_numpy()
        weeks += ((lo <= truth) & (truth <= hi))[enough].tolist()
        last = rows.filter(pl.col("week_start") >= date(2026, 8, 17))
        k, n = np.array([(last["rating"] == 1).sum()]), np.array([last.height])
        _, lo, hi = wilson(k, n)
        quarters.append(bool(lo[0] <= last["chance"].mean() <= hi[0]))
    figures = float(np.mean(weeks)), float(np.mean(quarters))
    print("one-star share, weeks and 13 weeks:", figures)  # noqa: T201 - the soak's figures
    assert all(0.92 <= one <= 0.98 for one in figures)
