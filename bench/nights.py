"""A table of what nights cost on this machine: `python -m bench.nights [--quick] [--out FILE]`."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from bench.night import ROOT, Measured, measure
from bench.panels import DATA, data_folder

CASES = {
    "sample": (ROOT / "hearcast.toml", "2026-11-17"),
    "online_retail": (ROOT / "examples" / "online_retail.toml", "2011-12-09"),
}


def main(arguments: list[str]) -> int:
    """The exit code: 1 where a night failed."""
    parser = argparse.ArgumentParser(prog="python -m bench.nights")
    parser.add_argument("--quick", action="store_true", help="the bundled sample only")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args(arguments)
    print(f"{'night':32}{'seconds':>9}{'peak MiB':>10}{'rows in':>12}{'forecasts':>11}{'exit':>6}")
    done: dict[str, Measured] = {}
    for name in list(CASES)[: 1 if asked.quick else None]:
        if name == "online_retail" and data_folder() is None:
            print(f"{name:32}  skipped: set {DATA} to the folder of the examples' data")
            continue
        config, as_of = CASES[name]
        for what, night in zip(
            ("first", "nothing new"), measure(config, as_of, nights=2), strict=True
        ):
            done[f"{name}, {what}"] = night
            _show(f"{name}, {what}", night)
    if asked.out:
        told = {name: asdict(night) | {"said": ""} for name, night in done.items()}
        asked.out.write_text(json.dumps(told, indent=1))
    return int(any(night.exit_code not in {0, 3} for night in done.values()))


def _show(name: str, night: Measured) -> None:
    print(
        f"{name:32}{night.seconds:9.1f}{night.peak_mib:10.0f}{night.rows_in:12,}"
        f"{night.forecasts:11,}{night.exit_code:6}",
        flush=True,
    )
    if night.exit_code not in {0, 3}:
        print(night.said)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
