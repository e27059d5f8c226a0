"""Pages that have come and not yet landed: kept in the lake, so that a pull goes on where it stopped.

    <lake>/incoming/<source>/<endpoint>/00000001.page     mode 0600, gone once its rows are committed

A page is one file, whole or not there: its first line says where the pull stood, the rest is what
the API sent. No token and no address of a person's is in the first line.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta

from flows.lake import Lake
from flows.places import Place
from flows.storage import storage_of
from transforms.pulls.endpoint import Ask, ask_of

ROOM = "incoming"
KEEP = timedelta(days=7)
"""As long pages of a pull that does not get through are kept; then it begins anew."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a pull stood after a page.

    `base`: digest of the cursor and the request that the chain began with. The window: rows changed
    at or after `since`, asked for at `began` by the server's clock. `follows`: None ends the window.
    """

    base: str
    since: datetime | None
    began: datetime
    follows: Ask | None

    def line(self) -> bytes:
        """The first line of the page's file."""
        told = {
            "base": self.base,
            "since": None if self.since is None else self.since.isoformat(),
            "began": self.began.isoformat(),
            "follows": None if self.follows is None else self.follows.as_json(),
        }
        return json.dumps(told, sort_keys=True).encode() + b"\n"


def _mark(line: bytes) -> Mark:
    told = json.loads(line)
    return Mark(
        told["base"],
        None if told["since"] is None else datetime.fromisoformat(told["since"]),
        datetime.fromisoformat(told["began"]),
        None if told["follows"] is None else ask_of(told["follows"]),
    )


class Chain:
    """The pages of one endpoint, in order."""

    def __init__(self, lake: Lake, source: str, endpoint: str) -> None:
        self._root, self._storage = lake.root, lake.storage
        self.folder = folder_of(lake, source) / endpoint
        self.count = 0
        self.last: Mark | None = None

    def open(self, base: str) -> None:
        """Finds what is there; what began otherwise or is broken is removed."""
        marks: list[Mark] = []
        try:
            for number, path in enumerate(self._files(), 1):
                if path.name != self._name(number):
                    raise ValueError(path.name)  # noqa: TRY301 - one of several ways to be broken
                with path.open("rb") as file:
                    marks.append(_mark(file.readline()))
        except (OSError, ValueError, KeyError, TypeError):
            marks = []
        if not marks or any(one.base != base for one in marks):
            self.clear()
            return
        self.count, self.last = len(marks), marks[-1]

    def add(self, mark: Mark, body: bytes) -> None:
        """Keeps one more page, whole or not at all."""
        self._storage.private(self._root, self.folder)
        page = self.folder / self._name(self.count + 1)
        self._storage.write(page, mark.line() + body, mode=0o600)
        self.count, self.last = self.count + 1, mark

    def bodies(self) -> Iterator[bytes]:
        """What the API sent, page by page."""
        for number in range(1, self.count + 1):
            yield (self.folder / self._name(number)).read_bytes().partition(b"\n")[2]

    def clear(self) -> None:
        """Removes all of it."""
        self._storage.remove(self.folder)
        self.count, self.last = 0, None

    def _files(self) -> list[Place]:
        return sorted(self.folder.glob("*.page")) if self.folder.is_dir() else []

    @staticmethod
    def _name(number: int) -> str:
        return f"{number:08d}.page"


def folder_of(lake: Lake, source: str) -> Place:
    """Where the pages of a source lie; names may hold what no folder's name should."""
    return lake.root / ROOM / hashlib.sha256(source.encode()).hexdigest()[:16]


def sweep(lake: Lake, kept: Mapping[str, Sequence[str]], now: datetime, keep: timedelta) -> None:
    """Removes pages that began longer than `keep` ago, and those of sources and endpoints not in `kept`.

    Only the lake's writer may call it.
    """
    asked = {folder_of(lake, name).name: set(endpoints) for name, endpoints in kept.items()}
    room = lake.root / ROOM
    for folder in room.glob("*/*") if room.is_dir() else ():
        if folder.name not in asked.get(folder.parent.name, ()) or _old(folder, now - keep):
            storage_of(folder).remove(folder)


def _old(folder: Place, before: datetime) -> bool:
    """Whether the first page of a folder is older than that, or cannot be read."""
    first = min(folder.glob("*.page"), default=None)
    try:
        with first.open("rb") if first else nullcontext() as file:
            return file is None or _mark(file.readline()).began < before
    except (OSError, ValueError, KeyError, TypeError):
        return True
