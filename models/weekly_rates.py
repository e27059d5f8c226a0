"""Weekly counts of a signal into rates: channels' mix held fixed, each drawn towards its parent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from models.channel_mix import FIRST_GUESS, HeldFixed, hold_fixed
from models.estimates import prior_weights, shrunk_rates
from models.types import Floats, Ints

SIXTEENTHS = 16.0
"""Weights of people come as whole sixteenths."""
LEVEL = 0.95
MAX_CHANNELS = 24
"""Channels told apart: those seen first; later ones count together."""
_RATES = ("rate", "rate_adjusted", "n_effective", "rate_shrunk", "rate_lo", "rate_hi")


def with_rates(
    counts: pl.DataFrame, cells: pl.DataFrame | None = None, *, limits: bool = True
) -> pl.DataFrame:
    """`counts` with rate, rate_adjusted, n_effective, rate_shrunk, rate_lo and rate_hi.

    `rate` is the plain share of conversations. `rate_adjusted` is that of people, with the mix of
    channels held fixed (`models.channel_mix`), and as sure as that of `n_effective` people; from
    `cells` (signal, category, week_start, channel, weight, weight_squares, weight_with_signal, in
    sixteenths). Without `cells` each conversation is a person of one channel.

    `rate_shrunk` is the adjusted rate drawn to its parent: a category's week to the whole business
    in that week; the whole business' week to its rate over the weeks up to and including it. The
    weight of each prior is estimated by signal from the weeks up to and including its own: a later
    week never changes an earlier one. Rows and their order stay as they are: signal, category
    (null: everything), week_start, conversations_taggable, conversations_with_signal. Without
    `limits` rate_lo and rate_hi, which cost most of the work, are null.
    """
    if counts.is_empty():
        return counts.with_columns(*[pl.lit(None, dtype=pl.Float64).alias(n) for n in _RATES])
    told = counts.select("signal", "category", "week_start").with_row_index("_row")
    if cells is None:
        cells = _single_channel(counts)
    frame = told.join(
        _adjusted(cells, told),
        on=["signal", "category", "week_start"],
        how="left",
        nulls_equal=True,
    ).with_columns(pl.col("n_effective").fill_null(0.0))
    ordered = frame.sort("signal", "week_start", "category", nulls_last=False)
    level = LEVEL if limits else None
    each = ordered.partition_by("signal", maintain_order=True)
    parts = [_one_signal(one, level) for one in each]
    rates = pl.concat(parts).sort("_row").drop("_row", "signal", "category", "week_start")
    plain = pl.col("conversations_with_signal") / pl.col("conversations_taggable")
    return counts.with_columns(plain.fill_nan(None).alias("rate")).hstack(rates.select(_RATES[1:]))


def _single_channel(counts: pl.DataFrame) -> pl.DataFrame:
    heard = counts.filter(pl.col("conversations_taggable") > 0)
    n = pl.col("conversations_taggable")
    return heard.select(
        "signal", "category", "week_start",
        pl.lit("").alias("channel"),
        (n * SIXTEENTHS).alias("weight"),
        (n * SIXTEENTHS**2).alias("weight_squares"),
        (pl.col("conversations_with_signal") * SIXTEENTHS).alias("weight_with_signal"),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Axes:
    """Names along each axis of the arrays, and where a row of cells stands."""

    signals: list[str]
    categories: list[str]
    channels: dict[str, int]
    n_channels: int
    first: int
    weeks: int


def _adjusted(cells: pl.DataFrame, asked: pl.DataFrame) -> pl.DataFrame:
    """signal, category, week_start, rate_adjusted, n_effective of every cell's scope and week."""
    days = asked["week_start"].to_physical()
    first, last = int(days.min()), int(days.max())  # type: ignore[arg-type]
    names, count = _channel_places(cells)
    axes = _Axes(
        asked["signal"].unique().sort().to_list(),
        asked["category"].drop_nulls().unique().sort().to_list(),
        names, count, first, (last - first) // 7 + 1,
    )  # fmt: skip
    whole_rows = cells.filter(pl.col("category").is_null())
    split_rows = cells.filter(pl.col("category").is_not_null())
    whole = hold_fixed(*_arrays(whole_rows, axes, [None]))
    found = [_frame(whole, axes, [None])]
    if axes.categories:
        arrays = _arrays(split_rows, axes, axes.categories)
        split = hold_fixed(*arrays, above=whole.usual)
        found.append(_frame(split, axes, axes.categories))
    return pl.concat(found)


