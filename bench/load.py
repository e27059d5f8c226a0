"""One size of our work in a process of its own: `python -m bench.load SERIES [CUTOFFS]`.

Prints one line of JSON. The work is the night's default set with its gate, 13 weeks ahead and
quantiles, at 8 cutoffs, through ``backtest``. A small panel goes first, so that the large one finds
everything compiled; what that first call took is told too. The peak is of the work, not of making
the panel.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from bench.panels import protocol
from flows.memory import reuse_large_blocks
from models.backtest import backtest
from models.simulate.panels import PanelSpec, first_weeks, simulated_panel

PER_CATEGORY = 20
FIRST_SERIES = 200
CUTOFFS = 8
SEED = 4201


CHALLENGED = "challenged"


@dataclass(frozen=True, slots=True)
class Load:
    """What one size cost: wall and processor seconds, peak MiB while it ran, rows made."""

    series: int
    cutoffs: int
    first_call: float
    seconds: float
    cpu: float
    peak_mib: float
    rows: int


def run(series: int, cutoffs: int, *, challengers: bool) -> tuple[float, float, float, int]:
    """Seconds, processor seconds, peak MiB and rows of one backtest.

    ``challengers``: with statsmodels' models, which nights fit for every sum.
    """
    spec = PanelSpec(
        n_categories=max(series // PER_CATEGORY, 1), per_category=PER_CATEGORY, seed=SEED
    )
    known, wanted, _ = simulated_panel(spec)
    wanted = replace(wanted, levels=("sku",), challengers=challengers)
    knowns = [first_weeks(known, n) for n in protocol(spec.weeks, cutoffs)]
    forget_peak()
    wall, cpu = time.perf_counter(), time.process_time()
    rows = backtest(knowns, known, wanted).forecasts.height
    return time.perf_counter() - wall, time.process_time() - cpu, peak_mib(), rows


def forget_peak() -> None:
    """Let the peak of resident memory start anew, where the system can."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def peak_mib() -> float:
    """The peak of resident memory since it was forgotten; 0 where there is no /proc."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0.0
    kib = [line.split()[1] for line in lines if line.startswith("VmHWM")]
    return int(kib[0]) / 1024 if kib else 0.0


def main(arguments: list[str]) -> int:
    """The exit code: 0."""
    series, cutoffs = int(arguments[0]), int(arguments[1]) if arguments[1:] else CUTOFFS
    challengers = arguments[2:] == [CHALLENGED]
    reuse_large_blocks()  # as nights do
    first, *_ = run(FIRST_SERIES, cutoffs, challengers=challengers)
    nothing = (0.0, 0.0, 0.0, 0)
    seconds, cpu, peak, rows = run(series, cutoffs, challengers=challengers) if series else nothing
    print(json.dumps(asdict(Load(series, cutoffs, first, seconds, cpu, peak, rows))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
