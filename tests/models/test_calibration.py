from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.stats import poisson

from models.calibration import (
    BINS,
    CELLS,
    cdf_at,
    clustered,
    coverage_cells,
    covered,
    pit_bounds,
    pit_histogram,
)
from models.spec import WEEKLY_QUANTILES, quantile_names

NAMES = quantile_names(WEEKLY_QUANTILES)
LEVELS = np.asarray(WEEKLY_QUANTILES)


def frame(
    rng: Any, rate: float, width: float = 1.0, shock: float = 0.0, cutoffs: int = 8
) -> pl.DataFrame:
    """A backtest of 30 series: Poisson sales and quantiles of the true law, narrowed by width.

    Series' rates differ a little, so that their chances fall between all quantiles alike.
    """
    rows = []
    start = date(2025, 1, 6)
    shocks = np.exp(rng.normal(0, shock, size=200)) if shock else np.ones(200)
    at = 0.5 + width * (LEVELS - 0.5)
    rates = rate * np.exp(rng.uniform(-0.35, 0.35, size=30))
    quantiles = poisson.ppf(at[None, :], rates[:, None])
    for c in range(cutoffs):
        for h in range(1, 14):
            week = 4 * c + h
            for s in range(30):
                actual = float(rng.poisson(rates[s] * shocks[week]))
                rows.append(
                    {
                        "target": "units",
                        "level": "sku",
                        "series_id": f"s{s}",
                        "cutoff": start + timedelta(weeks=4 * c),
                        "week_start": start + timedelta(weeks=week),
                        "horizon": h,
                        "actual": actual,
                        "mean": rates[s],
                        **dict(zip(NAMES, quantiles[s].tolist(), strict=True)),
                    }
                )
    return pl.DataFrame(rows)


@pytest.mark.parametrize("rate", [0.2, 0.9, 3.0, 20.0, 80.0])
def test_honest_counts_are_covered_at_their_level_whatever_their_volume(rate: float) -> None:
    got = coverage_cells(frame(np.random.default_rng(1), rate))
    assert got["horizon_band"].to_list() == ["h1-4", "h5-13"]
    for row in got.iter_rows(named=True):
        assert row["coverage_80"] == pytest.approx(0.80, abs=0.035)
        assert row["lo"] < row["coverage_80"] < row["hi"]
        assert row["below_p10"] + row["above_p90"] + row["coverage_80"] == pytest.approx(1.0)
        assert row["pit_deviation"] < 0.08


def test_shares_outside_are_never_below_nothing() -> None:
    day = date(2025, 1, 6)
    rows = [
        {
            "target": "units", "level": "total", "series_id": "total", "cutoff": day,
            "week_start": day + timedelta(weeks=h), "horizon": h,
            "actual": 90.5 if h == 1 else 105.5, "mean": 105.0,
            **dict(zip(NAMES, (100 + 10 * LEVELS).tolist(), strict=True)),
        }
        for h in range(1, 11)
    ]  # fmt: skip
    got = coverage_cells(pl.DataFrame(rows)).filter(pl.col("horizon_band") == "h5-10")
    assert got["above_p90"].to_list() == [0.0]
    every = coverage_cells(pl.DataFrame(rows).with_columns(horizon=pl.lit(1)))
    assert (every["coverage_80"].item(), every["below_p10"].item()) == (0.9, 0.1)
    assert every["above_p90"].item() == 0.0  # 1 - 0.9 - 0.1 is not, in floating point


def test_quantiles_that_are_too_narrow_are_seen() -> None:
    rng = np.random.default_rng(2)
    fair, narrow = (coverage_cells(frame(rng, 30.0, width)) for width in (1.0, 0.6))
    assert (narrow["coverage_80"] < 0.62).all()
    assert (narrow["hi"] < 0.8).all()
    assert (narrow["pit_deviation"] > fair["pit_deviation"] + 0.05).all()


def test_weeks_that_share_a_shock_widen_the_interval() -> None:
    rng = np.random.default_rng(3)
    widths = []
    for shock in (0.0, 0.3):
        cell = coverage_cells(frame(rng, 20.0, 1.0, shock)).row(1, named=True)
        widths.append(cell["hi"] - cell["lo"])
        assert cell["n_weeks"] == 37
        assert cell["n_cutoff_weeks"] == 72
        assert cell["n"] == 72 * 30
    assert widths[1] > 2 * widths[0]


def test_classes_go_by_the_forecast_and_come_in_order() -> None:
    rng = np.random.default_rng(4)
    both = pl.concat(
        frame(rng, rate).with_columns(pl.col("series_id") + str(rate)) for rate in (90.0, 0.2, 5.0)
    )
    got = coverage_cells(both)
    assert dict(got.schema) == CELLS
    assert got["volume_class"].to_list() == ["<0.5", "2-10", ">50"] * 2


def test_nothing_in_gives_no_cells() -> None:
    assert coverage_cells(frame(np.random.default_rng(5), 1.0).head(0)).is_empty()
    assert dict(coverage_cells(pl.DataFrame({"target": ["units"]})).schema) == CELLS


def test_chances_are_read_off_straight_lines() -> None:
    quantiles = np.array([[0.0, 0.0, 1.0, 3.0]] * 4)
    levels = np.array([0.1, 0.5, 0.7, 0.9])
    got = cdf_at(np.array([-0.5, 0.0, 0.5, 2.0]), quantiles, levels)
    assert np.allclose(got, [0.0, 0.5, 0.6, 0.8])
    assert 0.9 < cdf_at(np.array([5.0]), quantiles[:1], levels)[0] < 1.0


def test_transforms_by_plain_arithmetic() -> None:
    quantiles, levels = np.array([[0.0, 0.0, 1.0, 3.0]] * 3), [0.1, 0.5, 0.7, 0.9]
    low, high = pit_bounds(np.array([0.0, 1.0, 2.0]), quantiles, levels, np.ones(3, dtype=bool))
    assert np.allclose(low, [0.0, 0.6, 0.75])
    assert np.allclose(high, [0.6, 0.75, 0.85])
    assert np.allclose(covered(low, high, (0.1, 0.9)), [5 / 6, 1.0, 1.0])
    low, high = pit_bounds(np.array([0.0, 2.0, 9.0]), quantiles, levels, np.zeros(3, dtype=bool))
    assert np.allclose(low[:2], [0.0, 0.8])
    assert high[1] == low[1]
    assert np.allclose(covered(low, high, (0.1, 0.9))[1:], [1.0, 0.0])


def test_a_histogram_adds_up_and_spreads_a_stretch_evenly() -> None:
    shares = pit_histogram(np.array([0.0, 0.95]), np.array([0.2, 0.95]))
    assert shares.sum() == pytest.approx(1.0)
    assert np.allclose(shares, [0.25, 0.25, *[0.0] * (BINS - 3), 0.5])


def test_clusters_by_plain_arithmetic() -> None:
    weeks = pl.Series([1, 1, 2, 2])
    mean, lo, hi = clustered(np.array([1.0, 1.0, 0.0, 0.0]), weeks)
    assert (mean, lo, hi) == (0.5, 0.0, 1.0)
    mean, lo, hi = clustered(np.array([1.0, 0.0, 1.0, 0.0]), weeks)
    assert (mean, lo, hi) == (0.5, 0.5, 0.5)
    assert np.isnan(clustered(np.ones(2), pl.Series([1, 1]))[1])
