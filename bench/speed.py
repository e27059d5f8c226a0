"""Series a second beside the peers, in one run: `python -m bench.speed [--quick] [--out FILE]`.

Everybody forecasts 13 weeks with quantiles at 8 cutoffs of 156 simulated weeks on two cores: ours
with its gate, on 10,000 series; a peer on as many as its own speed allows, in two processes that
are warm, of one thread each. ARIMA and SARIMAX get 9 regressors: two harmonics and the five signals
at the true lag. Ratios are of wall time, and of processor time too, which a busy machine moves less.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from concurrent.futures import Executor
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from bench import libraries
from bench.arrays import ask_of, regressors, some
from bench.load import CUTOFFS
from bench.panels import Case, simulated_case
from bench.peers import Ask, Told
from bench.scale import measured

SAMPLES = {
    "AutoARIMA-X": 16,
    "SARIMAX-X": 60,
    "AutoETS": 200,
    "DynamicOptimizedTheta": 200,
    "LightGBM": 1000,
}
WITH_SIGNALS = ("AutoARIMA-X", "SARIMAX-X")
BOUNDS = {"AutoARIMA-X": 700, "SARIMAX-X": 120}
BOUND = 700


@dataclass(frozen=True, slots=True)
class Speed:
    """One method: series of the sample, wall and processor seconds for all its cutoffs."""

    method: str
    series: int
    seconds: float
    cpu: float
    failed: int = 0

    def rate(self) -> float:
        """Series a second."""
        return self.series / self.seconds


def peer_speed(pool: Executor, case: Case, name: str, series: int) -> Speed:
    """A peer on a sample of the series; making its input is not counted."""
    rows = some(len(case.outcome.panels["units"].y), series)
    asks = []
    for weeks in case.cutoffs:
        ask = ask_of(case, weeks, rows)
        if name in WITH_SIGNALS and case.truth is not None:
            ask = replace(ask, x=regressors(case, weeks, rows, signals=len(case.truth)))
        asks.append(ask)
    _once(pool, name, [_head(asks[0])] * 2)
    started = time.perf_counter()
    told = _once(pool, name, asks)
    return Speed(
        name, len(rows), time.perf_counter() - started, sum(t.cpu for t in told),
        sum(t.failed for t in told),
    )  # fmt: skip


def _once(pool: Executor, name: str, asks: list[Ask]) -> list[Told]:
    if name == "LightGBM":
        return list(pool.map(libraries.lightgbm, asks))
    return [libraries.local(pool, name, ask) for ask in asks]


def _head(ask: Ask, n: int = 4) -> Ask:
    groups = replace(ask.groups, codes=ask.groups.codes[:n] * 0, n=1)
    return replace(ask, y=ask.y[:n], groups=groups, x=None if ask.x is None else ask.x[:n])


def show(ours: Speed, others: list[Speed]) -> None:
    """Print the table of ratios."""
    print(
        f"{'method':24}{'series':>8}{'seconds':>9}{'cpu s':>9}{'series/s':>10}{'ours x':>9}"
        f"{'cpu x':>9}{'failed':>8}"
    )
    for one in (ours, *others):
        ratio = ours.rate() / one.rate()
        by_cpu = (ours.series / ours.cpu) / (one.series / one.cpu)
        bound = BOUNDS.get(one.method, 0)
        verdict = "" if not bound else f"  {'reached' if ratio >= bound else 'MISSED'} {bound} x"
        print(
            f"{one.method:24}{one.series:8,}{one.seconds:9.1f}{one.cpu:9.1f}{one.rate():10.2f}"
            f"{ratio:9.1f}{by_cpu:9.1f}{one.failed:8}{verdict}",
            flush=True,
        )
    word = "reached" if ours.rate() >= BOUND else "MISSED"
    print(f"ours, {BOUND} series a second warm: {word}")


def main(arguments: list[str]) -> int:
    """The exit code: 0."""
    parser = argparse.ArgumentParser(prog="python -m bench.speed")
    parser.add_argument("--quick", action="store_true", help="1,000 of ours, fewer of the peers'")
    parser.add_argument("--series", type=int, default=10_000, help="how many series of ours")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args(arguments)
    n, share = (1_000, 4) if asked.quick else (asked.series, 1)
    measured(0, minutes=20)  # leaves compiled code on disk for the processes that are timed
    load = measured(n, minutes=20)
    if load is None:
        print(f"ours: {n:,} series took over 20 minutes")
        return 1
    with tempfile.TemporaryDirectory(prefix="hearcast-bench-") as empty:
        cold = measured(0, minutes=20, cache=Path(empty))
    ours = Speed("Hearcast, warm", n, load.seconds, load.cpu)
    full = measured(n, minutes=20, challengers=True)
    with_all = [Speed("Hearcast, challengers", n, full.seconds, full.cpu)] if full else []
    case = simulated_case("speed", 50, 20, origins=CUTOFFS)
    with libraries.workers() as pool:
        others = [peer_speed(pool, case, name, max(k // share, 2)) for name, k in SAMPLES.items()]
    others = [*with_all, *others]
    show(ours, others)
    compiling = cold.first_call if cold else float("nan")
    print(
        f"first call of a process, 200 series: {load.first_call:.1f} s with compiled code on disk, "
        f"{compiling:.1f} s when everything is compiled anew"
    )
    if asked.out:
        rows = [asdict(one) for one in (ours, *others)]
        first = {"cached": load.first_call, "compiling": compiling}
        asked.out.write_text(json.dumps({"speed": rows, "first_call": first}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
