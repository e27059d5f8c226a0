"""Published tables of what the calling programme learns, what it costs, and how fast it is acted on."""

from __future__ import annotations

from transforms.contracts.columns import AS_OF, count, date, real, share, text
from transforms.contracts.office_columns import VERDICT_PROSE, limits, verdict
from transforms.contracts.schema import Table

_WINDOW = (
    count("window_weeks", "complete weeks in the window", "weeks"),
    date("window_end", "last day of the window"),
)
_TARGETS = (
    share("target_lo", "lower end of the configured target; null: none"),
    share("target_hi", "its upper end"),
)
INSIGHT_RATE = Table(
    "insight_rate",
    "How many conversations taught something that can be acted on: an insight counts only with a quote, a proposed action and an owner. "
    "Conversations of the last [office.insights] settle_days, and of weeks before anybody noted insights, are left out. It measures the programme and its note takers together, not how much customers have to say.",
    key=("as_of", "dimension", "slice", "window_weeks", "window_end"),
    columns=(
        AS_OF,
        text("dimension", "all, cohort, team: answered calls that were recorded; channel: conversations of every channel", one_of=("all", "cohort", "team", "channel")),
        text("slice", "which: the cohort, team or channel"),
        *_WINDOW,
        count("n", "conversations"),
        count("k", "of them with an insight that counts"),
        *limits("rate", "k / n"),
        count("any_n", "conversations with any insight, whole or not"),
        count("accepted_n", "conversations with one that counts and was accepted"),
        count("insights_n", "insights noted of them, whole or not"),
        count("no_quote_n", "of these: without a quote"),
        count("no_action_n", "without a proposed action"),
        count("no_owner_n", "without an owner"),
        count("unrecorded_n", "answered calls without a conversation: nothing can be learnt of them, and they are not in n; null: not of calls", nullable=True),
        *_TARGETS,
        verdict(),
    ),
)  # fmt: skip
ACTION_SPEED = Table(
    "action_speed",
    "How fast insights become changes that customers see: from opening an action to shipping it (Kaplan-Meier). Actions still open count for as long as they have been open; "
    "dropped ones never ship, and count until as_of. Of actions opened in the last 52 weeks. It tells how long actions take, not whether they helped.",
    key=("as_of", "dimension", "slice", "day"),
    columns=(
        AS_OF,
        text("dimension", "by what actions are told apart", one_of=("all", "function", "owner", "signal")),
        text("slice", "which function, owner or signal; (unknown): not told"),
        count("day", "days since opening: 14, 28, 60, 90", "days"),
        count("n", "actions", "actions"),
        count("shipped_n", "shipped by as_of", "actions"),
        count("open_n", "neither shipped nor dropped", "actions"),
        count("dropped_n", "given up", "actions"),
        count("n_at_risk", "actions followed for as long as `day`: the share rests on few where this is small", "actions"),
        share("share_shipped", "share of all actions that are shipped by `day`; null: none has been followed so long"),
        share("lo", "lower end, 95 %, log-log"),
        share("hi", "upper end, 95 %"),
        real("median_days", "days by which half are shipped; null: half are not yet, and that is not the same as never", "days", nullable=True, lo=0.0),
        real("median_lo", "lower end, 95 %", "days", nullable=True, lo=0.0),
        real("median_hi", "upper end; null: not known yet", "days", nullable=True, lo=0.0),
        real("target_lo", "lower end of [office.actions] median_days", "days", lo=0.0),
        real("target_hi", "its upper end", "days", lo=0.0),
        verdict("the median's interval beside the target, the same on the rows of a slice: below is faster; inside, above, undetermined, not_enough_data"),
    ),
)  # fmt: skip
TOUCHPOINT_YIELD = Table(
    "touchpoint_yield",
    "What each channel yields: answers of those invited, and what an insight costs. Who answers chose to: a channel with more answers is not one with truer ones. "
    "Numbers of invitations are those that touchpoints tell, rounded as they may be; of calls, the people dialled.",
    key=("as_of", "channel", "window_weeks"),
    columns=(
        AS_OF,
        text("channel", "the channel"),
        text("touchpoints", "touchpoints of it, split at commas; their figures add up", nullable=True),
        *_WINDOW,
        real("invited", "invited in the window: touchpoints.invited_per_week, or people dialled; null: nobody is asked there", "people", nullable=True, lo=0.0),
        count("responded", "conversations of the channel; of calls: people who answered; null: no conversation of the channel was ever given, so nobody knows", nullable=True),
        count("n", "invited, rounded; null: nobody is asked", nullable=True),
        *limits("rate", "responded / invited; null where nobody is asked, or more answered than were said to be invited"),
        count("insights_n", "conversations with an insight that counts (insight_rate); the newest are left out until [office.insights] settle_days are over"),
        real("cost", "cost_per_contact times invitations, dials, or, where nobody is asked, conversations; null: no cost is given", "currency", nullable=True, lo=0.0),
        real("cost_per_insight", "cost / insights_n; null: none, or no cost", "currency", nullable=True, lo=0.0),
        real("cost_per_insight_lo", "lower end, 95 %, the number of insights taken as Poisson", "currency", nullable=True, lo=0.0),
        real("cost_per_insight_hi", "upper end; null: no insight yet", "currency", nullable=True, lo=0.0),
        *_TARGETS,
        verdict(f"of the rate: {VERDICT_PROSE}"),
    ),
)  # fmt: skip
SATURATION = Table(
    "saturation",
    "How many more conversations until we know. unseen: how much of what customers mention is of themes (a signal in a category) nobody mentioned yet; "
    "signal: conversations a week that each signal's forecast gain needs, beside those had; depth: whether longer conversations teach more. "
    "Only themes of the codebook count: what it has no word for stays unseen for ever.",
    key=("as_of", "kind", "dimension", "slice", "target"),
    columns=(
        AS_OF,
        text("kind", "what the row tells", one_of=("unseen", "signal", "depth")),
        text("dimension", "of unseen and depth: all or channel; of signal: all, or category", one_of=("all", "channel", "category")),
        text("slice", "which channel; of depth: the channel and how many passages the customer said; of signal: its name, and the category"),
        text("target", "of signal: what it is to forecast; null: of the others", nullable=True),
        *_WINDOW,
        count("n", "conversations"),
        count("k", "of unseen: themes heard in one conversation only; of depth: conversations with an insight that counts; of signal: those that carry it"),
        count("themes_n", "of unseen: themes heard; null: of the others", nullable=True),
        share("rate", "of unseen: estimated share of mentions that are of themes not heard yet; of depth and signal: k / n"),
        share("lo", "lower end, 95 %"),
        share("hi", "upper end, 95 %"),
        share("smallest_heard", "of unseen: a theme of this prevalence was heard at least once with 95 % probability; rarer ones may have been missed"),
        count("conversations_more", "of unseen: further conversations until rate is at most target_hi; 0: none; null: cannot be told, or of the others", nullable=True),
        real("per_week_needed", "of signal: conversations a week with which its lead would be found (signal_evidence); null: cannot be estimated", "conversations", nullable=True, lo=0.0),
        real("per_week_had", "of signal: conversations a week over the weeks that were tested", "conversations", nullable=True, lo=0.0),
        real("per_week_short", "of signal: what is missing a week; 0: enough", "conversations", nullable=True, lo=0.0),
        *_TARGETS,
        verdict("of unseen: the interval beside [office.saturation] target; of signal: below (fewer a week than needed) or above, not_enough_data where the need is unknown; of depth: no_target, or not_enough_data"),
    ),
)  # fmt: skip
LEARNING_TABLES = (INSIGHT_RATE, ACTION_SPEED, TOUCHPOINT_YIELD, SATURATION)
