"""Which rows of a pull are new to the lake, and from when each is known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from transforms.asof import DELETED, EXTRA, KNOWN_ON, ORDER, SOURCE, VERSION
from transforms.calendar import local_day
from transforms.contracts.schema import UTC_TIME, Table
from transforms.identifiers import all_distinct

ALWAYS_KNOWN = date(1900, 1, 1)
FILE = "_file"
ROW = "_row"
LANDED_COLUMNS = (KNOWN_ON, VERSION, DELETED, SOURCE, ORDER, FILE, ROW, EXTRA)


@dataclass(frozen=True, slots=True)
class Landed:
    """Rows to store, and per file how many of its good rows the lake had already.

    `fresh` has the contract's columns and LANDED_COLUMNS; `unchanged` maps file to a count.
    """

    fresh: pl.DataFrame
    unchanged: dict[str, int]
    deleted_share: float


def content_columns(table: Table) -> list[str]:
    """Columns whose change makes a new version: all but the key and `ingested_at`."""
    return [n for n in table.names if n not in table.key and n != "ingested_at"] + [EXTRA]


def land_rows(
    good: pl.DataFrame,
    current: pl.DataFrame,
    table: Table,
    *,
    source: str,
    landed_as_of: date,
    latency_days: int,
    timezone: str,
    first: bool,
    snapshot: bool = False,
) -> Landed:
    """What a pull adds to the lake.

    `good` holds validated rows in file and row order with `_file`, `_row`, `_extra`; `current`
    the newest stored version of each key of this source, deleted ones included. On the first
    landing of a source's table a row counts as known at `ingested_at`, else at its event plus
    `latency_days`, else always; on any later one not before `landed_as_of`, so that a late or
    corrected row can't change a past night. In `snapshot` mode keys that are no longer given get
    a tombstone; `deleted_share` is their share of the live keys.
    """
    stored = _numbered(good.with_row_index(ORDER), current, table)
    fresh = stored.filter(pl.col("_new")).drop("_new")
    unchanged = {
        str(name): int(count)
        for name, count in stored.filter(~pl.col("_new")).group_by(FILE).len().iter_rows()
    }
    fresh = fresh.with_columns(
        _known_on(table, landed_as_of, latency_days, timezone, first=first).alias(KNOWN_ON),
        pl.lit(False).alias(DELETED),
        pl.lit(source).alias(SOURCE),
    )
    share = 0.0
    if snapshot and not first:
        tombs, share = _tombstones(good, current, table, source, landed_as_of)
        fresh = pl.concat([fresh, tombs.select(fresh.columns)], how="vertical_relaxed")
    return Landed(fresh.select(*table.names, *LANDED_COLUMNS), unchanged, share)


def _numbered(good: pl.DataFrame, current: pl.DataFrame, table: Table) -> pl.DataFrame:
    """`good` with `_new` (differs from the version before it) and `_version`."""
    key, content = list(table.key), content_columns(table)
    if current.height:
        before = current.select(*key, VERSION, DELETED, pl.struct(content).alias("_before")).rename(
            {VERSION: "_stored", DELETED: "_gone"}
        )
        frame = good.join(before, on=key, how="left", nulls_equal=True, maintain_order="left")
        same = pl.struct(content).eq_missing(pl.col("_before")) & ~pl.col("_gone")
        frame = frame.with_columns(
            (~same.fill_null(False)).alias("_new"), pl.col("_stored").fill_null(0)
        ).drop("_before", "_gone")
    else:
        frame = good.with_columns(
            pl.lit(True).alias("_new"), pl.lit(0, dtype=pl.Int32).alias("_stored")
        )
    if all_distinct(frame, key):
        version = (pl.col("_stored") + 1).cast(pl.Int32).alias(VERSION)
        return frame.with_columns(version).drop("_stored")
    return _within_pull(frame, key, content)


def _within_pull(frame: pl.DataFrame, key: list[str], content: list[str]) -> pl.DataFrame:
    """Several rows of one key in one pull: each that differs from the one before is a version."""
    previous = pl.struct(content).shift().over(key, order_by=ORDER)
    nth = pl.int_range(pl.len()).over(key, order_by=ORDER)
    frame = frame.with_columns(
        pl.when(nth == 0)
        .then(pl.col("_new"))
        .otherwise(pl.struct(content).ne_missing(previous))
        .alias("_new")
    )
    count = pl.col("_new").cast(pl.Int32).cum_sum().over(key, order_by=ORDER)
    return (
        frame.with_columns((pl.col("_stored") + count).cast(pl.Int32).alias(VERSION))
        .drop("_stored")
        .sort(ORDER)
    )


def _known_on(
    table: Table, landed_as_of: date, latency_days: int, timezone: str, *, first: bool
) -> pl.Expr:
    told = (
        local_day("ingested_at", timezone)
        if "ingested_at" in table.names
        else pl.lit(None, dtype=pl.Date)
    )
    if not first:
        return pl.max_horizontal(told, pl.lit(landed_as_of))
    if table.event_time is None:
        return pl.coalesce(told, pl.lit(ALWAYS_KNOWN))
    event = pl.col(table.event_time)
    if table.column(table.event_time).dtype == UTC_TIME:
        event = local_day(table.event_time, timezone)
    assumed = event + pl.duration(days=latency_days)
    return pl.coalesce(told, assumed, pl.lit(ALWAYS_KNOWN))


def _tombstones(
    good: pl.DataFrame, current: pl.DataFrame, table: Table, source: str, landed_as_of: date
) -> tuple[pl.DataFrame, float]:
    key = list(table.key)
    live = current.filter(~pl.col(DELETED))
    gone = live.join(good, on=key, how="anti", nulls_equal=True)
    share = gone.height / live.height if live.height else 0.0
    blanks = [
        pl.lit(None, dtype=column.dtype).alias(column.name)
        for column in table.columns
        if column.name not in key and column.name != table.event_time
    ]
    tombs = gone.with_columns(
        *blanks,
        pl.lit(None, dtype=pl.String).alias(EXTRA),
        pl.lit("").alias(FILE),
        pl.lit(0, dtype=pl.Int64).alias(ROW),
        pl.lit(landed_as_of).alias(KNOWN_ON),
        (pl.col(VERSION) + 1).cast(pl.Int32).alias(VERSION),
        pl.lit(True).alias(DELETED),
        pl.lit(source).alias(SOURCE),
        (pl.int_range(pl.len()) + good.height).cast(pl.get_index_type()).alias(ORDER),
    )
    return tombs, share
