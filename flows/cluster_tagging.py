"""Many texts read by the workers of a Dask cluster, each text alone, as by the processes of one machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from types import TracebackType
from typing import Any, Self

import polars as pl

from flows.cluster import Cluster, cluster_of
from flows.settings import Settings
from flows.tagger_pool import (
    PART,
    PART_OTHERWISE,
    Part,
    Workers,
    _find,
    _hints,
    _open,
    _opened,
    _read,
)
from flows.taggers import Tagger

_VERBS: dict[str, Callable[..., Any]] = {"_hints": _hints, "_read": _read, "_find": _find}


def workers_of(settings: Settings, tagger: Tagger) -> Workers:
    """What reads many texts where [run] engine says."""
    return (
        ClusterWorkers(settings, tagger)
        if settings.run.engine == "dask"
        else Workers(settings, tagger)
    )


class ClusterWorkers(Workers):
    """`Workers` whose parts are read elsewhere; fewer texts than a part are read in this process."""

    def __init__(self, settings: Settings, tagger: Tagger) -> None:
        super().__init__(settings, tagger)
        self._stack = ExitStack()
        self._cluster: Cluster | None = None

    def __enter__(self) -> Self:
        """The cluster is asked for only once there is enough to read."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Lets go of the cluster."""
        self._stack.close()

    def _parts(
        self,
        texts: pl.Series,
        here: Callable[[pl.Series], Part],
        there: Callable[..., Part],
        *more: str,
    ) -> Iterator[tuple[int, Part]]:
        name = self._tagger.name
        size = PART.get(name, PART_OTHERWISE)
        starts = range(0, max(len(texts), 1), size)
        if len(starts) == 1:
            yield 0, here(texts)
            return
        if self._cluster is None:
            self._cluster = self._stack.enter_context(cluster_of(self._settings))
        assert self._cluster is not None  # noqa: S101 - the engine is dask
        parts = (texts[start : start + size] for start in starts)
        work = partial(_elsewhere, self._settings, name, there.__name__, more)
        yield from zip(starts, self._cluster.each(parts, work), strict=True)


def _elsewhere(
    settings: Settings, name: str, verb: str, more: tuple[str, ...], texts: pl.Series
) -> Any:  # noqa: ANN401 - what the verb gives
    """A part read on a worker, which opens the tagger once."""
    if "tagger" not in _opened or _opened["tagger"].name != name:
        _open(settings, name)
    return _VERBS[verb](texts, *more)
