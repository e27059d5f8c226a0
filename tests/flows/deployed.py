"""A Prefect server, a work pool and a worker on a checkout of their own, all real processes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PREFECT = [str(Path(sys.executable).with_name("prefect")), "--no-prompt"]
CHECKED_OUT = ("flows", "transforms", "models", "data", "prefect.yaml")
SECONDS = 240.0
BUSY = 503
SOON = {
    # The services look as often as a test has patience.
    "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "2",
    "PREFECT_WORKER_QUERY_SECONDS": "1",
    "PREFECT_RUNNER_POLL_FREQUENCY": "1",
}


@dataclass(frozen=True, slots=True)
class Deployed:
    """Where the checkout lies and how its server is asked."""

    folder: Path
    environment: dict[str, str]

    def prefect(self, *arguments: str) -> str:
        """What a `prefect` command prints; fails where the command does."""
        done = subprocess.run(
            [*PREFECT, *arguments], cwd=self.folder, env=self.environment,
            capture_output=True, text=True, check=False, timeout=SECONDS,
        )  # fmt: skip
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return done.stdout

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """The server's answer to a POST of `body`, or to a GET where there is none.

        What only reads is asked again where no answer comes, as from a server of a busy machine.
        """
        data = None if body is None else json.dumps(body).encode()
        address = f"{self.environment['PREFECT_API_URL']}/{path}"
        request = urllib.request.Request(address, data, {"Content-Type": "application/json"})
        for _ in range(20):
            try:
                with urllib.request.urlopen(request, timeout=60) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                if error.code != BUSY:
                    raise
                time.sleep(0.5)
            except TimeoutError:
                if data is not None:
                    raise
        raise AssertionError(f"{path}: the server stays too busy to answer")

    def run(self, deployment: str, **parameters: Any) -> str:
        """The id of a run that was asked of the server."""
        wanted = self.ask(f"deployments/name/{deployment}")["id"]
        made = self.ask(f"deployments/{wanted}/create_flow_run", {"parameters": parameters})
        return str(made["id"])

    def run_by_hand(self, deployment: str) -> str:
        """The id of a run that was asked for on the command line, as docs/operations.md says."""
        name = f"by-hand-{time.monotonic_ns()}"
        self.prefect("deployment", "run", deployment, "--flow-run-name", name)
        wanted = {"flow_runs": {"name": {"any_": [name]}}}
        return str(self.ask("flow_runs/filter", wanted)[0]["id"])

    def cancel(self, run: str) -> None:
        """Asks for a run to be cancelled, as the page's button and `prefect flow-run cancel` do."""
        state = {"type": "CANCELLING", "name": "Cancelling"}
        answer = self.ask(f"flow_runs/{run}/set_state", {"state": state})
        assert answer["status"] == "ACCEPT", answer

    def state(self, run: str) -> dict[str, Any]:
        """The state that a run is in."""
        found: dict[str, Any] = self.ask(f"flow_runs/{run}")["state"]
        return found

    def ended(self, run: str, seconds: float = SECONDS) -> dict[str, Any]:
        """The final state of a run."""
        final = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}
        until(lambda: self.state(run)["type"] in final, f"run {run} to end", seconds)
        return self.state(run)

    def runs(self, deployment: str) -> list[dict[str, Any]]:
        """All runs of a deployment, those to come too."""
        name = deployment.partition("/")[2]
        found: list[dict[str, Any]] = self.ask(
            "flow_runs/filter", {"deployments": {"name": {"any_": [name]}}}
        )
        return found


def until(condition: Callable[[], Any], what: str, seconds: float = SECONDS) -> None:
    """Waits for `condition` to hold."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} seconds for {what}"
        time.sleep(0.1)


@contextmanager
def process(
    command: list[str], folder: Path, environment: dict[str, str], log: Path
) -> Iterator[None]:
    """A process in a group of its own, ended with all that it started."""
    with log.open("wb") as told:
        running = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=told, stderr=told, start_new_session=True
        )
        try:
            yield
        finally:
            running.terminate()
            with suppress(subprocess.TimeoutExpired):
                running.wait(20)
            with suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGKILL)
            running.wait()


def checkout(folder: Path) -> None:
    """What a worker finds in its working folder: links to the rooms, and prefect.yaml itself."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in CHECKED_OUT:
        if name.endswith(".yaml"):
            shutil.copy(ROOT / name, folder / name)
        else:
            (folder / name).symlink_to(ROOT / name)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def deployed(folder: Path, home: Path, **further: str) -> Iterator[Deployed]:
    """A server and a worker on `folder`, with every deployment of its prefect.yaml."""
    port = _free_port()
    home.mkdir(parents=True, exist_ok=True)
    keep = ("PATH", "LANG", "LC_ALL", "POLARS_MAX_THREADS", "NUMBA_CACHE_DIR", "OMP_NUM_THREADS")
    environment = {name: os.environ[name] for name in keep if name in os.environ}
    environment |= {
        "HOME": str(home), "PREFECT_HOME": str(home / "prefect"), "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api", **SOON, **further,
    }  # fmt: skip
    here = Deployed(folder, environment)
    server = [*PREFECT, "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    worker = [*PREFECT, "worker", "start", "--pool", "hearcast"]
    with process(server, folder, environment, home / "server.log"):
        until(lambda: _healthy(here), "the server")
        here.prefect("work-pool", "create", "hearcast", "--type", "process")
        here.prefect("deploy", "--all")
        with process(worker, folder, environment, home / "worker.log"):
            yield here


def _healthy(here: Deployed) -> bool:
    try:
        return bool(here.ask("health"))
    except OSError:
        return False
