"""Parts of many texts read by the workers of a Dask cluster, as by the processes of one machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import polars as pl

from flows.cluster import Cluster, cluster_of
from flows.listening_work import Question, part_size
from flows.settings import Settings


class Spread:
    """The workers that the settings name; they are asked for only once there is enough to read."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stack = ExitStack()
        self._cluster: Cluster | None = None

    def worth(self, name: str, texts: int) -> bool:
        """Whether there is more to read than one part."""
        return texts > part_size(name)

    def each(self, texts: pl.Series, question: Question) -> Iterator[tuple[int, Any]]:
        """Where each part starts and its answer, in order. NoCluster where nobody answers."""
        if self._cluster is None:
            self._cluster = self._stack.enter_context(cluster_of(self._settings))
        assert self._cluster is not None  # noqa: S101 - the engine is dask
        size = part_size(question.name)
        starts = range(0, len(texts), size)
        parts = (texts[start : start + size] for start in starts)
        yield from zip(starts, self._cluster.each(parts, question), strict=True)

    def close(self) -> None:
        """Lets go of the cluster."""
        self._stack.close()
