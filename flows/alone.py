"""One night at a time on one lake: a second one is turned away before it touches anything."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.atomic import private_dir
from flows.errors import Refusal


class AnotherNight(Refusal):
    """Another process runs a night on the same lake; the message is one line with the remedy."""


@contextmanager
def alone(lake: Path) -> Iterator[None]:
    """Holds `lake` for one writer among the processes of this host; a killed one lets go of it.

    Raises AnotherNight at once where somebody else holds it: two nights would remove each other's
    work in progress. Readers need no lock.
    """
    private_dir(lake, lake)
    path = lake / ".lock"
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AnotherNight(
                f"another night is running on the lake {lake}; let it end, or end it, and try again"
            ) from None
        yield
    finally:
        os.close(handle)
