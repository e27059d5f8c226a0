"""What is wrong before a night begins: files of the lake, folders of sources, the machine's clock."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from flows.errors import Refusal
from flows.exports import MANIFEST
from flows.lake import Lake, LakeError
from flows.lake_health import damaged, learn_digests
from flows.places import Place
from flows.reader import refuse_newer
from flows.settings import Settings
from flows.settings.source import Source
from flows.sources.matching import display
from flows.staging import read_json
from flows.stale import previous_snapshot

BACK_DAYS, AHEAD_DAYS = 1, 366
"""A night by the machine's own clock that is older than the newest landing by more than the first,
or younger by more than the second, means that the clock is wrong."""
GLOB = re.compile(r"[*?\[]")


class WrongClock(Refusal):
    """The machine's clock cannot be right; the message is one line with the remedy."""


@dataclass(frozen=True, slots=True)
class Examined:
    """What a night must do without.

    `without`: damaged files of the lake to what befell them, as the lake takes it. `held`: tables
    that lost rows so. `troubles`: what is wrong besides; the night goes on and is degraded.
    """

    without: Mapping[str, str] = field(default_factory=dict)
    held: Mapping[str, str] = field(default_factory=dict)
    troubles: tuple[str, ...] = ()


def examine(settings: Settings, root: Place, as_of: date, *, asked: bool) -> Examined:
    """Compares the lake's files with its log, and looks for what is gone.

    `asked`: somebody gave the date; else it is the machine's clock that says so. Raises WrongClock
    where landing now would shut out all later nights, LakeError where order lines are damaged, as
    every table rests on them, and NewerExport where the night to look back to is of a newer version.
    """
    lake = Lake(root)
    if (before := previous_snapshot(settings.paths.exports, as_of)) is not None:
        refuse_newer(before, read_json(before / MANIFEST) or {})
    newest = lake.newest_as_of()
    _refuse_ahead(as_of, newest, asked=asked)
    if not lake.is_replay(as_of):
        learn_digests(lake)
    entries = lake.shown_at(as_of)
    without = damaged(root, entries)
    table_of = {path: part.table for e in entries for part in e.parts for path in part.paths}
    held = {table_of[path]: why for path, why in without.items() if path in table_of}
    if "order_lines" in held:
        raise LakeError(f"{root}: {held['order_lines']}")
    troubles = [why for path, why in without.items() if path not in table_of]
    troubles += _back(as_of, newest, asked=asked)
    for source in settings.sources if entries and not lake.is_replay(as_of) else ():
        troubles += _gone(source, lake, settings.folder)
    return Examined(without, held, tuple(troubles))


def _refuse_ahead(as_of: date, newest: date | None, *, asked: bool) -> None:
    if not asked and newest is not None and as_of > newest + timedelta(days=AHEAD_DAYS):
        raise WrongClock(
            f"by this machine's clock the night would be of {as_of}, and the newest data landed for "
            f"{newest}; set the clock right, or confirm the date with --as-of {as_of}"
        )


def _back(as_of: date, newest: date | None, *, asked: bool) -> Iterator[str]:
    if not asked and newest is not None and as_of < newest - timedelta(days=BACK_DAYS):
        yield (
            f"clock: by this machine's clock the night is of {as_of}, but data of {newest} have "
            "landed already, so nothing new was pulled; set the clock right"
        )


def _gone(source: Source, lake: Lake, home: Path) -> Iterator[str]:
    """Folders that gave something before and are not there, or not open to us, tonight."""
    if source.kind not in ("files", "inbox"):
        return
    patterns = {p: table for table, plan in source.tables.items() for p in plan.path}
    patterns |= dict.fromkeys(source.path, "")
    told: set[Path] = set()
    for pattern, table in patterns.items():
        folder = _folder(pattern, inbox=not table)
        known = not table or lake.has(source.name, table)
        if "://" in pattern or folder in told or not known:
            continue
        if not folder.is_dir() or not os.access(folder, os.R_OK | os.X_OK):
            told.add(folder)
            state = "cannot be read" if folder.is_dir() else "is gone"
            yield (
                f"{source.name}: the folder {display(folder, home)} {state}, so nothing new of it was pulled; "
                "see whether its disk or share is mounted and open to this account"
            )


def _folder(pattern: str, *, inbox: bool) -> Path:
    """The folder that a pattern names before its first wildcard."""
    if not GLOB.search(pattern):
        path = Path(pattern)
        return path if inbox and not path.suffix else path.parent
    head = GLOB.split(pattern, maxsplit=1)[0]
    return Path(head[: head.rindex("/") + 1] or "/") if "/" in head else Path()
