"""Shares of people who gave a reason, as counted, weighted, and corrected for the tagger's errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from statsmodels.stats.proportion import multinomial_proportions_confint

from models.proportions import wilson
from models.types import Floats, Ints

NUMBERS = ("people", "weight", "weight_squares")


@dataclass(frozen=True, slots=True)
class Errors:
    """What an audit says of a tagger: chance that a passage truly carries a signal.

    `precision` where the tagger says so and `missed` where it does not, each with its 95 % limits.
    """

    precision: tuple[float, float, float]
    missed: tuple[float, float, float]


def true_chance(passages: Ints, said: Ints, precision: float, missed: float) -> Floats:
    """Chance that a person truly gave the reason, who has `said` tagged ones of `passages`.

    At least one of the passages truly carries it; errors of one person's passages are taken to be
    independent.
    """
    wrong = (1.0 - precision) ** said * (1.0 - missed) ** (passages - said)
    return np.asarray(1.0 - wrong, dtype=np.float64)


def corrected(
    passages: Ints, said: Ints, weight: Ints, effective: float, errors: Errors
) -> tuple[float, float, float]:
    """Share of people who truly gave a reason, from those tagged, with its 95 % limits.

    Arrays (C,) describe cells of people: how many passages they have, how many are tagged, and
    what they weigh together. The difference estimator (the tagger's share plus the audited mean of
    human less tagger) goes from passages to people by `true_chance`. Limits put the three
    sources of doubt together by the variances that their own limits recover (MOVER; Donner and Zou
    2012): people drawn (Wilson's at `effective` people), precision, and what is missed.
    """
    share = weight / weight.sum()

    def mean(precision: float, missed: float) -> float:
        return float((share * true_chance(passages, said, precision, missed)).sum())

    (p, p_lo, p_hi), (m, m_lo, m_hi) = errors.precision, errors.missed
    value = mean(p, m)
    tagged = float(share[said > 0].sum())
    drawn = wilson(np.array([tagged * effective]), np.array([effective]))
    slope = _slope(share, true_chance(passages, said, p, m), said > 0)
    down = [value - mean(p_lo, m), value - mean(p, m_lo), slope * (tagged - float(drawn[1][0]))]
    up = [mean(p_hi, m) - value, mean(p, m_hi) - value, slope * (float(drawn[2][0]) - tagged)]
    lo, hi = value - np.sqrt(np.square(down).sum()), value + np.sqrt(np.square(up).sum())
    return value, max(0.0, float(lo)), min(1.0, float(hi))


def _slope(share: Floats, chance: Floats, tagged: np.ndarray) -> float:
    """By how much the share rises when one more person is tagged; 1 where nobody or everybody is."""
    yes, no = float(share[tagged].sum()), float(share[~tagged].sum())
    if not yes or not no:
        return 1.0
    mean = [float((share[s] * chance[s]).sum()) / n for s, n in ((tagged, yes), (~tagged, no))]
    return max(0.0, mean[0] - mean[1])


def shares(cells: pl.DataFrame, errors: Mapping[str, Errors]) -> pl.DataFrame:
    """One row per period, cohort and reason with k, its share, weighted and corrected ones.

    `cells` as `transforms.office.reasons.cells` counts them, sorted. `errors` by signal; a signal
    without an audit has no corrected share. `n_effective` is Kish's (1965): as many people drawn
    with equal chances would be as sure.
    """
    key = [name for name in cells.columns if name not in ("passages", "said", *NUMBERS)]
    rows = []
    for group, own in cells.group_by(key, maintain_order=True):
        arrays = {name: own[name].to_numpy() for name in ("passages", "said", *NUMBERS)}
        about = dict(zip(key, group, strict=True))
        rows.append(about | _row(arrays, errors.get(str(about["signal"]))))
    schema = {name: cells.schema[name] for name in key} | dict(_SCHEMA)
    return pl.DataFrame(rows, schema=schema).rename({"signal": "reason"})


_SCHEMA = {
    "k": pl.Int64(),
    "n_people": pl.Int64(),
    "n_effective": pl.Float64(),
    **dict.fromkeys(("share", "lo", "hi", "share_weighted", "weighted_lo", "weighted_hi",
                     "share_corrected", "corrected_lo", "corrected_hi"), pl.Float64()),
}  # fmt: skip


def _row(cell: Mapping[str, Ints], errors: Errors | None) -> dict[str, object]:
    with_it = cell["said"] > 0
    n, k = int(cell["people"].sum()), int(cell["people"][with_it].sum())
    weight = float(cell["weight"].sum())
    effective = weight**2 / float(cell["weight_squares"].sum())
    weighted = float(cell["weight"][with_it].sum()) / weight
    plain = wilson(np.array([k]), np.array([n]))
    drawn = wilson(np.array([weighted * effective]), np.array([effective]))
    truly: tuple[float | None, ...] = (None, None, None)
    if errors is not None:
        truly = corrected(cell["passages"], cell["said"], cell["weight"], effective, errors)
    return {
        "k": k,
        "n_people": n,
        "n_effective": effective,
        **_named(("share", "lo", "hi"), [float(one[0]) for one in plain]),
        **_named(("share_weighted", "weighted_lo", "weighted_hi"), [float(x[0]) for x in drawn]),
        **_named(("share_corrected", "corrected_lo", "corrected_hi"), truly),
    }


def _named(names: tuple[str, ...], values: object) -> dict[str, object]:
    return dict(zip(names, values, strict=True))  # type: ignore[call-overload]


def first_shares(first: pl.DataFrame) -> pl.DataFrame:
    """`first` (one row a reason: first_k of n_people) with first_share and simultaneous 95 % limits.

    All shares of a cohort together lie within their limits with 95 % (Goodman 1965, as statsmodels
    has it), so each alone is held oftener.
    """
    key = [
        n for n in first.columns if n not in ("reason", "first_k", "n_people", "n_conversations")
    ]
    parts = []
    for _, own in first.group_by(key, maintain_order=True):
        k, n = own["first_k"].to_numpy(), int(own["n_people"][0])
        ends = multinomial_proportions_confint(k, alpha=0.05, method="goodman")
        parts.append(
            own.with_columns(
                pl.Series("first_share", k / n),
                pl.Series("first_lo", np.clip(ends[:, 0], 0.0, 1.0)),
                pl.Series("first_hi", np.clip(ends[:, 1], 0.0, 1.0)),
            )
        )
    return pl.concat(parts)
