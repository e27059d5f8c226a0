"""call_list and call_frame: who is to be called, kept over the nights of a period."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

import polars as pl

from flows.earlier import nights_before, table_of
from flows.office.given import Given
from models.office.lists import draw, wanted
from models.office.questions import SCHEMA as QUESTION_SCHEMA
from models.office.questions import next_questions
from transforms.calendar import week_start_of
from transforms.contracts import EXPORTS
from transforms.contracts.programme_exports import BARRED
from transforms.office import cohorts, listing
from transforms.office.cohorts import CallRules, Known
from transforms.office.questions import question_of
from transforms.office.spans import span_of

TABLES = ("call_list", "call_frame")
STAKE_WEEKS = 13


def call_list(given: Given) -> Mapping[str, pl.DataFrame] | str:
    """Both tables, or why there are none."""
    rules = given.night.settings.office.calls.rules()
    if rules.consent_required and given.shown("consents").is_empty():
        return (
            "no consents given, and without consent nobody is called: give consents, or set "
            '[office.calls] consent = "assumed"'
        )
    lists, frames = zip(*_programmes(given, rules), strict=True)
    found = pl.concat(lists, how="diagonal_relaxed")
    return {"call_list": found, "call_frame": pl.concat(frames, how="diagonal_relaxed")}


def _programmes(given: Given, rules: CallRules) -> list[tuple[pl.DataFrame, pl.DataFrame]]:
    before = _Before(given, rules)
    today, zone = given.as_of, given.rules.timezone
    since = today - timedelta(days=max(one.days for one in rules.cohorts.values()))
    lines = given.shown("order_lines")
    orders = cohorts.orders_of(lines, since, zone)
    carts = cohorts.carts_of(given.shown("checkouts"), lines, since, zone)
    categories = given.categories
    questions = _questions(given, categories)
    done, listed, told = [], before.listed, _known(given, rules)
    for programme, own in rules.cohorts.items():
        first, last = span_of(today + timedelta(days=1), own.period, given.rules.week_start)
        kept = before.of(programme, first)
        if kept is not None:
            done.append((_again(given, rules, kept[0], told), kept[1]))
            continue
        frame = cohorts.cohort_frame(programme, orders, carts, today - timedelta(days=own.days - 1))
        frame = cohorts.stratified(frame, categories)
        judged = cohorts.barred(frame, replace(told, listed=_newest(listed)), rules, today)
        made = _drawn(given, programme, judged, questions, first)
        period = {"period_start": first, "period_end": last}
        done.append(_rows(given, rules, programme, (judged, made), period))
        listed = pl.concat([listed, made.select("customer_id", last_listed_on=pl.lit(today))])
    return done


def _newest(listed: pl.DataFrame) -> pl.DataFrame:
    return listed.group_by("customer_id").agg(pl.col("last_listed_on").max())


def _known(given: Given, rules: CallRules) -> Known:
    """What tells whether a customer may be called tonight, but for lists."""
    return Known(
        cohorts.consent_of(given.shown("consents"), rules.purposes, given.as_of),
        cohorts.last_contact(given.shown("call_attempts"), given.rules.timezone),
        cohorts.with_phone(given.shown("customers")),
        pl.DataFrame(schema={"customer_id": pl.String, "last_listed_on": pl.Date}),
    )


def _questions(given: Given, categories: pl.DataFrame) -> pl.DataFrame:
    tables = given.tables
    if given.said.deaf is not None or "signals_weekly" not in tables:
        return pl.DataFrame(schema=QUESTION_SCHEMA)
    weekly = tables["signals_weekly"].filter("in_series", ~pl.col("is_partial"))
    evidence = tables.get("signal_evidence", EXPORTS["signal_evidence"].empty())
    since = given.as_of - timedelta(weeks=STAKE_WEEKS)
    worth = listing.value_at_stake(
        tables.get("inventory_plan"), tables["demand_weekly"], categories, since
    )
    return next_questions(weekly, evidence, worth)


def _drawn(
    given: Given,
    programme: str,
    judged: pl.DataFrame,
    questions: pl.DataFrame,
    first: date,
) -> pl.DataFrame:
    rules = given.night.settings.office.calls.rules()
    own = rules.cohorts[programme]
    made = draw(
        judged.filter(pl.col("barred").is_null()).drop("barred"),
        questions,
        programme=programme,
        period=first.isoformat(),
        salt=rules.salt,
        wanted_n=wanted(own.target, rules.usable_share, rules.holdout_share),
        even_share=rules.even_share,
        holdout_share=rules.holdout_share,
    )
    told = listing.arms_given(given.shown("assignments"), programme)
    return (
        made.join(told, on="customer_id", how="left", maintain_order="left")
        .with_columns(
            pl.coalesce("_arm", "arm").alias("arm"),
            pl.when(pl.col("_arm").is_null())
            .then("arm_prob")
            .otherwise(pl.coalesce("_prob", "arm_prob"))
            .alias("arm_prob"),
        )
        .drop("_arm", "_prob")
        .join(questions.select("family", "signal"), on="family", how="left", maintain_order="left")
    )


def _rows(
    given: Given,
    rules: CallRules,
    programme: str,
    frames: tuple[pl.DataFrame, pl.DataFrame],
    period: Mapping[str, date],
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A programme's rows of call_list and its row of call_frame, on the night that draws it."""
    judged, made = frames
    today, own = given.as_of, rules.cohorts[programme]
    place = {
        "as_of": pl.lit(today),
        "programme": pl.lit(programme),
        "drawn_on": pl.lit(today),
        **{name: pl.lit(day) for name, day in period.items()},
    }
    listed = made.with_columns(
        pl.col("customer_id").alias("customer_key"),
        pl.col("turn").rank("ordinal").cast(pl.Int64).alias("priority"),
        pl.when(pl.col("arm") == "holdout")
        .then(pl.lit("holdout"))
        .otherwise(pl.lit("to_call"))
        .alias("status"),
        listing.reason_of(programme).alias("reason"),
        question_of(pl.col("signal")).alias("question"),
        pl.col("consent").fill_null("assumed"),
        **place,
    )
    counts = listing.frame_counts(judged, BARRED)
    share = counts["eligible"] / counts["in_cohort"] if counts["in_cohort"] else None
    frame = pl.DataFrame([{
        **counts,
        "eligible_share": share,
        "target_n": own.target,
        "wanted_n": wanted(own.target, rules.usable_share, rules.holdout_share),
        "drawn_n": made.height,
        "holdout_n": made.filter(pl.col("arm") == "holdout").height,
        "policy": "required" if rules.consent_required else "assumed",
    }]).with_columns(**place)  # fmt: skip
    names = EXPORTS["call_frame"].names
    return listed.select(EXPORTS["call_list"].names), frame.select(names)


