"""From the first order to the next one, in days, and from when on somebody had said something."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl

from transforms.asof import SOURCE
from transforms.calendar import local_day

BURN_DAYS = 90
"""Whoever is first seen in the first days of all known orders may have bought before."""
NONE, TALKED, SAID = 0, 1, 2
"""Bits of a state: no conversation yet; one; the first signal was said (the next ones: twice as much each)."""
INTERVALS = ("stratum", "state", "entry", "exit", "event", "n")


def first_orders(sold: pl.LazyFrame, as_of: date, timezone: str) -> pl.DataFrame:
    """One row a customer: customer_id, day0, days, event, category, quarter, stratum (by its name).

    `days` from the first order to the next on a later day (event), else to `as_of`. category: that
    of the first day's dearest line. Orders of one day are one purchase. Who came on `as_of` is left out.
    """
    lines = sold.filter(pl.col("customer_id").is_not_null()).select(
        "customer_id", "category", "cents", local_day("ordered_at", timezone).alias("day")
    )
    bought = lines.collect()  # days are looked up of all moments at once
    begun = bought["day"].min()
    known = begun + timedelta(days=BURN_DAYS) if isinstance(begun, date) else as_of
    both = _first_and_next(bought, known, as_of)
    days = (pl.coalesce("day", pl.lit(as_of)) - pl.col("day0")).dt.total_days()
    quarter = pl.format("{}-Q{}", pl.col("day0").dt.year(), pl.col("day0").dt.quarter())
    return (
        both.select(
            "customer_id",
            "day0",
            days.cast(pl.Int64).alias("days"),
            pl.col("day").is_not_null().alias("event"),
            pl.col("category").cast(pl.String),
            quarter.alias("quarter"),
        )
        .with_columns(
            pl.struct("category", "quarter").rank("dense").cast(pl.Int64).alias("stratum")
        )
        .sort("customer_id")
    )


def _first_and_next(bought: pl.DataFrame, known: date, as_of: date) -> pl.DataFrame:
    """customer_id, category and day0 of whose first day lies from `known` to before `as_of`; the next day (null: none)."""
    first = bought.lazy().group_by("customer_id").agg(pl.col("day").min().alias("day0"))
    new = first.filter(pl.col("day0").is_between(known, as_of, closed="left"))
    theirs = bought.lazy().join(new, on="customer_id").collect(engine="streaming")
    who = _dearest(theirs.filter(pl.col("day") == pl.col("day0")))
    later = theirs.lazy().filter(pl.col("day") > pl.col("day0"))
    then = later.group_by("customer_id").agg(pl.col("day").min()).collect(engine="streaming")
    return who.select("customer_id", "category", "day0").join(then, on="customer_id", how="left")


def _dearest(lines: pl.DataFrame) -> pl.DataFrame:
    """The dearest line of each customer; of several the first by category."""
    return lines.sort("cents", "category", descending=[True, False], nulls_last=True).unique(
        "customer_id", keep="first", maintain_order=True
    )


def said_days(
    people: pl.DataFrame, conversations: pl.DataFrame, said: pl.DataFrame, timezone: str
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Of `people`, from the first order on and before the next: the first conversation, and of each signal.

    (customer_id, talked) and (customer_id, signal, since), in days since the first order. What was
    said on the day of the next order does not count: it may have come after it.
    """
    talks = conversations.filter(pl.col("customer_id").is_not_null()).select(
        SOURCE, "conversation_id", "customer_id", local_day("started_at", timezone).alias("on")
    )
    mine = talks.join(people.select("customer_id", "day0", "days"), on="customer_id").with_columns(
        (pl.col("on") - pl.col("day0")).dt.total_days().cast(pl.Int64).alias("since")
    )
    mine = mine.filter(pl.col("since") >= 0, pl.col("since") < pl.col("days"))
    talked = mine.group_by("customer_id").agg(pl.col("since").min().alias("talked"))
    signals = mine.join(
        said.select(SOURCE, "conversation_id", "signal").unique(), on=[SOURCE, "conversation_id"]
    )
    since = signals.group_by("customer_id", "signal").agg(pl.col("since").min())
    return talked.sort("customer_id"), since.sort("signal", "customer_id")


def intervals(
    people: pl.DataFrame, since: pl.DataFrame, signals: Sequence[str], horizon: int
) -> pl.DataFrame:
    """Counts of equal INTERVALS (entry, exit] of `people` (stratum, days, event, talked) up to `horizon`.

    `since`: customer_id, signal, since. The state is a sum of bits: TALKED, and SAID times a power of two
    for each of `signals`, in their order. Nobody counts as having said it before the day after, so
    that time in which the next order could not yet follow what was said is nobody's merit.
    """
    whole = people.select(
        "customer_id",
        "stratum",
        pl.col("talked"),
        pl.col("days").clip(upper_bound=horizon).alias("end"),
        (pl.col("event") & (pl.col("days") <= horizon)).alias("event"),
    )
    before = whole.with_columns(
        pl.lit(NONE, pl.Int64).alias("state"),
        pl.lit(0, pl.Int64).alias("entry"),
        pl.col("talked").alias("then"),
    )
    after = _steps(people, since, signals).join(whole, on="customer_id")
    columns = ["stratum", "end", "event", "state", "entry", "then"]
    return _counted(pl.concat([before.select(columns), after.select(columns)]))


def _steps(people: pl.DataFrame, since: pl.DataFrame, signals: Sequence[str]) -> pl.DataFrame:
    """customer_id, the state from the day `entry` on, and the day `then` of the next one (null: none)."""
    talked = people.select(
        "customer_id", pl.col("talked").alias("entry"), pl.lit(TALKED, pl.Int64).alias("bit")
    ).drop_nulls()
    bits = [SAID << i for i in range(len(signals))]
    known = {"signal": pl.String, "bit": pl.Int64}  # of no signal, too
    marks = pl.DataFrame({"signal": list(signals), "bit": bits}, schema=known)
    said = since.join(marks, on="signal").select(
        "customer_id", pl.col("since").alias("entry"), "bit"
    )
    days = pl.concat([talked, said]).group_by("customer_id", "entry").agg(pl.col("bit").sum())
    return days.sort("customer_id", "entry").with_columns(
        pl.col("bit").cum_sum().over("customer_id").alias("state"),
        pl.col("entry").shift(-1).over("customer_id").alias("then"),
    )


def _counted(rows: pl.DataFrame) -> pl.DataFrame:
    leaves = pl.min_horizontal(pl.col("then").fill_null(pl.col("end")), "end")
    made = rows.with_columns(leaves.alias("exit")).with_columns(
        (pl.col("event") & (pl.col("exit") == pl.col("end"))).alias("event")
    )
    cell = list(INTERVALS[:-1])
    there = made.filter(pl.col("exit") > pl.col("entry"))
    return there.group_by(cell).agg(pl.len().cast(pl.Int64).alias("n")).sort(cell)


def waits(people: pl.DataFrame, since: pl.DataFrame) -> pl.DataFrame:
    """Days (> 0) from what was said to the next order (event) or to the end: category, days, event."""
    return people.join(since, on="customer_id").select(
        "category", (pl.col("days") - pl.col("since")).alias("days"), "event"
    )


def unheard(people: pl.DataFrame) -> pl.DataFrame:
    """Days from the first order to the next of those without a conversation, censored at their first."""
    silent = pl.col("talked").is_null()
    return people.select(
        "category",
        pl.coalesce("talked", "days").alias("days"),
        (pl.col("event") & silent).alias("event"),
    ).filter(pl.col("days") > 0)
