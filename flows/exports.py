"""The one writer of published tables: snapshot, manifest, pointer."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl

from flows.atomic import write_atomic
from flows.parquet import ContractViolation, sha256, write_table
from flows.places import Place, relative
from flows.staging import json_bytes, read_json
from flows.storage import storage_of
from models.parallel import in_order_of
from transforms.contracts import CONTRACT_VERSION, EXPORTS

__all__ = [
    "ContractViolation",
    "Snapshot",
    "amend",
    "discard",
    "drop_unpointed",
    "follow_pointers",
    "note_afterwards",
    "prune",
    "publish",
    "record_failure",
    "snapshot_problems",
    "write_snapshot",
]
MANIFEST = "manifest.json"
IDENTITY = ("as_of", "restated", "amends")
"""Fields of a manifest that are part of what a snapshot is, beside its tables."""
GRACE_SECONDS = 86_400.0
"""How long a snapshot outlives its last pointer: readers resolve once and then read on."""


TELLING_SECONDS = 20.0
"""How long a failure waits for whoever publishes: a night that hangs must not hang its end."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A whole set of published tables under `<exports>/snapshots/<content_id>`."""

    content_id: str
    path: Place


def write_snapshot(
    exports: Place, tables: Mapping[str, pl.DataFrame], manifest: Mapping[str, object]
) -> Snapshot:
    """The snapshot that holds `tables`; nobody is pointed to it before `publish`.

    `manifest` brings as_of, run_id, versions, started_at, finished_at and `tables`: by name, the
    rung, or held or left_out with why, also for tables that are not given. What stands in there
    about tables, as_of, restated and amends is hashed into the content id together with the
    files, so it must not vary between equal runs; the rest may.

    A snapshot that exists already is left as it is; files of it that are damaged are replaced.
    Raises ContractViolation where a table has no contract or breaks it; nothing is left then.
    """
    if unknown := sorted(set(tables) - set(EXPORTS)):
        raise ContractViolation(f"no contract for {', '.join(unknown)}")
    with storage_of(exports).staging(exports / ".staging") as staging:
        entries = _entries(tables, manifest)
        names = sorted(tables)

        def written(name: str) -> str:
            return write_table(EXPORTS[name], tables[name], staging / f"{name}.parquet")

        for name, digest in zip(names, in_order_of(names, written), strict=True):
            entries[name] |= {"rows": tables[name].height, "sha256": digest}
        content_id = _content_id(manifest, entries)
        full = {
            **manifest,
            "content_id": content_id,
            "contract_version": CONTRACT_VERSION,
            "tables": entries,
        }
        write_atomic(staging / MANIFEST, json_bytes(full))
        snapshot = Snapshot(content_id, exports / "snapshots" / content_id)
        _settle(staging, snapshot)
    return snapshot


def _entries(
    tables: Mapping[str, pl.DataFrame], manifest: Mapping[str, object]
) -> dict[str, dict[str, object]]:
    told = manifest.get("tables", {})
    if not isinstance(told, Mapping):
        raise TypeError("manifest['tables'] is a mapping of table name to its fields")
    entries: dict[str, dict[str, object]] = {}
    for name in sorted({*EXPORTS, *told}):
        entries[name] = {**told.get(name, {}), "contract_version": CONTRACT_VERSION}
        if name not in tables and not {"held", "left_out"} & set(entries[name]):
            entries[name] |= {"left_out": True, "why": "not made by this run"}
    return entries


def _content_id(manifest: Mapping[str, object], entries: Mapping[str, Mapping[str, object]]) -> str:
    identity = {field: manifest[field] for field in IDENTITY if field in manifest}
    return hashlib.sha256(json_bytes({**identity, "tables": entries})).hexdigest()[:32]


def _settle(staging: Path, snapshot: Snapshot) -> None:
    """Puts `staging` in its place, or its files over damaged ones of the same content."""
    if not storage_of(snapshot.path).settle(staging, snapshot.path, MANIFEST):
        _heal(staging, snapshot)


def _heal(staging: Path, snapshot: Snapshot) -> None:
    # File by file: a reader of the sound ones is not disturbed, and a kill leaves what the next
    # run can finish. The names and bytes are the same by construction, so nothing else changes.
    storage = storage_of(snapshot.path)
    storage.touch(snapshot.path)  # in use again: out of reach of `prune`
    if not snapshot_problems(snapshot.path):
        return
    for path in sorted(staging.glob("*.parquet")):
        there = snapshot.path / path.name
        if not there.is_file() or sha256(there) != sha256(path):
            storage.put_file(path, there)
    if snapshot_problems(snapshot.path):
        storage.put_file(staging / MANIFEST, snapshot.path / MANIFEST)


