"""Published nights in a bucket: the pointer is the only step that anybody sees."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import IO

import duckdb
import polars as pl
import pytest

from flows import exports as ex
from flows.earlier import nights_before, table_of
from flows.reader import read_manifest, read_table, snapshot_dir
from flows.staging import json_bytes, read_json
from flows.storage import ObjectPath
from tests.export_frames import all_frames
from tests.flows.conftest import digests

ROOT = Path(__file__).parents[3]
DAY = date(2026, 11, 17)
WRITER = """
import itertools, sys
from datetime import date, timedelta
from flows.exports import prune, publish, write_snapshot
from flows.storage import Access, place_of
from tests.export_frames import all_frames
exports, first = place_of(sys.argv[1], Access(lease_seconds=5)), date.fromisoformat(sys.argv[2])
frames = [all_frames(300, seed) for seed in range(2)]
print("ready", flush=True)
for n in itertools.count():
    day = first + timedelta(days=(n + 1) // 2 - 3 * (n % 5 == 4))
    run = {"run_id": f"run-{n}", "status": "Published"}
    publish(exports, write_snapshot(exports, frames[n % 2], {"as_of": day, **run}), day, run)
    print("published", flush=True)
    if n % 3 == 2:
        prune(exports, 5)
"""


def night(exports: ObjectPath, day: date, seed: int = 0) -> ex.Snapshot:
    """One published night."""
    run = {"run_id": f"run-{day}-{seed}", "status": "Published"}
    snapshot = ex.write_snapshot(exports, all_frames(200, seed), {"as_of": day, **run})
    ex.publish(exports, snapshot, day, run)
    return snapshot


def test_the_files_are_those_of_a_disk_and_latest_never_moves_back(
    root: ObjectPath, tmp_path: Path
) -> None:
    told = {"as_of": DAY, "run_id": "r", "status": "Published"}
    local = ex.write_snapshot(tmp_path, all_frames(200, 0), told)
    there = night(root, DAY)
    assert there.content_id == local.content_id
    assert ex.snapshot_problems(there.path) == []
    for name in digests(tmp_path / "snapshots" / local.content_id):
        assert (there.path / name).read_bytes() == (Path(str(local.path)) / name).read_bytes()
    earlier = night(root, DAY - timedelta(days=7), 1)
    assert snapshot_dir(root) == there.path
    assert snapshot_dir(str(root), DAY - timedelta(days=7)) == ObjectPath.of(str(earlier.path))
    assert nights_before(root, DAY) == [DAY - timedelta(days=7)]
    frame = read_table(str(root), "forecasts")
    assert frame.height == 200
    assert table_of(root, DAY, "forecasts", ("mean",)).equals(frame.select("mean"))
    with pytest.raises(FileNotFoundError, match="published: 2026-11-10 to 2026-11-17"):
        read_table(root, "forecasts", "2026-01-01")


def test_a_slower_writer_does_not_take_latest_back(root: ObjectPath) -> None:
    night(root, DAY)
    old = read_json(root / "latest.json")
    assert old is not None
    newer = {**old, "as_of": "2026-11-18"}
    (root / "latest.json").put(json_bytes(newer))  # by another host, since this one looked
    ex._point(root, "latest.json", "latest", old)
    assert read_json(root / "latest.json") == newer


def test_a_damaged_file_is_healed_and_what_nobody_points_to_is_pruned(root: ObjectPath) -> None:
    first = night(root, DAY)
    (first.path / "forecasts.parquet").put(b"damaged")
    (first.path / "accuracy.parquet").delete()
    assert ex.snapshot_problems(first.path) == [
        "accuracy.parquet is missing",
        "forecasts.parquet is not what manifest.json says",
    ]
    assert night(root, DAY).path == first.path
    assert ex.snapshot_problems(first.path) == []
    second = night(root, DAY, 1)
    assert ex.prune(root, 5) == [], "readers may still be at it"
    assert ex.prune(root, 5, grace_seconds=-60) == [first.content_id]
    assert not first.path.exists()
    third = night(root, DAY + timedelta(days=1), 2)
    assert ex.prune(root, 1, grace_seconds=-60) == [second.content_id]
    assert [one.name for one in (root / "pointers").glob("*")] == ["as_of=2026-11-18.json"]
    assert snapshot_dir(root) == third.path


def test_an_amended_night_takes_the_place_of_the_old_one(root: ObjectPath) -> None:
    old = night(root, DAY)
    fewer = read_table(root, "customers").head(3)
    new = ex.amend(root, old.path, {"customers": fewer}, "because")
    assert snapshot_dir(root) == snapshot_dir(root, DAY) == new.path
    assert read_manifest(new.path)["amends"] == old.content_id
    assert read_table(root, "customers").height == 3
    assert not old.path.exists()
    refused = ex.write_snapshot(root, all_frames(10, 5), {"as_of": DAY, "run_id": "r"})
    ex.discard(root, refused)
    assert not refused.path.exists()


def test_duckdb_reads_a_night_in_a_bucket_as_the_documents_say(s3: str, s3_server: str) -> None:
    root = ObjectPath.of(f"{s3}/shop")
    night(root, DAY)
    try:
        connection = duckdb.connect()
        connection.execute("LOAD httpfs")
    except duckdb.Error:
        pytest.skip("duckdb's extension httpfs is not installed, and tests download nothing")
    host = s3_server.removeprefix("http://")
    connection.execute(
        "CREATE SECRET (TYPE s3, KEY_ID 'testing', SECRET 'secret-of-the-test', "
        f"ENDPOINT '{host}', USE_SSL false, URL_STYLE 'path')"
    )
    connection.execute(
        f"SET VARIABLE night = (SELECT '{root}/' || snapshot FROM '{root}/latest.json')"
    )
    count = connection.execute(
        "SELECT count(*) FROM read_parquet(getvariable('night') || '/forecasts.parquet')"
    )
    assert count.fetchone() == (200,)


class Reader(threading.Thread):
    """Resolves `latest` again and again and checks what lies there; keeps what was wrong."""

    def __init__(self, exports: ObjectPath, every: float = 0.02) -> None:
        super().__init__(daemon=True)
        self.exports, self.every, self.stopped = exports, every, threading.Event()
        self.wrong: list[str] = []
        self.seen: set[str] = set()
        self.days: list[str] = []

    def run(self) -> None:
        while not self.stopped.wait(self.every):
            try:
                self._look()
            except Exception as error:  # noqa: BLE001 - whatever it is, the test must tell of it
                self.wrong.append(repr(error))

    def _look(self) -> None:
        try:
            path = snapshot_dir(self.exports)
        except FileNotFoundError:
            return
        problems = ex.snapshot_problems(path)
        if problems and snapshot_dir(self.exports) == path:
            self.wrong += problems
        elif not problems:
            self.seen.add(path.name)
            self.days.append(read_manifest(path)["as_of"])

    def saw(self, nights: int) -> bool:
        """Whether there was something wrong, or so many nights were seen whole."""
        return bool(self.wrong) or len(self.seen) >= nights

    def __enter__(self) -> Reader:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        self.join()


@contextmanager
def writing(exports: ObjectPath, first: date) -> Iterator[IO[str]]:
    """A writer in a process of its own that publishes night after night until it is killed."""
    child = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(exports), first.isoformat()],
        env={**os.environ, "PYTHONPATH": str(ROOT), "POLARS_MAX_THREADS": "1"},
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    try:
        yield child.stdout
    finally:
        child.send_signal(signal.SIGKILL)
        assert child.wait() == -signal.SIGKILL, "the writer must die of the kill, not of an error"
        child.stdout.close()


def trials(exports: ObjectPath, count: int) -> None:
    """Each writer dies a moment after a night that it has told of, the last one in mid-writing.

    It lives until the reader has seen two nights, so that a slow machine tests the same.
    """
    with Reader(exports) as reader:
        for number in range(count):
            with writing(exports, DAY + timedelta(days=number)) as told:
                for _ in range(1 + number % 3):
                    assert told.readline() == "published\n"
                time.sleep(0.37 * number % 1.5)
        with writing(exports, DAY + timedelta(days=count)) as told:
            while not reader.saw(2):
                assert told.readline() == "published\n"
    assert reader.wrong == []
    assert reader.days == sorted(reader.days), "latest never moves back"
    last = night(exports, DAY + timedelta(days=400), 3)
    assert snapshot_dir(exports) == last.path, "what a killed writer held has lapsed"


def test_a_reader_never_sees_a_mixture_while_writers_are_killed(brief: ObjectPath) -> None:
    trials(brief, 2)


@pytest.mark.soak
def test_many_killed_writers(brief: ObjectPath) -> None:
    trials(brief, 30)


def test_two_writers_of_one_day_leave_one_whole_night(root: ObjectPath) -> None:
    threads = [threading.Thread(target=night, args=(root, DAY, seed)) for seed in (0, 1)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert ex.snapshot_problems(snapshot_dir(root)) == []
    assert snapshot_dir(root) == snapshot_dir(root, DAY)
    assert pl.DataFrame(read_table(root, "forecasts")).height == 200
