"""Metrics on their charts: every week judged by the baseline frozen before it, and episodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl

from models.office.charts import (
    LEAST_EVENTS,
    LEAST_WEEKS,
    Baseline,
    share_baseline,
    share_limits,
    share_z,
    value_baseline,
    value_limits,
    value_z,
)
from models.office.runs import BEYOND, first_rule
from models.proportions import wilson
from models.types import Floats
from transforms.contracts.office_columns import NOT_ENOUGH
from transforms.contracts.status_exports import DRIFTING, IN_CONTROL, OUT_HIGH, OUT_LOW

JUDGED = 26
"""Newest weeks that are judged: an episode that is older is told to have begun with them."""
Freeze = Callable[[date], date | None]


@dataclass(frozen=True, slots=True)
class Rules:
    """How charts are made: rules in force, weeks of a baseline, calm weeks that end an episode."""

    rules: str = "western_electric"
    baseline_weeks: int = 26
    calm_weeks: int = 4


@dataclass(frozen=True, slots=True)
class Course:
    """One metric's weeks, oldest first, and the newest week's baseline (None: there is none)."""

    weeks: list[dict[str, Any]]
    base: Baseline | None
    base_weeks: list[date]


def course(counts: pl.DataFrame, kind: str, freeze: Freeze, rules: Rules) -> Course:
    """The chart of one metric.

    `counts`: week_start, k, n, and of values value, lo and hi, by week. A week's baseline are the weeks of
    `rules.baseline_weeks` that end before `freeze` of it; runs do not reach across a freeze.
    """
    seen = counts.filter(pl.col("n") > 0).sort("week_start")
    rows = _told(seen, kind)
    frozen = [freeze(row["week_start"]) for row in rows]
    first = max(0, len(rows) - JUDGED)
    base: Baseline | None = None
    inside: list[date] = []
    for day in sorted({d for d in frozen[first:] if d is not None}):
        mine = [i for i in range(len(rows)) if frozen[i] == day]
        whole = [i for i, row in enumerate(rows) if _before(row["week_start"], day, rules)]
        base = _baseline(seen, whole, kind)
        inside = [rows[i]["week_start"] for i in whole]
        if base is not None:
            _judge(rows, seen, mine, base, rules.rules)
        for i in mine:
            rows[i]["frozen_on"] = day
    for row in rows[:first]:
        row.update(_UNJUDGED)
    _episodes(rows, rules.calm_weeks)
    return Course(rows, base, inside)


_UNJUDGED: Mapping[str, Any] = {
    "centre": None, "control_lo": None, "control_hi": None, "z": None, "frozen_on": None,
    "rule": None, "status": NOT_ENOUGH, "in_episode": False, "since": None, "closed": False,
}  # fmt: skip


def _before(week: date, frozen: date, rules: Rules) -> bool:
    ends = week + timedelta(days=7)
    return frozen - timedelta(weeks=rules.baseline_weeks, days=6) <= week and ends <= frozen


def _told(seen: pl.DataFrame, kind: str) -> list[dict[str, Any]]:
    """Each week with its value and 95 % interval, not judged yet."""
    if kind == "share":
        told = wilson(seen["k"].to_numpy(), seen["n"].to_numpy())
    else:
        told = seen["value"].to_numpy(), seen["lo"].to_numpy(), seen["hi"].to_numpy()
    columns = dict(zip(("value", "lo", "hi"), (x.tolist() for x in told), strict=True))
    return [
        {"week_start": week, "k": k, "n": n, **{c: v[i] for c, v in columns.items()}, **_UNJUDGED}
        for i, (week, k, n) in enumerate(seen.select("week_start", "k", "n").iter_rows())
    ]


def _arrays(seen: pl.DataFrame, at: list[int], kind: str) -> tuple[Floats, Floats]:
    part = seen[at]
    name = "k" if kind == "share" else "value"
    return part[name].cast(pl.Float64).to_numpy(), part["n"].cast(pl.Float64).to_numpy()


def _baseline(seen: pl.DataFrame, at: list[int], kind: str) -> Baseline | None:
    what, n = _arrays(seen, at, kind)
    return share_baseline(what, n) if kind == "share" else value_baseline(what)


def _judge(
    rows: list[dict[str, Any]],
    seen: pl.DataFrame,
    at: list[int],
    base: Baseline,
    rules: str,
) -> None:
    kind = "value" if base.chart == "individuals" else "share"
    what, n = _arrays(seen, at, kind)
    if kind == "share":
        z, (lo, hi) = share_z(what, n, base), share_limits(n, base)
    else:
        ends = value_limits(base)
        z, lo, hi = value_z(what, base), *(np.full(len(at), end) for end in ends)
    found = first_rule(z, "limits" if base.linked else rules)
    for place, i in enumerate(at):
        rule, score = found[place], float(z[place])
        rows[i].update(
            centre=base.centre, control_lo=float(lo[place]), control_hi=float(hi[place]),
            z=score, rule=rule, status=_status(rule, score),
        )  # fmt: skip


def _status(rule: str | None, z: float) -> str:
    if rule is None:
        return IN_CONTROL
    return DRIFTING if rule != BEYOND else OUT_HIGH if z > 0 else OUT_LOW


def _episodes(rows: list[dict[str, Any]], calm_weeks: int) -> None:
    """Marks the weeks of each episode: from the first that a rule calls to the last before `calm_weeks` calm ones.

    `since`: the week that opened it; `closed`: the week whose calm ends it.
    """
    since, calm = None, 0
    for row in rows:
        if row["rule"] is not None:
            since, calm = since or row["week_start"], 0
        elif since is not None and row["status"] == IN_CONTROL:
            calm += 1
        if since is None:
            continue
        row.update(since=since, closed=calm >= calm_weeks, in_episode=calm < calm_weeks)
        if row["closed"]:
            since, calm = None, 0


def newest(told: Course, last_week: date | None) -> dict[str, Any]:
    """What metric_status says of the newest week: `last_week`; without anything counted in it, not enough."""
    row = dict(told.weeks[-1]) if told.weeks else {"week_start": None, "n": 0, **_UNJUDGED}
    stale = last_week is not None and row["week_start"] != last_week
    why = _why(told, row, stale=stale)
    if stale:
        row.update(
            _UNJUDGED, week_start=last_week, n=0, k=None, value=None, lo=None, hi=None,
            since=row["since"] if row["in_episode"] else None, in_episode=row["in_episode"],
        )  # fmt: skip
    return {
        **row,
        "episode": _episode(row),
        "episode_since": row["since"],
        "excess": _excess(told.weeks, row["since"]),
        "why": why,
    }


def _why(told: Course, row: Mapping[str, Any], *, stale: bool) -> str | None:
    if stale or not told.weeks:
        return "nothing was counted in its newest week"
    if row["status"] != NOT_ENOUGH:
        return None
    if len(told.base_weeks) < LEAST_WEEKS:
        return f"its baseline has {len(told.base_weeks)} weeks; {LEAST_WEEKS} are needed"
    return f"its baseline has fewer than {LEAST_EVENTS:.0f} events or non-events, or does not vary"


def _episode(row: Mapping[str, Any]) -> str:
    if row["closed"]:
        return "closed"
    if not row["in_episode"]:
        return "none"
    return "opened" if row["since"] == row["week_start"] else "open"


def _excess(weeks: list[dict[str, Any]], since: date | None) -> float | None:
    if since is None:
        return None
    mine = [w for w in weeks if w["week_start"] >= since and w["centre"] is not None]
    if not mine or mine[0]["k"] is None:
        return None
    return round(float(sum(w["k"] - w["n"] * w["centre"] for w in mine)), 2)
