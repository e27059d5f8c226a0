"""Rises of returns and tickets: found where they are, and seldom where nothing rose."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from models.rising import COLUMNS, rising
from models.types import Floats
from models.voices import voices
from transforms.contracts import EXPORTS

LAST = date(2026, 11, 9)
WEEKS = 40


def weekly(target: str, series: str, values: Floats, level: str = "category") -> pl.DataFrame:
    weeks = [LAST - timedelta(weeks=WEEKS - 1 - i) for i in range(WEEKS)]
    return pl.DataFrame(
        {"target": target, "level": level, "series_id": series, "week_start": weeks,
         "category": "tea", "sku": series if level == "sku" else None, "channel": None,
         "value": values, "is_partial": False, "censored_share": None, "fiscal_week": None,
         "fiscal_period": None, "last_year_week_start": None},
        schema=dict(EXPORTS["demand_weekly"].schema),
    )  # fmt: skip


def shop(
    seed: int, *, lift: float = 1.0, sales_lift: float = 1.0, spread: float = 50.0, n: int = 12
) -> pl.DataFrame:
    """Categories with 40 tickets a week in proportion to sales; the first one's rise at the end."""
    rng = np.random.default_rng(seed)
    frames = []
    for i in range(n):
        sold = rng.poisson(400, WEEKS).astype(float)
        rate = np.full(WEEKS, 0.1)
        if i == 0:
            sold[-6:] *= sales_lift
            rate[-4:] *= lift
        mean = rate * sold * rng.gamma(spread, 1 / spread, WEEKS)
        frames += [
            weekly("units", f"c{i}", sold),
            weekly("tickets", f"c{i}", rng.poisson(mean).astype(float)),
        ]
    return pl.concat(frames)


def test_a_rise_is_found_with_its_size_and_interval() -> None:
    out = rising(shop(1, lift=1.8), LAST)
    assert dict(out.schema) == COLUMNS
    assert out["series_id"].to_list() == ["c0"]
    row = out.row(0, named=True)
    assert row["ratio_lo"] < 1.8 < row["ratio_hi"]
    assert row["excess"] == pytest.approx(4 * (row["observed"] - row["expected"]))
    assert row["expected"] == pytest.approx(40, rel=0.15)


def test_more_sales_explain_more_tickets() -> None:
    """Half as many again were sold, and half as many again wrote: nothing rose."""
    told = [
        "c0" in rising(shop(300 + seed, sales_lift=1.5), LAST)["series_id"] for seed in range(20)
    ]
    assert sum(told) <= 1


def test_where_nothing_rises_hardly_anything_is_told() -> None:
    """40 shops of 12 categories whose tickets scatter more than chance: about 1 in 10 shops errs."""
    wrong = sum(rising(shop(100 + seed, spread=20.0), LAST).height > 0 for seed in range(40))
    assert wrong <= 8


def test_the_interval_of_the_ratio_holds_it_about_as_often_as_it_says() -> None:
    held = [
        row["ratio_lo"] <= 2.5 <= row["ratio_hi"]
        for seed in range(80)
        for row in rising(shop(seed, lift=2.5, spread=20.0, n=1), LAST).iter_rows(named=True)
    ]
    assert len(held) >= 75
    assert np.mean(held) >= 0.88


def test_little_history_few_events_and_partial_weeks_tell_nothing() -> None:
    whole = shop(1, lift=3.0)
    assert rising(whole.filter(pl.col("week_start") > LAST - timedelta(weeks=12)), LAST).is_empty()
    few = whole.with_columns(
        pl.when(target="tickets").then(pl.lit(0.0)).otherwise("value").alias("value")
    )
    assert rising(few, LAST).is_empty()
    partial = whole.with_columns(pl.lit(value=True).alias("is_partial"))
    assert rising(partial, LAST).is_empty()
    assert rising(whole.clear(), LAST).is_empty()


def test_the_order_of_rows_changes_nothing() -> None:
    frame = shop(1, lift=1.8)
    assert rising(frame.reverse(), LAST).equals(rising(frame, LAST))


def test_voices_compare_four_weeks_with_twelve_by_newcombe() -> None:
    weeks = [LAST - timedelta(weeks=i) for i in range(20)]
    rows = pl.DataFrame(
        {"signal": "worry", "category": "tea", "week_start": weeks,
         "conversations_taggable": 25, "conversations_with_signal": [10] * 4 + [2] * 16,
         "in_series": True}
    )  # fmt: skip
    row = voices(rows, LAST).row(0, named=True)
    assert (row["said"], row["heard"], row["said_before"], row["heard_before"]) == (
        40,
        100,
        24,
        300,
    )
    assert (row["share"], row["share_before"]) == (0.4, 0.08)
    # Newcombe's hybrid of Wilson intervals, by hand.
    assert row["more_lo"] == pytest.approx(0.2224, abs=5e-4)
    assert row["more_hi"] == pytest.approx(0.4213, abs=5e-4)
    assert voices(rows.with_columns(in_series=pl.lit(value=False)), LAST).is_empty()
