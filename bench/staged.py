"""One night, stage by stage, in a process of its own: `python -m bench.staged CONFIG AS_OF`.

Prints one line of JSON, and each stage as it ends on standard error: for each stage its wall seconds, its processor seconds with those of the
processes that it started, and the peak of this process's memory while it ran. The long stage of forecasts is told by its steps, too, the
peak of each being that of the stage so far.
"""

from __future__ import annotations

import functools
import importlib
import json
import sys
import time
from collections.abc import Callable
from typing import Any

from bench.load import forget_peak, peak_mib
from flows import embedded, environment

STAGES = ("pull", "validate", "listen", "prove_and_forecast", "publish")
STEPS = {
    "read and count": ("flows.forecasting", "now_and_then"),
    "weekly demand": ("flows.forecasting", "counted"),
    "forecasts and their record": ("flows.forecasting", "make"),
    "words": ("flows.making", "said_tables"),
    "plan": ("flows.making", "planning_tables"),
    "overrides, alarms, exceptions": ("flows.making", "valued", "watched", "exceptions"),
    "the customer system's tables": ("flows.making", "office"),
}
"""Steps of `prove_and_forecast`: a module and the functions whose seconds are added up."""


def spent() -> float:
    """Processor seconds of this process and of those that it started and that have ended."""
    import resource  # noqa: PLC0415 - not on every system

    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def watched(
    name: str, stage: Callable[..., Any], told: dict[str, dict[str, float]], *, step: bool = False
) -> Callable[..., Any]:
    """The stage, or a part of a step, which adds what it cost to `told`."""

    @functools.wraps(stage)
    def run(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - stages differ
        if not step:
            forget_peak()
        wall, cpu = time.perf_counter(), spent()
        try:
            return stage(*arguments, **named)
        finally:
            before = told.get(name, {"seconds": 0.0, "cpu": 0.0})
            told[name] = {
                "seconds": round(before["seconds"] + time.perf_counter() - wall, 2),
                "cpu": round(before["cpu"] + spent() - cpu, 2),
                "peak_mib": round(peak_mib(), 0),
            }
            print(f"  {name}: {told[name]}", file=sys.stderr, flush=True)

    return run


def main(arguments: list[str]) -> int:
    """The night's exit code."""
    config, as_of = arguments
    environment.prepare(2)
    embedded.begin()
    from flows import making, stages  # noqa: PLC0415 - after the environment is prepared
    from flows.commands import one_night, report  # noqa: PLC0415

    told: dict[str, dict[str, float]] = {}
    for name, (module, *parts) in STEPS.items():
        room = importlib.import_module(module)
        for part in parts:
            setattr(room, part, watched(f"  {name}", getattr(room, part), told, step=True))
    for name in STAGES:
        room = making if name == "prove_and_forecast" else stages
        setattr(room, name, watched(name, getattr(room, name), told))
    code = report(one_night(config, as_of))
    print(json.dumps({"stages": told, "cpu": round(spent(), 1)}))
    return code


if __name__ == "__main__":
    from flows.leaving import leave_last, leave_within

    leave = leave_last()
    ended = main(sys.argv[1:])
    sys.stdout.flush()
    leave_within(30, ended)
    leave(ended)
    sys.exit(ended)
