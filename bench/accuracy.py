"""Accuracy beside the peers: `python -m bench.accuracy [--quick] [--out FILE]`.

Protocol: 13 weeks ahead, cutoffs 4 weeks apart, an expanding window; ours through ``backtest``, the
peers at the same cutoffs from the same weeks. MASE is of the mean, MASE50 of the median, SPL of the
quantiles .1 to .9, all scaled by the mean weekly change before the first cutoff.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from concurrent.futures import Executor
from pathlib import Path

import numpy as np

from bench import kept, libraries, peers, score
from bench.arrays import ask_of, frames_to_arrays, regressors, some
from bench.judge import (
    COMBINATIONS,
    OURS,
    WITHOUT,
    Method,
    average,
    show,
    show_verdicts,
    table,
    verdicts,
    without_nan,
)
from bench.panels import DATA, Case, data_folder, real_cases, simulated_cases
from bench.peers import Ask, Told
from bench.score import Made
from models.backtest import backtest
from models.types import Floats

PLAIN = ("seasonal naive", "12-week mean", "CrostonSBA", "TSB", "DynamicOptimizedTheta", "AutoETS")
SEASONED = {"theta_ds": "DynamicOptimizedTheta", "AutoETS_ds": "AutoETS"}
KEPT = Path(__file__).parent / "var" / "peers"
MOST_SIMULATED, MOST_SARIMAX = 400, 200
MOST_SLOW = {"AutoARIMA-X": 96, "AutoARIMA-X, leader only": 48}


def ours(case: Case) -> dict[str, Method]:
    """Our forecasts with signals and, where there are any, without."""
    started = time.perf_counter()
    done = backtest([case.known(w) for w in case.cutoffs], case.outcome, case.spec).forecasts
    seconds = time.perf_counter() - started
    made, plain = frames_to_arrays(case, done)
    every = np.arange(len(made.mean))
    out = {OURS: Method(Made(made.mean, made.quantiles, every), None, seconds, single=False)}
    if case.truth is not None:
        out[WITHOUT] = Method(Made(plain.mean, plain.quantiles, every), None, 0.0, single=False)
    return out


def _peer(pool: Executor, case: Case, name: str, most: int, *, signals: int) -> Method:
    """A peer that takes regressors, on a sample of the series; no rehearsal."""
    base = name.split(",", maxsplit=1)[0]
    rows = some(len(case.outcome.panels["units"].y), most)
    started, told = time.perf_counter(), []
    for weeks in case.cutoffs:
        ask = ask_of(case, weeks, rows)
        x = regressors(case, weeks, rows, signals=signals)
        told.append(libraries.local(pool, base, Ask(ask.y, ask.weeks, ask.groups, ask.horizon, x)))
    return Method(
        score.stacked(told, rows), None, time.perf_counter() - started, single=True
    )  # fmt: skip


def _everywhere(pool: Executor, name: str, asks: list[Ask], seasons: list[Floats]) -> list[Told]:
    """One peer at every cutoff."""
    if name == "LightGBM":
        return list(pool.map(libraries.lightgbm, asks))
    base = SEASONED.get(name, name)
    return [
        libraries.local(pool, base, ask, season=season if name in SEASONED else None)
        for ask, season in zip(asks, seasons, strict=True)
    ]


def all_peers(
    pool: Executor, case: Case, *, quick: bool, skip: str | None = None
) -> dict[str, Method]:
    """Every peer and combination on one case."""
    n = len(case.outcome.panels["units"].y)
    rows = some(n, n if case.truth is None else MOST_SIMULATED)
    times = (*case.rehearsals, *case.cutoffs)
    asks = [ask_of(case, weeks, rows) for weeks in times]
    seasons = [peers.pooled_season(ask) for ask in asks]
    told: dict[str, list[Told]] = {}
    seconds = {}
    for name in (*PLAIN, *SEASONED, "LightGBM"):
        started = time.perf_counter()
        told[name] = _everywhere(pool, name, asks, seasons)
        seconds[name] = time.perf_counter() - started
    for name, parts in COMBINATIONS.items():
        told[name] = [peers.mean_of(list(at)) for at in zip(*(told[p] for p in parts), strict=True)]
    cut = len(case.rehearsals)
    out = {
        name: Method(
            score.stacked(t[cut:], rows), score.stacked(t[:cut], rows),
            seconds.get(name, 0.0), single=name not in COMBINATIONS,
        )
        for name, t in told.items()
    }  # fmt: skip
    if case.truth is None:
        return out
    k = len(case.truth)
    wanted = {"SARIMAX": 0, "SARIMAX-X": k, "SARIMAX-X, leader only": 1, "AutoARIMA-X": k}
    if not quick and n <= MOST_SIMULATED:  # on the small panel: it is the slowest of all
        wanted["AutoARIMA-X, leader only"] = 1
    for name, signals in wanted.items():
        if skip and skip in name:
            continue
        limit = MOST_SLOW.get(name, MOST_SARIMAX)
        limit = min(limit, 24) if quick else limit
        out[name] = _peer(pool, case, name, limit, signals=signals)
    return out


def cases(*, quick: bool) -> list[Case]:
    """The real panels, where the folder is known, and the simulated ones."""
    folder = data_folder()
    if folder is None:
        print(f"real panels skipped: set {DATA} to the folder of the data", flush=True)
    real = [] if folder is None else real_cases(folder, quick=quick)
    return [*real, *simulated_cases(quick=quick)]


def main(arguments: list[str]) -> int:
    """The exit code: always 0, for the figures speak."""
    parser = argparse.ArgumentParser(prog="python -m bench.accuracy")
    parser.add_argument("--quick", action="store_true", help="a quarter of the series")
    parser.add_argument(
        "--reuse-peers", action="store_true", help="what the same peers told on the same panels"
    )
    parser.add_argument("--skip", help="leave out peers that take regressors and are named so")
    parser.add_argument("--only", default="", help="panels whose name contains this")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args(arguments)
    rows: list[dict[str, object]] = []
    found: list[dict[str, object]] = []
    with libraries.workers() as pool:
        for case in cases(quick=asked.quick):
            if asked.only not in case.name:
                continue
            key = kept.key_of(case, quick=asked.quick, skip=asked.skip)
            others = kept.load(KEPT, key) if asked.reuse_peers else None
            if others is None:
                others = all_peers(pool, case, quick=asked.quick, skip=asked.skip)
                kept.save(KEPT, key, others)
            methods = ours(case) | others
            part = table(case, methods)
            told = verdicts(case, methods, part)
            show(part)
            show_verdicts(told)
            rows, found = rows + part, found + told
    means = average(found)
    for name, share in means.items():
        print(f"mean over panels and bands: {100 * share:+6.1f} % {name}")
    if asked.out:
        asked.out.write_text(
            json.dumps(
                {"table": without_nan(rows), "verdicts": without_nan(found), "means": means},
                indent=1,
            )
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
