"""What was sent to whom, and which of it was acknowledged by enough teams in time."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from transforms.asof import SOURCE
from transforms.calendar import local_day, week_of

WINDOWS = (4, 13)
SHOWN = 13
"""Newest settled weeks with which a window may end."""
OURS = "hearcast"
ITEM = ["item_type", "item_id"]
SENDING: dict[str, pl.DataType | type[pl.DataType]] = {
    "item_id": pl.String, "item_type": pl.String, "team": pl.String,
    "sent_at": pl.Datetime("us", "UTC"), "sender": pl.String,
}  # fmt: skip
"""What is known of a sending of our own."""
UNTOLD = "(unknown)"


def log(given: pl.DataFrame, ours: pl.DataFrame) -> pl.DataFrame:
    """Every sending: those that `distributions` give, and of `ours` (SENDING) what these do not repeat.

    An item goes to a team once: of several rows of `given` each stays, for each has its own id. A row
    of ours whose item and team are given is that one, and `sender` says so. `told`: it is given.
    """
    key = ["item_id", "team"]
    named = ours.select(*key, pl.lit(True).alias("_ours")).unique()
    told = (
        given.with_columns(pl.col("item_type").fill_null(UNTOLD))
        .join(named, on=key, how="left", maintain_order="left")
        .with_columns(
            pl.when(pl.col("_ours")).then(pl.lit(OURS)).otherwise(SOURCE).alias("sender"),
            pl.lit(True).alias("told"),
        )
    )
    left = ours.join(given.select(key).unique(), on=key, how="anti").with_columns(
        pl.format("{} {}", "item_id", "team").alias("distribution_id"), pl.lit(False).alias("told")
    )
    columns = ["distribution_id", *key, "item_type", "sent_at", "opened_at", "acknowledged_at",
               "decision_id", "sender", "told"]  # fmt: skip
    return pl.concat([told.select(columns), left], how="diagonal_relaxed").select(columns)


def with_status(rows: pl.DataFrame, days: int) -> pl.DataFrame:
    """`rows` of the log with days_to_open, days_to_acknowledge, in_time and status.

    What was opened or acknowledged before it was sent was so at once.
    """
    took = {
        name: ((pl.col(at) - pl.col("sent_at")).dt.total_seconds() / 86_400).clip(lower_bound=0.0)
        for name, at in (("days_to_open", "opened_at"), ("days_to_acknowledge", "acknowledged_at"))
    }
    status = (
        pl.when(pl.col("decision_id").is_not_null())
        .then(pl.lit("decided"))
        .when(pl.col("acknowledged_at").is_not_null())
        .then(pl.lit("acknowledged"))
        .when(pl.col("opened_at").is_not_null())
        .then(pl.lit("opened"))
        .when("told")
        .then(pl.lit("sent"))
        .otherwise(pl.lit("untold"))
    )
    return rows.with_columns(
        *(days_.round(3).alias(name) for name, days_ in took.items()),
        (took["days_to_acknowledge"] <= days).fill_null(value=False).alias("in_time"),
        status.alias("status"),
    ).drop("told")


def items(rows: pl.DataFrame, teams: int, timezone: str, week_start: str) -> pl.DataFrame:
    """Each item once, in the week in which it was first sent.

    `rows` as `with_status` gives them, `untold` ones left out by whoever calls. Adds sent_n (teams
    that it was sent to), acked_n (teams that acknowledged it in time) and acknowledged (`teams` did).
    """
    each = rows.group_by(*ITEM, "team").agg(pl.col("sent_at").min(), pl.col("in_time").any())
    week = week_of(local_day("sent_at", timezone), week_start).alias("week_start")
    return (
        each.group_by(ITEM)
        .agg(
            pl.col("sent_at").min(),
            pl.len().cast(pl.Int64).alias("sent_n"),
            pl.col("in_time").sum().cast(pl.Int64).alias("acked_n"),
        )
        .with_columns(week, (pl.col("acked_n") >= teams).alias("acknowledged"))
        .sort(*ITEM)
    )


def counted(found: pl.DataFrame, teams: int, last_week: date) -> pl.DataFrame:
    """Per window of weeks and type of item, and of all: items (n), those acknowledged (k), and who was asked.

    Windows end with one of the SHOWN newest weeks up to `last_week`, the newest of which every item
    has had its days.
    """
    ends = [last_week - timedelta(weeks=back) for back in range(SHOWN)]
    spans = pl.DataFrame(
        [
            (length, end + timedelta(days=6), end - timedelta(weeks=back))
            for end in ends
            for length in WINDOWS
            for back in range(length)
        ],
        schema={"window_weeks": pl.Int64, "window_end": pl.Date, "week_start": pl.Date},
        orient="row",
    )
    both = pl.concat([found, found.with_columns(pl.lit("all").alias("item_type"))])
    return (
        both.join(spans, on="week_start")
        .group_by("window_weeks", "window_end", "item_type")
        .agg(
            pl.len().cast(pl.Int64).alias("n"),
            pl.col("acknowledged").sum().cast(pl.Int64).alias("k"),
            (pl.col("sent_n") < teams).sum().cast(pl.Int64).alias("too_few_teams_n"),
            (pl.col("acked_n") > 0).sum().cast(pl.Int64).alias("any_n"),
        )
        .sort("window_weeks", "window_end", "item_type")
    )
