"""A file that was cut into parts, read as one."""

from __future__ import annotations

import bisect
import io
import os
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path


def joined(parts: Sequence[Path]) -> io.BufferedReader:
    """The bytes of files one after the other, as one file; OSError where one cannot be read."""
    return io.BufferedReader(_Joined(parts))


class _Joined(io.RawIOBase):
    """The same, each reading from one part at most."""

    def __init__(self, parts: Sequence[Path]) -> None:
        """`parts` in their order."""
        self._parts = list(parts)
        self._ends = list(accumulate(path.stat().st_size for path in self._parts))
        self._at = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """Bytes before the next one that is read."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Moves as any file does; never before the first byte."""
        size = self._ends[-1] if self._ends else 0
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Bytes that were read, from one part at most: 0 at the end."""
        number = bisect.bisect_right(self._ends, self._at)
        if number == len(self._parts):
            return 0
        begin = self._ends[number - 1] if number else 0
        with self._parts[number].open("rb") as part:
            part.seek(self._at - begin)
            read = part.readinto(buffer)
        self._at += read
        return read