def snapshot_problems(path: Place) -> list[str]:
    """Why the snapshot in `path` is not whole, one line each; empty where it is.

    Checks every file against the manifest and the manifest against the snapshot's name.
    """
    manifest = read_json(path / MANIFEST)
    tables = manifest.get("tables") if manifest else None
    if manifest is None or not isinstance(tables, dict):
        return [f"{MANIFEST} is missing or unreadable"]
    found = []
    if _content_id(manifest, tables) != path.resolve().name:
        found.append(f"{MANIFEST} is not that of this snapshot")
    for name, entry in sorted(tables.items()):
        file = path / f"{name}.parquet"
        if "sha256" not in entry:
            continue
        if not file.is_file():
            found.append(f"{file.name} is missing")
        elif sha256(file) != entry["sha256"]:
            found.append(f"{file.name} is not what {MANIFEST} says")
    return found


def publish(exports: Place, snapshot: Snapshot, as_of: date, run: Mapping[str, object]) -> None:
    """Points `as_of` to `snapshot`, and `latest` too unless a later day was published before.

    `run` brings run_id and status; its further fields are kept in the pointer. Every step is one
    rename: a reader finds the previous whole snapshot or this one. Publishing again is harmless
    and finishes what a killed process began.
    """
    pointer = {
        "published_at": datetime.now(UTC),
        **run,
        "as_of": as_of,
        "content_id": snapshot.content_id,
        "snapshot": f"snapshots/{snapshot.content_id}",
    }
    with _locked(exports):
        manifest = read_json(snapshot.path / MANIFEST)
        if manifest is None or manifest.get("as_of") != as_of.isoformat():
            raise ValueError(f"{snapshot.path.name} is not a snapshot of {as_of}")
        _point(exports, f"pointers/as_of={as_of}.json", f"as_of={as_of}", pointer)
        newest = _newest(exports)
        _point(exports, "latest.json", "latest", newest)
        if newest["as_of"] == as_of.isoformat():
            _write_freshness(exports, pointer, pointer)


def _locked(exports: Place) -> AbstractContextManager[None]:
    return storage_of(exports).locked(exports / ".lock")


def _newest(exports: Place) -> dict[str, object]:
    """The pointer of the greatest day published, also where `latest` never came to know of it."""
    paths = [exports / "latest.json", *(exports / "pointers").glob("as_of=*.json")]
    found = [pointer for path in paths if (pointer := read_json(path)) is not None]
    # Of two with one day the later in the list counts: the day's own pointer is written first.
    return max(reversed(found), key=lambda pointer: str(pointer["as_of"]))


def _point(exports: Place, file: str, link: str, pointer: Mapping[str, object]) -> None:
    """Leads a day, or `latest`, to a snapshot: one step, after which readers find the new one."""
    storage = storage_of(exports)
    before = read_json(exports / file) or {}
    left = exports / str(before.get("snapshot", ""))
    if before and left.is_dir() and before["snapshot"] != pointer["snapshot"]:
        storage.touch(left)  # its grace begins now
    storage.update(exports / file, lambda there: _later(there, pointer))
    storage.link(exports / link, str(pointer["snapshot"]))


def _later(there: bytes | None, pointer: Mapping[str, object]) -> bytes | None:
    """What a pointer file becomes: never that of an earlier day, whoever wrote it meanwhile."""
    try:
        told = json.loads(there or b"{}")
    except ValueError:
        told = {}
    known = str(told.get("as_of", "")) if isinstance(told, dict) else ""
    new = json_bytes(pointer)
    return None if known > json.loads(new)["as_of"] else new


def note_afterwards(exports: Place, as_of: date, run_id: str, told: Mapping[str, object]) -> None:
    """Adds to a night's pointers what is known only after it was published; none moves.

    Where another run has published that day meanwhile, nothing is written.
    """

    def noted(there: bytes | None) -> bytes | None:
        pointer = json.loads(there or b"{}")
        mine = (pointer.get("as_of"), pointer.get("run_id")) == (as_of.isoformat(), run_id)
        return json_bytes({**pointer, **told}) if mine else None

    with _locked(exports):
        for file in (f"pointers/as_of={as_of}.json", "latest.json"):
            storage_of(exports).update(exports / file, noted)


def record_failure(exports: Place, as_of: date, run: Mapping[str, object]) -> None:
    """Tells outside monitors, in freshness.json, of a night that published nothing.

    `run` brings run_id, status and, where it helps, a redacted `reason`. What was published and
    when stays as it is.
    """
    attempt = {"published_at": datetime.now(UTC), **run, "as_of": as_of}
    with storage_of(exports).locked(exports / ".lock", TELLING_SECONDS):
        _write_freshness(exports, read_json(exports / "freshness.json") or {}, attempt)


def _write_freshness(
    exports: Place, published: Mapping[str, object], attempt: Mapping[str, object]
) -> None:
    content = {
        field: published.get(field) for field in ("as_of", "published_at", "status", "run_id")
    }
    content["last_attempt_at"] = attempt["published_at"]
    for field in ("as_of", "status", "run_id", "reason"):
        content[f"last_attempt_{field}"] = attempt.get(field)
    storage_of(exports).write(exports / "freshness.json", json_bytes(content))


def discard(exports: Place, snapshot: Snapshot) -> None:
    """Removes a snapshot that must not be published; one that a day points to stays."""
    with _locked(exports):
        pointers = [exports / "latest.json", *(exports / "pointers").glob("*.json")]
        named = {(read_json(path) or {}).get("content_id") for path in pointers}
        if snapshot.content_id not in named and snapshot.path.is_dir():
            _follow(exports)
            _drop(exports, snapshot.path)


