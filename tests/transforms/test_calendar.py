from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from polars.testing import assert_series_equal

from tests.rows import at
from transforms import calendar


@pytest.mark.parametrize("week_start", calendar.WEEKDAYS)
def test_every_day_of_ten_years_falls_into_the_week_that_holds_it(week_start: str) -> None:
    days = [date(first, 12, 20) + timedelta(days=i) for first in (1965, 2019) for i in range(3660)]
    frame = pl.DataFrame({"day": days}).with_columns(
        calendar.week_of(pl.col("day"), week_start).alias("week")
    )
    for day, week in frame.iter_rows():
        assert week <= day < week + timedelta(days=7)
        assert calendar.WEEKDAYS[week.weekday()] == week_start
        assert calendar.week_start_of(day, week_start) == week


def test_a_week_that_ends_on_the_as_of_date_is_complete_and_the_next_is_horizon_one() -> None:
    sunday = date(2026, 11, 15)
    assert calendar.last_complete_week(sunday, 0, "monday") == date(2026, 11, 9)
    assert calendar.first_horizon_week(sunday, "monday") == date(2026, 11, 16)
    assert calendar.gap_weeks(sunday, 0, "monday") == 0


def test_a_running_week_is_horizon_one() -> None:
    tuesday = date(2026, 11, 17)
    assert calendar.last_complete_week(tuesday, 0, "monday") == date(2026, 11, 9)
    assert calendar.first_horizon_week(tuesday, "monday") == date(2026, 11, 16)
    assert calendar.gap_weeks(tuesday, 0, "monday") == 0


def test_late_data_open_a_gap_between_the_last_complete_week_and_horizon_one() -> None:
    sunday = date(2026, 11, 15)
    assert calendar.last_complete_week(sunday, 1, "monday") == date(2026, 11, 2)
    assert calendar.gap_weeks(sunday, 1, "monday") == 1


def test_an_evening_order_belongs_to_the_business_day_not_to_the_utc_day() -> None:
    frame = pl.DataFrame({"t": [at("2026-11-16T03:30:00")]})
    days = frame.select(
        calendar.local_day("t", "America/New_York").alias("ny"),
        calendar.local_day("t", "Europe/London").alias("london"),
    )
    assert days.row(0) == (date(2026, 11, 15), date(2026, 11, 16))


def test_retail_calendar_has_its_53rd_week_where_four_january_days_remain() -> None:
    # The National Retail Federation's 4-5-4 calendar: 2023 had 53 weeks and began on 29 January.
    assert calendar.fiscal_year_start(2023, "4-5-4", "sunday") == date(2023, 1, 29)
    assert calendar.fiscal_year_start(2024, "4-5-4", "sunday") == date(2024, 2, 4)
    assert calendar.fiscal_week(date(2024, 1, 28), "4-5-4", "sunday") == "2023-P12-W53"
    assert calendar.fiscal_week(date(2024, 2, 4), "4-5-4", "sunday") == "2024-P01-W01"
    assert calendar.fiscal_week(date(2024, 3, 3), "4-5-4", "sunday") == "2024-P02-W05"
    assert calendar.fiscal_week(date(2024, 3, 3), "none", "sunday") is None


