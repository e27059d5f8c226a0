"""Whether the lake's files are what its log says: digests made, kept and compared."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from flows.landings import Landing, Part
from flows.parquet import sha256
from flows.places import Place
from flows.storage import storage_of

if TYPE_CHECKING:
    from flows.lake import Lake

REMEDY = (
    "restore it from a backup of the lake, or, where its delivery still lies in its folder, "
    "`hearcast repull` lets the next night read that again"
)


def with_digests(root: Place, part: Part) -> Part:
    """`part` with the digests of its files as they are now."""
    found = [sha256(root / path) for path in part.paths]
    return replace(part, sha256=found[0], words_sha256=found[1] if part.words else None)


def learn_digests(lake: Lake) -> int:
    """How many parts had no digest and have one now: those of earlier versions, or cut short.

    Each landing changes by the rename of its log entry. Only the single writer may call it.
    """
    learnt = 0
    for entry in lake.landings():
        new = [p for p in entry.parts if _unknown(p) and _there(lake.root, p)]
        if new:
            parts = [with_digests(lake.root, p) if p in new else p for p in entry.parts]
            lake.amend(replace(entry, parts=tuple(parts)))
            learnt += len(new)
    return learnt


def _unknown(part: Part) -> bool:
    return None in part.digests.values() or len(part.digests) < len(part.paths)


def _there(root: Place, part: Part) -> bool:
    return all((root / path).is_file() for path in part.paths)


def damaged(root: Place, landings: Iterable[Landing]) -> dict[str, str]:
    """Relative path to what befell it, in one line, for every landed file that is not as it was.

    Reads every byte of what a night may see, unless the storage compares them itself: then only
    what is gone is found here.
    """
    found: dict[str, str] = {}
    storage, landings = storage_of(root), list(landings)
    named = [root / path for entry in landings for part in entry.parts for path in part.paths]
    gone, read = set(storage.missing(named)), not storage.checks_itself()
    for entry in landings:
        for part in entry.parts:
            for path, told in part.digests.items():
                if why := _wrong(root / path, told if read else None, gone):
                    found[path] = f"{path} of the lake: {why}; {REMEDY}"
        if entry.quarantine is not None and not _readable(root / entry.quarantine):
            found[entry.quarantine] = (
                f"{entry.quarantine} of the lake: the quarantined rows in it cannot be read and are "
                "not shown; restore it from a backup of the lake"
            )
    return found


def _wrong(path: Place, told: str | None, gone: Collection[Place]) -> str | None:
    if path in gone:
        return "a landed file is missing"
    if told is not None and sha256(path) != told:
        return "a landed file is damaged: it is not what was written"
    return None


def _readable(path: Place) -> bool:
    try:
        storage_of(path).read_parquet(path)
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return False
    return True


def drop_damaged(lake: Lake, bad: Iterable[str]) -> list[tuple[Part, Landing]]:
    """Takes damaged files out of the log; the parts taken, each with the landing that it stood in.

    No delivery of a source that lost a part counts as read any more: the next night reads all of
    them, and what the lake still holds lands as unchanged. Only the single writer may call it.
    """
    lost, entries = set(bad), lake.landings()
    gone = [(part, entry) for entry in entries for part in entry.parts if lost & set(part.paths)]
    sources = {part.source for part, _ in gone}
    for entry in entries:
        new = replace(
            entry,
            parts=tuple(part for part in entry.parts if not lost & set(part.paths)),
            signatures={
                name: told
                for name, told in entry.signatures.items()
                if name.split("/", 1)[0] not in sources
            },
            quarantine=None if entry.quarantine in lost else entry.quarantine,
        )
        if new != entry:
            lake.amend(new)
    return gone
