"""What moved in each forecast since the night published before, and which part is due to what.

Everything is in whole multiples of 2^-10, so differences and their sums are exact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from transforms.contracts.columns import LEVELS

SERIES = ["target", "level", "series_id"]
CELL = [*SERIES, "week_start"]
SCOPE = ["category", "sku", "channel"]
CONFIRMED = "confirmed"


@dataclass(frozen=True, slots=True)
class Night:
    """What one night published of forecasts; evidence and contributions may be empty."""

    forecasts: pl.DataFrame
    contributions: pl.DataFrame
    evidence: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Restated:
    """Tonight's forecast without signals on history as it was known the night before.

    `baseline`: target, level, series_id, week_start, baseline_then. None: it could not be made,
    and corrections cannot be told from new data. `previous_as_of`: the night that it is meant for.
    """

    previous_as_of: date
    baseline: pl.DataFrame | None


def forecast_changes(
    now: Night, then: Night, restated: Restated, *, same_method: bool
) -> pl.DataFrame:
    """Rows of forecast_changes but for usual_change and is_jump, with `previous_horizon`.

    Weeks are matched by their first day; only weeks ahead in both nights are compared. A series
    that only one of the nights forecast counts as 0 in the other, so that changes add up over
    levels as forecasts do. Rows that stand stale tonight are left out: nothing moved. Where a
    night's `rung` differs from the other's, so does the method.
    """
    both = _side_by_side(now.forecasts, then.forecasts)
    moved = _signal_parts(both, now, then)
    late = _restatement(moved, restated)
    rest = pl.col("delta") - pl.col("delta_signals") - pl.col("delta_adoption")
    return late.with_columns(
        (rest - pl.col("delta_restatement")).alias("delta_new_data"),
        (pl.lit(same_method) & (pl.col("rung") == pl.col("previous_rung"))).alias("same_method"),
    )


def _side_by_side(now: pl.DataFrame, then: pl.DataFrame) -> pl.DataFrame:
    """Both nights' rows of weeks that lie ahead in both, one row a series and week."""
    fresh = now.filter(pl.col("rung") != "stale")
    told = fresh["target"].unique().to_list()
    ahead = fresh.select("target", "week_start", "horizon", "as_of", "rung").unique(
        subset=["target", "week_start"], keep="first", maintain_order=True
    )
    asked = then.select("target", "week_start", "as_of", "rung", "horizon").unique(
        subset=["target", "week_start"], keep="first", maintain_order=True
    )
    weeks = ahead.join(
        asked.rename({"as_of": "previous_as_of", "rung": "previous_rung",
                      "horizon": "previous_horizon"}),
        on=["target", "week_start"],
    )  # fmt: skip
    here = [*CELL, *SCOPE, "mean", "baseline_mean", "signal_delta"]
    old = then.filter(pl.col("target").is_in(told)).select(
        *here, ((pl.col("p90") - pl.col("p10")) / 2).alias("half_width")
    )
    both = (
        fresh.select(here)
        .join(old, on=CELL, how="full", coalesce=True, suffix="_then")
        .join(weeks, on=["target", "week_start"])
    )
    is_new, is_over = pl.col("mean_then").is_null(), pl.col("mean").is_null()
    values = ["mean", "baseline_mean", "signal_delta"]
    return both.with_columns(
        pl.when(is_new).then(pl.lit("new")).when(is_over).then(pl.lit("ended"))
        .otherwise(pl.lit("continued")).alias("status"),
        *(pl.coalesce(name, f"{name}_then").alias(name) for name in SCOPE),
        *(pl.col(f"{name}{end}").fill_null(0.0) for name in values for end in ("", "_then")),
    ).with_columns(
        pl.col("mean_then").alias("previous_mean"),
        (pl.col("mean") - pl.col("mean_then")).alias("delta"),
        (pl.col("signal_delta") - pl.col("signal_delta_then")).alias("delta_said"),
    )  # fmt: skip


def _signal_parts(both: pl.DataFrame, now: Night, then: Night) -> pl.DataFrame:
    """`both` with delta_adoption, and delta_signals as the rest of what signals changed."""
    came = _unmatched(now.contributions, then.evidence)
    went = _unmatched(then.contributions, now.evidence)
    parts = [_rolled_up(came, 1), _rolled_up(went, -1)]
    adoption = pl.concat(parts).group_by(CELL).agg(pl.col("thousandths").sum())
    changed = (pl.col("thousandths").fill_null(0) / 1024).alias("delta_adoption")
    return (
        both.join(adoption, on=CELL, how="left")
        .with_columns(changed)
        .with_columns((pl.col("delta_said") - pl.col("delta_adoption")).alias("delta_signals"))
    )


