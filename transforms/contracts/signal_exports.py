"""Published tables about customers' words: emerging phrases, audits and bridges of taggers."""

from __future__ import annotations

import polars as pl

from transforms.contracts.schema import Column, Table


def _text(name: str, prose: str, *, nullable: bool = False) -> Column:
    return Column(name, pl.String, prose, nullable=nullable)


def _count(name: str, prose: str, unit: str = "") -> Column:
    return Column(name, pl.Int64, prose, unit=unit, nullable=False, lo=0)


def _share(name: str, prose: str, *, nullable: bool = True) -> Column:
    return Column(name, pl.Float64, prose, unit="share", nullable=nullable, lo=0.0, hi=1.0)


def _real(name: str, prose: str, unit: str = "") -> Column:
    return Column(name, pl.Float64, prose, unit=unit, nullable=True)


def _date(name: str, prose: str, *, nullable: bool = False) -> Column:
    return Column(name, pl.Date, prose, nullable=nullable)


BRIDGE_STATUSES = ("bridged", "restarted", "overlapping")
TAGGER = (
    _text("tagger", "who tagged"),
    _text("tagger_version", "hash of tagger code, phrase files and model"),
)
PHRASE_STATS = Table(
    "phrase_stats",
    "What customers say more than in the 12 weeks before: phrases of one to three words.",
    key=("week_start", "category", "language", "phrase"),
    columns=(
        _date("week_start", "first day of the week"),
        _text("category", "the category; null: everything", nullable=True),
        _text("language", "language of the passages"),
        _text("phrase", "lower-case words; never a number, a code or a contact detail"),
        Column("size", pl.Int32, "words in the phrase: 1 to 3", nullable=False, lo=1),
        _count("people", "different customers who said it in the week, at least 3 (unknown people: conversations)", "people"),
        _count("people_before", "the same over the 12 weeks before, week by week", "people"),
        _count("sayings", "people's phrases of this size in the week, all together"),
        _count("sayings_before", "the same over the 12 weeks before"),
        _real("log_odds", "log odds of the phrase in the week less those before, with an informative Dirichlet prior", "log ratio"),
        _real("log_odds_lo", "lower end, 95 %", "log ratio"),
        _real("log_odds_hi", "upper end, 95 %", "log ratio"),
        _real("z", "log_odds over its standard error; the order of rows that a reader wants"),
        _share("p_value", "chance of as many by an unchanged habit, one-sided, exact"),
        _share("q_value", "p_value after Benjamini-Hochberg over all phrases that were said often enough, shown or not"),
        Column("emerging", pl.Boolean, "said more than before: q_value at most .10 and log_odds above 0", nullable=False),
        _date("first_week", "first of the 13 weeks in which it was said"),
        _text("signal", "the signal that most passages with the phrase carry; null: none carries any", nullable=True),
        _share("signal_share", "share of its passages of the week that carry that signal"),
        Column("is_candidate", pl.Boolean, "emerging, and no signal covers half of its passages: perhaps a new signal", nullable=False),
        _text("example_1", "a passage that says it, by its id; the words stay in the lake", nullable=True),
        _text("example_2", "one of another customer", nullable=True),
        _text("quote_1", "the first one's words, redacted, for candidates; only where [privacy] publish_quotes allows it", nullable=True),
        _text("quote_2", "the second one's", nullable=True),
    ),
)  # fmt: skip
TAG_AUDIT = Table(
    "tag_audit",
    "What people's labels say of the tagger, and shares of passages corrected for its errors.",
    key=("signal", "tagger", "tagger_version", "audit_id"),
    columns=(
        _text("signal", "the signal"),
        *TAGGER,
        _text("audit_id", "the audit; it counts only for the tagger version that it was drawn for"),
        _date("from_week", "first week that it was drawn from"),
        _date("to_week", "last week"),
        _date("labelled_on", "day from which its labels are known"),
        _count("n_passages", "taggable passages of those weeks", "passages"),
        _count("n_audited", "passages that people labelled", "passages"),
        _count("n_audited_tagged", "those of them that the tagger gave the signal", "passages"),
        _count("n_audited_positive", "those of them that people gave it", "passages"),
        _share("precision", "share of the tagger's that people agree with; null: too few labelled"),
        _share("precision_lo", "lower end, 95 %"),
        _share("precision_hi", "upper end, 95 %"),
        _share("recall", "share of people's that the tagger found; null: too few labelled"),
        _share("recall_lo", "lower end, 95 %"),
        _share("recall_hi", "upper end, 95 %"),
        _share("share_tagged", "share of all those passages that the tagger gave the signal", nullable=False),
        _share("share_corrected", "the same corrected for its errors: difference estimator"),
        _share("share_corrected_lo", "lower end, 95 %"),
        _share("share_corrected_hi", "upper end, 95 %"),
    ),
)  # fmt: skip
TAGGER_BRIDGES = Table(
    "tagger_bridges",
    "Changes of an upstream tagger's version, signal by signal, and how the series went on.",
    key=("signal", "from_tagger", "from_version", "to_tagger", "to_version"),
    columns=(
        _text("signal", "the signal"),
        _text("from_tagger", "who tagged before"),
        _text("from_version", "its version"),
        _text("to_tagger", "who tagged then"),
        _text("to_version", "its version"),
        Column(
            "status", pl.String,
            "bridged: the older one's mentions are brought to the newer one's level; restarted: the series begins with the newer one; overlapping: the older one still counts, until 8 common weeks are there",
            nullable=False, one_of=BRIDGE_STATUSES,
        ),
        _count("overlap_weeks", "weeks in which both tagged", "weeks"),
        _date("first_week", "first of them", nullable=True),
        _date("last_week", "last of them", nullable=True),
        _count("mentions_from", "conversations of those weeks to which the older one gave the signal"),
        _count("mentions_to", "those to which the newer one did"),
        _real("ratio", "mentions_to / mentions_from; null: fewer than 8 common weeks or 10 mentions", "ratio"),
        _real("ratio_lo", "lower end, 95 %", "ratio"),
        _real("ratio_hi", "upper end, 95 %", "ratio"),
    ),
)  # fmt: skip
