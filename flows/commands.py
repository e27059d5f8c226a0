"""What each command does, with its exit code."""

from __future__ import annotations

import argparse
import logging
import os
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows import embedded, environment
from flows.cli import EXIT_DEGRADED, EXIT_FAILED, EXIT_PUBLISHED, EXIT_USAGE
from flows.errors import Mistake, Refusal, disk_trouble, hide_refusals, reason_of, where
from flows.night import check_words, yesterday
from flows.settings import Settings, SettingsError, load_settings
from flows.sources.http.tokens import check_secrets
from flows.sources.sql.address import check_databases

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State

    from flows.stage_results import Published

LOG = logging.getLogger("hearcast")


def run(arguments: argparse.Namespace) -> int:
    """Runs the command that was parsed.

    What the user has to put right is one line and exit code 2; what stands in the way otherwise
    (another night, a full disk) is one line and exit code 1.
    """
    command = {
        "nightly": nightly,
        "backfill": backfill,
        "backfills": backfills,
        "fresh": fresh,
        "repull": repull,
        "simulate": simulate,
        "serve": serve,
        "explain": explain,
        "review": review,
        "tagger": tagger,
        "forget": forget,
        "call-list": call_list,
        "doctor": doctor,
        "worker": worker,
    }[arguments.command]
    try:
        return command(arguments)
    except Mistake as error:
        LOG.error(str(error))  # noqa: TRY400 - the line is for the user; a traceback would hide it
        return EXIT_USAGE
    except Refusal as error:
        LOG.error(disk_trouble(error) or str(error))  # noqa: TRY400 - as above
        return EXIT_FAILED
    except BrokenPipeError:
        raise
    except OSError as error:
        LOG.error(disk_trouble(error) or where(error))  # noqa: TRY400 - as above
        return EXIT_FAILED


def _ready(config: str, *, make_home: bool = True) -> Settings:
    """The settings. Raises what a user has to put right before anything can run."""
    settings = load_settings(Path(config), os.environ)
    environment.check_home(make=make_home)
    check_words(settings)
    return settings


def _ready_to_pull(config: str, *, make_home: bool = True) -> Settings:
    """As `_ready`, of a run that asks the sources: their secrets are there, too."""
    settings = _ready(config, make_home=make_home)
    check_secrets(settings, os.environ)
    check_databases(settings.sources, settings.file)
    return settings


def nightly(arguments: argparse.Namespace) -> int:
    """One night, then the lines that a planner wants to see."""
    settings = _ready_to_pull(arguments.config)
    _refuse_future(settings, arguments.as_of)
    state = one_night(arguments.config, arguments.as_of)
    return report(state)


def _refuse_future(settings: Settings, as_of: str | None) -> None:
    """Raises SettingsError for a day to come: until then no other night could take in new data."""
    today = yesterday(settings.business.timezone) + timedelta(days=1)
    if as_of is not None and date.fromisoformat(as_of) > today:
        raise SettingsError(
            f"--as-of {as_of} is after today, {today}: until then no night could take in new "
            f"data; give a date up to {today}"
        )


def one_night(config: str, as_of: str | None, *, restated: bool = False) -> State[Any]:
    """The final Prefect state of a night run in this process."""
    ready = embedded.begin()
    from flows.nightly import nightly as flow  # noqa: PLC0415 - prefect takes seconds to import

    ready()
    hide_refusals()
    state: State[Any] = flow(config, as_of, restated, return_state=True)
    return state


def report(state: State[Any]) -> int:
    """Says how a night ended, and its exit code."""
    from flows.stage_results import Degraded  # noqa: PLC0415
    from flows.summary import planner_lines  # noqa: PLC0415

    if state.name in ("Completed", "PublishedDegraded"):
        data: Any = state.data
        found: Published | Degraded = getattr(data, "result", data)
        published = found.published if isinstance(found, Degraded) else found
        lines = planner_lines(published.snapshot)
        latest = published.exports / "latest"
        where = latest if latest.is_dir() else published.snapshot
        print("\n".join([*lines, "", f"Tables: {where}/*.parquet", ""]))  # noqa: T201 - the answer
        return EXIT_PUBLISHED if state.name == "Completed" else EXIT_DEGRADED
    LOG.error("nothing was published: %s", _reason(state))
    return EXIT_FAILED


def _reason(state: State[Any]) -> str:
    error = state.result(raise_on_failure=False)
    return (
        reason_of(error) if isinstance(error, BaseException) else str(state.message or state.name)
    )


def backfill(arguments: argparse.Namespace) -> int:
    """Publishes past dates again, oldest first; the worst exit code of all."""
    first, last = date.fromisoformat(arguments.first), date.fromisoformat(arguments.last)
    if last < first or min(arguments.step_days, arguments.jobs) < 1:
        LOG.error("--from must not be after --to, and --step-days and --jobs at least 1")
        return EXIT_USAGE
    _ready(arguments.config)
    from flows.backfill import backfill as flow  # noqa: PLC0415

    days = [
        first + timedelta(days=i) for i in range(0, (last - first).days + 1, arguments.step_days)
    ]
    dates = [day.isoformat() for day in days]
    return flow(
        arguments.config,
        dates,
        as_published=arguments.as_published,
        reason=arguments.reason,
        jobs=arguments.jobs,
        again=arguments.again,
    )


