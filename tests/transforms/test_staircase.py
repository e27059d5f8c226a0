"""Rows of value added: naive forecasts, overrides that are over, and classes of SKUs."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl

from tests.transforms.desk_rows import table
from transforms.classes import sku_classes
from transforms.demand import Demand
from transforms.staircase import judged_overrides, last_weeks, with_naive

MONDAY = date(2026, 11, 2)
CUTOFF = date(2026, 11, 8)


def demand() -> Demand:
    series = pl.DataFrame(
        {"series_id": ["A", "B", "C"], "category": ["x", "x", "y"], "sku": ["A", "B", "C"],
         "channel": [None] * 3}, schema_overrides={"channel": pl.String},
    )  # fmt: skip
    weekly = pl.DataFrame(
        {"series_id": ["A", "A", "B"], "milli": [5000, 9000, 2500],
         "week_start": [MONDAY, MONDAY - timedelta(days=7), MONDAY]}
    )  # fmt: skip
    return Demand("units", "sku", weekly, series)


def test_the_naive_forecast_is_the_newest_complete_week_at_every_level() -> None:
    out = last_weeks(demand(), MONDAY, CUTOFF)
    told = {(r["level"], r["series_id"]): r["last_value"] for r in out.iter_rows(named=True)}
    assert told == {("total", "total"): 7.5, ("category", "x"): 7.5, ("category", "y"): 0.0,
                    ("sku", "A"): 5.0, ("sku", "B"): 2.5, ("sku", "C"): 0.0}  # fmt: skip
    backtest = pl.DataFrame({"target": ["units"] * 2, "level": ["sku"] * 2,
                             "series_id": ["A", "new"], "cutoff": [CUTOFF] * 2})  # fmt: skip
    assert with_naive(backtest, [out])["last_value"].to_list() == [5.0, 0.0]


def weekly(series: str, number: int, value: float, censored: float | None = None) -> dict[str, Any]:
    return {"target": "units", "level": "sku", "series_id": series, "sku": series, "category": "x",
            "week_start": MONDAY - timedelta(weeks=number), "value": value, "is_partial": number < 0,
            "censored_share": censored}  # fmt: skip


def status(as_of: date, final: float, **more: Any) -> dict[str, Any]:
    return {"as_of": as_of, "override_id": f"{as_of}{final}", "target": "units", "level": "sku",
            "series_id": "A", "week_start": MONDAY, "horizon": 2, "author": "ada", "reason": "r",
            "value": final, "status": "applied", "why": "w", "statistical_mean": 10.0,
            "final_mean": final, **more}  # fmt: skip


def judged(
    published: list[dict[str, Any]], replayed: list[dict[str, Any]], weeks: list[dict[str, Any]]
) -> pl.DataFrame:
    return judged_overrides(
        [table("override_status", [row]) for row in published],
        [table("override_status", [row]) for row in replayed],
        table("demand_weekly", weeks),
    )


def test_of_several_nights_with_one_horizon_the_newest_published_counts() -> None:
    first, second = date(2026, 10, 27), date(2026, 10, 28)
    out = judged([status(first, 12.0), status(second, 13.0)], [status(second, 99.0)],
                 [weekly("A", 0, 14.0)])  # fmt: skip
    assert out.select("final_mean", "actual", "direction", "size").rows() == [
        (13.0, 14.0, "up", "large")
    ]
    replay = judged([], [status(first, 9.5)], [weekly("A", 0, 14.0)])
    assert replay.select("direction", "size").rows() == [("down", "small")]


def test_only_applied_overrides_of_whole_weeks_with_stock_are_judged() -> None:
    day = date(2026, 10, 27)
    assert judged([status(day, 12.0, status="expired")], [], [weekly("A", 0, 14.0)]).is_empty()
    assert judged([status(day, 12.0)], [], [weekly("A", 0, 14.0, 0.5)]).is_empty()
    running = [status(day, 12.0, week_start=MONDAY + timedelta(days=7))]
    assert judged(running, [], [weekly("A", -1, 3.0)]).is_empty()
    assert judged([], [], [weekly("A", 0, 14.0)]).is_empty()


def history(values: dict[str, list[float]]) -> pl.DataFrame:
    return table(
        "demand_weekly", [weekly(s, i, v) for s, vs in values.items() for i, v in enumerate(vs)]
    )


def prices(**told: float) -> pl.DataFrame:
    return pl.DataFrame({"sku": list(told), "unit_price": list(told.values())},
                        schema={"sku": pl.String, "unit_price": pl.Float64})  # fmt: skip


def test_classes_by_value_follow_the_price_and_by_spread_the_weeks() -> None:
    sold = history({"A": [10.0] * 20, "B": [10.0] * 20, "C": [0.0, 20.0] * 10, "D": [9.0] * 5})
    by_units = sku_classes(sold, prices(), CUTOFF)
    assert dict(by_units.select("series_id", "class_xyz").iter_rows()) == {
        "A": "X", "B": "X", "C": "Y", "D": "new",
    }  # fmt: skip
    dear = sku_classes(sold, prices(A=1.0, B=10.0, C=0.3, D=1.0), CUTOFF)
    assert dict(dear.select("series_id", "class_abc").iter_rows()) == {
        "A": "B", "B": "A", "C": "C", "D": "new",
    }  # fmt: skip


def test_a_class_knows_nothing_of_the_weeks_that_it_is_to_judge() -> None:
    early = {"A": [10.0] * 20, "B": [1.0] * 20}
    late = {"A": [10.0] * 20, "B": [5000.0] * 3 + [1.0] * 17}
    before = CUTOFF - timedelta(weeks=3)
    one, other = (sku_classes(history(h), prices(), before) for h in (early, late))
    assert one.equals(other)
