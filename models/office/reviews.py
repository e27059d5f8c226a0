"""Whether a product's share of one-star reviews has moved: this week beside the twelve before."""

from __future__ import annotations

import numpy as np
import polars as pl
from scipy.stats import fisher_exact
from statsmodels.stats.proportion import confint_proportions_2indep

from models.multiplicity import q_values
from models.proportions import wilson
from models.types import Floats

MIN_NOW, MIN_BEFORE = 5, 20
"""Reviewers below whom no change is judged."""
FALSE_DISCOVERIES = 0.1


def with_changes(counts: pl.DataFrame) -> pl.DataFrame:
    """`counts` of products with shares, the change of the one-star share, its limits and verdict.

    Shares by Wilson (1927), the difference by Newcombe (1998, method 10). verdict is above or below
    where Fisher's exact test, over all products judged, passes Benjamini and Hochberg (1995) at
    10 %; undetermined where it does not; not_enough_data below `MIN_NOW` and `MIN_BEFORE` people.
    """
    k, n, b, m = (
        counts[name].to_numpy()
        for name in ("n_one_star", "n_reviews", "n_one_star_before", "n_before")
    )
    told = counts.with_columns(
        *_shares("one_star_share", wilson(k, n)),
        *_shares("five_star_share", wilson(counts["n_five_star"].to_numpy(), n)),
        *_shares("one_star_share_before", wilson(b, m)),
    )
    judged = (n >= MIN_NOW) & (m >= MIN_BEFORE)
    p = np.full(len(n), np.nan)
    change, lo, hi = (np.full(len(n), np.nan) for _ in range(3))
    for i in np.flatnonzero(m > 0):
        change[i] = k[i] / n[i] - b[i] / m[i]
        lo[i], hi[i] = confint_proportions_2indep(
            k[i], n[i], b[i], m[i], method="newcomb", compare="diff"
        )
    for i in np.flatnonzero(judged):
        p[i] = fisher_exact([[k[i], n[i] - k[i]], [b[i], m[i] - b[i]]])[1]
    q = q_values(p[:, None])[:, 0]
    columns = {"change": change, "change_lo": lo, "change_hi": hi, "p_value": p, "q_value": q}
    return told.with_columns(
        *(pl.Series(name, values).fill_nan(None) for name, values in columns.items()),
        pl.Series("verdict", _verdicts(change, q, judged)),
    )


def _shares(name: str, ends: tuple[Floats, Floats, Floats]) -> list[pl.Series]:
    return [
        pl.Series(f"{name}{end}", values, dtype=pl.Float64).fill_nan(None)
        for end, values in zip(("", "_lo", "_hi"), ends, strict=True)
    ]


def _verdicts(change: Floats, q: Floats, judged: np.ndarray) -> list[str]:
    moved = np.where(change > 0, "above", "below")
    found = np.where(q <= FALSE_DISCOVERIES, moved, "undetermined")
    return [str(one) for one in np.where(judged, found, "not_enough_data")]
