"""People behind conversations: each counts once per signal, scope and week, in one channel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import polars as pl

from transforms.asof import SOURCE
from transforms.calendar import local_day, week_of

WHOLE = 16
"""Weight of a person whose choice is not known to have been unequal: weights are sixteenths."""
UNKNOWN_CHANNEL = "(unknown)"
CELLS = {
    "signal": pl.String(),
    "category": pl.String(),
    "week_start": pl.Date(),
    "channel": pl.String(),
    "people": pl.Int64(),
    "people_with_signal": pl.Int64(),
    "weight": pl.Int64(),
    "weight_squares": pl.Int64(),
    "weight_with_signal": pl.Int64(),
}
_KEY = [SOURCE, "conversation_id"]
_SCOPE = ["category", "week_start"]


def person() -> pl.Expr:
    """Who had a conversation: its customer_id; without one, the conversation of its source.

    One customer has one id across sources (`transforms.identity`).
    """
    known = pl.col("customer_id").is_not_null()
    who = pl.when(known).then("customer_id").otherwise("conversation_id")
    source = pl.when(~known).then(SOURCE)
    return pl.struct(source.alias("source"), known.alias("known"), who.alias("who"))


def people_cells(
    conversations: pl.DataFrame,
    taggable: pl.DataFrame,
    mentions: pl.DataFrame,
    *,
    unattributed: str,
    signals: Sequence[str],
    timezone: str,
    week_start: str,
    last_day: date,
) -> pl.DataFrame:
    """People per signal, category (null: everything), week and channel, in the columns of `CELLS`.

    A person is a customer_id; a conversation without one is a person of its own.
    Whoever has several taggable conversations in a week counts in the channel and with the weight
    of the first of them, and carries a signal if any of them does. `conversations` are attributed
    and may bear `weight` in sixteenths (`WHOLE` where they do not); `taggable` and `mentions` name
    conversations. All counts are whole numbers, so their sums do not depend on the order of rows.
    Weeks after that of `last_day`, and cells without people, are left out.
    """
    heard = _heard(conversations, taggable, timezone, week_start).filter(
        pl.col("week_start") <= last_day
    )
    said = mentions.select(*_KEY, "signal").unique().join(heard, on=_KEY)
    said = said.select("signal", "person", *_SCOPE)
    inside, everywhere = pl.col("category") != unattributed, pl.lit(None, dtype=pl.String)
    parts = [
        _scope(heard.filter(inside), said.filter(inside), signals),
        _scope(
            heard.with_columns(everywhere.alias("category")),
            said.with_columns(everywhere.alias("category")),
            signals,
        ),
    ]
    cells = pl.concat(parts).select([pl.col(n).cast(t) for n, t in CELLS.items()])
    return cells.sort("signal", *_SCOPE, "channel", nulls_last=False)


def _heard(
    conversations: pl.DataFrame, taggable: pl.DataFrame, timezone: str, week_start: str
) -> pl.DataFrame:
    """Conversations that could carry a signal, each with a number for its person, in order of time."""
    weight = pl.col("weight") if "weight" in conversations.columns else pl.lit(WHOLE)
    heard = conversations.join(taggable.select(_KEY), on=_KEY, how="semi").select(
        *_KEY,
        "category",
        "started_at",
        _numbers().alias("person"),
        pl.col("channel").fill_null(UNKNOWN_CHANNEL),
        weight.cast(pl.Int64).alias("weight"),
        week_of(local_day("started_at", timezone), week_start).alias("week_start"),
    )
    return heard.sort("started_at", *_KEY)


def _numbers() -> pl.Expr:
    """A number for each `person`; conversations, of which there is one row each, need no comparing."""
    known = pl.col("customer_id").rank("dense").cast(pl.Int64)
    return pl.coalesce(known, -1 - pl.int_range(pl.len(), dtype=pl.Int64))


def _scope(heard: pl.DataFrame, said: pl.DataFrame, signals: Sequence[str]) -> pl.DataFrame:
    """Cells of one level: with the category as it stands in `heard`, which is in order of time."""
    who = ["person", *_SCOPE]
    people = heard.group_by(who).agg(pl.col("channel").first(), pl.col("weight").first())
    cell = [*_SCOPE, "channel"]
    there = people.group_by(cell).agg(
        pl.len().alias("people"),
        pl.col("weight").sum(),
        (pl.col("weight") ** 2).sum().alias("weight_squares"),
    )
    carried = (
        said.unique()
        .join(people, on=who, nulls_equal=True)
        .group_by("signal", *cell)
        .agg(
            pl.len().alias("people_with_signal"),
            pl.col("weight").sum().alias("weight_with_signal"),
        )
    )
    names = pl.DataFrame({"signal": list(signals)}, schema={"signal": pl.String})
    return (
        names.join(there, how="cross")
        .join(carried, on=["signal", *cell], how="left", nulls_equal=True)
        .with_columns(pl.col("people_with_signal", "weight_with_signal").fill_null(0))
        .select(list(CELLS))
    )


def with_people(counts: pl.DataFrame, cells: pl.DataFrame) -> pl.DataFrame:
    """`counts` (signal, category, week_start, …) with people_taggable and people_with_signal."""
    key = ["signal", *_SCOPE]
    sums = cells.group_by(key).agg(
        pl.col("people").sum().alias("people_taggable"),
        pl.col("people_with_signal").sum(),
    )
    return counts.join(
        sums, on=key, how="left", nulls_equal=True, maintain_order="left"
    ).with_columns(pl.col("people_taggable", "people_with_signal").fill_null(0))
