"""Objectives and the signals that bear on them, with how many people said each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl

from transforms.asof import SOURCE
from transforms.calendar import local_day
from transforms.contracts.columns import STATUSES

KEY = [SOURCE, "conversation_id"]
WEEKS = 13


def people_said(
    conversations: pl.DataFrame,
    hearable: pl.DataFrame,
    said: pl.DataFrame,
    last_week: date,
    timezone: str,
) -> tuple[int, pl.DataFrame]:
    """People heard in the last 13 complete weeks, each once, and signal and k: who said it.

    A person is the customer; a conversation of nobody known is a person of its own.
    """
    end = last_week + timedelta(days=6)
    inside = local_day("started_at", timezone).is_between(end - timedelta(days=7 * WEEKS - 1), end)
    unknown = pl.concat_str(
        pl.col(SOURCE).str.len_chars(), SOURCE, "conversation_id", separator=" "
    )
    person = pl.coalesce("customer_id", unknown).alias("person")
    heard = conversations.filter(inside).join(hearable, on=KEY, how="semi").select(*KEY, person)
    counts = (
        said.select(*KEY, "signal")
        .unique()
        .join(heard, on=KEY)
        .group_by("signal")
        .agg(pl.col("person").n_unique().cast(pl.Int64).alias("k"))
    )
    return heard["person"].n_unique(), counts


def coverage(
    objectives: pl.DataFrame,
    counts: pl.DataFrame,
    evidence: pl.DataFrame,
    signals: Sequence[str],
    as_of: date,
) -> pl.DataFrame:
    """Rows of kind objective (those that run at `as_of`) and of kind signal, with k and evidence.

    `counts`: signal and k; `evidence`: signal and status, any number of times; `signals`: all that
    are listened for. A signal that is listened for and that nobody said has k = 0.
    """
    begun = (pl.col("since") <= as_of).fill_null(value=True)
    open_ = (pl.col("until") >= as_of).fill_null(value=True)
    columns = ["objective_id", "title", "metric", "target", "owner", "signal", "question"]
    wanted = (
        objectives.filter(begun & open_)
        .sort("objective_id", "signal", "question", SOURCE)
        .unique(["objective_id", "signal", "question"], keep="last", maintain_order=True)
        .select(pl.lit("objective").alias("kind"), *columns)
    )
    served = set(wanted["signal"].drop_nulls())
    idle = pl.DataFrame(
        {"kind": "signal", "signal": [name for name in sorted(signals) if name not in served]},
        schema={"kind": pl.String, "signal": pl.String},
    )
    rank = {name: at for at, name in enumerate(STATUSES)}
    best = (
        evidence.select("signal", pl.col("status").alias("evidence"))
        .sort("signal", pl.col("evidence").replace_strict(rank, return_dtype=pl.Int64))
        .unique("signal", keep="first", maintain_order=True)
    )
    rows = pl.concat([wanted, idle], how="diagonal").join(best, on="signal", how="left")
    found = rows.join(counts, on="signal", how="left")
    k = pl.when(pl.col("signal").is_not_null()).then(pl.col("k").fill_null(0))
    return found.with_columns(k.alias("k")).sort(
        "kind", "objective_id", "signal", "question", nulls_last=False
    )
