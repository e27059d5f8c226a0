"""Experiments as units and orders: what counts for whom, and from when to when."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl

from transforms.asof import SOURCE
from transforms.contracts import INPUTS
from transforms.office import trials as shape
from transforms.office.days import by_day

START = datetime(2026, 3, 2, tzinfo=UTC)
END = START + timedelta(days=28)


def table(name: str, rows: list[dict[str, object]]) -> pl.DataFrame:
    schema = {SOURCE: pl.String, **INPUTS[name].schema}
    return pl.DataFrame([{SOURCE: "s", **row} for row in rows], schema=schema)


def experiment(**more: object) -> pl.DataFrame:
    row = {"experiment_id": "e", "starts_at": START, "ends_at": END, "announced_at": START}
    return table("experiments", [row | more])


def lot(
    customer: str, arm: str, at: datetime = START, experiment_id: str = "e"
) -> dict[str, object]:
    return {"experiment_id": experiment_id, "customer_id": customer, "arm": arm, "assigned_at": at}


def line(
    order: str, customer: str, at: datetime, sku: str = "A", **more: object
) -> dict[str, object]:
    row = {
        "order_id": order,
        "line_id": order + sku,
        "sku": sku,
        "customer_id": customer,
        "ordered_at": at,
    }
    return row | {"quantity": 2.0, "unit_price": 1.25, "currency": "USD", "is_test": False} | more


CATEGORIES = pl.DataFrame({"sku": ["A", "B"], "category": ["one", "two"]})


def one(given: pl.DataFrame, lots: pl.DataFrame, end: datetime = END) -> shape.Trial:
    (found,) = shape.trials(given, lots, end)
    return found


def test_what_was_registered_decides_when_it_is_over_and_a_lot_makes_it_randomised() -> None:
    lots = table("assignments", [lot("c", "control")])
    trial = one(experiment(), lots)
    assert (trial.over, trial.design, trial.registered_before) == (True, "randomised", True)
    early = one(experiment(announced_at=START + timedelta(days=3)), lots, END - timedelta(days=1))
    assert (early.over, early.until, early.registered_before) == (
        False,
        END - timedelta(days=1),
        False,
    )
    assert not one(experiment(ends_at=None), lots, END + timedelta(days=900)).over
    assert one(experiment(), lots.clear()).design == "observational"
    assert shape.trials(experiment(), lots, START) == []


def test_people_in_two_arms_are_in_none_and_lots_outside_the_trial_do_not_count() -> None:
    lots = table(
        "assignments",
        [
            lot("a", "holdout"), lot("b", "treatment"), lot("c", "treatment"),
            lot("d", "control", START - timedelta(days=1)), lot("e", "control", experiment_id="x"),
            {**lot("c", "control"), SOURCE: "t"},
        ],
    )  # fmt: skip
    people, crossed = shape.units(lots, one(experiment(), lots))
    assert people["customer_id"].to_list() == ["a", "b"]
    assert people["arm"].to_list() == ["control", "treatment"]
    assert crossed == 1


def test_orders_count_from_the_lot_to_the_end_and_only_of_what_it_is_about() -> None:
    day = timedelta(days=1)
    lots = table("assignments", [lot("a", "control", START + 2 * day), lot("b", "treatment")])
    rows = [
        line("1", "a", START + day), line("2", "a", START + 3 * day), line("2", "a", START + 3 * day, "B"),
        line("3", "b", END - day), line("4", "b", END), line("5", "x", START + day),
        line("6", "b", START + day, cancelled_at=START + 2 * day), line("7", "b", START + day, is_test=True),
    ]  # fmt: skip
    sold = shape.sold_lines(table("order_lines", rows).lazy(), CATEGORIES)
    trial = one(experiment(), lots)
    found = shape.bought(shape.units(lots, trial)[0], sold, trial)
    assert sorted(found.select("customer_id", "cents").rows()) == [("a", 500), ("b", 250)]
    narrow = one(experiment(category="two"), lots)
    assert shape.bought(shape.units(lots, narrow)[0], sold, narrow)["cents"].to_list() == [250]


def test_an_order_with_a_line_without_price_has_no_value() -> None:
    lots = table("assignments", [lot("a", "control")])
    rows = [line("1", "a", START), line("1", "a", START, "B", unit_price=None)]
    sold = shape.sold_lines(table("order_lines", rows).lazy(), CATEGORIES)
    trial = one(experiment(), lots)
    assert shape.bought(shape.units(lots, trial)[0], sold, trial)["cents"].to_list() == [None]


def test_days_without_orders_are_zero_and_days_are_the_business_s() -> None:
    orders = pl.DataFrame(
        {
            "day": [date(2026, 3, 1), date(2026, 3, 3), date(2026, 3, 3)],
            "cents": [100, 300, None],
            "currency": ["USD"] * 3,
        }
    )
    carts = pl.DataFrame({"day": [date(2026, 3, 2)], "started": [4], "completed": [1]})
    found = by_day(orders, carts, date(2026, 3, 5))
    assert found["day"].to_list() == [date(2026, 3, d) for d in (1, 2, 3, 4)]
    assert found["placed"].to_list() == [1, 0, 2, 0]
    assert found["valued"].to_list() == [1, 0, 1, 0]
    assert found["started"].to_list() == [0, 4, 0, 0]
    assert by_day(orders.clear(), carts, date(2026, 3, 5)).is_empty()
    assert shape.day_of(datetime(2026, 3, 2, 3, tzinfo=UTC), "America/New_York") == date(2026, 3, 1)
    assert shape.end_of(date(2026, 3, 1), "America/New_York") == datetime(2026, 3, 2, 5, tzinfo=UTC)