def _again(given: Given, rules: CallRules, kept: pl.DataFrame, known: Known) -> pl.DataFrame:
    """A list drawn by an earlier night, with what has become of its customers since."""
    zone = given.rules.timezone
    told = kept.drop("status", "last_contacted_on").rename({"consent": "_then"})
    now = cohorts.barred(told, known, rules, given.as_of)
    rows = listing.status_of(
        now.with_columns(pl.col("_then").alias("consent")),
        given.shown("call_attempts"),
        now.select("customer_id", "barred"),
        zone,
    )
    named = rows.with_columns(pl.col("customer_id").alias("customer_key"))
    return named.select(EXPORTS["call_list"].names)


class _Before:
    """Lists that earlier nights published, by the customers as they are known tonight."""

    def __init__(self, given: Given, rules: CallRules) -> None:
        exports, today = given.night.settings.paths.exports, given.as_of
        oldest = today - timedelta(days=rules.rest_days + 7)
        nights = [day for day in nights_before(exports, today) if day >= oldest]
        newest = {
            week_start_of(day + timedelta(days=1), given.rules.week_start): day for day in nights
        }
        lists = [table_of(exports, day, "call_list") for day in newest.values()]
        there = [one for one in lists if one is not None]
        past = pl.concat([EXPORTS["call_list"].empty(), *there])
        named = given.same_people(past.with_columns(pl.col("customer_key").alias("customer_id")))
        self.listed = named.group_by("customer_id").agg(
            pl.col("drawn_on").max().alias("last_listed_on")
        )
        last = max(nights, default=None)
        self._rows = named.clear() if last is None else named.filter(pl.col("as_of") == last)
        frames = None if last is None else table_of(exports, last, "call_frame")
        self._frames = EXPORTS["call_frame"].empty() if frames is None else frames
        self._today = today

    def of(self, programme: str, first: date) -> tuple[pl.DataFrame, pl.DataFrame] | None:
        """The list of the period that begins on `first`, and its frame; None: it is not drawn yet."""
        mine = (pl.col("programme") == programme) & (pl.col("period_start") == first)
        frame = self._frames.filter(mine)
        if frame.is_empty():
            return None
        once = self._rows.filter(mine).sort("priority").unique("customer_id", keep="first")
        dated = [one.with_columns(pl.lit(self._today).alias("as_of")) for one in (once, frame)]
        return dated[0], dated[1]
