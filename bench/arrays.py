"""From cases to what peers are asked, and from backtest rows to arrays. Pure."""

from __future__ import annotations

import numpy as np
import polars as pl

from bench.panels import Case
from bench.peers import QUANTILES, Ask, Told, waves
from models.panel import group_codes
from models.spec import quantile_names
from models.types import Floats, Ints


def some(n: int, most: int) -> Ints:
    """At most ``most`` of n rows, evenly spread."""
    return np.unique(np.arange(min(n, most)) * n // max(min(n, most), 1))


def ask_of(case: Case, weeks: int, rows: Ints) -> Ask:
    """What a peer gets at one cutoff."""
    panel = case.known(weeks).panels["units"]
    _, groups = group_codes(panel.series[rows])
    return Ask(panel.y[rows], panel.weeks, groups, case.spec.horizon)


def regressors(case: Case, weeks: int, rows: Ints, *, signals: int) -> Floats:
    """(n, T + H, R) two harmonics, and the first ``signals`` signals moved by the true lead.

    Standardised on the weeks known; beyond the lead a signal is not known yet and stands at its
    mean, 0.
    """
    span = weeks + case.spec.horizon
    season = waves(np.arange(span))
    parts = [np.tile(season, (len(rows), 1, 1))]
    if signals and case.truth is not None:
        series = case.outcome.panels["units"].series
        codes = group_codes(series)[1].codes[rows]
        moved = np.zeros((signals, case.truth.shape[1], span))
        heard = case.truth[:signals, :, :weeks]
        unit = heard - heard.mean(axis=2, keepdims=True)
        unit = unit / np.maximum(heard.std(axis=2, keepdims=True), 1e-9)
        reach = min(case.lead, case.spec.horizon)
        moved[:, :, case.lead : weeks + reach] = unit[:, :, : weeks + reach - case.lead]
        parts.append(np.moveaxis(moved[:, codes], 0, 2))
    return np.concatenate(parts, axis=2)


def frames_to_arrays(case: Case, done: pl.DataFrame) -> tuple[Told, Told]:
    """Backtest rows as arrays (S, O, H): as published, and as they were without signals.

    Signals multiply quantiles by mean / baseline, so dividing by it undoes them.
    """
    series = case.outcome.panels["units"].series["series_id"].to_list()
    places = {name: i for i, name in enumerate(series)}
    cutoffs = [case.known(w).cutoff for w in case.cutoffs]
    rows = done.filter(pl.col("level") == "sku").with_columns(
        pl.col("series_id").replace_strict(places, return_dtype=pl.Int64).alias("i"),
        pl.col("cutoff").replace_strict(dict(zip(cutoffs, range(99), strict=False))).alias("j"),
    )
    at = (rows["i"].to_numpy(), rows["j"].to_numpy(), rows["horizon"].to_numpy() - 1)
    shape = (len(series), len(cutoffs), case.spec.horizon)
    mean, baseline = np.full(shape, np.nan), np.full(shape, np.nan)
    mean[at], baseline[at] = rows["mean"].to_numpy(), rows["baseline_mean"].to_numpy()
    quantiles = np.full((*shape, len(QUANTILES)), np.nan)
    for k, name in enumerate(quantile_names(QUANTILES)):
        quantiles[(*at, k)] = rows[name].to_numpy()
    back = np.where(mean > 0, baseline / np.where(mean > 0, mean, 1.0), 1.0)
    return Told(mean, quantiles), Told(baseline, quantiles * back[..., None])
