"""Accuracy of backtests, and what each signal was worth; differences with intervals.

Intervals come from a paired bootstrap over target weeks: all rows of a week are drawn together,
because series and overlapping cutoffs share a week's shocks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from models.hierarchy import level_of, levels_in
from models.panel import Known, group_sums
from models.spec import LEVELS, ForecastSpec, bands, quantile_names
from models.types import Floats, Ints

DRAWS = 500
MODELS = {"full": "mean", "baseline": "baseline_mean", "seasonal_naive": "naive_mean"}
SCORED_QUANTILES = tuple(round(0.1 * i, 1) for i in range(1, 10))
ACCURACY: dict[str, pl.DataType] = {
    **dict.fromkeys(("target", "level", "model", "horizon_band"), pl.String()),
    **dict.fromkeys(
        ("wape", "wape_mean", "mase_naive1", "bias_share", "scaled_pinball", "coverage_80"),
        pl.Float64(),
    ),
    "n": pl.Int64(),
    "n_cutoffs": pl.Int64(),
    **dict.fromkeys(("wape_difference", "wape_difference_lo", "wape_difference_hi"), pl.Float64()),
    "promotion_timing_assumed": pl.Boolean(),
}
VALUE: dict[str, pl.DataType] = {
    **dict.fromkeys(("signal", "target", "category"), pl.String()),
    **dict.fromkeys(("wape_gain_share", "wape_gain_share_lo", "wape_gain_share_hi"), pl.Float64()),
    "n": pl.Int64(),
    "n_cutoffs": pl.Int64(),
}


@dataclass(frozen=True, slots=True)
class Weekly:
    """Sums per target week (W,): absolute errors of two forecasts, and actuals."""

    one: Floats
    other: Floats
    actual: Floats


def naive_scales(outcome: Known, spec: ForecastSpec, before: np.datetime64) -> pl.DataFrame:
    """Return target, level, series_id, scale: mean absolute one-week change before a cutoff.

    Null where no two neighbouring weeks are known, or demand never changed.
    """
    parts = []
    for target in sorted(outcome.panels):
        panel = outcome.panels[target]
        if not len(panel.y) or not len(panel.weeks):
            continue
        weeks = panel.weeks + np.timedelta64(6, "D") <= before
        for name in levels_in(panel.series, spec.levels):
            level = level_of(panel.series, name)
            y = group_sums(panel.y, level.member)[:, weeks]
            change = np.abs(np.diff(y, axis=1))
            pairs = ~np.isnan(change)
            total = np.where(pairs, change, 0.0).sum(axis=1)
            scale = np.where(total > 0, total / np.maximum(pairs.sum(axis=1), 1), np.nan)
            parts.append(
                level.keys.select(
                    pl.lit(target).alias("target"),
                    pl.lit(name).alias("level"),
                    "series_id",
                    pl.Series("scale", scale).fill_nan(None),
                )
            )
    schema = {"target": pl.String(), "level": pl.String(), "series_id": pl.String()}
    return pl.concat(parts) if parts else pl.DataFrame(schema=schema | {"scale": pl.Float64()})


def pinball(actual: Floats, quantiles: Floats, levels: Floats) -> Floats:
    """Return (N,) mean pinball loss of quantile forecasts (N, Q) at levels (Q,)."""
    error = actual[:, None] - quantiles
    return np.asarray(np.maximum(levels * error, (levels - 1) * error).mean(axis=1))


def bootstrap(draw: Weekly, seed: int) -> tuple[float, float, float]:
    """Return the difference of WAPE, one less other, with a 95 % interval; nan without actuals.

    Weeks are drawn with replacement, the same for both forecasts. A draw in which nothing was
    demanded has no WAPE and is left out; the interval always holds the difference.
    """
    total = draw.actual.sum()
    if total <= 0:
        return float("nan"), float("nan"), float("nan")
    weeks = len(draw.actual)
    rng = np.random.default_rng(seed)
    picks = rng.integers(0, weeks, size=(DRAWS, weeks))
    gap = draw.one - draw.other
    drawn = draw.actual[picks].sum(axis=1)
    some = drawn > 0
    shares = gap[picks].sum(axis=1)[some] / drawn[some]
    found = float(gap.sum() / total)
    low, high = np.quantile(shares, [0.025, 0.975]) if len(shares) else (found, found)
    return found, min(float(low), found), max(float(high), found)


def _by_week(values: Floats, weeks: Ints) -> Floats:
    return np.asarray(np.bincount(weeks, weights=values), dtype=np.float64)


def _column(frame: pl.DataFrame, name: str) -> Floats:
    return np.asarray(frame[name].to_numpy(), dtype=np.float64)


def _ratio(over: float, under: float) -> float | None:
    return over / under if under > 0 else None


def _mean(values: Floats) -> float | None:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else None


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _quantile_values(frame: pl.DataFrame, model: str, names: dict[float, str]) -> Floats | None:
    """Return (N, Q) quantiles of a model; the baseline's are the full model's, moved back.

    Signals multiply quantiles by mean / baseline_mean, so dividing by it undoes them.
    """
    if model == "seasonal_naive" or not names:
        return None
    values = np.stack([_column(frame, name) for name in names.values()], axis=1)
    if model == "full":
        return values
    mean, baseline = _column(frame, "mean"), _column(frame, "baseline_mean")
    back = np.where(mean > 0, baseline / np.where(mean > 0, mean, 1.0), 1.0)
    return values * back[:, None]


def _scores(
    frame: pl.DataFrame, model: str, spec: ForecastSpec
) -> tuple[Floats, dict[str, object]]:
    """Return point forecasts (p50 where there is one) and one row of ``accuracy`` but its key."""
    actual, mean = _column(frame, "actual"), _column(frame, MODELS[model])
    scale, total = _column(frame, "scale"), float(_column(frame, "actual").sum())
    names = dict(zip(spec.quantiles, quantile_names(spec.quantiles), strict=True))
    values = _quantile_values(frame, model, names)
    place = {q: i for i, q in enumerate(names)}
    point = mean if values is None or 0.5 not in place else values[:, place[0.5]]
    out: dict[str, object] = {
        "wape": _ratio(float(np.abs(actual - point).sum()), total),
        "wape_mean": _ratio(float(np.abs(actual - mean).sum()), total),
        "mase_naive1": _mean(np.abs(actual - point) / scale),
        "bias_share": _ratio(float((mean - actual).sum()), total),
        "n": frame.height,
        "n_cutoffs": frame["cutoff"].n_unique(),
    }
    if values is not None:
        columns = [place[q] for q in SCORED_QUANTILES if q in place]
        levels = np.array([q for q in SCORED_QUANTILES if q in place])
        if columns:
            out["scaled_pinball"] = _mean(pinball(actual, values[:, columns], levels) / scale)
        if {0.1, 0.9} <= set(place):
            low, high = values[:, place[0.1]], values[:, place[0.9]]
            out["coverage_80"] = float(((actual >= low) & (actual <= high)).mean())
    return point, out


def _against(frame: pl.DataFrame, one: Floats, other: Floats, seed: int) -> dict[str, object]:
    """Return the WAPE of point forecasts less that of others, with its interval."""
    weeks = frame["week_start"].rank("dense").to_numpy().astype(np.int64) - 1
    actual = _column(frame, "actual")
    errors = np.abs(actual - one), np.abs(actual - other), actual
    sums = Weekly(*(_by_week(values, weeks) for values in errors))
    names = ("wape_difference", "wape_difference_lo", "wape_difference_hi")
    return dict(zip(names, map(_finite, bootstrap(sums, seed)), strict=True))


def _compared(cell: pl.DataFrame, spec: ForecastSpec) -> list[dict[str, object]]:
    """Return one row per model for the same forecasts, or none where there are none."""
    if cell.is_empty():
        return []
    scored = {model: _scores(cell, model, spec) for model in MODELS}
    base = scored["baseline"][0]
    told = "promotion_timing_assumed" in cell.columns
    assumed = {"promotion_timing_assumed": cell["promotion_timing_assumed"].any() if told else None}
    return [
        {"model": model, **row, **_against(cell, point, base, spec.seed), **assumed}
        for model, (point, row) in scored.items()
    ]


def accuracy(
    backtest: pl.DataFrame, scale: Known | pl.DataFrame, spec: ForecastSpec
) -> pl.DataFrame:
    """Return the table ``accuracy``: each model, level and band of horizons.

    ``scale``: the outcome, from which scales before the first cutoff are taken, or a frame with
    target, level, series_id and scale. Series without a scale count everywhere but in MASE and
    scaled pinball. WAPE, MASE and ``wape_difference`` (less the baseline's; negative = better) are
    of the median; the seasonal naive, which has none, enters with its mean.
    """
    if backtest.is_empty():
        return pl.DataFrame(schema=ACCURACY)
    if isinstance(scale, Known):
        first = backtest["cutoff"].to_numpy().min()
        scale = naive_scales(scale, spec, first)
    rows = backtest.join(
        scale, on=["target", "level", "series_id"], how="left", maintain_order="left"
    )
    out: list[dict[str, object]] = []
    for target in sorted(set(backtest["target"].to_list())):
        for level in spec.levels:
            for band, low, high in bands(spec.horizon):
                cell = rows.filter(
                    (pl.col("target") == target)
                    & (pl.col("level") == level)
                    & pl.col("horizon").is_between(low, high)
                )
                key = {"target": target, "level": level, "horizon_band": band}
                out += [{**key, **row} for row in _compared(cell, spec)]
    return pl.DataFrame(out, schema=ACCURACY)


def signal_value(
    backtest: pl.DataFrame, contributions: pl.DataFrame, spec: ForecastSpec
) -> pl.DataFrame:
    """Return the table ``signal_value``: WAPE that each signal took off, as a share of it.

    Leaving one out: the mean less the signal's delta. Each backtest adopted on weeks before its
    cutoff only, so no week measured here chose the signal. Rows where the signal acted, at the
    finest level of the target; one row per category, and one over all (category null).
    """
    if contributions.is_empty():
        return pl.DataFrame(schema=VALUE)
    key = ["target", "level", "series_id", "week_start", "cutoff"]
    order = pl.col("level").replace_strict({name: i for i, name in enumerate(LEVELS)})
    finest = contributions.filter(order == order.max().over("target"))
    joined = finest.join(
        backtest.select(*key, "category", "actual", "mean"), on=key, maintain_order="left"
    )
    out: list[dict[str, object]] = []
    pairs = joined.select("signal", "target").unique().sort("signal", "target")
    for signal, target in pairs.iter_rows():
        part = joined.filter((pl.col("signal") == signal) & (pl.col("target") == target))
        for category in (None, *sorted(set(part["category"].drop_nulls().to_list()))):
            cell = part if category is None else part.filter(pl.col("category") == category)
            row = {"signal": signal, "target": target, "category": category}
            out.append({**row, **_value(cell, spec.seed)})
    return pl.DataFrame(out, schema=VALUE)


def _value(cell: pl.DataFrame, seed: int) -> dict[str, object]:
    weeks = cell["week_start"].rank("dense").to_numpy().astype(np.int64) - 1
    actual, mean, delta = (_column(cell, name) for name in ("actual", "mean", "delta"))
    without, full = np.abs(actual - (mean - delta)), np.abs(actual - mean)
    total = _by_week(without, weeks)
    sums = Weekly(total, _by_week(full, weeks), total)
    gain, low, high = bootstrap(sums, seed)
    return {
        "wape_gain_share": _finite(gain),
        "wape_gain_share_lo": _finite(low),
        "wape_gain_share_hi": _finite(high),
        "n": cell.height,
        "n_cutoffs": cell["cutoff"].n_unique(),
    }