def backfills(arguments: argparse.Namespace) -> int:
    """Lists what was backfilled."""
    settings = load_settings(Path(arguments.config), os.environ)
    from flows.backfill_record import lines  # noqa: PLC0415

    print("\n".join(lines(settings.paths.exports)))  # noqa: T201 - the answer
    return EXIT_PUBLISHED


def fresh(arguments: argparse.Namespace) -> int:
    """Says whether the newest night is young, full and whole."""
    settings = load_settings(Path(arguments.config), os.environ)
    from flows.fresh import freshness, utc_now  # noqa: PLC0415

    found = freshness(settings, utc_now(), degraded=arguments.degraded)
    print(found.line)  # noqa: T201 - the answer
    return EXIT_PUBLISHED if found.good else EXIT_FAILED


def repull(arguments: argparse.Namespace) -> int:
    """Takes damaged files out of the lake."""
    settings = load_settings(Path(arguments.config), os.environ)
    from flows.repull import repull as take_out  # noqa: PLC0415

    print("\n".join(take_out(settings)))  # noqa: T201 - the answer
    return EXIT_PUBLISHED


def simulate(arguments: argparse.Namespace) -> int:
    """Writes a brand with known truth."""
    from flows.simulate import brand_spec, ratios, write_files  # noqa: PLC0415

    if min(arguments.skus, arguments.weeks) < 1:
        LOG.error("--skus and --weeks must be at least 1")
        return EXIT_USAGE
    try:
        planted = ratios(arguments.repeat)
        spec = brand_spec(
            skus=arguments.skus, weeks=arguments.weeks, seed=arguments.seed, repeat_ratios=planted
        )
    except ValueError as error:
        raise SettingsError(str(error)) from error
    paths = write_files(arguments.out, spec)
    LOG.info("%s files written to %s", len(paths), arguments.out)
    return EXIT_PUBLISHED


def explain(arguments: argparse.Namespace) -> int:
    """Takes one SKU's forecast of a published night apart."""
    settings = load_settings(Path(arguments.config), os.environ)
    from flows.explain import explain as lines_of  # noqa: PLC0415
    from flows.explain import read_night  # noqa: PLC0415

    week = date.fromisoformat(arguments.week) if arguments.week else None
    lines = lines_of(read_night(settings, arguments.as_of), arguments.sku, week)
    print("\n".join(lines))  # noqa: T201 - the answer
    return EXIT_PUBLISHED


def review(arguments: argparse.Namespace) -> int:
    """Draws the review of a published night from its tables alone."""
    settings = load_settings(Path(arguments.config), os.environ)
    from flows.review import write_review  # noqa: PLC0415 - charts take a second

    print("\n".join(write_review(settings, arguments.as_of).report))  # noqa: T201 - the answer
    return EXIT_PUBLISHED


def tagger(arguments: argparse.Namespace) -> int:
    """Measures the tagger; each verb is a module of its own."""
    return {"audit": audit, "evaluate": evaluate_tagger}[arguments.verb](arguments)


def audit(arguments: argparse.Namespace) -> int:
    """Draws passages for people to label, or reads their labels back."""
    settings = _ready(arguments.config)
    from flows.audits import run as run_audit  # noqa: PLC0415

    run_audit(arguments, settings)
    return EXIT_PUBLISHED


def forget(arguments: argparse.Namespace) -> int:
    """Erases one person."""
    settings = load_settings(Path(arguments.config), os.environ)
    from flows.forget import forget as erase  # noqa: PLC0415

    print("\n".join(erase(settings, arguments.customer)))  # noqa: T201 - the answer
    return EXIT_PUBLISHED


def call_list(arguments: argparse.Namespace) -> int:
    """Shows who is to be called."""
    settings = load_settings(Path(arguments.config), os.environ)
    from flows.call_list import run as list_calls  # noqa: PLC0415

    print("\n".join(list_calls(arguments, settings)))  # noqa: T201 - the answer
    return EXIT_PUBLISHED


def doctor(arguments: argparse.Namespace) -> int:
    """Says what the sources give; the exit code is what a night on them would come to."""
    settings = _ready_to_pull(arguments.config, make_home=False)
    from flows.doctor import examine  # noqa: PLC0415

    found = examine(settings, yesterday(settings.business.timezone) + timedelta(days=1))
    print("\n".join(found.lines[1:]))  # noqa: T201 - the answer
    return found.code


def evaluate_tagger(arguments: argparse.Namespace) -> int:
    """Measures a tagger on labelled passages."""
    settings = load_settings(Path(arguments.config), os.environ)
    from flows.evaluate import as_json, evaluate, lines  # noqa: PLC0415

    found = evaluate(settings, arguments.gold, arguments.tagger)
    print(as_json(found) if arguments.json else "\n".join(lines(found)))  # noqa: T201 - the answer
    return EXIT_PUBLISHED


def worker(arguments: argparse.Namespace) -> int:
    """Works for a cluster until it is told to stop."""
    settings = _ready(arguments.config)
    from flows.worker import work  # noqa: PLC0415 - an extra

    work(settings, max(arguments.processes, 1))
    return EXIT_PUBLISHED


def serve(arguments: argparse.Namespace) -> int:
    """Runs the schedules until it is told to stop."""
    _ready(arguments.config)
    from flows.serve import serve as run_schedules  # noqa: PLC0415

    run_schedules(Path(arguments.config))
    return EXIT_PUBLISHED
