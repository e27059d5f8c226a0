"""Promotions by week: days count once, scopes reach their series, nothing is known too early."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.contracts import INPUTS
from transforms.promotions import announced, promotion_weeks, timing_assumed

SERIES = pl.DataFrame(
    {
        "series_id": ["a", "b", "c"],
        "sku": ["a", "b", "c"],
        "category": ["tea", "tea", "cups"],
    }
)
MONDAY = date(2024, 1, 1)


def promo(first: int, last: int, **more: Any) -> dict[str, Any]:
    """A promotion from day `first` to day `last`, counted from a Monday."""
    return {
        "starts_on": MONDAY + timedelta(days=first),
        "ends_on": MONDAY + timedelta(days=last),
        **more,
    }


def table(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=dict(INPUTS["promotions"].schema))


def weeks_of(
    *rows: dict[str, Any], week_start: str = "monday", last: date = date(2024, 12, 31)
) -> pl.DataFrame:
    return promotion_weeks(table(*rows), SERIES, last=last, week_start=week_start)


def test_a_promotion_without_scope_reaches_everything_and_one_of_a_category_its_series() -> None:
    found = weeks_of(
        promo(0, 0), promo(7, 7, category="tea"), promo(14, 14, sku="b", category="cups")
    )
    reached = {
        week: sorted(rows["series_id"].to_list())
        for (week,), rows in found.group_by("week_start")  # type: ignore[misc]
    }
    assert reached == {
        MONDAY: ["a", "b", "c"],
        MONDAY + timedelta(days=7): ["a", "b"],
        MONDAY + timedelta(days=14): ["b"],
    }


def test_partial_weeks_tell_their_days() -> None:
    found = weeks_of(promo(2, 8, sku="a"))
    assert found.select("week_start", "days").rows() == [
        (MONDAY, 5),
        (MONDAY + timedelta(days=7), 2),
    ]
    sunday = weeks_of(promo(2, 8, sku="a"), week_start="sunday")
    assert sunday["days"].to_list() == [4, 3]
    assert sunday["week_start"][0] == MONDAY - timedelta(days=1)


def test_overlapping_days_count_once_per_kind_and_once_over_all() -> None:
    found = weeks_of(
        promo(0, 3, sku="a", kind="sale"),
        promo(2, 5, category="tea", kind="sale"),
        promo(4, 6, kind="mail"),
    ).filter(pl.col("series_id") == "a")
    assert found.select("kind", "days", "any_days").rows() == [("mail", 3, 7), ("sale", 6, 7)]


def test_discounts_are_weighed_by_their_days_and_may_be_untold() -> None:
    found = weeks_of(
        promo(0, 0, sku="a", kind="sale", discount_share=0.5),
        promo(1, 3, sku="a", kind="sale", discount_share=0.1),
        promo(4, 5, sku="a", kind="sale"),
        promo(0, 1, sku="b"),
    )
    assert found["discount"].to_list() == [2000, None]
    assert found["kind"].to_list() == ["sale", None]


def test_what_ends_before_it_starts_or_starts_after_the_last_day_is_left_out() -> None:
    assert weeks_of(promo(5, 4, sku="a")).is_empty()
    assert weeks_of(promo(10, 12, sku="a"), last=MONDAY + timedelta(days=9)).is_empty()
    endless = weeks_of(promo(0, 700, sku="a"), last=MONDAY + timedelta(days=20))
    assert endless["days"].to_list() == [7, 7, 7]
    assert weeks_of().schema == endless.schema


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 20)), min_size=1, max_size=5),
    st.sampled_from(["monday", "thursday", "sunday"]),
)
def test_days_agree_with_counting_them_one_by_one(
    spans: list[tuple[int, int]], week_start: str
) -> None:
    found = weeks_of(*(promo(a, a + n, sku="a") for a, n in spans), week_start=week_start)
    days = {MONDAY + timedelta(days=a + i) for a, n in spans for i in range(n + 1)}
    first = found["week_start"].to_list()
    assert sum(found["days"]) == len(days)
    for start, count in zip(first, found["days"], strict=True):
        inside = {start + timedelta(days=i) for i in range(7)}
        assert count == len(days & inside)


def test_row_order_does_not_matter() -> None:
    rows = [
        promo(d, d + 4, sku=s, kind=k, discount_share=0.1 * (d + 1))
        for d, s, k in product(range(4), ["a", "b"], ["x", None])
    ]
    assert weeks_of(*rows).equals(weeks_of(*rows[::-1]))


@pytest.mark.parametrize(("day", "shown"), [(9, 1), (10, 2), (30, 2)])
def test_promotions_are_known_from_the_day_of_their_announcement(day: int, shown: int) -> None:
    told = datetime(2024, 1, 11, 2, 0, tzinfo=UTC)  # still the 10th in New York
    rows = table(promo(40, 44, announced_at=told), promo(50, 51))
    known = announced(rows, date(2024, 1, day), "America/New_York")
    assert known.height == shown
    assert timing_assumed(known)
    assert not timing_assumed(rows.head(1))


def test_a_week_is_known_from_the_day_on_which_its_last_promotion_was_announced() -> None:
    def at(day: int, hour: int = 12) -> datetime:
        return datetime(2024, 1, day, hour, tzinfo=UTC)

    rows = table(
        promo(28, 36, announced_at=at(10), sku="a"),
        promo(30, 30, announced_at=at(20, 3), sku="a"),
        promo(28, 28, sku="b"),
        promo(28, 28, announced_at=at(9), kind="sale", sku="b"),
    )
    found = promotion_weeks(
        rows, SERIES, last=date(2024, 12, 31), week_start="monday", timezone="America/New_York"
    )
    assert found.select("series_id", "kind", "known_on").rows() == [
        ("a", None, date(2024, 1, 19)),
        ("a", None, date(2024, 1, 10)),
        ("b", None, None),
        ("b", "sale", date(2024, 1, 9)),
    ]
