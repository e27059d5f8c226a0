"""`python -m bench [sample] [online_retail]`: a table of what nights cost on this machine."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

from bench.night import ROOT, Measured, measure

CASES = {
    "sample": (ROOT / "hearcast.toml", "2026-11-17"),
    "online_retail": (ROOT / "examples" / "online_retail.toml", "2011-12-09"),
}
DATA = "HEARCAST_EXAMPLES_DATA"


def main(names: list[str]) -> int:
    """The exit code: 1 where a night failed or a case is unknown."""
    if unknown := set(names) - set(CASES):
        print(f"no case {', '.join(sorted(unknown))}; there are {', '.join(CASES)}")
        return 1
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"{'night':32}{'seconds':>9}{'peak MiB':>10}{'rows in':>12}{'forecasts':>11}{'exit':>6}")
    failed = False
    for name in names or CASES:
        if name == "online_retail" and not Path(os.environ.get(DATA, "/nonexistent")).is_dir():
            print(f"{name:32}  skipped: set {DATA} to the folder of the examples' data")
            continue
        config, as_of = CASES[name]
        for what, night in zip(
            ("first", "nothing new"), measure(config, as_of, nights=2), strict=True
        ):
            _show(f"{name}, {what}", night)
            failed |= night.exit_code not in {0, 3}
    return int(failed)


def _show(name: str, night: Measured) -> None:
    print(
        f"{name:32}{night.seconds:9.1f}{night.peak_mib:10.0f}{night.rows_in:12,}"
        f"{night.forecasts:11,}{night.exit_code:6}"
    )
    if night.exit_code not in {0, 3}:
        print(night.said)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
