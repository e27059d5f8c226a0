"""Customers by recency, frequency and money, against cut-offs that stay as they were frozen."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl

from transforms.calendar import local_day
from transforms.contracts.segment_exports import MEASURES, SEGMENTS_UP
from transforms.identity import FORGOTTEN

CENT = 100
SPAN = 1 << 22
"""More days than there are dates."""
FIFTHS = (0.2, 0.4, 0.6, 0.8)
CUTS = tuple(f"cut_{n}" for n in range(1, 5))


def purchases(lines: pl.DataFrame, timezone: str) -> pl.DataFrame:
    """customer_id, day and cents of each day on which a customer bought, sorted; null cents: no price.

    `lines` bear a number (UInt32) for each customer. Lines that are cancelled, tests or nobody's do not
    count. Money of other currencies than the one of most lines does not count, the purchase does. Cents are
    whole numbers, so that sums do not hang on the order of rows.
    """
    real = pl.col("cancelled_at").is_null() & ~pl.col("is_test").fill_null(False)
    bought = lines.lazy().filter(real & pl.col("customer_id").is_not_null())
    main = _main_currency(bought)
    ours = pl.col("currency").is_null()
    if main is not None:
        ours |= pl.col("currency") == main
    cents = (pl.col("quantity") * pl.col("unit_price") * CENT).round().cast(pl.Int64)
    days = bought.select(
        "customer_id",
        local_day("ordered_at", timezone).alias("day"),
        pl.when(ours).then(cents).alias("cents"),
    ).collect()  # days are looked up of all moments at once
    return _by_day(days)


def _by_day(lines: pl.DataFrame) -> pl.DataFrame:
    """Sums of cents by customer_id and day, below by nothing; one number stands for both while they are sorted."""
    place = pl.col("customer_id").cast(pl.Int64) * SPAN + pl.col("day").to_physical() + SPAN // 2
    told = lines.select(place.alias("place"), "cents").sort("place")
    places, cents = told["place"].to_numpy(), told["cents"]
    if not len(places):
        return lines.clear()
    first = np.flatnonzero(np.diff(places, prepend=-1))
    known = np.logical_or.reduceat(cents.is_not_null().to_numpy(), first)
    sums = np.add.reduceat(cents.fill_null(0).to_numpy(), first)
    customer, day = np.divmod(places[first], SPAN)
    return pl.DataFrame({
        "customer_id": pl.Series(customer).cast(pl.UInt32).set_sorted(),
        "day": pl.Series(day - SPAN // 2).cast(pl.Int32).cast(pl.Date),
        "cents": pl.Series(np.maximum(sums, 0)).set(pl.Series(~known), None),
    })  # fmt: skip


def _main_currency(bought: pl.LazyFrame) -> str | None:
    """The currency of most lines; of two with as many the first by name; None: none is named."""
    counts = bought.select("currency").drop_nulls().group_by("currency").len()
    told = counts.sort("len", "currency", descending=[True, False]).collect()
    return None if told.is_empty() else str(told["currency"][0])


def named(rows: pl.DataFrame, ids: pl.Series) -> pl.DataFrame:
    """`rows` with the id in the place of each customer's number."""
    return rows.with_columns(ids.gather(rows["customer_id"]).alias("customer_id"))


def histories(bought: pl.DataFrame, until: date, memory_days: int) -> pl.DataFrame:
    """One row a customer who bought by the end of `until`, sorted by customer_id.

    first_on, last_on, recency_days; days_ever (of purchase), priced_days (those with a price) and
    cents_ever; frequency (days of purchase) and cents of the last `memory_days`, so that a customer's
    age alone moves nobody. Cents are null where no price was ever known.
    """
    late = pl.col("day") > until - timedelta(days=memory_days)
    priced = pl.col("cents").count() > 0
    return (
        bought.lazy()
        .filter(pl.col("day") <= until)
        .group_by("customer_id")
        .agg(
            pl.col("day").min().alias("first_on"),
            pl.col("day").max().alias("last_on"),
            pl.len().cast(pl.Int64).alias("days_ever"),
            pl.col("cents").count().cast(pl.Int64).alias("priced_days"),
            pl.when(priced).then(pl.col("cents").sum()).alias("cents_ever"),
            late.sum().cast(pl.Int64).alias("frequency"),
            pl.when(priced).then(pl.col("cents").filter(late).sum()).alias("cents"),
        )
        .with_columns((pl.lit(until) - pl.col("last_on")).dt.total_days().alias("recency_days"))
        .sort("customer_id")
        .collect()
    )


def memory(bought: pl.DataFrame, frozen_on: date, longest: int) -> int:
    """Days over which frequency and money are counted: `longest`, or as many as there were at the freeze.

    Were it longer than what the cut-offs rest on, everybody would move up with time.
    """
    first = bought["day"].min()
    there = frozen_on.toordinal() - first.toordinal() + 1  # type: ignore[union-attr]
    return int(max(1, min(longest, there)))


