"""A plan's sums are what the lines themselves give, and names are replaced before they are counted by."""

import random
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from transforms.asof import SOURCE
from transforms.demand import sku_categories, unit_events
from transforms.planning.lines import Lines, summed
from transforms.planning.sales import pieces, prices, weekdays

ZONE, WEEK = "America/New_York", "sunday"
PRODUCTS = pl.DataFrame(
    {SOURCE: ["shop"], "sku": ["S1"], "category": ["told"]},
    schema={SOURCE: pl.String, "sku": pl.String, "category": pl.String},
)
NAMES = {"ada@example.com": "<EMAIL>", "bea@example.com": "<EMAIL>"}


def lines(n: int = 4000, seed: int = 5) -> pl.DataFrame:
    draw = random.Random(seed)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    skus = [f"S{i}" for i in range(12)] + list(NAMES)
    rows = [
        (
            sku := draw.choice(skus),
            draw.choice(["tea", "pots", None]),
            draw.choice(["web", "store", *NAMES, None]),
            start + timedelta(minutes=draw.randrange(300 * 1440)),
            draw.choice([0.5, 1.0, 1.25] if sku in {"S2", "S3"} else [1.0, 2.0, 3.0]),
            draw.choice([None, 0.0, 9.99, 10.05]),
            draw.choice(["USD", "USD", "none given", None]),
            start if draw.random() < 0.1 else None,
            draw.random() < 0.1,
        )
        for _ in range(n)
    ]
    at = pl.Datetime("us", "UTC")
    return pl.DataFrame(
        rows,
        orient="row",
        schema={"sku": pl.String, "category": pl.String, "channel": pl.String, "ordered_at": at,
                "quantity": pl.Float64, "unit_price": pl.Float64, "currency": pl.String,
                "cancelled_at": at, "is_test": pl.Boolean},
    )  # fmt: skip


def masks(frame: pl.DataFrame) -> list[pl.Expr]:
    return [pl.col(name).replace(NAMES) for name in ("sku", "channel") if name in frame.columns]


def made(rows: pl.DataFrame) -> Lines:
    return summed(rows.lazy(), PRODUCTS, masks, timezone=ZONE, week_start=WEEK)


@pytest.mark.parametrize("seed", range(3))
def test_sums_are_those_of_the_lines_themselves(seed: int) -> None:
    rows = lines(seed=seed)
    found, masked = made(rows), rows.with_columns(masks(rows))
    categories = sku_categories(masked, PRODUCTS)
    assert found.categories.equals(categories)
    assert sku_categories(found.named, PRODUCTS).equals(categories)
    events = unit_events(masked, categories, ZONE)
    daily = events.group_by("day", "sku", "category").agg(pl.col("milli").sum())
    key = ["day", "sku"]
    assert found.sold.select(daily.columns).sort(key).equals(daily.sort(key))
    assert found.pieces.equals(pieces(events).sort("sku"))
    assert set(found.pieces["pieces"]) == {True, False}
    assert weekdays(found.sold, WEEK).equals(weekdays(events, WEEK))
    assert found.prices.equals(prices(masked.lazy(), ZONE, WEEK))


def test_no_name_that_is_to_be_masked_is_counted_by() -> None:
    found = made(lines())
    for frame in (found.named, found.categories, found.sold, found.pieces, found.prices):
        assert not set(frame["sku"]) & set(NAMES)
        assert "<EMAIL>" in set(frame["sku"])


def test_parts_that_make_a_whole_in_one_channel_are_whole() -> None:
    """Half a unit twice is one in one channel; in two channels each sells by weight."""
    rows = lines(1).with_columns(cancelled_at=None, is_test=False, quantity=0.5, category=None)
    rows = rows.with_columns(pl.col("cancelled_at").cast(pl.Datetime("us", "UTC")))
    pair = [rows.with_columns(sku=pl.lit(s), channel=pl.lit(c)) for s, c in
            (("A", "web"), ("A", "web"), ("B", "web"), ("B", "store"))]  # fmt: skip
    found = made(pl.concat(pair))
    assert dict(found.pieces.iter_rows()) == {"A": True, "B": False}


def test_without_lines_there_are_empty_sums() -> None:
    found = made(lines().clear())
    assert found.categories["sku"].to_list() == ["S1"]
    for frame in (found.sold, found.pieces, found.prices):
        assert frame.is_empty()
