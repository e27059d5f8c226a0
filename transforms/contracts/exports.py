"""The published tables: what planners, workbooks and reviews read, one declaration per table."""

from __future__ import annotations

import polars as pl

from transforms.contracts.exports_identity import IDENTITY_TABLES
from transforms.contracts.schema import Column, Table, by_name
from transforms.contracts.signal_exports import PHRASE_STATS, TAG_AUDIT, TAGGER_BRIDGES

TARGETS = ("units", "returns", "tickets")
LEVELS = ("total", "category", "sku", "sku_channel")
RUNGS = ("full", "baseline", "seasonal_naive", "stale")
WEIGHTING = ("equal", "cohort", "unknown")
STATUSES = ("confirmed", "candidate", "rejected", "insufficient")
QUANTILES = (0.05, 0.10, 0.20, 0.30, 0.40, 0.50, 0.60, 0.70, 0.80, 0.90, 0.95)
CUMULATIVE_QUANTILES = (*QUANTILES, 0.98, 0.99)


def quantile_name(level: float) -> str:
    """Column of a quantile: `p05` for 0.05, `p90` for 0.9."""
    return f"p{round(level * 100):02d}"


def _text(
    name: str, prose: str, *, nullable: bool = False, one_of: tuple[str, ...] = ()
) -> Column:
    return Column(name, pl.String, prose, nullable=nullable, one_of=one_of)


def _real(
    name: str,
    prose: str,
    unit: str = "",
    *,
    nullable: bool = False,
    lo: float | None = None,
    hi: float | None = None,
) -> Column:
    return Column(name, pl.Float64, prose, unit=unit, nullable=nullable, lo=lo, hi=hi)


def _share(name: str, prose: str, *, nullable: bool = True) -> Column:
    return _real(name, prose, "share", nullable=nullable, lo=0.0, hi=1.0)


def _count(name: str, prose: str, *, nullable: bool = False) -> Column:
    return Column(name, pl.Int64, prose, nullable=nullable, lo=0)


def _date(name: str, prose: str, *, nullable: bool = False) -> Column:
    return Column(name, pl.Date, prose, nullable=nullable)


def _quantiles(levels: tuple[float, ...], prefix: str = "") -> tuple[Column, ...]:
    what = "baseline " if prefix else ""
    return tuple(
        _real(
            prefix + quantile_name(q), f"{what}{round(q * 100)} % quantile", "target units", lo=0.0
        )
        for q in levels
    )


AS_OF = _date("as_of", "last day whose data were used")
TARGET = _text("target", "what is forecast", one_of=TARGETS)
LEVEL = _text("level", "aggregation level", one_of=LEVELS)
SERIES = _text("series_id", "series within its level: 'total', the category, the SKU, 'SKU|channel'")
WEEK = _date("week_start", "first day of the week")
HORIZON = Column(
    "horizon", pl.Int32, "1 is the first week that ends after as_of", unit="weeks", nullable=False,
    lo=1,
)
SCOPE = (
    _text("category", "category; null only above it", nullable=True),
    _text("sku", "stock-keeping unit; null only above it", nullable=True),
    _text("channel", "sales channel; null only above it", nullable=True),
)
MEAN = _real("mean", "expected value with the signals that proved themselves", "target units", lo=0.0)
BASELINE_MEAN = _real("baseline_mean", "the same model without signals", "target units", lo=0.0)
MODEL = _text("model", "the model that made the row")
RUNG = _text("rung", "how far the night had to step down; speaks of failures only", one_of=RUNGS)
SERIES_KEY = ("as_of", "target", "level", "series_id", "week_start", "horizon")
TAGGER = (
    _text("tagger", "who tagged"),
    _text("tagger_version", "hash of tagger code, phrase files and model"),
)

