"""One night: pull, validate, listen, prove, forecast, publish, alert."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from flows import artifacts, making, outcome, stages
from flows.alerts import alert as send
from flows.alone import AnotherNight
from flows.deadline import NightTooLong, deadline
from flows.errors import reason_of
from flows.examine import Examined
from flows.night import Night, night_of, open_night
from flows.progress import BAR
from flows.publishing import STATUS_FULL, note_stages
from flows.settings import Settings, load_settings
from flows.stage_results import Degraded, Heard, Judged, Landed, Made, Published
from flows.stopwatch import now
from flows.timed import stage
from flows.turns import in_turn

TIMEOUT_SECONDS = 25 * 3600
"""Beyond the greatest [run] timeout_minutes, which ends a night wherever it runs."""
IO_RETRIES: dict[str, Any] = {
    "retries": 2,
    "retry_delay_seconds": [5, 30],
    "retry_jitter_factor": 0.5,
    "retry_condition_fn": lambda _task, _run, state: stages.is_io_error(state),
}
"""For stages that only read and write: a full disk or an absent share may pass."""


@task(cache_policy=NO_CACHE, **IO_RETRIES)
def examine(night: Night) -> Examined:
    """Compares the lake with its log, and looks for what is gone."""
    with stage(night.work, "examine"):
        return stages.examine(night)


@task(cache_policy=NO_CACHE, **IO_RETRIES)
def pull(night: Night, found: Examined) -> Landed:
    """Brings what each source has new into the lake."""
    with stage(night.work, "pull"):
        return stages.pull(night, found)


@task(cache_policy=NO_CACHE)
def validate(night: Night, landed: Landed) -> Judged:
    """Judges the tables that the night may see, as tables."""
    with stage(night.work, "validate"):
        return stages.validate(night, landed)


@task(cache_policy=NO_CACHE)
def listen(night: Night, judged: Judged) -> Heard:
    """Tags what customers said."""
    with stage(night.work, "listen"):
        return stages.listen(night, judged)


@task(cache_policy=NO_CACHE)
def prove_and_forecast(night: Night, judged: Judged, heard: Heard) -> Made:
    """Tests which signals lead, and forecasts with those that proved themselves."""
    with stage(night.work, "forecast"):
        return making.prove_and_forecast(night, judged, heard)


@task(cache_policy=NO_CACHE, **IO_RETRIES)
def publish(night: Night, judged: Judged, made: Made) -> Published:
    """Writes one snapshot, reads it back, and points to it."""
    with stage(night.work, "publish"):
        return stages.publish(night, judged, made)


@task(cache_policy=NO_CACHE)
def alert(night: Night, published: Published) -> None:
    """Tells people of new exceptions; never fails the night."""
    with stage(night.work, "alert"):
        send(night, published.snapshot)


@flow(name="nightly", timeout_seconds=TIMEOUT_SECONDS)
def nightly(
    config: str = "hearcast.toml",
    as_of: str | None = None,
    restated: bool = False,  # noqa: FBT001, FBT002
) -> State[Any]:
    """One night for `as_of` (ISO date; default: yesterday in the business time zone).

    Completed: everything was published on the full rung. Failed, named PublishedDegraded:
    published, but a table was held back or stands on a lower rung. One night at a time runs on
    a lake; another waits for `[run] wait_minutes` at most (0 by default), then is turned away. None
    takes longer than [run] timeout_minutes, the wait not counted.
    """
    settings = load_settings(Path(config), os.environ)
    day = night_of(settings, as_of)

    def lost(error: BaseException) -> None:
        if not restated:
            kind, why = type(error).__name__, reason_of(error)
            outcome.failed(settings, day, str(now().get("run_id", "")), kind, why)

    seconds = 60 * settings.run.timeout_minutes
    try:
        with in_turn(settings.paths.lake, settings.run.wait_minutes), deadline(seconds, lost):
            published = _through(open_night(config, as_of, restated=restated))
    except (AnotherNight, NightTooLong):  # who runs too long has been told of
        raise
    except BaseException as error:
        lost(error)
        raise
    finally:
        BAR.end()
    news = not restated and (as_of is None or outcome.is_newest(settings, published.as_of))
    return _told(settings, published, news=news)


def _told(settings: Settings, published: Published, *, news: bool) -> State[Any]:
    """The night's final state, once Prefect and, where it is news, the outside world know of it."""
    artifacts.create(published)
    full = published.status == STATUS_FULL
    if news:
        outcome.published(settings, published.as_of, published.reasons, full=full)
    if full:
        return Completed(message=published.headline, data=published)
    return Failed(name=published.status, message=published.headline, data=Degraded(published))


def _through(night: Night) -> Published:
    """The night from what is there to what is published."""
    try:
        found = examine(night)
        night = replace(night, without=found.without)
        landed = pull(night, found)
        judged = validate(night, landed)
        heard = listen(night, judged)
        made = prove_and_forecast(night, judged, heard)
        published = publish(night, judged, made)
        alert(night, published)
        note_stages(night)
        return published
    finally:
        night.close()
