"""The office's tables by size: `python -m bench.office [--customers 100000,1000000] [--quick] [--out FILE]`.

Each size in a process of its own on a shop of its own (``bench.office_shop``): what every table costs
and what all of them take together, beside 90 seconds and 6 GiB for a million customers.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.office_shop import LINES, write_office_shop

ROOT = Path(__file__).resolve().parents[1]
SIZES, QUICK = (100_000, 1_000_000), (10_000,)
FULL, MOST_SECONDS, MOST_MIB = 1_000_000, 90.0, 6 * 1024.0
SHOWN = 8
"""Tables printed, those that cost most."""


@dataclass(frozen=True, slots=True)
class Office:
    """What a size cost: all tables together, the process before them, and each table."""

    customers: int
    lines: int
    seconds: float
    cpu: float
    peak_mib: float
    before_cpu: float
    tables: dict[str, dict[str, float | str]]


def measured(customers: int, folder: Path) -> Office:
    """What the tables of a shop of so many customers cost, in a fresh process."""
    config = write_office_shop(folder, customers)
    command = [sys.executable, "-m", "bench.office_load", str(config)]
    run = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return office_of(customers, json.loads(run.stdout.splitlines()[-1]))


def office_of(customers: int, told: dict[str, dict[str, dict[str, float | str]]]) -> Office:
    """What a size cost, from what ``bench.office_load`` prints."""
    tables = told["tables"]
    seconds, cpu, peaks = (
        [float(one[name]) for one in tables.values()] for name in ("seconds", "cpu", "peak_mib")
    )
    return Office(
        customers, LINES * customers, round(sum(seconds), 1), round(sum(cpu), 1), max(peaks),
        float(str(told["before"]["cpu"])), tables,
    )  # fmt: skip


def verdict(one: Office) -> str:
    """Whether a million customers stay within the aim."""
    reached = one.seconds <= MOST_SECONDS and one.peak_mib <= MOST_MIB
    return (
        f"a million customers within 90 s and 6 GiB: {one.seconds:.0f} s, {one.peak_mib / 1024:.1f} GiB: "
        f"{'reached' if reached else 'MISSED'}"
    )


def show(one: Office) -> None:
    """Prints a size: all tables, then those that cost most."""
    print(
        f"{one.customers:>10,}{one.lines:>12,}{one.seconds:>9.1f}{one.cpu:>9.1f}{one.peak_mib:>10.0f}"
    )
    dearest = sorted(one.tables.items(), key=lambda told: -float(told[1]["cpu"]))
    for name, told in dearest[:SHOWN]:
        print(f"  {name:20}{told['seconds']:>9.1f}{told['cpu']:>9.1f}{told['peak_mib']:>10.0f}")


def main(arguments: list[str]) -> int:
    """The exit code: 0."""
    parser = argparse.ArgumentParser(prog="python -m bench.office", description=__doc__)
    parser.add_argument("--customers", default="", help="sizes, with commas between")
    parser.add_argument("--quick", action="store_true", help="one small size")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args(arguments)
    sizes = [int(n) for n in asked.customers.split(",") if n] or (QUICK if asked.quick else SIZES)
    print(f"{'customers':>10}{'lines':>12}{'seconds':>9}{'cpu s':>9}{'peak MiB':>10}")
    done = []
    for size in sizes:
        folder = Path(tempfile.mkdtemp(prefix="hearcast-office-"))
        try:
            done.append(measured(size, folder))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        show(done[-1])
        if size == FULL:
            print(verdict(done[-1]))
    if asked.out:
        asked.out.write_text(json.dumps([asdict(one) for one in done], indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
