"""Prefect's embedded server, started while our own modules are still being read."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import copy_context
from functools import cache

from flows.environment import HomeError, check_home


@cache
def begin() -> Callable[[], None]:
    """Starts the server where none is configured; what it returns waits until it answers.

    The server takes some seconds to start, and thrice as many where its database is new. Prefect
    would start it at the first flow and wait; it takes one that is there already. What went wrong is
    raised to whoever waits. A second call starts nothing.
    """
    if not _home_is_there():
        return _nothing
    from prefect.settings import get_current_settings  # noqa: PLC0415 - seconds to import

    settings = get_current_settings()
    if settings.api.url or not settings.server.ephemeral.enabled:
        return _nothing
    from prefect.server.api.server import SubprocessASGIServer  # noqa: PLC0415 - as above

    trouble: list[BaseException] = []

    def start() -> None:
        try:
            SubprocessASGIServer().start()
        except BaseException as error:  # noqa: BLE001 - told to whoever waits
            trouble.append(error)

    here = copy_context()  # settings that hold in this thread hold there
    thread = threading.Thread(target=here.run, args=(start,), name="prefect-server", daemon=True)
    thread.start()

    def ready() -> None:
        thread.join()
        if trouble:
            raise trouble[0]

    return ready


def _home_is_there() -> bool:
    """Whether Prefect could write; if not, whoever starts the night says so, and Prefect need not."""
    try:
        check_home()
    except HomeError:
        return False
    return True


def _nothing() -> None:
    return None
