"""Published tables of customers by value: segments, their frozen cut-offs, and how well value is foretold."""

from __future__ import annotations

import polars as pl

from transforms.contracts.columns import AS_OF, count, date, real, share, text
from transforms.contracts.office_columns import NOT_ENOUGH, difference, share_limits, verdict
from transforms.contracts.schema import Column, Table

SEGMENTS_UP = ("lapsed", "at_risk", "regular", "new", "loyal", "best")
"""The segments from the least to the most valuable: what is further to the right is a move up."""
MOVES = ("up", "down", "same", "joined")
MEASURES = ("recency_days", "frequency", "monetary")
CALIBRATED = ("purchases", "value")
EVERYBODY = "everybody"


def _score(name: str, prose: str) -> Column:
    return Column(name, pl.Int64, prose, lo=1, hi=5)


SEGMENTS = Table(
    "segments",
    "One row for each customer who ever bought: recency, frequency and money against cut-offs that stay frozen (segment_cutoffs), so a "
    "customer who moves has changed, not the bins; and what they may be worth. Lifetime value is a forecast from the habit of buying alone: do not "
    "conclude that somebody will buy, and do not add up clv_lo or clv_hi. People who were forgotten are not in it.",
    key=("as_of", "customer_key"),
    columns=(
        AS_OF,
        text("customer_key", "the customer: a keyed hash, as in customers"),
        text("segment", "best: all three scores 4 or 5; loyal: recency 3 or more, frequency 4 or 5; new: first purchase within [office.segments] new_days; at_risk: recency 1 or 2, but frequency or money 4 or 5; lapsed: recency 1 or 2; regular: all others. The first that fits", one_of=SEGMENTS_UP),
        text("segment_before", "by the same cut-offs, movement_weeks earlier, as known tonight; null: had not bought by then", nullable=True, one_of=SEGMENTS_UP),
        text("movement", "up, down or same in the order lapsed, at_risk, regular, new, loyal, best; joined: had not bought by then", one_of=MOVES),
        count("recency_days", "days since the last purchase", "days"),
        count("frequency", "days of the last memory_days (segment_cutoffs) on which something was bought that was neither cancelled nor a test", "days"),
        real("monetary", "what was bought within memory_days, gross of returns, in the shop's main currency; null: no price is known", "currency", nullable=True, lo=0.0),
        date("first_bought_on", "day of the first purchase"),
        _score("score_recency", "5: as lately as the most recent fifth at the freeze; 1: as long ago as the last fifth"),
        _score("score_frequency", "1 to 5: how many of the four cut-offs are exceeded, plus 1; where most buy once, most have 1"),
        _score("score_monetary", "1 to 5: as score_frequency; null: no price is known"),
        share("p_alive", "probability that the customer still buys at all (BG/NBD); it assumes that habits are steady and knows no seasons; null: not enough data"),
        real("purchases_expected", "days of purchase to expect within horizon_weeks", "days", nullable=True, lo=0.0),
        real("clv_mean", "value to expect within horizon_weeks, not discounted, gross of returns; means add up over customers", "currency", nullable=True, lo=0.0),
        real("clv_p50", "as likely to be more as to be less; of one customer often 0", "currency", nullable=True, lo=0.0),
        real("clv_lo", "lower end of what this customer may spend, 95 %", "currency", nullable=True, lo=0.0),
        real("clv_hi", "upper end, 95 %; chance of single purchases, not doubt about the model's parameters", "currency", nullable=True, lo=0.0),
        count("horizon_weeks", "weeks ahead that the value is of", "weeks"),
    ),
)  # fmt: skip
SEGMENT_CUTOFFS = Table(
    "segment_cutoffs",
    "The cut-offs behind segments: quintiles of the customers known at the freeze, from what was known on that day. They change only with the freeze.",
    key=("as_of", "measure"),
    columns=(
        AS_OF,
        text("measure", "what is cut", one_of=MEASURES),
        text("version", "of the cut-offs: the day of the freeze"),
        date("frozen_on", "last day of the purchases that they rest on"),
        count("memory_days", "days over which frequency and money are counted, here and in segments: [office.segments] memory_weeks, or as many as there were at the freeze", "days"),
        count("customers_n", "customers that they rest on"),
        *(
            real(f"cut_{n}", f"{20 * n} % quantile (lower)", "of the measure", nullable=True, lo=0.0)
            for n in range(1, 5)
        ),
    ),
)  # fmt: skip
CLV_CALIBRATION = Table(
    "clv_calibration",
    "How well the model of lifetime value foretold: fitted on purchases up to the cutoff, held against those after it. "
    "Only purchases and value of customers known at the cutoff count. Where the verdict is below or above, use clv figures for ranking, not for money.",
    key=("as_of", "measure", "segment"),
    columns=(
        AS_OF,
        text("measure", "purchases: days of purchase; value: what was bought", one_of=CALIBRATED),
        text("segment", "at the cutoff, or everybody", one_of=(*SEGMENTS_UP, EVERYBODY)),
        date("cutoff", "last day that the model saw"),
        count("weeks", "weeks after it that were foretold", "weeks"),
        count("n", "customers", "customers"),
        real("predicted", "sum foretold", "days or currency", nullable=True, lo=0.0),
        real("predicted_lo", "lower end, 95 %: chance, and doubt about the purchase model's parameters", "days or currency", nullable=True, lo=0.0),
        real("predicted_hi", "upper end, 95 %", "days or currency", nullable=True, lo=0.0),
        real("actual", "sum that came", "days or currency", nullable=True, lo=0.0),
        text("verdict", "where the actual lies: below, inside or above the interval; not_enough_data", one_of=("below", "inside", "above", NOT_ENOUGH)),
    ),
)  # fmt: skip
SEGMENT_NEEDS = Table(
    "segment_needs",
    "What customers of each segment say, of those heard in the last complete weeks, each person once. Who talks is not who buys: shares are of people heard, "
    "not of the segment. Many differences are looked at, so trust q_value, not single intervals.",
    key=("as_of", "window_weeks", "segment", "signal"),
    columns=(
        AS_OF,
        count("window_weeks", "complete weeks in the window: 4 or 13", "weeks"),
        date("window_end", "last day of the window"),
        text("segment", "segment tonight", one_of=SEGMENTS_UP),
        text("signal", "what was said"),
        count("n", "people of the segment who were heard", "people"),
        count("k", "of them said it at least once", "people"),
        real("n_effective", "people, drawn alike, whose share would be as sure: of a share in which each person counts once, n", "people", lo=0.0),
        *share_limits("share", "k / n; Wilson"),
        real("n_effective_value", "as n_effective of the share by value: few big spenders make it small", "people", nullable=True, lo=0.0),
        *share_limits("value_share", "share of what these people have bought (monetary) that is of people who said it: exposure, not what the need costs; Wilson at n_effective_value"),
        *difference("difference", "share less that of all other customers heard; Newcombe"),
        share("p_value", "of no difference (score test)"),
        share("q_value", "Benjamini and Hochberg over all segments and signals of the window: below 0.1, one in ten such findings is chance"),
        verdict("above or below everybody else at q_value < 0.1; else undetermined; not_enough_data: fewer than 20 heard on either side"),
    ),
)  # fmt: skip
CONTACT_RECENCY = Table(
    "contact_recency",
    "How lately customers of each segment were spoken with: a conversation of theirs in any channel, or a call that they answered. "
    "Contact that nobody recorded is not in it, and customers choose many contacts themselves: a silent segment may be content.",
    key=("as_of", "segment", "window_days"),
    columns=(
        AS_OF,
        text("segment", "segment tonight, or everybody", one_of=(*SEGMENTS_UP, EVERYBODY)),
        count("window_days", "days up to as_of: 30, 90 or 365", "days"),
        count("n", "customers of the segment", "customers"),
        count("k", "of them with a contact in the window", "customers"),
        *share_limits("share", "k / n; Wilson"),
        count("never_n", "of n, those with no contact ever", "customers"),
        real("median_days_since", "median of days since the newest contact, of those who had one", "days", nullable=True, lo=0.0),
        Column("silent", pl.Boolean, "alarm: at least 20 customers, and all of the interval below [office.contact] silent_below", nullable=False),
        verdict("the interval beside [office.contact] least to 1 in the window of 90 days: below, inside, undetermined, not_enough_data; no_target: none is set, or another window"),
    ),
)  # fmt: skip
SEGMENT_TABLES = (SEGMENTS, SEGMENT_CUTOFFS, CLV_CALIBRATION, SEGMENT_NEEDS, CONTACT_RECENCY)
