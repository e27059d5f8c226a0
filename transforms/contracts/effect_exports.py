"""Published tables of what the customer system changes: what tests of changes found."""

from __future__ import annotations

import polars as pl

from transforms.contracts.columns import AS_OF, count, date, share, text
from transforms.contracts.effect_columns import DESIGNS, LIFT_VERDICTS, METRICS, TRIMS, estimate
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
        *estimate("control", "the metric in the control", "share or currency", lo=0.0),
        *estimate("treated", "the metric in the arm", "share or currency", lo=0.0),
        *estimate("difference", "treated - control. Randomised: Newcombe for conversion, bootstrap by customer for values; observational: as far as placebo dates differ", "share or currency"),
        *estimate("ratio", "treated / control: Katz for conversion, bootstrap by customer for values; null: observational, or nothing to divide by", "ratio", lo=0.0),
        text("currency", "of values: orders in another one are left out; null: not told", nullable=True),
        share("p_sample_ratio", "probability of arms as unequal as these, had the lot worked as registered (chi squared); below .001 nothing else may be read"),
        count("n_needed", "units that each arm needs to find the registered lift with 80 % power, at the control's value; null: no lift was registered", nullable=True),
        count("n_placebo", "of observational designs: earlier dates at which nothing was changed and the same was computed", nullable=True),
        share("p_placebo", "share of those dates, this one counted, with at least as large a difference; null: randomised"),
        text("verdict", "of the difference beside 0: below, above, undetermined; running: the registered end is not reached; sample_ratio_mismatch: the lot is broken; not_enough_data", one_of=LIFT_VERDICTS),
    ),
)  # fmt: skip
EFFECT_TABLES: tuple[Table, ...] = (LIFTS,)
