"""What the machine may do to a night: no room, no access, a second night on the same lake."""

from __future__ import annotations

import errno
import logging
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from flows import artifacts, environment, stages
from flows.alone import AnotherNight, alone
from flows.cli import EXIT_FAILED, EXIT_USAGE, main
from flows.errors import DISK, OBSTACLES, disk_trouble, hide_refusals
from flows.optional import Optionals
from flows.stage_results import Published
from tests.flows.conftest import digests
from tests.flows.tiny import END, tiny_shop

ROOT = Path(__file__).resolve().parents[2]
HOLDER = """
import sys
from pathlib import Path
from flows.alone import alone
with alone(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_table_that_a_disk_keeps_from_being_made_names_the_place_and_the_remedy(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "snapshots").write_text("a file where a folder must be")
    desk = Optionals()
    desk.make("exceptions", (tmp_path / "snapshots" / "x.parquet").read_text)
    assert set(desk.failed) == {"exceptions"}
    (line,) = caplog.messages
    assert line.startswith("exceptions failed: ")
    assert "move it away" in line
    assert ".py:" not in line


def test_a_lake_is_held_by_one_process_and_let_go_of_when_it_is_killed(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(lake)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(AnotherNight, match="another night is running on the lake"), alone(lake):
        pass
    holder.kill()
    holder.communicate()
    with alone(lake):
        assert lake.stat().st_mode & 0o077 == 0


@pytest.mark.usefixtures("prefect_server")
def test_a_second_night_is_turned_away_with_one_line_and_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tiny_shop(tmp_path)
    with alone(tmp_path / "lake"):
        work = tmp_path / "lake" / "work" / "running"
        work.mkdir(parents=True)
        (work / "frame.parquet").write_bytes(b"of the night that runs")
        before = digests(tmp_path, "*")
        code = main(["nightly", "--config", str(config), "--as-of", END.isoformat()])
        assert digests(tmp_path, "*") == before
    told = capsys.readouterr().err
    assert code == EXIT_FAILED
    assert "another night is running on the lake" in told
    assert "Traceback" not in told


@pytest.mark.parametrize("number", sorted(DISK))
def test_what_a_disk_refuses_is_one_line_with_the_place_and_a_remedy(number: int) -> None:
    line = disk_trouble(OSError(number, "whatever", "exports/latest"))
    assert line is not None
    assert line.startswith("exports/latest: ")
    assert "free space or give access" in line


@pytest.mark.parametrize("number", sorted(OBSTACLES))
def test_a_file_where_a_folder_must_be_is_one_line_with_the_place(number: int) -> None:
    line = disk_trouble(OSError(number, "whatever", "exports/snapshots"))
    assert line is not None
    assert line.startswith("exports/snapshots: ")
    assert "move it away" in line
    assert disk_trouble(OSError(number, "whatever")) is None, "nobody would know where to look"


def test_polars_own_word_for_a_full_disk_is_understood() -> None:
    error = pl.exceptions.ComputeError("parquet: No space left on device (os error 28)")
    assert "No space left" in str(disk_trouble(error))


@pytest.mark.parametrize(
    "error",
    [None, ValueError("no"), FileNotFoundError(errno.ENOENT, "gone", "x"), OSError("plain")],
)
def test_other_errors_keep_their_traceback(error: Exception | None) -> None:
    assert disk_trouble(error) is None


def test_tracebacks_of_full_disks_are_not_shown_and_others_are() -> None:
    shown: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: shown.append(record.getMessage())  # type: ignore[method-assign]
    log = logging.getLogger("prefect.test_trouble")
    log.addHandler(handler)
    hide_refusals()
    for error in (OSError(errno.ENOSPC, "full"), ValueError("a bug")):
        log.error("%s", type(error).__name__, exc_info=(type(error), error, None))
    log.removeHandler(handler)
    assert shown == ["ValueError"]


@pytest.mark.usefixtures("prefect_server")
def test_exports_that_cannot_be_written_end_the_night_with_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(tmp_path / "exports"))

    monkeypatch.setattr(stages, "publish_night", full)
    monkeypatch.setattr("flows.nightly.publish.retries", 0)
    code = main(["nightly", "--config", str(tiny_shop(tmp_path)), "--as-of", END.isoformat()])
    told = capsys.readouterr().err
    assert code == EXIT_FAILED
    assert "No space left on device; free space" in told
    assert ", in full" not in told, "a frame of the traceback"
    assert not (tmp_path / "exports" / "latest.json").exists()


def test_a_home_without_room_is_named_before_the_night_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    environment.check_home()
    usage: Callable[[Any], Any] = lambda _: SimpleNamespace(free=1_000_000)  # noqa: E731
    monkeypatch.setattr("flows.environment.shutil.disk_usage", usage)
    with pytest.raises(environment.HomeError, match="only 1 MB are free"):
        environment.check_home()


def test_artifacts_that_fail_leave_the_night_published(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No snapshot there to draw from: the drawing fails, whatever Prefect does.
    nowhere = Published(date(2026, 1, 1), str(tmp_path), str(tmp_path), "Published", "x", ())
    monkeypatch.setattr(artifacts, "create_markdown_artifact", lambda **_: None)
    monkeypatch.setattr(logging.getLogger("hearcast"), "propagate", True)
    artifacts.create(nowhere)
    assert "artifacts could not be written" in caplog.text


@pytest.mark.parametrize(
    "command", [["nightly"], ["serve"], ["backfill", "--from", "2026-11-01", "--to", "2026-11-01"]]
)
def test_a_language_without_a_phrase_file_is_named_before_anything_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    config = tiny_shop(tmp_path)
    config.write_text(config.read_text() + '[tagging]\nlanguages = ["en", "xx"]\n')
    assert main([*command, "--config", str(config)]) == EXIT_USAGE
    assert "there is no phrase file for 'xx' (there are: en, pt)" in capsys.readouterr().err
    assert not (tmp_path / "lake").exists()
