"""A lock in a bucket: an object that its holder keeps writing, free when that stops for a while.

Its age is told by the storage's own clock, so hosts whose clocks differ agree on it.
"""

from __future__ import annotations

import errno
import json
import logging
import secrets
import threading
import time
from collections.abc import Mapping

from flows.errors import StoreError
from flows.storage.objects import ChangedMeanwhile, ObjectPath

LOG = logging.getLogger("hearcast")
BEATS = 6
"""So many times a lease is renewed before it would lapse."""


class LeaseLostError(StoreError):
    """The lease lapsed while its holder could not renew it; somebody else may hold it now."""


class Lease:
    """One attempt to hold the lock at `place`, and, once `take` said yes, the lock."""

    def __init__(self, place: ObjectPath) -> None:
        self.place = place
        self.seconds = place.access.lease_seconds
        self._owner = secrets.token_hex(8)
        self._beats = 0
        self._tag: Mapping[str, str] = {}
        self._until = 0.0
        self._lost = False
        self._guard = threading.Lock()
        self._over = threading.Event()

    def take(self) -> bool:
        """Whether the lock is ours now: it was free, or its holder has been silent for too long."""
        began = time.monotonic()
        try:
            self._tag = self.place.create(self._content())
        except FileExistsError:
            if not self._take_over():
                return False
        self._until = began + self.seconds
        threading.Thread(target=self._keep, daemon=True, name="hearcast-lease").start()
        return True

    def _take_over(self) -> bool:
        try:
            found = self.place.read_tagged()
            if not _is_free(found.content) and self._now() - found.written <= self.seconds:
                return False
            self._tag = self.place.swap(self._content(), found.tag)
        except (ChangedMeanwhile, FileNotFoundError):
            return False  # somebody else was faster
        return True

    def _now(self) -> float:
        """The time by the storage's clock."""
        clock = self.place.parent / f"{self.place.name}.clock"
        clock.put(self._owner.encode())
        return clock.stat().st_mtime

    def prove(self) -> None:
        """Renews the lease: from now on nobody else can take it for `seconds`.

        Raises LeaseLostError where somebody else may have it. Call it before what must not happen
        twice, and do that at once.
        """
        with self._guard:
            if self._lost:
                raise self._gone()
            began = time.monotonic()
            self._beats += 1
            try:
                self._tag = self.place.swap(self._content(), self._tag)
            except ChangedMeanwhile:
                self._lost = True
                raise self._gone() from None
            self._until = began + self.seconds

    def check(self) -> None:
        """Raises LeaseLostError where the lease has lapsed; asks nobody."""
        if self._lost or time.monotonic() > self._until:
            raise self._gone()

    def release(self) -> None:
        """Lets go of the lock; a lease that was lost is somebody else's and stays."""
        self._over.set()
        with self._guard:
            if self._lost:
                return
            try:
                self.place.swap(_FREE, self._tag)
            except (ChangedMeanwhile, StoreError):
                LOG.warning("%s: the lock could not be given back; it lapses by itself", self.place)

    def _keep(self) -> None:
        while not self._over.wait(self.seconds / BEATS):
            try:
                self.prove()
            except LeaseLostError:
                return
            except (OSError, RuntimeError) as error:
                LOG.warning("%s: could not be renewed (%s)", self.place, type(error).__name__)

    def _content(self) -> bytes:
        # The count makes each renewal another version: else it would bear the tag of the one before.
        return json.dumps({"held_by": self._owner, "renewed": self._beats}).encode()

    def _gone(self) -> LeaseLostError:
        return LeaseLostError(
            errno.EIO,
            f"{self.place}: the lock lapsed while the storage could not be reached, and another "
            "night may have begun; nothing more is written. Run the night again",
        )


_FREE = b'{"held_by": null}'


def _is_free(content: bytes) -> bool:
    return content == _FREE
