"""The published tables of what customers say: reasons, our words beside theirs, reviews, requests."""

from __future__ import annotations

from transforms.contracts.columns import TAGGER, count, real, share, text
from transforms.contracts.office_columns import PERIOD_COLUMNS, limits, verdict
from transforms.contracts.schema import Table

REASON_COHORTS = ("everybody", "abandoner", "recent", "repeat", "returned", "complained")
REASON_WEIGHTING = ("equal", "weighted")
REASON_SHARES = Table(
    "reason_shares",
    "Why customers abandon, return and complain: of the people of a cohort who were heard in a period, how many gave each reason. Somebody may give several, so shares of one cohort may add up to more than 1; `first_share` is exclusive. Not a share of all who abandon: who cannot be reached is not heard; and what is said is not always what decides.",
    key=("period", "period_end", "cohort", "reason"),
    columns=(
        *PERIOD_COLUMNS,
        text("cohort", "everybody; recent, abandoner, repeat: called as such; returned: refunded within 28 days of the conversation; complained: wrote a ticket or a review of few stars", one_of=REASON_COHORTS),
        text("reason", "the signal; price_objection is the product's own price, extra_costs what comes on top; (none): people who gave no reason that is counted"),
        count("n_people", "different people of the cohort with a conversation that could carry a signal", "people"),
        count("n_conversations", "their conversations", "conversations"),
        count("k", "those of them who gave the reason at least once", "people"),
        *limits("share", "k / n_people, as the tagger heard it"),
        text("weighting", "weighted: people were drawn with unequal chances; equal: all weigh the same", one_of=REASON_WEIGHTING),
        real("n_effective", "people drawn with equal chances who would tell as much", "people", lo=0.0),
        *limits("share_weighted", "the same with each person weighed by the inverse of the chance to be drawn", "weighted"),
        *limits("share_corrected", "share_weighted corrected for the tagger's errors, as the newest audit of its version found them; null: no such audit", "corrected"),
        count("audit_n", "passages that people labelled in that audit; 0: none", "passages"),
        text("audit_id", "the audit", nullable=True),
        count("first_k", "people who gave this reason before any other of them", "people"),
        *limits("first_share", "first_k / n_people; the shares of a cohort add up to 1, and all of them together lie within their limits with 95 %", "first"),
        share("target_lo", "lower end of the configured target, [office.reasons.targets]"),
        share("target_hi", "upper end"),
        verdict("share_corrected, else share_weighted, beside the target: below, inside, above (all of its interval is), undetermined, not_enough_data (fewer than 20 people), no_target"),
        *(text(column.name, f"{column.prose}; null: of (none)", nullable=True) for column in TAGGER),
    ),
)  # fmt: skip
VOICE_OFFICE_TABLES = (REASON_SHARES,)
