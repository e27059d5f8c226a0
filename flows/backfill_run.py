"""Past dates published again, asked for on a Prefect server: `hearcast backfill` as a flow."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from flows.backfill import backfill as publish_again
from flows.cli import EXIT_DEGRADED, EXIT_PUBLISHED
from flows.errors import Refusal
from flows.publishing import STATUS_DEGRADED

TIMEOUT_SECONDS = 3 * 24 * 3600
"""For all dates together; each night has the limit of a night."""


class NoRange(Refusal):
    """The dates asked for are no range; the message is one line with the remedy."""


@flow(name="backfill", timeout_seconds=TIMEOUT_SECONDS)
def backfill(
    config: str = "hearcast.toml",
    first: str | None = None,
    last: str | None = None,
    step_days: int = 7,
    as_published: bool = False,  # noqa: FBT001, FBT002 - Prefect passes parameters by name
) -> State[Any]:
    """Publishes `first` to `last` (ISO dates), every `step_days`, oldest first.

    Completed: all dates were published on the full rung. Failed, named PublishedDegraded: all were
    published, one or more with something held back. Failed: a date was not published; the others
    were. Raises NoRange where the dates are absent or no dates.
    """
    days = dates_of(first, last, step_days)
    code = publish_again(str(Path(config)), days, as_published=as_published)
    told = f"{len(days)} dates from {days[0]} to {days[-1]}"
    if code == EXIT_PUBLISHED:
        return Completed(message=f"published {told}")
    if code == EXIT_DEGRADED:
        return Failed(name=STATUS_DEGRADED, message=f"published {told}, not all in full")
    return Failed(message=f"not all of {told} could be published; the log names those")


def dates_of(first: str | None, last: str | None, step_days: int) -> list[str]:
    """ISO dates from `first` on, every `step_days`, none after `last`. Raises NoRange."""
    remedy = "give first and last like 2026-10-27 and 2026-11-17, and step_days of at least 1"
    try:
        start, end = date.fromisoformat(first or ""), date.fromisoformat(last or "")
    except ValueError:
        raise NoRange(f"first {first} and last {last} are no dates; {remedy}") from None
    if end < start or step_days < 1:
        raise NoRange(f"no date lies from {first} to {last} by {step_days} days; {remedy}")
    return [(start + timedelta(i)).isoformat() for i in range(0, (end - start).days + 1, step_days)]
