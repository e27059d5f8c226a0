"""Conversations that could carry a signal, as whole numbers: what weekly counts and people are counted from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from transforms.asof import SOURCE
from transforms.calendar import local_day, week_of
from transforms.signals import UNATTRIBUTED

WHOLE = 16
"""Weight of a person whose choice is not known to have been unequal: weights are sixteenths."""
UNKNOWN_CHANNEL = "(unknown)"
NOWHERE = -1
"""Place of the category of conversations that count in the whole alone."""
_KEY = [SOURCE, "conversation_id"]
Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Hearing:
    """N conversations that could carry a signal, and which of them carry which.

    `signals`, `categories` and `channels` are names, ascending. Arrays (N,) hold places in them
    (`category`: NOWHERE for those of none), `week`: weeks after `first` (None: nobody was heard), `weight` in
    sixteenths. `customer`: a number for whose conversation it is, nobody's below 0; `order`: places of
    the others' conversations in order of time. `said` (M,): signal * N + conversation, each once.
    """

    signals: tuple[str, ...]
    categories: tuple[str, ...]
    channels: tuple[str, ...]
    first: date | None
    category: Whole
    week: Whole
    channel: Whole
    weight: Whole
    customer: Whole
    order: Whole
    said: Whole

    @property
    def size(self) -> int:
        """N."""
        return len(self.week)

    @property
    def weeks(self) -> int:
        """Weeks from the first to the last in which anybody was heard."""
        return int(self.week.max(initial=-1)) + 1

    def first_days(self, week: pl.Series) -> pl.Series:
        """The first day of each of some weeks after `first`."""
        day = pl.lit(self.first, dtype=pl.Date) + pl.duration(weeks=pl.col("week"))
        return week.to_frame("week").select(day).to_series()

    def weeks_until(self, last: date) -> int:
        """Weeks from the first to the one that `last` falls in; none before it."""
        return 0 if self.first is None else max(0, (last - self.first) // timedelta(weeks=1) + 1)


def hearing(
    conversations: pl.DataFrame,
    taggable: pl.DataFrame,
    mentions: pl.DataFrame,
    *,
    signals: Sequence[str],
    timezone: str,
    week_start: str,
) -> Hearing:
    """What is counted of `conversations`, which are attributed and one row each.

    They may bear `weight` in sixteenths (`WHOLE` where they do not). `taggable` and `mentions` name
    conversations (_source, conversation_id, and signal); of other signals than `signals`, nothing is said.
    A conversation belongs to the week in which it began.
    """
    weight = pl.col("weight") if "weight" in conversations.columns else pl.lit(WHOLE)
    heard = conversations.join(taggable.select(_KEY), on=_KEY, how="semi").select(
        *_KEY,
        "category",
        "started_at",
        "customer_id",
        pl.col("channel").fill_null(UNKNOWN_CHANNEL),
        weight.cast(pl.Int64).alias("weight"),
        week_of(local_day("started_at", timezone), week_start).alias("week_start"),
    )
    heard = heard.with_row_index("place")
    names = tuple(sorted(set(signals)))
    categories, category = _places(heard["category"], besides=UNATTRIBUTED)
    channels, channel = _places(heard["channel"])
    first = heard["week_start"].min()
    since = pl.col("week_start") - pl.lit(first, dtype=pl.Date)
    customer, order = _customers(heard)
    return Hearing(
        names,
        categories,
        channels,
        first if isinstance(first, date) else None,
        category,
        heard.select(since.dt.total_days() // 7).to_series().to_numpy(),
        channel,
        heard["weight"].to_numpy(),
        customer,
        order,
        _said(mentions, heard, names),
    )


def _places(names: pl.Series, besides: str = "") -> tuple[tuple[str, ...], Whole]:
    """Names, ascending, and the place of each row's among them; NOWHERE of nulls and of `besides`."""
    every = names.drop_nulls().unique().sort()
    every = every.filter(every != besides)
    place = names.cast(pl.Enum(every), strict=False).to_physical().cast(pl.Int64).fill_null(NOWHERE)
    return tuple(every.to_list()), place.to_numpy()


def _customers(heard: pl.DataFrame) -> tuple[Whole, Whole]:
    """Whose each conversation is, and places of those that are somebody's, the earliest first."""
    known = heard.filter(pl.col("customer_id").is_not_null())
    customer = np.full(heard.height, NOWHERE, dtype=np.int64)
    if known.is_empty():
        return customer, np.zeros(0, dtype=np.int64)
    who = known["customer_id"].rank("dense").cast(pl.Int64).to_numpy()
    customer[known["place"].to_numpy()] = who
    ordered = known.sort("started_at", *_KEY)["place"]
    return customer, ordered.cast(pl.Int64).to_numpy()


def _said(mentions: pl.DataFrame, heard: pl.DataFrame, names: tuple[str, ...]) -> Whole:
    told = mentions.select(*_KEY, pl.col("signal").cast(pl.Enum(names), strict=False))
    pairs = told.drop_nulls("signal").join(heard.select(*_KEY, "place"), on=_KEY)
    code = pl.col("signal").to_physical().cast(pl.Int64) * heard.height + pl.col("place")
    return pairs.select(code.alias("code"))["code"].unique().to_numpy()
