"""What the rest of the house asks of storage, whether it is a folder on a disk or one in a bucket."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from flows.places import Place


class Storage(Protocol):
    """Writing, removing and locking. Readers need none of it: a `Place` is read by itself.

    Guarantees, on both: a file is wholly there or not at all; a folder made by `settle` is complete
    before anybody can be led to it, because pointers are written last; what a killed process left
    is found by the next one.
    """

    # -- files ----------------------------------------------------------------------------------
    def write(self, place: Place, content: bytes, *, mode: int = 0o644) -> None:
        """Puts `content` at `place`, whatever was there."""

    def create(self, place: Place, content: bytes, *, mode: int = 0o644) -> None:
        """The same where nothing is there; FileExistsError where something is."""

    def update(self, place: Place, change: Callable[[bytes | None], bytes | None]) -> None:
        """Replaces what is there by `change` of it, as one step; None leaves it.

        `change` may be called again with newer content, so it must do nothing else; what it returns
        says whose it is, so that two writers never come to the same bytes by different ways.
        """

    def write_parquet(self, place: Place, frame: pl.DataFrame) -> None:
        """Stores a frame, for its owner only; equal frames give equal bytes."""

    def put_file(self, file: Path, place: Place) -> None:
        """Puts a finished local file at `place`; it is gone from where it was."""

    def fetch(self, place: Place, file: Path) -> None:
        """Copies a file to a local one."""

    def delete(self, place: Place) -> None:
        """Removes a file; none is fine."""

    def remove(self, folder: Place) -> None:
        """Removes a folder and all in it, as far as it can."""

    def private(self, root: Place, folder: Place) -> None:
        """Makes `folder`, and all from `root` down to it, readable by its owner only."""

    # -- reading many ---------------------------------------------------------------------------
    def read_parquet(self, place: Place, columns: list[str] | None = None) -> pl.DataFrame:
        """A stored frame, or some columns of it. Raises FileNotFoundError where there is none."""

    def scan_parquet(self, places: Iterable[Place], **options: Any) -> pl.LazyFrame:  # noqa: ANN401 - Polars' own
        """Stored frames one below the other, read when they are collected."""

    def columns(self, place: Place) -> list[str]:
        """Names of the columns of a stored frame."""

    def files(self, folder: Place) -> list[Place]:
        """Every file below a folder, in order; none where there is no folder."""

    def contents(self, folder: Place, suffix: str) -> list[tuple[Place, bytes]]:
        """The files of a folder with this ending, and what stands in them, in order of name."""

    def missing(self, places: Iterable[Place]) -> list[Place]:
        """Those of `places` that are not there."""

    # -- folders --------------------------------------------------------------------------------
    def staging(self, parent: Place) -> AbstractContextManager[Path]:
        """A new local folder to make files in, for `settle` or `put_file`; gone afterwards."""

    def sweep(self, parent: Place) -> None:
        """Removes what dead processes left in the making below `parent`."""

    def settle(self, staging: Path, folder: Place, last: str) -> bool:
        """Makes the files in `staging` the new folder `folder`; False where it is there already.

        `last` is the file that makes the folder whole: it comes after all others.
        """

    def filling(self, folder: Place) -> AbstractContextManager[Path]:
        """A local folder whose files stand in `folder` afterwards, over those that were there."""

    def touch(self, folder: Place) -> None:
        """Notes that a folder is in use now."""

    def idle_since(self, folder: Place) -> float:
        """When a folder was made or last touched, in seconds since 1970."""

    def drop(self, root: Place, folder: Place, last: str) -> None:
        """Removes a folder made by `settle`: no reader takes half of it for the whole."""

    def link(self, place: Place, target: str) -> None:
        """Leads `place` to its neighbour `target` for people and tools, where there are links."""

    def unlink(self, place: Place) -> None:
        """Takes such a link away."""

    def workroom(self, root: Place) -> Path:
        """A local folder in which one night at a time on `root` leaves its frames."""

    def part_name(self, name: str) -> str:
        """The name for a new data file: where locks can lapse, one that no other writer gives."""

    # -- one at a time --------------------------------------------------------------------------
    def alone(self, root: Place) -> AbstractContextManager[None]:
        """Holds `root` for one writer. Raises AnotherNight at once where somebody else holds it."""

    def locked(self, place: Place, seconds: float | None = None) -> AbstractContextManager[None]:
        """Waits for, and holds, the lock at `place` for a few steps; a killed process lets go of it.

        An OSError where somebody else holds it for more than `seconds`; None: as long as it may be right.
        """

    def checks_itself(self) -> bool:
        """Whether the storage compares what it gives with what was written, byte for byte."""

    def keeps_versions(self, root: Place) -> bool:
        """Whether what is written over or removed below `root` stays as an earlier version."""
