from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from models.metrics import ACCURACY, VALUE, Weekly, accuracy, bootstrap, naive_scales, signal_value
from models.spec import ForecastSpec, quantile_names
from tests.models.synthetic import START
from tests.models.test_forecast import small

SPEC = ForecastSpec(levels=("sku",))
NAMES = quantile_names(SPEC.quantiles)


@pytest.fixture(scope="module")
def rows() -> Any:
    """A backtest of 7 series, 3 cutoffs, 13 weeks, with signals that move the mean."""
    rng = np.random.default_rng(0)
    out = []
    for cut in range(3):
        cutoff = START.item() + timedelta(days=7 * (100 + 4 * cut) - 1)
        for s in range(7):
            for h in range(1, 14):
                actual, base = float(rng.poisson(5)), float(rng.gamma(5))
                factor = float(rng.choice([0.8, 1.0, 1.25]))
                quantiles = np.sort(rng.gamma(5, size=len(NAMES))) * factor
                out.append(
                    {
                        "as_of": date(2025, 1, 5), "target": "units", "level": "sku",
                        "series_id": f"s{s}", "category": "ab"[s % 2], "cutoff": cutoff,
                        "week_start": cutoff + timedelta(days=7 * h - 6), "horizon": h,
                        "actual": actual, "mean": base * factor, "baseline_mean": base,
                        "naive_mean": float(rng.poisson(5)),
                        **dict(zip(NAMES, quantiles.tolist(), strict=True)),
                    }
                )  # fmt: skip
    return pl.DataFrame(out, schema_overrides={"horizon": pl.Int32})


@pytest.fixture(scope="module")
def scales() -> Any:
    names = [f"s{i}" for i in range(7)]
    frame = pl.DataFrame({"series_id": names, "scale": [1.0, 2.0, None, 1.5, 0.5, 3.0, 1.0]})
    return frame.select(pl.lit("units").alias("target"), pl.lit("sku").alias("level"), pl.all())


def by_hand(rows: Any, scales: Any, model: str, low: int, high: int) -> Any:
    """Every figure by one loop over rows."""
    scale = dict(zip(scales["series_id"], scales["scale"], strict=True))
    sums = dict.fromkeys(("p50", "mean", "bias", "actual", "inside", "n"), 0.0)
    mase, pinball = [], []
    for r in rows.iter_rows(named=True):
        if not low <= r["horizon"] <= high:
            continue
        mean = {"full": r["mean"], "baseline": r["baseline_mean"]}.get(model, r["naive_mean"])
        back = {"full": 1.0, "baseline": r["baseline_mean"] / r["mean"]}.get(model)
        point = mean if back is None else r["p50"] * back
        y = r["actual"]
        sums["p50"] += abs(y - point)
        sums["mean"] += abs(y - mean)
        sums["bias"] += mean - y
        sums["actual"] += y
        sums["n"] += 1
        s = scale[r["series_id"]]
        if s is not None:
            mase.append(abs(y - point) / s)
        if back is None:
            continue
        sums["inside"] += r["p10"] * back <= y <= r["p90"] * back
        loss = []
        for tenth in range(1, 10):
            q, tau = r[f"p{tenth}0"] * back, tenth / 10
            loss.append(tau * (y - q) if y >= q else (1 - tau) * (q - y))
        if s is not None:
            pinball.append(np.mean(loss) / s)
    got = {
        "wape": sums["p50"] / sums["actual"],
        "wape_mean": sums["mean"] / sums["actual"],
        "mase_naive1": np.mean(mase),
        "bias_share": sums["bias"] / sums["actual"],
        "n": sums["n"],
    }
    if model != "seasonal_naive":
        got["scaled_pinball"] = np.mean(pinball)
        got["coverage_80"] = sums["inside"] / sums["n"]
    return got


@pytest.mark.parametrize("model", ["full", "baseline", "seasonal_naive"])
@pytest.mark.parametrize("band", [("h1-4", 1, 4), ("h5-13", 5, 13)])
def test_figures_equal_a_loop_over_rows(rows: Any, scales: Any, model: str, band: Any) -> None:
    got = accuracy(rows, scales, SPEC)
    assert dict(got.schema) == ACCURACY
    row = got.filter((pl.col("model") == model) & (pl.col("horizon_band") == band[0]))
    for name, want in by_hand(rows, scales, model, *band[1:]).items():
        assert row[name][0] == pytest.approx(want), name
    assert row["n_cutoffs"][0] == 3
    if model == "seasonal_naive":
        assert row["coverage_80"][0] is None


