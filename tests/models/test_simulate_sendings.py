"""Sendings of the simulated brand: their truth is in their rows, and nothing else moves for them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import polars as pl
import pytest

from models.simulate import Brand, BrandSpec, sendings, simulate

SPEC = BrandSpec(skus=30, weeks=80, categories=3, dirty=False)
STAMP = "%Y-%m-%dT%H:%M:%S%:z"


@pytest.fixture(scope="module")
def brand() -> Brand:
    return simulate(SPEC)


def test_they_disturb_no_other_table(brand: Brand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sendings, "distributions", lambda *_: pl.DataFrame())
    without = simulate(SPEC)
    for name, frame in without.items():
        assert name == "distributions" or frame.equals(brand[name]), name


def test_teams_acknowledge_as_the_truth_says_before_and_after_the_shift(brand: Brand) -> None:
    told = brand.truth["distributions"]
    stamps = ("sent_at", "opened_at", "acknowledged_at")
    rows = brand["distributions"].with_columns(
        pl.col(name).str.to_datetime(STAMP, time_zone="UTC") for name in stamps
    )
    in_time = pl.col("acknowledged_at") - pl.col("sent_at") <= pl.duration(days=7)
    ripe = rows.filter(pl.col("sent_at") < pl.lit(SPEC.end) - pl.duration(days=8)).with_columns(
        in_time.fill_null(value=False).alias("in_time"),
        (pl.col("sent_at") >= pl.lit(told["shift_week"]).str.to_datetime(time_unit="us").dt.replace_time_zone("America/New_York").dt.convert_time_zone("UTC")).alias("after"),
    )  # fmt: skip
    for after, name in ((False, "before"), (True, "after")):
        mine = ripe.filter(pl.col("after") == after)
        assert mine["in_time"].mean() == pytest.approx(told["team_in_time"][name], abs=0.08)
        two = mine.group_by("item_id").agg(pl.col("in_time").sum() >= 2)["in_time"].mean()
        assert two == pytest.approx(told["two_teams_in_time"][name], abs=0.12)
    assert (rows["opened_at"] <= rows["acknowledged_at"]).drop_nulls().all()
    assert (rows["sent_at"] <= rows["opened_at"]).drop_nulls().all()


def test_insights_are_sent_to_every_team_and_what_is_to_come_is_not_told(brand: Brand) -> None:
    rows = brand["distributions"]
    sent = set(rows.filter(pl.col("item_type") == "insight")["item_id"])
    assert sent <= set(brand["insights"]["insight_id"])
    assert len(sent) >= 0.95 * brand["insights"].height
    assert rows.group_by("item_id").len()["len"].unique().to_list() == [3]
    assert rows["distribution_id"].is_unique().all()
    newest = rows.select(pl.max_horizontal(pl.col("sent_at", "opened_at", "acknowledged_at").str.to_datetime(STAMP, time_zone="UTC")).max()).item()  # fmt: skip
    assert newest.astimezone(ZoneInfo(SPEC.timezone)).date() <= SPEC.end
