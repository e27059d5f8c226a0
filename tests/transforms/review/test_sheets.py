from datetime import timedelta

import polars as pl
import pytest

from tests import review_frames as made
from transforms.review.sheets import OVERRIDE_COLUMNS, PAST_WEEKS, Sheet, choices, sheets

MISSING = "SKU-00003"


@pytest.fixture(scope="module")
def tables() -> dict[str, pl.DataFrame]:
    return made.every_table(6, missing=(MISSING,))


@pytest.fixture(scope="module")
def book(tables: dict[str, pl.DataFrame]) -> dict[str, Sheet]:
    return {s.name: s for s in sheets(made.night(tables))}


def test_it_has_a_sheet_for_each_target_and_use(book: dict[str, Sheet]) -> None:
    assert list(book) == [
        "Read me", "Units", "Returns", "Tickets", "Plan", "Exceptions", "Left out",
    ]  # fmt: skip


def test_weeks_go_across_history_left_and_forecasts_right(tables: dict[str, pl.DataFrame]) -> None:
    sheet = {s.name: s for s in sheets(made.night(tables))}["Units"]
    assert sheet.header[4:] == tuple(
        made.RUNNING + timedelta(weeks=n) for n in range(-PAST_WEEKS, made.HORIZON)
    )
    rows = [row for row in sheet.rows if row[:2] == ("sku", "SKU-00001")]
    by_measure = {row[3]: row[4:] for row in rows}
    ahead = (
        tables["forecasts"]
        .filter(level="sku", series_id="SKU-00001", target="units")
        .sort("horizon")
    )
    assert by_measure["forecast"] == (*(None,) * PAST_WEEKS, *ahead["mean"].to_list())
    weekly = tables["demand_weekly"].filter(level="sku", series_id="SKU-00001", target="units")
    sold = dict(weekly.filter(~pl.col("is_partial")).select("week_start", "value").iter_rows())
    weeks = sheet.header[4:]
    assert by_measure["happened"] == tuple(sold.get(w) for w in weeks)
    assert by_measure["a year before"] == tuple(sold.get(w - timedelta(weeks=52)) for w in weeks)
    assert None not in by_measure["a year before"]


def test_every_row_is_as_wide_as_its_header(tables: dict[str, pl.DataFrame]) -> None:
    for sheet in sheets(made.night(tables)):
        widths = {len(row) for row in sheet.rows}
        assert widths <= {len(sheet.header)} == {len(sheet.kinds)}, sheet.name


def test_the_total_comes_first_and_every_forecast_series_is_there(
    tables: dict[str, pl.DataFrame],
) -> None:
    sheet = {s.name: s for s in sheets(made.night(tables))}["Units"]
    order = list(dict.fromkeys((row[0], row[1]) for row in sheet.rows))
    there = tables["forecasts"].filter(target="units").select("level", "series_id").unique()
    assert order[0] == ("total", "total")
    assert set(order) == set(there.iter_rows())


def test_skus_left_out_are_listed_and_counted(tables: dict[str, pl.DataFrame]) -> None:
    book = {s.name: s for s in sheets(made.night(tables))}
    rows = list(book["Left out"].rows)
    assert [row[0] for row in rows] == [MISSING, MISSING]
    assert all(row[3] == "discontinued, since 1 Sep 2026" for row in rows)
    text = "\n".join(str(row[0]) for row in book["Read me"].rows)
    assert "units: 5 of 6 SKUs are forecast; 1 left out: 1 discontinued." in text


def test_a_table_that_is_not_published_leaves_its_reason(tables: dict[str, pl.DataFrame]) -> None:
    bare = {n: tables[n] for n in ("forecasts", "demand_weekly", "series_listed")}
    for name in ("Plan", "Exceptions"):
        (row,) = {s.name: s for s in sheets(made.night(bare))}[name].rows
        assert "Not published that night" in str(row[0])


def test_an_override_can_name_only_what_is_forecast(tables: dict[str, pl.DataFrame]) -> None:
    allowed = choices(made.night(tables))
    assert allowed.levels == ("total", "category", "sku")
    assert MISSING not in allowed.skus
    assert len(allowed.weeks) == made.HORIZON


def test_overrides_have_the_columns_of_the_input_table() -> None:
    required = {"level", "week_start", "value", "author", "reason"}
    keys = {"category", "sku", "channel", "created_at", "expires_on"}
    assert required | keys <= set(OVERRIDE_COLUMNS)
