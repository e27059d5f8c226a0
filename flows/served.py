"""One run of a deployment in a process of its own: `python -m flows.served TOLD`."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from flows import environment
from flows.cli import (
    DEFAULT_THREADS,
    EXIT_DEGRADED,
    EXIT_FAILED,
    EXIT_PUBLISHED,
    LEAVE_SECONDS,
    logs_as_json,
    start_log,
)
from flows.deployments import Deployment
from flows.descendants import die_with_parent, reap_adopted
from flows.leaving import leave_within
from flows.stopwatch import note
from flows.supervise import PARENT, lost_night, supervise

CODES = {"Completed": EXIT_PUBLISHED, "PublishedDegraded": EXIT_DEGRADED}


@dataclass(frozen=True, slots=True)
class Ran:
    """How a run ended: the name of its final state, or what befell its process."""

    name: str


def run_apart(deployment: Deployment, config: Path) -> Ran:
    """Runs a deployment to its end in a process of its own, watched as `hearcast nightly` is."""
    from flows.settings import SettingsError, load_settings  # noqa: PLC0415 - slow to import

    seconds, threads = None, DEFAULT_THREADS
    with suppress(SettingsError):  # the run itself says so
        run = load_settings(config, os.environ).run
        seconds, threads = 60 * run.timeout_minutes, run.threads
    told = {
        "entrypoint": deployment.entrypoint,
        "parameters": {**deployment.parameters},
        "config": str(config),
        "json_logs": logs_as_json(),
        "threads": threads,
    }
    command = [sys.executable, "-m", "flows.served", json.dumps(told)]
    ended = supervise(command, seconds, lost_night(str(config), None), apart=True)
    reap_adopted()
    return Ran(str(ended.doing.get("state", "Lost")))


def _run(told: dict[str, object]) -> int:
    """Runs the flow that `told` names; its state's name is left for the process that watches."""
    deployment = Deployment("", str(told["entrypoint"]), dict(told["parameters"]), ())  # type: ignore[call-overload]
    state = deployment.flow(config=told["config"])()
    name = str(getattr(state, "name", "Completed"))
    note(state=name)
    return CODES.get(name, EXIT_FAILED)


def _main() -> int:
    die_with_parent(int(os.environ.pop(PARENT)))
    told = json.loads(sys.argv[1])
    start_log(as_json=told["json_logs"])
    environment.prepare(told["threads"])
    return _run(told)


if __name__ == "__main__":
    code = _main()
    leave_within(LEAVE_SECONDS, code)
    sys.exit(code)
