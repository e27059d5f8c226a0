"""Settings of other libraries that must stand in the environment before they are imported."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from flows.errors import Mistake

QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "GX_ANALYTICS_ENABLED": "false",
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "TQDM_DISABLE": "1",
    "PREFECT_LOGGING_LEVEL": "WARNING",
    "PREFECT_LOGGING_EXTRA_LOGGERS": "hearcast",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    # A cold start on a small, busy machine takes longer than the default allows.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
}
KEPT_PAGES = ("_RJEM_MALLOC_CONF", "dirty_decay_ms:3000,muzzy_decay_ms:0")
"""For Polars' allocator, jemalloc: pages are given back three seconds after they were freed.

Left to itself it gives them back so soon that each large step gets its pages anew from the system,
which zeroes them: a fourteenth of a large night's processor time, for hardly less memory.
"""
SINGLE_THREADED = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


MODELS = Path(__file__).resolve().parent.parent / "models"
COMPILED, KEPT = "compiled-", 2

HOME_BYTES = 32 * 1024 * 1024
"""Room that Prefect's database needs for a night, with some to spare."""


class HomeError(Mistake):
    """Prefect has no folder to write to; the message is one line with the remedy."""


def prepare(threads: int) -> None:
    """Caps threads, quietens telemetry and keeps pages, unless the environment says otherwise already.

    Call it before polars, numpy or prefect are imported. Within a shard numerical libraries use
    one thread, so that sums do not depend on the machine.
    """
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    os.environ.setdefault(*KEPT_PAGES)
    for name in SINGLE_THREADED:
        os.environ.setdefault(name, "1")
    os.environ.setdefault("POLARS_MAX_THREADS", str(threads))
    cache = compiled_cache(MODELS)
    if cache is not None:
        os.environ.setdefault("NUMBA_CACHE_DIR", str(cache))


def compiled_cache(models: Path) -> Path | None:
    """A folder for compiled code of just these sources; None where none can be written.

    Numba looks at the file of a function, not at those whose functions it takes in: after an
    upgrade it would run code of both versions. Of other sources' folders the newest two stay: a
    night that began before an upgrade may still use one.
    """
    digest = hashlib.sha256()
    for source in sorted(models.rglob("*.py")):
        digest.update(source.relative_to(models).as_posix().encode() + b"\0" + source.read_bytes())
    parent = models / "__pycache__"
    folder = parent / f"{COMPILED}{digest.hexdigest()[:16]}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    others = [one for one in parent.glob(f"{COMPILED}*") if one != folder]
    for old in sorted(others, key=lambda one: one.stat().st_mtime)[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    return folder if os.access(folder, os.W_OK) else None


def check_home(*, make: bool = True) -> None:
    """Raises HomeError where Prefect's folder can't be written: its server would only time out.

    `make`: it is made where it is not there; else the folder in which it would be is looked at.
    """
    told = os.environ.get("PREFECT_HOME")
    home = Path(told) if told else Path.home() / ".prefect"
    there = home
    try:
        if make:
            home.mkdir(parents=True, exist_ok=True)
        there = next(one for one in (home, *home.absolute().parents) if one.exists())
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        raise HomeError(
            f"{home}: Prefect cannot write here ({error.strerror}); "
            "set PREFECT_HOME to a folder that it can write to"
        ) from error
    free = shutil.disk_usage(there).free
    if free < HOME_BYTES:
        raise HomeError(
            f"{home}: only {free / 1e6:.0f} MB are free and Prefect's database needs "
            f"{HOME_BYTES / 1e6:.0f}; free space there, or set PREFECT_HOME to another folder"
        )
