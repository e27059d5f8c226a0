"""Good tables, seeded: half a year of inputs and one night's exports that keep every promise."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from tests.export_frames import frame_for
from transforms.contracts import EXPORTS, INPUTS, UTC_TIME
from transforms.contracts.exports import CUMULATIVE_QUANTILES, QUANTILES, quantile_name

FIRST, AS_OF, ZONE = date(2024, 1, 1), date(2024, 6, 28), "America/New_York"
DAYS = (AS_OF - FIRST).days + 1
PER_DAY = {
    "order_lines": 320, "refunds": 20, "customers": 20, "checkouts": 30, "shipments": 60,
    "tickets": 20, "conversations": 25, "passages": 40, "upstream_tags": 30, "call_attempts": 20,
    "inventory_daily": 60,
}  # fmt: skip
STATES = {"expected_receipts": 20, "products": 60, "promotions": 12}
SKUS = [f"SKU-{i:02d}" for i in range(60)]
OWN_KEY = {
    "order_lines": "line_id",
    "refunds": "refund_id",
    "customers": "customer_id",
    "checkouts": "checkout_id",
    "tickets": "ticket_id",
    "conversations": "conversation_id",
    "passages": "passage_id",
    "call_attempts": "attempt_id",
}
CHOICES = {
    "sku": SKUS,
    "channel": ["web", "web", "store", "marketplace"],
    "language": ["en", "pt"],
    "category": ["A", "B"],
    "signal": ["stocking_up", "delivery_worry", "price"],
    "speaker": ["customer", "agent", "unknown"],
    "cohort": ["recent", "abandoner", "repeat"],
}
NOTE = "source_note"
"""A column that no contract knows: sources bring such, and the lake keeps them."""


def good_inputs() -> dict[str, pl.DataFrame]:
    """Every canonical input, with a tenth of the optional values missing."""
    tables = {name: _events(name, n, _rng(name)) for name, n in PER_DAY.items()}
    tables |= {name: _filled(name, _plain(n), _rng(name)) for name, n in STATES.items()}
    products = {"sku": SKUS}
    tables["products"] = tables["products"].with_columns(
        pl.Series(n, v) for n, v in products.items()
    )
    days = [FIRST + timedelta(days=d) for d in range(DAYS)]
    tables["inventory_daily"] = tables["inventory_daily"].with_columns(
        pl.Series("date", [day for day in days for _ in SKUS]), pl.Series("sku", SKUS * DAYS)
    )
    return tables


def _rng(name: str) -> np.random.Generator:
    """Chance of each table's own, so that a change of one contract moves no other table."""
    return np.random.default_rng([20240628, *name.encode()])


def _plain(n: int) -> pl.DataFrame:
    return pl.DataFrame({"_i": range(n)})


def _events(name: str, per_day: int, rng: np.random.Generator) -> pl.DataFrame:
    wiggle = rng.integers(-2, 3, DAYS) if name != "inventory_daily" else np.zeros(DAYS, int)
    days = np.repeat(np.arange(DAYS), per_day + wiggle)
    start = datetime.combine(FIRST, datetime.min.time(), UTC) + timedelta(hours=12)
    minutes = rng.integers(0, 600, len(days))
    times = [
        start + timedelta(days=int(d), minutes=int(m), milliseconds=i)
        for i, (d, m) in enumerate(zip(days, minutes, strict=True))
    ]
    event = INPUTS[name].event_time
    assert event is not None
    frame = pl.DataFrame({"_i": np.arange(len(days)), event: times}).with_columns(
        pl.col(event).cast(UTC_TIME)
    )
    return _filled(name, frame, rng)


