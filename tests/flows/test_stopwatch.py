"""What a night tells while it runs: times, memory, lines of JSON, a line of progress."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows import progress, stopwatch
from flows.cli import start_log
from flows.progress import Bar, TerminalHandler
from flows.staging import locked
from flows.stopwatch import STAGE_FILE, lap, laps, note
from flows.timed import stage

LOG = logging.getLogger("hearcast")


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before, propagate = list(LOG.handlers), LOG.propagate
    yield
    LOG.handlers, LOG.propagate = before, propagate
    stopwatch.nothing_runs()


STAGES = """
import sys, time
from pathlib import Path
from flows.stopwatch import lap
folder = Path(sys.argv[1])
with lap(folder, "pull"):
    held = bytearray(200 << 20)
    held[:: 1 << 12] = b"x" * len(held[:: 1 << 12])
del held
with lap(folder, "validate"):
    time.sleep(0.05)
"""


def test_a_lap_has_seconds_processor_seconds_and_the_memory_of_its_own_stage(
    tmp_path: Path,
) -> None:
    # In a process of its own: one that ran other tests uses memory again that it has already.
    subprocess.run([sys.executable, "-c", STAGES, str(tmp_path)], check=True)
    first, second = laps(tmp_path)
    assert (first.stage, second.stage) == ("pull", "validate")
    assert second.seconds >= 0.05 > second.cpu_seconds
    assert first.peak_mib > second.peak_mib + 150, "each stage has a peak of its own"


def test_a_stage_that_fails_has_its_time_too(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no"), lap(tmp_path, "pull"):
        raise ValueError("no")
    assert [one.stage for one in laps(tmp_path)] == ["pull"]
    assert laps(tmp_path / "nowhere") == []


def test_who_watches_reads_what_is_being_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(STAGE_FILE, str(tmp_path / "stage"))
    note(run_id="r1", stage="listen")
    note(stage="forecast", rung="full")
    told = json.loads((tmp_path / "stage").read_text())
    assert told == {"run_id": "r1", "stage": "forecast", "rung": "full"}


def test_each_line_of_json_says_which_run_which_stage_and_how_long(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start_log(as_json=True)
    note(run_id="r1", as_of="2026-11-17")
    with stage(tmp_path, "pull"):
        LOG.info("12 new rows stored")
    inside, after = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert inside["message"] == "12 new rows stored"
    for line in (inside, after):
        assert (line["run_id"], line["as_of"], line["stage"]) == ("r1", "2026-11-17", "pull")
        assert line["level"] == "info"
    assert {"seconds", "cpu_seconds", "peak_mib"} <= set(after)
    assert "seconds" not in inside


def test_a_terminal_shows_one_line_below_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    bar = Bar(stream=screen)
    monkeypatch.setattr(progress, "BAR", bar)
    handler = TerminalHandler()
    handler.stream = screen
    bar.stage("listen")
    bar.shards("listen", 3, 4)
    handler.emit(logging.makeLogRecord({"msg": "a line"}))
    bar.end()
    shown = screen.getvalue()
    assert "] listen 3/4" in shown
    before, after = shown.split("a line\n")
    assert before.endswith("\r\x1b[K"), "the line of progress makes room for the log"
    assert "] listen 3/4" in after
    assert after.endswith("\r\x1b[K")


def test_where_there_is_no_terminal_nothing_is_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    start_log(as_json=False)
    Bar().stage("pull")
    LOG.info("plain")
    assert capsys.readouterr().err.endswith("INFO plain\n")


def test_a_lock_that_somebody_holds_is_waited_for_so_long_and_no_longer(tmp_path: Path) -> None:
    with locked(tmp_path / ".lock"):
        began = time.monotonic()
        with pytest.raises(TimeoutError, match="another process holds"):  # noqa: SIM117
            with locked(tmp_path / ".lock", 0.3):
                pytest.fail("two hold it")
        assert time.monotonic() - began < 5
    with locked(tmp_path / ".lock", 0.3):
        pass
