"""A folder in a bucket: conditional writes, listings, and leases for locks."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import obstore
import polars as pl

from flows.alone import AnotherNight
from flows.errors import StoreError
from flows.places import Place
from flows.staging import staging_dir, sweep
from flows.storage.access import scan_options
from flows.storage.lease import Lease
from flows.storage.objects import ChangedMeanwhile, ObjectPath, told

AT_ONCE = 8
"""Requests under way at a time."""
TOUCHED = ".touched"
"""Object of a folder that only says when the folder was last in use."""
TRIES = 20
STAGING = "staging"
"""Where files are made before they are sent."""


def _object(place: Place) -> ObjectPath:
    assert isinstance(place, ObjectPath), place  # noqa: S101 - `storage_of` chose this storage by it
    return place


def _own_room(name: str) -> Path:
    """A folder for temporary files that nobody but this user can look into."""
    room = Path(tempfile.gettempdir()) / f"hearcast-{os.getuid()}-{name}"
    room.mkdir(mode=0o700, exist_ok=True)
    if room.is_symlink() or room.stat().st_uid != os.getuid():
        raise StoreError(errno.EPERM, f"{room}: is somebody else's; remove it, or set TMPDIR")
    return room


class BucketStorage:
    """`Storage` in a bucket of S3, Google or Azure; see there for what each does.

    Every object is whole or not there. Locks are leases: before anything is created for good below a
    folder that this process holds, the lease is proved, and once it has lapsed nothing is written.
    """

    def __init__(self) -> None:
        self._held: dict[ObjectPath, Lease] = {}
        self._read: dict[tuple[ObjectPath, str], bytes] = {}

    # -- files ----------------------------------------------------------------------------------
    def write(self, place: Place, content: bytes, *, mode: int = 0o644) -> None:  # noqa: ARG002 - a disk needs it
        """One PUT; who may read it is the bucket's policy."""
        self._check(place)
        _object(place).put(content)

    def create(self, place: Place, content: bytes, *, mode: int = 0o644) -> None:  # noqa: ARG002 - as above
        """One conditional PUT, straight after the lease of the folder was proved."""
        for root, lease in list(self._held.items()):
            if _below(place, root):
                lease.prove()
        _object(place).create(content)

    def update(self, place: Place, change: Callable[[bytes | None], bytes | None]) -> None:
        """A conditional PUT, again with what is there now where somebody else was faster."""
        one = _object(place)
        for _ in range(TRIES):
            self._check(place)
            try:
                found = one.read_tagged()
            except FileNotFoundError:
                found = None
            new = change(found.content if found else None)
            if new is None or (found and new == found.content):
                return
            try:
                if found is None:
                    one.create(new)
                else:
                    one.swap(new, found.tag)
            except (FileExistsError, ChangedMeanwhile):
                continue
            return
        raise StoreError(errno.EAGAIN, f"{place}: others keep writing it; run the night again")

    def write_parquet(self, place: Place, frame: pl.DataFrame) -> None:
        """Encoded in memory."""
        self._check(place)
        buffer = BytesIO()
        frame.write_parquet(buffer, compression="zstd", compression_level=3)
        _object(place).put(buffer.getvalue())

    def put_file(self, file: Path, place: Place) -> None:
        """In parts where it is large; they come to be one object at the end."""
        self._check(place)
        one = _object(place)
        with told(one, writing=True):
            obstore.put(one._client(), one.key, file)  # noqa: SLF001 - one room
        file.unlink()

    def fetch(self, place: Place, file: Path) -> None:
        """Whole."""
        file.write_bytes(place.read_bytes())

    def delete(self, place: Place) -> None:
        """One object."""
        self._check(place)
        _object(place).delete()

    def remove(self, folder: Place) -> None:
        """A thousand objects a request."""
        self._check(folder)
        self._delete([one.path for one in _object(folder).listed()])

    def private(self, root: Place, folder: Place) -> None:
        """Nothing: who may read is the bucket's policy."""

    # -- reading many ---------------------------------------------------------------------------
    def read_parquet(self, place: Place, columns: list[str] | None = None) -> pl.DataFrame:
        """Some columns are read by Polars, which asks for their bytes alone."""
        if columns is None:
            return pl.read_parquet(BytesIO(place.read_bytes()))
        return self.scan_parquet([place]).select(columns).collect()

    def scan_parquet(self, places: Iterable[Place], **options: Any) -> pl.LazyFrame:  # noqa: ANN401 - Polars' own
        """By Polars, with the same access."""
        found = [_object(one) for one in places]
        access = scan_options(found[0].bucket, found[0].access)
        return pl.scan_parquet(
            [str(one) for one in found], glob=False, hive_partitioning=False,
            storage_options=access, credential_provider=None, **options,
        )  # fmt: skip

    def columns(self, place: Place) -> list[str]:
        """From the footer alone."""
        return self.scan_parquet([place]).collect_schema().names()

    def files(self, folder: Place) -> list[Place]:
        """One listing."""
        return [one.path for one in _object(folder).listed()]

    def contents(self, folder: Place, suffix: str) -> list[tuple[Place, bytes]]:
        """One listing, and a request for each object that is new since the last time."""
        found = [one for one in _object(folder).listed() if one.path.name.endswith(suffix)]
        new = [one for one in found if (one.path, one.tag) not in self._read]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for one, content in zip(new, pool.map(lambda o: o.path.read_bytes(), new), strict=True):
                self._read[(one.path, one.tag)] = content
        return [(one.path, self._read[(one.path, one.tag)]) for one in found]

    def missing(self, places: Iterable[Place]) -> list[Place]:
        """One listing for each folder."""
        wanted = [_object(place) for place in places]
        folders = {place.parent for place in wanted}
        there = {one.path for folder in folders for one in folder.listed()}
        return [place for place in wanted if place not in there]

    # -- folders --------------------------------------------------------------------------------
    @contextmanager
    def staging(self, parent: Place) -> Iterator[Path]:  # noqa: ARG002 - a disk needs it
        """In a folder of this user's on this host."""
        with staging_dir(_own_room(STAGING)) as folder:
            yield folder

    def sweep(self, parent: Place) -> None:  # noqa: ARG002 - half an object is no object
        """Those on this host that the kernel's lock shows to be nobody's."""
        sweep(_own_room(STAGING))

    def settle(self, staging: Path, folder: Place, last: str) -> bool:
        """Object by object; until `last` is there nobody is led to the folder."""
        self._check(folder)
        if (folder / last).is_file():
            return False
        files = sorted(path for path in staging.iterdir() if path.name != last)
        self._upload(files, staging, folder)
        self.put_file(staging / last, folder / last)
        return True

    @contextmanager
    def filling(self, folder: Place) -> Iterator[Path]:
        """A temporary folder, sent object by object."""
        with staging_dir(_own_room(STAGING)) as local:
            yield local
            self._upload(
                [path for path in sorted(local.rglob("*")) if path.is_file()], local, folder
            )

    def touch(self, folder: Place) -> None:
        """An object of its own in the folder."""
        self.write(folder / TOUCHED, b"")

    def idle_since(self, folder: Place) -> float:
        """The newest object's time."""
        return max((one.written for one in _object(folder).listed()), default=0.0)

    def drop(self, root: Place, folder: Place, last: str) -> None:  # noqa: ARG002 - a disk needs it
        """`last` first: from then on it is no whole folder."""
        self.delete(folder / last)
        self.remove(folder)

    def link(self, place: Place, target: str) -> None:
        """Nothing: a bucket has no links, readers go by the pointers."""

    def unlink(self, place: Place) -> None:
        """Nothing, for the same reason."""

    def workroom(self, root: Place) -> Path:
        """On this host, one for each user and lake."""
        return _own_room(hashlib.sha256(str(root).encode()).hexdigest()[:16])

    def part_name(self, name: str) -> str:
        """With a mark of its own: a writer whose lease lapsed cannot write over the next one's file."""
        stem, dot, ending = name.rpartition(".")
        return f"{stem}-{secrets.token_hex(4)}{dot}{ending}"

    # -- one at a time --------------------------------------------------------------------------
    @contextmanager
    def alone(self, root: Place) -> Iterator[None]:
        """By a lease, among all hosts."""
        _must_obey(_object(root))
        lease = Lease(_object(root) / ".lock")
        if not lease.take():
            raise AnotherNight(
                f"another night is running on the lake {root}, or was ended without notice in the "
                f"last {lease.seconds} seconds; let it end, or wait so long, and try again"
            )
        self._held[_object(root)] = lease
        try:
            yield
        finally:
            del self._held[_object(root)]
            lease.release()

    @contextmanager
    def locked(self, place: Place, seconds: float | None = None) -> Iterator[None]:
        """By a lease, among all hosts; one whose holder was killed lapses."""
        lease = Lease(_object(place))
        patience = time.monotonic() + (3 * lease.seconds if seconds is None else seconds)
        while not lease.take():
            if time.monotonic() > patience:
                raise StoreError(
                    errno.EAGAIN, f"{place}: somebody else has held this lock for too long"
                )
            time.sleep(0.5)
        try:
            yield
        finally:
            lease.release()

    def checks_itself(self) -> bool:
        """Yes: each object bears a checksum."""
        return True

    def keeps_versions(self, root: Place) -> bool:
        """Asks the bucket by writing: one that keeps versions names the new one."""
        probe = _object(root) / ".lock.clock"
        # Google names a version whether it keeps earlier ones or not.
        return "version" in probe.put(b"") and not probe.bucket.startswith("gs://")

    # -- within ---------------------------------------------------------------------------------
    def _check(self, place: Place) -> None:
        """Raises LeaseLostError where `place` lies below a folder that is no longer ours."""
        for root, lease in list(self._held.items()):
            if _below(place, root):
                lease.check()

    def _upload(self, files: list[Path], root: Path, folder: Place) -> None:
        def send(file: Path) -> None:
            self.put_file(file, folder / file.relative_to(root).as_posix())

        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(send, files))

    def _delete(self, paths: list[ObjectPath]) -> None:
        if not paths:
            return
        with told(paths[0]):
            obstore.delete(paths[0]._client(), [one.key for one in paths])  # noqa: SLF001 - one room


def _must_obey(root: ObjectPath) -> None:
    """Raises StoreError where the storage takes a conditional write for a plain one: no lock would hold."""
    probe = root / ".lock.clock"
    probe.put(secrets.token_bytes(8))
    try:
        probe.create(secrets.token_bytes(8))
    except FileExistsError:
        return
    raise StoreError(
        errno.ENOTSUP,
        f"{root}: this storage does not know conditional writes (If-None-Match), so two nights could "
        "not be kept apart; use a newer version of it, or another one",
    )


def _below(place: Place, root: Place) -> bool:
    return place.parts[: len(root.parts)] == root.parts
