"""One night measured from outside, as a scheduler would run it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from flows.reader import read_table

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Measured:
    """What a night cost: wall seconds from start to exit, peak memory of all its processes."""

    exit_code: int
    seconds: float
    peak_mib: float
    rows_in: int
    forecasts: int
    said: str


def measure(config: Path, as_of: str, *, nights: int = 1) -> list[Measured]:
    """Nights for one day, one after another, on a lake and exports of their own.

    The first takes everything in; the second finds nothing new.
    """
    with tempfile.TemporaryDirectory(prefix="hearcast-bench-") as folder:
        return [_night(config, as_of, Path(folder)) for _ in range(nights)]


def _night(config: Path, as_of: str, folder: Path) -> Measured:
    exports = folder / "exports"
    environment = {
        **os.environ,
        "HEARCAST_PATHS__LAKE": str(folder / "lake"),
        "HEARCAST_PATHS__EXPORTS": str(exports),
        "PREFECT_HOME": str(folder / "prefect"),
    }
    command = [sys.executable, "-m", "flows.cli", "nightly", "--config", str(config)]
    with (folder / "said").open("w+", encoding="utf-8") as said:
        started = time.perf_counter()
        process = subprocess.Popen(
            [*command, "--as-of", as_of],
            cwd=ROOT, env=environment, stdout=said, stderr=said, start_new_session=True,
        )  # fmt: skip
        peak = 0.0
        while process.poll() is None:
            peak = max(peak, _session_mib(process.pid))
            time.sleep(0.05)
        seconds = time.perf_counter() - started
        said.seek(0)
        last = said.read()[-2_000:]
    published = (exports / "latest.json").exists()
    rows_in = _rows_in(exports) if published else 0
    forecasts = read_table(exports, "forecasts").height if published else 0
    return Measured(process.returncode, seconds, peak, rows_in, forecasts, last)


def _rows_in(exports: Path) -> int:
    report = read_table(exports, "ingest_report")
    # A routed row counts once: it is a row of the table that it was routed to.
    return int(report["rows_in"].sum()) - int(report["rows_routed"].sum())


def _session_mib(session: int) -> float:
    """Resident memory of all processes of a session; 0 where there is no /proc.

    A page that processes share counts for each of them, so this is never too small.
    """
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        if int(fields[3]) == session:
            total += int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
    return total / 2**20
