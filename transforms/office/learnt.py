"""Conversations and the insights that came of them; an insight counts only with quote, action and owner."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from transforms.asof import SOURCE
from transforms.calendar import last_complete_week, local_day, week_of

KEY = (SOURCE, "conversation_id")
PARTS = ("quote", "proposed_action", "owner")
UNKNOWN = "(unknown)"
BANDS = ((1, "1"), (2, "2"), (3, "3 or 4"), (5, "5 or more"))
"""Passages of the customer from which each band of depth begins."""
COUNTS = (
    "n", "k", "any_n", "accepted_n", "insights_n", "no_quote_n", "no_action_n", "no_owner_n",
)  # fmt: skip


def insights_by_conversation(insights: pl.DataFrame) -> pl.DataFrame:
    """Per conversation: insights_n, whole_n (quote, action and owner), accepted, and what they lack."""
    told = {name: pl.col(name).str.strip_chars().str.len_chars().fill_null(0) > 0 for name in PARTS}
    whole = told["quote"] & told["proposed_action"] & told["owner"]
    return (
        insights.with_columns(*(has.alias(f"_{name}") for name, has in told.items()))
        .group_by(KEY)
        .agg(
            pl.len().cast(pl.Int64).alias("insights_n"),
            whole.sum().cast(pl.Int64).alias("whole_n"),
            (whole & pl.col("accepted_at").is_not_null()).any().alias("accepted"),
            *(
                (~pl.col(f"_{part}")).sum().cast(pl.Int64).alias(name)
                for part, name in zip(
                    PARTS, ("no_quote_n", "no_action_n", "no_owner_n"), strict=True
                )
            ),
        )
        .sort(KEY)
    )


def calls_had(attempts: pl.DataFrame, timezone: str, week_start: str) -> pl.DataFrame:
    """Answered calls: conversation, week_start, cohort, team; null conversation_id: none was recorded."""
    week = week_of(local_day("attempted_at", timezone), week_start).alias("week_start")
    answered = attempts.filter("connected").sort("attempted_at", SOURCE, "attempt_id")
    named = answered.filter(pl.col("conversation_id").is_not_null()).unique(
        list(KEY), keep="first", maintain_order=True
    )
    unnamed = answered.filter(pl.col("conversation_id").is_null())
    columns = [*KEY, week, "cohort", pl.col("team").fill_null(UNKNOWN)]
    return pl.concat([named.select(columns), unnamed.select(columns)])


def settled_week(as_of: date, latency_days: int, settle_days: int, week_start: str) -> date:
    """First day of the newest week that ended long enough ago for its insights to be noted."""
    return last_complete_week(as_of - timedelta(days=settle_days), latency_days, week_start)


def first_whole_week(insights: pl.DataFrame, timezone: str, week_start: str) -> date | None:
    """First day of the first week in all of which insights were noted; None: none ever was."""
    day = insights.select(local_day("noted_at", timezone).min()).item()
    if day is None:
        return None
    week: date = pl.select(week_of(pl.lit(day), week_start)).item()
    return week + timedelta(days=7)


def with_insights(rows: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """`rows` of conversations with what was learnt of each; zero where nothing was noted."""
    names = [name for name in found.columns if name not in (*KEY, "accepted")]
    return rows.join(found, on=list(KEY), how="left").with_columns(
        pl.col(names).fill_null(0), pl.col("accepted").fill_null(value=False)
    )


def counted(rows: pl.DataFrame, dimension: str, by: str) -> pl.DataFrame:
    """Conversations (n), those with a whole insight (k), and the rest of COUNTS, by window and `by`."""
    sums = COUNTS[4:]
    return (
        rows.group_by("window_weeks", "window_end", pl.col(by).alias("slice"))
        .agg(
            pl.len().cast(pl.Int64).alias("n"),
            (pl.col("whole_n") > 0).sum().cast(pl.Int64).alias("k"),
            (pl.col("insights_n") > 0).sum().cast(pl.Int64).alias("any_n"),
            pl.col("accepted").sum().cast(pl.Int64).alias("accepted_n"),
            pl.col(sums).sum(),
        )
        .with_columns(pl.lit(dimension).alias("dimension"))
        .sort("window_weeks", "window_end", "slice")
    )


def depth(passages: pl.DataFrame) -> pl.DataFrame:
    """Per conversation: the band of how many passages the customer, or nobody known, said."""
    theirs = passages.filter(pl.col("speaker").fill_null("unknown") != "agent")
    band = pl.lit(BANDS[0][1])
    for first, name in BANDS[1:]:
        band = pl.when(pl.col("_n") >= first).then(pl.lit(name)).otherwise(band)
    return (
        theirs.group_by(KEY).agg(pl.len().alias("_n")).select(*KEY, band.alias("depth")).sort(KEY)
    )
