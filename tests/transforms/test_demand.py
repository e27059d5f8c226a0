from datetime import date, timedelta

import numpy as np
import polars as pl

from tests.rows import at, versions
from transforms import demand
from transforms.plans import TOLD_ON

ZONE = "UTC"


def lines(rows: list[dict[str, object]]) -> pl.DataFrame:
    base: dict[str, object] = {
        "order_id": "o",
        "quantity": 1.0,
        "ordered_at": at("2026-03-02T10:00"),
    }
    return versions("order_lines", [base | {"line_id": str(i)} | row for i, row in enumerate(rows)])


def products(rows: list[dict[str, object]]) -> pl.DataFrame:
    return versions("products", rows)


def assembled(
    events: pl.DataFrame,
    given: pl.DataFrame | None = None,
    *,
    target: str = "units",
    levels: tuple[str, ...] = ("total", "category", "sku"),
    last_week: date = date(2026, 3, 23),
    as_of: date = date(2026, 3, 31),
) -> demand.Demand:
    return demand.assemble(
        events,
        products([]) if given is None else given,
        target=target,
        levels=levels,
        last_week=last_week,
        as_of=as_of,
        week_start="monday",
    )


def test_category_is_the_products_else_the_latest_lines_else_none() -> None:
    rows = [
        {"sku": "A", "category": "old", "ordered_at": at("2026-03-01T10:00")},
        {"sku": "A", "category": "new", "ordered_at": at("2026-03-02T10:00")},
        {"sku": "B", "category": "line"},
        {"sku": "C"},
    ]
    found = demand.sku_categories(lines(rows), products([{"sku": "B", "category": "product"}]))
    assert dict(found.iter_rows()) == {"A": "new", "B": "product", "C": demand.UNCATEGORISED}


def test_cancelled_lines_and_tests_are_not_demand() -> None:
    rows = [
        {"sku": "A"},
        {"sku": "A", "cancelled_at": at("2026-03-03T10:00")},
        {"sku": "A", "is_test": True},
        {"sku": "A", "is_test": False},
    ]
    assert lines(rows).filter(demand.COUNTED).height == 2


def test_fractional_quantities_are_summed_exactly_in_any_order() -> None:
    rows = [{"sku": "A", "quantity": 0.1} for _ in range(1000)]
    categories = pl.DataFrame({"sku": ["A"], "category": ["x"]})
    events = demand.unit_events(lines(rows), categories, ZONE)
    shuffled = events.sample(fraction=1.0, shuffle=True, seed=3)
    for frame in (events, shuffled):
        assert assembled(frame).weekly["milli"].to_list() == [100_000]


def test_weekly_sums_equal_a_plain_loop() -> None:
    rng = np.random.default_rng(5)
    rows = [
        {
            "sku": f"S{rng.integers(4)}",
            "quantity": float(rng.integers(1, 9)),
            "ordered_at": at("2026-01-05T00:00") + timedelta(hours=int(rng.integers(0, 1500))),
        }
        for _ in range(400)
    ]
    expected: dict[tuple[str, date], int] = {}
    for row in rows:
        day = row["ordered_at"].date()  # type: ignore[attr-defined]
        key = (str(row["sku"]), day - timedelta(days=day.weekday()))
        expected[key] = expected.get(key, 0) + int(row["quantity"] * 1000)  # type: ignore[operator]
    frame = lines(rows)
    events = demand.unit_events(frame, demand.sku_categories(frame, products([])), ZONE)
    got = {(s, w): m for s, w, m in assembled(events).weekly.iter_rows()}
    assert got == expected


def test_discontinued_and_dormant_series_are_listed_with_the_day_of_their_end() -> None:
    rows = [
        {"sku": "live", "ordered_at": at("2026-03-24T10:00")},
        {"sku": "ended", "ordered_at": at("2026-03-24T10:00")},
        {"sku": "silent", "ordered_at": at("2025-08-01T10:00")},
    ]
    given = products([{"sku": "ended", "discontinued_on": date(2026, 3, 27)}, {"sku": "live"}])
    frame = lines(rows)
    events = demand.unit_events(frame, demand.sku_categories(frame, given), ZONE)
    series = assembled(events, given).series
    status = dict(series.select("series_id", "status").iter_rows())
    assert status == {"live": "new", "ended": "discontinued", "silent": "dormant"}
    ended = dict(series.select("series_id", "ended_on").iter_rows())
    assert ended == {"live": None, "ended": date(2026, 3, 27), "silent": date(2026, 2, 2)}


