"""Rows on their way from a database, on disk and without a name: a killed process leaves nothing."""

from __future__ import annotations

import hashlib
import io
import tempfile
from types import TracebackType
from typing import IO, Self

import polars as pl

from transforms.database_rows import Rows, together

_LEGACY = pl.CompatLevel.oldest()


class Spool:
    """Batches of one table. Reading holds one of them in memory, whatever their number."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the spool
        self._ends: list[int] = [0]
        self.unread: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def add(self, rows: Rows) -> None:
        """Puts a batch behind those before."""
        self.unread.update(rows.unread)
        if not rows.frame.height and len(self._ends) > 1:
            return
        rows.frame.write_ipc(self._file, compression="lz4")
        self._ends.append(self._file.tell())

    def rows(self) -> pl.DataFrame:
        """All batches as one frame."""
        frames = []
        self._file.seek(0)
        for start, end in zip(self._ends, self._ends[1:], strict=False):
            frames.append(pl.read_ipc(io.BytesIO(self._file.read(end - start))))
        return together(frames)


def content_digest(frame: pl.DataFrame) -> str:
    """SHA-256 of the rows of `frame` with their names and types, whatever their batches were."""
    sink = _Digest()
    frame.rechunk().write_ipc(sink, compression="uncompressed", compat_level=_LEGACY)  # type: ignore[call-overload]
    return sink.found.hexdigest()


class _Digest(io.RawIOBase):
    """A file that keeps nothing but the digest of what is written."""

    def __init__(self) -> None:
        self.found = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self.found.update(data)
        return len(data)
