"""Shards of a night on other processes: the same bytes, and a worker may be lost."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from distributed import Client, LocalCluster

from flows.cli import EXIT_PUBLISHED, EXIT_USAGE, main
from flows.cluster import Cluster, NoCluster, cluster_of
from flows.reader import read_manifest, snapshot_dir
from flows.settings import load_settings
from flows.storage import ObjectPath
from tests.flows.one_person import NIGHTS, one_person
from tests.flows.written import write_config

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.fixture
def workers(s3: str) -> Iterator[str]:  # noqa: ARG001 - workers inherit the environment
    """The address of a scheduler with two worker processes."""
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as made:
        made.wait_for_workers(2, timeout=120)
        yield made.scheduler_address


class Killer(threading.Thread):
    """Kills the first worker that is seen at a task; `killed` tells whether there was one."""

    def __init__(self, address: str) -> None:
        super().__init__(daemon=True)
        self.client: Any = Client(address, set_as_default=False)
        self.pids = self.client.run(os.getpid)
        self.killed = ""
        self.stopped = threading.Event()

    def run(self) -> None:
        while not self.stopped.wait(0.01) and not self.killed:
            busy = [worker for worker, tasks in self.client.processing().items() if tasks]
            if busy:
                os.kill(self.pids[busy[0]], signal.SIGKILL)
                self.killed = busy[0]

    def __enter__(self) -> Killer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        self.join()
        self.client.close()


def slow_double() -> Callable[[int], int]:
    def double(number: int) -> int:
        time.sleep(0.2)
        return 2 * number

    return double


def test_parts_come_back_in_order_though_a_worker_is_lost(root: ObjectPath, workers: str) -> None:
    client: Any = Client(workers, set_as_default=False)
    with Killer(workers) as killer:
        made = list(Cluster(client, root / "shards").each(range(12), slow_double()))
    assert killer.killed
    assert made == [2 * number for number in range(12)]
    assert len((root / "shards").listed()) == 1, "parts that are done are removed"
    with pytest.raises(ZeroDivisionError):
        list(Cluster(client, root / "shards").each([1, 0], lambda number: 1 // number))
    client.close()


@pytest.mark.soak
def test_a_night_on_workers_of_which_one_is_lost_is_that_of_one_machine(
    tmp_path: Path, s3: str, workers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.listening_work.PART_OTHERWISE", 60)
    config = one_person(tmp_path / "shop")
    text = config.read_text().replace("backtest_origins = 1", "backtest_origins = 3")
    config.write_text(text)
    assert main(["nightly", "--config", str(config), "--as-of", str(NIGHTS[0])]) == EXIT_PUBLISHED
    there = config.with_name("there.toml")
    text = text.replace("'lake'", f"'{s3}/lake'").replace("'exports'", f"'{s3}/exports'")
    there.write_text(f'{text}\n[run]\nengine = "dask"\nscheduler = "{workers}"\n')
    with Killer(workers) as killer:
        assert (
            main(["nightly", "--config", str(there), "--as-of", str(NIGHTS[0])]) == EXIT_PUBLISHED
        )
    assert killer.killed, "the cluster had something to do"
    told = [
        read_manifest(snapshot_dir(load_settings(one, {}).paths.exports)) for one in (config, there)
    ]
    assert told[0]["content_id"] == told[1]["content_id"]
    for name in ("tags", "backtest_forecasts"):
        assert told[0]["tables"][name]["rows"] > 0
    assert not ObjectPath.of(f"{s3}/lake/work").is_dir(), "nothing of the shards is left"


def test_a_cluster_that_is_not_there_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.cluster.PATIENCE_SECONDS", 1)
    config = write_config(tmp_path, {"order_lines": "in/*"}, '[run]\nengine = "dask"\nscheduler = "tcp://127.0.0.1:9"\n')  # fmt: skip
    with pytest.raises(NoCluster, match="no worker can be reached at tcp://"), cluster_of(load_settings(config, {})):  # fmt: skip
        pass


def test_workers_with_other_code_are_turned_away(
    tmp_path: Path, workers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = write_config(tmp_path, {"order_lines": "in/*"}, f'[run]\nengine = "dask"\nscheduler = "{workers}"\n')  # fmt: skip
    monkeypatch.setattr("flows.cluster.code_sha256", lambda _: "another")
    from flows.cluster import code  # noqa: PLC0415

    code.cache_clear()
    try:
        with pytest.raises(NoCluster, match="run other code"), cluster_of(load_settings(config, {})):  # fmt: skip
            pass
    finally:
        code.cache_clear()


def test_a_worker_without_a_scheduler_is_one_line_and_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = write_config(tmp_path, {"order_lines": "in/*"})
    assert main(["worker", "--config", str(config)]) == EXIT_USAGE
    assert "[run] scheduler is empty" in capsys.readouterr().err
    config = write_config(tmp_path, {"order_lines": "in/*"}, '[run]\nengine = "dask"\n')
    assert main(["worker", "--config", str(config)]) == EXIT_USAGE
    assert 'engine = "dask" needs scheduler' in capsys.readouterr().err
