"""source_registry: deliveries, usual gaps, lateness, columns that change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from transforms.office.registry import REPORTS, registry

AS_OF = date(2026, 6, 10)


def reported(*rows: tuple[int, int, int, int, str | None]) -> pl.DataFrame:
    """(days ago, rows in, good, quarantined, schema) of one file a landing."""
    told = [
        ("shop", "orders", "f.csv", 100 - ago, AS_OF - timedelta(days=ago), n, good, bad,
         datetime(2026, 6, 10, 21, tzinfo=UTC) - timedelta(days=ago), schema)
        for ago, n, good, bad, schema in rows
    ]  # fmt: skip
    return pl.DataFrame(told, schema=REPORTS, orient="row")


def one(reports: pl.DataFrame, late_after: int | None = None) -> dict[str, object]:
    configured = pl.DataFrame({"source": ["shop", "desk"], "table": ["orders", "tickets"]})
    owners = pl.DataFrame({"object_id": ["shop"], "owner": ["Ada"]})
    rows = registry(
        reports, configured, owners, as_of=AS_OF, timezone="America/New_York", late_after=late_after
    )
    assert rows["source"].to_list() == ["desk", "shop"]
    assert rows.row(0, named=True)["access"] == "never"
    assert rows.row(0, named=True)["verdict"] == "not_enough_data"
    return rows.row(1, named=True)


def test_rows_gaps_and_freshness() -> None:
    told = one(
        reported(
            (20, 10, 8, 2, "a"),
            (13, 5, 5, 0, "a"),
            (6, 5, 0, 0, None),
            (6, 5, 5, 0, "b"),
            (2, 5, 5, 0, "b"),
        )
    )
    assert (told["rows"], told["n"], told["k"], told["deliveries_n"]) == (23, 30, 2, 4)
    assert (told["usual_gap_days"], told["late_after_days"], told["days_since"]) == (7.0, 14.0, 2)
    assert (told["verdict"], told["access"], told["owner"]) == ("inside", "delivers", "Ada")
    assert told["freshness_hours"] == pytest.approx(48 + 7)  # 17:00 in New York, two days before
    assert (told["schema_version"], told["schema_changed_on"]) == ("b", AS_OF - timedelta(days=6))


def test_late_beyond_twice_the_usual_gap_or_the_configured_limit() -> None:
    daily = reported(*((ago, 1, 1, 0, "a") for ago in (3, 4, 5, 6)))
    assert one(daily)["verdict"] == "above"
    assert one(daily, late_after=3)["verdict"] == "inside"
    assert one(daily.head(3))["verdict"] == "not_enough_data"
    assert one(daily.head(3))["usual_gap_days"] is None


def test_files_without_a_good_row_are_no_delivery() -> None:
    told = one(reported((3, 4, 0, 4, None)))
    assert (told["access"], told["deliveries_n"], told["last_delivered_on"]) == ("empty", 0, None)
    assert told["schema_version"] is None
