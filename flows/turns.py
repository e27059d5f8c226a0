"""Whose turn it is on a lake: a scheduled run waits for the one before it, others are turned away."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from flows.alone import AnotherNight
from flows.places import Place
from flows.storage import storage_of

LOG = logging.getLogger("hearcast")
LOOK_EVERY_SECONDS = 5.0


@contextmanager
def in_turn(
    lake: Place, wait_minutes: float, look_every: float = LOOK_EVERY_SECONDS
) -> Iterator[None]:
    """Holds `lake` for one writer, once whoever holds it has let go.

    Raises AnotherNight where it is still held after `wait_minutes`; with 0, at once. Waiting takes
    no turn from others: whoever looks first after the lake is free gets it.
    """
    deadline = time.monotonic() + 60 * wait_minutes
    with ExitStack() as held:
        waited = False
        while True:
            try:
                held.enter_context(storage_of(lake).alone(lake))
                break
            except AnotherNight:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise
            if not waited:
                LOG.info("another run writes to the lake; waiting up to %g minutes", wait_minutes)
                waited = True
            time.sleep(min(look_every, left))
        yield
