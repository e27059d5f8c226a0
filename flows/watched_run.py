"""A worker's run of a night, watched as `hearcast nightly` is: `python -m flows.watched_run`.

Prefect's worker starts this in place of its engine (`command` in prefect.yaml) and takes it for the
run's process: signals go on to the engine below, and what befalls the engine at last befalls it.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
from contextlib import suppress

from flows.cli import start_log
from flows.descendants import die_with_parent
from flows.supervise import PARENT, Ended, lost_night, supervise

ENGINE = "engine"


def interpreter() -> dict[str, str]:
    """A step of `prefect deploy`: the Python that has Hearcast, for the command of its runs."""
    return {"python": sys.executable}


def _lost(ended: Ended, why: str) -> None:
    """Tells of a night whose process is gone; one that had not begun is the worker's to report."""
    if config := ended.doing.get("config"):
        lost_night(str(config), None)(ended, why)


def _end_as(ended: Ended) -> None:
    """Ends this process as the watched one was ended, so that Prefect reads the same of it."""
    if ended.code < 0:
        with suppress(OSError):  # nobody may choose what SIGKILL does
            signal.signal(-ended.code, signal.SIG_DFL)
        os.kill(os.getpid(), -ended.code)
    sys.exit(ended.code)


def _main() -> None:
    if ENGINE in sys.argv[1:]:
        die_with_parent(int(os.environ.pop(PARENT)))
        sys.argv[1:] = []
        runpy.run_module("prefect.engine", run_name="__main__", alter_sys=True)
        return
    start_log(as_json=False)
    _end_as(supervise([sys.executable, "-m", "flows.watched_run", ENGINE], None, _lost))


if __name__ == "__main__":
    _main()
