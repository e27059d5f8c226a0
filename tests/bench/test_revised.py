from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from bench.leads import worth
from bench.panels import data_folder
from bench.revised import as_of, first_week, known_at, revision, weeks_covered

START = date(2020, 6, 3)  # a Wednesday


def versions(days: int = 40, late: float = 2.0) -> pl.DataFrame:
    """Each day is told on the next as 10 + its number, and a fortnight later ``late`` times that."""
    rows = []
    for n in range(days):
        day, first = START + timedelta(days=n), 10.0 + n
        for after, factor in ((1, 1.0), (14, late)):
            rows.append(("ca", day, day + timedelta(days=after), first * factor, 5.0 + n))
    schema = ["geo_value", "time_value", "version", "percent_cli", "case_rate_7d_av"]
    return pl.DataFrame(rows, schema=schema, orient="row")


def test_values_are_those_of_the_newest_version_issued_by_then() -> None:
    then = as_of(versions(), START + timedelta(days=13))
    assert then["time_value"].max() == START + timedelta(days=12)
    assert then.filter(pl.col("time_value") == START)["percent_cli"].item() == 10.0
    later = as_of(versions(), START + timedelta(days=14))
    assert later.filter(pl.col("time_value") == START)["percent_cli"].item() == 20.0


def test_versions_issued_later_change_nothing_that_was_known() -> None:
    rows = versions()
    day = known_at(rows, 3).cutoff
    spoilt = rows.with_columns(
        pl.when(pl.col("version") > day).then(1e9).otherwise(c).alias(c)
        for c in ("percent_cli", "case_rate_7d_av")
    )
    one, other = known_at(rows, 3), known_at(spoilt, 3)
    assert one.signals is not None
    assert other.signals is not None
    assert np.array_equal(one.signals.rate, other.signals.rate, equal_nan=True)
    assert np.array_equal(one.panels["units"].y, other.panels["units"].y, equal_nan=True)


def test_final_values_are_read_only_where_they_are_asked_for() -> None:
    rows = versions()
    then, leak = known_at(rows, 3), known_at(rows, 3, signal_versions=rows)
    assert then.signals is not None
    assert leak.signals is not None
    # The third week is that of days 19 to 25; its Sunday is told on the Monday after the cutoff.
    assert then.signals.rate[0, 0, 2] == pytest.approx(np.mean(10 + np.arange(19, 25)) / 100)
    assert leak.signals.rate[0, 0, 2] == pytest.approx(np.mean(10 + np.arange(19, 26)) / 50)
    assert revision(rows, 3) == pytest.approx(1 - 31.5 / 64)


def test_weeks_begin_on_mondays_and_thin_ones_are_unknown() -> None:
    rows = versions()
    assert first_week(rows) == np.datetime64("2020-06-08")
    assert weeks_covered(rows) == 5
    thin = rows.filter(~pl.col("time_value").is_between(date(2020, 6, 15), date(2020, 6, 18)))
    known = known_at(thin, 3)
    assert np.isnan(known.panels["units"].y[0]).tolist() == [False, True, False]


@pytest.mark.needs_data
@pytest.mark.skipif(data_folder() is None, reason="HEARCAST_EXAMPLES_DATA is not set")
def test_doctor_visits_really_are_revised() -> None:
    rows = pl.read_parquet(data_folder() / "leads" / "delphi_versions.parquet")
    n = weeks_covered(rows)
    assert n >= 75
    assert revision(rows, n - 10) > 0.02


def test_what_signals_saved_is_the_share_of_the_error_without_them() -> None:
    rows = pl.DataFrame(
        {
            "week_start": [date(2024, 1, 1), date(2024, 1, 1), date(2024, 1, 8)],
            "actual": [10.0, 10.0, 10.0],
            "mean": [12.0, 9.0, 10.0],
            "baseline_mean": [14.0, 8.0, 12.0],
            "p50": [6.0, 9.0, 10.0],
        }
    )
    of_means, of_medians = worth(rows, "mean"), worth(rows, "p50")
    assert of_means.with_signals == pytest.approx(1.0)
    assert of_means.without == pytest.approx(8 / 3)
    assert of_means.saved == pytest.approx(1 - 3 / 8)
    assert of_means.low <= of_means.saved <= of_means.high
    assert of_medians.without == pytest.approx((3.0 + 2.0 + 2.0) / 3)
