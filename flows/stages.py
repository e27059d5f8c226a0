"""What each stage of a night does; plain values in and out, frames by way of the night's folder."""

from __future__ import annotations

import logging
import os
from datetime import date
from typing import Any

import polars as pl
from polars.exceptions import PanicException
from prefect.client.schemas.objects import State

from flows.catalogue import catalogued
from flows.cluster import NoCluster
from flows.deliveries import lake_drift
from flows.errors import disk_trouble, where
from flows.examine import Examined
from flows.examine import examine as examine_all
from flows.interchange import interchange
from flows.keys import keyring
from flows.knowledge import Tags
from flows.lake import LakeError
from flows.listening import JUDGED_ROWS, TAG_ROWS, TAGGABLE_ROWS, tag_lake
from flows.memory import give_back
from flows.night import Night, rules_of
from flows.publishing import Account, publish_night
from flows.pull import pull as pull_sources
from flows.pull import report_table
from flows.retention import retire_words
from flows.said import judgements, keep_verdicts
from flows.stage_results import (
    NOTHING_WRONG,
    Died,
    Heard,
    Judged,
    Landed,
    Made,
    NothingToForecast,
    Published,
)
from flows.stepping import Stepping
from flows.taggers import Tagger, open_tagger
from transforms.asof import KNOWN_ON, SOURCE, visible
from transforms.contracts import INPUTS, Table
from transforms.expectations import Verdicts, judge_inputs
from transforms.holding import poisoned

LOG = logging.getLogger("hearcast")


NO_TAGS = Tags(
    pl.DataFrame(schema=TAG_ROWS),
    pl.DataFrame(schema=TAGGABLE_ROWS),
    pl.DataFrame(schema=JUDGED_ROWS),
)


def is_io_error(state: State[Any]) -> bool:
    """Whether a failed stage may succeed when tried again: the disk or share was the cause."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, OSError) or disk_trouble(error) is not None


def examine(night: Night) -> Examined:
    """Says what is wrong before anything is read: damaged files, absent folders, the clock."""
    settings = night.settings
    if settings.privacy.key_block or settings.privacy.old_key_blocks:
        keyring(settings, night.lake)  # before anything lands: no night ends without its keys
    found = examine_all(settings, night.lake.root, night.as_of, asked=night.asked)
    for line in (*found.held.values(), *found.troubles):
        LOG.warning(line)
    return found


def pull(night: Night, found: Examined = NOTHING_WRONG) -> Landed:
    """Lands what is new and says what was held back."""
    done = pull_sources(night.settings, night.lake, night.as_of)
    for line in done.lines:
        LOG.warning(line)
    kind = "replay, nothing pulled" if done.replay else f"{done.rows_stored:,} new rows stored"
    LOG.info("pull: %s", kind)
    held = {**done.held, **found.held}
    lines = (*found.held.values(), *found.troubles, *done.lines)
    return Landed(done.replay, lines, held, done.rows_stored, found.troubles)


def validate(night: Night, landed: Landed) -> Judged:
    """Judges tables as tables. Raises NothingToForecast where no order line is known at all."""
    settings, zone = night.settings, night.settings.business.timezone
    frames = {}
    for name, contract in INPUTS.items():
        shown = visible(night.lake.versions(name, night.as_of), contract, night.as_of, zone)
        frame = shown.select(_unspoken(contract)).collect()
        if frame.height:
            frames[name] = frame
    if "order_lines" not in frames:
        raise NothingToForecast(_nothing(landed, night))
    moved = lake_drift(night.lake, night.as_of)
    verdicts = judge_inputs(
        frames,
        as_of=night.as_of,
        timezone=zone,
        latency_days=rules_of(settings).latency_days,
        previous_schema=moved.before,
        current_schema=moved.now,
    )
    keep_verdicts(night, "inputs", verdicts)
    held = dict(landed.held)
    for line in verdicts.hold_reasons:
        held.setdefault(line.split(".", 1)[0], line)
    for line in (*moved.lines, *verdicts.warnings, *verdicts.hold_reasons):
        LOG.warning(line)
    lines = (*landed.lines, *moved.lines, *verdicts.warnings)
    return Judged(held, lines, landed.troubles)


def _unspoken(contract: Table) -> list[pl.Expr]:
    """A table's columns and source without what customers said, which no check of a table needs."""
    return [
        pl.lit("said").alias(c.name) if c.name == "text" else pl.col(c.name)
        for c in contract.columns
    ] + [pl.col(SOURCE)]


