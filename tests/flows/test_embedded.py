"""Prefect's own server is started once, ahead of the night, and only where no other is to be used."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import prefect

ROOT = Path(__file__).parents[2]
ASKED = """
import json
from flows import environment
environment.prepare(1)
from flows import embedded
ready = embedded.begin()
assert embedded.begin() is ready
from prefect.server.api.server import SubprocessASGIServer
started = bool(SubprocessASGIServer._instances)
ready()
found = {}
if started:
    from prefect import get_client
    (server,) = SubprocessASGIServer._instances.values()
    before = server.server_process.pid
    with get_client(sync_client=True) as client:
        found = {"version": client.api_version(), "same": server.server_process.pid == before}
print(json.dumps({"started": started, **found}))
"""


def asked(home: Path, **more: str) -> dict[str, object]:
    """What a new process says that begins it."""
    left = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    done = subprocess.run(
        [sys.executable, "-c", ASKED],
        env={**left, "PYTHONPATH": str(ROOT), "PREFECT_HOME": str(home), **more},
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    told: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return told


def test_the_first_flow_finds_the_server_that_was_begun(tmp_path: Path) -> None:
    told = asked(tmp_path / "home")
    assert (told["started"], told["same"]) == (True, True)
    assert told["version"] == prefect.__version__


def test_where_a_server_is_named_none_is_started(tmp_path: Path) -> None:
    assert asked(tmp_path / "home", PREFECT_API_URL="http://127.0.0.1:9/api") == {"started": False}


def test_where_it_could_not_write_the_night_says_so_in_one_line(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    (tmp_path / "hearcast.toml").write_text("[business]\nname = 'x'\ntimezone = 'UTC'\n")
    left = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    done = subprocess.run(
        [sys.executable, "-m", "flows.cli", "nightly", "--config", str(tmp_path / "hearcast.toml")],
        env={**left, "PYTHONPATH": str(ROOT), "PREFECT_HOME": str(blocked / "home")},
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    (line,) = done.stderr.splitlines()
    assert done.returncode == 2
    assert f"{blocked / 'home'}: Prefect cannot write here" in line


def test_where_prefect_may_not_none_is_started(tmp_path: Path) -> None:
    told = asked(tmp_path / "home", PREFECT_SERVER_EPHEMERAL_ENABLED="false")
    assert told == {"started": False}


NIGHT = """
import sys
from flows.cli import main
code = main(["nightly", "--as-of", "2199-01-01", "--config", sys.argv[1]], ahead=True)
print(code, "prefect" in sys.modules, "flows.commands" in sys.modules)
"""


def begun(folder: Path, text: str) -> tuple[str, list[str]]:
    """Exit code, whether Prefect and the commands were read, and the log of a night that is refused."""
    (folder / "hearcast.toml").write_text(text)
    left = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    home = {"PREFECT_HOME": str(folder / "home"), "PREFECT_API_URL": "http://127.0.0.1:9/api"}
    done = subprocess.run(
        [sys.executable, "-c", NIGHT, str(folder / "hearcast.toml")],
        env={**left, "PYTHONPATH": str(ROOT), **home},
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    return done.stdout.strip(), done.stderr.splitlines()


def test_a_wrong_configuration_is_told_before_prefect_is_read(tmp_path: Path) -> None:
    said, (line,) = begun(tmp_path, "[forecast]\nhorizon_week = 3\n")
    assert said == "2 False False"
    assert line.endswith("horizon_week is not a known key; did you mean horizon_weeks?")
    assert not (tmp_path / "home").exists()


def test_a_right_one_is_told_to_be_starting_and_prefect_begins_first(tmp_path: Path) -> None:
    said, (first, second) = begun(tmp_path, "[business]\nname = 'x'\n")
    assert said == "2 True True"
    assert "starting the night as of 2199-01-01 (" in first
    assert "is after today" in second
