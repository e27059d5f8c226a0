"""The nightly audit by other models: beside the night's own forecasts, and never in their way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import polars as pl
from polars.exceptions import PanicException

from flows.beside import Beside
from flows.errors import failed
from models.audit import Drawn, draw, estimated, judged
from models.auditors import AUDITORS, Audited
from models.panel import Known
from models.spec import ForecastSpec

AUDIT = "the audit by other models"
WORTH_PROCESS = 150
"""Fits from which on a process beside this one saves more than its start costs."""


@dataclass(frozen=True, slots=True)
class Auditors:
    """The night's sample, and what waits for what the auditing models say of it."""

    drawn: list[Drawn]
    said: Callable[[], list[list[dict[str, Audited]]]]


@contextmanager
def auditing(
    now: Known, past: Sequence[Known], forecasts: pl.DataFrame, spec: ForecastSpec, why: list[str]
) -> Iterator[Auditors | None]:
    """The auditors at work, beside this process where there is enough to do; None where none can be."""
    try:
        drawn = draw(now, past, forecasts=forecasts, spec=spec)
    except (Exception, PanicException) as error:  # noqa: BLE001 - an auditor must not end the night
        why.append(failed(AUDIT, error))
        yield None
        return
    fits = len(AUDITORS) * sum(len(one.asked) for one in drawn)
    if fits < WORTH_PROCESS or pl.thread_pool_size() < 2:
        yield Auditors(drawn, partial(estimated, drawn))
        return
    with Beside(estimated, drawn) as other:
        yield Auditors(drawn, other.answer)


def model_audit(
    auditors: Auditors | None, made: Mapping[str, pl.DataFrame], spec: ForecastSpec, why: list[str]
) -> pl.DataFrame | None:
    """The table of models that audit tonight's; where they fail, only `why` tells of it."""
    if auditors is None:
        return None
    told, scored = made["forecasts"], made["backtest_forecasts"]
    try:
        return judged(auditors.drawn, auditors.said(), forecasts=told, scored=scored, spec=spec)
    except (Exception, PanicException) as error:  # noqa: BLE001 - as above
        why.append(failed(AUDIT, error))
        return None