def test_a_discontinuation_after_the_cutoff_is_not_known_yet() -> None:
    given = products([{"sku": "A", "discontinued_on": date(2026, 4, 30)}])
    frame = lines([{"sku": "A", "ordered_at": at("2026-03-24T10:00")}])
    events = demand.unit_events(frame, demand.sku_categories(frame, given), ZONE)
    assert assembled(events, given).series["status"].to_list() == ["new"]


def test_a_launch_before_the_first_sale_begins_the_series_but_not_before_the_data() -> None:
    rows = [
        {"sku": "old", "ordered_at": at("2026-01-06T10:00")},
        {"sku": "new", "ordered_at": at("2026-03-24T10:00")},
    ]
    given = products(
        [
            {"sku": "new", "launched_on": date(2026, 3, 4)},
            {"sku": "old", "launched_on": date(2001, 1, 1)},
        ]
    )
    frame = lines(rows)
    events = demand.unit_events(frame, demand.sku_categories(frame, given), ZONE)
    first = dict(assembled(events, given).series.select("series_id", "first_week").iter_rows())
    assert first == {"old": date(2026, 1, 5), "new": date(2026, 3, 2)}


def test_tickets_find_their_category_by_sku_then_category_then_order() -> None:
    orders = lines([{"sku": "A", "order_id": "o1"}, {"sku": "B", "order_id": "o2"}])
    categories = pl.DataFrame({"sku": ["A", "B"], "category": ["tea", "mugs"]})
    opened = at("2026-03-05T10:00")
    tickets = versions(
        "tickets",
        [
            {"ticket_id": "1", "opened_at": opened, "sku": "A", "category": "wrong"},
            {"ticket_id": "2", "opened_at": opened, "category": "told"},
            {"ticket_id": "3", "opened_at": opened, "order_id": "o2"},
            {"ticket_id": "4", "opened_at": opened},
        ],
    )
    events = demand.ticket_events(tickets, orders, categories, ZONE)
    assert sorted(events["category"].to_list()) == [demand.UNCATEGORISED, "mugs", "tea", "told"]


def test_channels_are_the_bottom_where_they_are_asked_for() -> None:
    frame = lines([{"sku": "A", "channel": "web"}, {"sku": "A", "channel": "shop"}, {"sku": "A"}])
    events = demand.unit_events(frame, demand.sku_categories(frame, products([])), ZONE)
    levels = ("total", "category", "sku", "sku_channel")
    series = assembled(events, levels=levels).series
    assert series["series_id"].to_list() == ["A|(none)", "A|shop", "A|web"]
    assert series["channel"].to_list() == ["(none)", "shop", "web"]


def test_censored_share_counts_observed_days_without_stock() -> None:
    stock = [
        {"date": date(2026, 3, 2) + timedelta(days=i), "sku": "A", "on_hand": float(i)}
        for i in range(4)
    ]
    stock.append({"date": date(2026, 3, 9), "sku": "A", "on_hand": -2.0})
    categories = pl.DataFrame({"sku": ["A"], "category": ["x"]})
    found = demand.censored_weeks(versions("inventory_daily", stock), categories, "monday")
    assert found["censored_share"].to_list() == [0.25, 1.0]


def test_a_series_without_a_complete_week_is_too_new() -> None:
    frame = lines([{"sku": "A", "ordered_at": at("2026-03-31T10:00")}])
    events = demand.unit_events(frame, demand.sku_categories(frame, products([])), ZONE)
    assert assembled(events).series["status"].to_list() == ["too_new"]


