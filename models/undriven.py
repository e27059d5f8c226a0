"""Demand without its promotions, week by week: for tests that must not read a week ahead.

What a promotion did to a week is taken off with effects learnt on the weeks before that week's
block of 13 (``models.promotions``, shrunk: little seen takes little off). Blocks are counted from
the panel's first week, so that a week's value is the same however many weeks are known after it.
"""

from __future__ import annotations

from models.exposures import Drivers
from models.notice import promoted, told_by
from models.panel import Groups
from models.types import Floats

BLOCK_WEEKS = 13
FIRST_BLOCK = 2
"""Promotions of the first two blocks stay in: too little is known of any effect before."""


def without_promotions(y: Floats, drivers: Drivers, groups: Groups) -> Floats | None:
    """Return demand (S, T) over what promotions multiplied it by; None where there were none.

    ``drivers`` are in y's order and reach at least over its weeks.
    """
    n_weeks = y.shape[1]
    if not drivers.x[:, :, :n_weeks].any():
        return None
    out = y.copy()
    for start in range(FIRST_BLOCK * BLOCK_WEEKS, n_weeks, BLOCK_WEEKS):
        block = slice(start, min(start + BLOCK_WEEKS, n_weeks))
        if drivers.x[:, :, block].any():
            effects = promoted(y[:, :start], told_by(drivers, start), groups).m()
            out[:, block] = y[:, block] / effects[:, block]
    return out
