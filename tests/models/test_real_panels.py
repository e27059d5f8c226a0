"""Real panels, measured by the protocol of the benchmarks: six origins four weeks apart."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl
import pytest

from bench.panels import dominicks, known_of, online_retail, protocol
from models.backtest import backtest
from models.metrics import accuracy
from models.panel import Known
from models.simulate.panels import first_weeks
from models.spec import ForecastSpec

FOLDER = os.environ.get("HEARCAST_EXAMPLES_DATA")
pytestmark = [
    pytest.mark.needs_data,
    pytest.mark.skipif(not FOLDER, reason="HEARCAST_EXAMPLES_DATA is not set"),
]


def judged(known: Known) -> pl.DataFrame:
    """Accuracy of the full forecast, horizons 1 to 4 first."""
    spec = ForecastSpec(levels=("sku",))
    cutoffs = protocol(len(known.panels["units"].weeks), 6)
    past = backtest([first_weeks(known, n) for n in cutoffs], known, spec)
    got = accuracy(past.forecasts, known, spec)
    return got.filter(pl.col("model") == "full").sort("horizon_band")


def test_online_retail_is_better_than_the_strongest_peers_measured() -> None:
    y, weeks = online_retail(Path(FOLDER or ""))
    assert len(y) > 750
    full = judged(known_of(y, weeks, ["all"] * len(y)))
    # The best single peers reached MASE .695 and .788 and scaled pinball .269 and .316.
    assert full["mase_naive1"][0] < 0.67
    assert full["mase_naive1"][1] < 0.77
    assert full["scaled_pinball"][0] < 0.275
    assert full["scaled_pinball"][1] < 0.32
    assert full["coverage_80"].is_between(0.77, 0.87).all()
    assert (full["wape_mean"] < 0.7).all()


def test_so_is_dominicks_orange_juice() -> None:
    y, weeks, brands = dominicks(Path(FOLDER or ""))
    full = judged(known_of(y, weeks, brands))
    # Of the peers measured on these series, the best reached MASE .916 and .861, pinball .396, .365.
    assert full["mase_naive1"][0] < 0.79
    assert full["mase_naive1"][1] < 0.74
    assert full["scaled_pinball"][0] < 0.345
    assert full["scaled_pinball"][1] < 0.32
    assert full["coverage_80"].is_between(0.74, 0.86).all()
