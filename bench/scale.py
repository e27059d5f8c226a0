"""The ladder of sizes: `python -m bench.scale [--sizes 1000,10000,100000] [--limit MINUTES]`.

Each size in a process of its own: seconds, series a second, peak memory, and both against the
size before. A size that takes longer than the limit is ended and said to be.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from bench.load import CHALLENGED, CUTOFFS, Load

SIZES = (1_000, 10_000, 100_000)
QUICK = (500, 2_000)
LIMIT_MINUTES = 20.0
MOST_TIMES, MOST_MIB = 12.0, 8 * 1024.0


def measured(
    series: int, *, minutes: float, cache: Path | None = None, challengers: bool = False
) -> Load | None:
    """What a size cost in a fresh process, or None past the limit.

    ``cache``: where compiled code is kept; an empty folder shows what compiling costs.
    ``challengers``: with statsmodels' models of sums too.
    """
    environment = dict(os.environ) | ({"NUMBA_CACHE_DIR": str(cache)} if cache else {})
    command = [sys.executable, "-m", "bench.load", str(series), str(CUTOFFS)]
    command += [CHALLENGED] if challengers else []
    try:
        run = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False,
            timeout=60 * minutes,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return None
    if run.returncode:
        raise RuntimeError(f"{series} series: exit {run.returncode}\n{run.stderr[-2000:]}")
    return Load(**json.loads(run.stdout.splitlines()[-1]))


def main(arguments: list[str]) -> int:
    """The exit code: 0."""
    parser = argparse.ArgumentParser(prog="python -m bench.scale")
    parser.add_argument("--sizes", default="")
    parser.add_argument("--quick", action="store_true", help="two small sizes")
    parser.add_argument("--limit", type=float, default=LIMIT_MINUTES, help="minutes for one size")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args(arguments)
    sizes = [int(s) for s in asked.sizes.split(",") if s] or (QUICK if asked.quick else SIZES)
    print(
        f"{'series':>9}{'seconds':>9}{'cpu s':>9}{'series/s':>10}{'x before':>10}{'peak MiB':>10}"
    )
    done: list[Load] = []
    for size in sizes:
        load = measured(size, minutes=asked.limit)
        if load is None:
            print(f"{size:9,}  ended after {asked.limit:.0f} minutes")
            break
        times = f"{load.seconds / done[-1].seconds:10.1f}" if done else f"{'-':>10}"
        print(
            f"{size:9,}{load.seconds:9.1f}{load.cpu:9.1f}{size / load.seconds:10.0f}"
            f"{times}{load.peak_mib:10.0f}",
            flush=True,
        )
        done.append(load)
    by_size = {load.series: load for load in done}
    if {10_000, 100_000} <= set(by_size):
        longer = by_size[100_000].seconds / by_size[10_000].seconds
        peak = by_size[100_000].peak_mib
        reached = longer <= MOST_TIMES and peak <= MOST_MIB
        print(
            f"100,000 within 12 x the time of 10,000 and 8 GiB: {longer:.1f} x, "
            f"{peak / 1024:.1f} GiB: {'reached' if reached else 'MISSED'}"
        )
    if asked.out:
        asked.out.write_text(json.dumps([asdict(load) for load in done], indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
