from datetime import date, timedelta

import polars as pl
import pytest

from transforms.planning.stock import with_stock

AS_OF = date(2026, 11, 17)


def day(offset: int) -> date:
    return AS_OF + timedelta(days=offset)


def inventory(*rows: tuple[str, str, int, float, float | None]) -> pl.DataFrame:
    return pl.DataFrame(
        [(s, k, day(d), on, order) for s, k, d, on, order in rows], orient="row",
        schema={"_source": pl.String, "sku": pl.String, "date": pl.Date, "on_hand": pl.Float64,
                "on_order": pl.Float64},
    )  # fmt: skip


def receipts(*rows: tuple[str, int, float]) -> pl.DataFrame:
    return pl.DataFrame(
        [(k, day(d), q) for k, d, q in rows], orient="row",
        schema={"sku": pl.String, "expected_on": pl.Date, "quantity": pl.Float64},
    )  # fmt: skip


def sold(*rows: tuple[str, int, float]) -> pl.DataFrame:
    return pl.DataFrame(
        [(k, day(d), round(q * 1000)) for k, d, q in rows], orient="row",
        schema={"sku": pl.String, "day": pl.Date, "milli": pl.Int64},
    )  # fmt: skip


def stood(counts: pl.DataFrame, due: pl.DataFrame, sales: pl.DataFrame) -> tuple[dict, list]:
    """The row of SKU A, and what is counted on: (day, units)."""
    skus = pl.DataFrame({"sku": ["A", "B"], "lead_time_days": [20.5, 10.0]})
    stock, coming = with_stock(skus, counts, due, sales, as_of=AS_OF, stale_days=3, overdue_days=14)
    assert stock.height == 2
    mine = coming.filter(pl.col("sku") == "A")
    return stock.row(0, named=True), list(zip(mine["day"], mine["units"], strict=True))


def test_the_newest_count_of_each_source_is_added_up_and_sales_since_taken_off() -> None:
    counts = inventory(
        ("web", "A", -9, 99, None), ("web", "A", -1, 30, None), ("store", "A", -2, 12.5, None)
    )
    row, coming = stood(counts, receipts(), sold(("A", -2, 3), ("A", -1, 4), ("A", 0, 5)))
    assert row["inventory_date"] == day(-2)
    assert row["inventory_age_days"] == 2
    assert not row["inventory_stale"]
    assert row["on_hand_units"] == 42.5
    assert row["sold_since_units"] == 9
    assert row["available_units"] == row["position_units"] == 33.5
    assert coming == []


def test_an_old_count_is_stale_and_never_falls_below_nothing() -> None:
    row, _ = stood(inventory(("w", "A", -4, 3, None)), receipts(), sold(("A", -1, 50)))
    assert row["inventory_stale"]
    assert row["available_units"] == 0


def test_oversold_stays_owed() -> None:
    row, _ = stood(inventory(("w", "A", 0, -6, None)), receipts(("A", 2, 10)), sold())
    assert row["available_units"] == -6
    assert row["position_units"] == 4


def test_stock_that_nobody_counted_is_unknown_and_not_nothing() -> None:
    row, coming = stood(inventory(), receipts(("A", 2, 10)), sold(("A", 0, 1)))
    assert row["on_hand_units"] is None
    assert row["position_units"] is None
    assert row["on_order_units"] == 10
    assert coming == [(2, 10.0)]


@pytest.mark.parametrize(
    ("on_order", "due", "counted", "overdue", "lapsed"),
    [
        # Promised only: overdue ones come tomorrow, those of long ago do not.
        (None, [(-30, 7), (-3, 5), (4, 6)], [(1, 5.0), (4, 6.0)], 5, 7),
        # As much is on order as is promised.
        (11, [(-3, 5), (4, 6)], [(1, 5.0), (4, 6.0)], 5, 0),
        # Less: the overdue delivery has come already.
        (6, [(-3, 5), (4, 6)], [(4, 6.0)], 0, 5),
        # More: the rest is expected after a lead time of 20.5 days.
        (20, [(4, 6)], [(4, 6.0), (21, 14.0)], 0, 0),
        # Nothing promised at all.
        (9, [], [(21, 9.0)], 0, 0),
    ],
)
def test_deliveries_are_believed_up_to_what_is_on_order(
    on_order: float | None, due: list, counted: list, overdue: float, lapsed: float
) -> None:
    counts = inventory(("w", "A", 0, 1, on_order))
    row, coming = stood(counts, receipts(*[("A", d, q) for d, q in due]), sold())
    assert coming == counted
    assert row["on_order_units"] == sum(units for _, units in counted)
    assert row["receipts_overdue_units"] == overdue
    assert row["receipts_lapsed_units"] == lapsed
    assert row["next_receipt_on"] == day(counted[0][0])
