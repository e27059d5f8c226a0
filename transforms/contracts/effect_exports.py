"""Published tables of what the customer system changes: what tests of changes found."""

from __future__ import annotations

import polars as pl

from transforms.contracts.columns import AS_OF, count, date, real, share, text
from transforms.contracts.effect_columns import (
    BESIDE_ONE,
    DESIGNS,
    LIFT_VERDICTS,
    METRICS,
    SPEED_VERDICTS,
    TRIMS,
    estimate,
)
from transforms.contracts.office_columns import VERDICT_PROSE, difference, limits, verdict
from transforms.contracts.schema import Column, Table

LIFTS = Table(
    "lifts",
    "What each registered experiment changed, by metric: its arm beside the control. Before the registered end every verdict is running: "
    "numbers that are looked at every night find a winner in nothing. Observational rows compare the weeks after a date with those before it; "
    "whatever else changed then is in them. Metrics of one experiment are not independent: judge it by the one it was registered for (is_primary).",
    key=("as_of", "experiment_id", "arm", "metric", "trim"),
    columns=(
        AS_OF,
        text("experiment_id", "the experiment"),
        text("arm", "what is compared with the control; observational: after"),
        text("metric", "conversion: eligible customers who ordered (observational: checkouts that became an order); average_order_value: revenue of an order; revenue_per_eligible: revenue of an eligible customer (observational: of a checkout)", one_of=METRICS),
        text("trim", "raw; winsorised: orders above the 99th percentile of both arms count as that", one_of=TRIMS),
        text("design", "randomised: a lot decided; observational: before and after, and no lot", one_of=DESIGNS),
        Column("is_primary", pl.Boolean, "the metric for which the experiment was registered", nullable=False),
        Column("registered_before", pl.Boolean, "announced_at is given and not after the start; false: it may have been chosen for what it shows", nullable=False),
        date("starts_on", "its first day"),
        date("ends_on", "its last day, as registered; null: none was, and it runs for ever", nullable=True),
        count("n_control", "eligible units of the control: of average_order_value its orders, of observational ones checkouts before"),
        count("n_arm", "the same of the arm"),
        count("k_control", "customers of the control who ordered; observational: orders before"),
        count("k_arm", "the same of the arm"),
        count("left_out_n", "assigned customers who were left out: one person in two arms"),
        real("n_alike", "of values: customers that the smaller arm amounts to, would all spend alike (Kish, from both arms together); below 20, or with fewer than 100 buyers in an arm, values have no limits and no verdict", "customers", nullable=True, lo=0.0),
        *estimate("control", "the metric in the control", "share or currency"),
        *estimate("treated", "the metric in the arm", "share or currency"),
        *estimate("difference", "treated - control. Randomised: Newcombe for conversion, bootstrap-t by customer for values; observational: as far as placebo dates differ", "share or currency"),
        *estimate("ratio", "treated / control: Katz for conversion, bootstrap-t by customer for values; null: observational, or nothing to divide by", "ratio"),
        text("currency", "of values: orders in another one are left out; null: not told", nullable=True),
        share("p_sample_ratio", "probability of arms as unequal as these, had the lot worked as registered (chi squared); below .001 nothing else may be read"),
        count("n_needed", "units that each arm needs to find the registered lift with 80 % power, at the control's value; null: no lift was registered", nullable=True),
        count("n_placebo", "of observational designs: earlier dates at which nothing was changed and the same was computed", nullable=True),
        share("p_placebo", "share of those dates, this one counted, with at least as large a difference; null: randomised"),
        text("verdict", "of the difference beside 0: below, above, undetermined; running: the registered end is not reached; sample_ratio_mismatch: the lot is broken; not_enough_data", one_of=LIFT_VERDICTS),
    ),
)  # fmt: skip
REPEAT_TIMING = Table(
    "repeat_timing",
    "When customers order again after their first order, by what they said meanwhile. Who said something chose to, so a hazard ratio is no effect: "
    "it tells whom to expect sooner, not what to make people say. Curves of different signals begin on different days after the first order: compare hr, not p_30d.",
    key=("as_of", "segment", "signal"),
    columns=(
        AS_OF,
        text("segment", "(all), or the product category of the first order; the 20 with most customers"),
        text("signal", "what was said on or after the day of the first order, and before the day of the next; (no conversation): the reference, until somebody talked to them; (any conversation)"),
        count("n", "customers, first seen later than 90 days after the first known order", "customers"),
        count("events", "of them who ordered again, on a later day, by as_of", "customers"),
        *estimate("km_median_days", "days from what was said (reference: from the first order) by which half order again, Kaplan-Meier, censored at as_of; null: half have not yet", "days", lo=0.0),
        *estimate("p_30d", "share who order again within 30 days of it", "share", lo=0.0),
        *estimate("p_90d", "the same within 90 days; null: nobody was followed so long", "share", lo=0.0),
        *estimate("p_180d", "the same within 180 days", "share", lo=0.0),
        *estimate("hr", "hazard of the next order from the day after it was said on, of who said nothing else, over that of customers without a conversation who first ordered the same category in the same quarter and equally long ago (Cox with all signals in one model, first 365 days); of groups: one customer's ratio lies further from 1", "ratio", lo=0.0),
        share("p_value", "of hr = 1 (Wald)"),
        share("q_value", "the same over all rows of the night (Benjamini-Hochberg)"),
        text("verdict", "above: they order again sooner than those nobody talked to; below: later; both with q at most .05; undetermined; not_enough_data: fewer than 5 orders on either side, or not to be told apart from another signal; reference: the row that others are held against", one_of=(*BESIDE_ONE, "reference")),
    ),
)  # fmt: skip
RESPONSIVENESS = Table(
    "responsiveness",
    "How fast exceptions are answered: days from the night that saw one first to the alert, the owner's answer, the shipped change, and the night that saw it closed. "
    "Of episodes of the last 52 weeks; those not answered yet count for as long as they are open (Kaplan-Meier). An episode that ends by itself recovers, too: acted and recovered are not cause and effect.",
    key=("as_of", "dimension", "slice", "step", "day"),
    columns=(
        AS_OF,
        text("dimension", "by what episodes are told apart", one_of=("all", "kind", "signal", "category")),
        text("slice", "which kind of exception, signal or category"),
        text("step", "alerted, acknowledged, acted (shipped): of the first action that answers it: of its SKU, or else its category, and its signal, opened within 28 days; recovered: closed", one_of=("alerted", "acknowledged", "acted", "recovered")),
        count("day", "days since the night that saw it first: 14, 28, 60, 90", "days"),
        count("n", "episodes", "episodes"),
        count("taken_n", "of them with the step by as_of", "episodes"),
        count("n_at_risk", "episodes followed for as long as `day`", "episodes"),
        share("share_taken", "share of all episodes with the step by `day`; null: none has been followed so long"),
        share("lo", "lower end, 95 %, log-log"),
        share("hi", "upper end, 95 %"),
        *estimate("median_days", "days by which half have it; null: half have not yet", "days", lo=0.0),
        real("target_lo", "lower end of the configured range of the median", "days", lo=0.0),
        real("target_hi", "its upper end", "days", lo=0.0),
        text("verdict", "the median's interval beside the target: below (faster), inside, above (slower), undetermined, not_enough_data", one_of=SPEED_VERDICTS),
    ),
)  # fmt: skip
CLOSED_LOOP = Table(
    "closed_loop",
    "Whether customers hear what came of their word: accepted insights, shipped changes, customers told; and whether those told say the same again, beside those not told. "
    "Nobody was told by lot: who is told differs from who is not, and after is lower than before for both, since an insight is noted when somebody complains. No effect of telling can be read from it.",
    key=("as_of", "dimension", "slice"),
    columns=(
        AS_OF,
        text("dimension", "by what insights are told apart", one_of=("all", "signal", "function")),
        text("slice", "which signal, or function of the action; (unknown): not told"),
        count("accepted_n", "accepted insights: those shipped in the last 52 weeks, and those of these weeks that are not shipped yet"),
        count("n", "of them with a shipped change"),
        count("k", "of these, with customers told"),
        *limits("told_share", "k / n"),
        *(column for group, who in (("told", "told"), ("untold", "not told")) for column in (
            count(f"{group}_n", f"customers {who} whose change was shipped [office.closed_loop] recontact_days ago or longer; one row a customer and signal", "customers"),
            count(f"{group}_before_k", "of them who had said the same within those days before the conversation that gave the insight", "customers"),
            *limits(f"{group}_before", "that share", f"{group}_before"),
            count(f"{group}_after_k", "of them who said it again within those days after the change was shipped", "customers"),
            *limits(f"{group}_after", "that share", f"{group}_after"),
        )),
        *difference("difference", "told_after - untold_after (Newcombe); null: fewer than 20 customers in either group"),
        share("target_lo", "lower end of the configured target of told_share; null: none"),
        share("target_hi", "its upper end"),
        verdict(f"of told_share: {VERDICT_PROSE}"),
    ),
)  # fmt: skip
BENEFITS = Table(
    "benefits",
    "A ledger of shipped actions: what each was worth where an experiment measured it, how well that is shown, and what it cost. "
    "Only rows with may_be_summed may stand in one sum, of one currency, and intervals do not add up. Most rows are not measured: that is not the same as worth nothing. "
    "Benefits are of the trial's units and weeks alone, in revenue, not profit; nothing is said of the years after.",
    key=("as_of", "source", "action_id", "arm"),
    columns=(
        AS_OF,
        text("source", "the source that gives the action"),
        text("action_id", "the action"),
        text("arm", "the arm that had it; (not measured): none"),
        text("function", "the function that did it", nullable=True),
        text("signal", "the signal that it answers", nullable=True),
        text("experiment_id", "the experiment that measures it; null: none", nullable=True),
        text("design", "how: randomised or observational; null: not measured", nullable=True, one_of=DESIGNS),
        date("starts_on", "first day of the experiment", nullable=True),
        date("ends_on", "its registered last day", nullable=True),
        count("n_units", "units that had it: customers of the arm, or checkouts afterwards", nullable=True),
        *estimate("benefit", "difference of revenue per unit (lifts, raw) times n_units, over the trial; null: grade none", "currency"),
        text("currency", "currency of benefit; null: not told", nullable=True),
        real("cost", "actions.cost", "currency", nullable=True, lo=0.0),
        *estimate("net", "benefit - cost; null: either is not known", "currency"),
        text("grade", "how well it is shown. A: by lot, registered before it began, over, arms as registered; B: by lot, not registered before; C: before and after, beside placebo dates; none", one_of=("A", "B", "C", "none")),
        text("overlaps_with", "experiments of the same days with a customer in common (observational: with everybody), or this one where it measures several actions; their benefits contain each other", nullable=True),
        Column("may_be_summed", pl.Boolean, "grade A or B, and no overlap", nullable=False),
        text("verdict", "of the benefit beside 0: above, below, undetermined; running, sample_ratio_mismatch, not_enough_data: as in lifts; not_measured", one_of=(*LIFT_VERDICTS, "not_measured")),
    ),
)  # fmt: skip
EFFECT_TABLES: tuple[Table, ...] = (LIFTS, REPEAT_TIMING, RESPONSIVENESS, CLOSED_LOOP, BENEFITS)
