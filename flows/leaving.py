"""An end to the process even where a library will not let go of it."""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import sys
import threading
from collections.abc import Callable


def leave_within(seconds: float, exit_code: int) -> None:
    """Makes the process end with `exit_code` at the latest after `seconds`.

    Call it when all is done. At exit Prefect waits, without a limit, for its event service; where
    that hangs, a scheduler would take tonight's run for unfinished and skip tomorrow's.
    """
    timer = threading.Timer(seconds, _leave, (exit_code,))
    timer.daemon = True
    timer.start()


def leave_last() -> Callable[[int], None]:
    """What makes the process end with an exit code once exit handlers registered from now on have run.

    Call it first of all, and what it returns when all is done. To take apart what a night of ten
    million order lines held would take Python two seconds more, for nobody.
    """
    told: list[int] = []

    def leave() -> None:
        if told:
            logging.shutdown()
            _end(told[-1])

    atexit.register(leave)
    return told.append


def _leave(exit_code: int) -> None:
    with contextlib.suppress(Exception):
        _stop_embedded_server()
    _end(exit_code)


def _end(exit_code: int) -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    os._exit(exit_code)


def _stop_embedded_server() -> None:
    # Normally stopped by an exit handler that `os._exit` does not run.
    module = sys.modules.get("prefect.server.api.server")
    servers = getattr(getattr(module, "SubprocessASGIServer", None), "_instances", {})
    for server in list(servers.values()):
        server.server_process.terminate()
