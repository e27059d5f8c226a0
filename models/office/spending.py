"""What customers spend on a day of purchase: gamma-gamma (Fader and Hardie 2013), fitted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from models.types import Floats, Ints

BOUNDS = (-5.0, 9.0)
LEAST = 100


@dataclass(frozen=True, slots=True)
class Spending:
    """A day's spend ~ gamma(p, rate of the customer's own); the rate ~ gamma(q, gamma)."""

    p: float
    q: float
    gamma: float


def log_likelihood(logs: Floats, days: Floats, mean: Floats) -> Floats:
    """Of each customer's mean spend (above 0) over so many days; `logs` of p, q and gamma."""
    return _likelihood(logs, days, mean, np.log(mean), np.unique(days, return_inverse=True))


def _likelihood(
    logs: Floats, days: Floats, mean: Floats, log_mean: Floats, different: tuple[Floats, Ints]
) -> Floats:
    """The same with what does not change from one try of `logs` to the next."""
    p, q, gamma = np.exp(logs)
    kinds, at = different
    fixed = special.gammaln(p * kinds + q) - special.gammaln(p * kinds) - special.gammaln(q)
    fixed = fixed + q * np.log(gamma) + p * kinds * np.log(kinds)
    shape = p * days
    return np.asarray(
        fixed[at] + (shape - 1) * log_mean - (shape + q) * np.log(gamma + days * mean)
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

    scaled = m / typical
    same = n, scaled, np.log(scaled), np.unique(n, return_inverse=True)

    def loss(logs: Floats) -> float:
        return float(-_likelihood(logs, *same).mean())

    bounds = [BOUNDS, (np.log(1.05), BOUNDS[1]), BOUNDS]
    found = optimize.minimize(loss, np.array([0.5, 1.0, 1.0]), method="L-BFGS-B", bounds=bounds)
    p, q, gamma = (float(v) for v in np.exp(found.x))
    return Spending(p, q, gamma * typical) if np.isfinite(found.fun) else None


def scale(spending: Spending, days: Floats, mean: Floats) -> Floats:
    """What a customer differs in from others who bought on as many days: gamma + days · mean.

    What they spend on k days to come is Gamma(p k) / Gamma(q + p days) times this.
    """
    return np.asarray(spending.gamma + days * mean)
