import polars as pl

from tests import review_frames as made
from transforms.review.skus import coverage


def test_every_known_sku_is_shown_or_left_out_with_a_reason() -> None:
    found = coverage(made.night(made.every_table(9, missing=("SKU-00003", "SKU-00007"))))
    for target, known, shown in found.counts.iter_rows():
        left_out = found.left_out.filter(pl.col("target") == target)
        assert known == shown + left_out.height == 9, target
    assert found.left_out["reason"].unique().to_list() == ["discontinued, since 1 Sep 2026"]
    assert found.lines[0] == "units: 7 of 9 SKUs are forecast; 2 left out: 2 discontinued."


def test_a_sku_that_only_the_forecast_knows_is_counted() -> None:
    tables = made.every_table(5)
    tables["series_listed"] = tables["series_listed"].filter(pl.col("series_id") != "SKU-00004")
    assert coverage(made.night(tables)).counts.rows()[0] == ("units", 5, 5)


def test_an_active_sku_without_a_forecast_is_an_alarm_not_a_gap() -> None:
    tables = made.every_table(5)
    tables["forecasts"] = tables["forecasts"].filter(pl.col("series_id") != "SKU-00002")
    found = coverage(made.night(tables))
    assert found.left_out["sku"].to_list() == ["SKU-00002", "SKU-00002"]
    assert all("status is active: please report it" in why for why in found.left_out["reason"])


def test_without_forecasts_all_are_left_out() -> None:
    tables = made.every_table(4)
    del tables["forecasts"]
    found = coverage(made.night(tables))
    assert found.counts.rows()[0] == ("units", 4, 0)
    assert set(found.left_out["reason"]) == {"no forecasts that night"}


def test_a_long_list_says_how_many_more() -> None:
    names = tuple(made.sku_names(8)[:6])
    grid = coverage(made.night(made.every_table(8, missing=names))).grid(most=5)
    assert len(grid.rows) == 5
    assert grid.note.startswith("7 more")
