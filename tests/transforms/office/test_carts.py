"""Carts: who is eligible at the lot, which order counts, and nothing before the first attempt."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from transforms.office import carts
from transforms.office.periods import periods

LOT = datetime(2026, 3, 2, 12, tzinfo=UTC)
LAST = date(2026, 3, 2)
TIME = pl.Datetime("us", "UTC")
DAY = timedelta(days=1)


def frame(rows: list[dict[str, Any]], **schema: Any) -> pl.DataFrame:
    return pl.DataFrame(
        [{"_source": "s", **row} for row in rows], schema={"_source": pl.String, **schema}
    )


def lines(*rows: tuple[str, str | None, datetime]) -> pl.DataFrame:
    """Orders of (id, customer, time), two units at 5.25 each."""
    told = [
        {"order_id": o, "customer_id": c, "ordered_at": t, "quantity": 2.0, "unit_price": 5.25}
        for o, c, t in rows
    ]
    return frame(
        told,
        order_id=pl.String,
        customer_id=pl.String,
        ordered_at=TIME,
        quantity=pl.Float64,
        unit_price=pl.Float64,
        cancelled_at=TIME,
        is_test=pl.Boolean,
    )


def left(*rows: tuple[str, datetime, str | None]) -> pl.DataFrame:
    """Checkouts of (customer, start, the order that it became)."""
    told = [
        {"checkout_id": f"k{i}", "customer_id": c, "started_at": t, "completed_order_id": o}
        for i, (c, t, o) in enumerate(rows)
    ]
    return frame(
        told,
        checkout_id=pl.String,
        customer_id=pl.String,
        started_at=TIME,
        completed_order_id=pl.String,
        completed_at=TIME,
    )


def lots(*rows: tuple[str, str]) -> pl.DataFrame:
    told = [
        {"experiment_id": "abandoner", "customer_id": c, "arm": arm, "assigned_at": LOT}
        for c, arm in rows
    ]
    given = frame(
        told, experiment_id=pl.String, customer_id=pl.String, arm=pl.String, assigned_at=TIME
    )
    return carts.drawn(given, "abandoner", ["holdout", "control"])


def calls(*rows: tuple[str, datetime, bool]) -> pl.DataFrame:
    told = [
        {"cohort": "abandoner", "customer_id": c, "attempted_at": t, "connected": hit}
        for c, t, hit in rows
    ]
    return frame(
        told, cohort=pl.String, customer_id=pl.String, attempted_at=TIME, connected=pl.Boolean
    )


def counted(
    drawn: pl.DataFrame, checkouts: pl.DataFrame, orders: pl.DataFrame, attempts: pl.DataFrame
) -> dict[str, dict[str, int]]:
    """Counts of each arm in the newest four weeks."""
    made = carts.orders_of(orders)
    ended = carts.ended(checkouts, made)
    mine = carts.with_carts(drawn, ended)
    both = pl.concat([mine, carts.unassigned(drawn, ended).select(mine.columns)])
    seen = carts.placed(both, periods(LAST), timezone="UTC", week_start="monday")
    found = carts.counts(carts.with_orders(carts.with_attempts(seen, attempts), made))
    newest = found.filter(pl.col("period") == "4 weeks", pl.col("period_start") <= LAST)
    newest = newest.filter(pl.col("period_end") == newest["period_end"].max())
    return {row["arm"]: row for row in newest.iter_rows(named=True)}


def one(order_at: timedelta, *, became: bool = False, call_at: timedelta = DAY) -> dict[str, int]:
    """Counts of one customer who is called, reached, and orders so long after the lot."""
    return counted(
        lots(("ann", "called")),
        left(("ann", LOT - DAY, "o" if became else None)),
        lines(("o", "ann", LOT + order_at)),
        calls(("ann", LOT + call_at, True)),
    )["called"]


def test_an_order_after_the_call_is_a_recovery() -> None:
    for became in (True, False):
        found = one(2 * DAY, became=became)
        assert [
            found[n]
            for n in (
                "eligible",
                "attempted",
                "reached",
                "ordered_14d",
                "recovered_14d",
                "recovered_7d",
                "revenue_cents",
            )
        ] == [1, 1, 1, 1, 1, 1, 1050]


def test_an_order_before_the_first_attempt_is_ordered_but_no_recovery() -> None:
    found = one(DAY, call_at=2 * DAY)
    assert (found["ordered_14d"], found["recovered_14d"]) == (1, 0)
    assert found["ordered_before_attempt"] == 1


@pytest.mark.parametrize(
    ("days", "week", "fortnight"), [(7, 1, 1), (8, 0, 1), (14, 0, 1), (15, 0, 0)]
)
def test_windows_count_from_the_lot_and_include_their_end(
    days: int, week: int, fortnight: int
) -> None:
    found = one(days * DAY, call_at=DAY)
    assert (found["ordered_7d"], found["ordered_14d"]) == (week, fortnight)


def test_a_cart_that_was_completed_or_begun_long_before_is_not_eligible() -> None:
    found = counted(
        lots(("ann", "called"), ("bob", "holdout"), ("cat", "control"), ("dan", "holdout")),
        left(
            ("ann", LOT - DAY, "o"),
            ("bob", LOT - 15 * DAY, None),
            ("cat", LOT + DAY, None),
            ("dan", LOT - DAY, None),
        ),
        lines(("o", "ann", LOT - DAY / 2)),
        calls(),
    )
    assert (found["called"]["eligible"], found["called"]["without_cart"]) == (0, 1)
    assert (found["holdout"]["eligible"], found["holdout"]["without_cart"]) == (1, 2)


def test_who_was_in_no_lot_stands_apart_and_counts_once() -> None:
    found = counted(
        lots(("ann", "called")),
        left(
            ("ann", LOT - DAY, None),
            ("eve", LOT - 3 * DAY, None),
            ("eve", LOT - 2 * DAY, None),
            ("fay", LOT - 2 * DAY, "p"),
        ),
        lines(("p", "fay", LOT - 2 * DAY + timedelta(hours=1)), ("q", "eve", LOT)),
        calls(),
    )
    assert found["unassigned"]["eligible"] == 1, (
        "one person, and a cart that became an order is not left"
    )
    assert found["unassigned"]["ordered_14d"] == 1


def test_lots_that_are_not_ripe_are_not_counted() -> None:
    late = lots(("ann", "called")).with_columns(pl.col("lot_at") + 7 * DAY)
    made = carts.orders_of(lines())
    seen = carts.with_carts(late, carts.ended(left(("ann", LOT, None)), made))
    assert carts.placed(seen, periods(LAST), timezone="UTC", week_start="monday").is_empty()


def test_cancelled_and_test_orders_are_none() -> None:
    given = lines(("a", "ann", LOT), ("b", "ann", LOT), ("c", "ann", LOT)).with_columns(
        pl.Series("cancelled_at", [LOT, None, None]), pl.Series("is_test", [False, True, None])
    )
    assert carts.orders_of(given)["order_id"].to_list() == ["c"]
