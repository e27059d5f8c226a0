"""The peers: one function each, from a history to means and quantiles.

Each gets (T,) weeks without gaps, regressors known ahead where it takes any, and the horizon.
Gaps inside a history are interpolated, the newest carried forward, weeks before launch dropped;
forecasts are cut at zero. statsforecast's models are called through ``forecast`` with our own
regressors: its ``cross_validation`` hands the model the actual future ones. ETS has additive
errors: multiplicative ones explode on spiky demand. Needs the packages of requirements-bench.lock.
"""

from __future__ import annotations

import multiprocessing
import time
import warnings
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from lightgbm import LGBMRegressor
from mlforecast import MLForecast
from mlforecast.lag_transforms import RollingMean
from mlforecast.target_transforms import LocalStandardScaler
from mlforecast.utils import PredictionIntervals
from scipy.special import ndtri
from statsforecast import models as sf
from statsmodels.tsa.statespace.sarimax import SARIMAX

from bench.peers import QUANTILES, Ask, Told, filled
from models.types import Floats

CENTRAL = (20, 40, 60, 80)
Pair: TypeAlias = tuple[Floats, Floats]
Local: TypeAlias = Callable[[Floats, Floats | None, int], Pair]


def _of_dict(said: dict[str, Any]) -> Pair:
    """Mean and quantiles of what a statsforecast model returns with ``level``."""
    mean = np.asarray(said["mean"], dtype=np.float64)
    lows = [np.asarray(said[f"lo-{c}"], dtype=np.float64) for c in CENTRAL[::-1]]
    highs = [np.asarray(said[f"hi-{c}"], dtype=np.float64) for c in CENTRAL]
    return mean, np.stack([*lows, mean, *highs], axis=1)


def _statsforecast(make: Callable[[], Any], *, quantiles: bool = True) -> Local:
    def run(y: Floats, x: Floats | None, horizon: int) -> Pair:
        future = None if x is None else x[-horizon:]
        past = None if x is None else x[:-horizon][-len(y) :]
        if not quantiles:
            mean = np.asarray(make().forecast(y=y, h=horizon)["mean"], dtype=np.float64)
            return mean, np.full((horizon, len(QUANTILES)), np.nan)
        return _of_dict(
            make().forecast(y=y, h=horizon, X=past, X_future=future, level=list(CENTRAL))
        )

    return run


def sarimax(y: Floats, x: Floats | None, horizon: int) -> Pair:
    """What SARIMAX(1,0,0) of statsmodels tells, with a constant, on scaled demand."""
    middle, size = float(y.mean()), max(float(y.std()), 1e-9)
    past = None if x is None else x[:-horizon][-len(y) :]
    model = SARIMAX(
        (y - middle) / size, exog=past, order=(1, 0, 0), trend="c", concentrate_scale=True
    )
    ahead = model.fit(disp=0).get_forecast(horizon, exog=None if x is None else x[-horizon:])
    mean = middle + size * np.asarray(ahead.predicted_mean)
    return mean, mean[:, None] + size * np.asarray(ahead.se_mean)[:, None] * ndtri(QUANTILES)


LOCAL: dict[str, Local] = {
    "AutoARIMA-X": _statsforecast(lambda: sf.AutoARIMA(season_length=1)),
    "SARIMAX-X": sarimax,
    "SARIMAX": sarimax,
    "DynamicOptimizedTheta": _statsforecast(lambda: sf.DynamicOptimizedTheta(season_length=1)),
    "AutoETS": _statsforecast(lambda: sf.AutoETS(season_length=1, model="AZN")),
    "seasonal naive": _statsforecast(lambda: sf.SeasonalNaive(season_length=52)),
    "12-week mean": _statsforecast(lambda: sf.WindowAverage(window_size=12), quantiles=False),
    "CrostonSBA": _statsforecast(sf.CrostonSBA, quantiles=False),
    "TSB": _statsforecast(lambda: sf.TSB(alpha_d=0.1, alpha_p=0.1), quantiles=False),
}


def _flat(y: Floats, horizon: int) -> Pair:
    mean = np.full(horizon, float(y[-12:].mean()))
    return mean, np.tile(mean[:, None], (1, len(QUANTILES)))


