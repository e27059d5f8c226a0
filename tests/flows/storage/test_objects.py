"""Addresses in a bucket: they read like paths, write on conditions, and say in one line what is wrong."""

from __future__ import annotations

import json
import pickle
import threading

import polars as pl
import pytest
from prefect.blocks.system import Secret

from flows.errors import StoreError, disk_trouble
from flows.places import relative
from flows.storage import Access, NoAccess, ObjectPath, place_of, storage_of
from flows.storage.globbing import found_in_bucket
from flows.storage.objects import ChangedMeanwhile
from tests.flows.storage.clouds import AZURE_ACCOUNT, AZURE_KEY, CREDENTIALS


def test_an_address_takes_itself_apart_as_a_path_does() -> None:
    one = ObjectPath.of("s3://in/shop//a/orders.csv.gz")
    assert (one.name, one.stem, one.suffix) == ("orders.csv.gz", "orders.csv", ".gz")
    assert str(one) == "s3://in/shop/a/orders.csv.gz"
    assert one.parent / "b" == ObjectPath.of("s3://in/shop/a/b")
    assert relative(one, ObjectPath.of("s3://in/shop")) == "a/orders.csv.gz"
    assert ObjectPath.of("s3://in/.lock").suffix == ""
    with pytest.raises(ValueError, match="is not below"):
        relative(one, ObjectPath.of("s3://in/other"))
    for wrong in ("s3://", "ftp://in/x", "http://in/x"):
        with pytest.raises(ValueError, match="s3://"):
            ObjectPath.of(wrong)


def test_it_is_pickled_and_printed_without_a_secret(root: ObjectPath) -> None:
    root.put(b"")
    told = repr(root).encode() + str(root).encode() + pickle.dumps(root)
    for secret in (CREDENTIALS["AWS_SECRET_ACCESS_KEY"], AZURE_KEY):
        assert secret.encode() not in told


def test_what_is_there_is_found(root: ObjectPath) -> None:
    for name in ("pointers/as_of=2026-01-02.json", "pointers/as_of=2026-01-01.json", "snapshots/x/a.parquet"):  # fmt: skip
        (root / name).put(name.encode())
    found = sorted(root.glob("pointers/as_of=*.json"))
    assert [one.stem for one in found] == ["as_of=2026-01-01", "as_of=2026-01-02"]
    assert [one.name for one in root.glob("snapshots/*")] == ["x"], "folders, too"
    assert (root / "snapshots" / "x").is_dir()
    assert not (root / "snapshots" / "x").is_file()
    assert not (root / "snap").exists(), "a beginning of a name is no folder"
    assert found[0].read_bytes() == b"pointers/as_of=2026-01-01.json"
    assert found[0].stat().st_size == 30
    with pytest.raises(FileNotFoundError, match="nothing"):
        (root / "nothing").read_bytes()


def test_names_of_all_kinds_are_kept(root: ObjectPath) -> None:
    names = ["a b.csv", "ü%41#?.csv", "x+y=z&.csv"]
    for name in names:
        (root / name).put(name.encode())
    found = {one.path.name: one.path.read_bytes().decode() for one in root.listed()}
    assert found == {name: name for name in names}


