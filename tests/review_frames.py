"""Published nights made for the review: any number of SKUs, every table that it draws, hostile words."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from transforms.contracts import EXPORTS
from transforms.contracts.exports import QUANTILES, quantile_name
from transforms.final import forecasts_final
from transforms.review.parts import Night

AS_OF = date(2026, 11, 17)
RUNNING = date(2026, 11, 16)
HORIZON = 13
PAST = 110
EVIL = "</script><img src=x onerror=\"document.title='owned'\"><b>bold</b> & =HYPERLINK(1)"
"""What a customer, or a category, might be called."""
CATEGORIES = ("Lanterns", "Socks & Co", EVIL)


def _dyadic(values: np.ndarray) -> np.ndarray:
    return np.round(values * 1024) / 1024


def sku_names(n: int) -> list[str]:
    return [f"SKU-{i:05d}" for i in range(n)]


def _series(n: int, target: str) -> pl.DataFrame:
    """level, series_id, category, sku, size: the total, categories and SKUs."""
    skus = pl.DataFrame({"sku": sku_names(n)}).with_row_index("i")
    names = pl.Series("names", CATEGORIES)
    skus = skus.with_columns(
        names.gather(skus["i"] % len(CATEGORIES)).alias("category"),
        pl.lit("sku").alias("level"),
        pl.col("sku").alias("series_id"),
        (5.0 + (pl.col("i") * 7919 % 97)).alias("size"),
    )
    categories = skus.group_by("category").agg(pl.col("size").sum()).sort("category")
    categories = categories.with_columns(
        pl.lit("category").alias("level"), pl.col("category").alias("series_id")
    )
    total = skus.select(pl.col("size").sum()).with_columns(
        pl.lit("total").alias("level"), pl.lit("total").alias("series_id")
    )
    both = pl.concat([total, categories, skus.drop("i")], how="diagonal")
    if target == "tickets":
        both = both.filter(pl.col("level") != "sku")
    share = {"units": 1.0, "returns": 0.06, "tickets": 0.03}[target]
    return both.with_columns(pl.col("size") * share, pl.lit(target).alias("target"))


def forecasts(n: int, *, missing: tuple[str, ...] = ()) -> pl.DataFrame:
    """Forecasts of all targets; the SKUs `missing` have none."""
    rng = np.random.default_rng(5)
    series = pl.concat([_series(n, t) for t in ("units", "returns", "tickets")])
    series = series.filter(~pl.col("series_id").is_in(list(missing)))
    rows = series.join(
        pl.DataFrame({"horizon": np.arange(1, HORIZON + 1, dtype=np.int32)}), how="cross"
    )
    size, noise = rows["size"].to_numpy(), rng.gamma(8, 1 / 8, rows.height)
    base = _dyadic(size * noise)
    delta = _dyadic(np.where(rng.random(rows.height) < 0.3, 0.1 * size, 0.0))
    mean = base + delta
    spread = np.sort(rng.gamma(4, 0.25, (rows.height, len(QUANTILES))), axis=1)
    quantiles = {quantile_name(q): np.floor(mean * spread[:, i]) for i, q in enumerate(QUANTILES)}
    first = rows["horizon"].to_numpy() == 1
    made = rows.with_columns(
        (pl.lit(RUNNING) + pl.duration(days=7) * (pl.col("horizon").cast(pl.Int64) - 1)).alias(
            "week_start"
        ),
        pl.lit(AS_OF).alias("as_of"),
        pl.lit(None, dtype=pl.String).alias("channel"),
        pl.Series("mean", mean),
        *(pl.Series(name, values) for name, values in quantiles.items()),
        pl.Series("baseline_mean", base),
        pl.Series("signal_delta", delta),
        pl.Series(
            "promotion_delta", _dyadic(np.where(rng.random(rows.height) < 0.1, 0.05 * size, 0.0))
        ),
        pl.lit(0.0).alias("holiday_delta"),
        pl.Series("naive_mean", np.floor(size)),
        pl.Series("flat_mean", size * 1.01),
        pl.Series("sold_to_date_units", np.where(first, np.floor(size / 4), np.nan)).fill_nan(None),
        pl.Series("remaining_mean", np.where(first, _dyadic(size / 2), np.nan)).fill_nan(None),
        pl.lit("experts").alias("model"),
        pl.lit("full").alias("rung"),
    )
    return conform("forecasts", made)


def cumulative(ahead: pl.DataFrame) -> pl.DataFrame:
    """The sums of `ahead` from horizon 1, with quantiles that only have to be ordered."""
    key = ["target", "level", "series_id"]
    ordered = ahead.sort(*key, "horizon")
    summed = ordered.with_columns(pl.col("mean", "baseline_mean").cum_sum().over(key))
    names = [c.name for c in EXPORTS["forecasts_cumulative"].columns]
    quantiles = [n for n in names if n.startswith(("p", "baseline_p"))]
    scale = {name: 0.5 + n % 13 / 13 for n, name in enumerate(quantiles)}
    made = summed.with_columns(*((pl.col("mean") * s).alias(name) for name, s in scale.items()))
    return conform("forecasts_cumulative", made)


def contributions(ahead: pl.DataFrame) -> pl.DataFrame:
    made = ahead.filter(pl.col("signal_delta") != 0).with_columns(
        pl.lit("stocking_up").alias("signal"), pl.col("signal_delta").alias("delta")
    )
    return conform("forecast_contributions", made)


def demand(n: int) -> pl.DataFrame:
    """Two years of weeks and the running one, of all targets."""
    rng = np.random.default_rng(6)
    series = pl.concat([_series(n, t) for t in ("units", "returns", "tickets")])
    rows = series.join(pl.DataFrame({"back": np.arange(PAST, -1, -1)}), how="cross")
    values = rng.poisson(rows["size"].to_numpy()).astype(float)
    made = rows.with_columns(
        (pl.lit(RUNNING) - pl.duration(days=7) * pl.col("back")).alias("week_start"),
        pl.Series("value", values),
        (pl.col("back") == 0).alias("is_partial"),
        pl.lit(None, dtype=pl.Float64).alias("censored_share"),
        *(
            pl.lit(None, dtype=pl.String).alias(name)
            for name in ("channel", "fiscal_week", "fiscal_period")
        ),
        pl.lit(None, dtype=pl.Date).alias("last_year_week_start"),
    )
    return conform("demand_weekly", made)


def listed(n: int, *, missing: tuple[str, ...] = ()) -> pl.DataFrame:
    """Every series; those in `missing` are discontinued."""
    series = pl.concat([_series(n, t) for t in ("units", "returns", "tickets")])
    gone = pl.col("series_id").is_in(list(missing))
    made = series.with_columns(
        pl.lit(None, dtype=pl.String).alias("channel"),
        pl.when(gone).then(pl.lit("discontinued")).otherwise(pl.lit("active")).alias("status"),
        pl.lit(RUNNING - timedelta(weeks=PAST)).alias("first_week"),
        pl.lit(RUNNING - timedelta(weeks=1)).alias("last_week"),
        pl.when(gone).then(pl.lit(date(2026, 9, 1))).alias("ended_on"),
        *(pl.lit(None, dtype=pl.Date).alias(name) for name in ("starts_on", "ends_on")),
    )
    return conform("series_listed", made)


def final(ahead: pl.DataFrame) -> pl.DataFrame:
    """forecasts_final of `ahead`: a category at 4,000 units in its second week."""
    asked = {
        "target": "units", "level": "category", "series_id": CATEGORIES[0],
        "week_start": RUNNING + timedelta(weeks=1), "value": 4000.0, "override_id": "o2",
        "author": "ada", "reason": "the fair", "status": "applied",
    }  # fmt: skip
    return conform("forecasts_final", forecasts_final(ahead, pl.DataFrame([asked])))


def conform(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """`frame` in the columns of its contract; those that it lacks and may are null."""
    given = [
        pl.col(c.name) if c.name in frame.columns or not c.nullable else pl.lit(None).alias(c.name)
        for c in EXPORTS[name].columns
    ]
    return frame.select(given).cast(dict(EXPORTS[name].schema))


def evidence() -> pl.DataFrame:
    """One pair of each verdict."""
    statuses = ("confirmed", "candidate", "rejected", "insufficient")
    rows = [
        {
            "as_of": AS_OF, "signal": "stocking_up", "target": "units", "category": category,
            "status": status, "lead_weeks": 3, "effect": 0.1, "effect_lo": 0.04, "effect_hi": 0.16,
            "p_value": 0.001, "q_value": 0.02, "oos_gain_share": 0.05, "oos_p_value": 0.01,
            "direction_ok": True, "adopted_since": date(2026, 9, 7), "change_reason": f"{status}: {EVIL}",
            "n_weeks": 155, "n_mentions": 340, "n_conversations": 4666, "n_series": 1,
            "conversations_per_week_needed": 280.0,
        }
        for status, category in zip(statuses, (*CATEGORIES, None), strict=True)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=dict(EXPORTS["signal_evidence"].schema), orient="row")


def signals() -> pl.DataFrame:
    """A year of weeks of one signal, in each category and over all."""
    rng = np.random.default_rng(7)
    rows = []
    for category in (*CATEGORIES, None):
        for back in range(60, -1, -1):
            heard = int(rng.integers(40, 80))
            said = int(rng.integers(1, 12))
            rows.append(
                {
                    "signal": "stocking_up", "category": category,
                    "week_start": RUNNING - timedelta(weeks=back), "tagger": "fast",
                    "tagger_version": "v1", "conversations_taggable": heard,
                    "conversations_with_signal": said, "people_taggable": heard - 2,
                    "people_with_signal": said, "rate": said / heard, "rate_adjusted": said / heard,
                    "n_effective": float(heard), "weighting": "equal", "rate_shrunk": said / heard,
                    "rate_lo": said / heard / 2, "rate_hi": said / heard * 1.5,
                    "is_partial": back == 0, "bridge_ratio": 1.0, "in_series": True,
                }
            )  # fmt: skip
    return pl.DataFrame(rows, schema=dict(EXPORTS["signals_weekly"].schema), orient="row")


def phrases() -> pl.DataFrame:
    """An emerging phrase with quotes, one of them hostile."""
    row: dict[str, Any] = dict.fromkeys(EXPORTS["phrase_stats"].names)
    row |= {
        "week_start": RUNNING - timedelta(weeks=1), "category": EVIL, "language": "en",
        "phrase": "squeaky hinge", "size": 2, "people": 9, "people_before": 3, "sayings": 900,
        "sayings_before": 9000, "q_value": 0.004, "emerging": True, "is_candidate": True,
        "first_week": RUNNING - timedelta(weeks=4), "quote_1": f"it squeaks {EVIL}",
        "quote_2": "call me at <phone>, the hinge squeaks",
    }  # fmt: skip
    return pl.DataFrame([row], schema=dict(EXPORTS["phrase_stats"].schema), orient="row")


def plan(n: int) -> pl.DataFrame:
    """inventory_plan as its contract has it, in the columns that the review shows."""
    names = sku_names(n)
    rows = {
        "as_of": [AS_OF] * n,
        "sku": names,
        "category": [CATEGORIES[i % len(CATEGORIES)] for i in range(n)],
        "plan_status": ["planned"] * n,
        "reason": [None] * n,
        "suggested_order_units": [float(i % 50) for i in range(n)],
        "order_by": [AS_OF + timedelta(days=i % 3) for i in range(n)],
        "suggested_order_value": [2.0 * (i % 50) for i in range(n)],
        "suggested_order_baseline_units": [float(i % 40) for i in range(n)],
        "override_order_delta_units": [0.0] * n,
        "order_delta_units": [float(i % 50 - i % 40) for i in range(n)],
        "stockout_date_p10": [AS_OF + timedelta(days=10 + i % 60) for i in range(n)],
        "stockout_date_p50": [AS_OF + timedelta(days=20 + i % 60) for i in range(n)],
        "stockout_date_p90": [None] * n,
        "stockout_reason": ["beyond_horizon"] * n,
        "available_units": [float(i % 300) for i in range(n)],
        "reorder_point_units": [float(i % 120) for i in range(n)],
        "service_level": [0.95] * n,
        "days_of_cover": [i / 7 for i in range(n)],
        "at_risk_units": [float(i % 90) for i in range(n)],
        "at_risk_value": [float(i % 900) for i in range(n)],
        "currency": ["USD"] * n,
    }
    return pl.DataFrame(rows, schema_overrides={"reason": pl.String, "stockout_date_p90": pl.Date})


def changes() -> pl.DataFrame:
    """forecast_changes: one category that jumped, and the total with it."""
    rows = [
        {
            "as_of": AS_OF, "target": "units", "level": level, "series_id": series,
            "week_start": RUNNING, "horizon": 1, "previous_as_of": date(2026, 11, 16),
            "status": "continued", "mean": 120.0, "previous_mean": 100.0, "delta": 20.0,
            "delta_new_data": 12.0, "delta_signals": 5.0, "delta_adoption": 4.0,
            "delta_restatement": -1.0, "restatement_known": True, "same_method": True,
            "usual_change": 9.5, "is_jump": level == "category", "rung": "full",
        }
        for level, series in (("total", "total"), ("category", EVIL))
    ]  # fmt: skip
    return pl.DataFrame(rows)


def exceptions() -> pl.DataFrame:
    """exceptions: one that is nobody's and has a quote, and one that is over."""
    rows = [
        {
            "as_of": AS_OF, "rank": rank, "kind": "stock_out", "severity": "high", "target": "units",
            "level": "sku", "series_id": "SKU-00000", "category": CATEGORIES[0],
            "headline": f"=SUM(A1) runs out {EVIL}", "value_at_risk": 1234.5, "units_at_risk": 40.0,
            "value_unit": "USD", "due_on": date(2026, 11, 30), "customers_reason": "nothing explains it",
            "quote": f"where is it {EVIL}", "action": "+order now", "owner": "unassigned",
            "episode_id": f"e{rank}", "episode_state": state, "first_seen": date(2026, 11, 15),
            "nights_open": 3, "n": 12, "owner_from": "unassigned", "last_seen": date(2026, 11, 17),
        }
        for rank, state in ((1, "open"), (2, "closed"))
    ]  # fmt: skip
    return pl.DataFrame(rows)


