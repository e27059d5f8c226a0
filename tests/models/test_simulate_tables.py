"""The tables of a simulated brand: shape, order in time, and the promises between tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import polars as pl
import pytest

from models.simulate import Brand, BrandSpec, simulate
from transforms.contracts import INPUTS

UNMADE = {"upstream_tags", "reviews"}
"""Inputs that a simulated brand does not give."""
STAMP = "%Y-%m-%dT%H:%M:%S%:z"
ZONE = "America/New_York"
SMALL = BrandSpec(skus=12, weeks=60, categories=3, conversations_per_week=30.0)
IDENTIFIER = {
    "order_lines": "line_id",
    "refunds": "refund_id",
    "customers": "customer_id",
    "checkouts": "checkout_id",
    "tickets": "ticket_id",
    "conversations": "conversation_id",
    "passages": "passage_id",
    "call_attempts": "attempt_id",
    "products": "sku",
}


@pytest.fixture(scope="module")
def brand() -> Brand:
    return simulate(BrandSpec(dirty=False))


def moment(column: str) -> pl.Expr:
    return pl.col(column).str.to_datetime(STAMP, time_zone="UTC")


def local_day(column: str) -> pl.Expr:
    return moment(column).dt.convert_time_zone(ZONE).dt.date()


def sold(brand: Brand) -> pl.DataFrame:
    lines = brand["order_lines"]
    return lines.filter(pl.col("cancelled_at").is_null() & ~pl.col("is_test"))


def test_equal_specs_give_equal_tables_and_another_seed_does_not() -> None:
    one, two = simulate(SMALL), simulate(SMALL)
    other = simulate(replace(SMALL, seed=9))
    assert list(one) == list(two)
    for name in one:
        assert one[name].equals(two[name]), name
    assert one.truth == two.truth
    assert one.truth_passages.equals(two.truth_passages)
    assert one.truth_weekly.equals(two.truth_weekly)
    assert not one["order_lines"].equals(other["order_lines"])
    assert not one["passages"].equals(other["passages"])


def test_every_table_has_columns_of_its_contract_and_all_required_ones(brand: Brand) -> None:
    assert set(brand) == set(INPUTS) - UNMADE
    for name, frame in brand.items():
        contract = INPUTS[name]
        assert set(frame.columns) <= set(contract.names), name
        assert set(contract.required) <= set(frame.columns), name
        assert frame.height > 0, name
        for column in contract.columns:
            if column.required and not column.nullable:
                assert frame[column.name].null_count() == 0, f"{name}.{column.name}"


def test_identifiers_are_unique_in_a_clean_brand(brand: Brand) -> None:
    for name, column in IDENTIFIER.items():
        assert brand[name][column].n_unique() == brand[name].height, name


def test_lines_add_up_to_the_units_of_the_truth(brand: Brand) -> None:
    week = pl.col("day") - pl.duration(days=pl.col("day").dt.weekday() - 1)
    counted = (
        sold(brand)
        .with_columns(local_day("ordered_at").alias("day"))
        .group_by("category", week.alias("week_start"))
        .agg(pl.col("quantity").sum().alias("counted"))
    )
    both = brand.truth_weekly.join(counted, on=["category", "week_start"], how="left")
    settled = both.filter(pl.col("week_start") < brand.spec.last_monday - timedelta(weeks=2))
    assert settled["units"].to_list() == settled["counted"].to_list()
    assert (both["counted"].fill_null(0) <= both["units"]).all()  # late rows are still to come


def test_the_last_week_is_running_and_nothing_lies_after_the_end(brand: Brand) -> None:
    end, start = brand.spec.end, brand.spec.start
    assert end.weekday() == 1
    days = brand["order_lines"].select(local_day("ordered_at").alias("d"))["d"]
    assert (days.min(), days.max()) == (start, end)
    seen = {
        "order_lines": "ingested_at",
        "refunds": "ingested_at",
        "conversations": "ingested_at",
        "shipments": "delivered_at",
        "tickets": "closed_at",
        "checkouts": "completed_at",
        "call_attempts": "attempted_at",
        "passages": "said_at",
    }
    for table, column in seen.items():
        latest = brand[table].select(local_day(column).max()).item()
        assert latest <= end, table


def test_times_carry_the_offset_of_their_season(brand: Brand) -> None:
    offsets = brand["order_lines"].select(
        pl.col("ordered_at").str.slice(5, 2).alias("month"),
        pl.col("ordered_at").str.slice(19).alias("offset"),
    )
    assert set(offsets["offset"]) == {"-04:00", "-05:00"}
    assert set(offsets.filter(pl.col("month") == "07")["offset"]) == {"-04:00"}
    assert set(offsets.filter(pl.col("month") == "01")["offset"]) == {"-05:00"}


@pytest.mark.parametrize(
    ("table", "earlier", "later"),
    [
        ("order_lines", "ordered_at", "ingested_at"),
        ("order_lines", "ordered_at", "cancelled_at"),
        ("refunds", "refunded_at", "ingested_at"),
        ("shipments", "shipped_at", "delivered_at"),
        ("tickets", "opened_at", "closed_at"),
        ("conversations", "started_at", "ingested_at"),
        ("checkouts", "started_at", "completed_at"),
    ],
)
def test_what_follows_comes_after(brand: Brand, table: str, earlier: str, later: str) -> None:
    pair = brand[table].select(moment(earlier).alias("a"), moment(later).alias("b")).drop_nulls()
    assert pair.height > 0
    assert (pair["b"] > pair["a"]).all()


def test_a_small_share_of_rows_arrives_days_late(brand: Brand) -> None:
    for table, column in (("order_lines", "ordered_at"), ("conversations", "started_at")):
        wait = brand[table].select((moment("ingested_at") - moment(column)).alias("w"))["w"]
        share = (wait > timedelta(days=1)).sum() / len(wait)
        assert 0.005 < share < 0.04, table


def test_nothing_is_sold_while_out_of_stock_or_off_sale(brand: Brand) -> None:
    lines = brand["order_lines"].select("sku", "quantity", local_day("ordered_at").alias("date"))
    daily = lines.group_by("sku", "date").agg(pl.col("quantity").sum())
    stock = brand["inventory_daily"].join(daily, on=["sku", "date"], how="left")
    gaps = brand.truth["stockouts"]
    assert len(gaps) > 20
    for gap in gaps:
        first, last = date.fromisoformat(gap["from"]), date.fromisoformat(gap["to"])
        rows = stock.filter((pl.col("sku") == gap["sku"]) & pl.col("date").is_between(first, last))
        assert rows.height == (last - first).days + 1
        assert rows["on_hand"].to_list() == [0] * rows.height
        assert rows["quantity"].null_count() == rows.height
    assert (stock["on_hand"] >= 0).all()
    lives = brand["products"].select("sku", "launched_on", "discontinued_on")
    known = lines.join(lives, on="sku")
    assert known.height == lines.height
    assert known.filter(pl.col("date") < pl.col("launched_on")).is_empty()
    assert known.filter(pl.col("date") >= pl.col("discontinued_on")).is_empty()
    assert len(brand.truth["skus"]["launched"]) >= 1
    assert len(brand.truth["skus"]["discontinued"]) == 2


def test_stock_falls_by_what_is_sold(brand: Brand) -> None:
    shipped = sold(brand).select("sku", "quantity", local_day("ordered_at").alias("date"))
    daily = shipped.group_by("sku", "date").agg(pl.col("quantity").sum())
    path = (
        brand["inventory_daily"]
        .join(daily, on=["sku", "date"], how="left")
        .sort("sku", "date")
        .with_columns(pl.col("quantity").fill_null(0))
        .with_columns(
            (pl.col("on_hand") - pl.col("on_hand").shift(1).over("sku") + pl.col("quantity")).alias(
                "received"
            )
        )
        .filter(pl.col("date") < brand.spec.end - timedelta(days=10))
        .drop_nulls("received")
    )
    assert (path["received"] == 0).mean() > 0.9  # type: ignore[operator]  # polars' mean is wide
    assert (path["received"] > 0).any()


def test_refunds_and_tickets_point_to_earlier_orders(brand: Brand) -> None:
    lines = brand["order_lines"].select("order_id", "sku", "quantity", moment("ordered_at"))
    back = brand["refunds"].rename({"quantity": "returned"})
    found = back.join(lines, on=["order_id", "sku"], how="left")
    assert found["ordered_at"].null_count() == 0
    gap = found.select((moment("refunded_at") - pl.col("ordered_at")).alias("g"))["g"]
    assert ((gap > timedelta(days=6)) & (gap < timedelta(days=58))).all()
    assert (
        found.group_by("refund_id")
        .agg((pl.col("returned") <= pl.col("quantity")).any())["returned"]
        .all()
    )
    asked = (
        brand["tickets"]
        .drop_nulls("order_id")
        .join(lines.unique("order_id"), on="order_id", how="left")
    )
    late = asked.drop_nulls("ordered_at")
    assert late.height > 0.98 * asked.height
    assert (late.select(moment("opened_at"))["opened_at"] > late["ordered_at"]).all()


def test_delivery_tickets_are_about_late_parcels(brand: Brand) -> None:
    parcels = brand["shipments"].select(
        "order_id", (moment("delivered_at") > moment("promised_at")).alias("late")
    )
    asked = brand["tickets"].join(parcels, on="order_id").drop_nulls("late")
    share = dict(asked.group_by("topic").agg(pl.col("late").mean()).iter_rows())
    assert share["delivery"] > 0.8
    assert max(v for k, v in share.items() if k != "delivery") < 0.3


def test_conversations_say_sku_category_customer_or_nothing(brand: Brand) -> None:
    talk = brand["conversations"]
    n = talk.height
    assert talk["sku"].count() / n == pytest.approx(0.46, abs=0.03)
    assert talk["category"].count() / n == pytest.approx(0.30, abs=0.03)
    silent = talk.filter(pl.col("sku").is_null() & pl.col("category").is_null())
    assert silent.filter(pl.col("customer_id").is_not_null()).height / n > 0.15
    assert silent.filter(pl.col("customer_id").is_null()).height > 0
    assert set(talk["channel"]) == {"call", "ticket", "chat", "review"}
    assert 150 <= n / brand.spec.n_weeks <= 250
    assert talk.filter(pl.col("rating").is_not_null())["channel"].unique().to_list() == ["review"]
    linked = brand["call_attempts"].drop_nulls("conversation_id")
    assert linked["connected"].all()


def test_contact_details_are_fictional(brand: Brand) -> None:
    people = brand["customers"]
    assert people["email"].drop_nulls().str.ends_with("@example.com").all()
    assert people["phone"].drop_nulls().str.contains(r"^\+1-\d{3}-555-01\d{2}$").all()
    text = brand["passages"]["text"]
    mails = text.str.extract_all(r"\S+@\S+").explode().drop_nulls()
    assert mails.str.contains(r"@example\.com\.?$").all()
    assert 50 < text.str.contains(r"@example\.com|555-01\d\d").sum() < 1500


def test_promotions_are_announced_ahead_and_lift_what_can_be_sold(brand: Brand) -> None:
    calendar = brand["promotions"]
    ahead = calendar.select(
        (pl.col("starts_on") - local_day("announced_at")).dt.total_days().alias("d")
    )["d"].drop_nulls()
    assert ahead.min() >= 21  # type: ignore[operator]  # polars' min is wide
    assert 0 < calendar["announced_at"].null_count() < 0.2 * calendar.height
    assert calendar.filter(pl.col("starts_on") > brand.spec.end).height > 0
    assert brand.truth_weekly["sellable"].max() > 1.3  # type: ignore[operator]


def test_dirt_is_added_and_changes_no_clean_row() -> None:
    clean = simulate(replace(SMALL, dirty=False))
    soiled = simulate(SMALL)
    dirt = soiled.truth["dirt"]
    for table, key in (
        ("order_lines", "line_id"),
        ("refunds", "refund_id"),
        ("passages", "passage_id"),
    ):
        bad = [row[key] for row in dirt[table]]
        assert len(bad) >= 6
        rest = soiled[table].filter(~pl.col(key).is_in(bad)).unique(maintain_order=True)
        assert rest.sort(key).equals(clean[table].sort(key)), table
    again = soiled["refunds"].filter(pl.col("refund_id").is_in(dirt["refunds_repeated"]))
    assert again.height == 2 * again.unique().height == 20
    lines = soiled["order_lines"]
    assert (lines["quantity"] < 0).sum() == 6
    assert (lines["quantity"] > 1_000_000).sum() == 4
    assert lines["sku"].null_count() == 5
    assert lines["ordered_at"].str.starts_with("1900").sum() == 3


@pytest.mark.parametrize("size", [{"skus": 3, "categories": 4}, {"weeks": 5}, {"categories": 0}])
def test_impossible_sizes_are_refused(size: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="a brand needs"):
        BrandSpec(**size)  # type: ignore[arg-type]  # ints for int fields


@pytest.mark.parametrize(("skus", "weeks", "categories"), [(1, 20, 1), (9, 30, 9), (40, 53, 10)])
def test_odd_sizes_still_make_a_brand(skus: int, weeks: int, categories: int) -> None:
    made = simulate(BrandSpec(skus=skus, weeks=weeks, categories=categories))
    assert made["products"]["sku"].n_unique() == skus
    assert made["products"]["category"].n_unique() == categories
    assert made["order_lines"].height > 0


def test_what_is_on_order_is_promised_within_the_lead_time(brand: Brand) -> None:
    last = brand["inventory_daily"].filter(date=brand.spec.end).select("sku", "on_order")
    terms = brand["products"].select("sku", "lead_time_days", "discontinued_on")
    due = brand["expected_receipts"].join(terms, on="sku")
    ahead = (pl.col("expected_on") - pl.lit(brand.spec.end)).dt.total_days()
    assert due.filter(~ahead.is_between(1, pl.col("lead_time_days"))).is_empty()
    assert due.select("sku", "expected_on").is_unique().all()
    assert due["sku"].n_unique() < due.height, "where lead times are long, two are on their way"
    going_on = last.join(terms.filter(pl.col("discontinued_on").is_null()), on="sku")
    sums = due.group_by("sku").agg(pl.col("quantity").sum())
    both = going_on.join(sums, on="sku", how="left").with_columns(pl.col("quantity").fill_null(0))
    assert (both["on_order"] == both["quantity"]).all()
