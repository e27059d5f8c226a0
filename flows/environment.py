"""Settings of other libraries that must stand in the environment before they are imported."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "GX_ANALYTICS_ENABLED": "false",
    "TQDM_DISABLE": "1",
    "PREFECT_LOGGING_LEVEL": "WARNING",
    "PREFECT_LOGGING_EXTRA_LOGGERS": "hearcast",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    # A cold start on a small, busy machine takes longer than the default allows.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
}
SINGLE_THREADED = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


HOME_BYTES = 32 * 1024 * 1024
"""Room that Prefect's database needs for a night, with some to spare."""


class HomeError(RuntimeError):
    """Prefect has no folder to write to; the message is one line with the remedy."""


def prepare(threads: int) -> None:
    """Caps threads and quietens telemetry, unless the environment says otherwise already.

    Call it before polars, numpy or prefect are imported. Within a shard numerical libraries use
    one thread, so that sums do not depend on the machine.
    """
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    for name in SINGLE_THREADED:
        os.environ.setdefault(name, "1")
    os.environ.setdefault("POLARS_MAX_THREADS", str(threads))


def check_home() -> None:
    """Raises HomeError where Prefect's folder can't be written: its server would only time out."""
    told = os.environ.get("PREFECT_HOME")
    home = Path(told) if told else Path.home() / ".prefect"
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home):
            pass
    except OSError as error:
        raise HomeError(
            f"{home}: Prefect cannot write here ({error.strerror}); "
            "set PREFECT_HOME to a folder that it can write to"
        ) from error
    free = shutil.disk_usage(home).free
    if free < HOME_BYTES:
        raise HomeError(
            f"{home}: only {free / 1e6:.0f} MB are free and Prefect's database needs "
            f"{HOME_BYTES / 1e6:.0f}; free space there, or set PREFECT_HOME to another folder"
        )
