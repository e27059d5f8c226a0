"""Published tables for the planner's desk: what moved, who changed it, what it is worth, what to do."""

from __future__ import annotations

import polars as pl

from transforms.contracts.columns import (
    AS_OF,
    HORIZON,
    LEVEL,
    LEVELS,
    QUANTILES,
    RUNG,
    SCOPE,
    SERIES,
    SERIES_KEY,
    TARGET,
    TARGETS,
    WEEK,
    count,
    date,
    quantiles,
    real,
    text,
)
from transforms.contracts.schema import UTC_TIME, Column, Table

STEPS = ("naive", "seasonal_naive", "statistical", "signals", "override")
SLICES = ("all", "lag", "class_abc", "class_xyz", "author", "direction", "size")
VERDICTS = ("adds", "takes_away", "neutral", "not_enough_data")
CHANGED = ("continued", "new", "ended")
OVERRIDE_STATES = ("applied", "replaced", "expired", "past", "too_far", "no_week", "no_series", "unreachable")
KINDS = (
    "stock_out",
    "overstock",
    "forecast_jump",
    "returns_rising",
    "tickets_rising",
    "signal_adopted",
    "signal_retired",
    "signal_turned",
    "metric_out",
)
METRIC = "metric"
"""The target of exceptions that are about a critical metric, no forecast."""
SEVERITIES = ("high", "medium", "low")
EPISODE_STATES = ("new", "open", "fading", "closed")
OWNER_FROM = ("input", "configuration", "unassigned")

