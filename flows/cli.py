"""The command `hearcast`: usage and configuration errors are one line and exit code 2."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import tomllib
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from flows.descendants import die_with_parent
from flows.errors import Mistake
from flows.leaving import leave_last, leave_within
from flows.progress import TerminalHandler
from flows.stepping import ended_by
from flows.stopwatch import now
from flows.supervise import PARENT, Ended, lost_night, shell_code, supervise, watched_command

LOG = logging.getLogger("hearcast")
EXIT_PUBLISHED = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_DEGRADED = 3
DEFAULT_THREADS = 2
DEFAULT_MINUTES = 120.0
TAGGERS = ("fast", "accurate", "rules")
MEASURED = ("seconds", "cpu_seconds", "peak_mib")
"""What the line at a stage's end says in numbers."""
PROGRAMMES = ("recent", "abandoner", "repeat")
LEAVE_SECONDS = 60.0
"""How long libraries may tidy up after a command before the process ends all the same."""


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """One JSON object per line: at, level, message; of a night run_id, as_of, stage; measures."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        told = {"at": at, "level": record.levelname.lower(), "message": record.getMessage()}
        measured = {name: getattr(record, name) for name in MEASURED if hasattr(record, name)}
        return json.dumps({**told, **now(), **measured}, default=str)


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date like 2026-11-17") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hearcast", description="Nightly forecasts that listen to what customers say."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    nightly = _command(commands, "nightly", "run one night")
    nightly.add_argument(
        "--as-of", type=_day, help="last day known; default: yesterday in the business time zone"
    )
    _backfill(commands)
    _command(commands, "backfills", "list what was backfilled, when and why")
    fresh = _command(commands, "fresh", "exit 0: the newest night is young, full and whole; else 1")
    fresh.add_argument("--degraded", action="store_true", help="a night that stepped down will do")
    _command(commands, "repull", "take damaged files out of the lake, to be read again")
    explain = _command(commands, "explain", "take one SKU's forecast apart: level, season, signals")
    explain.add_argument("--sku", required=True)
    explain.add_argument("--week", type=_day, help="any day of the week; default: the next week")
    explain.add_argument("--as-of", type=_day, help="a published night; default: the latest")
    review = _command(commands, "review", "draw the weekly review: two pages and a workbook")
    review.add_argument("--as-of", type=_day, help="a published night; default: the latest")
    _tagger(commands)
    _command(commands, "doctor", "what each source gives and what is absent; changes nothing")
    forget = _command(commands, "forget", "erase a person from the lake and from published nights")
    forget.add_argument(
        "--customer",
        required=True,
        help="id, source:id, e-mail address, or @payload.json (Shopify's customers/redact)",
    )
    worker = _command(commands, "worker", "work on shards of nights, for the scheduler of [run]")
    worker.add_argument("--processes", type=int, default=1, help="processes to start (default 1)")
    _call_list(commands)
    _command(commands, "serve", "run the schedules of prefect.yaml without a Prefect server")
    simulate = commands.add_parser("simulate", help="write a brand with known truth")
    simulate.add_argument("--out", type=Path, required=True, help="folder to write to")
    simulate.add_argument("--skus", type=int, default=60)
    simulate.add_argument("--weeks", type=int, default=156)
    simulate.add_argument("--seed", type=int, default=8)
    simulate.add_argument(
        "--repeat",
        action="append",
        default=[],
        metavar="SIGNAL=RATIO",
        help="plant it: whoever says SIGNAL orders again with RATIO times the hazard (may be repeated)",
    )
    simulate.add_argument("--json-logs", action="store_true", help="log as JSON lines")
    return parser


def _call_list(commands: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    calls = _command(commands, "call-list", "who is to be called, and, with --reveal, how")
    calls.add_argument(
        "--reveal",
        action="store_true",
        help="restricted: join ids, e-mails and phones; the lake notes that it was done",
    )
    calls.add_argument("--programme", choices=PROGRAMMES, help="default: all three")
    calls.add_argument("--as-of", type=_day, help="a published night; default: the latest")
    calls.add_argument("--out", type=Path, help="a CSV file for its owner only; default: print")


def _backfill(commands: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    backfill = _command(commands, "backfill", "publish past dates again with today's code")
    backfill.add_argument("--from", dest="first", type=_day, required=True)
    backfill.add_argument("--to", dest="last", type=_day, required=True)
    backfill.add_argument("--step-days", type=int, default=7, help="days between dates (default 7)")
    backfill.add_argument(
        "--as-published",
        action="store_true",
        help="only with the code, libraries and configuration that published a date",
    )
    backfill.add_argument("--reason", default="", help="why, for the record of backfills")
    backfill.add_argument(
        "--jobs", type=int, default=1, help="dates side by side, where they only read (default 1)"
    )
    backfill.add_argument(
        "--again", action="store_true", help="all dates, though an earlier call was cut short"
    )


def _tagger(commands: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    tagger = commands.add_parser("tagger", help="how right the tagger is")
    verbs = tagger.add_subparsers(dest="verb", required=True)
    audit = _command(
        verbs, "audit", "draw passages for people to label, and read their labels back"
    )
    way = audit.add_mutually_exclusive_group(required=True)
    way.add_argument("--out", type=Path, help="write a sheet of passages to label to this CSV file")
    way.add_argument("--in", dest="labelled", type=Path, help="read a labelled sheet back")
    audit.add_argument("--n", type=int, default=200, help="passages to draw (default 200)")
    audit.add_argument(
        "--weeks", type=int, default=13, help="newest weeks to draw from (default 13)"
    )
    audit.add_argument("--seed", type=int, default=0, help="another seed draws others (default 0)")
    evaluate = _command(verbs, "evaluate", "precision, recall and F1 by signal, with intervals")
    evaluate.add_argument(
        "--gold",
        type=Path,
        required=True,
        help='labelled passages, one JSON object a line: {"text": …, "signals": […]}',
    )
    evaluate.add_argument("--tagger", choices=TAGGERS, help="default: that of the configuration")
    evaluate.add_argument("--json", action="store_true", help="print one JSON object")


def _command(commands: argparse._SubParsersAction, name: str, what: str) -> argparse.ArgumentParser:  # type: ignore[type-arg]
    parser: argparse.ArgumentParser = commands.add_parser(name, help=what, description=what)
    parser.add_argument("--config", default="hearcast.toml", help="default: hearcast.toml")
    parser.add_argument("--json-logs", action="store_true", help="log as JSON lines")
    return parser


def _run_key(config: str, key: str) -> float | None:
    """A number of [run] from the environment or configuration, before anything heavy is imported.

    None: there is none that counts; what is wrong is told later, in one line.
    """
    override = os.environ.get(f"HEARCAST_RUN__{key.upper()}", "")
    try:
        run = tomllib.loads(Path(config).read_text(encoding="utf-8")).get("run", {})
        told = float(override) if override else run.get(key)
    except (OSError, ValueError, AttributeError):
        return None
    return told if isinstance(told, int | float) and told > 0 else None


def logs_as_json() -> bool:
    """Whether this process logs JSON lines."""
    handlers = logging.getLogger("hearcast").handlers
    return any(isinstance(handler.formatter, _JsonLines) for handler in handlers)


def start_log(*, as_json: bool) -> None:
    """Lets the log go to standard error: lines for people, or one JSON object a line."""
    handler = logging.StreamHandler(sys.stderr) if as_json else TerminalHandler()
    plain = logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%H:%M:%S")
    handler.setFormatter(_JsonLines() if as_json else plain)
    logger = logging.getLogger("hearcast")
    logger.setLevel(logging.INFO)
    logger.handlers = [handler]
    logger.propagate = False


def main(argv: Sequence[str] | None = None, *, ahead: bool = False) -> int:
    """Runs one command; returns its exit code.

    `ahead`: what a night needs of Prefect is started before our own libraries are read.
    """
    arguments = _parser().parse_args(argv)
    start_log(as_json=arguments.json_logs)
    from flows import environment  # noqa: PLC0415 - before polars and prefect are imported

    threads = _run_key(getattr(arguments, "config", ""), "threads")
    environment.prepare(int(threads or DEFAULT_THREADS))
    if ahead and arguments.command == "nightly":
        try:
            _begin_night(arguments)
        except Mistake as error:
            LOG.error(str(error))  # noqa: TRY400 - the line is for the user; a traceback would hide it
            return EXIT_USAGE
    from flows import commands  # noqa: PLC0415

    return commands.run(arguments)


def _begin_night(arguments: argparse.Namespace) -> None:
    """Says that a night begins, and starts what it needs of Prefect.

    Raises Mistake for settings that no night can run on: Prefect, which takes seconds, is not
    started for these.
    """
    from flows import embedded, environment  # noqa: PLC0415 - as in `main`
    from flows.settings import load_settings  # noqa: PLC0415

    load_settings(Path(arguments.config), os.environ)
    environment.check_home()
    day = arguments.as_of or "yesterday"
    LOG.info("starting the night as of %s (%s): libraries and Prefect", day, arguments.config)
    embedded.begin()


def _watched(argv: Sequence[str]) -> int:
    """Runs one command; what reads delivered files in a process of its own, which this one outlives."""
    if parent := os.environ.pop(PARENT, None):
        die_with_parent(int(parent))
        return main(argv, ahead=True)
    arguments = _parser().parse_args(argv)
    if arguments.command not in ("nightly", "doctor"):
        return main(argv)
    start_log(as_json=arguments.json_logs)
    if arguments.command == "doctor":
        return shell_code(supervise(watched_command(argv), None, _doctor_lost))
    minutes = _run_key(arguments.config, "timeout_minutes") or DEFAULT_MINUTES
    lost = lost_night(arguments.config, arguments.as_of)
    return shell_code(supervise(watched_command(argv), 60 * minutes, lost))


def _doctor_lost(ended: Ended, _: str) -> None:
    LOG.error("doctor %s", ended_by(-ended.code))


def entry() -> None:
    """The process `hearcast`: ends with the command's exit code, whatever a library waits for."""
    leave = leave_last()
    try:
        code = _watched(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read our lines has gone: nobody knows what was not said
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    leave_within(LEAVE_SECONDS, code)
    leave(code)
    sys.exit(code)


if __name__ == "__main__":
    entry()
