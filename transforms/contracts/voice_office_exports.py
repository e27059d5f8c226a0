"""The published tables of what customers say: reasons, our words beside theirs, reviews, requests."""

from __future__ import annotations

import polars as pl

from transforms.contracts.columns import TAGGER, count, date, real, share, text
from transforms.contracts.office_columns import (
    PERIOD_COLUMNS,
    difference,
    limits,
    share_limits,
    verdict,
)
from transforms.contracts.review_inputs import HELPFUL, VERIFIED
from transforms.contracts.schema import Column, Table

REASON_COHORTS = ("everybody", "abandoner", "recent", "repeat", "returned", "complained")
DIRECTIONS = ("up", "same", "down")
GRADES = ("A", "B", "C", "none")
REQUEST_ORIGINS = ("said", "insight")
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
LANGUAGE_MATCH = Table(
    "language_match",
    "How far the words of each page of ours are those of customers: of all that people said in the phrases of the page's category, as much is said with phrases that stand in the page. A page in customers' words is not shown to sell more by this: only a test of copy can show that.",
    key=("page_id",),
    columns=(
        text("page_id", "the page, as it stood last"),
        text("sku", "the stock-keeping unit that it sells", nullable=True),
        text("category", "the category whose customers' phrases it is held against; null: all customers'", nullable=True),
        text("language", "language of page and phrases; ISO 639-1 code"),
        date("period_start", "first day of the 13 weeks in which the phrases were said"),
        date("period_end", "last day"),
        count("n_phrases", "phrases of one to three words that at least three people said: the 60 that most did, of those that are said of the category at least as often as of everything (single words: half as often again)", "phrases"),
        count("n_people", "different people who said any of them", "people"),
        count("support_total", "people who said each phrase, added up over the phrases"),
        count("n_exact", "phrases that stand in the page word for word", "phrases"),
        share("coverage_exact", "share of support_total that falls to these; null: no phrase is known"),
        share("exact_lo", "lower end, 95 %: bootstrap over people"),
        share("exact_hi", "upper end, 95 %"),
        count("n_lemma", "phrases that stand in the page with the same word stems", "phrases"),
        share("coverage_lemma", "share of support_total that falls to these; null: no phrase is known"),
        share("lo", "lower end of coverage_lemma, 95 %: bootstrap over people"),
        share("hi", "upper end, 95 %"),
        text("missing_phrases", "up to ten phrases that most people said and the page lacks, with how many did; never a number, a code or a contact detail"),
        share("target_lo", "lower end of the configured target, [office.language] target"),
        share("target_hi", "upper end"),
        verdict("coverage_lemma beside the target: below, inside, above (all of its interval is), undetermined, not_enough_data (fewer than 20 people), no_target"),
    ),
)  # fmt: skip
REVIEW_DIGEST = Table(
    "review_digest",
    "Reviews of the newest whole week to read, product by product: of one star and of five, without copies, and one of the other side. The rows are chosen to be read; how many there are says nothing. How many people gave one star is told by the counts beside them.",
    key=("week_start", "category", "sku", "stars", "place"),
    columns=(
        date("week_start", "first day of the week"),
        text("category", "the product's category; (unattributed): not known"),
        text("sku", "the product; null: the review names none", nullable=True),
        text("owner", "who answers for it (input owners, else [alerts] default_owner); 'unassigned': nobody"),
        Column("stars", pl.Int32, "stars of the review, halves rounded up", unit="stars", nullable=False, lo=1, hi=5),
        Column("place", pl.Int32, "order to read them in, from 1: most helpful, then longest, then newest", nullable=False, lo=1),
        text("review_id", "the review"),
        text("passage_id", "its passage"),
        date("said_on", "day on which it was written, in the business time zone"),
        text("language", "its language, as recognised", nullable=True),
        text("excerpt_redacted", "its words, redacted and cut to 160 characters; only where [privacy] publish_quotes allows it", nullable=True),
        text("themes", "signals that it carries, with commas between; empty: none"),
        HELPFUL,
        VERIFIED,
        count("n_duplicates", "other reviews of the product and as many stars, of the 13 weeks, that say nearly the same and are not shown", "reviews"),
        Column("is_counter_example", pl.Boolean, "it speaks against what most of those shown of the product say; where the week has none, it is one of the 12 weeks before", nullable=False),
        count("n_reviews", "people who reviewed the product in the week; each counts with their last review", "people"),
        count("n_one_star", "those who gave one star", "people"),
        *share_limits("one_star_share", "n_one_star / n_reviews"),
        count("n_five_star", "those who gave five", "people"),
        *share_limits("five_star_share", "n_five_star / n_reviews"),
        count("n_before", "people who reviewed it in the 12 weeks before, week by week", "people"),
        count("n_one_star_before", "those who gave one star", "people"),
        *share_limits("one_star_share_before", "n_one_star_before / n_before; null: nobody reviewed it"),
        *difference("change", "one_star_share less that of the 12 weeks before; null: nobody reviewed it then"),
        share("p_value", "chance of a difference as large, by Fisher's exact test; null: not judged"),
        share("q_value", "p_value after Benjamini-Hochberg over the products judged"),
        verdict("above or below: the share of one star moved (q_value at most .10); undetermined: it may not have; not_enough_data: fewer than 5 people in the week or 20 before"),
    ),
)  # fmt: skip
REQUESTS = Table(
    "requests",
    "What customers ask to be made, added or changed, by how many of them ask. Revenue is what those who ask have bought: how much is exposed, not what the idea is worth.",
    key=("origin", "language", "idea"),
    columns=(
        text("origin", "said: a phrase behind the words by which people ask (\"I wish\", \"please add\"); insight: a claim that somebody noted and proposes to act on", one_of=REQUEST_ORIGINS),
        text("language", "language in which it was said; null: an insight", nullable=True),
        text("idea", "the phrase, said by at least three people, or the claim, redacted"),
        date("period_start", "first day of the 13 weeks in which it was said"),
        date("period_end", "last day"),
        count("n_customers", "different people who ask for it (unknown people: conversations)", "people"),
        count("n_conversations", "conversations in which they do", "conversations"),
        count("n_channels", "channels of these", "channels"),
        count("n_heard", "different people heard in those weeks, in any channel", "people"),
        *limits("share", "n_customers / n_heard; people are not asked for ideas, so it is a floor"),
        text("signal", "the signal that most of the conversations carry; null: none carries any", nullable=True),
        text("category", "the category that most of them are about; null: none is known", nullable=True),
        count("n_buyers", "those of the people who ordered in the 52 weeks before, as far as they are known; null: fewer than three people ask", "people", nullable=True),
        count("n_returning", "those of them who ordered twice and more", "people", nullable=True),
        real("revenue", "what n_buyers ordered in those 52 weeks; null: fewer than three people ask", "currency", nullable=True, lo=0.0),
        share("revenue_share", "revenue over that of all customers"),
        share("target_lo", "lower end of the configured target, [office.requests] target"),
        share("target_hi", "upper end"),
        verdict("share beside the target: below, inside, above (all of its interval is), undetermined, not_enough_data (fewer than 20 people heard), no_target"),
    ),
)  # fmt: skip
TRIANGULATION = Table(
    "triangulation",
    "Whether what customers say is heard in several channels, and alike. A person in two channels counts in the first alone, so channels are different people. Channels that agree may still share what is wrong with all of them (the same tagger, the same season).",
    key=("period", "period_end", "signal", "channel"),
    columns=(
        *PERIOD_COLUMNS,
        text("signal", "the signal"),
        text("channel", "the channel; (all): all of them together, with the grade"),
        count("n", "different people heard there who could carry a signal", "people"),
        count("k", "those of them who carry it", "people"),
        *limits("share", "k / n"),
        share("share_before", "the same in the period before of equal length; null: not known"),
        text("direction", "of share against share_before: up, same, down; no test; null: not known", nullable=True, one_of=DIRECTIONS),
        count("n_channels", "of (all): channels with at least 20 people of whom three carry it; null: a channel", "channels", nullable=True),
        text("channels", "of (all): these; null: a channel", nullable=True),
        share("share_min", "of (all): the least of their shares; null: none"),
        share("share_max", "of (all): the greatest"),
        real("q_statistic", "of (all): Cochran's Q of equal shares in them; null: fewer than two", nullable=True, lo=0.0),
        share("p_value", "of (all): chance of a Q as large where shares are equal"),
        Column("direction_agree", pl.Boolean, "of (all): those that had 20 people before, too, all moved the same way; null: fewer than two"),
        text("grade", "of (all): A, three channels and more that agree on the share (p_value above .10); B, two that do, or two and more that moved the same way; C, one channel, or several that disagree; none: nobody says it, or too few are heard; null: a channel", nullable=True, one_of=GRADES),
        share("target_lo", "lower end of the configured target, [office.reasons.targets]"),
        share("target_hi", "upper end"),
        verdict("share beside the target: below, inside, above (all of its interval is), undetermined, not_enough_data (fewer than 20 people), no_target"),
    ),
)  # fmt: skip
VOICE_OFFICE_TABLES = (REASON_SHARES, LANGUAGE_MATCH, REVIEW_DIGEST, REQUESTS, TRIANGULATION)