FORECAST_CHANGES = Table(
    "forecast_changes",
    "What moved in each forecast since the night published before, matched by target week, and why. "
    "The four parts add up to delta exactly, and SKUs to categories and total.",
    key=SERIES_KEY,
    columns=(
        AS_OF, TARGET, LEVEL, SERIES, WEEK, HORIZON, *SCOPE,
        date("previous_as_of", "as_of of the night compared with"),
        Column("previous_horizon", pl.Int32, "horizon of the week in that night", unit="weeks", nullable=False, lo=1),
        text("status", "new: that night had no forecast of it (counted as 0 then); ended: tonight has none (counted as 0 now)", one_of=CHANGED),
        real("mean", "tonight's mean", "target units", lo=0.0),
        real("previous_mean", "that night's mean of the same week", "target units", lo=0.0),
        real("delta", "mean - previous_mean, exactly", "target units"),
        real("delta_new_data", "the rest: what new weeks, new promotions and, where same_method is false, a new method did to the forecast without signals", "target units"),
        real("delta_signals", "change of what signals contribute that are adopted in both nights", "target units"),
        real("delta_adoption", "what signals contribute that were adopted since, less what those did that were retired since", "target units"),
        real("delta_restatement", "tonight's forecast without signals, less the same made on the weeks known that night as they were known then: late, corrected and deleted rows", "target units"),
        Column("restatement_known", pl.Boolean, "false: it could not be told apart, delta_restatement is 0 and delta_new_data holds it", nullable=False),
        Column("same_method", pl.Boolean, "false: code, configuration, tagger or rung differ between the two nights", nullable=False),
        real("half_width", "half the 80 % interval of that night", "target units", nullable=True, lo=0.0),
        real("usual_change", "what 95 % of such changes stay within: as past nights' tables tell by target, level and weeks passed, else half_width; at least a quarter of that, and 1", "target units", nullable=True, lo=0.0),
        Column("is_jump", pl.Boolean, "delta is beyond usual_change", nullable=False),
        RUNG,
    ),
)  # fmt: skip
FORECASTS_FINAL = Table(
    "forecasts_final",
    "Forecasts with planners' overrides over them, coherent over the levels; the statistical forecast "
    "is kept beside them. Left out where nobody gives overrides: then forecasts are final.",
    key=SERIES_KEY,
    columns=(
        AS_OF, TARGET, LEVEL, SERIES, WEEK, HORIZON, *SCOPE,
        real("statistical_mean", "forecasts.mean", "target units", lo=0.0),
        real("final_mean", "with overrides: of this series, its share of one above, or the sum of those below", "target units", lo=0.0),
        real("override_delta", "final_mean - statistical_mean, exactly", "target units"),
        *quantiles(QUANTILES),
        real("cumulative_mean", "final_mean summed from horizon 1 to this one", "target units", lo=0.0),
        real("cumulative_factor", "cumulative_mean / the same sum of statistical_mean: by this forecasts_cumulative's quantiles become final; null: the sum is 0", "ratio", nullable=True, lo=0.0),
        text("override_level", "level at which it was overridden; null: no override, or only of parts", nullable=True, one_of=LEVELS),
        text("override_id", "that override, as in override_status", nullable=True),
        text("author", "who overrode it", nullable=True),
        text("reason", "why, redacted", nullable=True),
        RUNG,
    ),
)  # fmt: skip
OVERRIDE_STATUS = Table(
    "override_status",
    "Every override that is known, and what became of it tonight: none goes missing silently.",
    key=("as_of", "override_id"),
    columns=(
        AS_OF,
        text("override_id", "hash of source, series, week, author and created_at"),
        TARGET, LEVEL, SERIES, *SCOPE, WEEK,
        Column("horizon", pl.Int32, "of the week tonight; null: it is past or too far", unit="weeks", lo=1),
        text("author", "who made it"),
        text("reason", "why, redacted"),
        Column("created_at", UTC_TIME, "when it was made; null: not told, it counts from its delivery"),
        date("expires_on", "last day on which it counts; null: until its week is over", nullable=True),
        real("value", "what the author expects", "target units", lo=0.0),
        text("status", "what became of it", one_of=OVERRIDE_STATES),
        text("why", "the same in plain words"),
        real("statistical_mean", "forecasts.mean of its series and week; null: not forecast", "target units", nullable=True, lo=0.0),
        real("final_mean", "forecasts_final.final_mean of its series and week", "target units", nullable=True, lo=0.0),
        real("override_delta", "final_mean - statistical_mean", "target units", nullable=True),
    ),
)  # fmt: skip
FORECAST_VALUE_ADDED = Table(
    "forecast_value_added",
    "Whether each step of the forecast made it better than the step before it: naive, seasonal naive, "
    "statistical, with signals, with overrides. Points are WAPE of means, positive is better.",
    key=("target", "level", "step", "slice", "slice_value"),
    columns=(
        TARGET, LEVEL,
        text("step", "naive: the last known week; seasonal_naive: last year's; statistical: without signals; signals: forecasts.mean; override: forecasts_final", one_of=STEPS),
        text("slice", "by what the rows are chosen", one_of=SLICES),
        text("slice_value", "which: 'all'; h1-4 …; A, B, C by value, X, Y, Z by steadiness; the author; up, down; small, large"),
        text("compared_with", "the step before; null: naive is the first", nullable=True, one_of=STEPS),
        real("wape", "sum of |actual - mean| / sum of actual", "share", nullable=True, lo=0.0),
        real("wape_previous", "the same of the step before, on the same rows", "share", nullable=True, lo=0.0),
        real("fva_points", "100 (wape_previous - wape): positive, the step made it better", "percentage points", nullable=True),
        real("fva_lo", "lower end, 95 %, paired bootstrap over target weeks", "percentage points", nullable=True),
        real("fva_hi", "upper end", "percentage points", nullable=True),
        real("bias_share", "sum(mean - actual) / sum(actual)", "share", nullable=True),
        count("n", "forecasts compared"),
        count("n_weeks", "target weeks among them", "weeks"),
        real("neutral_band", "a change of less than this is no change", "percentage points", lo=0.0),
        text("verdict", "adds or takes_away: beyond the band, and the interval on one side of 0; neutral: the interval within the band, or a clear change within it; else not_enough_data", nullable=True, one_of=VERDICTS),
        text("words", "the same in plain words"),
    ),
)  # fmt: skip
EXCEPTIONS = Table(
    "exceptions",
    "What needs somebody's eyes, ranked: severity high first, then by value at risk; one row an episode, however many nights it lasts.",
    key=("as_of", "episode_id"),
    sort=("as_of", "rank", "episode_id"),
    columns=(
        AS_OF,
        count("rank", "1 is looked at first; those that are over come last"),
        text("kind", "what it is", one_of=KINDS),
        text("severity", "how urgent", one_of=SEVERITIES),
        Column("target", pl.String, "what is forecast; metric: of kind metric_out, the series is one of metric_status", one_of=(*TARGETS, METRIC), nullable=False),
        LEVEL, SERIES, *SCOPE,
        text("signal", "the signal, of signal_adopted, signal_retired and signal_turned", nullable=True),
        text("headline", "what is the matter, in one sentence"),
        real("value_at_risk", "units_at_risk at unit_price; null: there is none", "currency", nullable=True, lo=0.0),
        real("units_at_risk", "units (returns, tickets) at stake; of metrics events beyond the usual since the episode began", "target units", lo=0.0),
        text("value_unit", "currency code of value_at_risk; where that is null, of units_at_risk: units, returns, tickets, or events of a metric"),
        real("unit_price", "what one is worth: the price of the last 13 weeks, of kind overstock the cost; null: unknown, or the target has none", "currency", nullable=True, lo=0.0),
        real("observed", "what is seen: units short or too many, the forecast, the weekly rate", nullable=True),
        real("expected", "what was usual or planned", nullable=True),
        real("ratio", "observed / expected of a rise", "ratio", nullable=True, lo=0.0),
        real("ratio_lo", "lower end, 95 %", "ratio", nullable=True, lo=0.0),
        real("ratio_hi", "upper end, 95 %", "ratio", nullable=True, lo=0.0),
        count("n", "events or forecasts that it rests on"),
        date("due_on", "day by which to act, or on which it happens", nullable=True),
        text("customers_signal", "the signal that speaks loudest of it in its category", nullable=True),
        text("customers_phrase", "the phrase that customers began to say there, as in phrase_stats", nullable=True),
        text("customers_reason", "both in plain words, with counts; or that nothing said explains it"),
        text("quote", "a redacted quote, only where [privacy] publish_quotes lets phrase_stats have one", nullable=True),
        text("action", "what to do, in plain words"),
        text("owner", "whose it is; 'unassigned': nobody's"),
        text("owner_from", "whence that is known", one_of=OWNER_FROM),
        text("episode_id", "the same on every night of one episode; links a message to its row"),
        text("episode_state", "new tonight; open; fading: not seen tonight, it closes if it is not seen the next night either; closed", one_of=EPISODE_STATES),
        date("first_seen", "as_of of the night that opened it"),
        date("last_seen", "as_of of the last night that saw it"),
        count("nights_open", "nights published since and with the one that opened it", "nights"),
    ),
)  # fmt: skip
DESK_TABLES = (
    FORECAST_CHANGES,
    FORECASTS_FINAL,
    OVERRIDE_STATUS,
    FORECAST_VALUE_ADDED,
    EXCEPTIONS,
)