def test_only_one_of_many_creates_an_object(root: ObjectPath) -> None:
    won: list[int] = []

    def attempt(number: int) -> None:
        try:
            (root / "log.json").create(str(number).encode())
        except FileExistsError:
            return
        won.append(number)

    threads = [threading.Thread(target=attempt, args=(n,)) for n in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert (root / "log.json").read_bytes() == str(won[0]).encode()
    assert len(won) == 1


def test_a_create_whose_answer_was_lost_is_recognised_as_ours(root: ObjectPath) -> None:
    assert root.create(b"mine") == root.create(b"mine")
    with pytest.raises(FileExistsError):
        root.create(b"another's")


def test_a_swap_counts_only_over_what_was_read(root: ObjectPath) -> None:
    first = root.create(b"1")
    second = root.swap(b"2", first)
    assert root.swap(b"2", first) == second, "its answer was lost; it stands there"
    with pytest.raises(ChangedMeanwhile):
        root.swap(b"3", first)
    root.delete()
    with pytest.raises(ChangedMeanwhile):
        root.swap(b"3", second)
    root.delete()


def test_patterns_are_those_of_the_shell(root: ObjectPath) -> None:
    for name in ("in/a.csv", "in/b.jsonl", "in/x/c.csv", "in/.hidden.csv", "in/.d/e.csv", "other/a.csv"):  # fmt: skip
        (root / name).put(b"")

    def found(pattern: str) -> list[str]:
        return [relative(one, root) for one in found_in_bucket(f"{root}/{pattern}", root.access)]

    assert found("in/*.csv") == ["in/a.csv"]
    assert found("in/**/*.csv") == ["in/a.csv", "in/x/c.csv"]
    assert found("in/**/[!.]*") == ["in/a.csv", "in/b.jsonl", "in/x/c.csv"]
    assert found("*/a.csv") == ["in/a.csv", "other/a.csv"]
    assert found("in/a.csv") == ["in/a.csv"]
    assert found("in/z.csv") == []


@pytest.mark.parametrize(
    ("url", "access", "told"),
    [
        ("s3://no-such-bucket/x", Access(), "there is no such bucket"),
        ("s3://any/x", Access(endpoint="http://127.0.0.1:9", allow_http=True), "cannot be reached"),
    ],
)
def test_trouble_is_one_line_with_the_remedy(
    s3: str,  # noqa: ARG001 - the environment
    monkeypatch: pytest.MonkeyPatch,
    url: str,
    access: Access,
    told: str,
) -> None:
    monkeypatch.setattr("flows.storage.access._PATIENCE", {"max_retries": 0})
    place = place_of(url, access)
    assert isinstance(place, ObjectPath)
    for act in (lambda: place.put(b"words"), place.listed):
        with pytest.raises(StoreError, match=told) as caught:
            act()
        line = str(caught.value)
        assert line == disk_trouble(caught.value)
        assert "\n" not in line
        assert "check" in line
        assert "words" not in line
        assert CREDENTIALS["AWS_ACCESS_KEY_ID"] not in line


def test_azure_is_reached_by_the_address_of_a_server_of_ones_own(
    az: str, azure_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.storage.access._PATIENCE", {"max_retries": 0})
    for name in ("AZURE_STORAGE_USE_EMULATOR", "AZURITE_BLOB_STORAGE_URL"):
        monkeypatch.delenv(name)
    place = ObjectPath.of(f"{az}/x")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", AZURE_ACCOUNT)
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", AZURE_KEY)
    monkeypatch.setenv("AZURE_STORAGE_ENDPOINT", f"{azure_server}/{AZURE_ACCOUNT}")
    with pytest.raises(StoreError, match="check the network, AZURE_STORAGE_ENDPOINT and"):
        place.put(b"words")
    monkeypatch.setenv("AZURE_ALLOW_HTTP", "true")
    place.put(b"words")
    assert place.read_bytes() == b"words"
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "d3Jvbmc=")
    with pytest.raises(StoreError, match="access denied"):
        place.put(b"words")
    missing = ObjectPath.of("az://no-such-container/x")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", AZURE_KEY)
    with pytest.raises(StoreError, match="there is no such bucket"):
        missing.put(b"words")


def test_credentials_may_stand_in_a_block(
    s3: str,
    s3_server: str,
    prefect_server: None,  # noqa: ARG001 - it keeps the block
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ALLOW_HTTP", *CREDENTIALS):
        monkeypatch.delenv(name)
    told = json.dumps({name.lower(): value for name, value in CREDENTIALS.items()})
    Secret(value=told).save("clouds", _sync=True)
    place = ObjectPath.of(f"{s3}/x.parquet", Access(s3_server, allow_http=True, block="clouds"))
    frame = pl.DataFrame({"a": [1]})
    storage_of(place).write_parquet(place, frame)
    assert storage_of(place).scan_parquet([place]).collect().equals(frame)
    with pytest.raises(NoAccess, match="block 'another' with a JSON"):
        ObjectPath.of(s3, Access(s3_server, block="another")).put(b"")
