from datetime import date

import polars as pl
import pytest

from tests.rows import at, good, line, versions
from transforms.contracts import INPUTS
from transforms.landing import ALWAYS_KNOWN, Landed, land_rows

LINES = INPUTS["order_lines"]


def land(
    rows: list[dict[str, object]],
    stored: list[dict[str, object]] | None = None,
    *,
    table: str = "order_lines",
    as_of: date = date(2026, 3, 20),
    latency_days: int = 0,
    snapshot: bool = False,
) -> Landed:
    return land_rows(
        good(table, rows),
        versions(table, stored or []),
        INPUTS[table],
        source="main",
        landed_as_of=as_of,
        latency_days=latency_days,
        timezone="America/New_York",
        first=stored is None,
        snapshot=snapshot,
    )


def test_first_landing_counts_rows_as_known_at_their_event_plus_latency() -> None:
    fresh = land([line()], latency_days=2).fresh
    assert fresh["_known_on"].to_list() == [date(2026, 3, 4)]


def test_first_landing_believes_ingested_at_where_it_is_told() -> None:
    fresh = land([line(ingested_at=at("2026-03-09T15:00"))], latency_days=2).fresh
    assert fresh["_known_on"].to_list() == [date(2026, 3, 9)]


def test_a_late_row_is_known_from_the_night_that_landed_it_and_not_before() -> None:
    stored = [line(order_id="other")]
    fresh = land([line()], stored).fresh
    assert fresh["_known_on"].to_list() == [date(2026, 3, 20)]
    told_later = land([line(ingested_at=at("2026-03-25T15:00"))], stored).fresh
    assert told_later["_known_on"].to_list() == [date(2026, 3, 25)]
    told_earlier = land([line(ingested_at=at("2026-03-03T15:00"))], stored).fresh
    assert told_earlier["_known_on"].to_list() == [date(2026, 3, 20)]


def test_unchanged_rows_are_not_stored_again() -> None:
    landed = land([line(), line(order_id="o2")], [line()])
    assert landed.fresh["order_id"].to_list() == ["o2"]
    assert landed.unchanged == {"file": 1}


def test_a_new_ingestion_time_alone_is_no_new_version() -> None:
    landed = land([line(ingested_at=at("2026-03-19T00:00"))], [line()])
    assert landed.fresh.is_empty()


@pytest.mark.parametrize(
    "change", [{"quantity": 3.0}, {"category": "tea"}, {"cancelled_at": at("2026-03-05T12:00")}]
)
def test_a_changed_row_is_the_next_version(change: dict[str, object]) -> None:
    fresh = land([line(**change)], [line()]).fresh
    assert fresh["_version"].to_list() == [2]


def test_null_and_null_are_equal() -> None:
    assert land([line(category=None)], [line(category=None)]).fresh.is_empty()


def test_a_deleted_row_that_returns_is_a_new_version() -> None:
    fresh = land([line()], [line(_version=2, _deleted=True)]).fresh
    assert fresh["_version"].to_list() == [3]


def test_several_versions_in_one_pull_keep_their_order_and_drop_repetitions() -> None:
    rows = [line(quantity=q) for q in (2.0, 2.0, 3.0, 2.0)]
    landed = land(rows, [line(quantity=2.0)])
    assert landed.fresh["quantity"].to_list() == [3.0, 2.0]
    assert landed.fresh["_version"].to_list() == [2, 3]
    assert landed.unchanged == {"file": 2}


def test_rows_without_a_time_are_known_always_on_the_first_landing() -> None:
    fresh = land([{"sku": "A", "category": "tea"}], table="products").fresh
    assert fresh["_known_on"].to_list() == [ALWAYS_KNOWN]


def test_snapshot_mode_buries_what_is_no_longer_given() -> None:
    stored = [line(), line(order_id="o2"), line(order_id="o3", _version=2, _deleted=True)]
    landed = land([line()], stored, snapshot=True)
    assert landed.deleted_share == 0.5
    buried = landed.fresh.row(0, named=True)
    assert (buried["order_id"], buried["_deleted"], buried["_version"]) == ("o2", True, 2)
    assert buried["_known_on"] == date(2026, 3, 20)
    assert buried["sku"] is None
    assert landed.fresh.height == 1


def test_every_row_is_either_fresh_or_unchanged() -> None:
    rows = [line(order_id=f"o{i % 7}", quantity=float(i % 3)) for i in range(50)]
    landed = land(rows, [line(order_id=f"o{i}", quantity=1.0) for i in range(3)])
    assert landed.fresh.height + sum(landed.unchanged.values()) == 50


def test_keys_with_nulls_are_compared_too() -> None:
    promo: dict[str, object] = {
        "starts_on": date(2026, 1, 1),
        "ends_on": date(2026, 1, 7),
        "category": "tea",
    }
    landed = land([promo], [promo], table="promotions")
    assert landed.fresh.is_empty()
    assert landed.fresh.schema["_known_on"] == pl.Date
