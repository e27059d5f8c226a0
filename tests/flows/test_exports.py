import json
import os
import re
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest

from flows import exports as ex
from flows import reader
from flows.earlier import table_of
from flows.reader import DamagedExport, read_manifest, read_table, snapshot_dir
from flows.review.night import read_night
from flows.stale import last_nights
from tests.export_frames import all_frames, frame_for
from transforms.contracts import EXPORTS

DAY = date(2026, 11, 17)
ROOT = Path(__file__).parents[2]


def manifest(as_of: date = DAY, **more: object) -> dict[str, object]:
    return {
        "as_of": as_of,
        "run_id": "run-1",
        "versions": {"hearcast": "0.1.0"},
        "started_at": datetime(2026, 11, 18, 3, 15, tzinfo=UTC),
        "finished_at": datetime(2026, 11, 18, 3, 16, tzinfo=UTC),
        **more,
    }


def night(exports: Path, as_of: date = DAY, seed: int = 0, **run: object) -> ex.Snapshot:
    tables = {"forecasts": frame_for(EXPORTS["forecasts"], 40, seed)}
    snapshot = ex.write_snapshot(exports, tables, manifest(as_of))
    ex.publish(exports, snapshot, as_of, {"run_id": "run-1", "status": "Published", **run})
    return snapshot


def digest(snapshot: ex.Snapshot) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in snapshot.path.glob("*.parquet")}


def test_every_published_table_comes_back_as_it_was_in_its_order(tmp_path: Path) -> None:
    tables = all_frames(300)
    snapshot = ex.write_snapshot(tmp_path, tables, manifest())
    ex.publish(tmp_path, snapshot, DAY, {"run_id": "r", "status": "Published"})
    assert ex.snapshot_problems(snapshot.path) == []
    for name, frame in tables.items():
        back = read_table(tmp_path, name)
        assert back.schema == pl.Schema(EXPORTS[name].schema), name
        assert back.equals(frame.sort(EXPORTS[name].order, nulls_last=False)), name
        assert read_manifest(snapshot.path)["tables"][name]["rows"] == frame.height


def test_nullability_stands_in_the_file(tmp_path: Path) -> None:
    snapshot = night(tmp_path)
    schema = pq.read_schema(snapshot.path / "forecasts.parquet")
    assert {f.name: f.nullable for f in schema} == {
        c.name: c.nullable for c in EXPORTS["forecasts"].columns
    }


def test_footer_holds_nothing_of_the_run(tmp_path: Path) -> None:
    path = night(tmp_path).path / "forecasts.parquet"
    footer = pq.read_metadata(path)
    assert footer.metadata is None
    assert footer.created_by.startswith("parquet-cpp-arrow")
    assert b"run-1" not in path.read_bytes()


def test_shuffled_rows_and_another_run_give_the_same_bytes(tmp_path: Path) -> None:
    tables = all_frames(2_000)
    one = ex.write_snapshot(tmp_path / "a", tables, manifest())
    shuffled = {k: v.sample(fraction=1.0, shuffle=True, seed=3) for k, v in tables.items()}
    parts = {k: pl.concat([v[:7], v[7:]], rechunk=False) for k, v in shuffled.items()}
    other_run = manifest(run_id="run-2", started_at=datetime(2027, 1, 1, tzinfo=UTC))
    two = ex.write_snapshot(tmp_path / "b", parts, other_run)
    assert digest(one) == digest(two)
    assert one.content_id == two.content_id


THREADED = """
import sys
from datetime import date
from pathlib import Path
import polars as pl
from flows.exports import write_snapshot
from tests.export_frames import all_frames
assert pl.thread_pool_size() == int(sys.argv[2])
tables = {name: f.sample(fraction=1.0, shuffle=True) for name, f in all_frames(6_000).items()}
print(write_snapshot(Path(sys.argv[1]), tables, {"as_of": date(2026, 11, 17)}).content_id)
"""


def test_one_and_two_threads_give_the_same_bytes(tmp_path: Path) -> None:
    found = []
    for threads in ("1", "2"):
        run = subprocess.run(
            [sys.executable, "-c", THREADED, str(tmp_path / threads), threads],
            env={**os.environ, "POLARS_MAX_THREADS": threads, "PYTHONPATH": str(ROOT)},
            cwd=tmp_path, capture_output=True, text=True, check=True,
        )  # fmt: skip
        content_id = run.stdout.strip()
        found.append(digest(ex.Snapshot(content_id, tmp_path / threads / "snapshots" / content_id)))
    assert found[0] == found[1]
    assert len(found[0]) == len(EXPORTS)


