"""Every week: the review pages and the workbook, from the published tables alone."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE

from flows import stages
from flows.review import Written, write_review
from flows.settings import load_settings
from flows.turns import in_turn

LOG = logging.getLogger("hearcast")
TIMEOUT_SECONDS = 3 * 3600
"""Drawing and the wait for a turn ([run] wait_minutes) together."""
IO_RETRIES: dict[str, Any] = {
    "retries": 2,
    "retry_delay_seconds": [5, 30],
    "retry_jitter_factor": 0.5,
    "retry_condition_fn": lambda _task, _run, state: stages.is_io_error(state),
}


@task(cache_policy=NO_CACHE, **IO_RETRIES)
def draw(config: str, as_of: str | None) -> Written:
    """Draws and puts in place the review of one published night."""
    return write_review(load_settings(Path(config), os.environ), as_of)


@flow(name="weekly-review", timeout_seconds=TIMEOUT_SECONDS)
def weekly_review(config: str = "hearcast.toml", as_of: str | None = None) -> Written:
    """The review of the night `as_of` (ISO date; default: the newest published).

    Reads no lake and makes no forecast: with the same snapshot it draws the same files. It waits for
    a night or backfill that runs on the lake, so that it shows what that publishes. Fails where
    nothing is published.
    """
    settings = load_settings(Path(config), os.environ)
    with in_turn(settings.paths.lake, settings.run.wait_minutes):
        written = draw(config, as_of)
    for line in written.report:
        LOG.info(line)
    _tell(written)
    return written


def _tell(written: Written) -> None:
    """Leaves a note with Prefect; it may refuse it: the review is there all the same."""
    try:
        create_markdown_artifact(
            key="weekly-review", markdown="\n".join(f"- {line}" for line in written.report)
        )
    except Exception as error:  # noqa: BLE001 - a note must not undo what was drawn
        LOG.warning("Prefect's artifact could not be written (%s)", type(error).__name__)
