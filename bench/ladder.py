"""Whole nights from small to large: `python -m bench.ladder [--rungs 0.1,1,10] [--quick] [--out FILE]`.

Each rung is a shop of its own (``bench.sized``) on an empty lake, where Prefect's database is made
already; the night runs in a process of its own, stage by stage, and its memory, with all its
processes, is watched from outside. Beside the rungs that it can finish, the same job assembled from
pandas, spaCy and statsforecast.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.family import Watched
from bench.sized import END, Size, write_shop

ROOT = Path(__file__).resolve().parents[1]
PEERS_PYTHON = ROOT / ".venv-bench" / "bin" / "python"
RUNGS = {
    "0.1": Size(100_000, 10_000, 500),
    "1": Size(1_000_000, 100_000, 2_000),
    "10": Size(10_000_000, 1_000_000, 10_000),
}
MOST_SECONDS, MOST_MIB = 300.0, 6 * 1024.0
BESIDE, LIMIT_MINUTES = ("0.1", "1"), 40.0


@dataclass(frozen=True, slots=True)
class Rung:
    """What a job cost: wall and processor seconds, peak MiB of all processes, and its stages."""

    job: str
    lines: int
    passages: int
    series: int
    exit_code: int
    seconds: float
    cpu: float
    peak_mib: float
    stages: dict[str, dict[str, float]]


def climb(job: str, size: Size, command: list[str], environment: dict[str, str]) -> Rung | None:
    """Runs a job and watches it; None where it took longer than the limit."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as said:
        started = time.perf_counter()
        running = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=said, stderr=sys.stderr
        )
        family = Watched(running.pid)
        while running.poll() is None:
            family.look()
            if time.perf_counter() - started > 60 * LIMIT_MINUTES:
                running.terminate()
                running.wait()
                return None
            time.sleep(1.0)
        seconds = time.perf_counter() - started
        said.seek(0)
        lines = [line for line in said.read().splitlines() if line.startswith('{"stages"')]
    told = json.loads(lines[-1]) if lines else {"stages": {}, "cpu": 0.0}
    return Rung(
        job, size.lines, size.passages, size.series, running.returncode, round(seconds, 1),
        told["cpu"], round(family.peak_mib), told["stages"],
    )  # fmt: skip


def night(size: Size, folder: Path) -> Rung | None:
    """A first night on the shop in `folder`, which takes everything in."""
    environment = {
        **os.environ,
        "HEARCAST_PATHS__LAKE": str(folder / "lake"),
        "HEARCAST_PATHS__EXPORTS": str(folder / "exports"),
        "PREFECT_HOME": str(folder / "prefect"),
    }
    # Once for each installation, like compiling: some eight seconds.
    database = [sys.executable, "-m", "prefect", "server", "database", "upgrade", "--yes"]
    subprocess.run(database, env=environment, stdout=subprocess.DEVNULL, check=True)
    command = [sys.executable, "-m", "bench.staged", str(folder / "hearcast.toml"), END.isoformat()]
    return climb("hearcast", size, command, environment)


def assembled(size: Size, folder: Path) -> Rung | None:
    """The same job from other parts; None where they are not installed or take too long."""
    if not PEERS_PYTHON.exists():
        print("  the peers are not installed here: `make bench` measures beside them")
        return None
    command = [str(PEERS_PYTHON), "-m", "bench.assembled", str(folder)]
    return climb("pandas + spaCy + statsforecast", size, command, dict(os.environ))


def show(rung: Rung, before: Rung | None) -> None:
    """Prints a rung, its stages, and how often the rung before it each takes."""
    times = f"{rung.cpu / before.cpu:8.1f}" if before and before.cpu else f"{'-':>8}"
    print(
        f"{rung.job:32}{rung.lines:12,}{rung.passages:11,}{rung.series:8,}{rung.seconds:9.1f}"
        f"{rung.cpu:9.1f}{times}{rung.peak_mib:10,.0f}  exit {rung.exit_code}"
    )
    for name, cost in rung.stages.items():
        was = before.stages.get(name) if before else None
        grown = f"{cost['cpu'] / max(was['cpu'], 0.01):8.1f}" if was else f"{'-':>8}"
        print(
            f"  {name:61}{cost['seconds']:9.1f}{cost['cpu']:9.1f}{grown}{cost['peak_mib']:10,.0f}"
        )
    sys.stdout.flush()


def verdict(rung: Rung) -> str:
    """Whether the largest rung is within what is asked of it."""
    reached = rung.seconds <= MOST_SECONDS and rung.peak_mib <= MOST_MIB
    by_cpu = rung.cpu / (os.cpu_count() or 1)
    return (
        f"10 M lines within {MOST_SECONDS:.0f} s and {MOST_MIB / 1024:.0f} GiB: "
        f"{rung.seconds:.0f} s ({rung.cpu:.0f} s of processor; {by_cpu:.0f} s if both cores were "
        f"always busy), {rung.peak_mib / 1024:.1f} GiB: {'reached' if reached else 'MISSED'}"
    )


def main(arguments: list[str]) -> int:
    """The exit code: 1 where a night failed."""
    parser = argparse.ArgumentParser(prog="python -m bench.ladder", description=__doc__)
    parser.add_argument("--rungs", default="", help="million order lines: 0.1, 1, 10")
    parser.add_argument("--quick", action="store_true", help="the smallest rung")
    parser.add_argument("--alone", action="store_true", help="without the peers")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args(arguments)
    names = [n for n in asked.rungs.split(",") if n] or list(RUNGS)[: 1 if asked.quick else None]
    if unknown := set(names) - set(RUNGS):
        parser.error(f"no rung {', '.join(sorted(unknown))}; there are {', '.join(RUNGS)}")
    print(
        f"{'job':32}{'lines':>12}{'passages':>11}{'series':>8}{'seconds':>9}{'cpu s':>9}"
        f"{'x':>8}{'peak MiB':>10}"
    )
    done: list[Rung] = []
    for name in names:
        folder = Path(tempfile.mkdtemp(prefix="hearcast-ladder-"))
        try:
            write_shop(folder, RUNGS[name])
            jobs = [night] if asked.alone or name not in BESIDE else [night, assembled]
            for job in jobs:
                rung = job(RUNGS[name], folder)
                if rung is None:
                    continue
                show(rung, next((r for r in reversed(done) if r.job == rung.job), None))
                done.append(rung)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    for rung in done:
        if rung.lines == RUNGS["10"].lines:
            print(verdict(rung))
    if asked.out:
        asked.out.write_text(json.dumps([asdict(rung) for rung in done], indent=1))
    return int(any(rung.exit_code not in {0, 3} for rung in done))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
