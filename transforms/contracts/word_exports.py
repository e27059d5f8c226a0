"""Published tables about customers' words: emerging phrases, audits and bridges of taggers."""

from __future__ import annotations

import polars as pl

from transforms.contracts.columns import TAGGER, count, date, real, share, text
from transforms.contracts.schema import Column, Table

BRIDGE_STATUSES = ("bridged", "restarted", "overlapping")
PHRASE_STATS = Table(
    "phrase_stats",
    "What customers say more than in the 12 weeks before: phrases of one to three words.",
    key=("week_start", "category", "language", "phrase"),
    columns=(
        date("week_start", "first day of the week"),
        text("category", "the category; null: everything", nullable=True),
        text("language", "language of the passages"),
        text("phrase", "lower-case words; never a number, a code or a contact detail"),
        Column("size", pl.Int32, "words in the phrase: 1 to 3", nullable=False, lo=1),
        count("people", "different customers who said it in the week, at least 3 (unknown people: conversations)", "people"),
        count("people_before", "the same over the 12 weeks before, week by week", "people"),
        count("sayings", "people's phrases of this size in the week, all together"),
        count("sayings_before", "the same over the 12 weeks before"),
        real("log_odds", "log odds of the phrase in the week less those before, with an informative Dirichlet prior", "log ratio", nullable=True),
        real("log_odds_lo", "lower end, 95 %", "log ratio", nullable=True),
        real("log_odds_hi", "upper end, 95 %", "log ratio", nullable=True),
        real("z", "log_odds over its standard error; the order of rows that a reader wants", nullable=True),
        share("p_value", "chance of as many by an unchanged habit, one-sided, exact"),
        share("q_value", "p_value after Benjamini-Hochberg over all phrases that were said often enough, shown or not"),
        Column("emerging", pl.Boolean, "said more than before: q_value at most .10 and log_odds above 0", nullable=False),
        date("first_week", "first of the 13 weeks in which it was said"),
        text("signal", "the signal that most passages with the phrase carry; null: none carries any", nullable=True),
        share("signal_share", "share of its passages of the week that carry that signal"),
        Column("is_candidate", pl.Boolean, "emerging, and no signal covers half of its passages: perhaps a new signal", nullable=False),
        text("example_1", "a passage that says it, by its id; the words stay in the lake", nullable=True),
        text("example_2", "one of another customer", nullable=True),
        text("quote_1", "the first one's words, redacted, for candidates; only where [privacy] publish_quotes allows it", nullable=True),
        text("quote_2", "the second one's", nullable=True),
    ),
)  # fmt: skip
TAG_AUDIT = Table(
    "tag_audit",
    "What people's labels say of the tagger, and shares of passages corrected for its errors.",
    key=("signal", "tagger", "tagger_version", "audit_id"),
    columns=(
        text("signal", "the signal"),
        *TAGGER,
        text("audit_id", "the audit; it counts only for the tagger version that it was drawn for"),
        date("from_week", "first week that it was drawn from"),
        date("to_week", "last week"),
        date("labelled_on", "day from which its labels are known"),
        count("n_passages", "taggable passages of those weeks", "passages"),
        count("n_audited", "passages that people labelled", "passages"),
        count("n_audited_tagged", "those of them that the tagger gave the signal", "passages"),
        count("n_audited_positive", "those of them that people gave it", "passages"),
        share("precision", "share of the tagger's that people agree with; null: too few labelled"),
        share("precision_lo", "lower end, 95 %"),
        share("precision_hi", "upper end, 95 %"),
        share("recall", "share of people's that the tagger found; null: too few labelled"),
        share("recall_lo", "lower end, 95 %"),
        share("recall_hi", "upper end, 95 %"),
        share("share_tagged", "share of all those passages that the tagger gave the signal", nullable=False),
        share("share_corrected", "the same corrected for its errors: difference estimator"),
        share("share_corrected_lo", "lower end, 95 %"),
        share("share_corrected_hi", "upper end, 95 %"),
        share("missed", "share of passages without the tag to which people gave the signal; null: too few labelled"),
        share("missed_lo", "lower end, 95 %"),
        share("missed_hi", "upper end, 95 %"),
    ),
)  # fmt: skip
TAGGER_BRIDGES = Table(
    "tagger_bridges",
    "Changes of an upstream tagger's version, signal by signal, and how the series went on.",
    key=("signal", "from_tagger", "from_version", "to_tagger", "to_version"),
    columns=(
        text("signal", "the signal"),
        text("from_tagger", "who tagged before"),
        text("from_version", "its version"),
        text("to_tagger", "who tagged then"),
        text("to_version", "its version"),
        Column(
            "status", pl.String,
            "bridged: the older one's mentions are brought to the newer one's level; restarted: the series begins with the newer one; overlapping: the older one still counts, until 8 common weeks are there",
            nullable=False, one_of=BRIDGE_STATUSES,
        ),
        count("overlap_weeks", "weeks in which both tagged", "weeks"),
        date("first_week", "first of them", nullable=True),
        date("last_week", "last of them", nullable=True),
        count("mentions_from", "conversations of those weeks to which the older one gave the signal"),
        count("mentions_to", "those to which the newer one did"),
        real("ratio", "mentions_to / mentions_from; null: fewer than 8 common weeks or 10 mentions", "ratio", nullable=True),
        real("ratio_lo", "lower end, 95 %", "ratio", nullable=True),
        real("ratio_hi", "upper end, 95 %", "ratio", nullable=True),
    ),
)  # fmt: skip
