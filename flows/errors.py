"""Errors whose one line tells a person what is wrong and what to do; no traceback helps them."""

from __future__ import annotations

import errno
import logging
import os
import re
import traceback
from collections.abc import Iterator
from pathlib import Path

LOG = logging.getLogger("hearcast")
DISK = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO}
)
"""What a disk or share says when it is full, read-only, closed to us or broken."""

OBSTACLES = frozenset({errno.EEXIST, errno.ENOTDIR, errno.EISDIR})
"""What it says where a file stands in the place of a folder, or a folder in that of a file."""


class Refusal(RuntimeError):  # noqa: N818 - not an error of the program
    """The night cannot go on, for a reason that its message gives in one line."""


class Mistake(Refusal):
    """Something that the user has to put right first; the message names it and the remedy."""


class StoreError(OSError):
    """A bucket did not answer as it should; the message is one line with the remedy."""

    def __str__(self) -> str:
        """The line alone, without a number."""
        return str(self.strerror)


def disk_trouble(error: BaseException | None) -> str | None:
    """One line with the remedy where a disk refused to be read or written; else None.

    Polars wraps what the system says into errors of its own kind, as "(os error 28)".
    """
    if error is None:
        return None
    if isinstance(error, StoreError):
        return str(error)
    if "object-store error" in str(error):  # as Polars says it, with the request and all
        return (
            "Parquet in a bucket could not be read; check the network and the credentials, then run "
            "the night again"
        )
    wrapped = re.search(r"\(os error (\d+)\)", str(error))
    told = getattr(error, "errno", None)
    number = int(wrapped.group(1)) if told is None and wrapped else told
    if number in OBSTACLES and (file := getattr(error, "filename", None)):
        return (
            f"{file}: {os.strerror(number)}; a file stands where a folder must be, or a folder where a "
            "file must: move it away, then run the night again"
        )
    if number not in DISK:
        return None
    where = getattr(error, "filename", None) or "lake or exports"
    return (
        f"{where}: {os.strerror(number)}; free space or give access there, then run the night again"
    )


def reason_of(error: BaseException) -> str:
    """One line for people on what went wrong; never a customer's word."""
    if trouble := disk_trouble(error):
        return trouble
    return str(error) if isinstance(error, Refusal) else where(error)


def where(error: BaseException) -> str:
    """The kind of `error` and the lines that led to it, newest first, on one line.

    Its message is left out: it may quote what a customer wrote.
    """
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{Path(one.filename).name}:{one.lineno}" for one in reversed(frames)]
    return " < ".join([type(error).__name__, *places])


class _NoTraceback(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record is shown: a refusal's traceback is not, its line is said at the end."""
        error = record.exc_info[1] if record.exc_info else None
        said = record.getMessage()
        named = any(f"exception {kind.__name__}" in said for kind in _kinds())
        # Great Expectations writes one traceback into its message for each page that found no room.
        late = "interrupted by an unexpected exception: _Late" in said
        page = record.name.startswith("great_expectations") and "[Errno " in said
        return not (isinstance(error, Refusal) or named or late or page or disk_trouble(error))


def failed(what: str, error: BaseException) -> str:
    """Logs that a part of the night failed, and where; a line for the manifest, without words of data."""
    LOG.error("%s failed: %s", what, where(error))
    return f"{what} failed: {type(error).__name__}"


def _kinds(kind: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    """`kind` and all that are made of it."""
    yield kind
    for narrower in kind.__subclasses__():
        yield from _kinds(narrower)


def hide_refusals() -> None:
    """Keeps refusals' tracebacks out of the terminal. Call it after Prefect set up its logging."""
    names = ["", *(n for n in logging.root.manager.loggerDict if n.startswith("prefect"))]
    for name in names:
        for handler in logging.getLogger(name).handlers:
            if not any(isinstance(f, _NoTraceback) for f in handler.filters):
                handler.addFilter(_NoTraceback())
