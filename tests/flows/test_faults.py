"""What production does to nights, done to real ones; docs/operations.md has the same list.

Each fault is made, not pretended: a full disk is a full file system, a killed process is killed.
"""

from __future__ import annotations

import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from flows import heartbeat
from flows.alone import AnotherNight, alone
from flows.cli import EXIT_DEGRADED, EXIT_FAILED, EXIT_PUBLISHED, main
from flows.commands import one_night, report
from flows.deployments import Deployment
from flows.descendants import descendants
from flows.lake import Lake
from flows.reader import read_manifest, read_table, snapshot_dir
from flows.served import run_apart
from flows.staging import locked
from flows.stopwatch import STAGES
from tests.flows.conftest import child_environment, digests
from tests.flows.listeners import Hook, Monitor
from tests.flows.test_lake_health import flip
from tests.flows.tiny import END, FORECAST, order_rows
from tests.flows.written import write_config

ROOT = Path(__file__).resolve().parents[2]
NEXT = END + timedelta(days=1)
pytestmark = pytest.mark.usefixtures("prefect_server")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounts a file system or changes its user")


def nightly(config: Path, as_of: date | None, *more: str) -> int:
    day = [] if as_of is None else ["--as-of", as_of.isoformat()]
    return main(["nightly", "--config", str(config), *day, *more])


