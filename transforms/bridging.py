"""Another system's tagger that changes its version: bridged over common weeks, or begun anew.

A new version may hear twice as much, or half. So one series never mixes versions: where both tagged
the same weeks for at least `LEAST_WEEKS`, the older one's counts are brought to the newer one's
level by the ratio of their mentions in those weeks; else the series begins with the newer one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import exp, log, sqrt

import polars as pl

from transforms.asof import KNOWN_ON, SOURCE
from transforms.contracts.word_exports import BRIDGE_STATUSES

LEAST_WEEKS = 8
LEAST_MENTIONS = 10
"""Mentions that each version needs in the common weeks; fewer make no ratio."""
BRIDGED, RESTARTED, OVERLAPPING = BRIDGE_STATUSES
UNNAMED = ("upstream", "unknown")
"""Tagger and version where the tags name none."""
_KEY = [SOURCE, "conversation_id"]


@dataclass(frozen=True, slots=True)
class Version:
    """One tagger version: its name, the day it was first known, its weeks with any tag."""

    name: tuple[str, str]
    known: date
    weeks: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Weeks of a signal that one version counts, from `begins` until before `ends` (None: open).

    `ratio` brings its mentions to the level of the newest version of its `era`; eras are series of
    their own, oldest 0, of which models see the `last` only.
    """

    signal: str
    version: tuple[str, str]
    begins: date | None
    ends: date | None
    ratio: float
    era: int
    last: bool


@dataclass(frozen=True, slots=True)
class Bridge:
    """What the common weeks of two versions of a signal's tagger tell."""

    signal: str
    old: tuple[str, str]
    new: tuple[str, str]
    weeks: tuple[date, ...]
    mentions_old: int
    mentions_new: int
    ratio: float | None
    lo: float | None
    hi: float | None
    status: str


def named(tags: pl.DataFrame) -> pl.DataFrame:
    """`tags` with tagger and tagger_version where they tell none."""
    return tags.with_columns(
        pl.col("tagger").fill_null(UNNAMED[0]), pl.col("tagger_version").fill_null(UNNAMED[1])
    )


def versions_of(tags: pl.DataFrame) -> list[Version]:
    """The tagger versions, oldest first: by the day first known, then by their last week.

    `tags` bear tagger, tagger_version, week_start (null: of no known conversation) and the day
    from which each is known.
    """
    found = (
        tags.drop_nulls("week_start")
        .group_by("tagger", "tagger_version")
        .agg(pl.col(KNOWN_ON).min(), pl.col("week_start").unique().sort())
        .sort("tagger", "tagger_version")
    )
    made = [Version((t, v), known, tuple(weeks)) for t, v, known, weeks in found.iter_rows()]
    return sorted(made, key=lambda one: (one.known, one.weeks[-1], one.name))


def plan(
    tags: pl.DataFrame, signals: Sequence[str], last_week: date
) -> tuple[list[Stretch], list[Bridge]]:
    """Which version counts which weeks of each signal, and every change of version.

    `tags` as for `versions_of`, of all signals: a version is at work in a week in which it gave any
    tag. Rests on nothing after `last_week`.
    """
    known = tags.filter(pl.col("week_start") <= last_week)
    every = versions_of(known)
    stretches, bridges = [], []
    for signal in signals:
        own = known.filter(pl.col("signal") == signal)
        names = set(own.select("tagger", "tagger_version").unique().rows())
        chain = [one for one in every if one.name in names]
        made, crossed = _chain(signal, own, chain, last_week)
        stretches += made
        bridges += crossed
    return stretches, bridges


def _chain(
    signal: str, own: pl.DataFrame, chain: list[Version], last_week: date
) -> tuple[list[Stretch], list[Bridge]]:
    if not chain:
        return [], []
    bridges: list[Bridge] = []
    used: list[Version] = chain[:1]
    for new in chain[1:]:
        crossed = _bridge(signal, own, used[-1], new, last_week)
        bridges.append(crossed)
        if crossed.status != OVERLAPPING:
            used.append(new)
    crossings = [one for one in bridges if one.status != OVERLAPPING]
    eras = [0]
    for one in crossings:
        eras.append(eras[-1] + (one.status == RESTARTED))
    ratios = [1.0]
    for one in reversed(crossings):
        ratios.insert(0, ratios[0] * one.ratio if one.ratio and one.status == BRIDGED else 1.0)
    return _stretches(signal, used, ratios, eras), bridges


def _stretches(
    signal: str, used: list[Version], ratios: list[float], eras: list[int]
) -> list[Stretch]:
    """Each version from its first week until a newer one begins; the oldest counts what was before."""
    found: list[Stretch] = []
    end: date | None = None
    for version, ratio, era in zip(reversed(used), reversed(ratios), reversed(eras), strict=True):
        begins = version.weeks[0]
        if end is None or begins < end:
            found.insert(0, Stretch(signal, version.name, begins, end, ratio, era, era == eras[-1]))
            end = begins
    found[0] = replace(found[0], begins=None)
    return found


