"""Which phrases are said more than before: log-odds ratios with an informative Dirichlet prior.

Monroe, Colaresi and Quinn (2008), "Fightin' Words", Political Analysis 16, equations 15 to 22, on
numbers of people rather than of words: one customer who repeats herself is one. Whether a rise is
chance is asked of the exact conditional binomial test, as z says little of phrases that few say;
Benjamini and Hochberg (1995) over every phrase that was said often enough to be asked about.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy import stats

from models.multiplicity import q_values
from models.types import Bools, Floats, Ints

MIN_TOTAL = 5
"""People in both periods together from which a phrase is asked about: fewer can show nothing."""
FDR = 0.10


@dataclass(frozen=True, slots=True)
class Trends:
    """Arrays of equal length: log-odds ratio, its z, one-sided p, and q over all that were asked."""

    log_odds: Floats
    z: Floats
    p: Floats
    q: Floats


def trends(now: Ints, before: Ints, all_now: Ints, all_before: Ints, *, asked: int) -> Trends:
    """Trends of phrases that `now` and `before` people said, of `all_now` and `all_before` sayings.

    The prior of a phrase is its share of both periods, worth as many sayings as the newer one has.
    `asked` is how many phrases were said often enough to be asked about, shown here or not: those
    that did not rise count as tests, too. p: the chance that of all who said it at least as many
    would have said it now, had nothing changed.
    """
    y, x = now.astype(np.float64), before.astype(np.float64)
    n, m = all_now.astype(np.float64), all_before.astype(np.float64)
    prior = n * (y + x) / np.maximum(n + m, 1.0)
    here, there = y + prior, x + prior
    with np.errstate(divide="ignore", invalid="ignore"):
        log_odds = np.log(here / np.maximum(2 * n - here, 0.5))
        log_odds = log_odds - np.log(there / np.maximum(m + n - there, 0.5))
        z = log_odds / np.sqrt(1 / here + 1 / there)
    share = n / np.maximum(n + m, 1.0)
    p = stats.binom.sf(now - 1, now + before, share)
    return Trends(log_odds, z, p, q_values(p, tests=asked))


def emerging(found: Trends) -> Bools:
    """Whether a phrase is said more than before, beyond chance."""
    return np.asarray((found.q <= FDR) & (found.log_odds > 0))


def with_trends(counts: pl.DataFrame, *, asked: int) -> pl.DataFrame:
    """`counts` with log_odds and its 95 % limits, z, p_value, q_value and emerging, where they rose.

    `counts` bear people, people_before, sayings and sayings_before; phrases that did not rise are
    left out, though they count among those `asked`.
    """
    names = ("people", "people_before", "sayings", "sayings_before")
    now, before, all_now, all_before = (counts[name].to_numpy() for name in names)
    found = trends(now, before, all_now, all_before, asked=asked)
    with np.errstate(divide="ignore", invalid="ignore"):
        half = 1.96 * found.log_odds / found.z
    made = {
        "log_odds": found.log_odds,
        "log_odds_lo": found.log_odds - half,
        "log_odds_hi": found.log_odds + half,
        "z": found.z,
        "p_value": found.p,
        "q_value": found.q,
        "emerging": emerging(found),
    }
    rose = pl.Series(found.log_odds > 0, dtype=pl.Boolean)
    return counts.with_columns(pl.Series(n, v) for n, v in made.items()).filter(rose)
