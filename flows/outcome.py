"""The outside world told how a night ended: freshness.json, the monitor's ping, people."""

from __future__ import annotations

import logging
import os
from datetime import date

from flows.earlier import nights_before
from flows.errors import where
from flows.exports import record_failure as write_failure
from flows.heartbeat import ping
from flows.night_alerts import DEGRADED, FAILED, WELL, Ended, tell_of_night
from flows.settings import Settings
from flows.staging import read_json

LOG = logging.getLogger("hearcast")


def is_newest(settings: Settings, as_of: date) -> bool:
    """Whether no night of a later day is published."""
    nights = nights_before(settings.paths.exports, date.max)
    return not nights or nights[-1] <= as_of


def published(settings: Settings, as_of: date, reasons: tuple[str, ...], *, full: bool) -> None:
    """Tells of a night that was published; no trouble in telling undoes it."""
    ended = Ended(as_of, WELL if full else DEGRADED, () if full else reasons)
    _tell(settings, ended)
    ping(settings, os.environ, good=full)


def failed(settings: Settings, as_of: date, run_id: str, kind: str, reason: str) -> None:
    """Tells of a night that published nothing. `kind` names the error, `reason` is for people."""
    exports = settings.paths.exports
    run = {"run_id": run_id, "status": "Failed", "reason": kind}
    try:
        write_failure(exports, as_of, run)
    except OSError as problem:
        LOG.warning("freshness.json could not be written: %s", problem.strerror)
    _tell(settings, Ended(as_of, FAILED, (reason,)))
    ping(settings, os.environ, good=False)


def lost(settings: Settings, as_of: date, run_id: str, why: str) -> None:
    """Tells of a night whose process is gone: it may have gone after it had published."""
    pointer = read_json(settings.paths.exports / "pointers" / f"as_of={as_of}.json") or {}
    if run_id and pointer.get("run_id") == run_id:
        LOG.error("the night of %s is published all the same", as_of)
        published(settings, as_of, (why,), full=False)
        return
    LOG.error("nothing was published")
    failed(settings, as_of, run_id, "Lost", why)


def _tell(settings: Settings, night: Ended) -> None:
    try:
        tell_of_night(settings, night)
    except Exception as error:  # noqa: BLE001 - telling must not undo or hide what is told
        LOG.warning("people could not be told how the night ended: %s", where(error))