def _bridge(signal: str, own: pl.DataFrame, old: Version, new: Version, last: date) -> Bridge:
    """How `new` follows `old`: its ratio over the weeks in which both were at work."""
    weeks = sorted(set(old.weeks) & set(new.weeks))
    a, b = (_mentions(own, version.name, weeks) for version in (old, new))
    both = a.join(b, on=_KEY).height
    enough = len(weeks) >= LEAST_WEEKS and min(a.height, b.height) >= LEAST_MENTIONS
    ratio, lo, hi = _ratio(a.height, b.height, both) if enough else (None, None, None)
    running = old.weeks[-1] >= last - timedelta(weeks=1)
    status = BRIDGED if enough else OVERLAPPING if running else RESTARTED
    return Bridge(
        signal, old.name, new.name, tuple(weeks), a.height, b.height, ratio, lo, hi, status
    )


def _mentions(own: pl.DataFrame, name: tuple[str, str], weeks: Sequence[date]) -> pl.DataFrame:
    mine = (pl.col("tagger") == name[0]) & (pl.col("tagger_version") == name[1])
    return own.filter(mine & pl.col("week_start").is_in(list(weeks))).select(_KEY).unique()


def _ratio(old: int, new: int, both: int) -> tuple[float, float, float]:
    """New / old with a 95 % interval for counts of the same conversations."""
    ratio = new / old
    half = 1.96 * sqrt(max(old + new - 2 * both, 1) / (old * new))
    return ratio, exp(log(ratio) - half), exp(log(ratio) + half)


def untold(signal: str) -> Stretch:
    """The stretch of a signal that nobody has tagged yet: all weeks, nobody's."""
    return Stretch(signal, UNNAMED, None, None, 1.0, 0, last=True)


def inside(stretch: Stretch) -> pl.Expr:
    """Whether a row's week_start lies in the stretch."""
    there = pl.lit(value=True)
    if stretch.begins is not None:
        there &= pl.col("week_start") >= stretch.begins
    if stretch.ends is not None:
        there &= pl.col("week_start") < stretch.ends
    return there


def labelled(frame: pl.DataFrame, stretches: Sequence[Stretch]) -> pl.DataFrame:
    """`frame` (week_start) with tagger, tagger_version and bridge_ratio of each week's stretch."""
    told = [(one.version[0], one.version[1], one.ratio, inside(one)) for one in stretches]
    return frame.with_columns(
        pl.coalesce([pl.when(here).then(pl.lit(who)) for who, _, _, here in told]).alias("tagger"),
        pl.coalesce([pl.when(here).then(pl.lit(which)) for _, which, _, here in told]).alias(
            "tagger_version"
        ),
        pl.coalesce([pl.when(here).then(pl.lit(by)) for _, _, by, here in told]).alias(
            "bridge_ratio"
        ),
    )


def mentions_of(tags: pl.DataFrame, stretches: Sequence[Stretch]) -> pl.DataFrame:
    """The tags of a signal that count: in each week those of its version only."""
    parts = [
        tags.filter(
            pl.col("signal") == one.signal,
            pl.col("tagger") == one.version[0],
            pl.col("tagger_version") == one.version[1],
            inside(one),
        )
        for one in stretches
    ]
    return pl.concat(parts)


def levelled(cells: pl.DataFrame, stretches: Sequence[Stretch]) -> pl.DataFrame:
    """Cells of people with older versions' mentions at the newest one's level; never more than people."""
    scaled = labelled(cells, stretches).with_columns(
        pl.min_horizontal(
            pl.col("weight_with_signal") * pl.col("bridge_ratio"), pl.col("weight").cast(pl.Float64)
        ).alias("weight_with_signal")
    )
    return scaled.select(cells.columns)


BRIDGES = {
    "signal": pl.String(),
    "from_tagger": pl.String(),
    "from_version": pl.String(),
    "to_tagger": pl.String(),
    "to_version": pl.String(),
    "status": pl.String(),
    "overlap_weeks": pl.Int64(),
    "first_week": pl.Date(),
    "last_week": pl.Date(),
    "mentions_from": pl.Int64(),
    "mentions_to": pl.Int64(),
    "ratio": pl.Float64(),
    "ratio_lo": pl.Float64(),
    "ratio_hi": pl.Float64(),
}


def bridges_table(bridges: Sequence[Bridge]) -> pl.DataFrame:
    """One row a change of version, in the columns of `BRIDGES`."""
    rows = [
        (
            one.signal, *one.old, *one.new, one.status, len(one.weeks),
            min(one.weeks, default=None), max(one.weeks, default=None),
            one.mentions_old, one.mentions_new, one.ratio, one.lo, one.hi,
        )
        for one in bridges
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=BRIDGES, orient="row")
