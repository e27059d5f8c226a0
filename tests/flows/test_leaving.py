import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STUCK = """
import sys, threading, types
from flows.leaving import leave_within
child = __import__("subprocess").Popen(["sleep", "60"])
class Server:
    server_process = child
class Kind:
    _instances = {0: Server()}
sys.modules["prefect.server.api.server"] = types.SimpleNamespace(SubprocessASGIServer=Kind)
threading._register_atexit(threading.Event().wait) if STUCK else child.terminate()
print(child.pid)
leave_within(1.0, 3)
"""


def run(*, stuck: bool) -> tuple[int, int, float]:
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", f"STUCK = {stuck}\n{STUCK}"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE, text=True, timeout=60, check=False,
    )  # fmt: skip
    return done.returncode, int(done.stdout), time.monotonic() - started


def test_a_process_stuck_at_exit_ends_with_its_code_and_without_its_server() -> None:
    code, server, _ = run(stuck=True)
    assert code == 3
    for _ in range(50):
        try:
            os.kill(server, 0)
        except ProcessLookupError:
            return
        if "Z" in Path(f"/proc/{server}/stat").read_text().rpartition(")")[2]:
            return
        time.sleep(0.1)
    pytest.fail("the embedded server outlived its process")


def test_a_process_that_is_not_stuck_is_not_kept() -> None:
    code, _, seconds = run(stuck=False)
    assert code == 0
    assert seconds < 30


LAST = """
import atexit, logging, sys
from flows.leaving import leave_last
leave = leave_last()
class Loud:
    def __del__(self):
        print("taken apart")
sys.modules["held"] = Loud()
atexit.register(print, "tidied up")
logging.getLogger().addHandler(logging.StreamHandler(sys.stdout))
print("done")
if TOLD:
    leave(3)
raise SystemExit(4)
"""


@pytest.mark.parametrize(
    ("told", "code", "said"),
    [("True", 3, ["done", "tidied up"]), ("False", 4, ["done", "tidied up", "taken apart"])],
)
def test_a_process_whose_work_is_done_tidies_up_and_takes_nothing_apart(
    told: str, code: int, said: list[str]
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"TOLD = {told}\n{LAST}"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout.split("\n")[:-1]) == (code, said)
