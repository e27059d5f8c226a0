"""Work over independent parts on several threads: the same bits for any number of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import polars as pl

SHARD = 512
"""Series per shard: fixed, so that what a shard computes does not depend on the machine."""

Part = TypeVar("Part")
Made = TypeVar("Made")


def in_order_of(
    parts: Sequence[Part], make: Callable[[Part], Made], threads: int = 0
) -> list[Made]:
    """Return ``make`` of each part, in the order of the parts.

    Parts must not write to what another reads. ``threads``: 0 takes as many as Polars may use.
    """
    workers = min(threads or pl.thread_pool_size(), len(parts))
    if workers <= 1:
        return [make(part) for part in parts]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(make, parts))


def over_shards(n: int, work: Callable[[int, int], None], threads: int = 0) -> None:
    """Call ``work(start, stop)`` for every shard of n rows; each writes to its own rows alone."""
    spans = [(i, min(i + SHARD, n)) for i in range(0, n, SHARD)]
    in_order_of(spans, lambda span: work(*span), threads)
