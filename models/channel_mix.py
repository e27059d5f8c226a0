"""Weekly rates with the mix of channels held fixed: a burst of reviews is no burst of worry.

Direct standardisation over channels to a slowly moving reference mix. In a week, a channel's rate
is drawn towards what the channel usually shows times how the week stands over all channels
(indirect standardisation), the more so the fewer people the cell has and the less channels are
seen to move apart. With no people in a channel its expectation stands for it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.estimates import MAX_PRIOR_WEIGHT, MIN_PRIOR_WEIGHT
from models.types import Floats

HALF_LIFE_WEEKS = 26.0
"""How slowly reference mix and channels' usual rates move."""
PROFILE_WEIGHT = 20.0
"""People that the profile of the scope above is worth as a prior of a channel's usual rate."""
FIRST_GUESS = 0.05
"""A signal's rate before anybody spoke, worth one person."""
LOWEST, HIGHEST = 1e-6, 1 - 1e-6


@dataclass(frozen=True, slots=True)
class HeldFixed:
    """Rates by week (T, S, G), with what they rest on.

    `rate`: nan where nobody was there. `effective`: the number of people, drawn with equal chances
    in the reference mix, whose plain rate would be as sure; 0 where nobody was there. `usual`
    (T, C, S, G): each channel's usual rate. `mix` (T, C, S, G): shares, which add up to 1.
    """

    rate: Floats
    effective: Floats
    usual: Floats
    mix: Floats


def _total(values: Floats) -> Floats:
    """Sum over the first axis, term by term: channels without people change no bit of it."""
    return np.asarray(np.cumsum(values, axis=0)[-1])


def _share(part: Floats, whole: Floats, empty: Floats | float) -> Floats:
    out = np.broadcast_to(np.asarray(empty, dtype=np.float64), np.shape(part / 1.0)).copy()
    return np.asarray(np.divide(part, whole, out=out, where=whole > 0))


@dataclass(slots=True)
class _Past:
    """What weeks so far have left, each older week counting less: people, mentions, spread."""

    people: Floats
    settled: Floats
    mentions: Floats
    chi: Floats
    freedom: Floats
    trials: Floats


def hold_fixed(n: Floats, k: Floats, squares: Floats, above: Floats | None = None) -> HeldFixed:
    """Rates at the reference mix, for S signals in G scopes over C channels and T weeks.

    `n`, `k`, `squares` (T, C, S, G): weights of people, of those with the signal, and sums of
    squared weights, a usual person weighing 1. `above` (T, C, S, 1): usual rates of the whole
    business, towards whose profile scopes with few people are drawn; None: there is none. A
    week's figures rest on weeks up to its own only, bit for bit, and a channel that is yet to
    come changes nothing.
    """
    weeks, channels, signals, scopes = n.shape
    zero = np.zeros((channels, signals, scopes))
    past = _Past(zero, zero, zero, *(np.zeros(signals) for _ in range(3)))
    out = HeldFixed(
        np.full((weeks, signals, scopes), np.nan),
        np.zeros((weeks, signals, scopes)),
        np.zeros(n.shape),
        np.zeros(n.shape),
    )
    for t in range(weeks):
        _week(t, (n[t], k[t], squares[t]), None if above is None else above[t], past, out)
    return out


def _usual(mentions: Floats, settled: Floats, above: Floats | None) -> Floats:
    """Each channel's usual rate, drawn to the profile above at this scope's own level."""
    if above is None:
        level = (_total(mentions) + FIRST_GUESS) / (_total(settled) + 1.0)
        prior = np.broadcast_to(level, mentions.shape)
    else:
        expected = _total(settled * above)
        prior = above * (_total(mentions) + 1.0) / (expected + 1.0)
    found = (mentions + PROFILE_WEIGHT * prior) / (settled + PROFILE_WEIGHT)
    return np.clip(found, LOWEST, HIGHEST)


