"""What prefect.yaml says, as far as `hearcast serve` keeps to it."""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from flows.errors import Mistake

_SCHEDULE_KEYS = {"cron", "timezone", "slug", "active"}


class DeploymentError(Mistake):
    """prefect.yaml cannot be served; the message is one line that names the key and the remedy."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Cron fields read in a named time zone."""

    cron: str
    timezone: str


@dataclass(frozen=True, slots=True, eq=False)
class Deployment:
    """One deployment: a flow, its parameters, its active schedules and its runs' environment."""

    name: str
    entrypoint: str
    parameters: Mapping[str, Any]
    schedules: tuple[Schedule, ...]
    environment: Mapping[str, str] = field(default_factory=dict)

    def flow(self, **replaced: object) -> Callable[[], object]:
        """The flow, ready to be called: its parameters, with those that it has of `replaced`.

        The call returns the run's final state and raises nothing for a run that failed.
        Raises DeploymentError where the entrypoint leads to no function or the parameters are
        not the function's.
        """
        from prefect import Flow  # noqa: PLC0415 - slow to import

        path, _, name = self.entrypoint.partition(":")
        module = path.removesuffix(".py").replace("/", ".")
        try:
            function = getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError) as error:
            raise DeploymentError(
                f"deployments.{self.name}.entrypoint: {self.entrypoint} cannot be loaded ({error})"
            ) from error
        known = {key: value for key, value in replaced.items() if key in self.parameters}
        parameters = {**self.parameters, **known}
        try:
            inspect.signature(function).bind(**parameters)
        except TypeError as error:
            raise DeploymentError(f"deployments.{self.name}.parameters: {error}") from error
        if isinstance(function, Flow):
            parameters["return_state"] = True
        return functools.partial(function, **parameters)


def read_deployments(path: Path) -> tuple[Deployment, ...]:
    """The deployments of the prefect.yaml in `path`, in its order.

    Raises DeploymentError where a schedule is not cron in a known zone, or where a deployment
    allows anything but one run at a time.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        return tuple(_deployment(entry) for entry in content["deployments"])
    except (OSError, KeyError, TypeError, AttributeError, yaml.YAMLError) as error:
        what = type(error).__name__
        raise DeploymentError(f"{path}: not a readable prefect.yaml ({what}: {error})") from error


def _deployment(entry: Mapping[str, Any]) -> Deployment:
    where = f"deployments.{entry['name']}"
    limit = entry.get("concurrency_limit") or {}
    if limit != {"limit": 1, "collision_strategy": "CANCEL_NEW"}:
        raise DeploymentError(
            f"{where}.concurrency_limit: write limit 1 with collision_strategy CANCEL_NEW; "
            "two nights at a time would work against each other"
        )
    schedules = [
        _schedule(schedule, f"{where}.schedules[{n}]")
        for n, schedule in enumerate(entry.get("schedules") or ())
        if schedule.get("active", True)
    ]
    parameters = dict(entry.get("parameters") or {})
    environment = _environment(entry, where)
    return Deployment(entry["name"], entry["entrypoint"], parameters, tuple(schedules), environment)


def _environment(entry: Mapping[str, Any], where: str) -> dict[str, str]:
    """Variables that a process worker would set for each run."""
    variables = (entry.get("work_pool") or {}).get("job_variables") or {}
    told = variables.get("env") or {}
    if not isinstance(told, dict) or not all(isinstance(value, str) for value in told.values()):
        raise DeploymentError(
            f"{where}.work_pool.job_variables.env: names and texts, as a worker takes them; "
            "put numbers into quotes"
        )
    return dict(told)


def _schedule(entry: Mapping[str, Any], where: str) -> Schedule:
    from prefect.client.schemas.schedules import CronSchedule  # noqa: PLC0415 - slow to import

    if unknown := sorted(set(entry) - _SCHEDULE_KEYS):
        raise DeploymentError(f"{where}.{unknown[0]}: not served here; use cron and timezone")
    for key in ("cron", "timezone"):
        if not isinstance(entry.get(key), str):
            raise DeploymentError(f"{where}.{key}: missing; a schedule is cron and a time zone")
    try:
        ZoneInfo(entry["timezone"])
        CronSchedule(cron=entry["cron"], timezone=entry["timezone"])
    except (ValueError, OSError, KeyError) as error:
        raise DeploymentError(
            f"{where}: {entry['cron']!r} in {entry['timezone']!r} is no cron in a known zone"
        ) from error
    return Schedule(entry["cron"], entry["timezone"])
