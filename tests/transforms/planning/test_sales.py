from datetime import UTC, date, datetime, timedelta

import polars as pl

from transforms.planning.sales import pieces, prices, weekdays

MONDAY = date(2026, 9, 7)


def test_weekdays_count_from_the_first_day_of_the_week_without_the_running_one() -> None:
    days = [MONDAY, MONDAY + timedelta(days=5), MONDAY + timedelta(days=7)]
    sold = pl.DataFrame(
        {"day": days, "category": ["tea", "pots", "tea"], "milli": [1500, 3000, 9000]}
    )
    made = weekdays(sold, "monday")
    assert made["category"].to_list() == [None, "pots", "tea"]
    assert made.row(0)[1:] == (1.5, 0, 0, 0, 0, 3.0, 0)
    assert made.row(2)[1:] == (1.5, 0, 0, 0, 0, 0, 0)
    sunday = weekdays(sold, "sunday")
    assert sunday.row(0)[1:] == (0, 1.5, 0, 0, 0, 0, 3.0)
    assert weekdays(sold.clear(), "monday").height == 1


def test_whole_units_are_told_from_weights() -> None:
    sold = pl.DataFrame({"sku": ["A", "A", "B", "B"], "milli": [1000, 3000, 1000, 250]})
    assert dict(pieces(sold).sort("sku").iter_rows()) == {"A": True, "B": False}


def lines(*rows: tuple[str, int, float, float | None, str | None]) -> pl.DataFrame:
    noon = datetime(2026, 9, 7, 12, tzinfo=UTC)
    return pl.DataFrame(
        [(k, noon - timedelta(weeks=w), q, p, c, None, None) for k, w, q, p, c in rows],
        orient="row",
        schema={"sku": pl.String, "ordered_at": pl.Datetime("us", "UTC"), "quantity": pl.Float64,
                "unit_price": pl.Float64, "currency": pl.String,
                "cancelled_at": pl.Datetime("us", "UTC"), "is_test": pl.Boolean},
    )  # fmt: skip


def priced(*rows: tuple[str, int, float, float | None, str | None]) -> dict[str, tuple]:
    made = prices(lines(*rows).lazy(), "UTC", "monday")
    return {row[0]: row[1:] for row in made.iter_rows()}


def test_a_price_is_the_mean_of_what_units_were_sold_at() -> None:
    made = priced(("A", 0, 3, 10.0, "USD"), ("A", 1, 1, 6.0, "USD"), ("A", 2, 5, None, None))
    assert made == {"A": (9.0, "USD")}


def test_only_the_newest_weeks_with_a_priced_sale_count() -> None:
    old = [("A", 40 + w, 1.0, 100.0, "USD") for w in range(5)]
    new = [("A", 2 * w, 1.0, 10.0, "USD") for w in range(13)]
    assert priced(*old, *new) == {"A": (10.0, "USD")}


def test_several_currencies_have_no_price_and_gifts_tell_none() -> None:
    made = priced(
        ("A", 0, 1, 5.0, "USD"), ("A", 0, 1, 5.0, "EUR"), ("B", 0, 1, 0.0, "USD"),
        ("C", 0, 1, 5.0, None),
    )  # fmt: skip
    assert made == {"A": (None, None), "C": (5.0, None)}


def test_what_is_no_code_is_no_currency() -> None:
    made = priced(("A", 0, 3, 10.0, "mail ada@example.com"), ("B", 0, 1, 6.0, "eur"))
    assert made == {"A": (10.0, None), "B": (6.0, "eur")}