@dataclass(frozen=True, slots=True)
class _Cells:
    """One week's cells (C, S, G): weights told, usual rates, and what the week lets expect."""

    n: Floats
    k: Floats
    squares: Floats
    usual: Floats
    guess: Floats

    @property
    def worth(self) -> Floats:
        """Kish's number of people in each cell."""
        return _share(self.n * self.n, self.squares, 0.0)


def _week(
    t: int, told: tuple[Floats, Floats, Floats], above: Floats | None, past: _Past, out: HeldFixed
) -> None:
    n, k, squares = told
    fade = 0.5 ** (1.0 / HALF_LIFE_WEEKS)
    people, mentions = fade * past.people + n, fade * past.mentions + k
    usual = _usual(mentions, fade * past.settled + n, above)
    mix = _share(people, _total(people), 0.0)
    expected, level = _total(n * usual), _total(mix * usual)
    stands = _share(_total(k) + level, expected + level, 1.0)
    cells = _Cells(n, k, squares, usual, np.clip(usual * stands, LOWEST, HIGHEST))
    pull = _apart(cells, past)
    own = cells.worth / (cells.worth + pull)
    plain = usual * _share(_total(k), expected, 0.0)
    rate = _total(mix * (own * _share(k, n, 0.0) + (1 - own) * plain))
    there = _total(n) > 0
    out.rate[t] = np.where(there, np.clip(rate, 0.0, 1.0), np.nan)
    out.effective[t] = _effective(cells, mix, pull)
    out.usual[t], out.mix[t] = usual, mix
    # A week's people count as usual ones would: weeks of worry bring other channels, too.
    past.settled = fade * past.settled + n * np.where(there, stands, 1.0)
    past.people, past.mentions = people, mentions


def _apart(cells: _Cells, past: _Past) -> Floats:
    """(S, 1) how many people an expectation is worth beside a cell's own, as of this week.

    Moment estimator of the beta-binomial (Kleinman 1973) on what channels differ from the week's
    common move; one degree of freedom a week and scope went into that move.
    """
    there = cells.n > 0
    chance = np.where(there, cells.squares * cells.guess * (1 - cells.guess), 1.0)
    chi = np.where(there, (cells.k - cells.n * cells.guess) ** 2 / chance, 0.0)
    told = _total(there.astype(np.float64))
    free = np.maximum(told - 1.0, 0.0)
    trials = _total(np.where(there, cells.worth - 1.0, 0.0)) * _share(free, told, 0.0)
    past.chi = past.chi + _total(np.where(free > 0, _total(chi), 0.0).T)
    past.freedom = past.freedom + _total(free.T)
    past.trials = past.trials + _total(trials.T)
    excess = (past.chi - past.freedom) / np.maximum(past.trials, 1.0)
    rho = np.clip(excess, 1 / (1 + MAX_PRIOR_WEIGHT), 1 / (1 + MIN_PRIOR_WEIGHT))
    pull = np.where(past.freedom < 3, MAX_PRIOR_WEIGHT, 1 / rho - 1)
    return np.asarray(pull[:, None])


def _effective(cells: _Cells, mix: Floats, pull: Floats) -> Floats:
    """(S, G) people as sure: by the variance of cells about the week's common move, and of that.

    Unequal weights tell by Kish's (1965) number within each cell. Where channels differ much it
    may be more than were there: people of known channels tell more than as many of unknown ones.
    """
    n, squares, worth = cells.n, cells.squares, cells.worth
    chance = cells.guess * (1 - cells.guess)
    apart = _total(mix**2 * chance / (worth + pull + 1.0))
    noise = squares + np.where(n > 0, n * n - squares, 0.0) / (pull + 1.0)
    rest = _total(mix * cells.usual * pull / (worth + pull))
    common = _share(rest**2 * _total(noise * chance), _total(n * cells.usual) ** 2, 0.0)
    rate = _total(mix * cells.guess)
    found = _share(rate * (1 - rate), apart + common, 0.0)
    return np.where(_total(n) > 0, found, 0.0)