def _channel_places(cells: pl.DataFrame) -> tuple[dict[str, int], int]:
    """Channel to its place, in the order of their first weeks; the last place is shared."""
    seen = (
        cells.group_by("channel").agg(pl.col("week_start").min()).sort("week_start", "channel")
    )["channel"].to_list()
    places = {name: min(i, MAX_CHANNELS - 1) for i, name in enumerate(seen)}
    return places, max(1, min(len(seen), MAX_CHANNELS))


def _arrays(
    cells: pl.DataFrame, axes: _Axes, scopes: Sequence[str | None]
) -> tuple[Floats, Floats, Floats]:
    """People, those with the signal and squared weights, each (T, C, S, G)."""
    shape = (axes.weeks, axes.n_channels, len(axes.signals), len(scopes))
    place = {name: i for i, name in enumerate(scopes)}
    t = (cells["week_start"].to_physical().to_numpy() - axes.first) // 7
    at = (
        np.asarray(t, dtype=np.int64),
        _at(cells["channel"], axes.channels),
        _at(cells["signal"], {name: i for i, name in enumerate(axes.signals)}),
        _at(cells["category"], place) if None not in place else np.zeros(cells.height, np.int64),
    )
    inside = (at[0] >= 0) & (at[0] < axes.weeks)
    found = []
    for name, unit in (("weight", 1), ("weight_with_signal", 1), ("weight_squares", 2)):
        out = np.zeros(shape)
        values = cells[name].cast(pl.Float64).to_numpy() / SIXTEENTHS**unit
        np.add.at(out, tuple(axis[inside] for axis in at), values[inside])
        found.append(out)
    return found[0], found[1], found[2]


def _at(names: pl.Series, places: Mapping[str, int] | Mapping[str | None, int]) -> Ints:
    found = names.replace_strict(places, return_dtype=pl.Int64)
    return np.asarray(found.to_numpy(), dtype=np.int64)


def _frame(found: HeldFixed, axes: _Axes, scopes: Sequence[str | None]) -> pl.DataFrame:
    """Long rows (T, S, G) in the order of the arrays."""
    weeks, signals, groups = found.rate.shape
    t, s, g = (axis.ravel() for axis in np.indices((weeks, signals, groups)))
    return pl.DataFrame(
        {
            "signal": pl.Series(axes.signals, dtype=pl.String).gather(s),
            "category": pl.Series(scopes, dtype=pl.String).gather(g),
            "week_start": pl.Series((axes.first + 7 * t).astype(np.int32)).cast(pl.Date),
            "rate_adjusted": pl.Series(found.rate.ravel()).fill_nan(None),
            "n_effective": found.effective.ravel(),
        }
    )


def _one_signal(frame: pl.DataFrame, level: float | None) -> pl.DataFrame:
    whole = frame.filter(pl.col("category").is_null()).sort("week_start")
    n = whole["n_effective"].to_numpy()
    k = n * whole["rate_adjusted"].fill_null(0.0).to_numpy()
    long_run = (np.cumsum(k) + FIRST_GUESS) / (np.cumsum(n) + 1.0)
    whole = _shrunk(whole, (k, n, long_run, np.arange(len(k))), level)
    parent = whole.select("week_start", pl.col("rate_shrunk").alias("_parent"))
    split = frame.filter(pl.col("category").is_not_null())
    if split.is_empty():
        return whole
    split = split.join(parent, on="week_start", how="left", maintain_order="left")
    n = split["n_effective"].to_numpy()
    k = n * split["rate_adjusted"].fill_null(0.0).to_numpy()
    week = split["week_start"].rank("dense").to_numpy().astype(np.int64) - 1
    above = split["_parent"].to_numpy()
    return pl.concat([whole, _shrunk(split.drop("_parent"), (k, n, above, week), level)])


def _shrunk(
    frame: pl.DataFrame, told: tuple[Floats, Floats, Floats, Ints], level: float | None
) -> pl.DataFrame:
    """`frame` with its rates drawn to their parent's; `told`: successes, trials, parent and week."""
    k, n, parent, _ = told
    found = shrunk_rates(k, n, parent, prior_weights(*told), level=level)
    named = {"rate_shrunk": found.shrunk, "rate_lo": found.lo, "rate_hi": found.hi}
    return frame.with_columns(
        [pl.Series(name, values).fill_nan(None) for name, values in named.items()]
    )
