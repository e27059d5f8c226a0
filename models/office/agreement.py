"""Whether channels say the same of a signal: shares, how they moved, heterogeneity, and a grade."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from scipy.stats import chi2

from models.proportions import wilson
from models.types import Floats, Ints
from transforms.contracts.office_columns import MIN_PEOPLE, MIN_SHOWN

AGREE_P = 0.1
"""Channels agree on a level where a test of equal shares does not reject at this chance."""
ALL = "(all)"


def cochran_q(k: Ints, n: Ints) -> tuple[float, float]:
    """Cochran's (1954) Q of equal shares over independent channels, and its chance; nan for fewer than two.

    sum n (p_i - p)² / (p (1 - p)), which for shares is Pearson's chi-square of homogeneity, on one
    degree of freedom fewer than there are channels. Equal where nobody or everybody says it.
    """
    if len(k) < 2:
        return np.nan, np.nan
    whole = k.sum() / n.sum()
    if whole in (0.0, 1.0):
        return 0.0, 1.0
    q = float((n * (k / n - whole) ** 2).sum() / (whole * (1 - whole)))
    return q, float(chi2.sf(q, len(k) - 1))


def directions(k: Ints, n: Ints, k_before: Ints, n_before: Ints) -> Ints:
    """-1, 0 or 1 for each channel: whether its share fell, stayed or rose against the period before."""
    return np.sign(k * n_before - k_before * n).astype(np.int64)


def grade(told: int, p: float, moves: Sequence[int]) -> str:
    """How far a finding stands on more than one channel.

    `told` channels with enough people in which somebody says it; `p` the chance of their differences;
    `moves` their directions (empty: there is no period before). A: three and more that agree on the
    level (p above `AGREE_P`). B: two that do, or two and more that all moved the same way.
    C: one channel, or several that disagree. none: no channel says it, or none has enough people.
    """
    if told == 0:
        return "none"
    together = len(moves) >= 2 and len(set(moves)) == 1 and moves[0] != 0
    level = told >= 2 and p > AGREE_P
    if told >= 3 and level:
        return "A"
    return "B" if level or together else "C"


def triangulated(counts: pl.DataFrame) -> pl.DataFrame:
    """`counts` (with n_before, k_before) with shares and limits, and one row of channel `ALL` for each signal.

    Rows of a channel bear its own share and direction; the row of `ALL` the sum over all of them,
    which are different people, how many channels tell, whether they agree, and the grade. Channels
    with fewer than `MIN_PEOPLE` people, or without a mention by `MIN_SHOWN`, tell nothing.
    """
    key = ["period", "period_start", "period_end", "signal"]
    rows = []
    for group, own in counts.group_by(key, maintain_order=True):
        about = dict(zip(key, group, strict=True))
        rows += [about | one for one in _signal(own)]
    schema = {n: counts.schema[n] for n in key} | dict(_SCHEMA)
    made = pl.DataFrame(rows, schema=schema)
    share, lo, hi = wilson(made["k"].to_numpy(), made["n"].to_numpy())
    ends = {"share": share, "lo": lo, "hi": hi}
    return made.with_columns(*(pl.Series(name, v).fill_nan(None) for name, v in ends.items()))


_SCHEMA = {
    "channel": pl.String(),
    "n": pl.Int64(),
    "k": pl.Int64(),
    "share_before": pl.Float64(),
    "direction": pl.String(),
    "n_channels": pl.Int64(),
    "channels": pl.String(),
    "share_min": pl.Float64(),
    "share_max": pl.Float64(),
    "q_statistic": pl.Float64(),
    "p_value": pl.Float64(),
    "direction_agree": pl.Boolean(),
    "grade": pl.String(),
}
_WORDS = {-1: "down", 0: "same", 1: "up"}


def _signal(own: pl.DataFrame) -> list[dict[str, object]]:
    k, n = own["k"].to_numpy(), own["n"].to_numpy()
    known = own["n_before"].fill_null(0).to_numpy()
    before = own["k_before"].fill_null(0).to_numpy()
    moves = directions(k, n, before, known)
    names = own["channel"].to_list()
    rows: list[dict[str, object]] = [
        {"channel": names[i], "n": int(n[i]), "k": int(k[i])}
        | _moved(int(moves[i]), before[i], known[i])
        for i in range(len(names))
    ]
    enough = (n >= MIN_PEOPLE) & (k >= MIN_SHOWN)
    compared = enough & (known >= MIN_PEOPLE)
    q, p = cochran_q(k[enough], n[enough])
    told = [int(one) for one in moves[compared]]
    shares: Floats = k[enough] / n[enough]
    whole = int(np.sign(k.sum() * known.sum() - before.sum() * n.sum()))
    rows.append(
        {
            "channel": ALL,
            "n": int(n.sum()),
            "k": int(k.sum()),
            **_moved(whole, int(before.sum()), int(known.sum())),
            "n_channels": int(enough.sum()),
            "channels": ", ".join(name for name, one in zip(names, enough, strict=True) if one),
            "share_min": float(shares.min()) if len(shares) else None,
            "share_max": float(shares.max()) if len(shares) else None,
            "q_statistic": None if np.isnan(q) else q,
            "p_value": None if np.isnan(p) else p,
            "direction_agree": None if len(told) < 2 else len(set(told)) == 1,
            "grade": grade(int(enough.sum()), p, told),
        }
    )
    return rows


def _moved(move: int, before: int, known: int) -> dict[str, object]:
    if not known:
        return {"share_before": None, "direction": None}
    return {"share_before": before / known, "direction": _WORDS[move]}