def _filled(name: str, frame: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """`frame` with the contract's columns made up; `_i` numbers its rows."""
    table, n = INPUTS[name], frame.height
    for column in table.columns:
        if column.name in frame.columns:
            continue
        values = _values(name, column.name, frame["_i"].to_numpy(), rng)
        series = pl.Series(column.name, values, strict=False).cast(column.dtype)
        if column.nullable and column.name not in table.key:
            series = pl.select(
                pl.when(pl.Series(rng.random(n) < 0.9)).then(series).alias(column.name)
            ).to_series()
        frame = frame.with_columns(series)
    return frame.select(*table.names, pl.lit("x").alias(NOTE))


def _values(name: str, column: str, i: np.ndarray, rng: np.random.Generator) -> list[Any]:
    """Values of one column: keys count, references point into the first months, the rest is drawn.

    Keys are told from references by the table that they stand in.
    """
    n = len(i)
    pointed = {"order_id": 4000, "completed_order_id": 4000, "conversation_id": 2000}
    if column == "order_id" and name == "order_lines":
        values: list[Any] = [f"o{x // 2}" for x in i]
    elif column == OWN_KEY.get(name):
        values = [f"{column[0]}{x}" for x in i]
    elif column in pointed:
        values = [f"{column[0]}{x}" for x in rng.integers(0, pointed[column], n)]
    elif column in CHOICES:
        values = [CHOICES[column][x] for x in rng.integers(0, len(CHOICES[column]), n)]
    else:
        values = _drawn(name, column, i, rng)
    return ["o" + x[1:] for x in values] if column == "completed_order_id" else values


def _drawn(name: str, column: str, i: np.ndarray, rng: np.random.Generator) -> list[Any]:
    dtype, n = INPUTS[name].column(column).dtype, len(i)
    tops = {"quantity": 10, "unit_price": 50}
    made: dict[object, list[Any]] = {
        pl.Boolean: [bool(x) for x in rng.random(n) < 0.5],
        pl.Float64: [float(x) for x in rng.integers(1, tops.get(column, 20) + 1, n)],
        pl.Int64: [int(x) for x in i],
        pl.Date: [FIRST + timedelta(days=int(x)) for x in i % 300],
        UTC_TIME: [datetime(2024, 1, 2, tzinfo=UTC) + timedelta(hours=int(x)) for x in i % 4000],
        pl.String: [f"{column} {x % 7}" for x in i],
    }
    shares = {"confidence", "discount_share", "selection_probability"}
    return [x / 100 for x in made[dtype]] if column in shares else made[dtype]


HORIZON = 4
WEEKS = [AS_OF - timedelta(days=4) + timedelta(weeks=h) for h in range(HORIZON)]
SERIES: dict[str, dict[str, tuple[str | None, str | None]]] = {
    "total": {"total": (None, None)},
    "category": {"A": ("A", None), "B": ("B", None)},
    "sku": {"SKU-00": ("A", "SKU-00"), "SKU-01": ("A", "SKU-01"), "SKU-02": ("B", "SKU-02")},
}
PLACE = ("target", "level", "series_id", "category", "sku")


def good_exports() -> dict[str, pl.DataFrame]:
    """Every published table: those with promises across rows by hand, the rest from its contract."""
    forecasts = _forecasts()
    key = ["as_of", "target", "level", "series_id", "week_start", "horizon"]
    place = [*key, "category", "sku", "channel"]
    contributions = forecasts.select(
        *place, "rung", signal=pl.lit("stocking_up"), delta="signal_delta"
    )
    tables = {
        "forecasts": forecasts,
        "forecasts_cumulative": _cumulative(forecasts),
        "forecast_contributions": contributions,
        "backtest_forecasts": forecasts.with_columns(
            cutoff=AS_OF - timedelta(days=5), actual=pl.lit(3.0),
            promotion_timing_assumed=pl.lit(value=False),
        ),
        "demand_weekly": _demand(forecasts),
        "series_listed": _listed(forecasts),
        "signal_evidence": _ordered(_made("signal_evidence"), "effect_lo", "effect", "effect_hi")
        .with_columns(
            signal=pl.when(pl.int_range(pl.len()) == 0).then(pl.lit("stocking_up"))
            .otherwise("signal"),
            target=pl.when(pl.int_range(pl.len()) == 0).then(pl.lit("units")).otherwise("target"),
            status=pl.when(pl.int_range(pl.len()) == 0).then(pl.lit("confirmed"))
            .otherwise("status"),
        ),
        "signal_value": _ordered(
            _made("signal_value"), "wape_gain_share_lo", "wape_gain_share", "wape_gain_share_hi"
        ),
        "accuracy": _ordered(
            _made("accuracy"), "wape_difference_lo", "wape_difference", "wape_difference_hi"
        ),
        "signals_weekly": _ordered(
            _made("signals_weekly").with_columns(
                conversations_taggable=pl.lit(20, pl.Int64),
                conversations_with_signal=pl.lit(5, pl.Int64),
                rate=pl.lit(0.25),
            ),
            "rate_lo", "rate_shrunk", "rate_hi",
        ),
        "phrase_stats": _ordered(
            _made("phrase_stats"), "log_odds_lo", "log_odds", "log_odds_hi", most=99.0
        ),
        "tag_audit": _ordered(
            _ordered(
                _ordered(_made("tag_audit"), "precision_lo", "precision", "precision_hi"),
                "recall_lo", "recall", "recall_hi",
            ),
            "share_corrected_lo", "share_corrected", "share_corrected_hi",
        ),
        "tagger_bridges": _ordered(
            _made("tagger_bridges"), "ratio_lo", "ratio", "ratio_hi", most=99.0
        ),
        "inventory_plan": _plan(),
        "demand_unconstrained": _unconstrained(),
        "accuracy_stockouts": _ordered(
            _made("accuracy_stockouts"), "wape_lo", "wape", "wape_hi"
        ),
        "forecast_changes": _changes(forecasts),
        "forecasts_final": _final(forecasts),
        "forecast_value_added": _ordered(
            _made("forecast_value_added"), "fva_lo", "fva_points", "fva_hi", most=99.0
        ),
        "exceptions": _exceptions(),
        "tags": _made("tags").with_columns(span_end=pl.col("span_start") + 5),
        "ingest_report": _made("ingest_report").with_columns(
            rows_in=pl.sum_horizontal(
                f"rows_{k}"
                for k in ("good", "quarantined", "duplicate", "unchanged", "filtered", "routed")
            )
        ),
    }  # fmt: skip
    tables |= {name: _made(name) for name in EXPORTS if name not in tables}
    return {name: frame.select(EXPORTS[name].names) for name, frame in tables.items()}


def _made(name: str) -> pl.DataFrame:
    return frame_for(EXPORTS[name], 40)


def _ordered(
    frame: pl.DataFrame, low: str, middle: str, high: str, most: float = 1.0
) -> pl.DataFrame:
    limits = pl.lit(0.0).alias(low), pl.lit(most).alias(high)
    return frame.with_columns(pl.col(middle) * 0.5, *limits)


def _forecasts() -> pl.DataFrame:
    """Units and returns; nothing of category B comes back, so its last row weighs nothing."""
    rows = [
        {
            "as_of": AS_OF,
            "target": target,
            "level": level,
            "series_id": series_id,
            "week_start": week,
            "horizon": h + 1,
            "category": category,
            "sku": sku,
            "mean": size * (8.5 + h + 3 / 1024) + size * delta,
            "baseline_mean": size * (8.5 + h + 3 / 1024),
            "signal_delta": size * delta,
            "naive_mean": 8.0,
            "flat_mean": 8.0,
            "model": "pooled",
            "rung": "full",
            **{quantile_name(q): 2.0 + 10 * q for q in QUANTILES},
        }
        for target, sold, delta in (("units", "AB", 0.5), ("returns", "A", 0.0))
        for level, members in SERIES.items()
        for series_id, (category, sku) in members.items()
        for size in [_members(sold, category, sku)]
        for h, week in enumerate(WEEKS)
    ]
    return pl.DataFrame(rows, schema=dict(EXPORTS["forecasts"].schema))


def _members(sold: str, category: str | None, sku: str | None) -> int:
    """How many SKUs of the sold categories a series holds."""
    return sum(
        str(c) in sold and category in (None, c) and sku in (None, s)
        for c, s in SERIES["sku"].values()
    )


def _changes(forecasts: pl.DataFrame) -> pl.DataFrame:
    """A week ago nothing was said."""
    return forecasts.with_columns(
        previous_as_of=AS_OF - timedelta(days=7), previous_horizon=pl.col("horizon") + 1,
        status=pl.lit("continued"), previous_mean="baseline_mean", delta="signal_delta",
        delta_new_data=pl.lit(0.0), delta_signals="signal_delta", delta_adoption=pl.lit(0.0),
        delta_restatement=pl.lit(0.0), restatement_known=pl.lit(value=True),
        same_method=pl.lit(value=True), half_width=pl.lit(1.0), usual_change=pl.lit(1.0),
        is_jump=pl.lit(value=False),
    )  # fmt: skip


def _final(forecasts: pl.DataFrame) -> pl.DataFrame:
    """Everything is overridden by as much as signals add."""
    nothing = {
        n: pl.lit(None, pl.String) for n in ("override_level", "override_id", "author", "reason")
    }
    return forecasts.with_columns(
        statistical_mean="mean", override_delta="signal_delta",
        final_mean=pl.col("mean") + pl.col("signal_delta"), cumulative_mean="mean",
        cumulative_factor=pl.lit(1.0), **nothing,
    )  # fmt: skip


def _exceptions() -> pl.DataFrame:
    made = _ordered(_made("exceptions"), "ratio_lo", "ratio", "ratio_hi", most=99.0)
    nth = pl.int_range(1, pl.len() + 1)
    return made.with_columns(
        rank=nth, series_id=pl.lit("series ") + nth.cast(pl.String),
        as_of=pl.lit(AS_OF), first_seen=pl.lit(AS_OF - timedelta(days=3)),
        last_seen=pl.lit(AS_OF), episode_id=pl.lit("episode ") + nth.cast(pl.String),
    )  # fmt: skip


def _cumulative(forecasts: pl.DataFrame) -> pl.DataFrame:
    key = ["target", "level", "series_id"]
    values = {quantile_name(q): 1.0 + 10 * q for q in CUMULATIVE_QUANTILES}
    return forecasts.with_columns(
        pl.col("mean").cum_sum().over(key, order_by="horizon"),
        pl.col("baseline_mean").cum_sum().over(key, order_by="horizon"),
        *(pl.lit(value).alias(name) for name, value in values.items()),
        *(pl.lit(value).alias(f"baseline_{name}") for name, value in values.items()),
    )


def _demand(forecasts: pl.DataFrame) -> pl.DataFrame:
    return forecasts.select(
        *PLACE, "channel", "week_start",
        value="mean",
        is_partial=pl.lit(value=False),
        censored_share=pl.lit(None, pl.Float64),
        fiscal_week=pl.lit(None, pl.String),
        fiscal_period=pl.lit(None, pl.String),
        last_year_week_start=pl.col("week_start") - pl.duration(weeks=52),
    )  # fmt: skip


def _listed(forecasts: pl.DataFrame) -> pl.DataFrame:
    """The series that are forecast and, last, one that is dormant."""
    listed = forecasts.select(*PLACE, "channel").unique(maintain_order=True)
    old = listed.tail(1).with_columns(series_id=pl.lit("SKU-OLD"))
    ended = pl.lit(None, pl.Date)
    return pl.concat(
        [
            listed.with_columns(status=pl.lit("active"), ended_on=ended),
            old.with_columns(status=pl.lit("dormant"), ended_on=ended),
        ]
    ).with_columns(
        first_week=pl.lit(FIRST), last_week=pl.lit(AS_OF), starts_on=ended, ends_on=ended
    )


PLANNED = {
    "position_units": 10.0, "order_up_to_units": 20.0, "suggested_order_units": 12.0,
    "moq": 12.0, "pack_size": 6.0, "suggested_order_baseline_units": 6.0, "order_delta_units": 6.0,
    "final_units": 15.5, "baseline_units": 15.0, "signal_delta_units": 0.75, "override_delta_units": -0.25,
    "override_order_delta_units": 0.0, "demand_p50": 14.0, "demand_p90": 18.0, "demand_p95": 19.0,
}  # fmt: skip


def _plan() -> pl.DataFrame:
    """A plan of the listed SKUs and some more; the last row is none of the listed ones."""
    made = _made("inventory_plan")
    others = [f"P-{i:02d}" for i in range(made.height - len(SERIES["sku"]))]
    skus = pl.Series("sku", [*SERIES["sku"], *others])
    dates = {
        f"stockout_date_{q}": AS_OF + timedelta(days=i) for i, q in enumerate(("p10", "p50", "p90"))
    }
    return made.with_columns(
        skus,
        pl.lit("as said").alias("reason"),
        pl.lit(AS_OF).alias("as_of"),
        *(pl.lit(value).alias(name) for name, value in {**PLANNED, **dates}.items()),
    )


def _unconstrained() -> pl.DataFrame:
    """SKUs that lost sales in each week, and what that makes of the sums; the last lost nothing."""
    rows = [
        {
            "target": "units", "level": level, "series_id": series_id, "week_start": week,
            "category": category, "sku": sku, "observed_units": 4.0 * n,
            "unconstrained_units": 5.5 * n, "lost_units": 1.5 * n, "method": "sum",
            "censored_share": 0.5, "trained_on": True,
        }
        for level, series_id, category, sku, n in (
            ("total", "total", None, None, 2), ("category", "A", "A", None, 2),
            ("sku", "SKU-00", "A", "SKU-00", 1), ("sku", "SKU-01", "A", "SKU-01", 1),
            ("sku", "SKU-02", "B", "SKU-02", 0),
        )
        for week in WEEKS
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=dict(EXPORTS["demand_unconstrained"].schema))
