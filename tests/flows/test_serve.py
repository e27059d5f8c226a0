import ast
import asyncio
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from flows.deployments import Deployment, DeploymentError, Schedule, read_deployments
from flows.serve import next_fire, run_schedules, serve

ROOT = Path(__file__).parents[2]
NIGHTLY = Schedule("15 3 * * *", "America/New_York")
# 3:15 in New York, winter time
NIGHT = datetime(2026, 11, 18, 8, 15, tzinfo=UTC)


def deployment(*schedules: Schedule, name: str = "nightly") -> Deployment:
    return Deployment(name, "flows/nightly.py:nightly", {}, schedules)


class FakeClock:
    """Time passes by waiting and by `spend`; the service is told to stop at `until`."""

    def __init__(self, start: datetime, until: datetime) -> None:
        self.time, self.until = start, until
        self.longest = 0.0

    def now(self) -> datetime:
        return self.time

    def wait(self, seconds: float) -> bool:
        self.longest = max(self.longest, seconds)
        self.spend(seconds)
        return self.time >= self.until

    def spend(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


def test_prefect_yaml_schedules_every_deployment_in_a_zone_one_at_a_time() -> None:
    content = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))
    names = [entry["name"] for entry in content["deployments"]]
    assert names == ["nightly", "weekly-review", "backfill"]
    for entry in content["deployments"]:
        assert bool(entry["schedules"]) == (entry["name"] != "backfill")
        assert entry["work_pool"]["name"] == "hearcast"
        assert all(schedule["timezone"] and schedule["cron"] for schedule in entry["schedules"])
        assert entry["concurrency_limit"] == {"limit": 1, "collision_strategy": "CANCEL_NEW"}
        assert not any(content.get(step) or entry.get(step) for step in ("push", "pull"))
        assert "build" not in entry
        watched = "flows.watched_run" in entry["work_pool"]["job_variables"].get("command", "")
        assert watched == (entry["name"] == "nightly")
    assert content["build"] == [{"flows.watched_run.interpreter": {"id": "here"}}], "builds nothing"
    assert read_deployments(ROOT / "prefect.yaml")[0].schedules == (NIGHTLY,)


def test_prefect_itself_accepts_prefect_yaml() -> None:
    from prefect.cli.deploy._models import PrefectYamlModel  # noqa: PLC0415 - slow to import

    content = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))
    model = PrefectYamlModel.model_validate(content)
    assert [entry.name for entry in model.deployments] == [
        e["name"] for e in content["deployments"]
    ]


def test_prefects_server_takes_the_nulls_that_its_client_sends() -> None:
    """`prefect deploy` and workers ask with limit null; some FastAPI versions refuse that."""
    from fastapi import Body, FastAPI  # noqa: PLC0415
    from httpx import ASGITransport, AsyncClient, Response  # noqa: PLC0415
    from prefect.server.api.dependencies import LimitBody  # noqa: PLC0415

    app = FastAPI()

    @app.post("/filter")
    def read(limit: int = LimitBody(), offset: int = Body(0, ge=0)) -> list[int]:
        return [limit, offset]

    async def ask() -> Response:
        async with AsyncClient(transport=ASGITransport(app), base_url="http://server") as client:
            return await client.post("/filter", json={"limit": None, "offset": None})

    answer = asyncio.run(ask())
    assert answer.status_code == 200, answer.text
    assert answer.json()[1] == 0


def test_entrypoints_are_flows_with_the_parameters_that_are_passed() -> None:
    for found in read_deployments(ROOT / "prefect.yaml"):
        path, name = found.entrypoint.split(":")
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        functions = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == name]
        assert functions, f"{path} defines no {name}"
        arguments = functions[0].args
        assert set(found.parameters) <= {a.arg for a in arguments.args + arguments.kwonlyargs}


def test_next_fire_is_in_the_zone_on_both_sides_of_daylight_saving_time() -> None:
    fires = []
    after = datetime(2026, 3, 7, tzinfo=UTC)
    for _ in range(3):
        fire = next_fire(deployment(NIGHTLY), after)
        assert fire is not None
        fires.append(f"{fire:%m-%d %H:%M}")
        after = fire
    assert fires == ["03-07 08:15", "03-08 07:15", "03-09 07:15"]


