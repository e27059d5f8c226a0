"""Published tables of what was sent to whom, and of the catalogue of all tables."""

from __future__ import annotations

import polars as pl

from transforms.contracts.columns import AS_OF, count, date, real, share, text
from transforms.contracts.office_columns import verdict
from transforms.contracts.schema import UTC_TIME, Column, Table

SENT_STATES = ("sent", "opened", "acknowledged", "decided", "untold")
ITEM_TYPES = ("insight", "digest", "review", "exception", "(unknown)")
PRIVACY = (
    "none",
    "staff",
    "event_id",
    "customer_key",
    "about_a_customer",
    "redacted_words",
    "redacted_row",
)
FRESHNESS = ("within", "late", "never")


def _when(name: str, prose: str, *, nullable: bool = True) -> Column:
    return Column(name, UTC_TIME, prose, nullable=nullable)


DISTRIBUTION_LOG = Table(
    "distribution_log",
    "Every digest, review, insight and exception of the last 52 weeks and every team that it was sent to: what the input `distributions` tells, and what Hearcast sent itself on earlier nights "
    "(messages of exceptions by channel; reviews drawn). That something was opened or acknowledged does not say that it was read, or that anything came of it.",
    key=("as_of", "distribution_id"),
    sort=("as_of", "sent_at", "distribution_id"),
    columns=(
        AS_OF,
        text("distribution_id", "one sending to one team, as given; of ours: the item and the team"),
        text("item_id", "what was sent: the insight, digest or review; of exceptions the episode_id"),
        text("item_type", "what kind of thing", one_of=ITEM_TYPES),
        text("team", "the function that it was sent to; of ours the channel, or '(all who read the exports)'"),
        _when("sent_at", "when; of ours the end of the night that it belongs to", nullable=False),
        _when("opened_at", "when it was opened; null: it was not, or nobody told"),
        _when("acknowledged_at", "when it was acknowledged; null: it was not, or nobody told"),
        text("decision_id", "the decision or action that came of it; null: none is told", nullable=True),
        real("days_to_open", "days from sent_at to opened_at", "days", nullable=True, lo=0.0),
        real("days_to_acknowledge", "days from sent_at to acknowledged_at", "days", nullable=True, lo=0.0),
        Column("in_time", pl.Boolean, "acknowledged within [office.distribution] days", nullable=False),
        text("sender", "source that told of it; hearcast: we sent it"),
        text("status", "the furthest that is told: decided, acknowledged, opened, sent; untold: we sent it, and nobody tells what became of it (give a row of distributions with its item_id and team)", one_of=SENT_STATES),
    ),
)  # fmt: skip
DISTRIBUTION_SHARE = Table(
    "distribution_share",
    "Of what was sent, the share that enough teams acknowledged in time. Only items of which somebody tells (status other than untold) count, so it is of what is kept track of, not of all that was sent. "
    "Items are taken for independent; a holiday delays them together.",
    key=("as_of", "window_weeks", "window_end", "item_type"),
    columns=(
        AS_OF,
        count("window_weeks", "complete weeks: 4 or 13", "weeks"),
        date("window_end", "last day of the window; every item in it has had its days"),
        text("item_type", "what kind of thing; all: every kind", one_of=("all", *ITEM_TYPES)),
        count("within_days", "days in which it is to be acknowledged ([office.distribution] days)", "days"),
        count("teams_needed", "teams that are to acknowledge it ([office.distribution] teams)"),
        count("n", "items first sent in the window"),
        count("k", "of them acknowledged in time by that many teams"),
        count("any_n", "of them acknowledged in time by at least one"),
        count("too_few_teams_n", "of them sent to fewer teams than are needed: they cannot be"),
        share("rate", "k / n"),
        share("lo", "lower end, 95 % (Wilson)"),
        share("hi", "upper end, 95 %"),
        share("target_lo", "lower end of the target ([office.distribution] target); null: none"),
        share("target_hi", "upper end of the target"),
        verdict(),
    ),
)  # fmt: skip
CATALOGUE = Table(
    "catalogue",
    "Every published table and column of this version, those that are skipped tonight too: what it means, what it holds of people, who answers for it, how fresh it is. It describes tables; what is in them is judged in quality_checks.",
    key=("as_of", "table", "position"),
    columns=(
        AS_OF,
        text("table", "the table"),
        count("position", "place of the column in it, from 1"),
        text("column", "the column"),
        text("type", "its type"),
        text("unit", "its unit; empty: none"),
        Column("nullable", pl.Boolean, "whether it may be null", nullable=False),
        Column("in_key", pl.Boolean, "whether it is part of the table's key", nullable=False),
        text("values", "fixed values or bounds; empty: any"),
        text("meaning", "what it is"),
        text("table_meaning", "what the table is"),
        text("privacy", "none: nothing of a person; staff: names of people who work for us; event_id: leads to one event in the system that it came from; customer_key: keyed hash of a customer; about_a_customer: in a row of one customer; "
             "redacted_words: customers' words, redacted; redacted_row: what a source gave, redacted", one_of=PRIVACY),
        text("owner", "who answers for the table (input owners, object_type table); null: nobody is named", nullable=True),
        count("slo_days", "days that it may be old ([office.catalogue])", "days"),
        date("last_published", "newest night, tonight included, that has the table; null: none is known", nullable=True),
        count("days_old", "days from it to as_of", "days", nullable=True),
        text("freshness", "within: days_old is at most slo_days; late: more; never: not published yet", one_of=FRESHNESS),
        count("rows", "rows tonight; null: not published tonight", nullable=True),
        text("enabled_by", "inputs that it needs; 'a or b': either; empty: none beyond what every night has"),
        text("skipped", "why it is not published tonight; null: it is", nullable=True),
    ),
)  # fmt: skip
DISTRIBUTION_TABLES = (DISTRIBUTION_LOG, DISTRIBUTION_SHARE, CATALOGUE)
