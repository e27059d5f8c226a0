"""The nightly audit: textbook statsmodels models on a random sample, beside the batched core.

It shares no model code with the core: ready-made classes of statsmodels, estimated by maximum
likelihood on each sampled series, at an earlier cutoff, whose weeks are known by now, and tonight.
Demand is taken over its pooled season and to its square root. Each model steps down where it
fails: "full"; "simple", the same family with less in it, where the full one did not converge;
"mean", the seasonal mean of the last half year, where neither gave a forecast.
"""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from statsmodels.tsa.exponential_smoothing.ets import ETSModel
from statsmodels.tsa.statespace.exponential_smoothing import ExponentialSmoothing
from statsmodels.tsa.statespace.sarimax import SARIMAX
from statsmodels.tsa.statespace.structural import UnobservedComponents

from models.challengers import capped
from models.hierarchy import level_of, levels_in
from models.panel import Grid, Known, group_codes, group_sums
from models.seasonality import pooled_season, seasons_at
from models.spec import LEVELS, ForecastSpec, bands
from models.types import Floats

MIN_KNOWN = 26
MEAN_WEEKS = 26
WARM_UP = 8
FULL, SIMPLE, MEAN = "full", "simple", "mean"
MODEL_AUDIT: dict[str, pl.DataType] = {
    "as_of": pl.Date(),
    **dict.fromkeys(("target", "level", "series_id", "model", "horizon_band"), pl.String()),
    "fit_rung": pl.String(),
    "converged": pl.Boolean(),
    "n": pl.Int64(),
    **dict.fromkeys(
        ("actual", "wape_core", "wape_model", "core_mean", "model_mean", "distance_share"),
        pl.Float64(),
    ),
}


def _sarimax(x: Floats) -> Any:  # noqa: ANN401 - statsmodels has no types
    return SARIMAX(x, order=(1, 0, 0), trend="c", concentrate_scale=True)


def _drifting(x: Floats) -> Any:  # noqa: ANN401
    return SARIMAX(x, order=(0, 1, 1), concentrate_scale=True)


def _local_level(x: Floats) -> Any:  # noqa: ANN401
    return UnobservedComponents(x, level="llevel")


def _level_and_cycle(x: Floats) -> Any:  # noqa: ANN401
    return UnobservedComponents(x, level="llevel", autoregressive=1)


def _damped(x: Floats) -> Any:  # noqa: ANN401
    return ETSModel(x, error="add", trend="add", damped_trend=True)


def _smoothed(x: Floats) -> Any:  # noqa: ANN401
    return ExponentialSmoothing(x, initialization_method="concentrated")


AUDITORS: Mapping[str, tuple[Callable[[Floats], Any], Callable[[Floats], Any]]] = {
    "sarimax": (_sarimax, _drifting),
    "unobserved_components": (_level_and_cycle, _local_level),
    "exponential_smoothing": (_damped, _smoothed),
}
"""Each auditor: the full model, and the simple one that it steps down to."""


@dataclass(frozen=True, slots=True)
class Audited:
    """One model on one series: forecasts (H,), the rung reached, whether its fit converged."""

    forecast: Floats
    rung: str
    converged: bool


def _fitted(build: Callable[[Floats], Any], x: Floats, steps: int) -> tuple[Floats, bool]:
    """Return (steps,) forecasts of x squared, half a week's variance added; and convergence.

    Nan, not converged, where the model fails: that is what an audit is there to tell.
    """
    quick = {} if build is _damped else {"cov_type": "none"}
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            result = build(x).fit(disp=0, maxiter=100, **quick)
            mean = np.asarray(result.forecast(steps))
            news = np.nanmean(np.asarray(result.resid)[WARM_UP:] ** 2)
            converged = bool(result.mle_retvals.get("converged", False))
    except Exception:  # noqa: BLE001 - see above
        return np.full(steps, np.nan), False
    return np.maximum(mean, 0.0) ** 2 + 0.5 * float(news), converged


def audit_one(y: Floats, season: Floats, grid: Grid, model: str) -> Audited:
    """Return a model's forecasts of y (T,) with a season (T+gap+H,), and how it came by them.

    Never raises for what the numbers are, never warns; forecasts are finite and not negative.
    """
    n_weeks, steps = len(y), grid.gap + grid.horizon
    relative = y / season[:n_weeks]
    known = ~np.isnan(relative)
    if not known.any():
        return Audited(np.zeros(grid.horizon), MEAN, converged=False)
    scale = max(float(relative[known].mean()), 1e-9)
    begun = np.sqrt(relative / scale)[int(np.argmax(known)) :]
    for build, rung in zip(AUDITORS[model], (FULL, SIMPLE), strict=True):
        made, converged = _fitted(build, begun, steps)
        ahead = (made * scale * season[n_weeks:])[grid.gap :]
        if np.isfinite(ahead).all() and (converged or rung == SIMPLE):
            return Audited(ahead, rung, converged)
    recent = relative[-MEAN_WEEKS:][known[-MEAN_WEEKS:]]
    level = float(recent.mean()) if len(recent) else scale
    return Audited((level * season[n_weeks:])[grid.gap :], MEAN, converged=False)


@dataclass(frozen=True, slots=True)
class _View:
    """One target's finest level at one cutoff: demand (N, T), season (N, T+gap+H), where each is."""

    cutoff: date
    y: Floats
    season: Floats
    grid: Grid
    place: Mapping[str, int]


