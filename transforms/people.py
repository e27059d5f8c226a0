"""People behind conversations: each counts once per signal, scope and week, in one channel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from transforms.asof import SOURCE
from transforms.hearing import NOWHERE, Hearing, Whole

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
_SCOPE = ["category", "week_start"]
Bools = NDArray[np.bool_]


def person() -> pl.Expr:
    """Who had a conversation: its customer_id; without one, the conversation of its source.

    One customer has one id across sources (`transforms.identity`).
    """
    known = pl.col("customer_id").is_not_null()
    who = pl.when(known).then("customer_id").otherwise("conversation_id")
    source = pl.when(~known).then(SOURCE)
    return pl.struct(source.alias("source"), known.alias("known"), who.alias("who"))


def people_cells(heard: Hearing, *, last_day: date) -> pl.DataFrame:
    """People per signal, category (null: everything), week and channel, in the columns of `CELLS`.

    A person is a customer_id; a conversation without one is a person of its own.
    Whoever has several taggable conversations in a week counts in the channel and with the weight
    of the first of them, and carries a signal if any of them does. Weeks after that of `last_day`, and
    cells without people, are left out.
    """
    in_time = heard.week < heard.weeks_until(last_day)
    inside = in_time & (heard.category != NOWHERE)
    everywhere = np.full(heard.size, NOWHERE, dtype=np.int64)
    both = [_scope(heard, in_time, everywhere), _scope(heard, inside, heard.category)]
    names, many = len(heard.signals), sum(len(one.at) for one in both)
    categories = pl.Series([*heard.categories, None], dtype=pl.String)
    week = pl.Series(np.concatenate([heard.week[one.at] for one in both]))
    cells = pl.DataFrame(
        {
            "category": categories.gather(np.concatenate([one.category for one in both])),
            "week_start": heard.first_days(week),
            "channel": pl.Series(heard.channels, dtype=pl.String).gather(
                np.concatenate([heard.channel[one.at] for one in both])
            ),
            **{n: np.concatenate([one.sums[n] for one in both]) for n in both[0].sums},
        }
    )[np.tile(np.arange(many), names)]
    carried = {n: np.hstack([one.carried[n] for one in both]).ravel() for n in both[0].carried}
    signal = pl.Series(heard.signals, dtype=pl.String).gather(np.repeat(np.arange(names), many))
    told = cells.with_columns(
        signal.alias("signal"), *(pl.Series(n, v) for n, v in carried.items())
    )
    return told.select([pl.col(n).cast(t) for n, t in CELLS.items()])


@dataclass(frozen=True, slots=True)
class _Cells:
    """U cells of one level in the order of their category, week and channel.

    `at` (U,): a conversation of each; `category` (U,), the last of all names for everything. `sums` (U,) and
    `carried` (signals, U) by column.
    """

    at: Whole
    category: Whole
    sums: dict[str, Whole]
    carried: dict[str, Whole]


def _scope(heard: Hearing, there: Bools, category: Whole) -> _Cells:
    """Cells of one level: of the conversations `there` (N,), each in its `category` (N,)."""
    n = heard.size
    scope = category * heard.weeks + heard.week
    person = _first_of_person(heard, there, scope)
    people = np.flatnonzero(there & (person == np.arange(n)))
    cell = scope * len(heard.channels) + heard.channel
    cells, example, of = np.unique(cell[people], return_index=True, return_inverse=True)
    weight, at = heard.weight[people], people[example]
    of_person = np.zeros(n, dtype=np.int64)
    of_person[people] = of
    shape = len(heard.signals), len(cells)
    signal, place = heard.said // max(n, 1), heard.said % max(n, 1)
    told = signal[there[place]] * n + person[place[there[place]]]
    if len(heard.order):
        told = np.unique(told)
    signal, place = told // max(n, 1), told % max(n, 1)
    carried = signal * len(cells) + of_person[place]
    return _Cells(
        at,
        category[at] % (len(heard.categories) + 1),
        {
            "people": _sums(of, len(cells)),
            "weight": _sums(of, len(cells), weight),
            "weight_squares": _sums(of, len(cells), weight**2),
        },
        {
            "people_with_signal": _sums(carried, shape[0] * shape[1]).reshape(shape),
            "weight_with_signal": _sums(carried, shape[0] * shape[1], heard.weight[place]).reshape(
                shape
            ),
        },
    )


def _sums(cell: Whole, cells: int, weight: Whole | None = None) -> Whole:
    """Sums by cell: of whole numbers below 2^53, so in any order the same."""
    return np.bincount(cell, weights=weight, minlength=cells).astype(np.int64)


def _first_of_person(heard: Hearing, there: Bools, scope: Whole) -> Whole:
    """(N,) the first conversation, in time, that each one's person had in the same `scope` (N,)."""
    first, order = np.arange(heard.size), heard.order[there[heard.order]]
    scopes = (len(heard.categories) + 1) * heard.weeks
    key = heard.customer[order] * scopes + scope[order] + heard.weeks
    _, begun, whose = np.unique(key, return_index=True, return_inverse=True)
    first[order] = order[begun[whose]]
    return first


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
