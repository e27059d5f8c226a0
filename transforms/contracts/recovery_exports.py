"""The published tables of what the customer system changes, as far as carts and statements go."""

from __future__ import annotations

from transforms.contracts.columns import count, real, text
from transforms.contracts.office_columns import (
    PERIOD_COLUMNS,
    difference,
    share_limits,
    verdict,
)
from transforms.contracts.schema import Table

ARMS = ("called", "holdout", "unassigned")
EVIDENCE = ("randomised", "triangulated", "single_channel", "anecdote")
DESIGNS = ("randomised", "observational")
CART_RECOVERY = Table(
    "cart_recovery",
    "Carts left behind, and what calling about them changes. Of people drawn by lot those called and those held out are counted alike from the lot on, so their difference is what calling changes. recovered_share, of people who were reached, is not: many of them would have bought anyway. Lots of the last 14 days are not counted yet.",
    key=("period", "period_end", "arm"),
    columns=(
        *PERIOD_COLUMNS,
        text("arm", "called and holdout: drawn by lot, whether or not somebody called or answered; unassigned: left a cart and was in no lot", one_of=ARMS),
        text("design", "randomised: a lot decided; observational: nobody did, so nothing is compared", one_of=DESIGNS),
        count("eligible", "people whose cart was open at the lot, begun at most 14 days before (unassigned: open for a day); each once a period", "people"),
        count("without_cart", "drawn, but without an open cart: not eligible", "people"),
        count("attempted", "eligible people called at least once in the 14 days from the lot", "people"),
        count("reached", "those of them who answered", "people"),
        *share_limits("reached_share", "reached / attempted; null: nobody was called"),
        count("ordered_7d", "eligible people who ordered within 7 days of the lot, called or not: the order that the cart became, else their next", "people"),
        count("ordered_14d", "the same within 14 days", "people"),
        *share_limits("ordered_share", "ordered_14d / eligible: the share of the whole arm"),
        count("recovered_7d", "people reached who ordered within 7 days after the first attempt; an order before it is none", "people"),
        count("recovered_14d", "the same within 14 days", "people"),
        *share_limits("recovered_share", "recovered_14d / reached: the share that is often quoted; no effect of calling"),
        count("ordered_before_attempt", "eligible people who had ordered before anybody called them", "people"),
        real("revenue", "value of the orders in ordered_14d", "currency", lo=0.0),
        real("revenue_per_eligible", "revenue / eligible; null: nobody was eligible", "currency", nullable=True, lo=0.0),
        *difference("difference", "ordered_share of the called less that of the held out: what the programme changes per person drawn; null: not the called arm, or fewer than 20 people in either"),
        *difference("effect", "the same per person whom calling reached (difference / difference in people reached); supposes that a call changes nothing for who does not answer; limits null: open, too few were reached"),
        verdict("difference beside [office.carts] target_difference (0): above (all of its interval is: calling helps), below, undetermined, not_enough_data, no_target (not the called arm)"),
    ),
)  # fmt: skip
EVIDENCE_GRADE = Table(
    "evidence_grade",
    "What the night states of customers, and how well each statement is shown. The grade speaks of how it was found, not of its size or worth: a triangulated share may still be small, and a randomised difference may be none.",
    key=("statement_id",),
    columns=(
        text("statement_id", "the table, and which of its rows"),
        text("table", "the table that states it"),
        text("statement", "what it states"),
        text("grade", "randomised: a lot decided who was treated; triangulated: two and more channels agree, of different people; single_channel: one channel, several that disagree, or a cohort that is not compared across channels; anecdote: fewer than three people say it, or fewer than 20 were heard", one_of=EVIDENCE),
        text("why", "why this grade"),
        count("n", "people or conversations that it rests on"),
        count("n_channels", "channels with enough of them", "channels"),
        real("value", "the figure: a share, a difference of shares, or an effect on log demand", nullable=True),
        real("lo", "lower end, 95 %", nullable=True),
        real("hi", "upper end, 95 %", nullable=True),
    ),
)  # fmt: skip
BENCHMARK_TABLE = Table(
    "benchmarks",
    "Numbers that founding articles claim, and ours beside them. They name no source, are of other customers, and enter nothing: no forecast, no target, no prior.",
    key=("benchmark",),
    columns=(
        text("benchmark", "its name, also of its section [office.benchmarks.<name>]"),
        text("claim", "what is claimed"),
        real("claimed_lo", "the number, or the lower end of the range", "unit"),
        real("claimed_hi", "the number, or the upper end", "unit"),
        text("unit", "unit of all figures of the row"),
        text("source", "who claims it"),
        text("evidence", "on what it rests; unreferenced: nothing is named"),
        text("measured_by", "the table of ours that measures it; null: none can", nullable=True),
        real("value", "our figure; null: see why", "unit", nullable=True),
        real("lo", "lower end, 95 %", "unit", nullable=True),
        real("hi", "upper end, 95 %; null: not known yet", "unit", nullable=True),
        count("n", "people, conversations or actions that ours rests on", nullable=True),
        text("why", "why there is none of ours; empty: there is"),
        verdict("our interval beside the claim: below, inside, above (all of it is), undetermined (it reaches across an end; of a single number: it holds it), not_enough_data (none, or of fewer than 20)"),
    ),
)  # fmt: skip
RECOVERY_TABLES = (CART_RECOVERY, EVIDENCE_GRADE, BENCHMARK_TABLE)
