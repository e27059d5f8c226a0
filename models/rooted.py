"""Levels of the root of demand over its season: one that wanders, and news on it that fades.

    sqrt(y_t / season_t) = m_t + a_t,   m_t = m_{t-1} + u_t,   a_t = phi a_{t-1} + e_t

Roots make the noise of small and large sales alike. Gains are those of the Kalman filter of the
n-th known week, so that weeks that are not known are passed over and cost nothing (Durbin and
Koopman 2012, ch. 4). A surprise of more than twice the usual size counts as twice.
"""

from __future__ import annotations

import numpy as np

from models.compiled import compiled
from models.types import Floats, Singles

PHI, SLOW, QUICK = 0.3, 0.003, 0.1
"""How much of a week's news is left a week later; the level's variance in units of the news'."""
SKEW = 0.25
"""Of a week's variance, what is added on the way back: 1 gives the mean, 0 the median."""
LEAST_KNOWN, MOST_SURPRISE = 8, 2.0
LEVEL_UNKNOWN = 1e4


def news_gains(n: int, drift: float, phi: float = PHI) -> Floats:
    """Return (n, 3): what news and level take of the n-th surprise, and one over its variance.

    ``drift`` and that variance are in units of the news' own; the first week surprises nobody.
    """
    out = np.empty((n, 3))
    news, both, level = 1.0 / (1.0 - phi * phi), 0.0, LEVEL_UNKNOWN
    for row in out:
        size = news + 2.0 * both + level
        row[:] = (news + both) / size, (both + level) / size, 1.0 / size
        moved, kept = news + both, both + level
        news, both, level = news - moved * row[0], both - moved * row[1], level - kept * row[1]
        news, both, level = phi * phi * news + 1.0, phi * both, level + drift
    out[:1, 2] = 0.0
    return out


@compiled
def root_rows(  # noqa: PLR0917 - compiled code takes plain arrays
    root: Floats, first: int, origin: int, season: Floats, gains: Floats, at: int, rows: Singles
) -> None:
    """Fill column at of rows (H, E) from roots of demand over season before an origin.

    Column 0 stands where fewer than 8 weeks are known.
    """
    news = level = power = 0.0
    n = 0
    for w in range(first, origin):
        if not np.isnan(root[w]):
            error = root[w] - news - level
            square = error * error * gains[n, 2]
            if power > 0 and n >= LEAST_KNOWN and square * n > MOST_SURPRISE**2 * power:
                shrink = MOST_SURPRISE * np.sqrt(power / (square * n))
                error, square = error * shrink, MOST_SURPRISE**2 * power / n
            power += square
            news += gains[n, 0] * error
            level += gains[n, 1] * error
            n += 1
        news *= PHI
    for h in range(len(rows)):
        if n < LEAST_KNOWN:
            rows[h, at] = rows[h, 0]
            continue
        ahead = max(news + level, 0.0)
        rows[h, at] = season[origin + h] * (ahead * ahead + SKEW * power / n)
        news *= PHI
