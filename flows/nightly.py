"""One night: pull, validate, listen, prove, forecast, publish, alert."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from flows import artifacts, stages
from flows.alerts import alert as send
from flows.night import Night, open_night
from flows.publishing import STATUS_FULL
from flows.settings import load_settings
from flows.turns import in_turn

LOG = logging.getLogger("hearcast")
TIMEOUT_SECONDS = 4 * 3600
"""Under a worker, work and the wait for a turn ([run] wait_minutes) together."""
IO_RETRIES: dict[str, Any] = {
    "retries": 2,
    "retry_delay_seconds": [5, 30],
    "retry_jitter_factor": 0.5,
    "retry_condition_fn": lambda _task, _run, state: stages.is_io_error(state),
}
"""For stages that only read and write: a full disk or an absent share may pass."""


@task(cache_policy=NO_CACHE, **IO_RETRIES)
def pull(night: Night) -> stages.Landed:
    """Brings what each source has new into the lake."""
    return stages.pull(night)


@task(cache_policy=NO_CACHE)
def validate(night: Night, landed: stages.Landed) -> stages.Judged:
    """Judges the tables that the night may see, as tables."""
    return stages.validate(night, landed)


@task(cache_policy=NO_CACHE)
def listen(night: Night, judged: stages.Judged) -> stages.Heard:
    """Tags what customers said."""
    return stages.listen(night, judged)


@task(cache_policy=NO_CACHE)
def prove_and_forecast(night: Night, judged: stages.Judged, heard: stages.Heard) -> stages.Made:
    """Tests which signals lead, and forecasts with those that proved themselves."""
    return stages.prove_and_forecast(night, judged, heard)


@task(cache_policy=NO_CACHE, **IO_RETRIES)
def publish(night: Night, judged: stages.Judged, made: stages.Made) -> stages.Published:
    """Writes one snapshot, reads it back, and points to it."""
    return stages.publish(night, judged, made)


@task(cache_policy=NO_CACHE)
def alert(night: Night, published: stages.Published) -> None:
    """Tells people of new exceptions; never fails the night."""
    send(night, Path(published.snapshot))


@flow(name="nightly", timeout_seconds=TIMEOUT_SECONDS)
def nightly(
    config: str = "hearcast.toml",
    as_of: str | None = None,
    restated: bool = False,  # noqa: FBT001, FBT002
) -> State[Any]:
    """One night for `as_of` (ISO date; default: yesterday in the business time zone).

    Completed: everything was published on the full rung. Failed, named PublishedDegraded:
    published, but a table was held back or stands on a lower rung. One night at a time runs on
    a lake; another waits for `[run] wait_minutes` at most (0 by default), then is turned away.
    """
    settings = load_settings(Path(config), os.environ)
    with in_turn(settings.paths.lake, settings.run.wait_minutes):
        published = _through(open_night(config, as_of, restated=restated))
    artifacts.create(published)
    if published.status == STATUS_FULL:
        return Completed(message=published.headline, data=published)
    return Failed(name=published.status, message=published.headline, data=published)


def _through(night: Night) -> stages.Published:
    """The night from pull to publication; a failure is told to outside monitors, then raised."""
    try:
        landed = pull(night)
        judged = validate(night, landed)
        heard = listen(night, judged)
        made = prove_and_forecast(night, judged, heard)
        published = publish(night, judged, made)
    except BaseException as error:
        stages.record_failure(night, error)
        raise
    else:
        alert(night, published)
        return published
    finally:
        night.close()
