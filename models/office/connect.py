"""Shares reached, of people and of dials, and teams compared like with like."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import polars as pl
from statsmodels.stats.contingency_tables import StratifiedTable

from models.office.verdicts import against
from models.proportions import wilson
from models.types import Floats, Ints
from transforms.contracts.office_columns import MIN_PEOPLE

CELL = ("window_weeks", "window_end", "dimension", "slice")
Z = 1.959963984540054


def effective_dials(n: Ints, k: Ints, people: Ints) -> float:
    """As many independent dials as would be as sure as these, of people with `n` dials and `k` answers.

    `people` have each combination. Dials over Kish's design effect, from the variance of a ratio of
    sums by person (Cochran 1977, 6.4): whoever does not answer once may not answer twice. Never more
    than there are dials.
    """
    total, m = float((n * people).sum()), float(people.sum())
    p = float((k * people).sum()) / total
    if m <= 1 or p in {0.0, 1.0}:
        return total
    scatter = float((people * (k - p * n) ** 2).sum()) * m / (m - 1)
    effect = scatter / total**2 / (p * (1 - p) / total)
    return total / max(effect, 1.0)


def reach_rates(cells: pl.DataFrame, target: tuple[float, float]) -> pl.DataFrame:
    """Shares with 95 % Wilson limits of cells (CELL, n, k, people), once for people, once for dials.

    Of people: those who answered at all. Of dials: those answered, the interval at
    `effective_dials`. The verdict holds people against `target`; dials have none.
    """
    n, k, who = pl.col("n"), pl.col("k"), pl.col("people")
    people = cells.group_by(CELL).agg(who.sum().alias("n"), who.filter(k > 0).sum().alias("k"))
    people = people.sort(CELL)
    parts = [_limited(people, people["n"].to_numpy(), "people")]
    sums = cells.group_by(CELL).agg((n * who).sum(), (k * who).sum()).sort(CELL)
    effective = [
        effective_dials(*(own[c].to_numpy() for c in ("n", "k", "people")))
        for _, own in cells.sort(*CELL, "n", "k").group_by(CELL, maintain_order=True)
    ]
    parts.append(_limited(sums, np.array(effective), "dials"))
    lo, hi = (pl.when(pl.col("unit") == "people").then(pl.lit(end)) for end in target)
    rows = pl.concat(parts).with_columns(lo.alias("target_lo"), hi.alias("target_hi"))
    verdict = against(
        pl.col("lo"), pl.col("hi"), pl.col("target_lo"), pl.col("target_hi"), enough=n >= MIN_PEOPLE
    )
    return rows.with_columns(verdict.alias("verdict"))


def _limited(rows: pl.DataFrame, effective: Floats | Ints, unit: str) -> pl.DataFrame:
    n, k = rows["n"].to_numpy(), rows["k"].to_numpy()
    share = np.where(n > 0, k / np.maximum(n, 1), np.nan)
    _, lo, hi = wilson(share * effective, effective.astype(np.float64))
    return rows.select(*CELL, "n", "k").with_columns(
        pl.lit(unit).alias("unit"),
        pl.Series("n_effective", effective, dtype=pl.Float64),
        pl.Series("rate", share).fill_nan(None),
        pl.Series("lo", lo).fill_nan(None),
        pl.Series("hi", hi).fill_nan(None),
    )


def compared(cells: pl.DataFrame) -> pl.DataFrame:
    """Pairs of teams: odds ratio of an answer within cohorts and bands of the day, by window.

    `cells`: window_weeks, window_end, team, cohort, band, n, k of independent people. Mantel and
    Haenszel's pooled ratio, the interval of Robins, Breslow and Greenland (1986), the test of no difference
    (continuity corrected) and Tarone's of one ratio for all strata, as statsmodels has them. Strata
    that only one team dialled tell nothing and are left out. Null where nothing can be told.
    """
    rows = []
    window = ["window_weeks", "window_end"]
    for (weeks, end), own in cells.sort(*window).group_by(window, maintain_order=True):
        for base, other in combinations(sorted(own["team"].unique()), 2):
            found = _pooled(_tables(own, other, base))
            rows.append(
                {"window_weeks": weeks, "window_end": end, "slice": f"{other} to {base}", **found}
            )
    return pl.DataFrame(rows, schema=COMPARED)


COMPARED = {
    "window_weeks": pl.Int64(),
    "window_end": pl.Date(),
    "slice": pl.String(),
    "n": pl.Int64(),
    "k": pl.Int64(),
    "odds_ratio": pl.Float64(),
    "odds_ratio_lo": pl.Float64(),
    "odds_ratio_hi": pl.Float64(),
    "p_value": pl.Float64(),
    "p_one_ratio": pl.Float64(),
    "n_strata": pl.Int64(),
    "verdict": pl.String(),
}


def _tables(own: pl.DataFrame, other: str, base: str) -> Floats:
    """(2, 2, strata): answered and not, of `other` and of `base`, where both dialled anybody."""
    key = ["cohort", "band"]
    left, right = (own.filter(pl.col("team") == t).select(*key, "n", "k") for t in (other, base))
    both = left.join(right, on=key, suffix="_base").sort(key)
    cells = [both["k"], both["n"] - both["k"], both["k_base"], both["n_base"] - both["k_base"]]
    return np.array([c.to_numpy() for c in cells], dtype=np.float64).reshape(2, 2, -1)


def _pooled(tables: Floats) -> dict[str, object]:
    n, k = int(tables.sum()), int(tables[:, 0].sum())
    found: dict[str, object] = {
        "n": n,
        "k": k,
        "n_strata": tables.shape[2],
        "verdict": "not_enough_data",
    }
    informative = tables[:, :, (tables.sum(axis=0) > 0).all(axis=0)]
    cross = [(informative[0, i] * informative[1, 1 - i]).sum() for i in (0, 1)]
    least = tables.sum(axis=(1, 2)).min() if tables.size else 0
    if least < MIN_PEOPLE or min(cross, default=0.0) == 0:
        return found
    made = StratifiedTable(informative)
    lo, hi = made.oddsratio_pooled_confint()
    ratio = float(made.oddsratio_pooled)
    word = "above" if lo > 1 else "below" if hi < 1 else "undetermined"
    one = made.test_equal_odds(adjust=True).pvalue if informative.shape[2] > 1 else None
    return found | {
        "odds_ratio": ratio,
        "odds_ratio_lo": float(lo),
        "odds_ratio_hi": float(hi),
        "p_value": float(made.test_null_odds(correction=True).pvalue),
        "p_one_ratio": None if one is None or not np.isfinite(one) else float(one),
        "verdict": word,
    }
