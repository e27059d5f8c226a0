import json
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from bench.__main__ import BESIDE_PEERS, PARTS, command
from bench.load import forget_peak, peak_mib

ROOT = Path(__file__).parents[2]
PINNED = re.compile(
    r"([A-Za-z0-9._-]+)(?:\[[a-z0-9_, -]+\])?==([A-Za-z0-9.!+]+)(?: ; (.+?))?(?: \\)?"
)


def pins(name: str) -> dict[tuple[str, str], str]:
    text = (ROOT / name).read_text(encoding="utf-8")
    found = (PINNED.fullmatch(line) for line in text.splitlines())
    return {(m[1], m[3] or ""): m[2] for m in found if m}


def test_peers_run_on_the_versions_of_everything_that_our_models_run_on() -> None:
    ours, beside = pins("requirements.lock"), pins("requirements-bench.lock")
    differ = {name for (name, when), v in beside.items() if ours.get((name, when), v) != v}
    assert differ <= {"pandas"}
    for name in ("numpy", "numba", "polars", "scipy", "statsmodels"):
        assert {k: v for k, v in ours.items() if k[0] == name} == {
            k: v for k, v in beside.items() if k[0] == name
        }


def test_the_peers_lock_holds_hashes_and_no_address() -> None:
    text = (ROOT / "requirements-bench.lock").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if PINNED.fullmatch(line):
            assert following.startswith("    --hash=sha256:"), line
        else:
            assert re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}(?: \\)?", line), line
    assert not re.search(r"://|@ |--(extra-)?index-url|--find-links|/(home|opt|tmp|usr)/", text)
    assert {"lightgbm", "mlforecast", "statsforecast"} <= {name for name, _ in pins(
        "requirements-bench.lock"
    )}  # fmt: skip


@pytest.mark.parametrize("part", PARTS)
def test_every_part_is_a_programme_and_takes_quick(
    part: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = command(part, quick=True)
    assert words[2] == f"bench.{part}"
    assert "--quick" in words
    if part not in BESIDE_PEERS:
        monkeypatch.setattr(sys, "argv", [part, "--help"])
        with pytest.raises(SystemExit) as ended:
            runpy.run_module(words[2], run_name="__main__")
        assert ended.value.code == 0
        assert "--quick" in capsys.readouterr().out


@pytest.mark.soak
def test_a_load_tells_what_it_cost() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "bench.load", "40", "2"], cwd=ROOT, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    assert told["rows"] == 40 * 2 * 13
    assert told["seconds"] > 0
    assert told["first_call"] > 0


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="no /proc here")
def test_the_peak_can_be_forgotten() -> None:
    block = bytearray(200 * 2**20)
    before = peak_mib()
    del block
    forget_peak()
    assert peak_mib() < before - 150


COMPILED = (
    "numpy",
    "scipy",
    "llvmlite",
    "numba",
    "pyyaml",
    "greenlet",
    "cryptography",
    "polars-runtime-32",
)


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-bench.lock"])
def test_compiled_packages_are_locked_for_other_machines_than_this_one(name: str) -> None:
    """A lock made beside a folder of wheels holds the hashes of those wheels alone."""
    hashes: dict[str, int] = {}
    package = ""
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        if found := re.match(r"([a-z0-9-]+)(\[.*\])?==", line):
            package = found[1]
        elif line.startswith("    --hash="):
            hashes[package] = hashes.get(package, 0) + 1
    few = {one: hashes[one] for one in COMPILED if hashes.get(one, 9) < 5}
    assert not few
