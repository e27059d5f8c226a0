"""A PostgreSQL server of the tests' own: the system's programs, an empty cluster in a new folder."""

from __future__ import annotations

import glob
import itertools
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import adbc_driver_postgresql.dbapi as driver
import polars as pl
import pytest

BOSS, READER = ("boss", "boss's-own"), ("reader", "s3cret/of+the reader")
SETTINGS = (
    "fsync=off",
    "full_page_writes=off",
    "listen_addresses=127.0.0.1",
    "shared_buffers=32MB",
    "max_connections=30",
)


def _programs() -> Path:
    """The folder of initdb and pg_ctl; skips the test where there is none, and fails it on CI."""
    named = shutil.which("pg_ctl")
    folders = [*([str(Path(named).resolve().parent)] if named else [])]
    folders += sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)  # noqa: PTH207
    for folder in map(Path, folders):
        if (folder / "initdb").is_file() and (folder / "pg_ctl").is_file():
            return folder
    reason = "no PostgreSQL server is installed: apt-get install postgresql"
    if os.environ.get("HEARCAST_CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Server:
    """A running cluster; every test gets a database of its own."""

    programs: Path
    folder: Path
    port: int
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def control(self, *words: str) -> None:
        """Runs pg_ctl; as an unprivileged user where we are root, as the server demands."""
        _run([str(self.programs / "pg_ctl"), "-D", str(self.folder / "data"), "-w", *words])

    def start(self) -> None:
        options = " ".join(f"-c {one}" for one in SETTINGS)
        options += f" -p {self.port} -c unix_socket_directories={self.folder}"
        self.control("-l", str(self.folder / "log"), "-o", options, "start")

    def stop(self) -> None:
        """Ends the server at once, in the middle of whatever it does."""
        self.control("-m", "immediate", "stop")

    def database(self) -> Database:
        """A new, empty database that `READER` may read."""
        name = f"shop{next(self._numbers)}"
        admin = Database(self, "postgres")
        admin.run(f"create database {name}")
        found = Database(self, name)
        found.run(
            f"alter default privileges in schema public grant select on tables to {READER[0]}"
        )
        return found


@dataclass
class Database:
    """One database of the server, as its owner sees it."""

    server: Server
    name: str

    def url(self, user: tuple[str, str] = READER, *, port: int | None = None) -> str:
        login = f"{user[0]}:{quote(user[1], safe='')}"
        return f"postgresql://{login}@127.0.0.1:{port or self.server.port}/{self.name}"

    @contextmanager
    def cursor(self, *, autocommit: bool = True) -> Iterator[Any]:
        with (
            driver.connect(self.url(BOSS), autocommit=autocommit) as link,
            link.cursor() as cursor,
        ):
            yield cursor

    def run(self, *statements: str) -> None:
        with self.cursor() as cursor:
            for one in statements:
                cursor.execute(one)

    def rows(self, query: str) -> pl.DataFrame:
        with self.cursor() as cursor:
            cursor.execute(query)
            found = pl.from_arrow(cursor.fetch_arrow_table())
        assert isinstance(found, pl.DataFrame)
        return found

    def load(self, table: str, frame: pl.DataFrame) -> None:
        """Creates `table` with the rows of `frame`."""
        with self.cursor() as cursor:
            cursor.adbc_ingest(table, frame.to_arrow(), mode="create")

    def sessions(self) -> list[int]:
        """Processes of the server that answer Hearcast and are at work."""
        found = self.rows(
            "select pid from pg_stat_activity where application_name = 'hearcast' "
            f"and datname = '{self.name}' and state = 'active' and query like '%pg_sleep%'"
        )
        return found["pid"].to_list()

    def wait_for_session(self) -> int:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if found := self.sessions():
                return found[0]
            time.sleep(0.02)
        raise AssertionError("no session of Hearcast came to the server")


def _run(words: list[str]) -> None:
    if os.geteuid() == 0:
        words = ["runuser", "-u", "postgres", "--", *words]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd="/")
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def running_server() -> Iterator[Server]:
    """A server from an empty cluster; stopped and removed afterwards."""
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="hearcast-pg-"))
    try:
        (folder / "password").write_text(BOSS[1])
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
            (folder / "password").chmod(0o644)
        _run([
            str(programs / "initdb"), "-D", str(folder / "data"), "-U", BOSS[0], "-N",
            "-A", "scram-sha-256", "--pwfile", str(folder / "password"), "--no-locale", "-E", "UTF8",
        ])  # fmt: skip
        server = Server(programs, folder, _free_port())
        server.start()
        Database(server, "postgres").run(f"create role {READER[0]} login password '{READER[1]}'")
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
