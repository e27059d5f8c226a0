"""Published tables of critical metrics: where each stands, and its course, on control charts."""

from __future__ import annotations

import polars as pl

from transforms.contracts.columns import AS_OF, WEEK, count, date, real, text
from transforms.contracts.office_columns import NOT_ENOUGH, verdict
from transforms.contracts.schema import Column, Table

CHARTS = ("p", "laney_p", "individuals")
RULE_SETS = ("limits", "western_electric", "nelson")
RULES = (
    "beyond_limits",
    "two_of_three",
    "four_of_five",
    "eight_on_a_side",
    "nine_on_a_side",
    "six_in_a_trend",
    "fourteen_alternating",
    "fifteen_near_centre",
    "eight_off_centre",
)
IN_CONTROL, OUT_HIGH, OUT_LOW, DRIFTING = "in_control", "out_high", "out_low", "drifting"
CHART_STATUSES = (IN_CONTROL, OUT_HIGH, OUT_LOW, DRIFTING, NOT_ENOUGH)
EPISODES = ("none", "opened", "open", "closed")
BETTER = ("higher", "lower", "neither")
METRIC_KINDS = ("share", "value")
_RULE_PROSE = (
    "the first rule that holds in the week: beyond_limits; two_of_three beyond 2 thirds of a limit; four_of_five beyond 1 third; "
    "eight_on_a_side or nine_on_a_side of the centre; six_in_a_trend; fourteen_alternating; fifteen_near_centre (within 1 third); "
    "eight_off_centre (beyond 1 third on either side); null: none"
)
_STATUS_PROSE = (
    "in_control; out_high or out_low: beyond a control limit; drifting: within the limits, but a run rule holds; not_enough_data: "
    "no baseline yet, or nothing counted in the week"
)


def _maybe(name: str, prose: str, unit: str = "", *, lo: float | None = None) -> Column:
    return real(name, prose, unit, nullable=True, lo=lo)


def _window(weeks: int) -> tuple[Column, ...]:
    return (
        _maybe(f"value_{weeks}w", f"the same over the {weeks} weeks that end with it; of a value: null", "share"),
        _maybe(f"lo_{weeks}w", "lower end, 95 % (Wilson)", "share"),
        _maybe(f"hi_{weeks}w", "upper end, 95 %", "share"),
        count(f"n_{weeks}w", f"n over the {weeks} weeks"),
    )  # fmt: skip


_LIMITS = (
    _maybe("centre", "centre line: the metric over its baseline", "of the metric"),
    _maybe("control_lo", "lower control limit of a week of this n: chance alone falls below it once in 740 weeks", "of the metric"),
    _maybe("control_hi", "upper control limit", "of the metric"),
    _maybe("z", "distance from the centre as a normal deviate, doubt about the baseline included: limits lie at -3 and 3", "standard deviations"),
)  # fmt: skip
_BASE = (
    date("frozen_on", "day before which the baseline ends; null: none", nullable=True),
    date("baseline_start", "first day of the baseline's first week", nullable=True),
    date("baseline_end", "last day of its last week", nullable=True),
    count("baseline_weeks", "its weeks in which something was counted", "weeks"),
    text("chart", "p: share, weeks differ by chance alone; laney_p: share, weeks differ by more (Laney's p'); individuals: value, by moving range; null: no baseline", nullable=True, one_of=CHARTS),
    _maybe("spread", "p and laney_p: how many times as much as by counting alone the baseline's weeks vary (1: no more); individuals: standard deviation of a week", lo=0.0),
    _maybe("autocorrelation", "of the baseline's weeks with the next"),
    Column("runs_judged", pl.Boolean, "false: weeks resemble their neighbours beyond chance, so run rules would cry wolf: only the limits count, and they are wider", nullable=False),
)  # fmt: skip
METRIC_STATUS = Table(
    "metric_status",
    "Where each critical metric stands: its newest whole week on a control chart whose baseline was frozen before it, and thirteen weeks beside the target. In control means: as usual, "
    "not: good. A chart knows no season, no campaign and no cause; of twenty metrics one or two are out of control by chance alone in a year.",
    key=("as_of", "metric"),
    columns=(
        AS_OF,
        text("metric", "which one"),
        text("meaning", "what it is, in plain words"),
        text("kind", "share: k of n; value: a number a week", one_of=METRIC_KINDS),
        text("better", "which way is good news", one_of=BETTER),
        date("week_start", "first day of the newest week that is complete and settled; null: none yet", nullable=True),
        _maybe("value", "the metric of that week", "of the metric"),
        _maybe("lo", "lower end, 95 %: of shares Wilson's; of forecast_wape by jackknife over SKUs, as if they erred one by one", "of the metric"),
        _maybe("hi", "upper end, 95 %", "of the metric"),
        count("k", "events counted in the week; of a value: null", nullable=True),
        count("n", "of how many; of forecast_wape: SKUs"),
        *_window(4), *_window(13),
        _maybe("target_lo", "lower end of the target ([office.metrics.targets]); null: none", "of the metric"),
        _maybe("target_hi", "upper end of the target", "of the metric"),
        verdict("the 13 weeks' interval (of a value: the week's) beside the target: below, inside, above, undetermined, not_enough_data, no_target"),
        *_LIMITS, *_BASE,
        text("rules", "the rules in force ([office.metrics] rules)", one_of=RULE_SETS),
        text("rule", _RULE_PROSE, nullable=True, one_of=RULES),
        text("status", _STATUS_PROSE, one_of=CHART_STATUSES),
        text("episode", "opened: in this week; open: since an earlier one; closed: this is the last of the calm weeks that end it; none. An episode is one alert, however long it lasts (exceptions, kind metric_out)", one_of=EPISODES),
        date("episode_since", "first day of the week that opened it; null: none", nullable=True),
        _maybe("excess", "events more (fewer: below 0) than the centre lets expect, over the episode; of a value: null", "events"),
        text("owner", "who answers for it (input owners, object_type metric); null: nobody is named", nullable=True),
        text("why", "why there is not enough data, in plain words; null: there is", nullable=True),
    ),
)  # fmt: skip
METRIC_WEEKS = Table(
    "metric_weeks",
    "The course of each metric of metric_status: the points of its chart. Weeks of the newest baseline are marked; each week is judged by the baseline that was frozen before it.",
    key=("as_of", "metric", "week_start"),
    columns=(
        AS_OF,
        text("metric", "which one"),
        WEEK,
        _maybe("value", "the metric of the week; null: nothing counted", "of the metric"),
        _maybe("lo", "lower end, 95 %", "of the metric"),
        _maybe("hi", "upper end, 95 %", "of the metric"),
        count("k", "events; of a value: null", nullable=True),
        count("n", "of how many"),
        *_LIMITS,
        date("frozen_on", "day before which its baseline ends; null: not judged", nullable=True),
        Column("in_baseline", pl.Boolean, "it is a week of the newest baseline", nullable=False),
        text("rule", _RULE_PROSE, nullable=True, one_of=RULES),
        text("status", _STATUS_PROSE, one_of=CHART_STATUSES),
        Column("in_episode", pl.Boolean, "an episode was open", nullable=False),
    ),
)  # fmt: skip
STATUS_TABLES = (METRIC_STATUS, METRIC_WEEKS)
