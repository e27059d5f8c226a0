"""Weekly counts of metrics against a slow count, and the day before which each week's baseline ends."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from transforms.office import metrics
from transforms.office.metrics import METRICS, frozen_before, gathered, signal_metric

MONDAY = date(2026, 3, 2)
ZONE = ("America/New_York", "monday")


def at(day: int, hour: int = 15) -> datetime:
    return datetime(2026, 3, 2, hour, tzinfo=UTC) + timedelta(days=day)


def counts(frame: pl.DataFrame) -> dict[date, tuple[int, int]]:
    return {week: (k, n) for week, k, n in frame.select("week_start", "k", "n").iter_rows()}


def week(number: int) -> date:
    return MONDAY + timedelta(weeks=number)


def test_somebody_dialled_thrice_in_a_week_is_one_person_who_answered_or_not() -> None:
    rows = [("a", 0, False), ("a", 1, True), ("a", 2, False), ("b", 3, False), ("a", 8, False)]
    dials = pl.DataFrame(
        [(who, at(day), told) for who, day, told in rows],
        schema={"customer_id": pl.String, "attempted_at": pl.Datetime("us", "UTC"), "connected": pl.Boolean},
        orient="row",
    )  # fmt: skip
    assert counts(metrics.connected(dials, *ZONE)) == {week(0): (1, 2), week(1): (0, 1)}


def test_the_week_is_that_of_the_business() -> None:
    sunday_evening = pl.DataFrame({"customer_id": ["a"], "attempted_at": [at(0, 3)], "connected": [True]})  # fmt: skip
    assert counts(metrics.connected(sunday_evening, *ZONE)) == {week(-1): (1, 1)}


def test_one_star_is_the_last_review_of_a_person_and_week() -> None:
    rows: list[dict[str, Any]] = [
        {"channel": "review", "rating": 1.0, "started_at": at(0), "customer_id": "a"},
        {"channel": "review", "rating": 5.0, "started_at": at(1), "customer_id": "a"},
        {"channel": "review", "rating": 1.4, "started_at": at(1), "customer_id": "b"},
        {"channel": "review", "rating": 1.5, "started_at": at(1), "customer_id": None},
        {"channel": "review", "rating": 0.5, "started_at": at(1), "customer_id": None},
        {"channel": "ticket", "rating": 1.0, "started_at": at(1), "customer_id": "c"},
    ]
    frame = pl.DataFrame(rows).with_columns(
        pl.lit("s").alias("_source"),
        pl.Series("conversation_id", [f"v{i}" for i in range(len(rows))]),
    )
    assert counts(metrics.one_star(frame, *ZONE)) == {week(0): (1, 3)}


def lines(*rows: tuple[str, int], **more: Any) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {"_source": "s", "order_id": name, "ordered_at": at(day), "cancelled_at": None, "is_test": None, **more}
            for name, day in rows
        ],
        schema_overrides={"cancelled_at": pl.Datetime("us", "UTC"), "is_test": pl.Boolean},
    )  # fmt: skip


def test_an_order_is_returned_if_anything_of_it_came_back_within_four_weeks() -> None:
    sold = pl.concat(
        [lines(("o1", 0), ("o1", 0), ("o2", 1), ("o3", 2)), lines(("t", 2), is_test=True)]
    )
    back = pl.DataFrame(
        {"_source": ["s", "s", "s", "other"], "order_id": ["o1", "o1", "o2", "o3"],
         "refunded_at": [at(28), at(40), at(30), at(3)]}
    )  # fmt: skip
    assert counts(metrics.returned(sold, back, *ZONE)) == {week(0): (1, 3)}


def test_a_parcel_is_late_that_came_on_a_later_day_or_never() -> None:
    parcels = pl.DataFrame(
        {
            "promised_at": [at(2), at(2), at(3), at(4), None],
            "delivered_at": [at(2, 23), at(3), None, at(1), at(9)],
        }
    )
    assert counts(metrics.late(parcels, *ZONE)) == {week(0): (2, 4)}


def test_a_checkout_is_completed_by_an_order_within_a_week() -> None:
    begun = pl.DataFrame(
        {"_source": ["s"] * 4, "started_at": [at(0), at(0), at(0), at(8)],
         "completed_order_id": ["o1", "o2", None, "gone"]}
    )  # fmt: skip
    orders = lines(("o1", 7), ("o2", 8))
    found = counts(metrics.completed(begun, orders, *ZONE))
    assert found == {week(0): (1, 3), week(1): (0, 1)}


def test_signals_are_counted_for_the_whole_business_in_one_series() -> None:
    rates = pl.DataFrame(
        {"signal": ["a", "a", "a", "b"], "category": [None, "tea", None, None],
         "week_start": [week(0)] * 4, "in_series": [True, True, False, True],
         "conversations_with_signal": [3, 9, 9, 9], "conversations_taggable": [10, 9, 9, 9]}
    )  # fmt: skip
    assert counts(metrics.spoken(rates, "a")) == {week(0): (3, 10)}


def test_forecast_errors_are_of_the_longest_horizons() -> None:
    rng = np.random.default_rng(1)
    rows = [
        {"target": "units", "level": level, "series_id": f"S{s}", "cutoff": week(0), "horizon": h,
         "week_start": week(h), "mean": float(rng.integers(1, 30)), "actual": float(rng.integers(1, 30))}
        for h in range(1, 7) for s in range(5) for level in ("sku", "total")
    ]  # fmt: skip
    frame = pl.DataFrame(rows)
    found = metrics.errors(frame, 2)
    assert found["week_start"].to_list() == [week(5), week(6)]
    mine = [r for r in rows if r["level"] == "sku" and r["horizon"] == 6]
    assert found["off"].to_list()[1] == [abs(r["mean"] - r["actual"]) for r in mine]
    assert found["actual"].to_list()[1] == [r["actual"] for r in mine]
    assert found["n"].to_list() == [5, 5]


def test_weeks_that_are_not_settled_are_left_out() -> None:
    frame = pl.DataFrame({"week_start": [week(i) for i in range(3)], "k": [1, 2, 3], "n": [9, 9, 9]})  # fmt: skip
    told = gathered({"late_share": frame}, {"late_share": week(1)})
    assert told["k"].to_list() == [1, 2]
    assert told["value"].null_count() == 2


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 11, 9), 3, date(2026, 10, 1)),
        (date(2026, 9, 28), 3, date(2026, 7, 1)),
        (date(2026, 10, 1), 3, date(2026, 10, 1)),
        (date(2026, 11, 9), 12, date(2026, 1, 1)),
        (date(2026, 11, 9), 1, date(2026, 11, 1)),
    ],
)
def test_a_baseline_is_frozen_before_the_span_of_its_week(
    day: date, months: int, expected: date
) -> None:
    assert frozen_before(day, months, None) == expected


def test_a_day_that_is_set_holds_from_then_on() -> None:
    assert frozen_before(week(3), 3, week(2)) == week(2)
    assert frozen_before(week(1), 3, week(2)) is None


def test_every_metric_says_which_way_is_good() -> None:
    told = {one.name: one for one in (*METRICS, signal_metric("delivery_worry"))}
    assert told["late_share"].better == told["delivery_worry_share"].better == "lower"
    assert signal_metric("repeat_intent").better == "higher"
    assert signal_metric("stocking_up").better == "neither"