def freshness(config: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((config.parent / "exports" / "freshness.json").read_text())
    return told


def manifest(config: Path) -> dict[str, Any]:
    return read_manifest(snapshot_dir(config.parent / "exports"))


def rungs(config: Path) -> dict[str, list[str]]:
    rows = read_table(config.parent / "exports", "forecasts")
    by = rows.group_by("target").agg(pl.col("rung").unique().sort())
    return dict(by.iter_rows())


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, prefect_server: None) -> Path:  # noqa: ARG001
    """A shop with orders and tickets, and one full night; tests work on copies."""
    folder = tmp_path_factory.mktemp("published")
    (folder / "in").mkdir()
    (folder / "desk").mkdir()
    first = END - timedelta(days=280)
    order_rows(first, END).write_csv(folder / "in" / "orders.csv")
    opened = [first + timedelta(days=n // 2) for n in range(2 * 280)]
    rows = [f"T{n},{day}T12:00:00Z,S{n % 5}" for n, day in enumerate(opened)]
    (folder / "desk" / "tickets.csv").write_text(
        "\n".join(["ticket_id,opened_at,sku", *rows]) + "\n"
    )
    config = write_config(
        folder, {"order_lines": "in/*", "tickets": "desk/*"}, FORECAST.replace("s = 2", "s = 1")
    )
    assert nightly(config, END) == EXIT_PUBLISHED
    return config


@pytest.fixture
def shop(published: Path, tmp_path: Path) -> Path:
    shutil.copytree(published.parent, tmp_path / "shop", symlinks=True)
    return tmp_path / "shop" / published.name


def deliver(config: Path, first: date, last: date, name: str = "later.csv") -> None:
    order_rows(first, last, seed=9).write_csv(config.parent / "in" / name)


# -- one night at a time -------------------------------------------------------------------------
@as_root
def test_two_nights_in_two_containers_exclude_each_other(tmp_path: Path) -> None:
    """Another process namespace on the same kernel, as two containers over one volume."""
    code = (
        "import sys; from pathlib import Path; from flows.alone import alone\n"
        "with alone(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    apart = ["unshare", "--pid", "--mount", "--fork", "--kill-child", "--mount-proc"]
    holder = subprocess.Popen(
        [*apart, sys.executable, "-c", code, str(tmp_path / "lake")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    assert holder.stdout is not None
    if holder.stdout.readline() != "held\n":
        pytest.skip("this machine allows no other process namespace")
    with pytest.raises(AnotherNight), alone(tmp_path / "lake"):
        pass
    holder.kill()
    holder.communicate()
    for _ in range(100):
        try:
            with alone(tmp_path / "lake"):
                return
        except AnotherNight:
            time.sleep(0.05)
    pytest.fail("a killed container's lock stayed")


# -- disks ---------------------------------------------------------------------------------------
@as_root
def test_exports_without_room_fail_the_night_and_room_mends_it(
    shop: Path, hook: Hook, monitor: Monitor, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr("flows.nightly.publish.retries", 0)
    exports = shop.parent / "exports"
    aside = shop.parent / "aside"
    exports.rename(aside)
    exports.mkdir()
    with mounted(exports, "16m") as resize:
        shutil.copytree(aside, exports, symlinks=True, dirs_exist_ok=True)
        used = shutil.disk_usage(exports).used // 1024
        resize(f"{used + 64}k")
        before = digests(exports / "latest")
        assert nightly(shop, NEXT) == EXIT_FAILED
        told = capsys.readouterr().err
        assert "No space left on device; free space" in told
        assert "Traceback" not in told
        assert digests(exports / "latest") == before
        assert [said["title"] for said in hook.got] == ["Test: the night failed"]
        resize("64m")
        assert nightly(shop, NEXT) == EXIT_PUBLISHED
        assert manifest(shop)["as_of"] == str(NEXT)
        assert [said["title"] for said in hook.got][1:] == ["Test: nights are well again"]
        assert monitor.asked == ["/hush-ping/fail", "/hush-ping"]


class mounted:  # noqa: N801 - reads as what it does
    """A file system in memory at `folder`; calling what it gives changes its size."""

    def __init__(self, folder: Path, size: str) -> None:
        self.folder, self.size = folder, size

    def __enter__(self) -> Callable[[str], None]:
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={self.size}", "tmpfs", self.folder], check=False
        )
        if done.returncode:
            pytest.skip("this machine allows no mount")
        return lambda size: self._do("mount", "-o", f"remount,size={size}", str(self.folder))

    def __exit__(self, *_: object) -> None:
        self._do("umount", "-l", str(self.folder))

    def _do(self, *command: str) -> None:
        subprocess.run(command, check=True)


def test_a_file_that_may_not_grow_is_a_full_disk_and_leaves_nothing(tmp_path: Path) -> None:
    code = (
        "import resource, sys; import polars as pl; from pathlib import Path\n"
        "from flows.lake import Lake; from flows.errors import disk_trouble\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "frame = pl.DataFrame({'a': [str(n * 7919) for n in range(100_000)]})\n"
        "try: Lake(Path(sys.argv[1])).write_parquet('tables/x/1.parquet', frame)\n"
        "except Exception as error: print(disk_trouble(error))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "lake")],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    assert "File too large; free space or give access there" in done.stdout, done.stderr
    assert not (tmp_path / "lake" / "tables" / "x" / "1.parquet").exists()
    assert [p.suffix for p in (tmp_path / "lake").rglob("*") if p.is_file()] in ([".tmp"], [])


@as_root
@pytest.mark.soak
def test_a_lake_closed_to_the_account_fails_in_one_line_and_is_told_of(
    shop: Path,
    monitor: Monitor,
    tmp_path: Path,
) -> None:
    environ = {**child_environment(tmp_path / "home"), heartbeat.URL: monitor.url}
    lake = shop.parent / "lake"
    for one in (lake, *lake.rglob("*")):
        os.chown(one, 65534, 65534)
    # As an account without a superuser's way past permissions.
    drop = ["setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner,-chown"]
    command = [sys.executable, "-m", "flows.cli", "nightly", "--config", str(shop)]
    done = subprocess.run(
        [*drop, *command, "--as-of", str(NEXT)],
        cwd=ROOT, env=environ, capture_output=True, text=True, timeout=500, check=False,
    )  # fmt: skip
    assert done.returncode == EXIT_FAILED, done.stderr
    assert "Permission denied; free space or give access there" in done.stderr
    assert "Traceback" not in done.stderr
    assert freshness(shop)["last_attempt_status"] == "Failed"
    assert monitor.asked == ["/hush-ping/fail"]


# -- sources -------------------------------------------------------------------------------------
def test_a_folder_that_is_gone_degrades_the_night_and_forecasts_stay_fresh(
    shop: Path,
    hook: Hook,
) -> None:
    (shop.parent / "desk").rename(shop.parent / "unmounted")
    assert nightly(shop, NEXT) == EXIT_DEGRADED
    assert {one for found in rungs(shop).values() for one in found} == {"full"}
    (line,) = manifest(shop)["troubles"]
    assert "the folder desk is gone" in line
    assert line in hook.got[0]["message"]
    (shop.parent / "unmounted").rename(shop.parent / "desk")
    assert nightly(shop, NEXT) == EXIT_PUBLISHED
    report = read_table(shop.parent / "exports", "ingest_report")
    assert report["problem"].drop_nulls().is_empty(), "nothing is left to tell"


@pytest.mark.soak
def test_a_week_at_a_tenth_of_the_usual_is_held_until_the_rest_comes(shop: Path) -> None:
    week = END + timedelta(days=7)
    late = order_rows(END + timedelta(days=1), week, seed=9)
    late.tail(2).write_csv(shop.parent / "in" / "later.csv")
    assert nightly(shop, week) == EXIT_DEGRADED
    assert rungs(shop) == {"units": ["stale"], "tickets": ["stale"]}
    assert "order_lines" in manifest(shop)["held_inputs"]
    late.write_csv(shop.parent / "in" / "later.csv")
    assert nightly(shop, week) in (EXIT_PUBLISHED, EXIT_DEGRADED)
    assert rungs(shop)["units"] == ["full"]


def test_a_stage_that_hangs_is_ended_at_the_limit(
    shop: Path, hook: Hook, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Publishing waits for ever for a lock that a hung process holds."""
    monkeypatch.setenv("HEARCAST_RUN__TIMEOUT_MINUTES", "0.4")
    monkeypatch.setattr("flows.exports.TELLING_SECONDS", 1.0)
    with locked(shop.parent / "exports" / ".lock"):
        assert nightly(shop, NEXT) == EXIT_FAILED
    told = capsys.readouterr().err
    assert "the night was ended after 0.4 minutes, in the stage" in told
    assert "Traceback" not in told
    assert "freshness.json could not be written: another process holds the lock" in told
    assert "see whether a source or disk hangs" in hook.got[0]["message"]
    with alone(shop.parent / "lake"):
        pass


@pytest.mark.soak
def test_a_night_that_takes_too_long_is_ended_as_a_service_runs_it(
    shop: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HEARCAST_RUN__TIMEOUT_MINUTES", "0.02")
    for name, value in {**child_environment(tmp_path / "home"), "PYTHONPATH": str(ROOT)}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    parameters = {"config": str(shop), "as_of": str(NEXT)}
    ran = run_apart(Deployment("nightly", "flows/nightly.py:nightly", parameters, ()), shop)
    assert ran.name == "Failed"
    assert freshness(shop)["last_attempt_reason"] == "NightTooLong"


# -- keys, clocks --------------------------------------------------------------------------------
def test_a_key_that_is_not_there_ends_the_night_before_anything_lands(
    shop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(shop, NEXT, NEXT)
    monkeypatch.setenv("HEARCAST_PRIVACY__KEY_BLOCK", "no-such-block")
    before = digests(shop.parent / "lake", "*.json")
    assert nightly(shop, NEXT) == EXIT_FAILED
    assert "no Prefect Secret block is named 'no-such-block'" in capsys.readouterr().err
    assert digests(shop.parent / "lake", "*.json") == before


@pytest.mark.soak
def test_a_clock_that_fell_back_degrades_the_night_and_lands_nothing(
    shop: Path,
    hook: Hook,
) -> None:
    entry = shop.parent / "lake" / "log" / "00000001.json"
    later = datetime.now(UTC).date() + timedelta(days=30)
    entry.write_text(json.dumps({**json.loads(entry.read_text()), "landed_as_of": str(later)}))
    deliver(shop, NEXT, NEXT)
    assert nightly(shop, None) == EXIT_DEGRADED
    assert [e.number for e in Lake(shop.parent / "lake").landings()] == [1]
    assert f"data of {later} have landed already" in hook.got[0]["message"]
    far = datetime.now(UTC).date() - timedelta(days=800)
    entry.write_text(json.dumps({**json.loads(entry.read_text()), "landed_as_of": str(far)}))
    assert nightly(shop, None) == EXIT_FAILED
    assert "set the clock right" in hook.got[1]["message"]


# -- the lake ------------------------------------------------------------------------------------
def test_damaged_tickets_cost_the_tickets_alone_and_a_backup_mends_them(shop: Path) -> None:
    part = next((shop.parent / "lake" / "tables" / "tickets").glob("*.parquet"))
    whole = part.read_bytes()
    flip(part)
    deliver(shop, NEXT, NEXT)
    assert nightly(shop, NEXT) == EXIT_DEGRADED
    assert rungs(shop) == {"units": ["full"], "tickets": ["stale"]}
    assert "hearcast repull" in manifest(shop)["held_inputs"]["tickets"]
    part.write_bytes(whole)
    assert report(one_night(str(shop), str(NEXT))) == EXIT_PUBLISHED
    assert rungs(shop) == {"units": ["full"], "tickets": ["full"]}


def test_damaged_orders_end_the_night_and_repull_brings_them_back_to_the_byte(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = digests(shop.parent / "exports" / "latest")
    flip(next((shop.parent / "lake" / "tables" / "order_lines").glob("*.parquet")))
    assert nightly(shop, END) == EXIT_FAILED
    told = capsys.readouterr().err
    assert "a landed file is damaged" in told
    assert "hearcast repull" in told
    assert main(["repull", "--config", str(shop)]) == EXIT_PUBLISHED
    assert "taken out: tables/order_lines" in capsys.readouterr().out
    assert nightly(shop, END) == EXIT_PUBLISHED
    after = digests(shop.parent / "exports" / "latest")
    reports = {
        "ingest_report.parquet",
        "quality_checks.parquet",
        "source_registry.parquet",
    }  # they tell of both landings
    assert {k: v for k, v in after.items() if k not in reports} == {
        k: v for k, v in before.items() if k not in reports
    }


# -- memory --------------------------------------------------------------------------------------
def test_a_night_killed_while_it_forecasts_steps_down_by_itself(
    shop: Path,
    monitor: Monitor,
    tmp_path: Path,
) -> None:
    """As the system kills what takes the most memory; on a terminal, with its line of progress."""
    environ = {**child_environment(tmp_path / "home"), heartbeat.URL: monitor.url, "COLUMNS": "400"}
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "flows.cli", "nightly", "--config", str(shop)]
    process = subprocess.Popen(
        [*command, "--as-of", str(NEXT)],
        cwd=ROOT, env=environ, stdout=subprocess.DEVNULL, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    told = ""
    killed = False
    for text in _said(ours):
        told += text
        if not killed and "] forecast" in told:
            watched = [p for p in descendants(process.pid) if _is_night(p)]
            os.kill(watched[0], signal.SIGKILL)
            killed = True
    assert process.wait(timeout=60) == EXIT_DEGRADED, told
    assert killed
    assert "trying again from the rung baseline" in told
    for stage in STAGES:
        assert f"] {stage}" in told, "the line of progress names each stage"
    assert {one for found in rungs(shop).values() for one in found} == {"baseline"}
    assert manifest(shop)["why"] == [
        "the full forecast was ended by SIGKILL, as where memory runs out"
    ]
    assert monitor.asked == ["/hush-ping/fail"]


def _is_night(pid: int) -> bool:
    return b"flows.cli" in Path(f"/proc/{pid}/cmdline").read_bytes()


def _said(terminal: int) -> Iterator[str]:
    try:
        while text := os.read(terminal, 4096):
            yield text.decode(errors="replace")
    except OSError:  # the other side is closed
        os.close(terminal)


# -- what every night tells ----------------------------------------------------------------------
def test_the_manifest_tells_times_memory_and_where_each_table_comes_from(published: Path) -> None:
    told = manifest(published)
    assert [one["stage"] for one in told["stages"]] == list(STAGES[:5])
    for one in told["stages"]:
        assert one["seconds"] >= 0
        assert one["peak_mib"] > 50
    assert sum(one["cpu_seconds"] for one in told["stages"]) > 0.5
    for name in ("latest", f"pointers/as_of={told['as_of']}"):
        pointer = json.loads((published.parent / "exports" / f"{name}.json").read_bytes())
        assert pointer["stages"][:5] == told["stages"]
        assert [one["stage"] for one in pointer["stages"]] == list(STAGES), "publishing and alerts"
        assert pointer["content_id"] == told["content_id"]
    assert {"order_lines", "tickets"} == set(told["inputs"])
    assert told["inputs"]["tickets"]["rows"] == 560
    assert told["rests_on"]["demand_weekly"] == ["order_lines", "tickets"]
    assert set(told["rests_on"]) == {n for n, e in told["tables"].items() if "sha256" in e}
    for name in ("code_sha256", "configuration_sha256", "settings_sha256"):
        assert len(told[name]) == 64


def test_files_are_open_to_whom_they_are_meant_for_and_no_others(published: Path) -> None:
    lake, exports = published.parent / "lake", published.parent / "exports"
    for path in (lake, *lake.rglob("*")):
        assert path.stat().st_mode & 0o077 == 0, path
    for path in (exports, *exports.rglob("*")):
        mode = path.stat().st_mode
        assert mode & 0o022 == 0, f"{path} can be written by others"
        assert not path.is_file() or mode & 0o111 == 0, f"{path} is executable"
    for path in (exports / "latest").glob("*"):
        assert path.stat().st_mode & 0o044 == 0o044, f"{path} cannot be read by others"


def test_a_date_that_is_no_date_reaches_no_path(shop: Path) -> None:
    for day in ("../../etc/passwd", "2026-11-15/../../x", "latest"):
        with pytest.raises(ValueError, match="isoformat"):
            snapshot_dir(shop.parent / "exports", day)
    state = one_night(str(shop), "../../outside")
    assert state.name == "Failed"
    assert "is not a date like 2026-11-17" in str(state.result(raise_on_failure=False))
