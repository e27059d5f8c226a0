"""A person erased: gone from the lake and from published nights, and the numbers stay as they were."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from flows import exports as exports_module
from flows.cli import EXIT_PUBLISHED, EXIT_USAGE, main
from flows.exports import snapshot_problems
from flows.forget import CannotForget
from flows.kept_tags import kept_tags
from flows.lake import Lake
from flows.pull import pull
from flows.reader import read_manifest, read_table, snapshot_dir
from flows.settings import load_settings
from flows.storage import local
from tests.flows.conftest import digests
from tests.flows.two_systems import busiest, two_systems

pytestmark = pytest.mark.usefixtures("prefect_server")
FIRST, NEXT = date(2026, 11, 10), date(2026, 11, 17)
CUSTOMER_LEVEL = {
    "customers.parquet", "identity_edges.parquet", "identity_match.parquet", "segments.parquet",
    "catalogue.parquet",
}  # fmt: skip
OF_WORDS = {"phrase_stats.parquet", "quality_checks.parquet"}
"""Phrases, and checks of words never heard before, rest on the words that are there."""


def run(config: Path, *arguments: str) -> int:
    return main([arguments[0], "--config", str(config), *arguments[1:]])


@pytest.fixture(scope="module")
def published(
    tmp_path_factory: pytest.TempPathFactory,
    prefect_server: None,  # noqa: ARG001 - the night needs it
) -> Path:
    """Both systems' folder with one published night."""
    folder = tmp_path_factory.mktemp("two") / "brand"
    folder.mkdir()
    config = two_systems(folder)
    assert run(config, "nightly", "--as-of", str(FIRST)) == EXIT_PUBLISHED
    return folder


@pytest.fixture
def folder(published: Path, tmp_path: Path) -> Path:
    """A copy of it, to be changed."""
    copy = tmp_path / "brand"
    shutil.copytree(published, copy, symlinks=True)
    return copy