def _nothing(landed: Landed, night: Night) -> str:
    later = night.lake.versions("order_lines", date.max).select(pl.col(KNOWN_ON).min())
    first = later.collect().item()
    if first is not None:
        return f"no order line is known at {night.as_of}; the first is known on {first}"
    problem = next(iter(landed.lines), None)
    told = f"; {problem}" if problem else ""
    return (
        f"no order line is known at {night.as_of}{told}; check order_lines under [[sources]] "
        f"in {night.config}"
    )


def listen(night: Night, judged: Judged) -> Heard:
    """Tags every passage. A tagger that fails leaves the night without signals, not without end."""
    deaf = poisoned(judged.held).get("signals")
    version, stepping = "", Stepping.read(os.environ)
    try:
        tagger = _tagger(night, stepping)
        version = tagger.version
        tags = tag_lake(night.lake, night.as_of, night.settings, tagger)
        retired = retire_words(night.lake, night.settings, night.as_of, tags)
    except (LakeError, NoCluster, OSError):
        raise
    except Died as error:
        tags, deaf = NO_TAGS, str(error)
    except (Exception, PanicException) as error:  # noqa: BLE001 - words must not end the night
        LOG.error("listening failed: %s", where(error))  # noqa: TRY400 - messages may quote words
        tags, deaf = NO_TAGS, f"listening failed: {type(error).__name__}"
    else:
        if retired:
            LOG.info("listen: raw words of %s passages deleted, their tags kept", f"{retired:,}")
    night.keep({"tag_rows": tags.tags, "tag_taggable": tags.taggable, "tag_judged": tags.judged})
    given = night.lake.versions("passages", night.as_of).select(pl.len()).collect().item()
    said = f"{tags.taggable.height:,} of {given:,} passages taggable, {tags.tags.height:,} tags"
    LOG.info("listen: %s", said if given else "no passages")
    lines = _unheard(night, given) if given and not tags.taggable.height and not deaf else ()
    return Heard(tags.taggable.height, tags.tags.height, deaf, version, lines)


def _tagger(night: Night, stepping: Stepping) -> Tagger:
    if stepping.deaf:
        raise Died(stepping.why[0])
    return open_tagger(night.settings)


def _unheard(night: Night, given: int) -> tuple[str, ...]:
    """Why there are words and none of them counts: no night passes over that in silence."""
    languages = ", ".join(night.settings.tagging.languages)
    return (
        f"none of {given:,} passages can be tagged: only what a customer or an unknown speaker "
        f"says in {languages} can ([tagging] languages); upstream tags count all the same",
    )


def publish(night: Night, judged: Judged, made: Made) -> Published:
    """Publishes what the stages left, with the account of the night."""
    give_back()
    tables = {name: night.take(name) for name in made.tables}
    checks, documents = judgements(night)
    tables["quality_checks"] = checks
    tables["ingest_report"] = report_table(night.lake, night.as_of)
    tables["quarantine"] = night.lake.quarantine(night.as_of)
    hub = interchange(tables.get("forecasts"), made.rungs)
    tables |= hub.tables
    lines = (*judged.lines, *made.why, *made.lines, *hub.lines)
    skipped = {**made.skipped, **hub.skipped}
    rungs = {**made.rungs, **hub.rungs}
    described = catalogued(night, tables, {**skipped, **made.left_out})
    tables |= described.tables
    left_out = {**made.left_out, **described.failed}
    account = Account(rungs, left_out, judged.held, made.why, lines, skipped, judged.troubles)
    inputs = Verdicts(checks, tuple(documents))
    many, settings = len(tables), night.settings
    snapshot = publish_night(night, tables, account, inputs)
    headline = f"{account.status} as of {night.as_of}: {many} tables in {snapshot.path}"
    return Published(
        night.as_of,
        snapshot.path,
        settings.paths.exports,
        account.status,
        headline,
        lines,
        account.reasons,
    )
