"""Shares of what segments say, by head and by value, and how they differ from everybody else's."""

from __future__ import annotations

import numpy as np
import polars as pl
from scipy import stats

from models.multiplicity import q_values
from models.proportions import wilson
from models.types import Floats
from transforms.contracts.office_columns import MIN_PEOPLE, NOT_ENOUGH

Q = 0.1


def judged(rows: pl.DataFrame) -> pl.DataFrame:
    """`rows` (as `transforms.office.segment_needs.needs` counts them) with shares, tests and verdict."""
    found = [_window(part) for part in rows.partition_by("window_weeks", maintain_order=True)]
    return pl.concat(found) if found else rows


def _window(rows: pl.DataFrame) -> pl.DataFrame:
    n, k, m, j = (rows[name].cast(pl.Float64).to_numpy() for name in ("n", "k", "rest_n", "rest_k"))
    share, lo, hi = wilson(k, n)
    rest, rest_lo, rest_hi = wilson(j, m)
    gap = share - rest
    p = score_p(k, n, j, m)
    enough = (n >= MIN_PEOPLE) & (m >= MIN_PEOPLE)
    q = q_values(np.where(enough, p, np.nan))
    moved = np.where(gap > 0, "above", "below")
    verdict = np.where(~enough, NOT_ENOUGH, np.where(q < Q, moved, "undetermined"))
    columns = {
        "n_effective": n, "share": share, "share_lo": lo, "share_hi": hi, **_by_value(rows),
        "difference": gap,
        "difference_lo": gap - np.hypot(share - lo, rest_hi - rest),
        "difference_hi": gap + np.hypot(hi - share, rest - rest_lo),
        "p_value": p, "q_value": q,
    }  # fmt: skip
    return rows.with_columns(
        *(pl.Series(name, one, dtype=pl.Float64).fill_nan(None) for name, one in columns.items()),
        pl.Series("verdict", verdict, dtype=pl.String),
    )


def _by_value(rows: pl.DataFrame) -> dict[str, Floats]:
    """The share by value, with Wilson's interval at Kish's effective number of people."""
    total, said, square = (
        rows[name].cast(pl.Float64).to_numpy() for name in ("cents", "said_cents", "square_cents")
    )
    priced = total > 0
    people = np.where(priced, total**2 / np.where(square > 0, square, 1.0), 0.0)
    weighted = np.where(priced, said / np.where(priced, total, 1.0), 0.0)
    share, lo, hi = wilson(weighted * people, people)
    return {"n_effective_value": np.where(priced, people, np.nan), "value_share": share,
            "value_share_lo": lo, "value_share_hi": hi}  # fmt: skip


def score_p(k: Floats, n: Floats, j: Floats, m: Floats) -> Floats:
    """Two-sided p of one share behind `k` of `n` and `j` of `m` (score test); nan where either is of nobody.

    As statsmodels' `proportions_ztest`, for arrays. Where nobody or everybody says it, 1.
    """
    told = (n > 0) & (m > 0)
    pooled = np.where(told, (k + j) / np.where(told, n + m, 1), 0.0)
    error = np.sqrt(pooled * (1 - pooled) * (1 / np.maximum(n, 1) + 1 / np.maximum(m, 1)))
    gap = k / np.maximum(n, 1) - j / np.maximum(m, 1)
    z = np.where(error > 0, gap / np.where(error > 0, error, 1.0), 0.0)
    return np.asarray(np.where(told, 2 * stats.norm.sf(np.abs(z)), np.nan))
