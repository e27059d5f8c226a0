"""`python -m bench [nights] [ladder] [office] [accuracy] [leads] [speed] [scale] [reading] [signals] [tagging] [policy] [--quick]`.

All parts by default.

Each part runs in a process of its own, with arithmetic capped at one thread and ours at two, prints
its table and writes bench/var/<part>.json; bench/var/runs.json says of each part's last run when, on
what and how long.
Parts with peers run in .venv-bench, which `make bench` sets up.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
VAR = ROOT / "bench" / "var"
RUNS = VAR / "runs.json"
PEERS_PYTHON = ROOT / ".venv-bench" / "bin" / "python"
PARTS = (
    "nights", "ladder", "office", "speed", "scale", "reading", "accuracy", "leads", "signals", "tagging",
    "policy",
)  # fmt: skip
BESIDE_PEERS = {"speed", "accuracy", "tagging"}
WRITES = {
    "nights", "ladder", "office", "speed", "scale", "reading", "accuracy", "leads", "tagging", "policy",
}  # fmt: skip
CAPS = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "2",
    "POLARS_MAX_THREADS": "2",
}
PACKAGES = ("numpy", "numba", "polars", "statsmodels")


def machine() -> dict[str, object]:
    """What the figures were made on."""
    packages = {}
    for name in PACKAGES:
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            packages[name] = "-"
    return {
        "at": datetime.now(UTC).isoformat(timespec="minutes"),
        "machine": platform.machine(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "python": platform.python_version(),
        "packages": packages,
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def command(part: str, *, quick: bool) -> list[str]:
    """The programme of one part."""
    beside = part in BESIDE_PEERS and PEERS_PYTHON.exists()
    python = str(PEERS_PYTHON) if beside else sys.executable
    out = ["--out", str(VAR / f"{part}.json")] if part in WRITES else []
    return [python, "-m", f"bench.{part}", *(["--quick"] if quick else []), *out]


def main(arguments: list[str]) -> int:
    """The exit code: 1 where a part failed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--quick", action="store_true", help="small samples: some minutes")
    asked = parser.parse_args(arguments)
    if unknown := set(asked.parts) - set(PARTS):
        parser.error(f"no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    VAR.mkdir(parents=True, exist_ok=True)
    parts = {part: measured(part, quick=asked.quick) for part in asked.parts or PARTS}
    total = sum(part["seconds"] for part in parts.values())
    print("\n" + ", ".join(f"{name} {part['seconds']:.0f} s" for name, part in parts.items()))
    print(f"together {total / 60:.1f} minutes; figures in {VAR.relative_to(ROOT)}")
    return int(any(part["exit"] for part in parts.values()))


def measured(part: str, *, quick: bool) -> dict[str, Any]:
    """One part, run; its record stands in runs.json in the place of its last one."""
    about = machine()
    print(
        f"\n{part}: {about['processor']}, {about['cores']} cores, load {about['load']:.1f}, "
        f"Python {about['python']}, {about['at']}",
        flush=True,
    )
    started = time.perf_counter()
    code = subprocess.run(
        command(part, quick=quick), cwd=ROOT, env=CAPS | dict(os.environ), check=False
    ).returncode
    took = round(time.perf_counter() - started, 1)
    record = about | {"quick": quick, "exit": code, "seconds": took}
    runs = json.loads(RUNS.read_text(encoding="utf-8")) if RUNS.exists() else {}
    RUNS.write_text(json.dumps(runs | {part: record}, indent=1), encoding="utf-8")
    return record


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
