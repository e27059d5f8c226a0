"""One night, stage by stage, in a process of its own: `python -m bench.staged CONFIG AS_OF`.

Prints one line of JSON, and each stage as it ends on standard error: for each stage its wall seconds, its processor seconds with those of the
processes that it started, and the peak of this process's memory while it ran.
"""

from __future__ import annotations

import functools
import json
import sys
import time
from collections.abc import Callable
from typing import Any

from bench.load import forget_peak, peak_mib
from flows import environment

STAGES = ("pull", "validate", "listen", "prove_and_forecast", "publish")


def spent() -> float:
    """Processor seconds of this process and of those that it started and that have ended."""
    import resource  # noqa: PLC0415 - not on every system

    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def watched(
    name: str, stage: Callable[..., Any], told: dict[str, dict[str, float]]
) -> Callable[..., Any]:
    """The stage, which leaves what it cost in `told`."""

    @functools.wraps(stage)
    def run(*arguments: Any) -> Any:  # noqa: ANN401 - stages differ
        forget_peak()
        wall, cpu = time.perf_counter(), spent()
        try:
            return stage(*arguments)
        finally:
            told[name] = {
                "seconds": round(time.perf_counter() - wall, 2),
                "cpu": round(spent() - cpu, 2),
                "peak_mib": round(peak_mib(), 0),
            }
            print(f"  {name}: {told[name]}", file=sys.stderr, flush=True)

    return run


def main(arguments: list[str]) -> int:
    """The night's exit code."""
    config, as_of = arguments
    environment.prepare(2)
    from flows import stages  # noqa: PLC0415 - after the environment is prepared
    from flows.commands import one_night, report  # noqa: PLC0415

    told: dict[str, dict[str, float]] = {}
    for name in STAGES:
        setattr(stages, name, watched(name, getattr(stages, name), told))
    code = report(one_night(config, as_of))
    print(json.dumps({"stages": told, "cpu": round(spent(), 1)}))
    return code


if __name__ == "__main__":
    from flows.leaving import leave_within

    ended = main(sys.argv[1:])
    sys.stdout.flush()
    leave_within(30, ended)
    sys.exit(ended)
