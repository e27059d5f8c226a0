"""Critical metrics that are out of control: one finding a metric, as long as its episode lasts."""

from __future__ import annotations

import polars as pl

from transforms.contracts.desk_exports import METRIC
from transforms.exceptions.found import conformed, day

FAR = 4.5
"""Standard deviations from which a week beyond the limits is urgent."""
BEYOND = "beyond_limits"
ACTION = "find out what changed there and name who answers for it; a chart tells when, not why"


def metrics_out(status: pl.DataFrame, weeks: pl.DataFrame) -> pl.DataFrame:
    """Findings of kind metric_out from metric_status and metric_weeks, of episodes that last.

    high: a week of the episode lies beyond FAR on the side that is not good news; medium: one lies
    beyond the limits there; low: good news, or drift within the limits.
    """
    lasting = status.filter(pl.col("episode").is_in(["opened", "open"]))
    rows = lasting.join(_worst(lasting, weeks), on="metric", how="left").with_columns(
        pl.col("farthest").fill_null(0.0)
    )
    good = pl.col("better") == pl.when(pl.col("farthest") > 0).then(pl.lit("higher")).otherwise(
        pl.lit("lower")
    )
    far = pl.col("farthest").abs()
    beyond = pl.col("rules_held").list.contains(BEYOND).fill_null(value=False)
    severity = (
        pl.when(good | ~beyond)
        .then(pl.lit("low"))
        .when(far > FAR)
        .then(pl.lit("high"))
        .otherwise(pl.lit("medium"))
    )
    of_signal = pl.col("meaning").str.starts_with("conversations of the week that carry")
    return conformed(
        rows.with_columns(
            pl.lit("metric_out").alias("kind"),
            severity.alias("severity"),
            pl.lit(METRIC).alias("target"),
            pl.lit("total").alias("level"),
            pl.col("metric").alias("series_id"),
            pl.when(of_signal).then(pl.col("metric").str.strip_suffix("_share")).alias("signal"),
            _headline().alias("headline"),
            pl.lit(ACTION).alias("action"),
            pl.col("excess").abs().fill_null(0.0).alias("units_at_risk"),
            pl.col("value").alias("observed"),
            pl.col("centre").alias("expected"),
        )
    )


def _worst(lasting: pl.DataFrame, weeks: pl.DataFrame) -> pl.DataFrame:
    """metric, farthest (z of the week farthest from the centre), rules_held over its episode."""
    mine = weeks.join(lasting.select("metric", "episode_since"), on="metric").filter(
        pl.col("week_start") >= pl.col("episode_since"), pl.col("z").is_not_null()
    )
    order = mine.sort("metric", pl.col("z").abs(), "week_start")
    return order.group_by("metric", maintain_order=True).agg(
        pl.col("z").last().alias("farthest"), pl.col("rule").drop_nulls().alias("rules_held")
    )


def _headline() -> pl.Expr:
    """'late_share (parcels …) has an episode since the week of 26 Oct: 14.2 % in the week of 9 Nov; 8.1 % is usual …'."""
    shown = pl.when(pl.col("value").is_null()).then(pl.lit("nothing was counted"))
    return pl.concat_str(
        pl.col("metric"), pl.lit(" ("), pl.col("meaning"), pl.lit(") has an episode since the week of "),
        day("episode_since"), pl.lit(": "), shown.otherwise(_percent("value")), pl.lit(" in the week of "), day("week_start"),
        pl.when(pl.col("centre").is_null()).then(pl.lit("")).otherwise(
            pl.concat_str(pl.lit("; "), _percent("centre"), pl.lit(" is usual, "), _percent("control_lo"),
                          pl.lit(" to "), _percent("control_hi"), pl.lit(" chance"))
        ),
    )  # fmt: skip


def _percent(column: str) -> pl.Expr:
    """A share in percent with one decimal; empty where it is null."""
    text = (pl.col(column) * 100).map_elements(
        lambda one: f"{one:,.1f} %", return_dtype=pl.String, skip_nulls=True
    )
    return text.fill_null("")