def _view(known: Known, target: str, name: str, spec: ForecastSpec) -> _View:
    panel = known.panels[target]
    level = level_of(panel.series, name)
    y = capped(group_sums(panel.y, level.member))
    _, groups = group_codes(level.keys)
    grid = Grid(
        np.array([y.shape[1]], dtype=np.int64), spec.horizon, spec.season_weeks, known.gap_weeks
    )
    made = pooled_season(y, groups, grid)
    span = y.shape[1] + grid.gap + grid.horizon
    season = seasons_at(made, groups.n, grid, span)[groups.codes, 0]
    ids = level.keys["series_id"].to_list()
    return _View(known.cutoff, y, season, grid, {name: i for i, name in enumerate(ids)})


def _sample(
    views: Sequence[_View], offered: Sequence[str], n: int, seed: Sequence[int]
) -> list[str]:
    """Return n of the series offered, or all where fewer can be judged, in their order."""
    fit = []
    for name in sorted(set(offered)):
        rows = [v.y[v.place[name]] if name in v.place else np.array([]) for v in views]
        if all((~np.isnan(row)).sum() >= MIN_KNOWN and np.nansum(row) > 0 for row in rows):
            fit.append(name)
    picked = np.random.default_rng(list(seed)).permutation(len(fit))[:n]
    return [fit[i] for i in sorted(picked.tolist())]


def _core(frame: pl.DataFrame, columns: Sequence[str]) -> dict[str, dict[int, tuple[float, ...]]]:
    """Return by series and horizon the values of some columns."""
    out: dict[str, dict[int, tuple[float, ...]]] = {}
    for series, horizon, *values in frame.select("series_id", "horizon", *columns).iter_rows():
        out.setdefault(series, {})[int(horizon)] = tuple(float(v) for v in values)
    return out


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Forecasts of the core and of a model, and what came (empty tonight), (N,) each."""

    core: Floats
    model: Floats
    actual: Floats


def _pairs(
    told: Mapping[int, tuple[float, ...]], forecast: Floats, band: tuple[int, int]
) -> _Pairs:
    rows = [(*told[h], forecast[h - 1]) for h in range(band[0], band[1] + 1) if h in told]
    if not rows:
        return _Pairs(np.zeros(0), np.zeros(0), np.zeros(0))
    table = np.array(rows, dtype=np.float64)
    return _Pairs(table[:, 0], table[:, -1], table[:, 1:-1].reshape(-1))


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None


def _row(past: Sequence[_Pairs], now: _Pairs) -> dict[str, object]:
    """Return the measured columns of one series, model and band."""
    core, model, actual = (
        np.concatenate([getattr(p, name) for p in past]) if past else np.zeros(0)
        for name in ("core", "model", "actual")
    )
    total = float(actual.sum())
    both = float((now.core + now.model).sum()) / 2
    return {
        "n": len(actual),
        "actual": total,
        "wape_core": _share(float(np.abs(core - actual).sum()), total),
        "wape_model": _share(float(np.abs(model - actual).sum()), total),
        "core_mean": float(now.core.mean()) if len(now.core) else None,
        "model_mean": float(now.model.mean()) if len(now.core) else None,
        "distance_share": _share(float(np.abs(now.core - now.model).sum()), both),
    }


def audit(
    now: Known,
    past: Sequence[Known],
    *,
    forecasts: pl.DataFrame,
    scored: pl.DataFrame,
    spec: ForecastSpec,
) -> pl.DataFrame:
    """Return the table ``model_audit``: a random sample's statsmodels forecasts beside the core's.

    ``forecasts``: tonight's; ``scored``: rows of ``backtest_forecasts``, of which those at the
    cutoffs of ``past`` (one is enough) are judged. ``spec.audit_series`` of each target's finest
    level are drawn by the seed and the night. The auditors know no signals, so the core's baseline_mean is
    what they are held against. ``fit_rung`` and ``converged`` are the worst over a series' fits.
    """
    rows: list[dict[str, object]] = []
    for target in sorted(now.panels):
        panels = [known.panels.get(target) for known in (now, *past)]
        if any(p is None or not len(p.y) or not len(p.weeks) for p in panels):
            continue
        level = levels_in(now.panels[target].series, [v for v in LEVELS if v in spec.levels])[-1]
        rows += _target_rows((now, *past), (target, level), (forecasts, scored), spec)
    return pl.DataFrame(rows, schema=MODEL_AUDIT)


def _target_rows(
    knowns: Sequence[Known],
    key: tuple[str, str],
    frames: tuple[pl.DataFrame, pl.DataFrame],
    spec: ForecastSpec,
) -> list[dict[str, object]]:
    target, level = key
    views = [_view(known, target, level, spec) for known in knowns]
    here = (pl.col("target") == target) & (pl.col("level") == level)
    told = [_core(frames[0].filter(here), ("baseline_mean",))]
    for view in views[1:]:
        at = frames[1].filter(here & (pl.col("cutoff") == view.cutoff))
        told.append(_core(at, ("baseline_mean", "actual")))
    seed = (spec.seed, knowns[0].cutoff.toordinal(), zlib.crc32(target.encode()))
    rows: list[dict[str, object]] = []
    for name in _sample(views, list(told[0]), spec.audit_series, seed):
        for model in AUDITORS:
            made = [
                audit_one(v.y[v.place[name]], v.season[v.place[name]], v.grid, model) for v in views
            ]
            fixed = {
                "as_of": knowns[0].cutoff,
                "target": target,
                "level": level,
                "series_id": name,
                "model": model,
                "fit_rung": max((m.rung for m in made), key=(FULL, SIMPLE, MEAN).index),
                "converged": all(m.converged for m in made),
            }
            for band, low, high in bands(spec.horizon):
                each = [
                    _pairs(t.get(name, {}), m.forecast, (low, high))
                    for t, m in zip(told, made, strict=True)
                ]
                rows.append({**fixed, "horizon_band": band, **_row(each[1:], each[0])})
    return rows