def test_content_id_follows_the_rows_the_day_and_what_is_said_of_tables(tmp_path: Path) -> None:
    frame = frame_for(EXPORTS["forecasts"], 40)
    held = {"accuracy": {"held": True, "why": "order_lines held"}}
    ids = {
        ex.write_snapshot(tmp_path, {"forecasts": f}, manifest(day, tables=told)).content_id
        for f in (frame, frame[1:])
        for day in (DAY, DAY + timedelta(days=1))
        for told in ({}, held)
    }
    assert len(ids) == 8


def test_an_existing_snapshot_is_left_untouched(tmp_path: Path) -> None:
    first = night(tmp_path)
    before = {p.name: (p.stat().st_ino, p.stat().st_mtime_ns) for p in first.path.iterdir()}
    again = ex.write_snapshot(
        tmp_path, {"forecasts": frame_for(EXPORTS["forecasts"], 40)}, manifest(run_id="run-9")
    )
    assert again == first
    assert {p.name: (p.stat().st_ino, p.stat().st_mtime_ns) for p in first.path.iterdir()} == before
    assert read_manifest(first.path)["run_id"] == "run-1"
    assert list((tmp_path / ".staging").iterdir()) == []


@pytest.mark.parametrize("damage", ["table", "table_gone", "manifest", "manifest_gone", "all"])
def test_a_damaged_snapshot_is_made_whole_again(tmp_path: Path, damage: str) -> None:
    snapshot = night(tmp_path)
    table, text = snapshot.path / "forecasts.parquet", snapshot.path / "manifest.json"
    whole = table.read_bytes()
    if damage in {"table", "all"}:
        table.write_bytes(whole[: len(whole) // 2])
    if damage == "table_gone":
        table.unlink()
    if damage in {"manifest", "all"}:
        text.write_text(text.read_text().replace(snapshot.content_id[:8], "00000000")[:-40])
    if damage == "manifest_gone":
        text.unlink()
    assert ex.snapshot_problems(snapshot.path)
    assert night(tmp_path) == snapshot
    assert ex.snapshot_problems(snapshot.path) == []
    assert table.read_bytes() == whole


def forecasts(**change: pl.Expr) -> pl.DataFrame:
    return frame_for(EXPORTS["forecasts"], 40).with_columns(**change)


VIOLATIONS = {
    "forecasts.mean is missing": lambda: forecasts().drop("mean"),
    "forecasts.note is not in the contract": lambda: forecasts(note=pl.lit("x")),
    "forecasts.target is not in its place": lambda: forecasts().select(
        "target", pl.all().exclude("target")
    ),
    "forecasts.horizon is Int64, not Int32": lambda: forecasts(horizon=pl.col("horizon").cast(int)),
    "forecasts.mean is null in 40 of 40 rows": lambda: forecasts(mean=pl.lit(None, pl.Float64)),
    "forecasts.mean is not a finite number in 40": lambda: forecasts(mean=pl.lit(float("nan"))),
    "forecasts.p05 is below 0.0 in 40": lambda: forecasts(p05=pl.lit(-1.0)),
    "forecasts.rung is none of full, baseline": lambda: forecasts(rung=pl.lit("secret words")),
    "forecasts: the key as_of, target": lambda: pl.concat([forecasts(), forecasts()[:1]]),
}


@pytest.mark.parametrize("named", VIOLATIONS)
def test_a_violation_is_named_without_quoting_and_leaves_nothing(
    tmp_path: Path, named: str
) -> None:
    with pytest.raises(ex.ContractViolation) as caught:
        ex.write_snapshot(tmp_path, {"forecasts": VIOLATIONS[named]()}, manifest())
    assert named in str(caught.value)
    assert "secret words" not in str(caught.value)
    assert list((tmp_path / "snapshots").glob("*")) == []
    assert list((tmp_path / ".staging").iterdir()) == []


def test_a_table_without_a_contract_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ex.ContractViolation, match="no contract for secrets"):
        ex.write_snapshot(tmp_path, {"secrets": pl.DataFrame()}, manifest())


def test_manifest_tells_of_every_table_made_or_not(tmp_path: Path) -> None:
    told = {
        "forecasts": {"rung": "baseline"},
        "accuracy": {"held": True, "why": "order_lines are held"},
    }
    tables = {"forecasts": forecasts()}
    snapshot = ex.write_snapshot(tmp_path, tables, manifest(tables=told, mood="fine"))
    ex.publish(tmp_path, snapshot, DAY, {"run_id": "r", "status": "PublishedDegraded"})
    found = read_manifest(snapshot.path)
    assert found["mood"] == "fine"
    assert found["started_at"] == "2026-11-18T03:15:00+00:00"
    assert set(found["tables"]) == set(EXPORTS)
    assert found["tables"]["forecasts"]["rung"] == "baseline"
    assert found["tables"]["tags"]["left_out"] is True
    with pytest.raises(KeyError, match="accuracy was held back: order_lines are held"):
        read_table(tmp_path, "accuracy")
    with pytest.raises(KeyError, match="tags was left out: not made by this run"):
        read_table(tmp_path, "tags")
    with pytest.raises(KeyError, match=r"docs/tables\.md"):
        read_table(tmp_path, "nothing_of_the_kind")


def test_pointers_and_links_lead_to_the_snapshot(tmp_path: Path) -> None:
    snapshot = night(tmp_path, note="kept")
    for file in ("latest.json", f"pointers/as_of={DAY}.json"):
        pointer = json.loads((tmp_path / file).read_text())
        assert pointer["content_id"] == snapshot.content_id
        assert pointer["as_of"] == "2026-11-17"
        assert (pointer["status"], pointer["run_id"]) == ("Published", "run-1")
        assert pointer["note"] == "kept"
        assert datetime.fromisoformat(pointer["published_at"]).tzinfo is not None
    for link in ("latest", f"as_of={DAY}"):
        assert (tmp_path / link).readlink() == Path("snapshots") / snapshot.content_id
        assert pl.read_parquet(tmp_path / link / "forecasts.parquet").height > 0


def test_what_is_noted_after_a_night_moves_no_pointer_and_no_other_runs(tmp_path: Path) -> None:
    snapshot = night(tmp_path)
    files = [tmp_path / "latest.json", tmp_path / "pointers" / f"as_of={DAY}.json"]
    before = [json.loads(path.read_bytes()) for path in files]
    ex.note_afterwards(tmp_path, DAY, "another", {"stages": [1]})
    ex.note_afterwards(tmp_path, DAY - timedelta(days=1), "run-1", {"stages": [1]})
    assert [json.loads(path.read_bytes()) for path in files] == before
    ex.note_afterwards(tmp_path, DAY, "run-1", {"stages": [2]})
    assert [json.loads(path.read_bytes()) for path in files] == [
        {**one, "stages": [2]} for one in before
    ]
    assert snapshot_dir(tmp_path) == snapshot.path
    assert not (tmp_path / "pointers" / f"as_of={DAY - timedelta(days=1)}.json").exists()


def test_latest_never_moves_back(tmp_path: Path) -> None:
    newer = night(tmp_path, seed=1)
    fresh = (tmp_path / "freshness.json").read_bytes()
    older = night(tmp_path, DAY - timedelta(days=7), seed=2)
    assert snapshot_dir(tmp_path) == newer.path
    assert (tmp_path / "latest").resolve() == newer.path.resolve()
    assert snapshot_dir(tmp_path, DAY - timedelta(days=7)) == older.path
    assert (tmp_path / "freshness.json").read_bytes() == fresh


def test_a_publication_that_died_halfway_is_finished_by_any_later_one(tmp_path: Path) -> None:
    night(tmp_path, DAY - timedelta(days=1))
    before = {name: (tmp_path / name).read_bytes() for name in ("latest.json", "freshness.json")}
    newest = night(tmp_path, DAY, seed=1)
    for name, content in before.items():
        (tmp_path / name).write_bytes(content)
    night(tmp_path, DAY - timedelta(days=9), seed=2)
    assert snapshot_dir(tmp_path) == newest.path
    assert (tmp_path / "latest").resolve() == newest.path.resolve()


def test_publishing_a_snapshot_of_another_day_is_refused(tmp_path: Path) -> None:
    snapshot = night(tmp_path)
    with pytest.raises(ValueError, match="is not a snapshot of 2026-11-18"):
        ex.publish(tmp_path, snapshot, DAY + timedelta(days=1), {"run_id": "r", "status": "s"})


def test_a_failed_night_is_visible_and_moves_nothing(tmp_path: Path) -> None:
    ex.record_failure(tmp_path, DAY, {"run_id": "run-0", "status": "Failed", "reason": "no disk"})
    first = json.loads((tmp_path / "freshness.json").read_text())
    assert (first["as_of"], first["last_attempt_status"]) == (None, "Failed")
    night(tmp_path)
    good = json.loads((tmp_path / "freshness.json").read_text())
    ex.record_failure(tmp_path, DAY + timedelta(days=1), {"run_id": "run-2", "status": "Failed"})
    bad = json.loads((tmp_path / "freshness.json").read_text())
    kept = ("as_of", "published_at", "status", "run_id")
    assert [bad[k] for k in kept] == [good[k] for k in kept]
    assert bad["last_attempt_as_of"] == "2026-11-18"
    assert bad["last_attempt_at"] > good["last_attempt_at"]
    assert good["last_attempt_status"] == "Published"


def test_reader_says_what_is_published(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="run `hearcast nightly` first"):
        read_table(tmp_path, "forecasts")
    night(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"no night of 2020-01-01 .* 2026-11-17"):
        read_table(str(tmp_path), "forecasts", "2020-01-01")


def test_readers_name_a_damaged_file_and_the_remedy(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    snapshot = night(tmp_path).path
    file = snapshot / "forecasts.parquet"
    file.write_bytes(file.read_bytes()[:-9])
    remedy = f"{file}: this published file is damaged; run its night again"
    for reading in (
        lambda: read_table(tmp_path, "forecasts"),
        lambda: table_of(tmp_path, DAY, "forecasts", ("mean",)),
        lambda: read_night(snapshot, "Acme", ["forecasts"]),
    ):
        with pytest.raises(DamagedExport, match=re.escape(remedy)):
            reading()
    assert last_nights(tmp_path, DAY + timedelta(days=1), "forecasts") is None
    assert remedy in caplog.text


def test_prune_keeps_the_newest_nights_and_what_readers_may_still_hold(tmp_path: Path) -> None:
    days = [DAY + timedelta(days=n) for n in range(4)]
    nights = [night(tmp_path, day, seed=n) for n, day in enumerate(days)]
    replaced = nights[3]
    nights[3] = night(tmp_path, days[3], seed=99)
    assert ex.prune(tmp_path, 2) == []
    assert snapshot_dir(tmp_path) == nights[3].path
    with pytest.raises(FileNotFoundError):
        snapshot_dir(tmp_path, days[0])
    removed = ex.prune(tmp_path, 2, grace_seconds=0)
    assert sorted(removed) == sorted(s.content_id for s in (nights[0], nights[1], replaced))
    assert {p.name for p in (tmp_path / "snapshots").iterdir()} == {
        s.content_id for s in nights[2:]
    }
    assert not (tmp_path / f"as_of={days[0]}").is_symlink()
    with pytest.raises(ValueError, match="at least 1"):
        ex.prune(tmp_path, 0)


@pytest.mark.parametrize(("umask", "folder", "file"), [(0o022, 0o755, 0o644)])
def test_another_user_may_read_what_is_published(
    tmp_path: Path, umask: int, folder: int, file: int
) -> None:
    before = os.umask(umask)
    try:
        snapshot = night(tmp_path / "exports")
    finally:
        os.umask(before)
    assert snapshot.path.stat().st_mode & 0o777 == folder
    for path in (*snapshot.path.iterdir(), tmp_path / "exports" / "latest.json"):
        assert path.stat().st_mode & 0o777 == file, path.name


def test_a_refused_snapshot_is_removed_and_a_published_one_is_not(tmp_path: Path) -> None:
    kept = night(tmp_path)
    tables = {"forecasts": frame_for(EXPORTS["forecasts"], 40, seed=1)}
    refused = ex.write_snapshot(tmp_path, tables, manifest())
    for snapshot in (refused, kept, refused):
        ex.discard(tmp_path, snapshot)
    assert [path.name for path in (tmp_path / "snapshots").iterdir()] == [kept.content_id]
    assert not any((tmp_path / ".staging").iterdir())
    assert ex.snapshot_problems(kept.path) == []


def amended(exports: Path, old: ex.Snapshot) -> ex.Snapshot:
    return ex.amend(exports, old.path, {"forecasts": frame_for(EXPORTS["forecasts"], 7)}, "why")


def test_a_reader_whose_snapshot_goes_reads_the_one_that_amends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, real = night(tmp_path), reader._read

    def overtaken(snapshot: Path, table: str) -> pl.DataFrame:
        if snapshot == old.path and old.path.is_dir():
            amended(tmp_path, old)
        return real(snapshot, table)

    monkeypatch.setattr(reader, "_read", overtaken)
    assert read_table(tmp_path, "forecasts").height == 7
    (snapshot_dir(tmp_path) / "forecasts.parquet").unlink()
    with pytest.raises(FileNotFoundError):
        read_table(tmp_path, "forecasts")


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.mark.parametrize("way", ["follow", "drop", "prune"])
def test_a_link_follows_its_pointer_before_the_snapshot_behind_it_goes(
    tmp_path: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill between pointer and link leaves the link behind; it must never lead to nothing."""
    old = night(tmp_path)

    def dies(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr("flows.storage.local.replace_link", dies)
        for _ in range(2):
            with pytest.raises(Killed):
                amended(tmp_path, old)
    assert (tmp_path / "latest").resolve() == old.path.resolve()
    new = snapshot_dir(tmp_path)
    assert new != old.path
    if way == "follow":
        ex.follow_pointers(tmp_path)
    elif way == "drop":
        assert ex.drop_unpointed(tmp_path, old.path)
    else:
        ex.prune(tmp_path, 1, grace_seconds=0)
    for link in ("latest", f"as_of={DAY}"):
        assert (tmp_path / link).resolve() == new.resolve()
        assert ex.snapshot_problems((tmp_path / link).resolve()) == []
