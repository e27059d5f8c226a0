from datetime import date, timedelta

import polars as pl

from transforms.planning.stockouts import out_weeks, summed_up

MONDAY = date(2026, 9, 7)


def counted(*stock: float, sku: str = "A", first: int = 0) -> pl.DataFrame:
    days = [MONDAY + timedelta(days=first + i) for i in range(len(stock))]
    return pl.DataFrame({"date": days, "sku": [sku] * len(stock), "on_hand": stock})


def sold(*rows: tuple[str, int, float]) -> pl.DataFrame:
    return pl.DataFrame(
        [(k, MONDAY + timedelta(days=d), round(q * 1000)) for k, d, q in rows], orient="row",
        schema={"sku": pl.String, "day": pl.Date, "milli": pl.Int64},
    )  # fmt: skip


def test_days_without_stock_are_told_from_those_with() -> None:
    counts = pl.concat([counted(5.0, 2.0, 0.0, 0.0, 9.0, 8.0, 7.0), counted(1.0, sku="B")])
    made = out_weeks(counts, sold(("A", 0, 3), ("A", 2, 2), ("A", 9, 50), ("B", 1, 9)), "monday")
    assert made.height == 1
    row = made.row(0, named=True)
    assert (row["sku"], row["week_start"]) == ("A", MONDAY)
    assert row["censored_share"] == 2 / 7
    assert [row[f"out_{i}"] for i in range(7)] == [False, False, True, True, False, False, False]
    assert (row["sold_in"], row["sold_out"]) == (3.0, 2.0)


def test_two_places_are_out_only_when_both_are() -> None:
    counts = pl.concat([counted(0.0, 0.0), counted(0.0, 4.0)])
    made = out_weeks(counts, sold(), "monday")
    assert made["censored_share"].to_list() == [0.5]
    assert made["sold_in"].to_list() == [0.0]


def test_a_week_is_counted_from_the_configured_day() -> None:
    made = out_weeks(counted(0.0, first=6), sold(("A", 6, 1)), "sunday")
    assert made["week_start"].to_list() == [MONDAY + timedelta(days=6)]
    assert made["out_0"].to_list() == [True]
    assert made["sold_out"].to_list() == [1.0]


def test_losses_are_added_to_what_the_levels_above_sold() -> None:
    skus = pl.DataFrame(
        {"sku": ["A", "B"], "week_start": [MONDAY] * 2, "observed_units": [3.0, 0.0],
         "unconstrained_units": [5.0, 4.5], "lost_units": [2.0, 4.5],
         "method": ["in_stock_days", "weeks_before"], "censored_share": [0.5, 1.0],
         "trained_on": [False, False]}
    )  # fmt: skip
    weekly = pl.DataFrame(
        {"level": ["total", "category", "category"], "series_id": ["total", "tea", "pots"],
         "week_start": [MONDAY] * 3, "value": [100.0, 60.0, 40.0]}
    )  # fmt: skip
    categories = pl.DataFrame({"sku": ["A", "B"], "category": ["tea", "pots"]})
    made = summed_up(skus, weekly, ("total", "category", "sku"), categories)
    told = {(r["level"], r["series_id"]): r for r in made.iter_rows(named=True)}
    assert len(told) == 5
    assert told["total", "total"]["unconstrained_units"] == 106.5
    assert told["category", "tea"]["unconstrained_units"] == 62.0
    assert told["category", "tea"]["censored_share"] == 2 / 62
    assert told["sku", "B"]["category"] == "pots"
    assert set(made["target"]) == {"units"}
