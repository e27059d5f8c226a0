"""A random sample of passages for people to label: stratified, seeded, with known chances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

UNTAGGED = "none"
UNTAGGED_SHARE = 0.5
"""Share of the sample without any tag: what the tagger misses is found there only."""


def strata(passages: pl.DataFrame, tags: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """`passages` with stratum: the rarest signal that the tagger gave it, else `none`.

    `tags` bear `key` and signal. Rarest among these passages; of equally rare ones the first by
    name.
    """
    given = tags.select(*key, "signal").unique().join(passages.select(key), on=key, how="semi")
    rare = given.group_by("signal").len().sort("len", "signal").with_row_index("_rank")
    rarest = given.join(rare, on="signal").sort(*key, "_rank").unique(
        subset=key, keep="first", maintain_order=True
    )  # fmt: skip
    named = passages.join(rarest.select(*key, "signal"), on=key, how="left", maintain_order="left")
    return named.with_columns(pl.col("signal").fill_null(UNTAGGED).alias("stratum")).drop("signal")


def tagged_by_stratum(
    stratified: pl.DataFrame, tags: pl.DataFrame, key: list[str]
) -> list[tuple[str, str, int]]:
    """(stratum, signal, passages) of what the tagger gave in the corpus; sorted."""
    given = tags.select(*key, "signal").unique()
    held = stratified.join(given, on=key).group_by("stratum", "signal").agg(pl.len().alias("n"))
    return held.sort("stratum", "signal").rows()


def answers(
    drawn: pl.DataFrame, tags: pl.DataFrame, signals: Sequence[str], key: list[str]
) -> pl.DataFrame:
    """`drawn` with a 0 or 1 for each signal: what the tagger said."""
    given = tags.select(*key, "signal").unique()
    for name in signals:
        mine = given.filter(pl.col("signal") == name).select(*key, pl.lit(1, pl.Int8).alias(name))
        drawn = drawn.join(mine, on=key, how="left", maintain_order="left")
    return drawn.with_columns(pl.col(list(signals)).fill_null(0))


def allocation(sizes: Mapping[str, int], n: int) -> dict[str, int]:
    """How many to draw from each stratum, `n` in all or everything there is.

    Half from the untagged, the rest in equal parts from the signals; what a small stratum cannot
    give goes to the others.
    """
    left = {name: size for name, size in sorted(sizes.items()) if size}
    share = UNTAGGED_SHARE if len(left) > 1 else 1.0
    wish = {UNTAGGED: round(n * share)} if UNTAGGED in left else {}
    taken = {name: min(wish.get(name, 0), size) for name, size in left.items()}
    todo = min(n, sum(left.values())) - sum(taken.values())
    while todo > 0:
        room = [name for name in left if taken[name] < left[name]]
        signals = [name for name in room if name != UNTAGGED] or room
        for name in sorted(signals, key=lambda one: (taken[one], one))[:todo]:
            taken[name] += 1
            todo -= 1
    return taken


def draw(stratified: pl.DataFrame, n: int, seed: int) -> pl.DataFrame:
    """The drawn rows in random order, numbered from 1, with stratum_size and inclusion_probability.

    `stratified` is in a total order of its own, on which with the seed the draw depends only.
    Within a stratum each passage is as likely as any other: the first rows that are labelled are a
    random sample, too.
    """
    rng = np.random.default_rng(seed)
    sizes = dict(stratified["stratum"].value_counts().sort("stratum").iter_rows())
    taken = allocation(sizes, n)
    parts = []
    for name in sorted(taken):
        own = stratified.filter(pl.col("stratum") == name)
        rows = np.sort(rng.choice(own.height, taken[name], replace=False))
        parts.append(
            own[rows.tolist()].with_columns(
                pl.lit(own.height).cast(pl.Int64).alias("stratum_size"),
                pl.lit(taken[name] / own.height).alias("inclusion_probability"),
            )
        )
    drawn = pl.concat(parts)
    mixed: pl.DataFrame = drawn[rng.permutation(drawn.height).tolist()]
    return mixed.with_columns(pl.int_range(1, pl.len() + 1).cast(pl.Int64).alias("number"))