def test_every_series_is_too_new_until_the_first_complete_week_is_over() -> None:
    rows = [{"sku": "S1", "ordered_at": at("2026-03-20T10:00")}]
    categories = pl.DataFrame({"sku": ["S1"], "category": ["tea"]})
    events = demand.unit_events(lines(rows), categories, ZONE)
    for first_week, status in (
        (None, "new"),
        (date(2026, 3, 23), "too_new"),
        (date(2026, 3, 16), "new"),
    ):
        found = demand.assemble(
            events,
            products([]),
            target="units",
            levels=("sku",),
            last_week=date(2026, 3, 16),
            as_of=date(2026, 3, 22),
            week_start="monday",
            first_week=first_week,
        )
        assert found.series["status"].to_list() == [status]


def planning(as_of: date, *rows: dict[str, object], told: date = date(2026, 3, 1)) -> pl.DataFrame:
    given = products(list(rows)).with_columns(pl.lit(told).alias(TOLD_ON))
    frame = lines([{"sku": "live", "ordered_at": at("2026-03-24T10:00")}])
    events = demand.unit_events(frame, demand.sku_categories(frame, given), ZONE)
    return demand.assemble(
        events, given, target="units", levels=("sku",), last_week=date(2026, 3, 23), as_of=as_of,
        week_start="monday",
    ).series  # fmt: skip


def test_a_planned_launch_is_a_series_before_it_sells_anything() -> None:
    soon = {"sku": "soon", "category": "tea", "launched_on": date(2026, 4, 15)}
    series = planning(date(2026, 3, 31), soon)
    row = series.filter(sku="soon").row(0, named=True)
    assert (row["status"], row["category"]) == ("upcoming", "tea")
    assert (row["first_week"], row["starts_on"]) == (date(2026, 4, 13), date(2026, 4, 15))
    assert row["last_week"] is None
    assert series.filter(sku="live")["starts_on"].to_list() == [None]


def test_a_plan_counts_only_once_it_was_told() -> None:
    soon = {"sku": "soon", "category": "tea", "launched_on": date(2026, 4, 15)}
    ends = {"sku": "live", "discontinued_on": date(2026, 5, 1)}
    early = planning(date(2026, 3, 31), soon, ends, told=date(2026, 4, 1))
    assert early["sku"].to_list() == ["live"]
    assert early["ends_on"].to_list() == [None]
    told = planning(date(2026, 3, 31), soon, ends)
    assert told.filter(sku="live")["ends_on"].to_list() == [date(2026, 5, 1)]
    assert told.filter(sku="live")["status"].to_list() == ["new"]


def test_a_product_launched_lately_that_did_not_sell_is_listed_and_an_old_one_is_not() -> None:
    lately = {"sku": "lately", "category": "tea", "launched_on": date(2026, 3, 4)}
    running = {"sku": "running", "category": "tea", "launched_on": date(2026, 3, 31)}
    old = {"sku": "old", "category": "tea", "launched_on": date(2025, 3, 4)}
    gone = {
        "sku": "gone", "category": "tea", "launched_on": date(2026, 3, 4),
        "discontinued_on": date(2026, 3, 20),
    }  # fmt: skip
    series = planning(date(2026, 3, 31), lately, running, old, gone)
    status = dict(series.select("sku", "status").iter_rows())
    assert status == {"live": "new", "lately": "new", "running": "too_new"}


def test_weekly_sums_are_those_of_plain_grouping_before_1970_too() -> None:
    rng, n = np.random.default_rng(4), 3_000
    days = [
        date(1965, 1, 4) + timedelta(days=int(d)) for d in rng.integers(0, 40_000, n) // 90 * 90
    ]
    skus = [f"S{k}" + "\u00e9" * (k % 3) for k in rng.integers(0, 40, n)]
    events = pl.DataFrame({
        "day": days, "sku": skus, "category": "c", "channel": None,
        "milli": rng.integers(0, 3, n) * 500,
    }, schema_overrides={"channel": pl.String})  # fmt: skip
    found = assembled(events, levels=("sku",), last_week=date(2080, 1, 1)).weekly
    plain = (
        events.group_by(pl.col("sku").alias("series_id"), pl.col("day").dt.truncate("1w").alias("week_start"))
        .agg(pl.col("milli").sum()).filter(pl.col("milli") > 0).sort("series_id", "week_start")
    )  # fmt: skip
    assert found.equals(plain)
    assert found.schema == plain.schema
    assert found["week_start"].min() < date(1966, 1, 1)  # type: ignore[operator]
