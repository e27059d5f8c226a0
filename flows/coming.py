"""What is known to come at a cutoff: promotions that were announced, and feasts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import polars as pl

from flows.rules import Rules
from models.assemble import week_axis
from models.exposures import Drivers, promotion_drivers, with_feasts
from models.feasts import feast_weeks, feasts_of
from models.panel import Panel
from transforms.promotions import promotion_weeks, timing_assumed


def drivers_of(
    panels: Mapping[str, Panel], promotions: pl.DataFrame, cutoff: date, gap: int, rules: Rules
) -> dict[str, Drivers] | None:
    """What is known to come for each target: promotions move units, feasts may move all."""
    if not panels or (promotions.is_empty() and rules.country == "none"):
        return None
    weeks = next(iter(panels.values())).weeks
    last = weeks[-1].item()
    end = last + timedelta(weeks=gap + rules.horizon_weeks)
    axis = week_axis(weeks[0].item(), end)
    day = end + timedelta(days=6)
    found = {}
    for target, one in panels.items():
        shown = promotions if target == "units" else promotions.clear()
        found[target] = promotion_drivers(
            promotion_weeks(
                shown, one.series, last=day, week_start=rules.week_start, timezone=rules.timezone
            ),
            one.series,
            axis,
            assumed=timing_assumed(shown),
            start=cutoff - timedelta(weeks=len(weeks)),
        )
    if rules.country != "none":
        # Feasts just outside still reach into the first and last week.
        feasts = feasts_of(
            rules.country, weeks[0].item() - timedelta(days=7), day + timedelta(days=7)
        )
        found = {name: with_feasts(one, *feast_weeks(feasts, axis)) for name, one in found.items()}
    return found
