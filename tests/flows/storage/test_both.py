"""What the house asks of storage, on a disk and in a bucket alike."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import polars as pl
import pytest

from flows.places import Place, relative
from flows.storage import ObjectPath, storage_of
from tests.flows.storage.clouds import s3_cloud


@pytest.fixture(params=["disk", "s3", "az"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "disk":
        return tmp_path
    return ObjectPath.of(f"{request.getfixturevalue(request.param)}/shop")


def test_files_are_written_created_once_and_removed(folder: Place) -> None:
    storage = storage_of(folder)
    storage.private(folder, folder / "log")
    storage.write(folder / "log" / "1.json", b"1")
    storage.write(folder / "log" / "1.json", b"2")
    with pytest.raises(FileExistsError):
        storage.create(folder / "log" / "1.json", b"3")
    storage.create(folder / "log" / "2.json", b"3")
    storage.write(folder / "log" / "note.txt", b"")
    told = storage.contents(folder / "log", ".json")
    assert [(one.name, content) for one, content in told] == [("1.json", b"2"), ("2.json", b"3")]
    storage.write(folder / "log" / "1.json", b"4")
    assert storage.contents(folder / "log", ".json")[0][1] == b"4", "as it is now"
    assert storage.missing([folder / "log" / "1.json", folder / "9"]) == [folder / "9"]
    storage.delete(folder / "log" / "1.json")
    storage.delete(folder / "log" / "1.json")
    assert [relative(one, folder) for one in storage.files(folder)] == [
        "log/2.json",
        "log/note.txt",
    ]
    storage.remove(folder / "log")
    assert storage.files(folder / "log") == []
    assert storage.contents(folder / "log", ".json") == []


def test_frames_come_back_whole_or_by_columns(folder: Place) -> None:
    storage = storage_of(folder)
    frame = pl.DataFrame({"a": [1, 2], "b": ["x", None]})
    for name in ("1.parquet", "as_of=2.parquet"):
        storage.write_parquet(folder / name, frame)
    one = folder / "1.parquet"
    assert storage.read_parquet(one).equals(frame)
    assert storage.read_parquet(one, ["b"]).equals(frame.select("b"))
    assert storage.columns(one) == ["a", "b"]
    both = storage.scan_parquet([one, folder / "as_of=2.parquet"]).collect()
    assert both.equals(pl.concat([frame, frame])), "and no column comes out of a file's name"
    with pytest.raises(FileNotFoundError):
        storage.read_parquet(folder / "none.parquet")
    with pytest.raises(FileNotFoundError):
        storage.read_parquet(folder / "none.parquet", ["a"])


def test_a_folder_is_settled_once_touched_and_dropped(folder: Place) -> None:
    storage, place = storage_of(folder), folder / "snapshots" / "abc"
    for first in (True, False):
        with storage.staging(folder / ".staging") as staging:
            (staging / "a.parquet").write_bytes(b"a")
            (staging / "manifest.json").write_bytes(b"{}")
            assert storage.settle(staging, place, "manifest.json") is first
    assert not staging.exists()
    assert sorted(one.name for one in place.glob("*")) == ["a.parquet", "manifest.json"]
    made = storage.idle_since(place)
    time.sleep(1.1)
    storage.touch(place)
    assert storage.idle_since(place) > made
    storage.fetch(place / "a.parquet", Path(copy := str(staging) + "-copy"))
    assert Path(copy).read_bytes() == b"a"
    Path(copy).unlink()
    storage.drop(folder, place, "manifest.json")
    assert not place.exists()
    assert storage.files(folder) == []


def test_pages_made_in_a_folder_stand_there(folder: Place) -> None:
    storage = storage_of(folder)
    for text in ("old", "new"):
        with storage.filling(folder / "docs") as local:
            (local / "static").mkdir(exist_ok=True)
            (local / "static" / "x.css").write_text(text)
    assert (folder / "docs" / "static" / "x.css").read_bytes() == b"new"


def test_no_update_of_many_is_lost(folder: Place) -> None:
    storage, place = storage_of(folder), folder / "names.json"

    def add(name: str) -> None:
        for number in range(3):

            def more(there: bytes | None, name: str = f"{name}{number}") -> bytes:
                return json.dumps([*json.loads(there or b"[]"), name]).encode()

            if isinstance(folder, ObjectPath):
                storage.update(place, more)
            else:
                with storage.locked(folder / ".lock"):
                    storage.update(place, more)

    threads = [threading.Thread(target=add, args=(name,)) for name in "abc"]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    names = json.loads(place.read_bytes())
    assert sorted(names) == [f"{name}{number}" for name in "abc" for number in range(3)]
    storage.update(place, lambda _: None)
    assert json.loads(place.read_bytes()) == names, "none leaves it"


def test_a_bucket_that_keeps_versions_is_told(s3_server: str, s3: str, tmp_path: Path) -> None:
    kept = ObjectPath.of(f"{s3_cloud(s3_server, versioned=True).url}/lake")
    assert storage_of(kept).keeps_versions(kept)
    root = ObjectPath.of(f"{s3}/shop")
    assert not storage_of(root).keeps_versions(root)
    assert not storage_of(tmp_path).keeps_versions(tmp_path)


def test_the_nights_own_folder_is_private(folder: Place) -> None:
    room = storage_of(folder).workroom(folder)
    other = storage_of(folder).workroom(folder / "other")
    assert room != other
    if isinstance(folder, ObjectPath):
        assert room.stat().st_mode & 0o777 == 0o700
        room.rmdir()
        other.rmdir()


def test_files_that_a_dead_process_was_making_are_swept_and_a_living_ones_are_not(
    folder: Place,
) -> None:
    dies = (
        "import os, sys, pathlib\n"
        "from flows.storage import ObjectPath, storage_of\n"
        "where = sys.argv[1]\n"
        "root = ObjectPath.of(where) if '://' in where else pathlib.Path(where)\n"
        "with storage_of(root).staging(root / '.staging') as made:\n"
        "    (made / 'half.parquet').write_bytes(b'half')\n"
        "    print(made, flush=True)\n"
        "    os._exit(1)\n"
    )
    command = [sys.executable, "-c", dies, str(folder)]
    ended = subprocess.run(command, check=False, capture_output=True, text=True)
    left = Path(ended.stdout.strip())
    assert (left / "half.parquet").is_file()
    parent = folder / ".staging"
    with storage_of(folder).staging(parent) as living:
        storage_of(folder).sweep(parent)
        assert living.is_dir()
        assert not left.exists()
    assert not living.exists()