def _unmatched(contributions: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    """Contributions, at each target's finest level, of signals not adopted in the other night.

    A signal is adopted for a category where it is confirmed for it or pooled over categories.
    """
    finest = contributions.filter(_is_finest())
    sure = other.filter(pl.col("status") == CONFIRMED).select("signal", "target", "category")
    pooled = sure.filter(pl.col("category").is_null()).select("signal", "target")
    return finest.join(pooled, on=["signal", "target"], how="anti").join(
        sure.drop_nulls("category"), on=["signal", "target", "category"], how="anti"
    )


def _is_finest() -> pl.Expr:
    order = {name: i for i, name in enumerate(LEVELS)}
    depth = pl.col("level").replace_strict(order, return_dtype=pl.Int8)
    return depth == depth.max().over("target")


def _rolled_up(finest: pl.DataFrame, sign: int) -> pl.DataFrame:
    """Deltas summed to every level, as whole numbers of 2^-10."""
    whole = finest.with_columns((pl.col("delta") * 1024).round().cast(pl.Int64).alias("w") * sign)
    parts = []
    for level in LEVELS:
        series = series_at(level)
        rows = whole.with_columns(pl.lit(level).alias("level"), series.alias("series_id"))
        parts.append(rows.filter(pl.col("series_id").is_not_null()).select(*CELL, "w"))
    return pl.concat(parts).group_by(CELL).agg(pl.col("w").sum().alias("thousandths"))


def series_at(level: str) -> pl.Expr:
    """The series_id at a level, from the scope columns; null where the row lies above it."""
    if level == "total":
        return pl.lit("total")
    if level == "sku_channel":
        return pl.concat_str("sku", pl.lit("|"), "channel")
    return pl.col(level)


def _restatement(moved: pl.DataFrame, restated: Restated) -> pl.DataFrame:
    """`moved` with delta_restatement, 0 and not known where it could not be told apart."""
    none = pl.lit(0.0).alias("delta_restatement")
    if restated.baseline is None:
        return moved.with_columns(none, pl.lit(value=False).alias("restatement_known"))
    known = pl.col("previous_as_of") == restated.previous_as_of
    late = pl.col("baseline_mean") - pl.col("baseline_then").fill_null(0.0)
    return moved.join(restated.baseline, on=CELL, how="left").with_columns(
        known.alias("restatement_known"),
        pl.when(known).then(late).otherwise(0.0).alias("delta_restatement"),
    )


# -- what is usual ------------------------------------------------------------------------------
USUAL_SHARE = 0.95
LEAST_ROWS = 100
LEAST_NIGHTS = 4
LEARNT_FROM = ("target", "level", "as_of", "status", "same_method", "horizon", "previous_horizon",
               "delta", "half_width")  # fmt: skip
"""Columns of earlier tables that tell what is usual."""
NARROWEST = 0.25
"""A change of less than this part of half the 80 % interval is never a jump."""
LEAST_UNITS = 1.0


def with_usual(changes: pl.DataFrame, before: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """`changes` with usual_change and is_jump.

    `before` are earlier nights' tables. A change is measured in halves of the 80 % interval of the
    night compared with; what 95 % of those changes stayed within is usual, by target, level and
    weeks passed between the nights, where four earlier nights of the kind with 100 rows tell;
    else one half. Never less than a quarter of it, nor than one unit. A series without an interval
    then has no usual.
    """
    known = [frame.select(LEARNT_FROM) for frame in (*before, changes.clear())]
    told = _measured(pl.concat(known)).group_by("target", "level", "passed").agg(
        pl.col("halves").quantile(USUAL_SHARE, "higher").alias("_k"),
        pl.len().alias("_rows"), pl.col("as_of").n_unique().alias("_nights"),
    )  # fmt: skip
    enough = (pl.col("_rows") >= LEAST_ROWS) & (pl.col("_nights") >= LEAST_NIGHTS)
    learnt = told.filter(enough).select("target", "level", "passed", "_k")
    passed = (pl.col("previous_horizon") - pl.col("horizon")).alias("passed")
    factor = pl.max_horizontal(pl.col("_k").fill_null(1.0), pl.lit(NARROWEST))
    usual = pl.when(pl.col("half_width").is_not_null()).then(
        pl.max_horizontal(factor * pl.col("half_width"), pl.lit(LEAST_UNITS))
    )
    return (
        changes.with_columns(passed)
        .join(learnt, on=["target", "level", "passed"], how="left")
        .with_columns(usual.alias("usual_change"))
        .with_columns(
            (pl.col("delta").abs() > pl.col("usual_change")).fill_null(value=False).alias("is_jump")
        )
        .drop("_k", "passed")
    )


def _measured(before: pl.DataFrame) -> pl.DataFrame:
    """Earlier changes of series that went on, in halves of their interval."""
    return before.filter(
        (pl.col("status") == "continued") & (pl.col("half_width") > 0) & pl.col("same_method")
    ).select(
        "target", "level", "as_of",
        (pl.col("previous_horizon") - pl.col("horizon")).alias("passed"),
        (pl.col("delta").abs() / pl.col("half_width")).alias("halves"),
    )  # fmt: skip


def totals(changes: pl.DataFrame) -> Mapping[str, float]:
    """Each part's sum over the units of all weeks, for a line to people; 0 without rows."""
    whole = changes.filter(pl.col("target") == "units", pl.col("level") == "total")
    parts = ("previous_mean", "delta", "delta_new_data", "delta_signals", "delta_adoption",
             "delta_restatement")  # fmt: skip
    return {name: float(whole.sort("week_start")[name].sum()) for name in parts}
