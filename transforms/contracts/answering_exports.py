"""Published tables of who answers for what, and what is kept of what customers say where."""

from __future__ import annotations

from transforms.contracts.columns import AS_OF, count, date, real, text
from transforms.contracts.office_columns import NOT_ENOUGH, share_limits, verdict
from transforms.contracts.schema import Table

OWNED = ("owned", "missing", "idle")
OBJECTS = ("category", "signal", "target", "segment", "action", "touchpoint")
"""Kinds of object that need somebody accountable while they are active."""
COVERED = ("covered", "no_evidence", "question_only", "no_objective", NOT_ENOUGH)
GAPS = ("none", "not_captured", "partly_captured", "not_mined", "partly_mined", "not_listed", "volume_unknown", "volume_understated")  # fmt: skip
ACCESS = ("delivers", "empty", "never", "inherited")
UNLISTED = "(unlisted)"

OWNERS_TONIGHT = Table(
    "owners",
    "Who is accountable for what tonight: every active category, confirmed signal, target with a forecast, segment with customers, open action and "
    "listed touchpoint, and what else the input `owners` names. A row without owner is a gap to be filled, and said by the night.",
    key=("as_of", "object_type", "object_id"),
    columns=(
        AS_OF,
        text("object_type", "category, signal, target, segment, action, touchpoint; or another kind that the input names"),
        text("object_id", "which one"),
        text("owner", "who is accountable; null: nobody", nullable=True),
        text("deputy", "who is while the owner is away; null: nobody", nullable=True),
        date("since", "first day; null: always, or told by the action or touchpoint itself", nullable=True),
        text("status", "owned: active, with an owner; missing: active, without; idle: has an owner, and is none of those that need one", one_of=OWNED),
    ),
)  # fmt: skip
OBJECTIVE_COVERAGE = Table(
    "objective_coverage",
    "Both ways: objectives and what customers were heard to say for each, and signals that serve no objective. It says whether there is anything to go by, "
    "not whether an objective is reached.",
    key=("as_of", "kind", "objective_id", "signal", "question"),
    columns=(
        AS_OF,
        text("kind", "objective: one row for each objective, signal and question of it; signal: one that no objective names", one_of=("objective", "signal")),
        text("objective_id", "the objective; null: of kind signal", nullable=True),
        text("title", "what is to be reached", nullable=True),
        text("metric", "by which metric it is measured", nullable=True),
        real("target", "the metric's value to be reached", "of the metric", nullable=True),
        text("owner", "who is accountable; null: nobody is named", nullable=True),
        text("signal", "what customers say that bears on it; null: none is named", nullable=True),
        text("question", "what customers are asked for it; null: none is named", nullable=True),
        text("evidence", "best status of the signal in signal_evidence; null: not tested", nullable=True),
        count("weeks", "complete weeks that were looked at", "weeks"),
        count("n", "people heard in them, each once", "people"),
        count("k", "of them said it at least once; null: no signal is named", "people", nullable=True),
        *share_limits("share", "k / n; Wilson"),
        text("verdict", "covered: somebody said it; no_evidence: nobody did; question_only: no signal is named, so nothing is counted; no_objective: of kind signal; not_enough_data: fewer than 20 heard", one_of=COVERED),
    ),
)  # fmt: skip
TOUCHPOINT_INVENTORY = Table(
    "touchpoint_inventory",
    "Where customers meet the business, how much of it is captured, and how much of that can be searched for signals. Volumes are what the input `touchpoints` states, not measured: "
    "a capture rate is no better than they are. Touchpoints of one channel can't be told apart in conversations: their figures are those of the channel.",
    key=("as_of", "touchpoint", "channel", "window_weeks"),
    columns=(
        AS_OF,
        text("touchpoint", f"which one; {UNLISTED}: conversations come by a channel of which no touchpoint is given"),
        text("channel", "the channel of its conversations"),
        text("owner", "who is accountable; null: nobody is named", nullable=True),
        text("system", "the system that holds it", nullable=True),
        text("consent_basis", "legal basis for keeping it, as given; null: none is recorded", nullable=True),
        count("window_weeks", "complete weeks: 4 or 13", "weeks"),
        date("window_end", "last day of the window"),
        count("channel_touchpoints", "listed touchpoints of the channel; above 1: their figures are shared"),
        real("volume_per_week", "customers who meet the business there a week, as given", "per week", nullable=True, lo=0.0),
        real("captured_per_week", "conversations of the channel that came in", "per week", lo=0.0),
        real("mined_per_week", "those of them that could carry a signal: in a language and by a speaker that the tagger reads", "per week", lo=0.0),
        real("unheard_per_week", "volume of the channel that was not mined: what is wasted; null: volume unknown", "per week", nullable=True, lo=0.0),
        count("n", "volume of the channel in the window: of the capture rate", nullable=True),
        count("captured", "conversations in the window: k of the capture rate, n of the mined rate"),
        count("mined", "of them mined"),
        *share_limits("capture_rate", "captured / n; null: volume unknown or understated; Wilson"),
        *share_limits("mined_rate", "mined / captured; Wilson"),
        date("last_captured_on", "day of the channel's newest conversation; null: never", nullable=True),
        text("gap", "the first that holds: not_listed, volume_unknown, volume_understated (more came than it states), not_captured, not_mined, partly_captured, partly_mined (upper limits below 1), none", one_of=GAPS),
        verdict(name="capture_verdict"),
        verdict(name="mined_verdict"),
    ),
)  # fmt: skip
SOURCE_REGISTRY = Table(
    "source_registry",
    "Every source and table that is configured or ever came, who answers for it, and whether it is as fresh as usual. Deliveries are nights that took in something new; "
    "a file that is the same as before is none. That a source is fresh says nothing of what is in it: see quality_checks.",
    key=("as_of", "source", "table"),
    columns=(
        AS_OF,
        text("source", "the source"),
        text("table", "the canonical table that it gives"),
        text("owner", "who is accountable (input owners, object_type source); null: nobody is named", nullable=True),
        text("access", "delivers: rows came; empty: only files without a good row; never: is configured, and nothing came; inherited: came once, and is not configured for this table now (an inbox says only when it is read)", one_of=ACCESS),
        count("rows", "rows taken in, over all deliveries; corrections count again", "rows"),
        count("n", "rows that files held, over all files read", "rows"),
        count("k", "of them quarantined", "rows"),
        *share_limits("quarantined_share", "k / n; Wilson, as if rows went wrong one by one: whole files often do, so the truth may lie outside"),
        count("deliveries_n", "nights that took in something", "deliveries"),
        date("last_delivered_on", "as_of of the newest of them; null: none", nullable=True),
        count("days_since", "days from it to as_of", "days", nullable=True),
        real("usual_gap_days", "median of days between deliveries; null: fewer than four deliveries", "days", nullable=True, lo=0.0),
        real("late_after_days", "[office.registry] late_after_days, else twice the usual gap and at least one day; null: not known", "days", nullable=True, lo=0.0),
        real("freshness_hours", "from the newest event to the end of as_of; null: rows without a time, or none", "hours", nullable=True, lo=0.0),
        text("schema_version", "hash of the columns that the newest file gives, one with nothing in it left out; null: none came", nullable=True),
        date("schema_changed_on", "newest night whose file gave other columns than the one before; null: never", nullable=True),
        text("verdict", "inside: days_since is within late_after_days; above: late; not_enough_data: fewer than four deliveries and no limit set, or nothing came", one_of=("inside", "above", NOT_ENOUGH)),
    ),
)  # fmt: skip
ANSWERING_TABLES = (OWNERS_TONIGHT, OBJECTIVE_COVERAGE, TOUCHPOINT_INVENTORY, SOURCE_REGISTRY)
