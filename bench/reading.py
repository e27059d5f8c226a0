"""Order lines from a file to weekly units, beside DuckDB: `python -m bench.reading [--rows N]`.

Each way in a process of its own, on the same file, in the same run; their weekly sums must agree.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from bench.lines import write_lines
from bench.reading_load import WAYS, Reading

ROWS, QUICK = 10_000_000, 500_000
MOST_TIMES, MOST_MIB = 1.2, 4 * 1024.0


def measured(way: str, path: Path) -> Reading:
    """What one way cost in a fresh process."""
    command = [sys.executable, "-m", "bench.reading_load", way, str(path)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        raise RuntimeError(f"{way} {path.name}: exit {run.returncode}\n{run.stderr[-2000:]}")
    return Reading(**json.loads(run.stdout.splitlines()[-1]))


def main(arguments: list[str]) -> int:
    """The exit code: 1 where two ways give other sums."""
    parser = argparse.ArgumentParser(prog="python -m bench.reading")
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--quick", action="store_true", help="half a million rows")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args(arguments)
    rows = QUICK if asked.quick else asked.rows
    found: dict[str, list[Reading]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for kind, path in write_lines(Path(folder), rows).items():
            print(f"{rows:,} order lines, {kind}")
            print(f"{'way':>16}{'seconds':>9}{'cpu s':>9}{'peak MiB':>10}")
            found[kind] = []
            for way in WAYS:
                one = measured(way, path)
                found[kind].append(one)
                print(f"{way:>16}{one.seconds:9.1f}{one.cpu:9.1f}{one.peak_mib:10.0f}", flush=True)
            _verdict(found[kind])
    if asked.out:
        told = {kind: [asdict(one) for one in ones] for kind, ones in found.items()}
        asked.out.write_text(json.dumps({"rows": rows, "ways": told}, indent=1))
    sums = {(one.weeks, one.milli) for ones in found.values() for one in ones}
    if len(sums) > 1:
        print(f"the weekly sums differ: {sums}")
    return int(len(sums) > 1)


def _verdict(ones: list[Reading]) -> None:
    by_way = {one.way: one for one in ones}
    mine = by_way["ours"]
    for other in ("duckdb", "duckdb_judged"):
        times = mine.cpu / by_way[other].cpu
        print(
            f"ours takes {times:.1f} x the processor time of {other} "
            f"(aim {MOST_TIMES}: {'reached' if times <= MOST_TIMES else 'MISSED'})"
        )
    fits = "reached" if mine.peak_mib <= MOST_MIB else "MISSED"
    print(f"ours within 4 GiB: {mine.peak_mib / 1024:.1f} GiB: {fits}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
