"""Nights in a process of their own: what ends that process, and what is done about it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from flows import supervise as module
from flows.deadline import NightTooLong, deadline
from flows.descendants import descendants, end_abandoned
from flows.stepping import VARIABLE, Stepping
from flows.supervise import Ended, shell_code, supervise

ROOT = Path(__file__).parents[2]
DYING = """
import os, signal, sys
from flows.stepping import Stepping
from flows.stopwatch import note
before = Stepping.read(os.environ)
note(as_of="2026-11-15", run_id="r", stage=sys.argv[1], rung=before.top)
print(before.top, before.deaf, *before.why, sep="|", flush=True)
if sys.argv[2] != before.top:
    os.kill(os.getpid(), signal.SIGKILL)
sys.exit(3)
"""


def run(code: str, *arguments: str, seconds: float | None = None) -> tuple[Ended, list[str]]:
    lost: list[str] = []
    command = [sys.executable, "-c", code, *arguments]
    ended = supervise(command, seconds, lambda _ended, why: lost.append(why))
    return ended, lost


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def test_a_night_killed_while_it_forecasts_starts_again_one_rung_lower(
    capfd: pytest.CaptureFixture[str],
) -> None:
    ended, lost = run(DYING, "forecast", "seasonal_naive")
    assert (ended.code, lost) == (3, [])
    told = capfd.readouterr().out.splitlines()
    assert [line.split("|")[0] for line in told] == ["full", "baseline", "seasonal_naive"]
    assert told[2].split("|")[2:] == [
        "the full forecast was ended by SIGKILL, as where memory runs out",
        "the baseline forecast was ended by SIGKILL, as where memory runs out",
    ]


def test_a_night_killed_while_it_listens_starts_again_without_signals(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert run(DYING, "listen", "baseline")[0].code == 3
    assert capfd.readouterr().out.splitlines()[1].startswith("baseline|True|listening was ended by")


@pytest.mark.parametrize(("stage", "alive"), [("publish", "never"), ("forecast", "never")])
def test_a_night_that_dies_where_no_rung_helps_is_lost_and_told_of(stage: str, alive: str) -> None:
    ended, lost = run(DYING, stage, alive)
    assert shell_code(ended) == 137
    assert lost == [
        f"the night was ended by SIGKILL, as where memory runs out in the stage {stage}"
    ]
    assert ended.doing["as_of"] == "2026-11-15"


def test_compiled_code_that_never_returns_is_killed_with_all_that_it_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(module, "ROOM_SECONDS", 0.0)
    code = (
        "import subprocess, signal, time, sys; from pathlib import Path; signal.alarm(0)\n"
        "child = subprocess.Popen(['sleep', '600'])\n"
        "Path(sys.argv[1]).write_text(str(child.pid))\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32)); time.sleep(600)"
    )
    ended, lost = run(code, str(tmp_path / "pid"), seconds=3.0)
    assert (shell_code(ended), len(lost)) == (1, 1)
    assert "did not end at its limit" in lost[0]
    time.sleep(0.2)
    child = Path(f"/proc/{(tmp_path / 'pid').read_text()}/stat")
    assert not child.exists() or " Z " in child.read_text(), "a process outlived its night"


def test_a_watched_night_ends_with_the_process_that_watches(tmp_path: Path) -> None:
    night = (
        "import os, sys, time; from pathlib import Path\n"
        "from flows.descendants import die_with_parent\n"
        "die_with_parent(int(os.environ['HEARCAST_SUPERVISED_BY']))\n"
        "Path(sys.argv[1]).write_text(str(os.getpid())); time.sleep(600)"
    )
    watcher = (
        "import sys; from flows.supervise import supervise\n"
        "supervise([sys.executable, '-c', *sys.argv[1:]], None, print)"
    )
    pid = tmp_path / "pid"
    process = subprocess.Popen([sys.executable, "-c", watcher, night, str(pid)])
    while not pid.exists() or not pid.read_text():
        time.sleep(0.05)
    process.kill()
    process.wait()
    for _ in range(100):
        stat = Path(f"/proc/{pid.read_text()}/stat")
        if not stat.exists() or " Z " in stat.read_text():
            return
        time.sleep(0.05)
    pytest.fail("the night went on unwatched")


def test_what_a_night_left_behind_ends_with_the_next_one(tmp_path: Path) -> None:
    """The night ends with its watcher; what it had started does not, as a server of Prefect."""
    night = (
        "import os, subprocess, sys, time; from pathlib import Path\n"
        "from flows.descendants import die_with_parent\n"
        "die_with_parent(int(os.environ['HEARCAST_SUPERVISED_BY']))\n"
        "Path(sys.argv[1]).write_text(str(subprocess.Popen(['sleep', '600']).pid)); time.sleep(600)"
    )
    watcher = (
        "import sys; from flows.supervise import supervise\n"
        "supervise([sys.executable, '-c', *sys.argv[1:]], None, print)"
    )
    files = [tmp_path / "lost", tmp_path / "living"]
    watchers = [
        subprocess.Popen([sys.executable, "-c", watcher, night, str(file)]) for file in files
    ]
    try:
        while not all(file.exists() and file.read_text() for file in files):
            time.sleep(0.05)
        lost, living = (int(file.read_text()) for file in files)
        watchers[0].kill()
        watchers[0].wait()
        assert runs(lost), "nobody told it to end"
        assert run("pass")[0].code == 0
        assert not runs(lost)
        assert runs(living), "it belongs to a night that is watched"
    finally:
        for one in watchers:
            one.kill()
            one.wait()
        end_abandoned()


def runs(pid: int) -> bool:
    """Whether a process has not ended, a moment from now."""
    time.sleep(0.2)
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and " Z " not in stat.read_text()


def test_sigterm_reaches_the_night_and_is_no_reason_to_try_again(tmp_path: Path) -> None:
    watcher = (
        "import sys; from flows.supervise import supervise, shell_code\n"
        "print('up', flush=True)\n"
        "sys.exit(shell_code(supervise([sys.executable, '-c', sys.argv[1], sys.argv[2]], None, print)))"
    )
    night = "import sys, time; open(sys.argv[1], 'a').write('x'); time.sleep(600)"
    mark = tmp_path / "mark"
    process = subprocess.Popen([sys.executable, "-c", watcher, night, str(mark)])
    while not mark.exists():
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 128 + signal.SIGTERM
    assert mark.read_text() == "x", "it was not started again"


def test_what_died_is_read_back_as_it_was_told() -> None:
    below = Stepping().below({"stage": "listen"}, signal.SIGABRT)
    assert below is not None
    assert Stepping.read(below.variable()) == below
    assert Stepping.read({}) == Stepping()
    assert set(below.variable()) == {VARIABLE}
    crashed = Stepping().below({"stage": "pull", "reading": "ab"}, signal.SIGABRT)
    assert crashed is not None
    assert (crashed.top, crashed.refused) == ("full", ("ab",))
    assert Stepping.read(crashed.variable()) == crashed
    assert crashed.below({"stage": "pull", "reading": "ab"}, signal.SIGABRT) is None
    assert Stepping().below({"stage": "pull", "reading": "ab"}, signal.SIGKILL) is None
    assert Stepping().below({"stage": "pull", "reading": None}, signal.SIGABRT) is None
    last = Stepping(top="seasonal_naive").below({"stage": "forecast"}, signal.SIGKILL)
    assert last is not None
    assert last.top == "stale"
    assert last.below({"stage": "forecast", "rung": "stale"}, signal.SIGKILL) is None


def test_a_call_that_waits_for_a_hung_disk_is_interrupted(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "hung.csv")
    began = time.monotonic()
    said = "see whether a source or disk hangs"
    with pytest.raises(NightTooLong, match=said), deadline(0.3, print):
        (tmp_path / "hung.csv").read_bytes()
    assert time.monotonic() - began < 5


def test_outside_the_main_thread_the_limit_holds_too() -> None:
    found: list[BaseException] = []

    def night() -> None:
        try:
            with deadline(0.2, print):
                while True:
                    time.sleep(0.01)
        except NightTooLong as error:
            found.append(error)

    thread = threading.Thread(target=night)
    thread.start()
    thread.join(10)
    assert len(found) == 1


def test_a_night_within_its_limit_is_left_alone_and_earlier_alarms_go_on() -> None:
    rung: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda *_: rung.append(1))
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with deadline(60, print):
            pass
        time.sleep(0.4)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert rung == [1]


def test_a_night_that_cannot_be_interrupted_is_told_of_and_its_process_ends() -> None:
    code = (
        "import ctypes, threading\nfrom flows.deadline import deadline\n"
        "def night():\n"
        "    with deadline(0.2, lambda error: print('told:', error, flush=True), grace=0.3):\n"
        "        ctypes.CDLL(None).sleep(600)\n"
        "t = threading.Thread(target=night); t.start(); t.join()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("told: the night was ended after")


def test_processes_that_were_there_before_are_spared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROOM_SECONDS", 0.0)
    other = subprocess.Popen(["sleep", "60"])
    try:
        run("import time; time.sleep(600)", seconds=0.5)
        time.sleep(0.2)
        assert other.poll() is None, "it was no part of the night"
    finally:
        other.kill()
        other.wait()


def test_processes_below_this_one_are_found() -> None:
    child = subprocess.Popen(["sh", "-c", "sleep 60 & wait"])
    try:
        deep: list[int] = []
        for _ in range(100):
            deep = descendants(child.pid)
            if deep:
                break
            time.sleep(0.02)
        assert len(deep) == 1
        assert child.pid in descendants(os.getpid())
    finally:
        for one in (*deep, child.pid):
            os.kill(one, signal.SIGKILL)
        child.wait()
