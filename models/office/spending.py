"""What customers spend on a day of purchase: gamma-gamma (Fader and Hardie 2013), fitted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from models.office.lifetime import covariance
from models.types import Floats

BOUNDS = (-5.0, 9.0)
LEAST = 100
MANY, FINENESS = 50_000, 256
"""Of more customers than so many, means of spend within one part in so many of each other count as one."""


@dataclass(frozen=True, slots=True)
class Spending:
    """A day's spend ~ gamma(p, rate of the customer's own); the rate ~ gamma(q, gamma).

    `covariance` is of the three's logarithms; None: they are known.
    """

    p: float
    q: float
    gamma: float
    covariance: Floats | None = None

    @property
    def logs(self) -> Floats:
        """Logarithms of the three, as the covariance has them."""
        return np.asarray(np.log(np.array([self.p, self.q, self.gamma])))


def log_likelihood(logs: Floats, days: Floats, mean: Floats) -> Floats:
    """Of each customer's mean spend (above 0) over so many days; `logs` of p, q and gamma."""
    p, q, gamma = np.exp(logs)
    kinds, at = np.unique(days, return_inverse=True)
    fixed = special.gammaln(p * kinds + q) - special.gammaln(p * kinds) - special.gammaln(q)
    fixed = fixed + q * np.log(gamma) + p * kinds * np.log(kinds)
    shape = p * days
    return np.asarray(
        fixed[at] + (shape - 1) * np.log(mean) - (shape + q) * np.log(gamma + days * mean)
    )


def fitted(days: Floats, mean: Floats) -> Spending | None:
    """The spending of greatest likelihood; None: fewer than LEAST customers with a price.

    Rests on customers who spent something; q stays above 1, so that there is a mean.
    """
    told = (days > 0) & (mean > 0)
    if told.sum() < LEAST:
        return None
    order = np.lexsort((mean[told], days[told]))  # by value: whose they are changes no byte
    n, m = days[told][order], mean[told][order]
    typical = float(np.median(m))
    n, m, weight = alike(n, m / typical)
    many = weight.sum()

    def loss(logs: Floats) -> float:
        return float(-(weight * log_likelihood(logs, n, m)).sum() / many)

    bounds = [BOUNDS, (np.log(1.05), BOUNDS[1]), BOUNDS]
    found = optimize.minimize(loss, np.array([0.5, 1.0, 1.0]), method="L-BFGS-B", bounds=bounds)
    p, q, gamma = (float(v) for v in np.exp(found.x))
    if not np.isfinite(found.fun):
        return None
    return Spending(p, q, gamma * typical, covariance(loss, found.x, float(many)))


def alike(days: Floats, mean: Floats) -> tuple[Floats, Floats, Floats]:
    """Days and mean spend that differ, and how many customers have each; given sorted by both.

    Up to MANY customers stand each for themselves. Of more, those alike have the mean of their
    logarithms: what the likelihood loses by it is of the order of FINENESS^-2.
    """
    if len(days) <= MANY:
        return days, mean, np.ones(len(days))
    logs = np.log(mean)
    bins = np.floor(logs * FINENESS)
    new = (np.diff(days, prepend=np.nan) != 0) | (np.diff(bins, prepend=np.nan) != 0)
    start = np.flatnonzero(new)
    weight = np.diff(start, append=len(days)).astype(np.float64)
    return days[start], np.exp(np.add.reduceat(logs, start) / weight), weight


def scale(spending: Spending, days: Floats, mean: Floats) -> Floats:
    """What a customer differs in from others who bought on as many days: gamma + days · mean.

    What they spend on k days to come is Gamma(p k) / Gamma(q + p days) times this.
    """
    return np.asarray(spending.gamma + days * mean)