def test_next_fire_takes_the_earliest_schedule_and_none_where_there_is_none() -> None:
    noon = Schedule("0 12 * * *", "Europe/Berlin")
    assert next_fire(deployment(NIGHTLY, noon), NIGHT) == datetime(2026, 11, 18, 11, 0, tzinfo=UTC)
    assert next_fire(deployment(), NIGHT) is None


def test_each_night_runs_once_and_a_failure_does_not_end_the_service(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = FakeClock(NIGHT - timedelta(hours=1), NIGHT + timedelta(days=3, hours=1))
    runs: list[datetime] = []

    def night() -> None:
        runs.append(clock.now())
        if len(runs) == 2:
            raise RuntimeError("jane@example.com could not be parsed")

    with caplog.at_level("INFO", logger="hearcast.serve"):
        run_schedules({deployment(NIGHTLY): night}, clock)
    assert runs == [NIGHT + timedelta(days=n) for n in range(4)]
    assert "nightly: failed with RuntimeError" in caplog.text
    assert "jane" not in caplog.text
    assert clock.longest <= 30


def test_instants_missed_during_a_long_run_are_skipped() -> None:
    clock = FakeClock(NIGHT - timedelta(minutes=1), NIGHT + timedelta(minutes=12))
    runs: list[datetime] = []

    def slow() -> None:
        runs.append(clock.now())
        clock.spend(5 * 60 + 30)

    run_schedules({deployment(Schedule("* * * * *", "UTC")): slow}, clock)
    assert runs == [NIGHT, NIGHT + timedelta(minutes=6)]


def test_what_came_due_while_another_ran_or_the_machine_slept_runs_once_and_late() -> None:
    clock = FakeClock(NIGHT - timedelta(seconds=10), NIGHT + timedelta(hours=4))
    weekly = Schedule("30 3 * * 3", "America/New_York")
    runs: list[tuple[str, datetime]] = []

    def run(name: str, seconds: float) -> None:
        runs.append((name, clock.now()))
        clock.spend(seconds)

    run_schedules(
        {
            deployment(NIGHTLY): lambda: run("nightly", 3_600),
            deployment(weekly, name="weekly"): lambda: run("weekly", 60),
        },
        clock,
    )
    assert runs == [("nightly", NIGHT), ("weekly", NIGHT + timedelta(hours=1))]


def test_a_run_finds_what_a_worker_would_set_and_the_next_one_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("POLARS_MAX_THREADS", "1")
    monkeypatch.delenv("HEARCAST_RUN__WAIT_MINUTES", raising=False)
    (night, *_) = read_deployments(ROOT / "prefect.yaml")
    bare = deployment(NIGHTLY, name="bare")
    clock = FakeClock(NIGHT - timedelta(hours=1), NIGHT + timedelta(hours=1))
    seen: list[tuple[str | None, str | None]] = []

    def look() -> None:
        names = ("HEARCAST_RUN__WAIT_MINUTES", "POLARS_MAX_THREADS")
        seen.append((os.environ.get(names[0]), os.environ.get(names[1])))

    run_schedules({bare: look, night: look}, clock)
    assert seen == [(None, "1"), ("90", "1")], "what the environment says goes before"


BROKEN = {
    "timezone: missing": {"schedules": [{"cron": "15 3 * * *"}]},
    "no cron in a known zone": {"schedules": [{"cron": "15 3 * * *", "timezone": "Moon/Base"}]},
    "'often' in 'UTC'": {"schedules": [{"cron": "often", "timezone": "UTC"}]},
    "interval: not served here": {"schedules": [{"interval": 60, "timezone": "UTC"}]},
    "concurrency_limit: write limit 1": {"concurrency_limit": 2},
    "env: names and texts": {"work_pool": {"job_variables": {"env": {"A": 90}}}},
}


@pytest.mark.parametrize("named", BROKEN)
def test_what_cannot_be_served_is_named(tmp_path: Path, named: str) -> None:
    content = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))
    content["deployments"][0] |= BROKEN[named]
    path = tmp_path / "prefect.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(DeploymentError, match=r"deployments\.nightly\.") as caught:
        read_deployments(path)
    assert named in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_prefect_yaml_is_named(tmp_path: Path) -> None:
    (tmp_path / "prefect.yaml").write_text("deployments: [3]", encoding="utf-8")
    with pytest.raises(DeploymentError, match=r"prefect\.yaml: not a readable"):
        read_deployments(tmp_path / "prefect.yaml")
    with pytest.raises(DeploymentError, match="FileNotFoundError"):
        serve(tmp_path / "hearcast.toml", tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("entrypoint", "parameters", "named"),
    [
        ("flows/no_such_flow.py:nightly", {}, "cannot be loaded"),
        ("flows/serve.py:no_such_name", {}, "cannot be loaded"),
        ("flows/serve.py:serve", {"colour": "red"}, "parameters: "),
    ],
)
def test_a_wrong_entrypoint_or_parameter_is_found_at_the_start(
    entrypoint: str, parameters: dict[str, object], named: str
) -> None:
    with pytest.raises(DeploymentError, match=named):
        Deployment("nightly", entrypoint, parameters, ()).flow()