def test_differences_are_against_the_baseline(rows: Any, scales: Any) -> None:
    got = accuracy(rows, scales, SPEC)
    base = got.filter(pl.col("model") == "baseline")
    assert base["wape_difference"].to_list() == [0.0, 0.0]
    full = got.filter(pl.col("model") == "full")
    assert np.allclose(full["wape_difference"], full["wape"] - base["wape"])
    assert (full["wape_difference_lo"] <= full["wape_difference"]).all()
    assert (full["wape_difference_hi"] >= full["wape_difference"]).all()


def test_bootstrap_draws_whole_weeks() -> None:
    rng = np.random.default_rng(0)
    actual, shared = np.full(60, 100.0), rng.normal(size=60)
    got, low, high = bootstrap(Weekly(30 + 5 * shared, np.full(60, 29.0), actual), 1)
    se = 0.05 * shared.std() / np.sqrt(60)
    assert got == pytest.approx((1 + 5 * shared.mean()) / 100)
    assert high - low == pytest.approx(3.92 * se, rel=0.2)
    assert np.isnan(bootstrap(Weekly(actual, actual, np.zeros(60)), 1)).all()
    assert bootstrap(Weekly(30 + 5 * shared, np.full(60, 29.0), actual), 1) == (got, low, high)


def test_draws_in_which_nothing_was_demanded_have_no_wape() -> None:
    actual = np.zeros(8)
    actual[3] = 4.0
    got, low, high = bootstrap(Weekly(np.full(8, 1.0), np.zeros(8), actual), 1)
    assert got == 2.0
    assert 0.0 < low <= got <= high <= 2.0


@pytest.mark.parametrize("weeks", [1, 2, 5, 60])
def test_the_interval_holds_the_difference(weeks: int) -> None:
    rng = np.random.default_rng(weeks)
    for seed in range(100):
        actual = rng.poisson(0.3, weeks) * rng.lognormal(0, 3, weeks)
        one, other = rng.lognormal(0, 3, (2, weeks))
        got, low, high = bootstrap(Weekly(one, other, actual), seed)
        assert low <= got <= high or (np.isnan(got) and not actual.any())


def test_signal_value_leaves_one_signal_out(rows: Any) -> None:
    deltas = rows.select(
        "target", "level", "series_id", "week_start", "cutoff",
        (pl.col("mean") - pl.col("baseline_mean")).alias("delta"),
    ).filter(pl.col("delta") != 0)  # fmt: skip
    deltas = deltas.with_columns(pl.lit("leader").alias("signal"))
    coarse = deltas.with_columns(pl.lit("total").alias("level"), pl.lit("x").alias("series_id"))
    got = signal_value(rows, pl.concat([deltas, coarse]), SPEC)
    assert dict(got.schema) == VALUE
    for category in (None, "a", "b"):
        part = rows.filter(pl.col("mean") != pl.col("baseline_mean"))
        part = part if category is None else part.filter(pl.col("category") == category)
        without = (part["actual"] - part["baseline_mean"]).abs().sum()
        with_it = (part["actual"] - part["mean"]).abs().sum()
        row = got.filter(pl.col("category").eq_missing(pl.lit(category, dtype=pl.String)))
        assert row["wape_gain_share"][0] == pytest.approx((without - with_it) / without)
        assert row["n"][0] == part.height


def test_signal_value_looks_at_each_target_as_finely_as_it_is_forecast(rows: Any) -> None:
    tickets = rows.with_columns(
        pl.lit("tickets").alias("target"), pl.lit("category").alias("level")
    )
    both = pl.concat([rows, tickets])
    deltas = both.select(
        "target", "level", "series_id", "week_start", "cutoff",
        (pl.col("mean") - pl.col("baseline_mean")).alias("delta"),
    ).filter(pl.col("delta") != 0).with_columns(pl.lit("leader").alias("signal"))  # fmt: skip
    got = signal_value(both, deltas, SPEC)
    assert sorted(set(got["target"].to_list())) == ["tickets", "units"]
    for name in ("wape_gain_share", "n"):
        units, others = (got.filter(pl.col("target") == t)[name] for t in ("units", "tickets"))
        assert units.to_list() == others.to_list()


def test_scales_stop_at_the_first_cutoff_and_pass_over_gaps() -> None:
    y = np.array([[1.0, 3.0, 3.0, np.nan, 9.0, 99.0], [5.0] * 6, [np.nan] * 5 + [1.0]])
    known, _ = small(y)
    day = START + np.timedelta64(7 * 5 - 1, "D")
    got = naive_scales(known, SPEC, day).sort("series_id")
    assert got["scale"].to_list() == [1.0, None, None]


def test_all_zero_actuals_give_nulls_not_errors(rows: Any, scales: Any) -> None:
    got = accuracy(rows.with_columns(pl.lit(0.0).alias("actual")), scales, SPEC)
    assert got["wape"].null_count() == got.height
    assert got["wape_difference"].null_count() == got.height