def value_added() -> pl.DataFrame:
    """forecast_value_added: what signals added to the statistical forecast."""
    row = {
        "target": "units", "level": "sku", "step": "signals", "slice": "all", "slice_value": "all",
        "compared_with": "statistical", "wape": 0.3, "wape_previous": 0.32, "fva_points": 2.0,
        "fva_lo": 0.5, "fva_hi": 3.1, "bias_share": 0.01, "n": 800, "n_weeks": 30,
        "neutral_band": 0.5, "verdict": "adds", "words": "Signals made it better by 2.0 points.",
    }  # fmt: skip
    return pl.DataFrame([row])


def overrides() -> pl.DataFrame:
    """override_status: one that applies."""
    row = {
        "as_of": AS_OF, "override_id": "o1", "target": "units", "level": "sku", "series_id": "SKU-00001",
        "week_start": RUNNING + timedelta(weeks=2), "author": "ada", "reason": f"fair {EVIL}",
        "created_at": datetime(2026, 11, 10, tzinfo=UTC), "value": 90.0, "status": "applied",
        "why": "it counts", "statistical_mean": 50.0, "final_mean": 90.0, "override_delta": 40.0,
    }  # fmt: skip
    return pl.DataFrame([row])


def scarce() -> pl.DataFrame:
    """demand_unconstrained: one week in which stock ran out."""
    row = {
        "target": "units", "level": "sku", "series_id": "SKU-00001",
        "week_start": RUNNING - timedelta(weeks=6), "observed_units": 4.0,
        "unconstrained_units": 21.5, "lost_units": 17.5, "method": "in_stock_days",
    }  # fmt: skip
    return pl.DataFrame([row])


