"""reason_shares: why customers abandon, return and complain."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from flows.office.given import Given
from models.office.reasons import Errors, first_shares, shares
from models.office.verdicts import against
from transforms.asof import SOURCE
from transforms.contracts import EXPORTS
from transforms.contracts.office_columns import MIN_PEOPLE
from transforms.office import reasons
from transforms.office.periods import periods

PASSAGE = (SOURCE, "conversation_id", "passage_id")


def reason_shares(given: Given) -> Mapping[str, pl.DataFrame] | str:
    """The table, or why there is none."""
    now = given.said.now
    if given.said.deaf is not None:
        return given.said.deaf
    if now.conversations.is_empty():
        return "no conversations given"
    signals, refunds = given.rules.signals, given.shown("refunds")
    cohort = reasons.cohorts(
        rated(given),
        given.shown("call_attempts"),
        refunds,
        given.lines_with("order_id") if refunds["order_id"].count() else None,
        given.night.settings.office.reasons.complaints(),
    )
    heard = reasons.people_heard(
        now.conversations,
        hearable(given),
        given.shown("call_attempts"),
        periods(now.last_week),
        timezone=given.rules.timezone,
        week_start=given.rules.week_start,
    )
    people = reasons.people_of(heard, cohort)
    if people.is_empty():
        return "nobody was heard in the last 26 weeks"
    place = given.shown("passages").select(*PASSAGE, "said_at", "position")
    said = reasons.mentions_of(heard, cohort, now.said, place)
    said = reasons.with_nothing(people, said, signals)
    cells = reasons.cells(people, said, [*signals, reasons.NOTHING])
    found = shares(cells, _errors(given))
    first = first_shares(reasons.first_reasons(people, said, signals))
    return {"reason_shares": _table(given, found, first)}


def rated(given: Given) -> pl.DataFrame:
    """The night's conversations with the rating that each bears, if any."""
    key = [SOURCE, "conversation_id"]
    told = given.shown("conversations").select(*key, "rating")
    return given.said.now.conversations.drop("rating", strict=False).join(
        told, on=key, how="left", maintain_order="left"
    )


def hearable(given: Given) -> pl.DataFrame:
    """Passages that could carry a signal; where another system tags, every conversation is one, too."""
    key = list(PASSAGE)
    there = given.shown("passages").select(key).unique()
    ours = given.said.tags.taggable.select(key).join(there, on=key, how="semi")
    if not given.rules.upstream:
        return ours
    silent = given.said.now.conversations.join(ours, on=key[:2], how="anti")
    return pl.concat([ours, silent.select(*key[:2], pl.lit("").alias(key[2]))])


def _errors(given: Given) -> dict[str, Errors]:
    """By signal what the newest audit of the tagger at work found of its errors."""
    return {row["signal"]: _found(row) for row in audits(given).iter_rows(named=True)}


def _found(row: Mapping[str, float]) -> Errors:
    precision, missed = (
        (row[name], row[f"{name}_lo"], row[f"{name}_hi"]) for name in ("precision", "missed")
    )
    return Errors(precision, missed)


def audits(given: Given) -> pl.DataFrame:
    """tag_audit's rows that tell the errors of the tagger at work, the newest of each signal."""
    made = given.tables.get("tag_audit")
    contract = EXPORTS["tag_audit"]
    if made is None:
        return contract.empty()
    versions = taggers(given).select("signal", "tagger", "tagger_version")
    whole = pl.col("precision").is_not_null() & pl.col("missed").is_not_null()
    return (
        made.join(versions, on=versions.columns, how="semi")
        .filter(whole)
        .sort("labelled_on", "to_week", "audit_id")
        .unique("signal", keep="last", maintain_order=True)
    )


def taggers(given: Given) -> pl.DataFrame:
    """signal, tagger and tagger_version of the series that counts tonight."""
    newest = given.tables["signals_weekly"].filter("in_series").sort("week_start", "signal")
    columns = ["signal", "tagger", "tagger_version"]
    return newest.select(columns).unique("signal", keep="last", maintain_order=True)


def _table(given: Given, found: pl.DataFrame, first: pl.DataFrame) -> pl.DataFrame:
    contract = EXPORTS["reason_shares"]
    audited = audits(given).select(pl.col("signal").alias("reason"), "audit_id", "n_audited")
    named = taggers(given).rename({"signal": "reason"})
    told = found.drop("n_people").join(first, on=[*reasons.CELL, "reason"], how="left")
    for beside in (targets(given), named, audited):
        told = told.join(beside, on="reason", how="left")
    lo, hi = pl.coalesce("corrected_lo", "weighted_lo"), pl.coalesce("corrected_hi", "weighted_hi")
    enough = pl.col("n_people") >= MIN_PEOPLE
    unequal = (pl.col("n_people") - pl.col("n_effective")).abs() > 1e-6
    judged = told.with_columns(
        pl.when(unequal).then(pl.lit("weighted")).otherwise(pl.lit("equal")).alias("weighting"),
        pl.col("n_audited").fill_null(0).alias("audit_n"),
        against(lo, hi, pl.col("target_lo"), pl.col("target_hi"), enough=enough).alias("verdict"),
    )
    return judged.select([pl.col(c.name).cast(c.dtype) for c in contract.columns]).sort(
        contract.order
    )


def targets(given: Given) -> pl.DataFrame:
    """reason, target_lo, target_hi as configured."""
    told = given.night.settings.office.reasons.targets
    rows = [(name, one.lo, one.hi) for name, one in told.items()]
    schema = {"reason": pl.String, "target_lo": pl.Float64, "target_hi": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")
