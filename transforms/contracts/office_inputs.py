"""What the conversation programme gives us: consent, arms, findings, what was done about them."""

from __future__ import annotations

import polars as pl

from transforms.contracts.input_columns import day, instant, name_of, number
from transforms.contracts.schema import Column, Table

COHORTS = ("recent", "abandoner", "repeat")
MAX_CHARS = 2_000
MAX_PAGE_CHARS = 1_000_000
MAX_MONEY = 1e12


def _said(name: str, prose: str, *, required: bool = False) -> Column:
    return Column(
        name, pl.String, prose, required=required, nullable=not required, max_chars=MAX_CHARS
    )


CONSENTS = Table(
    "consents",
    "Whether a customer may be called; of those of one customer and purpose the latest counts.",
    key=("customer_id", "purpose", "decided_at"),
    event_time="decided_at",
    columns=(
        name_of("customer_id", "the customer", required=True, private=True),
        Column(
            "may_contact",
            pl.Boolean,
            "true: consented; false: refused, withdrawn or on a do-not-call list",
            required=True,
            nullable=False,
        ),
        instant("decided_at", "when it was given or withdrawn", required=True),
        name_of("purpose", "what it is for; null: every call"),
        name_of("basis", "legal basis as recorded"),
        day("expires_on", "last day on which it counts; null: until the next"),
    ),
)
ASSIGNMENTS = Table(
    "assignments",
    "To which arm a customer was assigned by lot, before anything was done.",
    key=("experiment_id", "customer_id"),
    event_time="assigned_at",
    columns=(
        name_of(
            "experiment_id",
            "the experiment; a calling programme's holdout: its cohort",
            required=True,
        ),
        name_of("customer_id", "the customer who was assigned", required=True, private=True),
        name_of("arm", "treatment, control, holdout, or the arm's own name", required=True),
        instant("assigned_at", "when the lot was drawn", required=True),
        number("probability", "probability with which it fell into its arm", unit="share", hi=1.0),
        name_of("stratum", "within which the lot was drawn; null: none"),
    ),
)
INSIGHTS = Table(
    "insights",
    "Something learnt from a conversation that somebody proposes to act on.",
    key=("insight_id",),
    event_time="noted_at",
    columns=(
        name_of("insight_id", "the insight", required=True),
        name_of("conversation_id", "the conversation that showed it", required=True),
        instant("noted_at", "when it was noted", required=True),
        _said("claim", "what was learnt"),
        name_of("passage_id", "the passage that shows it"),
        Column(
            "quote",
            pl.String,
            "the customer's own words that show it; null: none was kept",
            max_chars=MAX_CHARS,
            private=True,
        ),
        _said("proposed_action", "what to do about it"),
        name_of("owner", "who is accountable for that"),
        name_of("signal", "the signal that it belongs to"),
        name_of("category", "the product category that it is about"),
        name_of("sku", "the stock-keeping unit that it is about"),
        name_of("objective_id", "the objective that it serves"),
        name_of("accepted_by", "who accepted it", known_from="accepted_at"),
        instant("accepted_at", "when it was accepted", known_from="accepted_at"),
    ),
)
ACTIONS = Table(
    "actions",
    "What is done about an insight, from opening to the check that it worked.",
    key=("action_id",),
    event_time="opened_at",
    columns=(
        name_of("action_id", "the action", required=True),
        instant("opened_at", "when it was opened", required=True),
        name_of("insight_id", "the insight that it answers"),
        _said("title", "what is done"),
        name_of("owner", "who is accountable"),
        name_of("function", "the function that does it: product, operations, marketing …"),
        instant("alerted_at", "when its owner was told"),
        instant("acknowledged_at", "when its owner answered", known_from="acknowledged_at"),
        instant("started_at", "when work began", known_from="started_at"),
        instant("shipped_at", "when the change reached customers", known_from="shipped_at"),
        instant("verified_at", "when it was found to work", known_from="verified_at"),
        instant("dropped_at", "when it was given up", known_from="dropped_at"),
        instant(
            "customer_told_at",
            "when the customers who had said so were told",
            known_from="customer_told_at",
        ),
        name_of("experiment_id", "the experiment that measures it"),
        name_of("signal", "the signal that it is to lower or answer"),
        name_of("category", "the product category that it is about"),
        name_of("sku", "the stock-keeping unit that it is about"),
        number("cost", "what it cost", unit="currency", hi=MAX_MONEY),
    ),
)
EXPERIMENTS = Table(
    "experiments",
    "A test of a change, registered before it began.",
    key=("experiment_id",),
    event_time="starts_at",
    columns=(
        name_of("experiment_id", "the experiment", required=True),
        instant("starts_at", "from when its units count", required=True),
        instant("ends_at", "until when, as registered beforehand"),
        Column(
            "design",
            pl.String,
            "randomised: arms stand in assignments; observational: before and after, no lot",
            one_of=("randomised", "observational"),
        ),
        Column(
            "treatment_share",
            pl.Float64,
            "share of units meant for treatment; null: half",
            lo=0.0,
            hi=1.0,
        ),
        _said("change", "what was changed"),
        name_of(
            "primary_metric",
            "conversion, average_order_value or revenue_per_eligible, as registered; null: conversion",
        ),
        number(
            "expected_lift",
            "relative change of the primary metric that it is to find, as registered: 0.1 is a tenth",
            unit="share",
            hi=100.0,
        ),
        name_of("category", "the product category that it is about"),
        name_of("sku", "the stock-keeping unit that it is about"),
        instant("announced_at", "when it was registered"),
    ),
)
OBJECTIVES = Table(
    "objectives",
    "What the business wants to reach, and which signal or question tells how near it is.",
    key=("objective_id", "signal", "question"),
    columns=(
        name_of("objective_id", "the objective", required=True),
        _said("title", "what is to be reached"),
        name_of("metric", "by which metric it is measured"),
        Column("target", pl.Float64, "the metric's value to be reached"),
        name_of("signal", "a signal that bears on it"),
        _said("question", "a question that customers are asked for it"),
        name_of("owner", "who is accountable"),
        day("since", "first day; null: always"),
        day("until", "last day; null: open"),
    ),
)
TOUCHPOINTS = Table(
    "touchpoints",
    "Where customers and the business meet, and what is kept of it.",
    key=("touchpoint", "since"),
    columns=(
        name_of("touchpoint", "which one", required=True),
        name_of(
            "channel",
            "the channel of its conversations: call, ticket, chat, review, survey …",
            required=True,
        ),
        name_of("owner", "who is accountable"),
        name_of("system", "the system that holds it"),
        number(
            "volume_per_week",
            "how many customers meet the business there a week",
            unit="per week",
            hi=1e9,
        ),
        number(
            "invited_per_week",
            "how many are asked for an answer a week; null: nobody is asked",
            unit="per week",
            hi=1e9,
        ),
        number("cost_per_contact", "cost of one contact", unit="currency", hi=MAX_MONEY),
        name_of("consent_basis", "legal basis for keeping it"),
        day("since", "first day of these figures; null: always"),
    ),
)
COPY_PAGES = Table(
    "copy_pages",
    "Our own words to customers: a product page, an advertisement, an e-mail, as they stood.",
    key=("page_id", "published_at"),
    event_time="published_at",
    columns=(
        name_of("page_id", "the page", required=True),
        Column(
            "text",
            pl.String,
            "its text; HTML is read as a browser shows it",
            required=True,
            nullable=False,
            max_chars=MAX_PAGE_CHARS,
        ),
        instant("published_at", "from when it stood so", required=True),
        name_of("language", "ISO 639-1 code"),
        name_of("sku", "the stock-keeping unit that it sells"),
        name_of("category", "the product category that it sells"),
        name_of("owner", "who writes it"),
    ),
)
DISTRIBUTIONS = Table(
    "distributions",
    "Who was sent a review, a digest or an insight, and what became of it.",
    key=("distribution_id",),
    event_time="sent_at",
    columns=(
        name_of("distribution_id", "one sending to one team", required=True),
        name_of("item_id", "the insight, digest or review that was sent", required=True),
        name_of("team", "the function that it was sent to", required=True),
        instant("sent_at", "when it was sent", required=True),
        Column(
            "item_type",
            pl.String,
            "what was sent",
            one_of=("insight", "digest", "review", "exception"),
        ),
        instant("opened_at", "when it was opened", known_from="opened_at"),
        instant("acknowledged_at", "when it was acknowledged", known_from="acknowledged_at"),
        name_of("decision_id", "the decision, or action, that came of it"),
    ),
)
OFFICE_INPUTS = (
    CONSENTS,
    ASSIGNMENTS,
    INSIGHTS,
    ACTIONS,
    EXPERIMENTS,
    OBJECTIVES,
    TOUCHPOINTS,
    COPY_PAGES,
    DISTRIBUTIONS,
)
