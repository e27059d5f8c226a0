"""Published tables about what customers said, and what it tells of demand."""

from __future__ import annotations

import polars as pl

from transforms.contracts.columns import (
    AS_OF,
    STATUSES,
    TAGGER,
    TARGET,
    WEEK,
    WEIGHTING,
    count,
    date,
    real,
    share,
    text,
)
from transforms.contracts.schema import Column, Table

TAGS = Table(
    "tags",
    "Where customers said what; never the text.",
    key=("conversation_id", "passage_id", "signal", "span_start", "tagger", "tagger_version"),
    columns=(
        text("conversation_id", "the conversation"),
        text("passage_id", "the passage; empty: an upstream tag on the conversation"),
        text("signal", "what was said"),
        Column("span_start", pl.Int32, "first character", nullable=False, lo=0),
        *TAGGER,
        Column("span_end", pl.Int32, "one past the last character", nullable=False, lo=0),
        Column("said_at", pl.Datetime("us", "UTC"), "when it was said", nullable=False),
        text("sku", "the SKU talked of", nullable=True),
        text("category", "the category that it counts for", nullable=True),
        share("confidence", "how sure the tagger was"),
    ),
)
SIGNALS_WEEKLY = Table(
    "signals_weekly",
    "How many conversations carry each signal, by week.",
    key=("signal", "category", "week_start", "tagger", "tagger_version"),
    columns=(
        text("signal", "what was said"),
        text("category", "the category; null: the whole business", nullable=True),
        WEEK,
        *TAGGER,
        count("conversations_taggable", "conversations that could have carried it"),
        count("conversations_with_signal", "those with at least one mention"),
        count("people_taggable", "people behind the taggable conversations, each once: the customer, joined across sources, else the conversation"),
        count("people_with_signal", "those of them who carried it at least once in the week"),
        share("rate", "conversations_with_signal / conversations_taggable; null where none was taggable"),
        share("rate_adjusted", "share of people with the mix of channels held fixed and unequal call lists weighted; null where nobody was taggable"),
        real("n_effective", "people, drawn with equal chances in the reference mix of channels, whose plain share would be as sure as rate_adjusted", "people", lo=0.0),
        text("weighting", "cohort: called customers are weighted by how their cohort was dialled; unknown: there was a call list, but the data do not tell how unequal it was; equal: no list", one_of=WEIGHTING),
        share("rate_shrunk", "rate_adjusted drawn towards its parent scope by beta-binomial"),
        share("rate_lo", "lower end of rate_shrunk, 95 %"),
        share("rate_hi", "upper end of rate_shrunk, 95 %"),
        Column("is_partial", pl.Boolean, "the week is not complete", nullable=False),
        real("bridge_ratio", "by which mentions of an older tagger version are brought to the newest one's level in rate_adjusted and the shrunk rates (tagger_bridges); 1: none", "ratio", lo=0.0),
        Column("in_series", pl.Boolean, "false: weeks of an older tagger version that could not be bridged; no forecast uses them", nullable=False),
    ),
)
SIGNAL_EVIDENCE = Table(
    "signal_evidence",
    "Which signals lead which targets, and how well that is proved.",
    key=("as_of", "signal", "target", "category"),
    columns=(
        AS_OF,
        text("signal", "what was said"),
        TARGET,
        text("category", "where; null: pooled over categories", nullable=True),
        text("status", "only confirmed signals move a forecast", one_of=STATUSES),
        Column("lead_weeks", pl.Int32, "weeks from word to target", unit="weeks", lo=0),
        real(
            "effect", "change of log demand per standard deviation of the signal", "log ratio",
            nullable=True,
        ),
        real("effect_lo", "lower end, 95 %", "log ratio", nullable=True),
        real("effect_hi", "upper end, 95 %", "log ratio", nullable=True),
        share("p_value", "pre-whitened lead test, all leads tried accounted for"),
        share("q_value", "the larger of p_value and oos_p_value after Benjamini-Hochberg over everything tested"),
        real("oos_gain_share", "squared error saved out of sample", "share", nullable=True),
        share("oos_p_value", "Clark-West test of that gain"),
        Column("direction_ok", pl.Boolean, "the words lead the target, not the reverse"),
        date("adopted_since", "week whose gate adopted it", nullable=True),
        text("change_reason", "why the status is what it is"),
        count("n_weeks", "weeks tested"),
        count("n_mentions", "conversations with the signal"),
        count("n_conversations", "conversations that could have carried it"),
        count("n_series", "category series tested together"),
        real(
            "conversations_per_week_needed",
            "a week in this scope with which the lead test finds, in 156 weeks and 8 times of 10, a signal that explains a fifth of what is new in demand; adoption asks more; null: cannot be estimated",
            "conversations", nullable=True, lo=0.0,
        ),
    ),
)
SIGNAL_VALUE = Table(
    "signal_value",
    "What each signal is worth in accuracy, on weeks that did not choose it.",
    key=("signal", "target", "category"),
    columns=(
        text("signal", "what was said"),
        TARGET,
        text("category", "where; null: all", nullable=True),
        real("wape_gain_share", "WAPE saved by the signal / WAPE without it", "share", nullable=True),
        real("wape_gain_share_lo", "lower end, 95 %, by weeks", "share", nullable=True),
        real("wape_gain_share_hi", "upper end, 95 %, by weeks", "share", nullable=True),
        count("n", "forecasts that the signal moved"),
        count("n_cutoffs", "cutoffs at which it was adopted"),
    ),
)
