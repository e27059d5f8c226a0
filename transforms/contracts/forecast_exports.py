"""Published tables about what is to come, and how right such forecasts were."""

from __future__ import annotations

import polars as pl

from transforms.contracts.columns import (
    AS_OF,
    BASELINE_MEAN,
    CUMULATIVE_QUANTILES,
    HORIZON,
    LEVEL,
    MEAN,
    MODEL,
    QUANTILES,
    RUNG,
    SCOPE,
    SERIES,
    SERIES_KEY,
    TARGET,
    WEEK,
    count,
    date,
    quantiles,
    real,
    share,
    text,
)
from transforms.contracts.schema import Column, Table

FORECASTS = Table(
    "forecasts",
    "Weekly forecasts with and without customers' words.",
    key=SERIES_KEY,
    columns=(
        AS_OF, TARGET, LEVEL, SERIES, WEEK, HORIZON, *SCOPE, MEAN,
        *quantiles(QUANTILES),
        BASELINE_MEAN,
        real("signal_delta", "mean - baseline_mean, exactly", "target units"),
        real("promotion_delta", "part of baseline_mean due to promotions known ahead; null: the row is of a night that did not tell", "target units", nullable=True),
        real("holiday_delta", "part of baseline_mean due to feasts and holidays; null as above", "target units", nullable=True),
        real("naive_mean", "last year's same week, or the last week", "target units", lo=0.0),
        real("flat_mean", "a flat line at the recent level", "target units", lo=0.0),
        real(
            "sold_to_date_units", "already recorded in the running week; null after horizon 1",
            "target units", nullable=True, lo=0.0,
        ),
        real(
            "remaining_mean", "mean less what is already recorded, at least 0; null after horizon 1",
            "target units", nullable=True, lo=0.0,
        ),
        MODEL, RUNG,
    ),
)
FORECASTS_CUMULATIVE = Table(
    "forecasts_cumulative",
    "Demand summed from horizon 1 to this horizon, from joint paths: weeks are not independent.",
    key=SERIES_KEY,
    columns=(
        AS_OF, TARGET, LEVEL, SERIES, WEEK, HORIZON, *SCOPE, MEAN,
        *quantiles(CUMULATIVE_QUANTILES),
        BASELINE_MEAN,
        *quantiles(CUMULATIVE_QUANTILES, "baseline_"),
        MODEL, RUNG,
    ),
)
FORECAST_CONTRIBUTIONS = Table(
    "forecast_contributions",
    "What each signal adds to a forecast; the deltas add up to signal_delta exactly.",
    key=(*SERIES_KEY, "signal"),
    columns=(
        AS_OF, TARGET, LEVEL, SERIES, WEEK, HORIZON,
        text("signal", "the signal"),
        *SCOPE,
        real("delta", "what the signal adds to the mean", "target units"),
        RUNG,
    ),
)
BACKTEST_FORECASTS = Table(
    "backtest_forecasts",
    "What would have been forecast at past cutoffs with what was known then, and what came.",
    key=(*SERIES_KEY, "cutoff"),
    columns=(
        AS_OF, TARGET, LEVEL, SERIES, WEEK, HORIZON,
        date("cutoff", "last day known to the forecast"),
        *SCOPE,
        real("actual", "what came, as known at as_of; as sold, also in weeks without stock", "target units", lo=0.0),
        MEAN,
        *quantiles(QUANTILES),
        BASELINE_MEAN,
        real("naive_mean", "last year's same week, or the last week", "target units", lo=0.0),
        MODEL,
        Column("promotion_timing_assumed", pl.Boolean, "promotions moved it of which nobody told when they were announced: at the time they may not have been known", nullable=True),
    ),
)
ACCURACY = Table(
    "accuracy",
    "How good the forecasts were at past cutoffs.",
    key=("target", "level", "model", "horizon_band"),
    columns=(
        TARGET, LEVEL,
        text("model", "which forecast", one_of=("full", "baseline", "seasonal_naive")),
        text("horizon_band", "horizons pooled, such as h1-4"),
        real("wape", "sum of |actual - p50| / sum of actual", "share", nullable=True, lo=0.0),
        real("wape_mean", "the same with the mean", "share", nullable=True, lo=0.0),
        real(
            "mase_naive1",
            "mean absolute error of p50 / mean absolute one-week change before the first cutoff",
            "ratio", nullable=True, lo=0.0,
        ),
        real("bias_share", "sum(mean - actual) / sum(actual)", "share", nullable=True),
        real(
            "scaled_pinball", "mean pinball loss of p10 … p90 over the scale of mase_naive1",
            "ratio", nullable=True, lo=0.0,
        ),
        share("coverage_80", "share of actuals within p10 … p90"),
        count("n", "forecasts compared"),
        count("n_cutoffs", "cutoffs compared"),
        real("wape_difference", "wape less the baseline's", "share", nullable=True),
        real("wape_difference_lo", "lower end, 95 %, by weeks", "share", nullable=True),
        real("wape_difference_hi", "upper end, 95 %, by weeks", "share", nullable=True),
        Column("promotion_timing_assumed", pl.Boolean, "promotions moved it of which nobody told when they were announced: at the time they may not have been known", nullable=True),
    ),
)
CALIBRATION = Table(
    "calibration",
    "Whether 80 % intervals held at past cutoffs, also for slow and fast movers.",
    key=("target", "level", "horizon_band", "volume_class"),
    columns=(
        TARGET, LEVEL,
        text("horizon_band", "horizons pooled, such as h1-4"),
        text("volume_class", "mean forecast a week at the cutoff, such as 2-10"),
        count("n", "forecasts compared"),
        count("n_weeks", "target weeks among them"),
        count("n_cutoff_weeks", "pairs of cutoff and target week"),
        share("coverage_80", "share of actuals within p10 … p90; a count on a bound counts by its share (randomised probability transform)"),
        share("lo", "lower end of coverage_80, 95 %, by weeks"),
        share("hi", "upper end of coverage_80, 95 %, by weeks"),
        share("below_p10", "share below, 0.1 is right"),
        share("above_p90", "share above, 0.1 is right"),
        share("pit_deviation", "share of the probability transform in the wrong tenth, 0 is right, 0.9 the worst"),
    ),
)
MODEL_FITS = Table(
    "model_fits",
    "State-space models that joined the experts' forecasts tonight, and how each was fitted.",
    key=("as_of", "target", "level", "series_id", "model"),
    columns=(
        AS_OF, TARGET, LEVEL, SERIES,
        text("model", "state_settled and state_moving: a level that drifts slowly, or fast; state_with_<signal>: the former with an adopted signal as regressor"),
        text(
            "fit_rung", "full is fitted, assumed runs with an assumed parameter, mean is the seasonal mean of the last half year",
            one_of=("full", "assumed", "mean"),
        ),
        Column("converged", pl.Boolean, "the search for its parameter ended well", nullable=False),
        Column("used", pl.Boolean, "of state_with_<signal>: whether its estimate of what the signal does won the backtest and moves the forecast; the others are weighed, null"),
    ),
)
MODEL_AUDIT = Table(
    "model_audit",
    "Textbook statsmodels models on a random sample of series each night, beside the batched core.",
    key=("as_of", "target", "level", "series_id", "model", "horizon_band"),
    columns=(
        AS_OF, TARGET, LEVEL, SERIES,
        text("model", "the auditing model"),
        text("horizon_band", "horizons pooled, such as h1-4"),
        text(
            "fit_rung", "worst rung over its fits: simple is a smaller model, mean the seasonal mean",
            one_of=("full", "simple", "mean"),
        ),
        Column("converged", pl.Boolean, "all its fits converged", nullable=False),
        count("n", "forecasts compared, made at an earlier cutoff"),
        real("actual", "what came in those weeks, summed", "target units", lo=0.0),
        real(
            "wape_core", "sum of |actual - baseline_mean| / sum of actual", "share", nullable=True,
            lo=0.0,
        ),
        real("wape_model", "the same of the auditing model", "share", nullable=True, lo=0.0),
        real("core_mean", "tonight's mean week by the core, without signals", "target units", lo=0.0),
        real("model_mean", "tonight's mean week by the auditing model", "target units", lo=0.0),
        real(
            "distance_share",
            "sum of |core - model| over tonight's weeks / half the sum of both; 2 at most",
            "share", nullable=True, lo=0.0,
        ),
    ),
)