@pytest.fixture(scope="module")
def erased(published: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A copy with the busiest customer erased without trouble, and the report."""
    copy = tmp_path_factory.mktemp("control") / "brand"
    shutil.copytree(published, copy, symlinks=True)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        assert run(copy / "hearcast.toml", "forget", "--customer", busiest(copy)) == EXIT_PUBLISHED
    return copy, said.getvalue()


def number_of(customer: str) -> str:
    return str(int(customer.removeprefix("C")))


def told_of(lake: Path, customer: str) -> list[str]:
    """Files of the lake in which an id, an address or the phone of the customer still stands."""
    desk = number_of(customer)
    marks = {
        customer,
        f"person{desk}@example.com",
        f"PERSON{desk}@EXAMPLE.COM",
        f"+1 212 55{10_000 + int(desk)}",
    }
    found = []
    for path in lake.rglob("*"):
        if path.suffix == ".parquet":
            frame = pl.read_parquet(path).select(pl.col(pl.String))
            own = {desk} if "desk" in path.name and "customer_id" in frame.columns else set()
            found += [
                path.name
                for c in frame.columns
                if set(frame[c].drop_nulls().unique()) & (marks | own)
            ]
        elif path.is_file():
            found += [path.name for mark in marks if mark.encode() in path.read_bytes()]
    return found


def said_by(lake: Lake, customer: str) -> pl.DataFrame:
    talks = lake.versions("conversations", NEXT).filter(
        pl.col("customer_id") == number_of(customer)
    )
    return lake.versions("passages", NEXT).join(talks, on="conversation_id", how="semi").collect()


def deliver_again(folder: Path) -> None:
    """The same files once more, each with something new in it, so that all of them are read."""
    inbox = folder / "in"
    lines = pl.read_parquet(inbox / "order_lines.parquet")
    more = lines.tail(1).with_columns(pl.lit("NEW-1").alias("order_id"))
    pl.concat([lines, more]).write_parquet(inbox / "order_lines.parquet")
    for name in ("conversations.jsonl", "passages.jsonl"):
        (inbox / name).write_text((inbox / name).read_text() + "\n")
    for name in ("customers.csv", "desk_customers.csv"):
        text = (inbox / name).read_text()
        columns = text.splitlines()[0].split(",")
        row = {
            "customer_id": "999999",
            "email": "new@example.com",
            "created_at": "2026-11-01T00:00:00Z",
        }
        (inbox / name).write_text(text + ",".join(row.get(c, "") for c in columns) + "\n")


def test_the_person_is_gone_and_the_next_night_forecasts_the_same_bytes(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    control = tmp_path / "control"
    shutil.copytree(folder, control, symlinks=True)
    customer, lake = busiest(folder), Lake(folder / "lake")
    before = read_table(folder / "exports", "customers")
    assert said_by(lake, customer)["text"].drop_nulls().len() > 5
    assert told_of(lake.root, customer)
    assert run(folder / "hearcast.toml", "forget", "--customer", customer) == EXIT_PUBLISHED
    report = capsys.readouterr().out
    assert "of conversations" in report
    assert customer not in report
    assert told_of(lake.root, customer) == []
    assert said_by(lake, customer).is_empty()
    assert read_table(folder / "exports", "customers").height == before.height - 1
    for one in (folder, control):
        deliver_again(one)
        assert run(one / "hearcast.toml", "nightly", "--as-of", str(NEXT)) == EXIT_PUBLISHED
    ours, theirs = (digests(one / "exports" / "latest") for one in (folder, control))
    assert {n for n in ours if ours[n] != theirs[n]} <= CUSTOMER_LEVEL | OF_WORDS
    assert (
        read_table(control / "exports", "tags").height
        == read_table(folder / "exports", "tags").height
        > 0
    )
    assert told_of(lake.root, customer) == [], "the same files do not bring the person back"
    assert (
        read_table(folder / "exports", "customers").height
        == read_table(control / "exports", "customers").height - 1
    )


def test_published_nights_are_amended_and_say_so(folder: Path) -> None:
    exports = folder / "exports"
    old = snapshot_dir(exports)
    before, files = read_manifest(old), digests(old)
    edges = read_table(exports, "identity_edges")
    assert run(folder / "hearcast.toml", "forget", "--customer", busiest(folder)) == EXIT_PUBLISHED
    new = snapshot_dir(exports)
    manifest = read_manifest(new)
    assert not old.exists(), "it holds what had to go"
    assert (manifest["amends"], manifest["as_of"]) == (old.name, str(FIRST))
    assert "erased" in manifest["amended_because"]
    assert manifest["run_id"] == before["run_id"]
    assert snapshot_problems(new) == []
    assert (exports / "latest").resolve() == (exports / f"as_of={FIRST}").resolve() == new.resolve()
    changed = {n for n, digest in digests(new).items() if digest != files[n]}
    assert changed == {
        "catalogue.parquet", "customers.parquet", "identity_edges.parquet", "phrase_stats.parquet",
        "segments.parquet",
    }  # fmt: skip
    listed = read_table(exports, "catalogue").select("table", "rows").unique().rows_by_key("table")
    assert listed["customers"] == [(read_table(exports, "customers").height,)]
    gone = edges.join(read_table(exports, "identity_edges"), on=edges.columns, how="anti")
    assert gone["customer_key"].n_unique() == 1
    left = read_table(exports, "segments")
    assert left.filter(pl.col("customer_key") == gone["customer_key"][0]).is_empty()
    assert set(gone["key_type"]) == {"customer_id", "email", "phone"}
    assert set(gone["source"]) == {"main", "desk"}, "found through the identity graph"


@pytest.mark.parametrize("way", ["email", "desk id", "payload"])
def test_every_way_of_asking_finds_the_same_person(folder: Path, way: str) -> None:
    customer = busiest(folder)
    payload = folder / "redact.json"
    number = number_of(customer)
    payload.write_text(
        json.dumps(
            {
                "shop_id": 954889, "shop_domain": "x.myshopify.com", "orders_to_redact": [299938],
                "customer": {"id": customer, "email": f"person{number}@example.com", "phone": None},
            }
        )
    )  # fmt: skip
    told = {
        "email": f"Person{number}+x@Example.com",
        "desk id": f"desk:{number}",
        "payload": f"@{payload}",
    }
    assert run(folder / "hearcast.toml", "forget", "--customer", told[way]) == EXIT_PUBLISHED
    assert told_of(folder / "lake", customer) == []


def test_asking_again_says_so_and_changes_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    customer, config = busiest(folder), folder / "hearcast.toml"
    assert run(config, "forget", "--customer", customer) == EXIT_PUBLISHED
    before = digests(folder, "*")
    for told in (customer, f"person{number_of(customer)}@example.com"):
        assert run(config, "forget", "--customer", told) == EXIT_PUBLISHED
        assert "forgotten already" in capsys.readouterr().out
    assert digests(folder, "*") == before


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ("C777777", "no customer with this customer id"),
        ("nobody@example.com", "no customer with this e-mail address"),
        ("1", "no customer"),
        ("@missing.json", "can't be read"),
        ("@in/customers.csv", "is not JSON"),
        (" ", "empty"),
    ],
)
def test_a_wrong_request_is_one_line_and_changes_nothing(
    folder: Path,
    told: str,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(folder)
    if told == "1":
        monkeypatch.setenv("HEARCAST_IDENTITY__OWN_IDS", "[]")
        told = "X1"
    before = digests(folder, "*")
    assert run(folder / "hearcast.toml", "forget", "--customer", told) == EXIT_USAGE
    said = capsys.readouterr()
    assert words in said.err
    assert len(said.err.strip().splitlines()) == 1
    assert "nobody@" not in said.err + said.out
    assert digests(folder, "*") == before


class Killed(BaseException):
    """Stands for the end of the process."""


def dying_after(writes: int, real: Callable[..., Any]) -> Callable[..., Any]:
    left = [writes]

    def write(*arguments: Any, **named: Any) -> Any:
        if left[0] == 0:
            raise Killed
        left[0] -= 1
        return real(*arguments, **named)

    return write


SOME = [
    (Lake, "write_parquet", 1),
    (Lake, "write_parquet", 3),
    (exports_module, "_settle", 0),
    (exports_module, "_drop", 0),
    (local, "replace_link", 0),
]
MORE = (
    [(Lake, "write_parquet", n) for n in (0, 2, 4, 5, 6, 7)]
    + [(exports_module, "_point", n) for n in (0, 1)]
    + [(local, "replace_link", 1)]
)
MOMENTS = [*SOME, *(pytest.param(one, marks=pytest.mark.soak) for one in MORE)]


def moment_name(one: tuple[Any, str, int]) -> str:
    return f"{one[1]}-{one[2]}"


def cut_short(
    folder: Path, customer: str, moment: tuple[Any, str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An erasure that ends at the n-th call of a function, as a killed process does."""
    owner, name, calls = moment
    with monkeypatch.context() as patched:
        patched.setattr(owner, name, dying_after(calls, getattr(owner, name)))
        with pytest.raises(Killed):
            run(folder / "hearcast.toml", "forget", "--customer", customer)


@pytest.mark.parametrize("moment", MOMENTS, ids=moment_name)
def test_an_erasure_cut_short_is_finished_by_the_next_run(
    folder: Path,
    erased: tuple[Path, str],
    moment: tuple[Any, str, int],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    control, whole = erased
    customer = busiest(folder)
    cut_short(folder, customer, moment, monkeypatch)
    capsys.readouterr()
    assert run(folder / "hearcast.toml", "forget", "--customer", customer) == EXIT_PUBLISHED
    rows = [line for line in capsys.readouterr().out.splitlines() if "rows made anonymous" in line]
    assert rows == [line for line in whole.splitlines() if "rows made anonymous" in line]
    assert told_of(folder / "lake", customer) == []
    assert digests(folder / "exports" / "latest") == digests(control / "exports" / "latest")
    assert len(list((folder / "exports" / "snapshots").iterdir())) == 1, (
        "no snapshot with the person is left"
    )
    ours, theirs = Lake(folder / "lake"), Lake(control / "lake")
    for name in ("order_lines", "conversations", "passages", "customers", "tickets"):
        pairs = [one.versions(name, NEXT).collect() for one in (ours, theirs)]
        assert pairs[0].equals(pairs[1]), name
    order = ["passage_id", "signal", "span_start"]
    assert kept_tags(ours).tags.sort(order).equals(kept_tags(theirs).tags.sort(order))


def test_a_night_finishes_an_erasure_that_was_cut_short(
    folder: Path, erased: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = busiest(folder)
    cut_short(folder, customer, (Lake, "write_parquet", 3), monkeypatch)
    assert told_of(folder / "lake", customer)
    settings = load_settings(folder / "hearcast.toml", {})
    pull(settings, Lake(folder / "lake"), NEXT)
    assert told_of(folder / "lake", customer) == []
    assert digests(folder / "exports" / "latest") == digests(erased[0] / "exports" / "latest")


def test_what_the_person_does_later_is_counted_without_them(folder: Path) -> None:
    customer, inbox = busiest(folder), folder / "in"
    number = number_of(customer)
    assert run(folder / "hearcast.toml", "forget", "--customer", customer) == EXIT_PUBLISHED
    lines = pl.read_parquet(inbox / "order_lines.parquet")
    more = lines.tail(1).with_columns(
        pl.lit("LATER").alias("order_id"), pl.lit(customer).alias("customer_id")
    )
    pl.concat([lines, more]).write_parquet(inbox / "order_lines.parquet")
    at = f"{FIRST + timedelta(days=2)}T10:00:00Z"
    talk = {"conversation_id": "later", "channel": "chat", "started_at": at, "customer_id": number}
    said = {
        "passage_id": "later-1",
        "conversation_id": "later",
        "text": "I am stocking up",
        "said_at": at,
    }
    for name, row in (("conversations.jsonl", talk), ("passages.jsonl", said)):
        (inbox / name).write_text((inbox / name).read_text() + json.dumps(row) + "\n")
    with (inbox / "customers.csv").open("a") as file:
        file.write(f"C888888,person{number}@example.com,,2026-11-11T00:00:00Z\n")
    pull(load_settings(folder / "hearcast.toml", {}), Lake(folder / "lake"), NEXT)
    assert told_of(folder / "lake", customer) == []
    lake = Lake(folder / "lake")
    later = lake.versions("passages", NEXT).filter(pl.col("passage_id") == "later-1").collect()
    assert later["text"].to_list() == [None]
    bought = lake.versions("order_lines", NEXT).filter(pl.col("order_id") == "LATER").collect()
    assert bought["quantity"].len() == 1
    assert told_of(folder / "lake", "C888888") == []


def test_a_lake_needs_the_key_of_its_tombstones(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config, customer = folder / "hearcast.toml", busiest(folder)
    monkeypatch.setenv("HEARCAST_HMAC_KEY", "first")
    assert run(config, "forget", "--customer", customer) == EXIT_PUBLISHED
    assert read_manifest(snapshot_dir(folder / "exports"))["amends"], (
        "found by the key that published it"
    )
    deliver_again(folder)
    monkeypatch.setenv("HEARCAST_HMAC_KEY", "second")
    lake, settings = Lake(folder / "lake"), load_settings(config, {})
    with pytest.raises(CannotForget, match="HEARCAST_HMAC_KEY_OLD"):
        pull(settings, lake, NEXT)
    assert run(config, "forget", "--customer", customer) == EXIT_USAGE
    assert "HEARCAST_HMAC_KEY_OLD" in capsys.readouterr().err
    monkeypatch.setenv("HEARCAST_HMAC_KEY_OLD", "first")
    assert pull(settings, lake, NEXT).rows_stored == 3
    assert told_of(folder / "lake", customer) == []
    assert run(config, "forget", "--customer", customer) == EXIT_PUBLISHED
    assert "forgotten already" in capsys.readouterr().out