def run_rows(name: str, y: Floats, x: Floats | None, horizon: int) -> Told:
    """What a local peer tells on some rows.

    A row whose fit fails, or gives no number, gets its last 12 weeks' mean.
    """
    peer, failed, started = LOCAL[name], 0, time.process_time()
    means, quantiles = [], []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for i in range(len(y)):
            row = filled(y[i])
            try:
                mean, bounds = peer(row, None if x is None else x[i], horizon)
            except Exception:  # noqa: BLE001 - whatever a library raises on awkward rows
                mean = np.full(horizon, np.nan)
            if not np.isfinite(mean).all():
                failed += 1
                mean, bounds = _flat(row, horizon)
            means.append(mean)
            quantiles.append(bounds)
    bounds = np.sort(np.maximum(np.array(quantiles), 0.0), axis=2)
    return Told(np.maximum(np.array(means), 0.0), bounds, failed, time.process_time() - started)


def local(pool: Executor, name: str, ask: Ask, *, season: Floats | None = None) -> Told:
    """A local peer on every row, in as many processes as the pool has.

    ``season`` (S, T + H): divided out before and multiplied in after.
    """
    t = ask.y.shape[1]
    y = ask.y if season is None else ask.y / season[:, :t]
    parts = np.array_split(np.arange(len(y)), min(16, len(y)))
    runs = [
        pool.submit(run_rows, name, y[p], None if ask.x is None else ask.x[p], ask.horizon)
        for p in parts
    ]
    said = [run.result() for run in runs]
    mean = np.concatenate([part.mean for part in said])
    quantiles = np.concatenate([part.quantiles for part in said])
    if season is not None:
        mean = mean * season[:, t:]
        quantiles = quantiles * season[:, t:, None]
    return Told(mean, quantiles, sum(p.failed for p in said), sum(p.cpu for p in said))


def lightgbm(ask: Ask, *, windows: int = 2) -> Told:
    """A global LightGBM through mlforecast: lags of up to a year, rolling means, the category.

    Series are standardised one by one; quantiles are mlforecast's own conformal ones. Few leaves
    and no week of the year: of nine settings tried on the real panels, the best one.
    """
    started = time.process_time()
    frame = pd.concat([_rows(ask, i) for i in range(len(ask.y))])
    model = LGBMRegressor(
        n_estimators=100, learning_rate=0.05, num_leaves=8, n_jobs=1, random_state=0, verbosity=-1
    )
    forecaster = MLForecast(
        models={"lgb": model},
        freq="7D",
        lags=[1, 2, 3, 4, 8, 13, 26, 52],
        lag_transforms={1: [RollingMean(w, min_samples=1) for w in (4, 13, 26)]},
        target_transforms=[LocalStandardScaler()],
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        intervals = PredictionIntervals(n_windows=windows, h=ask.horizon)
        forecaster.fit(
            frame, static_features=["category"], dropna=False, prediction_intervals=intervals
        )
        said = forecaster.predict(ask.horizon, level=list(CENTRAL))
    shape = (len(ask.y), ask.horizon)
    names = [f"lgb-lo-{c}" for c in CENTRAL[::-1]] + ["lgb"] + [f"lgb-hi-{c}" for c in CENTRAL]
    bounds = [said[name].to_numpy(dtype=np.float64).reshape(shape) for name in names]
    mean = np.maximum(bounds[len(CENTRAL)], 0.0)
    spread = np.maximum(np.sort(np.stack(bounds, axis=2), axis=2), 0.0)
    return Told(mean, spread, 0, time.process_time() - started)


def _rows(ask: Ask, i: int) -> Any:  # noqa: ANN401 - pandas ships no types
    history = filled(ask.y[i])
    return pd.DataFrame(
        {
            "unique_id": i,
            "ds": pd.to_datetime(ask.weeks[-len(history) :]),
            "y": history,
            "category": int(ask.groups.codes[i]),
        }
    )


def workers(n: int = 2) -> ProcessPoolExecutor:
    """A pool of processes that have nothing of this one's threads."""
    return ProcessPoolExecutor(n, mp_context=multiprocessing.get_context("spawn"))
