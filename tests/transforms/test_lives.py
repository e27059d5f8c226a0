"""What many cutoffs saw, counted at once, is what each of them saw by itself."""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from transforms.asof import DELETED, KNOWN_ON, ORDER, SOURCE, VERSION, has_second, visible
from transforms.buyers import buyers
from transforms.contracts import INPUTS
from transforms.demand import COUNTED, sku_categories, unit_events
from transforms.lives import FROM, UNTIL, lived, position_of, shown_at
from transforms.sold import sold_weeks

ZONE = "America/New_York"
BEGIN = date(2026, 1, 5)
CUTOFFS = tuple(BEGIN + timedelta(days=days) for days in (3, 8, 9, 20, 33))
LINES = INPUTS["order_lines"]


def versions(seed: int, *, second: bool) -> pl.DataFrame:
    """Lines of forty keys, some with later versions that move, cancel, reprice or delete them."""
    rng = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    for number in range(40):
        for version in range(1, 1 + int(rng.integers(1, 4) if second else 1)):
            at = datetime(2026, 1, 5, tzinfo=UTC) + timedelta(hours=int(rng.integers(0, 24 * 30)))
            cancelled = (
                at + timedelta(days=int(rng.integers(0, 20))) if rng.random() < 0.3 else None
            )
            rows.append({
                "order_id": f"o{number // 2}", "line_id": f"l{number}", "sku": f"s{rng.integers(0, 3)}",
                "ordered_at": at, "quantity": float(rng.integers(1, 9)) / 4,
                "customer_id": None if rng.random() < 0.1 else f"c{rng.integers(0, 9)}",
                "category": None if rng.random() < 0.2 else f"k{rng.integers(0, 2)}",
                "channel": None if rng.random() < 0.2 else f"h{rng.integers(0, 2)}",
                "cancelled_at": cancelled, "is_test": [None, False, True][int(rng.integers(0, 3))],
                KNOWN_ON: BEGIN + timedelta(days=int(rng.integers(0, 35))), VERSION: version,
                DELETED: version > 1 and bool(rng.random() < 0.3), SOURCE: f"src{number % 2}",
            })  # fmt: skip
    schema = {**LINES.schema, KNOWN_ON: pl.Date, VERSION: pl.Int32, DELETED: pl.Boolean}
    frame = pl.DataFrame(rows, schema={**schema, SOURCE: pl.String})
    return frame.with_columns(pl.Series(ORDER, rng.permutation(frame.height), pl.Int64))


def seen(frame: pl.DataFrame, cutoff: date) -> pl.DataFrame:
    """The same rows by the function that decides for one cutoff."""
    return visible(frame.lazy(), LINES, cutoff, ZONE, replaced=has_second(frame)).collect()


def living(frame: pl.DataFrame) -> pl.LazyFrame:
    return lived(frame.lazy(), LINES, CUTOFFS, ZONE, replaced=has_second(frame))


@pytest.mark.parametrize("number", [0, 1, 9, 16, 17, 40])
def test_the_position_of_a_day_is_that_of_the_first_cutoff_not_before_it(number: int) -> None:
    cutoffs = [BEGIN + timedelta(days=3 * n) for n in range(number)]
    days = [None, date.max, date(1960, 1, 1), *(BEGIN + timedelta(days=n) for n in range(-2, 130))]
    found = pl.DataFrame({"day": pl.Series(days, dtype=pl.Date)}).select(
        position_of(pl.col("day"), cutoffs)
    )
    told = [number if day is None else bisect_left(cutoffs, day) for day in days]
    assert found["day"].to_list() == told
    assert found["day"].dtype == pl.Int16


CASES = [(seed, second) for seed in range(8) for second in (False, True)]


@pytest.mark.parametrize(("seed", "second"), CASES)
def test_each_cutoff_is_shown_the_versions_that_it_saw(seed: int, second: bool) -> None:  # noqa: FBT001
    frame = versions(seed, second=second)
    life = living(frame).collect()
    for position, cutoff in enumerate(CUTOFFS):
        ours, theirs = shown_at(life, position)[ORDER].sort(), seen(frame, cutoff)[ORDER].sort()
        assert ours.to_list() == theirs.to_list(), cutoff


@pytest.mark.parametrize(("seed", "second"), CASES)
def test_sums_and_categories_are_those_of_each_cutoff(seed: int, second: bool) -> None:  # noqa: FBT001
    frame, products = versions(seed, second=second), INPUTS["products"].empty()
    products = products.with_columns(pl.lit("p").alias(SOURCE))
    sold = sold_weeks(living(frame), CUTOFFS, ZONE, "monday")
    for cutoff in CUTOFFS:
        shown = seen(frame, cutoff)
        categories = sku_categories(shown, products)
        assert sku_categories(sold.latest(cutoff), products).equals(categories)
        days = unit_events(shown, categories, ZONE)
        week = pl.col("day") - pl.duration(days=pl.col("day").dt.weekday().cast(pl.Int32) - 1)
        keys = ["day", "sku", "category", "channel"]
        weekly = days.group_by(week.alias("day"), *keys[1:]).agg(pl.col("milli").sum())
        assert sold.events(cutoff, categories).sort(keys).equals(weekly.sort(keys))


@pytest.mark.parametrize(("seed", "second"), CASES)
def test_buyers_are_those_of_the_last_cutoff_with_the_orders_that_count(
    seed: int,
    second: bool,  # noqa: FBT001
) -> None:
    frame, who = versions(seed, second=second), [SOURCE, "customer_id"]
    made = buyers(living(frame), CUTOFFS, ZONE)
    shown = seen(frame, CUTOFFS[-1]).filter(pl.col("customer_id").is_not_null())
    day = pl.col("ordered_at").dt.convert_time_zone(ZONE).dt.date()
    real = shown.filter(COUNTED).group_by(who).agg(
        pl.col("order_id").n_unique().cast(pl.Int64).alias("orders"),
        pl.col("ordered_at").min().alias("first_at"),
        day.min().alias("first_order_on"),
        day.max().alias("last_order_on"),
    )  # fmt: skip
    wanted = shown.select(who).unique().join(real, on=who, how="left")
    wanted = wanted.with_columns(pl.col("orders").fill_null(0)).sort(who)
    assert made.select(wanted.columns).sort(who).equals(wanted)


def test_what_no_cutoff_sees_is_left_out() -> None:
    frame = versions(1, second=False).with_columns(pl.lit(date(2026, 9, 1)).alias(KNOWN_ON))
    assert living(frame).collect().is_empty()
    assert {FROM, UNTIL} <= set(living(frame).collect_schema().names())
