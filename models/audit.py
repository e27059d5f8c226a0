"""The nightly audit: textbook statsmodels models on a random sample, beside the batched core.

Ready-made classes of statsmodels, estimated by maximum likelihood on each sampled series
(`models.auditors`), at an earlier cutoff, whose weeks are known by now, and tonight. Drawing the
sample, estimating and judging are steps of their own: estimating needs nothing but the sample.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from models.auditors import AUDITORS, FULL, MEAN, SIMPLE, Asked, Audited, audit_each
from models.challengers import capped
from models.hierarchy import level_of, levels_in
from models.panel import Grid, Known, group_codes, group_sums
from models.seasonality import pooled_season, seasons_at
from models.spec import LEVELS, ForecastSpec, bands
from models.types import Floats

MIN_KNOWN = 26
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


@dataclass(frozen=True, slots=True)
class Drawn:
    """One target's sample: the series of a level, and the cutoffs, tonight's first."""

    target: str
    level: str
    cutoffs: tuple[date, ...]
    names: tuple[str, ...]
    asked: tuple[Asked, ...]
    """Each series at each cutoff, the cutoffs of one series together."""


def draw(
    now: Known, past: Sequence[Known], *, forecasts: pl.DataFrame, spec: ForecastSpec
) -> list[Drawn]:
    """Return the night's random sample of each target's finest level, of those in ``forecasts``.

    ``spec.audit_series`` series that can be judged tonight and at the cutoffs of ``past``, by the
    seed and the night.
    """
    out = []
    for target in sorted(now.panels):
        panels = [known.panels.get(target) for known in (now, *past)]
        if any(p is None or not len(p.y) or not len(p.weeks) for p in panels):
            continue
        level = levels_in(now.panels[target].series, [v for v in LEVELS if v in spec.levels])[-1]
        views = [_view(known, target, level, spec) for known in (now, *past)]
        mine = (pl.col("target") == target) & (pl.col("level") == level)
        seed = (spec.seed, now.cutoff.toordinal(), zlib.crc32(target.encode()))
        offered = forecasts.filter(mine)["series_id"].unique().to_list()
        names = _sample(views, offered, spec.audit_series, seed)
        asked = tuple(
            (v.y[v.place[name]], v.season[v.place[name]], v.grid) for name in names for v in views
        )
        out.append(Drawn(target, level, tuple(v.cutoff for v in views), tuple(names), asked))
    return out


def estimated(drawn: Sequence[Drawn]) -> list[list[dict[str, Audited]]]:
    """Return what each model says of all that was drawn, in its order."""
    return [audit_each(one.asked) for one in drawn]


def judged(
    drawn: Sequence[Drawn],
    said: Sequence[Sequence[Mapping[str, Audited]]],
    *,
    forecasts: pl.DataFrame,
    scored: pl.DataFrame,
    spec: ForecastSpec,
) -> pl.DataFrame:
    """Return the table ``model_audit``: what the models said beside the core's forecasts.

    ``forecasts``: tonight's; ``scored``: rows of ``backtest_forecasts``, of which those at the past
    cutoffs drawn (one is enough) are judged. The auditors know no signals, so the core's
    baseline_mean is what they are held against. ``fit_rung`` and ``converged`` are the worst over a
    series' fits.
    """
    rows: list[dict[str, object]] = []
    for one, answers in zip(drawn, said, strict=True):
        rows += _target_rows(one, answers, (forecasts, scored), spec)
    return pl.DataFrame(rows, schema=MODEL_AUDIT)


def audit(
    now: Known,
    past: Sequence[Known],
    *,
    forecasts: pl.DataFrame,
    scored: pl.DataFrame,
    spec: ForecastSpec,
) -> pl.DataFrame:
    """Return ``model_audit``: draws, estimates and judges, one after the other."""
    drawn = draw(now, past, forecasts=forecasts, spec=spec)
    return judged(drawn, estimated(drawn), forecasts=forecasts, scored=scored, spec=spec)


def _target_rows(
    one: Drawn,
    said: Sequence[Mapping[str, Audited]],
    frames: tuple[pl.DataFrame, pl.DataFrame],
    spec: ForecastSpec,
) -> list[dict[str, object]]:
    here = (pl.col("target") == one.target) & (pl.col("level") == one.level)
    told = [_core(frames[0].filter(here), ("baseline_mean",))]
    for cutoff in one.cutoffs[1:]:
        at = frames[1].filter(here & (pl.col("cutoff") == cutoff))
        told.append(_core(at, ("baseline_mean", "actual")))
    rows: list[dict[str, object]] = []
    for i, name in enumerate(one.names):
        mine = said[i * len(one.cutoffs) : (i + 1) * len(one.cutoffs)]
        for model in AUDITORS:
            made = [each[model] for each in mine]
            fixed = {
                "as_of": one.cutoffs[0],
                "target": one.target,
                "level": one.level,
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