@pytest.mark.parametrize("fiscal", ["4-4-5", "4-5-4"])
@pytest.mark.parametrize("week_start", calendar.WEEKDAYS)
def test_a_fiscal_year_has_52_or_53_weeks_without_gap_or_overlap(
    fiscal: str, week_start: str
) -> None:
    lengths = calendar.FISCAL_MONTHS[fiscal] * 4
    for year in range(2015, 2035):
        first = calendar.fiscal_year_start(year, fiscal, week_start)
        after = calendar.fiscal_year_start(year + 1, fiscal, week_start)
        weeks = [first + timedelta(days=7 * n) for n in range((after - first).days // 7)]
        assert len(weeks) in (52, 53)
        labels = [calendar.fiscal_week(week, fiscal, week_start) or "" for week in weeks]
        assert [label[:4] for label in labels] == [str(year)] * len(weeks)
        assert [int(label[-2:]) for label in labels] == list(range(1, len(weeks) + 1))
        periods = [int(label[6:8]) for label in labels]
        counted = [periods.count(n) for n in range(1, 13)]
        assert counted[:11] == list(lengths[:11])
        assert counted[11] == lengths[11] + len(weeks) - 52, (
            "the 53rd week belongs to the last period"
        )


def test_the_4_4_5_calendar_begins_nearest_to_new_year() -> None:
    assert calendar.fiscal_year_start(2026, "4-4-5", "monday") == date(2025, 12, 29)
    assert calendar.fiscal_week(date(2025, 12, 29), "4-4-5", "monday") == "2026-P01-W01"
    assert calendar.fiscal_week(date(2026, 1, 26), "4-4-5", "monday") == "2026-P02-W05"
    assert calendar.fiscal_week(date(2026, 2, 23), "4-4-5", "monday") == "2026-P03-W09"
    assert calendar.fiscal_week(date(2026, 12, 28), "4-4-5", "monday") == "2026-P12-W53"
    assert calendar.fiscal_week(date(2027, 1, 4), "4-4-5", "monday") == "2027-P01-W01"


def test_a_53rd_week_has_no_week_to_compare_with_and_the_year_after_keeps_its_numbers() -> None:
    last = lambda week: calendar.last_year_week(week, "4-5-4", "sunday")  # noqa: E731
    assert last(date(2024, 1, 21)) == date(2023, 1, 22), "2023-W52 beside 2022-W52"
    assert last(date(2024, 1, 28)) is None, "2022 had 52 weeks"
    assert last(date(2024, 2, 4)) == date(2023, 1, 29), "2024-W01 beside 2023-W01, 53 weeks before"
    assert last(date(2025, 2, 2)) == date(2024, 2, 4)
    assert calendar.last_year_week(date(2026, 11, 16), "none", "monday") == date(2025, 11, 17)
    assert calendar.fiscal_period(date(2024, 3, 3), "4-5-4", "sunday") == "2024-P02"
    assert calendar.fiscal_period(date(2024, 3, 3), "none", "sunday") is None


@pytest.mark.parametrize("fiscal", ["4-4-5", "4-5-4"])
def test_each_week_of_a_year_has_one_of_its_own_to_compare_with(fiscal: str) -> None:
    weeks = [date(2015, 1, 5) + timedelta(days=7 * n) for n in range(1_000)]
    found = [calendar.last_year_week(week, fiscal, "monday") for week in weeks]
    told = [one for one in found if one is not None]
    assert len(set(told)) == len(told)
    gaps = {(week - one).days // 7 for week, one in zip(weeks, found, strict=True) if one}
    assert gaps == {52, 53}


@pytest.mark.parametrize(
    "zone",
    ["America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns",
     "America/Havana", "Pacific/Apia", "Africa/Casablanca", "UTC"],
)  # fmt: skip
def test_days_looked_up_are_those_that_the_zone_tells(zone: str) -> None:
    """Three years with changes of clocks at midnight, by half an hour, and a day that was skipped."""
    start, end = datetime(2010, 12, 30, tzinfo=UTC), datetime(2014, 1, 2, tzinfo=UTC)
    times = pl.datetime_range(start, end, "7m", time_unit="us", eager=True)
    times = pl.concat([pl.Series([None], dtype=times.dtype), times.sample(fraction=1.0, seed=1)])
    told = times.dt.convert_time_zone(zone).dt.date()
    assert len(times) > calendar._MANY
    calendar._days_by_quarter.cache_clear()
    found = pl.DataFrame({"t": times}).select(calendar.local_day("t", zone)).to_series()
    assert found.equals(told, null_equal=True)
    assert found.dtype == pl.Date
    assert found.name == "t"


@pytest.mark.parametrize("given", [0, 1, 30_000])
def test_days_of_a_column_that_is_mostly_null_are_those_that_the_zone_tells(given: int) -> None:
    start = datetime(2026, 11, 1, tzinfo=UTC)
    times = pl.datetime_range(
        start, start + timedelta(minutes=29_999), "1m", time_unit="us", eager=True
    )[:given]
    rows = pl.concat([times, pl.Series([None] * 50_000, dtype=times.dtype)]).alias("t")
    mixed = rows.sample(fraction=1.0, shuffle=True, seed=1)
    found = calendar.local_days(mixed, "America/New_York")
    assert_series_equal(found, mixed.dt.convert_time_zone("America/New_York").dt.date())


def test_a_year_in_which_a_day_begins_within_a_quarter_is_asked_for_time_by_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(calendar, "_YEARS", (1970, 2100))
    assert calendar._days_by_quarter("Africa/Monrovia", 1971) is None
    times = pl.datetime_range(
        datetime(1971, 1, 1, tzinfo=UTC), datetime(1971, 12, 31, tzinfo=UTC), "4m",
        time_unit="us", eager=True,
    )  # fmt: skip
    found = calendar.local_days(times, "Africa/Monrovia")
    assert found.equals(times.dt.convert_time_zone("Africa/Monrovia").dt.date())