def follow_pointers(exports: Place) -> None:
    """Makes the links agree with the pointers, and removes what dead processes left half-written.

    A kill between the two leaves a link that still leads to the snapshot before: it must follow
    before that one goes.
    """
    if not exports.is_dir():
        return
    with _locked(exports):
        _follow(exports)
        storage_of(exports).sweep(exports / ".staging")


def _follow(exports: Place) -> None:
    storage = storage_of(exports)
    for file, pointer in _pointers(exports).items():
        storage.link(exports / _link_of(file), str(pointer.get("snapshot")))


def _link_of(file: str) -> str:
    """The link beside a pointer file."""
    return "latest" if file == "latest.json" else Path(file).stem


def drop_unpointed(exports: Place, snapshot: Place) -> bool:
    """Removes a snapshot that no night points to, at once; False: one does, and it stays."""
    with _locked(exports):
        if snapshot.name in {p.get("content_id") for p in _pointers(exports).values()}:
            return False
        _follow(exports)
        _drop(exports, snapshot)
        return True


def amend(exports: Place, old: Place, changed: Mapping[str, pl.DataFrame], why: str) -> Snapshot:
    """A snapshot like `old` but for the tables in `changed`; every pointer to `old` leads to it.

    Its manifest says what it amends and why. `old` is removed at once: it holds what must go. A
    kill leaves `old` pointed to, or without a pointer for `drop_unpointed` to find.
    """
    manifest = dict(read_json(old / MANIFEST) or {})
    told = manifest.get("tables")
    entries = {name: dict(entry) for name, entry in told.items()} if isinstance(told, dict) else {}
    storage = storage_of(exports)
    with storage.staging(exports / ".staging") as staging:
        for path in sorted(old.glob("*.parquet")):
            if path.stem not in changed:
                storage.fetch(path, staging / path.name)
        for name, frame in sorted(changed.items()):
            digest = write_table(EXPORTS[name], frame, staging / f"{name}.parquet")
            entries[name] |= {"rows": frame.height, "sha256": digest}
        manifest |= {"amends": old.name, "amended_because": why, "tables": entries}
        content_id = _content_id(manifest, entries)
        write_atomic(staging / MANIFEST, json_bytes({**manifest, "content_id": content_id}))
        new = Snapshot(content_id, exports / "snapshots" / content_id)
        _settle(staging, new)
    with _locked(exports):
        for file, pointer in _pointers(exports).items():
            if pointer.get("content_id") == old.name:
                moved = {"content_id": content_id, "snapshot": f"snapshots/{content_id}"}
                _point(exports, file, _link_of(file), {**pointer, **moved})
        if old.is_dir():
            _follow(exports)
            _drop(exports, old)
    return new


def _pointers(exports: Place) -> dict[str, dict[str, object]]:
    """Every pointer file, relative to `exports`, with what it says."""
    paths = [exports / "latest.json", *sorted((exports / "pointers").glob("as_of=*.json"))]
    found = {relative(path, exports): read_json(path) for path in paths}
    return {name: pointer for name, pointer in found.items() if pointer is not None}


def prune(exports: Place, keep_nights: int, *, grace_seconds: float = GRACE_SECONDS) -> list[str]:
    """The content ids of the snapshots that were removed.

    Keeps the pointers of the `keep_nights` (at least 1) greatest days and drops the others; then
    removes snapshots that nothing has pointed to for `grace_seconds`, and what dead processes
    left half-written.
    """
    if keep_nights < 1:
        raise ValueError("keep_nights is at least 1: the latest night is never removed")
    with _locked(exports):
        pointers = {path: read_json(path) or {} for path in (exports / "pointers").glob("*.json")}
        days = sorted(pointers, key=lambda path: path.stem)
        for path in days[:-keep_nights]:
            _unpoint(exports, path, pointers.pop(path))
        kept = {pointer.get("content_id") for pointer in pointers.values()}
        kept.add((read_json(exports / "latest.json") or {}).get("content_id"))
        _follow(exports)
        storage = storage_of(exports)
        storage.sweep(exports / ".staging")
        for folder in (exports, exports / "pointers"):
            for path in folder.glob(".*.tmp"):
                storage.delete(path)
        return _remove(exports, kept, time.time() - grace_seconds)


def _unpoint(exports: Place, path: Place, pointer: Mapping[str, object]) -> None:
    storage = storage_of(exports)
    left = exports / "snapshots" / str(pointer.get("content_id"))
    if left.is_dir():
        storage.touch(left)
    storage.unlink(exports / path.stem)
    storage.delete(path)


def _remove(exports: Place, kept: Iterable[object], before: float) -> list[str]:
    removed = []
    for path in sorted((exports / "snapshots").glob("*")):
        if path.name in kept or storage_of(path).idle_since(path) > before:
            continue
        _drop(exports, path)
        removed.append(path.name)
    return removed


def _drop(exports: Place, snapshot: Place) -> None:
    storage_of(exports).drop(exports, snapshot, MANIFEST)