def planner_tables(n: int) -> dict[str, pl.DataFrame]:
    """What the planner's page draws, of `n` SKUs; quick to make."""
    ahead = forecasts(n)
    return {
        "forecasts": ahead,
        "forecast_contributions": contributions(ahead),
        "demand_weekly": demand(n),
        "series_listed": listed(n),
        "signal_evidence": evidence(),
        "signals_weekly": signals(),
        "inventory_plan": plan(n),
    }


def every_table(n: int, missing: tuple[str, ...] = ()) -> dict[str, pl.DataFrame]:
    """All tables that the review draws, of `n` SKUs."""
    ahead = forecasts(n, missing=missing)
    return {
        "forecasts": ahead,
        "forecasts_cumulative": cumulative(ahead),
        "forecast_contributions": contributions(ahead),
        "demand_weekly": demand(n),
        "series_listed": listed(n, missing=missing),
        "signal_evidence": evidence(),
        "signals_weekly": signals(),
        "phrase_stats": phrases(),
        "inventory_plan": plan(n),
        "forecast_changes": changes(),
        "exceptions": exceptions(),
        "forecast_value_added": value_added(),
        "override_status": overrides(),
        "demand_unconstrained": scarce(),
    }


def night(tables: dict[str, pl.DataFrame], business: str = f"Acme {EVIL}") -> Night:
    """A night that published `tables` in full and says of every other that it was not made."""
    entries = {
        name: {"sha256": "0", "rows": frame.height, "rung": "full"}
        for name, frame in tables.items()
    }
    manifest = {
        "as_of": AS_OF.isoformat(),
        "status": "Published",
        "content_id": "c0ffee",
        "tables": entries,
    }
    return Night(AS_OF, business, manifest, tables, {})
