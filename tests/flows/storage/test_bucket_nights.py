"""Whole nights on a bucket: sources, lake and exports there, the same bytes as on a disk, and erasure."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import polars as pl
import pytest

from flows import exports as ex
from flows.audits import draw_sheet, read_sheet
from flows.cli import EXIT_FAILED, EXIT_PUBLISHED, main
from flows.lake import Lake
from flows.places import relative
from flows.reader import read_manifest, read_table, snapshot_dir
from flows.settings import Settings, load_settings
from flows.storage import ObjectPath, storage_of
from tests.flows.conftest import child_environment
from tests.flows.deployed import until
from tests.flows.one_person import ADA, NIGHTS, hashed_in, hashes_of_ada, one_person, told_in
from tests.flows.storage.clouds import Cloud, azure_cloud, s3_cloud
from tests.flows.storage.test_bucket_exports import Reader
from tests.flows.tiny import END, order_rows, tiny_shop

pytestmark = pytest.mark.usefixtures("prefect_server")
ROOT = Path(__file__).parents[3]
NEXT = END + timedelta(days=7)


def run(config: Path, *arguments: str) -> int:
    return main([arguments[0], "--config", str(config), *arguments[1:]])


def in_bucket(config: Path, cloud: Cloud, lease: int = 120) -> Path:
    """The same shop with its files, lake and exports in a bucket; its configuration alone on disk."""
    bucket = cloud.url
    for path in sorted((config.parent / "in").iterdir()):
        ObjectPath.of(f"{bucket}/in/{path.name}", cloud.access).put(path.read_bytes())
    text = (
        config.read_text().replace("'lake'", f"'{bucket}/lake'").replace('"in/', f'"{bucket}/in/')
    )
    text = text.replace("'exports'", f"'{bucket}/exports'")
    folder = config.parent / "in bucket"
    folder.mkdir()
    there = folder / "hearcast.toml"
    there.write_text(f"{text}\n{cloud.toml(lease)}")
    return there


def new_cloud(request: pytest.FixtureRequest) -> Cloud:
    """A bucket of the kind that the test asks for."""
    if request.param == "s3":
        return s3_cloud(request.getfixturevalue("s3_server"))
    return azure_cloud(request.getfixturevalue("azure_server"))


def on_disk(config: Path) -> Path:
    """The same shop on disk, its files named as those in a bucket are: outside the folder."""
    folder = config.parent / "on disk"
    folder.mkdir()
    there = folder / "hearcast.toml"
    there.write_text(config.read_text().replace('"in/', f'"{config.parent}/in/'))
    return there


def fetched(place: ObjectPath, folder: Path) -> Path:
    """Everything below `place`, copied to a folder."""
    for one in place.listed():
        path = folder / relative(one.path, place)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(one.path.read_bytes())
    return folder


@pytest.fixture(scope="module", params=["s3", pytest.param("az", marks=pytest.mark.soak)])
def both(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    prefect_server: None,  # noqa: ARG001 - the nights need it
    data_docs: None,  # noqa: ARG001 - they are put in the bucket, too
) -> Iterator[tuple[Path, Path, Reader]]:
    """One shop, two nights and a drawn audit, on disk and in a bucket that somebody reads throughout."""
    cloud = new_cloud(request)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in cloud.environment.items():
            patch.setenv(name, value)
        config = one_person(tmp_path_factory.mktemp("bucket") / "shop")
        disk, bucket = on_disk(config), in_bucket(config, cloud)
        exports = load_settings(bucket, {}).paths.exports
        assert isinstance(exports, ObjectPath)
        with Reader(exports, every=0.5) as reader:
            for number, night in enumerate(NIGHTS):
                assert run(bucket, "nightly", "--as-of", str(night)) == EXIT_PUBLISHED
                until(partial(reader.saw, number + 1), f"night {number + 1} to be read")
        for night in NIGHTS:
            assert run(disk, "nightly", "--as-of", str(night)) == EXIT_PUBLISHED
        yield disk, bucket, reader


def settings_of(config: Path) -> Settings:
    return load_settings(config, {})


def test_a_night_in_a_bucket_is_that_on_a_disk_to_the_byte(both: tuple[Path, Path, Reader]) -> None:
    disk, bucket, reader = both
    assert reader.wrong == []
    assert reader.days == sorted(reader.days)
    assert len(reader.seen) == 2, "the reader was there"
    there = settings_of(bucket).paths.exports
    for night in NIGHTS:
        ours, theirs = snapshot_dir(there, night), snapshot_dir(disk.parent / "exports", night)
        assert ours.name == theirs.name, "the name is a hash of every file"
        assert ex.snapshot_problems(ours) == []
        assert (ours / "forecasts.parquet").read_bytes() == (theirs / "forecasts.parquet").read_bytes()  # fmt: skip
    assert snapshot_dir(there) == snapshot_dir(there, NIGHTS[-1])
    report = read_table(there, "ingest_report")
    assert set(report["file"]) == {path.name for path in (disk.parents[1] / "in").iterdir()}
    told = json.loads((there / "freshness.json").read_bytes())
    assert (told["last_attempt_status"], told["as_of"]) == ("Published", str(NIGHTS[-1]))


def test_the_other_commands_work_there_too(
    both: tuple[Path, Path, Reader], capsys: pytest.CaptureFixture[str]
) -> None:
    _, bucket, _ = both
    exports = settings_of(bucket).paths.exports
    assert run(bucket, "review") == EXIT_PUBLISHED
    assert f"{exports}/review/as_of={NIGHTS[-1]}/review.html" in capsys.readouterr().out
    page = (exports / "review" / f"as_of={NIGHTS[-1]}" / "review.html").read_bytes()
    assert b"</html>" in page
    assert (exports / "data_docs" / f"as_of={NIGHTS[-1]}" / "index.html").is_file()
    assert run(bucket, "explain", "--sku", "S1") == EXIT_PUBLISHED
    assert "recent level" in capsys.readouterr().out
    assert run(bucket, "doctor") in (EXIT_PUBLISHED, 3)
    assert "order_lines: " in capsys.readouterr().out


def test_one_night_at_a_time(
    both: tuple[Path, Path, Reader], caplog: pytest.LogCaptureFixture
) -> None:
    _, bucket, _ = both
    lake = settings_of(bucket).paths.lake
    caplog.set_level("INFO", "hearcast")
    with storage_of(lake).alone(lake):
        before = sorted(str(one) for one in storage_of(lake).files(lake))
        assert run(bucket, "nightly", "--as-of", str(NIGHTS[-1])) == EXIT_FAILED
        assert run(bucket, "forget", "--customer", ADA) == EXIT_FAILED
        after = sorted(str(one) for one in storage_of(lake).files(lake))
    assert {one.rpartition("/")[2] for one in set(after) - set(before)} <= {".lock.clock"}


def test_forgetting_leaves_in_a_bucket_what_it_leaves_on_a_disk(
    both: tuple[Path, Path, Reader], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    disk, bucket, _ = both
    hashes = hashes_of_ada(bucket)
    for config in (disk, bucket):
        settings = settings_of(config)
        sheet = config.parent / "sheet.csv"
        draw_sheet(settings, sheet, n=400, weeks=8, seed=0)
        marked = pl.read_csv(sheet, infer_schema=False).with_columns(pl.lit("x").alias("none"))
        marked.write_csv(sheet)
        read_sheet(settings, sheet)
    paths = settings_of(bucket).paths
    lake, exports = paths.lake, paths.exports
    assert isinstance(lake, ObjectPath)
    assert isinstance(exports, ObjectPath)
    assert told_in(fetched(lake, tmp_path / "lake before")), "else the search would prove nothing"
    reports = []
    for config in (disk, bucket):
        capsys.readouterr()
        assert run(config, "forget", "--customer", ADA) == EXIT_PUBLISHED
        reports.append(capsys.readouterr().out)
    assert reports[0] == reports[1]
    left = fetched(lake, tmp_path / "lake"), fetched(exports, tmp_path / "exports")
    assert told_in(left[0]) == told_in(left[1]) == {}
    assert hashed_in(left[1], hashes) == set()
    assert {one.split("/")[0] for one in hashed_in(left[0], hashes)} == {"erasures"}
    assert "zyxquartz" not in (bucket.parent / "sheet.csv").read_text()
    for night in NIGHTS:
        ours, theirs = snapshot_dir(exports, night), snapshot_dir(disk.parent / "exports", night)
        assert ours.name == theirs.name
        assert read_manifest(ours)["amends"]
        assert ex.snapshot_problems(ours) == []
    assert not list((exports / "review").glob("*"))
    assert {one.name for one in (exports / "snapshots").glob("*")} == {
        snapshot_dir(exports, night).name for night in NIGHTS
    }


def while_running(true: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    """Waits for something to be so while a process runs."""
    while not true():
        assert process.poll() is None, "the night ended before it could be killed"
        time.sleep(0.02)


@pytest.fixture(params=["s3", "az"])
def cloud(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """A new bucket of each kind in turn."""
    made = new_cloud(request)
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    return made


@pytest.mark.soak
def test_a_killed_night_leaves_nothing_visible_and_the_next_one_succeeds(
    tmp_path: Path, cloud: Cloud
) -> None:
    config = tiny_shop(tmp_path / "shop")
    bucket = in_bucket(config, cloud, lease=20)
    assert run(bucket, "nightly", "--as-of", str(END)) == EXIT_PUBLISHED
    paths = settings_of(bucket).paths
    exports, before = paths.exports, snapshot_dir(paths.exports)
    later = order_rows(END + timedelta(days=1), NEXT, seed=8)
    ObjectPath.of(f"{cloud.url}/in/later.csv", cloud.access).put(later.write_csv().encode())
    command = [sys.executable, "-m", "flows.cli", "nightly", "--config", str(bucket)]
    process = subprocess.Popen(
        [*command, "--as-of", str(NEXT)],
        cwd=ROOT,
        env=child_environment(tmp_path / "home") | dict(cloud.environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    while_running(lambda: len(list((exports / "snapshots").glob("*"))) > 1, process)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert snapshot_dir(exports) == before
    assert [one.name for one in (exports / "pointers").glob("*")] == [f"as_of={END}.json"]
    assert run(bucket, "nightly", "--as-of", str(NEXT)) == EXIT_FAILED, "its lock has not lapsed"
    time.sleep(22)
    assert run(bucket, "nightly", "--as-of", str(NEXT)) == EXIT_PUBLISHED
    after = snapshot_dir(exports)
    assert (ex.snapshot_problems(after), read_manifest(after)["as_of"]) == ([], str(NEXT))
    stored = Lake(paths.lake).versions("order_lines", NEXT).collect()
    assert not stored.select("order_id", "line_id").is_duplicated().any()
    first = pl.read_csv(config.parent / "in" / "orders.csv").height
    assert stored.height == first + later.height, "what the killed night landed is not read again"
    assert len(Lake(paths.lake).landings()) == 2
