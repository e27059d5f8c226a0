from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from models.backtest import backtest, hidden_actuals
from models.spec import ForecastSpec
from models.stockout_accuracy import accuracy_stockouts
from tests.models.synthetic import Truth, cut, make

SPEC = ForecastSpec(horizon=4, levels=("sku",))
MONDAY = date(2026, 1, 5)
KEY = {"target": "units", "level": "sku"}


def rows(*cells: tuple[str, int, float, float]) -> pl.DataFrame:
    """Backtest rows: series, week, actual, mean; the median is the mean, the baseline half."""
    return pl.DataFrame(
        [
            {**KEY, "series_id": s, "week_start": MONDAY + timedelta(weeks=w), "horizon": 1,
             "cutoff": MONDAY, "actual": a, "mean": m, "p50": m, "baseline_mean": m / 2,
             "naive_mean": 0.0}
            for s, w, a, m in cells
        ],
        schema_overrides={"actual": pl.Float64, "mean": pl.Float64},
    )  # fmt: skip


SEEN = rows(("A", 0, 10, 12), ("A", 1, 9, 10), ("B", 0, 20, 20))
HIDDEN = rows(("B", 1, 2, 20))
DEMAND = pl.DataFrame(
    {"level": ["sku", "sku"], "series_id": ["B", "A"],
     "week_start": [MONDAY + timedelta(weeks=1)] * 2, "unconstrained_units": [18.0, 11.0]}
)  # fmt: skip


def told(model: str) -> dict[str, dict[str, object]]:
    made = accuracy_stockouts(SEEN, HIDDEN, DEMAND, SPEC).filter(model=model)
    return {row["weeks"]: row for row in made.iter_rows(named=True)}


def test_three_views_of_the_same_forecasts() -> None:
    full = told("full")
    assert full["all_weeks"]["wape"] == pytest.approx((2 + 1 + 0 + 18) / 41)
    assert full["uncensored_weeks"]["wape"] == pytest.approx(2 / 30)
    assert full["unconstrained"]["wape"] == pytest.approx((2 + 1 + 0 + 2) / 59)
    assert full["all_weeks"]["bias_share"] == pytest.approx(21 / 41)
    assert full["unconstrained"]["bias_share"] == pytest.approx(3 / 59)
    assert [full[s]["n"] for s in full] == [4, 2, 4]
    assert [full[s]["censored_row_share"] for s in full] == [0.5, 0.0, 0.5]
    assert full["all_weeks"]["wape_lo"] <= full["all_weeks"]["wape"] <= full["all_weeks"]["wape_hi"]
    assert told("baseline")["uncensored_weeks"]["wape"] == pytest.approx((4 + 10) / 30)
    assert told("seasonal_naive")["unconstrained"]["wape"] == pytest.approx(1.0)


def test_nothing_to_compare_is_no_row() -> None:
    assert accuracy_stockouts(SEEN.clear(), HIDDEN.clear(), DEMAND, SPEC).is_empty()
    every = accuracy_stockouts(SEEN.clear(), HIDDEN, DEMAND, SPEC)
    assert set(every["weeks"]) == {"all_weeks", "unconstrained"}


def test_weeks_out_of_stock_are_hidden_from_the_record_and_told_apart() -> None:
    known, spec = make(Truth(weeks=70, n_categories=2, per_category=4))
    panel, before = known.panels["units"], cut(known, 60)
    y, sold = panel.y.copy(), np.nan_to_num(panel.y)
    y[3, 64:66], sold[3, 64:66] = np.nan, 1.0
    y[5, :20] = np.nan  # not on sale yet: no stock-out
    known = replace(known, panels={"units": replace(panel, y=y, sold=sold)})
    short = hidden_actuals(known, spec)
    name = panel.series["series_id"][3]
    assert short.filter(level="sku").height == short.height == 2
    assert set(short["series_id"]) == {name}
    assert set(short["actual"]) == {1.0}
    made = backtest([before], known, spec)
    assert made.hidden["week_start"].to_list() == short["week_start"].to_list()
    assert made.hidden["mean"].min() > 1.0
    both = ["level", "series_id", "week_start"]
    assert made.forecasts.join(made.hidden, on=both, how="semi").is_empty()
    assert made.hidden.columns == made.forecasts.columns
