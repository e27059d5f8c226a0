"""Work in the making: directories with a living owner, links replaced by rename, locks."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from flows.atomic import fsync
from flows.places import Place


def json_bytes(value: Mapping[str, object]) -> bytes:
    """`value` as JSON: sorted keys, dates and times in ISO 8601, a newline at the end."""
    text = json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False, default=_plain)
    return (text + "\n").encode()


def _plain(value: object) -> str:
    if isinstance(value, date):  # a datetime is one
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in a manifest or pointer")


def read_json(path: Place) -> dict[str, object] | None:
    """The object in `path`; None where there is no such file or it holds no JSON object."""
    try:
        value = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def replace_link(path: Path, target: str) -> None:
    """Makes the symbolic link `path` lead to `target` without a moment of leading nowhere."""
    aside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    aside.unlink(missing_ok=True)
    aside.symlink_to(target)
    aside.replace(path)
    fsync(path.parent)


@contextmanager
def locked(path: Path, seconds: float | None = None) -> Iterator[None]:
    """Exclusive among the processes of this host; a killed process lets go of it.

    Raises TimeoutError where somebody else holds it for more than `seconds`; None: waits for ever.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        if seconds is None:
            fcntl.flock(file, fcntl.LOCK_EX)
        else:
            _claim_within(file.fileno(), path, seconds)
        yield


def _claim_within(handle: int, path: Path, seconds: float) -> None:
    until = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise TimeoutError(
                    errno.ETIMEDOUT, "another process holds the lock", str(path)
                ) from None
            time.sleep(0.1)
        else:
            return


@contextmanager
def staging_dir(parent: Path) -> Iterator[Path]:
    """A new directory in `parent`, gone afterwards unless it was renamed away.

    Its owner holds a lock on it that the kernel releases with the process; `sweep` takes what it
    can lock for a dead process's leftover.
    """
    parent.mkdir(parents=True, exist_ok=True)
    path, handle = _claimed(parent)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=not path.exists())
        os.close(handle)


def sweep(parent: Path) -> int:
    """How many leftovers of dead processes were removed from `parent`."""
    removed = 0
    for path in sorted(parent.iterdir()) if parent.is_dir() else ():
        handle = _claim(path)
        if handle is not None:
            shutil.rmtree(path)
            os.close(handle)
            removed += 1
    return removed


def _claimed(parent: Path) -> tuple[Path, int]:
    while True:
        path = parent / secrets.token_hex(16)
        path.mkdir()
        handle = _claim(path)
        if handle is not None:  # None: a sweep took the directory between the two calls
            return path, handle


def _claim(path: Path) -> int | None:
    """A handle that locks the directory; None where somebody else holds it or it is gone."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(path.stat(), os.fstat(handle)):
            return handle
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(handle)
    return None
