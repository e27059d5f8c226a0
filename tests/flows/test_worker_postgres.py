"""Prefect's server on PostgreSQL with the locked packages, as docker/compose.yaml runs it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from flows.reader import read_manifest, snapshot_dir
from tests.flows.deployed import ROOT, checkout, deployed, until
from tests.flows.test_worker import BACKFILL, FIRST, NIGHTLY, YESTERDAY
from tests.flows.tiny import FORECAST, order_rows
from tests.flows.written import write_config

pytestmark = pytest.mark.needs_postgres


def programs() -> Path:
    """The folder of initdb and pg_ctl; skips the test where there is none."""
    named = shutil.which("pg_ctl")
    folders = [Path(named).resolve().parent] if named else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in folders:
        if (folder / "initdb").is_file():
            return folder
    pytest.skip("no PostgreSQL server is installed: apt-get install postgresql")


@contextmanager
def postgres() -> Iterator[str]:
    """The address of an empty database on a server of its own, for SQLAlchemy with asyncpg."""
    found = programs()
    folder = Path(tempfile.mkdtemp(prefix="hearcast-pg-"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")

    def run(program: str, *arguments: str) -> None:
        words = [str(found / program), "-D", str(folder / "data"), *arguments]
        if os.geteuid() == 0:
            words = ["runuser", "-u", "postgres", "--", *words]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL, cwd="/", timeout=120)

    try:
        run("initdb", "-U", "prefect", "-A", "trust", "-N", "--no-locale", "-E", "UTF8")
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
        run("pg_ctl", "-l", str(folder / "log"), "-w", "-o", options, "start")
        try:
            yield f"postgresql+asyncpg://prefect@127.0.0.1:{port}/postgres"
        finally:
            run("pg_ctl", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_the_compose_file_takes_the_driver_that_is_locked() -> None:
    content = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text(encoding="utf-8"))
    told = content["services"]["server"]["environment"]["PREFECT_SERVER_DATABASE_CONNECTION_URL"]
    assert told.startswith("postgresql+asyncpg://")
    assert "\nasyncpg==" in (ROOT / "requirements.lock").read_text(encoding="utf-8")


@pytest.mark.soak
def test_a_server_on_postgresql_schedules_and_runs_nights(tmp_path: Path) -> None:
    folder = tmp_path / "checkout"
    checkout(folder)
    (folder / "in").mkdir()
    order_rows(FIRST, YESTERDAY).write_csv(folder / "in" / "orders.csv")
    write_config(folder, {"order_lines": "in/*"}, FORECAST)
    with (
        postgres() as address,
        deployed(folder, tmp_path / "home", PREFECT_SERVER_DATABASE_CONNECTION_URL=address) as here,
    ):
        run, without = here.run(NIGHTLY), here.run(BACKFILL)
        until(lambda: any(one["auto_scheduled"] for one in here.runs(NIGHTLY)), "tonight's run")
        assert here.ended(run)["name"] == "Completed"
        assert here.ended(without)["type"] == "FAILED"
        assert read_manifest(snapshot_dir(folder / "exports"))["as_of"] == str(YESTERDAY)
        assert not list((tmp_path / "home" / "prefect").glob("*.db")), "nothing stands in SQLite"
