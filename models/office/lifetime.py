"""How customers go on buying: BG/NBD (Fader, Hardie and Lee 2005), fitted.

While a customer is alive, purchases come at a rate of their own (gamma over customers); after each
the customer leaves with a probability of their own (beta). Time is in weeks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy import optimize, special

from models.types import Floats, Ints

MAX_GROUPS = 50_000
GRAINS = (1, 7, 28)
BOUNDS = (-7.0, 9.0)
LEAST_CUSTOMERS, LEAST_REPEATERS = 100, 30
STEP = 1e-3
LEAST_TOLD = 0.25
"""Information of a logarithm whose standard error would be 2: less is none."""


@dataclass(frozen=True, slots=True)
class Histories:
    """Distinct histories, and how many customers have each.

    `x` purchases after the first, the last of them `last` weeks after it, seen for `span` weeks;
    `weight` customers have each, `group` is the place of each customer's own.
    """

    x: Floats
    last: Floats
    span: Floats
    weight: Floats
    group: Ints


@dataclass(frozen=True, slots=True)
class Habits:
    """Rate ~ gamma(r, alpha) a week; leaving ~ beta(a, b). `covariance` is of their logarithms."""

    r: float
    alpha: float
    a: float
    b: float
    covariance: Floats

    @property
    def logs(self) -> Floats:
        """Logarithms of the four, as the covariance has them."""
        return np.asarray(np.log(np.array([self.r, self.alpha, self.a, self.b])))


def grouped(known: pl.DataFrame) -> Histories:
    """Customers' histories (days_ever, first_on, last_on, recency_days), equal ones once.

    Where more than MAX_GROUPS differ, times are rounded to weeks, then to four weeks.
    """
    last = (pl.col("last_on") - pl.col("first_on")).dt.total_days()
    days = known.select(
        (pl.col("days_ever") - 1).alias("x"), last.alias("last"),
        (last + pl.col("recency_days")).alias("span"),
    )  # fmt: skip
    for grain in GRAINS:
        told = days.with_columns(
            pl.when(pl.col("x") > 0).then((pl.col("last") + grain // 2) // grain * grain).otherwise(0).alias("last"),
            ((pl.col("span") + grain // 2) // grain * grain).alias("span"),
        ).with_columns(pl.max_horizontal("last", "span").alias("span"))  # fmt: skip
        kinds = told.group_by("x", "last", "span").len().sort("x", "last", "span")
        if kinds.height <= MAX_GROUPS:
            break
    numbered = kinds.with_row_index("group")
    at = told.join(numbered, on=["x", "last", "span"], how="left", maintain_order="left")
    x, first, span, weight = (kinds[name].cast(pl.Float64).to_numpy() for name in kinds.columns)
    return Histories(x, first / 7, span / 7, weight, at["group"].to_numpy().astype(np.int64))


def log_parts(logs: Floats, seen: Histories) -> tuple[Floats, Floats]:
    """Log-likelihood of each history with the customer still alive, and gone after the last purchase."""
    r, alpha, a, b = np.exp(logs)
    x, repeat = seen.x, seen.x > 0
    n, at = np.unique(x, return_inverse=True)  # few differ, and these functions are slow
    rates = special.gammaln(r + n) - special.gammaln(r) + r * np.log(alpha) - special.betaln(a, b)
    both, stayed = rates[at], special.betaln(a, b + n)[at]
    left = special.betaln(a + 1, b + np.where(n > 0, n, 1) - 1)[at]
    alive = both + stayed - (r + x) * np.log(alpha + seen.span)
    gone = left - (r + x) * np.log(alpha + seen.last)
    return alive, np.where(repeat, both + gone, -np.inf)


def fitted(seen: Histories) -> Habits | None:
    """The habits of greatest likelihood; None: too few customers, or too few who came again."""
    many, again = seen.weight.sum(), seen.weight[seen.x > 0].sum()
    if many < LEAST_CUSTOMERS or again < LEAST_REPEATERS:
        return None

    def loss(logs: Floats) -> float:
        return float(-(seen.weight * np.logaddexp(*log_parts(logs, seen))).sum() / many)

    mean = float((seen.x * seen.weight).sum() / max((seen.span * seen.weight).sum(), 1e-9))
    start = np.array([0.0, -np.log(max(mean, 1e-4)), 0.0, 0.5])
    found = optimize.minimize(loss, start, method="L-BFGS-B", bounds=[BOUNDS] * 4)
    if not np.isfinite(found.fun):
        return None
    return of_logs(found.x, covariance(loss, found.x, float(many)))


def of_logs(logs: Floats, covariance: Floats) -> Habits:
    """The habits whose logarithms are given."""
    r, alpha, a, b = (float(value) for value in np.exp(logs))
    return Habits(r, alpha, a, b, covariance)


def covariance(loss: Callable[[Floats], float], at: Floats, many: float) -> Floats:
    """Inverse of the observed information; a direction that the data hardly tell counts for nothing."""
    width, n = 1e-2, len(at)
    steps = np.eye(n) * width
    hessian = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            same = loss(at + steps[i] + steps[j]) + loss(at - steps[i] - steps[j])
            other = loss(at + steps[i] - steps[j]) + loss(at - steps[i] + steps[j])
            hessian[i, j] = (same - other) / (4 * width**2)
    values, vectors = np.linalg.eigh(hessian * many)
    told = values > LEAST_TOLD
    return np.asarray((vectors[:, told] / values[told]) @ vectors[:, told].T)


def p_alive(habits: Habits, seen: Histories) -> Floats:
    """Probability that a customer of each history has not left by the end of it."""
    alive, gone = log_parts(habits.logs, seen)
    return np.asarray(np.exp(alive - np.logaddexp(alive, gone)))


def expected(habits: Habits, seen: Histories, weeks: float, nodes: int = 48) -> Floats:
    """Purchases to expect within the next `weeks` of each history.

    Given rate and leaving it is (1 - exp(-rate · leaving · weeks)) / leaving while alive: over the
    gamma in closed form, over the beta by quadrature on its quantiles (Gauss-Legendre).
    """
    shape, rate = habits.r + seen.x, habits.alpha + seen.span
    root, mass = np.polynomial.legendre.leggauss(nodes)
    total = np.zeros_like(rate)
    for x in np.unique(seen.x):
        at = seen.x == x
        p = np.clip(special.betaincinv(habits.a, habits.b + x, (root + 1) / 2), 1e-12, 1.0)
        odds = np.log1p(p[None, :] * weeks / rate[at][:, None])
        total[at] = (-np.expm1(-shape[at][:, None] * odds) / p[None, :]) @ (mass / 2)
    return np.asarray(total * p_alive(habits, seen))


def slopes(habits: Habits, seen: Histories, weeks: float) -> Floats:
    """By how much `expected` of each history changes with the logarithms of the habits (4 x histories)."""

    def moved(logs: Floats) -> Floats:
        return expected(of_logs(logs, habits.covariance), seen, weeks)

    steps = np.eye(4) * STEP
    ways = [moved(habits.logs + step) - moved(habits.logs - step) for step in steps]
    return np.asarray(np.stack(ways) / (2 * STEP))


def doubt(habits: Habits, slope: Floats, weight: Floats) -> float:
    """Variance of a sum over histories that comes of doubt about the habits alone (delta method).

    `slope`: what `slopes` gives; `weight` customers have each history.
    """
    whole = (slope * weight).sum(axis=1)
    return float(whole @ habits.covariance @ whole)
