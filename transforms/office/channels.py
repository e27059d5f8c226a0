"""What people say by channel: each person counts once, in the channel where they were heard first."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from transforms.asof import SOURCE
from transforms.calendar import local_day, week_of
from transforms.hearing import UNKNOWN_CHANNEL
from transforms.office.periods import PERIOD
from transforms.people import person

_KEY = [SOURCE, "conversation_id"]
CELL = (*PERIOD, "signal", "channel")


def channel_counts(
    conversations: pl.DataFrame,
    taggable: pl.DataFrame,
    mentions: pl.DataFrame,
    weeks: pl.DataFrame,
    *,
    signals: Sequence[str],
    timezone: str,
    week_start: str,
) -> pl.DataFrame:
    """People heard per period, signal and channel (n), and those who carry the signal (k).

    `weeks` are those of the periods. Whoever is heard in two channels of a period counts in the
    first alone, and carries a signal if any of their conversations of the period does: so channels
    are different people, and a share is nobody's twice.
    """
    week = week_of(local_day("started_at", timezone), week_start).alias("week_start")
    heard = (
        conversations.join(taggable.select(_KEY).unique(), on=_KEY, how="semi")
        .with_columns(
            week,
            person().rank("dense").alias("person"),
            pl.col("channel").fill_null(UNKNOWN_CHANNEL),
        )
        .join(weeks, on="week_start")
        .sort(*PERIOD, "person", "started_at", *_KEY)
    )
    who = [*PERIOD, "person"]
    people = heard.group_by(who, maintain_order=True).agg(pl.col("channel").first())
    said = heard.select(*who, *_KEY).join(mentions.select(*_KEY, "signal").unique(), on=_KEY)
    with_it = said.select(*who, "signal").unique().join(people, on=who)
    whole = people.group_by(*PERIOD, "channel").agg(pl.len().cast(pl.Int64).alias("n"))
    names = pl.DataFrame({"signal": list(signals)}, schema={"signal": pl.String})
    counts = with_it.group_by(CELL).agg(pl.len().cast(pl.Int64).alias("k"))
    return (
        whole.join(names, how="cross")
        .join(counts, on=list(CELL), how="left")
        .select(*CELL, "n", pl.col("k").fill_null(0))
        .sort(CELL)
    )


def with_before(counts: pl.DataFrame) -> pl.DataFrame:
    """`counts` with n_before and k_before: of the period of the same length that ends before it begins."""
    day_before = (pl.col("period_end") + pl.duration(days=1)).alias("period_start")
    earlier = counts.select("period", day_before, "signal", "channel", n_before="n", k_before="k")
    return counts.join(
        earlier,
        on=["period", "period_start", "signal", "channel"],
        how="left",
        maintain_order="left",
    )
