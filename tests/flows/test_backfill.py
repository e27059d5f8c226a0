"""Past dates published again."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path

import pytest

from flows.backfill_record import begun, records
from flows.cli import EXIT_FAILED, EXIT_PUBLISHED, main
from flows.descendants import descendants
from flows.reader import read_manifest, read_table, snapshot_dir
from tests.flows.conftest import child_environment, digests
from tests.flows.tiny import END

pytestmark = pytest.mark.usefixtures("prefect_server")


def run(config: Path, *arguments: str) -> int:
    return main([arguments[0], "--config", str(config), *arguments[1:]])


def test_a_range_is_published_as_restated_history_and_latest_stays(tiny_night: Path) -> None:
    config, exports = tiny_night, tiny_night.parent / "exports"
    fresh = json.loads((exports / "freshness.json").read_text())
    days = [END - timedelta(days=14), END - timedelta(days=7)]
    span = ["--from", str(days[0]), "--to", str(END - timedelta(days=1))]
    assert run(config, "backfill", *span) == EXIT_PUBLISHED
    for day in days:
        manifest = read_manifest(snapshot_dir(exports, day))
        assert manifest["restated"] is True
        weekly = read_table(exports, "demand_weekly", day)
        assert weekly["week_start"].max() <= day, "a past night sees nothing later"
    assert read_manifest(snapshot_dir(exports))["as_of"] == str(END)
    assert json.loads((exports / "freshness.json").read_text()) == fresh


def test_as_published_gives_the_same_bytes_or_says_what_is_different(
    tiny_night: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, exports = tiny_night, tiny_night.parent / "exports"
    before = digests(exports / f"as_of={END}", "*")
    one = ["--from", str(END), "--to", str(END), "--as-published"]
    assert run(config, "backfill", *one) == EXIT_PUBLISHED
    assert digests(exports / f"as_of={END}", "*") == before
    config.write_text(config.read_text() + "\n# changed\n")
    assert run(config, "backfill", *one) == EXIT_FAILED
    assert "another configuration" in capsys.readouterr().err
    assert digests(exports / f"as_of={END}", "*") == before


def snapshots(exports: Path, days: list[date]) -> dict[str, str]:
    return {str(day): snapshot_dir(exports, day).name for day in days}


@pytest.mark.soak
def test_a_backfill_cut_short_goes_on_and_side_by_side_is_equal_to_one_after_another(
    tiny_night: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tiny_night
    control = tmp_path / "control"
    shutil.copytree(config.parent, control, symlinks=True)
    days = [END - timedelta(days=14), END - timedelta(days=7)]
    span = ["--from", str(days[0]), "--to", str(days[1])]
    assert run(control / config.name, "backfill", *span) == EXIT_PUBLISHED
    exports, lake = config.parent / "exports", digests(config.parent / "lake" / "tables", "*")
    side_by_side = [*span, "--jobs", "2", "--reason", "tickets of July came late"]
    _kill_after_first(config, side_by_side, exports)
    (record,) = records(exports)
    assert (list(record.done), record.ended_at) == ([str(days[0])], None)
    assert "stopped after 1: run it again to go on" in _listed(config, capsys)
    first = (exports / f"as_of={days[0]}").lstat().st_mtime_ns
    assert run(config, "backfill", *side_by_side) == EXIT_PUBLISHED
    assert (exports / f"as_of={days[0]}").lstat().st_mtime_ns == first, "it was not run again"
    assert snapshots(exports, days) == snapshots(control / "exports", days)
    assert digests(config.parent / "lake" / "tables", "*") == lake, "a replay only reads"
    told = _listed(config, capsys)
    assert "2 dates" in told
    assert "exit code 0" in told
    assert "tickets of July came late" in told
    (record,) = records(exports)
    assert [one["exit_code"] for one in record.done.values()] == [0, 0]
    assert record.still_stands(exports, str(days[1]))


def _kill_after_first(config: Path, arguments: list[str], exports: Path) -> None:
    """A backfill in a process of its own, killed as soon as one date is noted; its jobs die with it."""
    command = [sys.executable, "-m", "flows.cli", "backfill", "--config", str(config), *arguments]
    process = subprocess.Popen(
        command,
        cwd=Path(__file__).resolve().parents[2],
        env=child_environment(config.parent / "home"),
        stdout=subprocess.DEVNULL,
    )
    while not any(record.done for record in records(exports)):
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.05)
    jobs = descendants(process.pid)
    assert jobs
    process.kill()
    process.wait()
    for _ in range(200):
        if not any(_lives(job) for job in jobs):
            return
        time.sleep(0.05)
    pytest.fail("a replay outlived its backfill")


def _lives(pid: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


def _listed(config: Path, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert run(config, "backfills") == EXIT_PUBLISHED
    return capsys.readouterr().out


def test_the_same_request_goes_on_and_another_or_a_new_one_begins(tmp_path: Path) -> None:
    asked = {
        "days": ["2026-01-01"],
        "as_published": False,
        "code_sha256": "c",
        "settings_sha256": "s",
    }
    first = begun(tmp_path, asked, "why", again=False)
    first.save(tmp_path)
    assert begun(tmp_path, asked, "", again=False) == first
    assert begun(tmp_path, asked, "another", again=False).reason == "another"
    assert begun(tmp_path, asked, "", again=True).name != first.name
    assert begun(tmp_path, {**asked, "code_sha256": "d"}, "", again=False).name != first.name
    first.ended_at = "2026-01-02T00:00:00+00:00"
    first.save(tmp_path)
    assert begun(tmp_path, asked, "", again=False).name != first.name
    assert not first.still_stands(tmp_path, "2026-01-01")
    (tmp_path / "backfills" / "torn.json").write_text("{")
    assert [one.name for one in records(tmp_path)] == [first.name]


def test_a_date_that_was_never_published_is_named(
    tiny_night: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tiny_night
    day = str(END - timedelta(days=7))
    span = ["--from", day, "--to", day, "--as-published"]
    assert run(config, "backfill", *span) == EXIT_FAILED
    assert day in capsys.readouterr().err
