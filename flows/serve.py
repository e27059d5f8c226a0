"""The deployments' schedules in one process: `hearcast serve`.

Prefect's own `serve` only polls; the schedules are kept by a Prefect server, and the embedded
server keeps none ("Cannot schedule flows on an ephemeral server"). So the clock is kept here, by
the rules of prefect.yaml, and each run is an ordinary flow run.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from flows.deployments import Deployment, read_deployments
from flows.served import run_apart

LOG = logging.getLogger("hearcast.serve")
PREFECT_YAML = Path(__file__).resolve().parents[1] / "prefect.yaml"
LOOK_EVERY_SECONDS = 30.0
"""Longest sleep: the time of day may jump, or the machine may have slept."""


class Clock(Protocol):
    """The time, and the wait for it."""

    def now(self) -> datetime:
        """The present instant, with its zone."""

    def wait(self, seconds: float) -> bool:
        """True as soon as the service has to stop, False after about `seconds`."""


@dataclass(slots=True)
class SystemClock:
    """The machine's clock, and a wait that `stop` ends."""

    stop: threading.Event = field(default_factory=threading.Event)

    def now(self) -> datetime:
        """The present instant in UTC."""
        return datetime.now(UTC)

    def wait(self, seconds: float) -> bool:
        """True as soon as `stop` is set, False after `seconds`."""
        return self.stop.wait(seconds)


def next_fire(deployment: Deployment, after: datetime) -> datetime | None:
    """The first instant later than `after` at which a schedule of `deployment` fires.

    None where it has no active schedule. Cron fields are read in the schedule's own zone, by
    Prefect's own rules for the hours that daylight saving time skips or repeats.
    """
    from prefect.server.schemas.schedules import CronSchedule  # noqa: PLC0415 - a second to import

    found: list[datetime] = []
    for schedule in deployment.schedules:
        rule = CronSchedule(cron=schedule.cron, timezone=schedule.timezone)
        dates = asyncio.run(rule.get_dates(2, after))
        found += [date.astimezone(UTC) for date in dates if date > after]
    return min(found, default=None)


def run_schedules(
    deployments: Mapping[Deployment, Callable[[], object]],
    clock: Clock,
) -> None:
    """Runs each deployment when it is due, one at a time, until the clock says stop.

    What came due while something else ran, or while the machine slept, runs once, late; further
    instants that passed meanwhile are skipped. A run that fails is logged, and the next one comes.
    """
    due = {deployment: next_fire(deployment, clock.now()) for deployment in deployments}
    _announce(due)
    while waiting := [(at, d) for d, at in due.items() if at is not None]:
        at, deployment = min(waiting, key=lambda item: (item[0], item[1].name))
        remaining = (at - clock.now()).total_seconds()
        if clock.wait(min(max(remaining, 0.0), LOOK_EVERY_SECONDS)):
            return
        if clock.now() < at:
            continue
        _run(deployment, deployments[deployment])
        due[deployment] = next_fire(deployment, clock.now())
        _announce({deployment: due[deployment]})


def _announce(due: Mapping[Deployment, datetime | None]) -> None:
    for deployment, at in due.items():
        LOG.info("%s: next run %s", deployment.name, at.isoformat() if at else "by hand only")


def _run(deployment: Deployment, flow: Callable[[], object]) -> None:
    LOG.info("%s: started", deployment.name)
    try:
        with _variables(deployment.environment):
            state = flow()
    except Exception as error:  # noqa: BLE001 - tomorrow's night must come whatever befell this one
        # The type alone: a message may quote data, and the run's own log tells the rest.
        LOG.error("%s: failed with %s", deployment.name, type(error).__name__)  # noqa: TRY400
        return
    name = getattr(state, "name", "Completed")
    LOG.log(logging.INFO if name == "Completed" else logging.ERROR, "%s: %s", deployment.name, name)


@contextmanager
def _variables(told: Mapping[str, str]) -> Iterator[None]:
    """Sets for one run what a worker would set; what the environment says already goes before."""
    added = {name: value for name, value in told.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)


def serve(config: Path, prefect_yaml: Path = PREFECT_YAML, clock: Clock | None = None) -> None:
    """Runs the schedules of `prefect_yaml` in this process, without a Prefect server.

    `config` replaces the parameter of that name in every deployment that has one. Each run has a
    process of its own: what ends that, such as a lack of memory, ends one run. On SIGTERM or
    SIGINT a run in progress is finished, then this returns; a second signal ends the process at
    once, which leaves what is published as it was. Call it in the main thread. Raises
    DeploymentError where prefect_yaml cannot be served.
    """
    found = read_deployments(prefect_yaml)
    for one in found:
        one.flow(config=str(config.resolve()))  # a wrong entrypoint is told of now
    flows = {d: functools.partial(run_apart, d, config.resolve()) for d in found}
    own = SystemClock()

    def stop(number: int, _frame: object) -> None:
        LOG.info("%s: stopping once nothing runs", signal.Signals(number).name)
        own.stop.set()
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, signal.SIG_DFL)

    before = {each: signal.signal(each, stop) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        # Not in the main thread: there Prefect would take SIGTERM over and abort the night.
        with ThreadPoolExecutor(1, "serve") as worker:
            worker.submit(run_schedules, flows, clock or own).result()
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
