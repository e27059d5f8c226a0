"""A folder on a local disk: renames, links and the kernel's locks."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from flows.alone import alone
from flows.atomic import fsync, private_dir, write_atomic
from flows.places import Place
from flows.staging import locked, replace_link, staging_dir, sweep


def _path(place: Place) -> Path:
    assert isinstance(place, Path), place  # noqa: S101 - `storage_of` chose this storage by it
    return place


class LocalStorage:
    """`Storage` on a disk that has renames, symbolic links and locks; see there for what each does."""

    def write(self, place: Place, content: bytes, *, mode: int = 0o644) -> None:
        """By rename."""
        write_atomic(_path(place), content, mode=mode)

    def create(self, place: Place, content: bytes, *, mode: int = 0o644) -> None:
        """By rename; whoever calls it holds the folder's lock."""
        if place.exists():
            raise FileExistsError(f"{place} exists already")
        write_atomic(_path(place), content, mode=mode)

    def update(self, place: Place, change: Callable[[bytes | None], bytes | None]) -> None:
        """By rename; whoever calls it holds the folder's lock."""
        new = change(place.read_bytes() if place.is_file() else None)
        if new is not None:
            write_atomic(_path(place), new)

    def write_parquet(self, place: Place, frame: pl.DataFrame) -> None:
        """By rename; its folder is there."""
        path = _path(place)
        temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        frame.write_parquet(temporary, compression="zstd", compression_level=3)
        temporary.chmod(0o600)
        fsync(temporary)
        temporary.replace(path)
        fsync(path.parent)

    def put_file(self, file: Path, place: Place) -> None:
        """By rename, on the same disk."""
        path = _path(place)
        path.parent.mkdir(parents=True, exist_ok=True)
        file.replace(path)
        fsync(path.parent)

    def fetch(self, place: Place, file: Path) -> None:
        """By copying."""
        shutil.copyfile(_path(place), file)

    def delete(self, place: Place) -> None:
        """One file."""
        _path(place).unlink(missing_ok=True)

    def remove(self, folder: Place) -> None:
        """As `rm -rf` does."""
        shutil.rmtree(_path(folder), ignore_errors=True)

    def private(self, root: Place, folder: Place) -> None:
        """Mode 0700."""
        private_dir(_path(root), _path(folder))

    def read_parquet(self, place: Place, columns: list[str] | None = None) -> pl.DataFrame:
        """By Polars."""
        return pl.read_parquet(_path(place), columns=columns)

    def scan_parquet(self, places: Iterable[Place], **options: Any) -> pl.LazyFrame:  # noqa: ANN401 - Polars' own
        """By Polars."""
        paths = [_path(one) for one in places]
        return pl.scan_parquet(paths[0] if len(paths) == 1 else paths, **options)

    def columns(self, place: Place) -> list[str]:
        """From the footer alone."""
        return list(pl.read_parquet_schema(_path(place)))

    def files(self, folder: Place) -> list[Place]:
        """All folders below are searched."""
        return [path for path in sorted(_path(folder).rglob("*")) if path.is_file()]

    def contents(self, folder: Place, suffix: str) -> list[tuple[Place, bytes]]:
        """One file after the other."""
        return [(path, path.read_bytes()) for path in sorted(_path(folder).glob(f"*{suffix}"))]

    def missing(self, places: Iterable[Place]) -> list[Place]:
        """One look at each."""
        return [place for place in places if not place.is_file()]

    def staging(self, parent: Place) -> AbstractContextManager[Path]:
        """Beside where it will stand, so that a rename can put it there."""
        return staging_dir(_path(parent))

    def sweep(self, parent: Place) -> None:
        """Those that the kernel's lock shows to be nobody's."""
        sweep(_path(parent))

    def settle(self, staging: Path, folder: Place, last: str) -> bool:  # noqa: ARG002 - a bucket needs it
        """One rename: all of it at once."""
        path = _path(folder)
        path.parent.mkdir(parents=True, exist_ok=True)
        fsync(staging)
        try:
            staging.rename(path)
        except OSError:
            if not path.is_dir():
                raise
            return False
        fsync(path.parent)
        return True

    @contextmanager
    def filling(self, folder: Place) -> Iterator[Path]:
        """The folder itself."""
        path = _path(folder)
        path.mkdir(parents=True, exist_ok=True)
        yield path
        fsync(path)

    def touch(self, folder: Place) -> None:
        """Its time."""
        os.utime(_path(folder))

    def idle_since(self, folder: Place) -> float:
        """Its time."""
        return folder.stat().st_mtime

    def drop(self, root: Place, folder: Place, last: str) -> None:  # noqa: ARG002 - a bucket needs it
        """Renamed first: a kill in the middle leaves a leftover, not half a folder."""
        gone = _path(root) / ".staging" / f"{folder.name}.removed"
        gone.parent.mkdir(exist_ok=True)
        _path(folder).rename(gone)
        shutil.rmtree(gone)

    def link(self, place: Place, target: str) -> None:
        """A symbolic link, replaced by rename where it leads elsewhere."""
        path = _path(place)
        if not path.is_symlink() or path.readlink() != Path(target):
            replace_link(path, target)

    def unlink(self, place: Place) -> None:
        """The link alone."""
        _path(place).unlink(missing_ok=True)

    def workroom(self, root: Place) -> Path:
        """Below it."""
        return _path(root) / "work"

    def part_name(self, name: str) -> str:
        """The name as it is: the kernel's lock does not lapse."""
        return name

    def alone(self, root: Place) -> AbstractContextManager[None]:
        """Among the processes of this host."""
        return alone(_path(root))

    def locked(self, place: Place, seconds: float | None = None) -> AbstractContextManager[None]:
        """Among the processes of this host."""
        return locked(_path(place), seconds)

    def checks_itself(self) -> bool:
        """No: a disk gives what it has."""
        return False

    def keeps_versions(self, root: Place) -> bool:  # noqa: ARG002 - a bucket needs it
        """A file that is gone is gone; what backups hold is not known here."""
        return False
