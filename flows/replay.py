"""One past night beside others: it reads the lake, and waits for its turn to look at the exports.

A replay writes nothing to the lake, so several may run at a time under the lock of the backfill
that started them. What they look back to in the exports must be there first: each waits for its
turn before it reads other nights, and publishes before the next has its own. So they end as they
would one after another.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from flows import making, stages
from flows.cli import EXIT_DEGRADED, EXIT_FAILED, EXIT_PUBLISHED
from flows.deadline import deadline
from flows.errors import reason_of
from flows.night import Night
from flows.publishing import STATUS_FULL, note_stages
from flows.settings import load_settings
from flows.stage_results import Published
from flows.timed import stage

LOG = logging.getLogger("hearcast")


def replay(told: Mapping[str, Any]) -> int:
    """Runs the night that `told` describes (config, as_of, restated, turn, work); its exit code."""
    settings = load_settings(Path(told["config"]), os.environ)
    night = Night(
        config=str(settings.file),
        as_of=date.fromisoformat(told["as_of"]),
        run_id=Path(told["work"]).name,
        work=told["work"],
        started_at=datetime.now(UTC),
        restated=told["restated"],
        turn=told["turn"],
    )
    try:
        with deadline(60 * settings.run.timeout_minutes, lambda error: LOG.error(str(error))):
            published = _published(night)
    except Exception as error:  # noqa: BLE001 - one date must not stop the others; its line tells
        reason = reason_of(error)
        LOG.error("%s: nothing was published: %s", night.as_of, reason)  # noqa: TRY400
        return EXIT_FAILED
    LOG.info("%s", published.headline)
    return EXIT_PUBLISHED if published.status == STATUS_FULL else EXIT_DEGRADED


def _published(night: Night) -> Published:
    with stage(night.work, "examine"):
        found = stages.examine(night)
    night = replace(night, without=found.without)
    with stage(night.work, "pull"):
        landed = stages.pull(night, found)
    with stage(night.work, "validate"):
        judged = stages.validate(night, landed)
    with stage(night.work, "listen"):
        heard = stages.listen(night, judged)
    with stage(night.work, "forecast"):
        made = making.prove_and_forecast(night, judged, heard)
    with stage(night.work, "publish"):
        published = stages.publish(night, judged, made)
    note_stages(night)
    return published
