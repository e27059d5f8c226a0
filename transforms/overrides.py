"""Planners' overrides: which of them count on a night, and what becomes of the others."""

from __future__ import annotations

from datetime import date

import polars as pl

from transforms.asof import KNOWN_ON, ORDER, SOURCE
from transforms.calendar import WEEKDAYS, local_day, week_of
from transforms.changes import series_at
from transforms.contracts.columns import LEVELS
from transforms.identifiers import content_ids
from transforms.privacy import redact_words

IDENTITY = (SOURCE, "target", "level", "category", "sku", "channel", "week_start", "author",
            "created_at")  # fmt: skip
CELL = ["target", "level", "series_id", "week_start"]
SCOPE_OF = {"category": ("category",), "sku": ("sku",), "sku_channel": ("sku", "channel")}
LETTERS = str.maketrans("0123456789", "ghijklmnop")
"""Ids are letters only: a run of digits may look like a telephone or card number."""


def letters_only(ids: pl.Series) -> pl.Series:
    """Content ids of unique rows as 16 letters from a to p."""
    told = [text.partition("#")[0].translate(LETTERS) for text in ids.to_list()]
    return pl.Series(ids.name, told, pl.String)


def named(overrides: pl.DataFrame, timezone: str) -> pl.DataFrame:
    """Overrides with override_id, series_id, `_made` (Date) and what they say redacted.

    `overrides` are the rows of the input table that a night may see. An author who is an e-mail
    address is shown by the part before the @; a target that is not told is units.
    """
    told = overrides.with_columns(pl.col("target").fill_null("units"))
    ids = letters_only(content_ids(told, IDENTITY))
    series = pl.coalesce(
        *(pl.when(pl.col("level") == level).then(series_at(level)) for level in LEVELS)
    )
    local = pl.col("author").str.replace(r"^\s*([^@\s]+)@\S+\s*$", "${1}")
    kept = {
        name: pl.when(pl.col("level").is_in([k for k, v in SCOPE_OF.items() if name in v]))
        .then(pl.col(name))
        .alias(name)
        for name in ("category", "sku", "channel")
    }
    frame = told.with_columns(
        ids.alias("override_id"),
        series.alias("series_id"),
        local.alias("author"),
        pl.coalesce(local_day("created_at", timezone), KNOWN_ON).alias("_made"),
    ).with_columns(**kept)
    return frame.with_columns(redact_words(frame["author"]), redact_words(frame["reason"]))


def judged(
    overrides: pl.DataFrame, forecasts: pl.DataFrame, *, as_of: date, week_start: str
) -> pl.DataFrame:
    """`named` overrides with their `status` but for unreachable, `horizon`, and scope filled in.

    An override counts from the day on which it was made to `expires_on`; on a night as of that
    day it is over, for the night is read the day after. Of those that count for one series and
    week the latest does: by created_at (not told: the end of the day of its delivery), then by
    what came later into the lake.
    """
    ahead = forecasts.select(*CELL, "horizon", "category", "sku", "channel")
    rows = overrides.join(ahead, on=CELL, how="left", suffix="_told").with_columns(
        pl.coalesce(name, f"{name}_told").alias(name) for name in ("category", "sku", "channel")
    )
    weeks = forecasts["week_start"]
    last = weeks.max() if len(weeks) else as_of
    begins = pl.col("week_start") == week_of(pl.col("week_start"), week_start)
    over = pl.col("week_start") + pl.duration(days=6) <= as_of
    live = (
        pl.when(~begins).then(pl.lit("no_week"))
        .when(over).then(pl.lit("past"))
        .when(pl.col("expires_on") <= as_of).then(pl.lit("expired"))
        .when(pl.col("week_start") > last).then(pl.lit("too_far"))
        .when(pl.col("horizon").is_null()).then(pl.lit("no_series"))
        .otherwise(pl.lit("applied"))
    )  # fmt: skip
    rows = rows.with_columns(live.alias("status"))
    newest = pl.coalesce(
        "created_at", (pl.col("_made") + pl.duration(days=1)).cast(pl.Datetime("us", "UTC"))
    )
    order = rows.with_columns(newest.alias("_newest")).sort("_newest", ORDER, "override_id")
    beaten = (pl.col("status") == "applied") & (
        pl.col("override_id") != pl.col("override_id").last().over([*CELL, "status"])
    )
    return order.with_columns(
        pl.when(beaten).then(pl.lit("replaced")).otherwise("status").alias("status")
    ).drop("_newest")


def status_table(
    judged: pl.DataFrame, final: pl.DataFrame, *, as_of: date, week_start: str
) -> pl.DataFrame:
    """Rows of override_status, each with its fate in plain words.

    `final` are the rows of forecasts_final: an override that should have been applied and is
    named by none of them could not be reached.
    """
    told = final.select(*CELL, "statistical_mean", "final_mean", "override_delta")
    used = final.select("override_id", pl.lit(value=True).alias("_used")).drop_nulls().unique()
    rows = judged.join(told, on=CELL, how="left").join(used, on="override_id", how="left")
    lost = (pl.col("status") == "applied") & pl.col("_used").is_null()
    rows = rows.with_columns(
        pl.when(lost).then(pl.lit("unreachable")).otherwise("status").alias("status"),
        pl.lit(as_of).alias("as_of"),
    )
    return rows.with_columns(_words(as_of, week_start).alias("why"))


def _words(as_of: date, week_start: str) -> pl.Expr:
    first = WEEKDAYS.index(week_start)
    weekday = pl.col("week_start").dt.to_string("%A")
    day = pl.col("week_start").dt.to_string("%Y-%m-%d")
    size = pl.col("override_delta").abs().round(1).cast(pl.String)
    turn = pl.when(pl.col("override_delta") < 0).then(pl.lit("down ")).otherwise(pl.lit("up "))
    why = {
        "applied": pl.lit("it moves the forecast ") + turn + size,
        "replaced": pl.lit("a later override of the same series and week counts"),
        "expired": pl.lit("it expired on ") + pl.col("expires_on").dt.to_string("%Y-%m-%d"),
        "past": pl.lit(f"its week was over on {as_of}"),
        "too_far": pl.lit("its week lies beyond the forecast"),
        "no_week": day + pl.lit(" is a ") + weekday
        + pl.lit(f"; weeks here begin on {WEEKDAYS[first].capitalize()}"),
        "no_series": pl.lit("there is no forecast of this series at this level; series_listed says why"),
        "unreachable": pl.lit(
            "overrides further down already sum up to more, or no series below sells anything to share it over"
        ),
    }  # fmt: skip
    return pl.coalesce(
        *(pl.when(pl.col("status") == name).then(text) for name, text in why.items())
    )
