"""What a file's address can do, whether it lies on a disk or in a bucket."""

from __future__ import annotations

from collections.abc import Iterator
from io import BufferedReader, BytesIO
from typing import Any, Literal, Protocol


class Size(Protocol):
    """The part of `os.stat_result` that a bucket knows, too."""

    @property
    def st_size(self) -> int:
        """Bytes of a file."""

    @property
    def st_mtime(self) -> float:
        """When it was last written, in seconds since 1970."""


class Place(Protocol):
    """The reading half of `pathlib.Path`: a local path is one, and so is an address in a bucket.

    Whatever writes, removes or locks is an operation of `flows.storage`, because there the two
    differ: a disk has renames, links and locks, a bucket has conditional writes.
    """

    @property
    def name(self) -> str:
        """The last part."""

    @property
    def stem(self) -> str:
        """The last part without its ending."""

    @property
    def suffix(self) -> str:
        """The ending of the last part, with its dot."""

    @property
    def parent(self) -> Place:
        """The folder that it lies in."""

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts of the address, from the disk's or bucket's root on."""

    def __truediv__(self, key: str, /) -> Place: ...

    def __lt__(self, other: Any, /) -> bool: ...  # noqa: ANN401 - as pathlib's

    def __hash__(self) -> int: ...

    def read_bytes(self) -> bytes:
        """All of the file. Raises FileNotFoundError where there is none."""

    def open(self, mode: Literal["rb"], /) -> BufferedReader | BytesIO:
        """The file to read from."""

    def exists(self) -> bool:
        """Whether a file or a folder is there."""

    def is_file(self) -> bool:
        """Whether a file is there."""

    def is_dir(self) -> bool:
        """Whether there is a folder: in a bucket, something below this address."""

    def glob(self, pattern: str, /) -> Iterator[Place]:
        """Files and folders that match, in no order."""

    def resolve(self) -> Place:
        """The address that links lead to; itself where there are none."""

    def stat(self) -> Size:
        """Size and time of the file. Raises FileNotFoundError where there is none."""


def relative(place: Place, root: Place) -> str:
    """The address of `place` from `root` on, its parts joined by slashes."""
    head = root.parts
    if place.parts[: len(head)] != head:
        raise ValueError(f"{place} is not below {root}")
    return "/".join(place.parts[len(head) :])
