"""The small frames: exact counts, the right days, the right windows."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from transforms import profile
from transforms.contracts import INPUTS, UTC_TIME
from transforms.expectations.limits import count_band, ratio_band, share_band, spread

ORDERS = INPUTS["order_lines"]
LAST = date(2024, 6, 28)


def lines(*rows: tuple[str, datetime, float]) -> pl.LazyFrame:
    frame = pl.DataFrame(rows, schema=["order_id", "ordered_at", "quantity"], orient="row")
    return frame.with_columns(pl.col("ordered_at").cast(UTC_TIME)).lazy()


def on(weeks_ago: int, n: int, **values: object) -> pl.DataFrame:
    day = LAST - timedelta(weeks=weeks_ago)
    return pl.DataFrame({"day": [day] * n}).with_columns(
        pl.lit(v).alias(k) for k, v in values.items()
    )


def test_usable_leaves_out_what_the_contract_does_not_type() -> None:
    frame = pl.DataFrame({"sku": ["a"], "quantity": ["1"], "note": ["x"]})
    assert profile.usable(frame, ORDERS).collect().columns == ["sku"]


def test_column_facts_count_each_kind_of_offender() -> None:
    frame = pl.DataFrame(
        {"sku": ["a", None, "b", "c"], "quantity": [1.0, float("nan"), -1.0, float("inf")]}
    )
    facts = profile.column_facts(frame.lazy(), ORDERS)
    assert facts.rows_by_key("column", named=True, unique=True) == {
        "sku": {"rows": 4, "empty": 1, "outside": 0, "other": 0},
        "quantity": {"rows": 4, "empty": 2, "outside": 3, "other": 0},
    }


def test_column_facts_count_values_off_the_list() -> None:
    frame = pl.DataFrame({"speaker": ["customer", None, "robot"]})
    facts = profile.column_facts(frame.lazy(), INPUTS["passages"])
    assert facts["other"].to_list() == [1]


def test_days_are_business_days() -> None:
    late = datetime(2024, 6, 29, 2, tzinfo=UTC)  # ten in the evening of the 28th in New York
    dated = profile.dated(lines(("o", late, 1.0)), ORDERS, "America/New_York").collect()
    assert dated["day"].to_list() == [LAST]
    with pytest.raises(ValueError, match="no event time"):
        profile.dated(lines(), INPUTS["products"], "UTC")


def test_daily_sums_are_exact_thousandths() -> None:
    noon = datetime(2024, 6, 28, 12, tzinfo=UTC)
    dated = profile.dated(lines(*(("o", noon, 0.1) for _ in range(30))), ORDERS, "UTC")
    assert profile.daily(dated, "quantity").rows() == [(LAST, 30, 3.0)]
    assert profile.daily(dated, None)["units"].to_list() == [None]


def test_window_sums_stop_at_the_first_event() -> None:
    days = [LAST - timedelta(days=d) for d in range(20)]
    by_day = pl.DataFrame({"day": days, "rows": [1] * 20}).sort("day")
    assert profile.window_sums(by_day, LAST, span=1, weeks=10) == [1, 1, 1]
    assert profile.window_sums(by_day, LAST, span=7, weeks=10) == [7, 7]
    gap = by_day.filter(pl.col("day") != LAST - timedelta(days=7))
    assert profile.window_sums(gap, LAST, span=1, weeks=10) == [1, 0, 1]


def test_judged_span_is_as_short_as_the_rows_allow() -> None:
    by_day = pl.DataFrame({"day": [LAST - timedelta(days=d) for d in range(9)], "rows": [30] * 9})
    assert profile.judged_span(by_day, LAST, enough=30) == 1
    assert profile.judged_span(by_day, LAST, enough=61) == 3
    assert profile.judged_span(by_day, LAST, enough=10_000) == 7


def test_windows_hold_the_same_weekdays() -> None:
    days = pl.DataFrame({"day": [LAST - timedelta(days=d) for d in range(-2, 20)]}).lazy()
    found = profile.windows(days, LAST, span=2, weeks=1).collect()
    assert found.sort("day").rows() == [
        (LAST - timedelta(days=8), 1),
        (LAST - timedelta(days=7), 1),
        (LAST - timedelta(days=1), 0),
        (LAST, 0),
    ]


def test_mix_distance_is_total_variation() -> None:
    rows = pl.concat(
        [on(0, 3, kind="a"), on(0, 1, kind="b"), on(1, 1, kind="a"), on(2, 1, kind="c")]
    )
    windowed = profile.windows(rows.lazy(), LAST, span=1, weeks=5)
    found = profile.mix_distances(windowed, "kind")
    # before: a 1/2, c 1/2; now a 3/4, b 1/4: |1/4| + |1/4| + |1/2| halved
    assert found.filter(weeks_ago=0).row(0) == (0, 4, 3, 0.5)
    assert profile.mix_distances(windowed.filter(pl.col("weeks_ago") == 0), "kind")[
        "distance"
    ].to_list() == [0.0]


def test_coverage_counts_given_keys_only() -> None:
    rows = pl.concat(
        [on(0, 2, sku="a"), on(0, 1, sku="z"), on(0, 5, sku=None).cast({"sku": pl.String})]
    )
    windowed = profile.windows(rows.lazy(), LAST, span=1, weeks=5)
    other = pl.DataFrame({"key": ["a", "a", None]}).lazy()
    assert profile.coverage(windowed, "sku", other, "key").rows() == [(0, 3, 2 / 3)]


def test_units_per_order_is_the_median_order() -> None:
    rows = pl.concat(
        [on(0, 2, order_id="x", quantity=1.5), on(0, 1, order_id="y", quantity=9.0),
         on(0, 1, order_id="z", quantity=4.0)]
    )  # fmt: skip
    windowed = profile.windows(rows.lazy(), LAST, span=1, weeks=5)
    assert profile.units_per_order(windowed).rows() == [(0, 3, 4.0)]


def test_schema_of_names_types() -> None:
    frame = pl.DataFrame({"a": [1], "b": ["x"]})
    assert profile.schema_of({"t": frame.lazy()}) == {"t": {"a": "Int64", "b": "String"}}


def test_bands_forgive_one_wild_day() -> None:
    history = [100.0, 104, 96, 101, 99, 10_000]
    lo, hi = count_band(history, ratio=2.0, deviations=4.0)
    assert 40 < lo < 60
    assert 150 < hi < 250
    assert spread([5.0, 5, 5, 50]) == 0.0


def test_a_collapse_is_never_allowed_by_a_wild_history() -> None:
    wild = [1000.0, 200, 3000, 50, 4000, 1000]
    assert count_band(wild, ratio=2.5, deviations=4.0)[0] == 100.0
    assert count_band([9.0, 1, 20, 2], ratio=2.5, deviations=4.0)[0] == 0.0


def test_bands_widen_with_noise_and_stay_possible() -> None:
    few = share_band([0.5] * 5, n=60, drift=0.1, deviations=4.0)
    many = share_band([0.5] * 5, n=100_000, drift=0.1, deviations=4.0)
    assert few == (0.0, 1.0)
    assert many == pytest.approx((0.4, 0.6))
    assert count_band([3.0] * 5, ratio=2.5, deviations=4.0)[0] == 0.0
    assert ratio_band([2.0, 40, 2, 40], ratio=2.0, deviations=4.0)[0] == 0.0
