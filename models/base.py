"""Forecasts of one panel from its own history: experts, weights, quantiles. No signals here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models import ensemble, intervals, levels
from models.panel import first_known
from models.seasonality import has_year, pooled_season
from models.spec import ForecastSpec, bands
from models.types import Floats, Ints

FULL_GRID_SERIES = 500


@dataclass(frozen=True, slots=True)
class Base:
    """Forecasts of S series at the cutoff and, for judging them, at O inner origins.

    mean, naive, flat: (S, H). centre: (S, H), middle of the distribution. inner_mean and
    inner_centre: (S, O, H), nan where the series had not begun. actual: (S, O, H), nan where not
    known. origins: (O,) weeks known at each. Column h is the week origin + gap + h.
    """

    mean: Floats
    centre: Floats
    naive: Floats
    flat: Floats
    inner_mean: Floats
    inner_centre: Floats
    actual: Floats
    origins: Ints


def zero_based_bands(horizon: int) -> tuple[tuple[int, int], ...]:
    """Return horizon bands as 0-based half-open ranges."""
    return tuple((low - 1, high) for _, low, high in bands(horizon))


def naive_forecast(y: Floats, horizon: int, gap: int, period: int) -> Floats:
    """Return (S, H): last year's same week where known, else the last known value, else 0."""
    n_weeks = y.shape[1]
    seen = ~np.isnan(y)
    last = np.where(seen.any(axis=1), n_weeks - 1 - seen[:, ::-1].argmax(axis=1), 0)
    fallback = np.nan_to_num(y[np.arange(len(y)), last]) if n_weeks else np.zeros(len(y))
    out = np.repeat(fallback[:, None], horizon, axis=1)
    for h in range(horizon):
        week = n_weeks + gap + h - period
        while week >= n_weeks:
            week -= period
        if week >= 0:
            out[:, h] = np.where(seen[:, week], np.nan_to_num(y[:, week]), out[:, h])
    return out


def stride_for(n_series: int) -> int:
    """Return weeks between inner origins: every second week, every fourth on large panels."""
    return 2 if n_series <= FULL_GRID_SERIES else 4


def forecast_base(
    y: Floats, groups: Ints, n_groups: int, spec: ForecastSpec, gap: int, stride: int
) -> Base:
    """Return the base forecasts of a panel y (S, T); groups share season and weights."""
    n_weeks = y.shape[1]
    first = first_known(y)
    reach = spec.horizon + gap
    inner = levels.inner_origins(n_weeks, spec.season_weeks, stride)
    origins = np.append(inner, n_weeks)
    season = pooled_season(y, groups, n_groups, origins, reach, spec.season_weeks)
    experts = levels.expert_forecasts(y, first, groups, origins, reach, spec.season_weeks, season)[
        :, :, gap:
    ]
    actual = levels.targets(y, inner + gap, spec.horizon)
    scale = ensemble.error_scale(y)
    decay = ensemble.row_decay(inner + gap, spec.horizon, n_weeks)
    span = float(n_weeks - inner[0]) if len(inner) else 1.0
    shape = (len(y), len(origins), spec.horizon)
    mean, centre = np.zeros(shape), np.zeros(shape)
    for low, high in zero_based_bands(spec.horizon):
        weights = ensemble.band_weights(
            experts[:, :-1],
            actual,
            scale,
            decay,
            groups,
            n_groups,
            (low, high),
            has_year(n_weeks, spec.season_weeks + 4),
            span,
        )
        mean[:, :, low:high] = ensemble.combine(experts[:, :, low:high], weights.mean)
        centre[:, :, low:high] = ensemble.combine(experts[:, :, low:high], weights.centre)
    return Base(
        mean=np.nan_to_num(mean[:, -1]),
        centre=np.nan_to_num(centre[:, -1]),
        naive=naive_forecast(y, spec.horizon, gap, spec.season_weeks),
        flat=np.nan_to_num(experts[:, -1, :, levels.FLAT].astype(np.float64)),
        inner_mean=mean[:, :-1],
        inner_centre=centre[:, :-1],
        actual=actual,
        origins=inner,
    )


def weekly_quantiles(
    base: Base, centre: Floats, inner: Floats, y: Floats, groups: Ints, n_groups: int,
    spec: ForecastSpec, gap: int,
) -> Floats:  # fmt: skip
    """Return (S, H, Q) calibrated quantiles around ``centre`` from errors of ``inner``."""
    return intervals.band_quantiles(
        inner,
        base.actual,
        base.origins + gap,
        centre,
        intervals.series_mean(y),
        groups,
        n_groups,
        zero_based_bands(spec.horizon),
        spec.quantiles,
    )


def cumulative_quantiles(
    base: Base, mean: Floats, inner: Floats, y: Floats, groups: Ints, n_groups: int,
    spec: ForecastSpec, gap: int,
) -> Floats:  # fmt: skip
    """Return (S, H, Q) quantiles of demand summed from horizon 1, from joint error paths."""
    return intervals.band_quantiles(
        np.cumsum(inner, axis=2),
        np.cumsum(base.actual, axis=2),
        base.origins + gap,
        np.cumsum(mean, axis=1),
        intervals.series_mean(y),
        groups,
        n_groups,
        zero_based_bands(spec.horizon),
        spec.cumulative_quantiles,
        np.arange(1, spec.horizon + 1, dtype=np.float64),
    )
