"""Published tables of the calling programme: who is called, and how it goes."""

from __future__ import annotations

import polars as pl

from transforms.contracts.columns import AS_OF, count, date, real, share, text
from transforms.contracts.office_columns import VERDICT_PROSE, limits, verdict
from transforms.contracts.office_inputs import COHORTS
from transforms.contracts.schema import Column, Table

PROGRAMMES = (*COHORTS, "all")
ARMS = ("call", "holdout")
CALL_STATES = ("to_call", "attempted", "reached", "do_not_call", "holdout")
BARRED = ("refused", "no_consent", "contacted_lately", "listed_lately", "no_phone")
CADENCE = ("met", "on_pace", "behind", "missed", "no_target")
SPANS = ("week", "month", "quarter")
_PERIOD = (
    date("period_start", "first day of the programme's week, month or quarter"),
    date("period_end", "its last day"),
)
_COHORT = text(
    "programme",
    "recent: bought lately; abandoner: left a cart and has not bought since; repeat: bought lately, not for the first time",
    one_of=COHORTS,
)

CALL_LIST = Table(
    "call_list",
    "Who to call: a random sample of each cohort, drawn by the first night of the period and kept by the nights after it. "
    "Customers are keyed hashes; `hearcast call-list --reveal` joins contact details. A call list tells nothing of what customers think, "
    "and people who may not be called are missing from what is learnt by it (call_frame says how many).",
    key=("as_of", "programme", "customer_key"),
    sort=("as_of", "programme", "priority", "customer_key"),
    columns=(
        AS_OF, _COHORT,
        text("customer_key", "the customer: a keyed hash, as in customers"),
        count("priority", "order of calling within the programme, by lot: a list that is called in this order and left unfinished is still a random sample"),
        text("arm", "call; holdout: not to be called, so that what calls change can be told. By keyed hash of customer and programme, or as assignments say; the same on every night", one_of=ARMS),
        text("status", "to_call; attempted: dialled since, not reached; reached; do_not_call: refused, or consent ended, after the list was drawn; holdout", one_of=CALL_STATES),
        text("reason", "why this customer, in plain words"),
        text("signal", "what to ask for: the signal whose interval is widest in the customer's category for what hangs on it; null: none is known", nullable=True),
        text("question", "an opening question of that signal"),
        text("stratum", "category | new or returning | third of value, within which the lot was drawn"),
        text("family", "category of the dearest product of the order or cart; (unknown): none"),
        text("customer_kind", "new: at most one order ever; returning", one_of=("new", "returning")),
        Column("value_tercile", pl.Int64, "third of the cohort by value of the last order, or cart: 1 is the least, 3 the greatest", nullable=False, lo=1, hi=3),
        share("selection_prob", "probability with which this customer was drawn from those who may be called; weigh what is learnt by its inverse", nullable=False),
        share("arm_prob", "probability of the arm that the customer is in", nullable=False),
        count("n_stratum", "customers of the stratum who might have been drawn", "customers"),
        text("consent", "given; assumed: nobody knows, and [office.calls] consent = \"assumed\" calls all the same", one_of=("given", "assumed")),
        date("event_on", "day of the order or cart that put the customer into the cohort"),
        date("last_contacted_on", "day of the last dial in any cohort; null: never", nullable=True),
        *_PERIOD,
        date("drawn_on", "as_of of the night that drew the list"),
    ),
)  # fmt: skip
CALL_FRAME = Table(
    "call_frame",
    "From whom the call list of each programme was drawn, on the night that drew it, and how many could not be: nobody goes missing unsaid.",
    key=("as_of", "programme"),
    columns=(
        AS_OF, _COHORT, *_PERIOD,
        date("drawn_on", "as_of of the night that drew the list"),
        count("in_cohort", "customers of the cohort", "customers"),
        count("refused", "of them: refused, withdrew, or on a do-not-call list", "customers"),
        count("no_consent", "never asked, or consent has ended, where [office.calls] asks for it", "customers"),
        count("contacted_lately", "dialled within [office.calls] rest_days, in any cohort", "customers"),
        count("listed_lately", "on a published list drawn within rest_days", "customers"),
        count("no_phone", "no telephone number is known of them, though of others it is", "customers"),
        count("eligible", "might be drawn; in_cohort is the sum of this and the five above", "customers"),
        share("eligible_share", "eligible / in_cohort: what the programme learns is of this share of the cohort; null: nobody is in it"),
        count("target_n", "usable conversations wanted in the period", "conversations"),
        count("wanted_n", "customers that the list was to hold: target_n over [office.calls] usable_share, and over the share that is not held out", "customers"),
        count("drawn_n", "customers drawn, one more or less than wanted_n where there are enough", "customers"),
        count("holdout_n", "of them held out", "customers"),
        text("policy", "required: only customers who consented are called; assumed: all who did not refuse", one_of=("required", "assumed")),
    ),
)  # fmt: skip
PROGRAMME_CADENCE = Table(
    "programme_cadence",
    "Whether the programme has the conversations that it set out for, by period. It counts; whether reached customers are like others is another matter.",
    key=("as_of", "programme", "period_start"),
    columns=(
        AS_OF,
        text("programme", "cohort, or all: every call of the programme, by month", one_of=PROGRAMMES),
        text("period", "length of the programme's periods", one_of=SPANS),
        *_PERIOD,
        Column("is_partial", pl.Boolean, "the period is not over, or calls began within it: it is never missed", nullable=False),
        count("target_n", "usable conversations wanted", "conversations"),
        count("dials_n", "dials", "dials"),
        count("attempted_n", "different customers dialled", "customers"),
        count("connected_n", "different customers who answered", "customers"),
        count("completed_n", "different customers with a usable conversation; one that answered counts where the source does not tell", "customers"),
        real("attainment", "completed_n / target_n; may be above 1; null: no target", "ratio", nullable=True, lo=0.0),
        share("elapsed_share", "share of the period's days that are over at as_of", nullable=False),
        real("pace_needed_per_day", "conversations a day that the rest of the period needs; 0: met; null: the period is over", "conversations per day", nullable=True, lo=0.0),
        text("verdict", "met; on_pace: as far as the elapsed share, or further; behind: less far, and the period is partial; missed: it is over; no_target", one_of=CADENCE),
    ),
)  # fmt: skip
CONNECT_RATE = Table(
    "connect_rate",
    "How many of those dialled answer, by window of weeks. Of people: who answered at all; of dials: which were answered; the two differ, and only people have a target. "
    "Rows of kind comparison hold teams against each other; they are not causal unless customers were given to teams by lot: whoever is easy to reach may have been given to one of them.",
    key=("as_of", "kind", "unit", "dimension", "slice", "window_weeks", "window_end"),
    columns=(
        AS_OF,
        text("kind", "rate, or comparison of two teams", one_of=("rate", "comparison")),
        text("unit", "people: each once in the window and slice; dials", one_of=("people", "dials")),
        text("dimension", "by what the dials are told apart; hour: local hour of the dial; attempt: which dial it was of the customer in the cohort; after an answer, or 30 days without a dial, it is the first again", one_of=("all", "cohort", "hour", "attempt", "team")),
        text("slice", "which: the cohort, hour, attempt or team; of a comparison: the team that is compared, and with which"),
        count("window_weeks", "complete weeks in the window: 1, 4 or 13; few weeks leave wide intervals", "weeks"),
        date("window_end", "last day of the window; a row for each of the 13 newest complete weeks"),
        count("n", "people or dials"),
        count("k", "of them answered"),
        real("n_effective", "people, or as many independent dials as would be as sure: a person who does not answer may not answer again; null: a comparison", nullable=True, lo=0.0),
        *limits("rate", "k / n; of a comparison null"),
        share("target_lo", "lower end of [office.connect] target; null: none for dials and comparisons"),
        share("target_hi", "its upper end"),
        real("odds_ratio", "odds of an answer with the first team over those with the second, within cohorts and parts of the day (Mantel-Haenszel; before noon, noon to five, from five on); above 1: the first reaches more", "ratio", nullable=True, lo=0.0),
        real("odds_ratio_lo", "lower end, 95 %", "ratio", nullable=True, lo=0.0),
        real("odds_ratio_hi", "upper end, 95 %", "ratio", nullable=True, lo=0.0),
        share("p_value", "of no difference between the teams"),
        share("p_one_ratio", "of one odds ratio in all cohorts and parts of the day (Tarone); small: the one number hides that they differ"),
        count("n_strata", "cohorts by parts of the day in which both teams dialled", nullable=True),
        verdict(f"{VERDICT_PROSE}; of a comparison: above or below 1, undetermined or not_enough_data"),
    ),
)  # fmt: skip
PROGRAMME_TABLES = (CALL_LIST, CALL_FRAME, PROGRAMME_CADENCE, CONNECT_RATE)