TICKING = """
import time
from pathlib import Path
from prefect import flow
from prefect.states import Failed

@flow
def tick(config: str, seconds: float):
    with Path(config).open("a") as file:
        file.write("start\\n")
    time.sleep(seconds)
    with Path(config).open("a") as file:
        file.write("end\\n")
    return Failed(name="PublishedDegraded")
"""
SERVING = """
import logging, sys
from datetime import timedelta
from pathlib import Path
from flows import serve as module
from flows.leaving import leave_within
class Early(module.SystemClock):
    def now(self):
        return super().now() + OFFSET
real = module.SystemClock
# The next full minute is a few seconds away, for the imports.
OFFSET = timedelta(seconds=54) - timedelta(seconds=real().now().timestamp() % 60)
module.SystemClock = Early
logging.basicConfig(level="INFO")
module.serve(Path(sys.argv[1]), Path(sys.argv[2]))
leave_within(30, 0)
"""


def _serving(folder: Path, seconds: float) -> subprocess.Popen[str]:
    (folder / "ticking.py").write_text(TICKING, encoding="utf-8")
    content = {
        "deployments": [
            {
                "name": "ticking",
                "entrypoint": "ticking.py:tick",
                "parameters": {"config": "?", "seconds": seconds},
                "schedules": [{"cron": "* * * * *", "timezone": "America/New_York"}],
                "concurrency_limit": {"limit": 1, "collision_strategy": "CANCEL_NEW"},
            }
        ]
    }
    (folder / "prefect.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    environment = {
        **os.environ,
        "PYTHONPATH": f"{ROOT}{os.pathsep}{folder}",
        "PREFECT_HOME": str(folder / "prefect"),
        "PREFECT_API_URL": "",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    }
    return subprocess.Popen(
        [sys.executable, "-c", SERVING, str(folder / "ticks"), str(folder / "prefect.yaml")],
        env=environment, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def _until(condition: Path, process: subprocess.Popen[str], seconds: float = 240) -> None:
    deadline = time.monotonic() + seconds
    while not condition.exists():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline, "nothing ran"
        time.sleep(0.1)


def test_a_real_flow_fires_without_a_server_and_a_signal_lets_it_finish(tmp_path: Path) -> None:
    process = _serving(tmp_path, seconds=4)
    try:
        _until(tmp_path / "ticks", process)
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 0, output
    assert (tmp_path / "ticks").read_text().split() == ["start", "end"]
    assert "ticking: PublishedDegraded" in output, "a state is told by its name"
    assert "SIGTERM: stopping" in output


def test_a_signal_while_waiting_ends_the_service_at_once(tmp_path: Path) -> None:
    code = SERVING.replace("seconds=54", "seconds=1")
    (tmp_path / "prefect.yaml").write_text((ROOT / "prefect.yaml").read_text(), encoding="utf-8")
    (tmp_path / "flows_stub.py").write_text("def nightly(config, as_of=None): ...", "utf-8")
    text = (tmp_path / "prefect.yaml").read_text().replace("flows/nightly.py", "flows_stub.py")
    (tmp_path / "prefect.yaml").write_text(text, encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-c", code, "c.toml", str(tmp_path / "prefect.yaml")],
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"},
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    assert "nightly: next run" in process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 0
    process.stderr.close()
