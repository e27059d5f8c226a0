"""`hearcast worker`: processes that work on shards of nights, for a scheduler of Dask."""

from __future__ import annotations

import os

from flows.settings import Settings, SettingsError


def work(settings: Settings, processes: int) -> None:
    """Works until it is told to stop; a process that dies is started again.

    The environment was prepared before: processes begin with one thread within a sum, as nights do.
    Raises SettingsError where no scheduler is named or the extra is not installed.
    """
    address = settings.run.scheduler
    if not address:
        raise SettingsError(
            f'{settings.file}: [run] scheduler is empty; give its address, e.g. "tcp://host:8786"'
        )
    try:
        from distributed.cli.dask_worker import main  # noqa: PLC0415 - an extra
    except ImportError:
        raise SettingsError(
            "hearcast worker needs the extra: .venv/bin/python -m pip install distributed, in the "
            "version of requirements.lock"
        ) from None
    os.environ.setdefault(
        "DASK_DISTRIBUTED__ADMIN__LOG_FORMAT", "%(asctime)s %(levelname)s %(message)s"
    )
    told = [address, "--nworkers", str(processes), "--nthreads", "1", "--no-dashboard"]
    main(told, standalone_mode=False)
