"""A night's shards on the workers of a Dask cluster: [run] engine = "dask".

What a shard needs lies in the lake, which all workers reach; a task bears addresses alone. So a
worker may be lost at any time: its tasks are done again elsewhere, and nobody's words pass through
the scheduler. What comes back is what the same function gives on this machine, in the same order.
"""

from __future__ import annotations

import pickle
import secrets
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, partial
from typing import Any, TypeVar

from flows.errors import Refusal
from flows.places import Place
from flows.provenance import ROOT, code_sha256
from flows.settings import Settings
from flows.storage import storage_of
from models.forecast import Forecast, forecast_each
from models.panel import Known
from models.spec import ForecastSpec

Part = TypeVar("Part")
Made = TypeVar("Made")
PATIENCE_SECONDS = 60
AHEAD = 2
"""Shards that wait for each thread of the cluster; more would only fill the lake."""
TRIES_AGAIN = 2


class NoCluster(Refusal):
    """The cluster cannot be used; the message is one line with the remedy."""


class Cluster:
    """The workers, and the folder of the lake through which they are given their parts."""

    def __init__(self, client: Any, room: Place) -> None:  # noqa: ANN401 - distributed's has no types
        self._client, self._room = client, room
        self._threads = max(sum(client.nthreads().values()), 1)

    def each(self, parts: Iterable[Part], make: Callable[[Part], Made]) -> Iterator[Made]:
        """`make` of each part, in order. It must be a pure function of its part."""
        import cloudpickle  # noqa: PLC0415 - comes with the extra

        how = self._leave(cloudpickle.dumps(make))
        waiting: deque[tuple[Place, Any]] = deque()
        try:
            for part in parts:
                at = self._leave(cloudpickle.dumps(part))
                done = self._client.submit(_work, code(), how, at, pure=False, retries=TRIES_AGAIN)
                waiting.append((at, done))
                if len(waiting) > AHEAD * self._threads:
                    yield self._taken(*waiting.popleft())
            while waiting:
                yield self._taken(*waiting.popleft())
        finally:
            for _, future in waiting:
                future.cancel()

    def _taken(self, at: Place, future: Any) -> Any:  # noqa: ANN401 - as above
        made = future.result()
        storage_of(at).delete(at)
        return made

    def _leave(self, content: bytes) -> Place:
        at = self._room / f"{secrets.token_hex(8)}.pickle"
        storage_of(at).write(at, content, mode=0o600)
        return at


@contextmanager
def cluster_of(settings: Settings) -> Iterator[Cluster | None]:
    """The cluster that the settings name; None where a night runs on this machine alone.

    Raises NoCluster where it cannot be reached, has no worker, or runs other code than this.
    """
    if settings.run.engine != "dask":
        yield None
        return
    lake = settings.paths.lake
    room = lake / "work" / "shards" / secrets.token_hex(8)
    client = _connected(settings.run.scheduler)
    try:
        storage_of(lake).private(lake, room)
        yield Cluster(client, room)
    finally:
        client.close()
        storage_of(room).remove(room)


def _connected(address: str) -> Any:  # noqa: ANN401 - distributed's client has no types
    try:
        from distributed import Client  # noqa: PLC0415 - an extra
    except ImportError:
        raise NoCluster(
            '[run] engine = "dask" needs the extra: .venv/bin/python -m pip install distributed, in '
            "the version of requirements.lock"
        ) from None
    try:
        connect: Any = Client
        client = connect(address, timeout=PATIENCE_SECONDS, set_as_default=False)
        client.wait_for_workers(1, timeout=PATIENCE_SECONDS)
    except (OSError, TimeoutError):
        raise NoCluster(
            f"[run] scheduler: no worker can be reached at {address}; start them with `hearcast "
            'worker`, or set engine = "local"'
        ) from None
    told = client.run(code)
    others = sorted(worker for worker, digest in told.items() if digest != code())
    if others:
        client.close()
        raise NoCluster(
            f"{', '.join(others)}: these workers run other code than this machine; bring them to the "
            "same commit and start them again"
        )
    return client


@cache
def code() -> str:
    """Digest of the code of this process: a worker with another one would give other numbers."""
    return code_sha256(ROOT)


def _work(expected: str, how: Place, at: Place) -> Any:  # noqa: ANN401 - whatever the function makes
    """One shard, on a worker."""
    if code() != expected:
        raise NoCluster(
            "a worker runs other code than the night; start it again at the same commit"
        )
    make: Callable[[Any], Any] = pickle.loads(how.read_bytes())  # noqa: S301 - ours, out of the lake
    return make(pickle.loads(at.read_bytes()))  # noqa: S301 - as above


# -- forecasts ----------------------------------------------------------------------------------
class Cutoffs:
    """`forecast_each` with one cutoff a task: equal bits, as a forecast depends on nothing beside it."""

    def __init__(self, cluster: Cluster | None) -> None:
        self._cluster = cluster

    def __call__(
        self, knowns: Sequence[Known], spec: ForecastSpec, then: Callable[[Known, Forecast], Made]
    ) -> list[Made]:
        """What `then` makes of each known and its forecast, in the order of the knowns."""
        if self._cluster is None:
            return forecast_each(knowns, spec, then)
        return list(self._cluster.each(knowns, partial(_one, spec=spec, then=then)))


def _one(known: Known, spec: ForecastSpec, then: Callable[[Known, Forecast], Made]) -> Made:
    return forecast_each([known], spec, then)[0]