def cutoffs(known: pl.DataFrame, frozen_on: date, memory_days: int) -> pl.DataFrame:
    """The four cut-offs of each measure: lower quintiles of the customers of `known` (histories)."""
    told = _measured(known)
    rows = [
        {
            "measure": name,
            "version": frozen_on.isoformat(),
            "frozen_on": frozen_on,
            "memory_days": memory_days,
            "customers_n": known.height,
        }
        | {cut: told[name].quantile(q, "lower") for cut, q in zip(CUTS, FIFTHS, strict=True)}
        for name in MEASURES
    ]
    schema = {"measure": pl.String, "version": pl.String, "frozen_on": pl.Date,
              "memory_days": pl.Int64,
        "customers_n": pl.Int64, **dict.fromkeys(CUTS, pl.Float64)}  # fmt: skip
    return pl.DataFrame(rows, schema=schema)


def _measured(known: pl.DataFrame) -> pl.DataFrame:
    return known.with_columns((pl.col("cents") / CENT).alias("monetary"))


def segmented(known: pl.DataFrame, cuts: pl.DataFrame, until: date, new_days: int) -> pl.DataFrame:
    """`known` (histories at the end of `until`) with monetary, the three scores and segment."""
    told = _measured(known)
    ends = {row["measure"]: [row[cut] for cut in CUTS] for row in cuts.iter_rows(named=True)}
    recency, frequency, monetary = (_score(name, ends[name]) for name in MEASURES)
    scored = told.with_columns(
        (6 - recency).alias("score_recency"),
        frequency.alias("score_frequency"),
        monetary.alias("score_monetary"),
    )
    late, often = pl.col("score_recency"), pl.col("score_frequency") >= 4
    rich = (pl.col("score_monetary") >= 4).fill_null(value=False)
    unpriced = pl.col("score_monetary").is_null()
    fresh = (pl.lit(until) - pl.col("first_on")).dt.total_days() < new_days
    named = (
        pl.when((late >= 4) & often & (rich | unpriced))
        .then(pl.lit("best"))
        .when((late >= 3) & often)
        .then(pl.lit("loyal"))
        .when(fresh)
        .then(pl.lit("new"))
        .when((late <= 2) & (often | rich))
        .then(pl.lit("at_risk"))
        .when(late <= 2)
        .then(pl.lit("lapsed"))
        .otherwise(pl.lit("regular"))
    )
    return scored.with_columns(named.alias("segment"))


def _score(name: str, ends: list[float | None]) -> pl.Expr:
    """1 and how many of the cut-offs are exceeded; null where the measure or a cut-off is."""
    if None in ends:
        return pl.lit(None, dtype=pl.Int64)
    over = [(pl.col(name) > end).cast(pl.Int64) for end in ends]
    return pl.sum_horizontal(pl.lit(1, dtype=pl.Int64), *over, ignore_nulls=False)


def moved(now: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """`now` (customer_id, segment) with segment_before and movement; `before` by the same cut-offs."""
    rank = {name: at for at, name in enumerate(SEGMENTS_UP)}
    earlier = before.select("customer_id", pl.col("segment").alias("segment_before"))
    both = now.join(earlier, on="customer_id", how="left", maintain_order="left")
    here, there = (
        pl.col(name).replace_strict(rank, return_dtype=pl.Int64, default=None)
        for name in ("segment", "segment_before")
    )
    move = (
        pl.when(there.is_null())
        .then(pl.lit("joined"))
        .when(here > there)
        .then(pl.lit("up"))
        .when(here < there)
        .then(pl.lit("down"))
        .otherwise(pl.lit("same"))
    )
    return both.with_columns(move.alias("movement"))


def freeze_day(
    bought: pl.DataFrame, as_of: date, asked: date | None, least_days: int
) -> date | None:
    """The day at which cut-offs are frozen: `asked`, else the newest first of January with history.

    Where no first of January lies `least_days` behind the first purchase, it is the day on which the
    purchases of `bought` reach that age. None: they do not yet, or `asked` is still to come.
    """
    if bought.is_empty() or (asked is not None and asked > as_of):
        return None
    if asked is not None:
        return asked
    first = bought["day"].min()
    ripe = first.toordinal() + least_days  # type: ignore[union-attr]
    january = date(as_of.year, 1, 1)
    if january.toordinal() >= ripe:
        return january
    return date.fromordinal(ripe) if ripe <= as_of.toordinal() else None


def published(rows: pl.DataFrame) -> pl.DataFrame:
    """`rows` without people who were forgotten: no table of customers shows them."""
    return rows.filter(~pl.col("customer_id").str.starts_with(FORGOTTEN))
