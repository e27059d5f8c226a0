"""Time zones and calendars from a real export to the week: evenings, clock changes, year ends."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from tests.flows.inboxes import csv, pulls_of, put
from tests.flows.shopify_files import FIRST, ORDERS_HEADER
from transforms.calendar import WEEKDAYS, local_day, week_of


def weeks(folder: Path, at: str, zone: str, week_start: str = "monday") -> list[date]:
    """The week that an order of a Shopify export at `at` falls into."""
    put(folder, "orders.csv", csv(ORDERS_HEADER, {**FIRST, "Created at": at}))
    (rows,) = [one.good["order_lines"] for one in pulls_of(folder, zone=zone)]
    day = local_day("ordered_at", zone)
    return rows.select(week_of(day, week_start)).to_series().to_list()


@pytest.mark.parametrize(
    ("zone", "week"),
    [
        ("America/New_York", date(2026, 10, 26)),
        ("Europe/London", date(2026, 11, 2)),
        ("America/Los_Angeles", date(2026, 10, 26)),
        ("Pacific/Auckland", date(2026, 11, 2)),
    ],
)
def test_a_sunday_at_half_past_eleven_in_new_york_is_mondays_elsewhere(
    tmp_path: Path, zone: str, week: date
) -> None:
    assert weeks(tmp_path, "2026-11-01 23:30:00 -0500", zone) == [week]


@pytest.mark.parametrize(
    ("at", "day"),
    [
        # Clocks in New York go back on 2026-11-01 at 02:00: the hour after one comes twice.
        ("2026-11-01 01:30:00 -0400", "2026-11-01T05:30:00+00:00"),
        ("2026-11-01 01:30:00 -0500", "2026-11-01T06:30:00+00:00"),
        ("2026-11-01 01:30:00", "2026-11-01T05:30:00+00:00"),
        # They go forward on 2026-03-08: half past two does not exist, and is moved on.
        ("2026-03-08 02:30:00", "2026-03-08T07:30:00+00:00"),
        ("2026-03-08 03:00:00", "2026-03-08T07:00:00+00:00"),
    ],
)
def test_clock_changes_neither_lose_nor_double_an_order(tmp_path: Path, at: str, day: str) -> None:
    put(tmp_path, "orders.csv", csv(ORDERS_HEADER, {**FIRST, "Created at": at}))
    (rows,) = [one.good["order_lines"] for one in pulls_of(tmp_path)]
    assert [one.isoformat() for one in rows["ordered_at"]] == [day]


def test_the_day_of_a_clock_change_has_all_its_hours(tmp_path: Path) -> None:
    for day, hours in (("2026-11-01", 25), ("2026-03-08", 23)):
        first = pl.datetime(2026, int(day[5:7]), int(day[8:]), time_zone="America/New_York")
        last = first.dt.offset_by("1d")
        instants = pl.select(pl.datetime_range(first, last, "1h", closed="left")).to_series()
        frame = pl.DataFrame({"at": instants.dt.convert_time_zone("UTC")})
        assert frame.height == hours
        days = frame.select(local_day("at", "America/New_York")).to_series().unique().to_list()
        assert days == [date.fromisoformat(day)]
    assert weeks(tmp_path, "2026-11-01 00:30:00 -0400", "America/New_York") == [date(2026, 10, 26)]


@pytest.mark.parametrize(
    ("at", "week_start", "week"),
    [
        # ISO week 53 of 2026 runs from 28 December to 3 January; 2025-12-29 begins week 1 of 2026.
        ("2026-12-31 23:30:00 -0500", "monday", date(2026, 12, 28)),
        ("2027-01-01 00:30:00 -0500", "monday", date(2026, 12, 28)),
        ("2025-12-31 23:30:00 -0500", "monday", date(2025, 12, 29)),
        ("2027-01-02 23:30:00 -0500", "sunday", date(2026, 12, 27)),
        ("2027-01-03 00:30:00 -0500", "sunday", date(2027, 1, 3)),
        ("2027-01-01 23:30:00 -0500", "saturday", date(2026, 12, 26)),
    ],
)
def test_weeks_run_on_over_the_years_end(
    tmp_path: Path, at: str, week_start: str, week: date
) -> None:
    assert weeks(tmp_path, at, "America/New_York", week_start) == [week]


@pytest.mark.parametrize("week_start", WEEKDAYS)
def test_each_week_start_gives_a_week_that_begins_on_it(tmp_path: Path, week_start: str) -> None:
    (week,) = weeks(tmp_path, "2026-11-04 12:00:00 -0500", "America/New_York", week_start)
    assert WEEKDAYS[week.weekday()] == week_start