FORECASTS = Table(
    "forecasts",
    "Weekly forecasts with and without customers' words.",
    key=SERIES_KEY,
    columns=(
        AS_OF, TARGET, LEVEL, SERIES, WEEK, HORIZON, *SCOPE, MEAN,
        *_quantiles(QUANTILES),
        BASELINE_MEAN,
        _real("signal_delta", "mean - baseline_mean, exactly", "target units"),
        _real("promotion_delta", "part of baseline_mean due to promotions known ahead; null: the row is of a night that did not tell", "target units", nullable=True),
        _real("holiday_delta", "part of baseline_mean due to feasts and holidays; null as above", "target units", nullable=True),
        _real("naive_mean", "last year's same week, or the last week", "target units", lo=0.0),
        _real("flat_mean", "a flat line at the recent level", "target units", lo=0.0),
        _real(
            "sold_to_date_units", "already recorded in the running week; null after horizon 1",
            "target units", nullable=True, lo=0.0,
        ),
        _real(
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
        *_quantiles(CUMULATIVE_QUANTILES),
        BASELINE_MEAN,
        *_quantiles(CUMULATIVE_QUANTILES, "baseline_"),
        MODEL, RUNG,
    ),
)
FORECAST_CONTRIBUTIONS = Table(
    "forecast_contributions",
    "What each signal adds to a forecast; the deltas add up to signal_delta exactly.",
    key=(*SERIES_KEY, "signal"),
    columns=(
        AS_OF, TARGET, LEVEL, SERIES, WEEK, HORIZON,
        _text("signal", "the signal"),
        *SCOPE,
        _real("delta", "what the signal adds to the mean", "target units"),
        RUNG,
    ),
)
BACKTEST_FORECASTS = Table(
    "backtest_forecasts",
    "What would have been forecast at past cutoffs with what was known then, and what came.",
    key=(*SERIES_KEY, "cutoff"),
    columns=(
        AS_OF, TARGET, LEVEL, SERIES, WEEK, HORIZON,
        _date("cutoff", "last day known to the forecast"),
        *SCOPE,
        _real("actual", "what came, as known at as_of; as sold, also in weeks without stock", "target units", lo=0.0),
        MEAN,
        *_quantiles(QUANTILES),
        BASELINE_MEAN,
        _real("naive_mean", "last year's same week, or the last week", "target units", lo=0.0),
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
        _text("model", "which forecast", one_of=("full", "baseline", "seasonal_naive")),
        _text("horizon_band", "horizons pooled, such as h1-4"),
        _real("wape", "sum of |actual - p50| / sum of actual", "share", nullable=True, lo=0.0),
        _real("wape_mean", "the same with the mean", "share", nullable=True, lo=0.0),
        _real(
            "mase_naive1",
            "mean absolute error of p50 / mean absolute one-week change before the first cutoff",
            "ratio", nullable=True, lo=0.0,
        ),
        _real("bias_share", "sum(mean - actual) / sum(actual)", "share", nullable=True),
        _real(
            "scaled_pinball", "mean pinball loss of p10 … p90 over the scale of mase_naive1",
            "ratio", nullable=True, lo=0.0,
        ),
        _share("coverage_80", "share of actuals within p10 … p90"),
        _count("n", "forecasts compared"),
        _count("n_cutoffs", "cutoffs compared"),
        _real("wape_difference", "wape less the baseline's", "share", nullable=True),
        _real("wape_difference_lo", "lower end, 95 %, by weeks", "share", nullable=True),
        _real("wape_difference_hi", "upper end, 95 %, by weeks", "share", nullable=True),
        Column("promotion_timing_assumed", pl.Boolean, "promotions moved it of which nobody told when they were announced: at the time they may not have been known", nullable=True),
    ),
)
CALIBRATION = Table(
    "calibration",
    "Whether 80 % intervals held at past cutoffs, also for slow and fast movers.",
    key=("target", "level", "horizon_band", "volume_class"),
    columns=(
        TARGET, LEVEL,
        _text("horizon_band", "horizons pooled, such as h1-4"),
        _text("volume_class", "mean forecast a week at the cutoff, such as 2-10"),
        _count("n", "forecasts compared"),
        _count("n_weeks", "target weeks among them"),
        _count("n_cutoff_weeks", "pairs of cutoff and target week"),
        _share("coverage_80", "share of actuals within p10 … p90; a count on a bound counts by its share (randomised probability transform)"),
        _share("lo", "lower end of coverage_80, 95 %, by weeks"),
        _share("hi", "upper end of coverage_80, 95 %, by weeks"),
        _share("below_p10", "share below, 0.1 is right"),
        _share("above_p90", "share above, 0.1 is right"),
        _share("pit_deviation", "share of the probability transform in the wrong tenth, 0 is right, 0.9 the worst"),
    ),
)
MODEL_FITS = Table(
    "model_fits",
    "statsmodels' models that joined the experts' forecasts tonight, and how each was fitted.",
    key=("as_of", "target", "level", "series_id", "model"),
    columns=(
        AS_OF, TARGET, LEVEL, SERIES,
        _text("model", "state_settled and state_moving: a level that drifts slowly, or fast; state_with_<signal>: the former with an adopted signal as regressor"),
        _text(
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
        _text("model", "the auditing model"),
        _text("horizon_band", "horizons pooled, such as h1-4"),
        _text(
            "fit_rung", "worst rung over its fits: simple is a smaller model, mean the seasonal mean",
            one_of=("full", "simple", "mean"),
        ),
        Column("converged", pl.Boolean, "all its fits converged", nullable=False),
        _count("n", "forecasts compared, made at an earlier cutoff"),
        _real("actual", "what came in those weeks, summed", "target units", lo=0.0),
        _real(
            "wape_core", "sum of |actual - baseline_mean| / sum of actual", "share", nullable=True,
            lo=0.0,
        ),
        _real("wape_model", "the same of the auditing model", "share", nullable=True, lo=0.0),
        _real("core_mean", "tonight's mean week by the core, without signals", "target units", lo=0.0),
        _real("model_mean", "tonight's mean week by the auditing model", "target units", lo=0.0),
        _real(
            "distance_share",
            "sum of |core - model| over tonight's weeks / half the sum of both; 2 at most",
            "share", nullable=True, lo=0.0,
        ),
    ),
)
TAGS = Table(
    "tags",
    "Where customers said what; never the text.",
    key=("conversation_id", "passage_id", "signal", "span_start", "tagger", "tagger_version"),
    columns=(
        _text("conversation_id", "the conversation"),
        _text("passage_id", "the passage; empty: an upstream tag on the conversation"),
        _text("signal", "what was said"),
        Column("span_start", pl.Int32, "first character", nullable=False, lo=0),
        *TAGGER,
        Column("span_end", pl.Int32, "one past the last character", nullable=False, lo=0),
        Column("said_at", pl.Datetime("us", "UTC"), "when it was said", nullable=False),
        _text("sku", "the SKU talked of", nullable=True),
        _text("category", "the category that it counts for", nullable=True),
        _share("confidence", "how sure the tagger was"),
    ),
)
SIGNALS_WEEKLY = Table(
    "signals_weekly",
    "How many conversations carry each signal, by week.",
    key=("signal", "category", "week_start", "tagger", "tagger_version"),
    columns=(
        _text("signal", "what was said"),
        _text("category", "the category; null: the whole business", nullable=True),
        WEEK,
        *TAGGER,
        _count("conversations_taggable", "conversations that could have carried it"),
        _count("conversations_with_signal", "those with at least one mention"),
        _count("people_taggable", "people behind the taggable conversations, each once: the customer, joined across sources, else the conversation"),
        _count("people_with_signal", "those of them who carried it at least once in the week"),
        _share("rate", "conversations_with_signal / conversations_taggable; null where none was taggable"),
        _share("rate_adjusted", "share of people with the mix of channels held fixed and unequal call lists weighted; null where nobody was taggable"),
        _real("n_effective", "people, drawn with equal chances in the reference mix of channels, whose plain share would be as sure as rate_adjusted", "people", lo=0.0),
        _text("weighting", "cohort: called customers are weighted by how their cohort was dialled; unknown: there was a call list, but the data do not tell how unequal it was; equal: no list", one_of=WEIGHTING),
        _share("rate_shrunk", "rate_adjusted drawn towards its parent scope by beta-binomial"),
        _share("rate_lo", "lower end of rate_shrunk, 95 %"),
        _share("rate_hi", "upper end of rate_shrunk, 95 %"),
        Column("is_partial", pl.Boolean, "the week is not complete", nullable=False),
        _real("bridge_ratio", "by which mentions of an older tagger version are brought to the newest one's level in rate_adjusted and the shrunk rates (tagger_bridges); 1: none", "ratio", lo=0.0),
        Column("in_series", pl.Boolean, "false: weeks of an older tagger version that could not be bridged; no forecast uses them", nullable=False),
    ),
)
SIGNAL_EVIDENCE = Table(
    "signal_evidence",
    "Which signals lead which targets, and how well that is proved.",
    key=("as_of", "signal", "target", "category"),
    columns=(
        AS_OF,
        _text("signal", "what was said"),
        TARGET,
        _text("category", "where; null: pooled over categories", nullable=True),
        _text("status", "only confirmed signals move a forecast", one_of=STATUSES),
        Column("lead_weeks", pl.Int32, "weeks from word to target", unit="weeks", lo=0),
        _real(
            "effect", "change of log demand per standard deviation of the signal", "log ratio",
            nullable=True,
        ),
        _real("effect_lo", "lower end, 95 %", "log ratio", nullable=True),
        _real("effect_hi", "upper end, 95 %", "log ratio", nullable=True),
        _share("p_value", "pre-whitened lead test, all leads tried accounted for"),
        _share("q_value", "the larger of p_value and oos_p_value after Benjamini-Hochberg over everything tested"),
        _real("oos_gain_share", "squared error saved out of sample", "share", nullable=True),
        _share("oos_p_value", "Clark-West test of that gain"),
        Column("direction_ok", pl.Boolean, "the words lead the target, not the reverse"),
        _date("adopted_since", "week whose gate adopted it", nullable=True),
        _text("change_reason", "why the status is what it is"),
        _count("n_weeks", "weeks tested"),
        _count("n_mentions", "conversations with the signal"),
        _count("n_conversations", "conversations that could have carried it"),
        _count("n_series", "category series tested together"),
        _real(
            "conversations_per_week_needed",
            "a week in this scope with which the lead test finds, in 156 weeks and 8 times of 10, a signal that explains a fifth of what is new in demand; adoption asks more; null: cannot be estimated",
            "conversations", nullable=True, lo=0.0,
        ),
    ),
)
SIGNAL_VALUE = Table(
    "signal_value",
    "What each signal is worth in accuracy, on weeks that did not choose it.",
    key=("signal", "target", "category"),
    columns=(
        _text("signal", "what was said"),
        TARGET,
        _text("category", "where; null: all", nullable=True),
        _real("wape_gain_share", "WAPE saved by the signal / WAPE without it", "share", nullable=True),
        _real("wape_gain_share_lo", "lower end, 95 %, by weeks", "share", nullable=True),
        _real("wape_gain_share_hi", "upper end, 95 %, by weeks", "share", nullable=True),
        _count("n", "forecasts that the signal moved"),
        _count("n_cutoffs", "cutoffs at which it was adopted"),
    ),
)
DEMAND_WEEKLY = Table(
    "demand_weekly",
    "What happened, by week, as known at the night.",
    key=("target", "level", "series_id", "week_start"),
    columns=(
        TARGET, LEVEL, SERIES, WEEK, *SCOPE,
        _real("value", "quantity or count in the week", "target units", lo=0.0),
        Column("is_partial", pl.Boolean, "first or unfinished week: never trained on", nullable=False),
        _share("censored_share", "share of observed days without stock; null: stock unknown, or a level above the SKU"),
        _text("fiscal_week", "label in the fiscal calendar; null: none is configured", nullable=True),
    ),
)
SERIES_LISTED = Table(
    "series_listed",
    "Every series and why it has, or has not, a forecast: none goes missing silently.",
    key=("target", "level", "series_id"),
    columns=(
        TARGET, LEVEL, SERIES, *SCOPE,
        _text(
            "status", "active and new are forecast; so are too_new (no complete week yet) and upcoming (to be launched within the horizon) where other products tell how such begin",
            one_of=("active", "new", "too_new", "upcoming", "dormant", "discontinued"),
        ),
        _date("first_week", "first week with demand or the launch, planned ones included"),
        _date("last_week", "last week with demand", nullable=True),
        _date("ended_on", "day from which it is no longer forecast", nullable=True),
        _date("starts_on", "planned first day on sale, of a product that has not sold yet", nullable=True),
        _date("ends_on", "planned first day no longer on sale: forecasts are 0 from then on", nullable=True),
    ),
)
INGEST_REPORT = Table(
    "ingest_report",
    "Every file that the lake took in, with each of its rows accounted for.",
    key=("source", "table", "file"),
    columns=(
        _text("source", "the source"),
        _text("table", "the canonical table"),
        _text("file", "the file"),
        _text("sha256", "hash of the file's bytes; empty: it could not be read"),
        _count("rows_in", "rows; the six counts below add up to it"),
        _count("rows_good", "new or changed rows taken in"),
        _count("rows_quarantined", "bad rows kept aside with a reason"),
        _count("rows_duplicate", "exact repetitions within the file"),
        _count("rows_unchanged", "rows that the lake had already"),
        _count("rows_filtered", "rows dropped by a configured rule"),
        _count("rows_routed", "rows sent to another table by a configured rule"),
        _text("reasons", "JSON: reason or rule to count"),
        _text("unmapped_columns", "JSON list of columns that are kept but not understood"),
        Column("min_event_at", pl.Datetime("us", "UTC"), "earliest event taken in"),
        Column("max_event_at", pl.Datetime("us", "UTC"), "latest event taken in"),
        _text("problem", "what was wrong with the file as a whole", nullable=True),
        _date("landed_as_of", "the night that took it in"),
        Column("held", pl.Boolean, "its rows were held back from the lake", nullable=False),
    ),
)
QUARANTINE = Table(
    "quarantine",
    "Every row that was not taken in, and why.",
    key=("table", "source", "file", "row_number"),
    columns=(
        _text("table", "the canonical table"),
        _text("source", "the source"),
        _text("file", "the file"),
        Column("row_number", pl.Int64, "data row within the file, from 1; 0: the file itself", nullable=False),
        _text("reason", "reason code"),
        _text("column", "the column at fault; null: the row as a whole", nullable=True),
        _text("row", "the row as JSON, every string redacted and truncated"),
        _date("landed_as_of", "the night that set it aside"),
    ),
)
QUALITY_CHECKS = Table(
    "quality_checks",
    "What was judged of each input table as a whole before the models ran, and how it ended.",
    key=("table", "check"),
    columns=(
        _text("table", "the canonical table"),
        _text("check", "what was judged"),
        _text("severity", "whether a failure warns or holds the table", one_of=("warn", "hold")),
        _text(
            "status", "how it ended; too little history is said, not passed over",
            one_of=("passed", "failed", "not_enough_data"),
        ),
        _text("observed", "what was found"),
        _text("expected", "what was expected"),
        _count("n", "rows, days or groups judged"),
    ),
)

EXPORTS = by_name(
    FORECASTS,
    FORECASTS_CUMULATIVE,
    FORECAST_CONTRIBUTIONS,
    BACKTEST_FORECASTS,
    ACCURACY,
    CALIBRATION,
    MODEL_FITS,
    MODEL_AUDIT,
    TAGS,
    SIGNALS_WEEKLY,
    SIGNAL_EVIDENCE,
    SIGNAL_VALUE,
    PHRASE_STATS,
    TAG_AUDIT,
    TAGGER_BRIDGES,
    DEMAND_WEEKLY,
    SERIES_LISTED,
    INGEST_REPORT,
    QUARANTINE,
    QUALITY_CHECKS,
    *IDENTITY_TABLES,
)
"""Every table that this version publishes, by name."""
