"""How far the score and the rules are to be trusted, learnt from passages that the score never saw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

KEPT = 0.86
MORE_FALSE = 1.3
"""The rules' author read training passages: on passages that nobody read, rules find .86 of what
they find here, and 1.3 times as much that is not there (two sets, rules alone)."""
ALONE = np.arange(-1.5, 2.6, 0.25)
"""Log odds from which on the score alone makes a tag: those that are tried."""
WITH_RULE = np.arange(-6.0, 1.1, 0.5)
"""The same where rules found the mention."""
FIRM = 300.0
"""Positives that the common cuts weigh against a signal's own."""
LEAST = 0.35
"""Chance at the cuts: about half the F1 to be had, where F1 is greatest (Lipton and others 2014)."""
PARTS, REPEATS = 4, 3


@dataclass(frozen=True)
class Apart:
    """What a network says of further passages that neither it nor the rules' author has seen.

    `odds`, `ruled`, `labels`: passages x signals. `weight`: what one of them counts.
    """

    odds: np.ndarray
    ruled: np.ndarray
    labels: np.ndarray
    weight: float

    def counted(self) -> np.ndarray:
        """`tables` of them, weighed."""
        return self.weight * tables(self.odds, self.ruled, self.labels, kept=1.0, more_false=1.0)


@dataclass(frozen=True)
class Fitted:
    """Shift, slope and trust in rules of each signal, the least chance that is a tag, and F1s.

    `f1` are cross-validated, `by_rules` those of rules alone, on the same passages.
    """

    coefficients: np.ndarray
    least: np.ndarray
    f1: np.ndarray
    by_rules: np.ndarray


def fit(
    odds: np.ndarray,
    ruled: np.ndarray,
    labels: np.ndarray,
    *,
    seed: int = 0,
    further: Apart | None = None,
) -> Fitted:
    """Two cuts of each signal, drawn towards those of all signals, and the chance that odds mean.

    `odds`: held-out log odds, passages x signals. A mention is a tag from the first cut on, and from
    the second on where rules found it too. The cuts are those of the greatest F1, a signal's counts
    taken together with `FIRM` positives of the mean signal: with few positives its own cut is luck.
    They are chosen on `further` as well; the F1s are those of the others alone.
    """
    beside = 0.0 if further is None else further.counted()
    alone, with_rule = cuts(tables(odds, ruled, labels) + beside)
    slope = _slope(odds, ruled, labels, alone, with_rule)
    at_cut = np.log(LEAST / (1 - LEAST))
    rule = slope * (alone - with_rule)
    coefficients = np.column_stack([at_cut - slope * alone, np.full(len(alone), slope), rule])
    least = np.full(len(alone), LEAST)
    by_rules = _f1(_counts(np.zeros(odds.shape), ruled, labels, 1.0, 0.0).sum(axis=1))
    return Fitted(coefficients, least, _validated(odds, ruled, labels, beside, seed), by_rules)


def sampling_shift(learnt: np.ndarray, real: np.ndarray) -> np.ndarray:
    """How much log odds are too high, by signal, for having learnt where signals were looked for.

    Both are passages x signals, of each of which some row holds true and some false. What a network
    says rests on how often it met a signal (Saerens and others 2002).
    """
    shares = [rows.mean(axis=0) for rows in (learnt, real)]
    return np.diff([np.log(share / (1 - share)) for share in shares[::-1]], axis=0)[0]


def tables(
    odds: np.ndarray,
    ruled: np.ndarray,
    labels: np.ndarray,
    *,
    kept: float = KEPT,
    more_false: float = MORE_FALSE,
) -> np.ndarray:
    """Hits, false tags and misses of each pair of cuts: cuts alone x with a rule x 3 x signals."""

    def counted(alone: float, with_rule: float) -> np.ndarray:
        told = _counts(odds, ruled, labels, alone, with_rule, kept, more_false)
        return np.asarray(told.sum(axis=1))

    return np.array([[counted(a, b) for b in np.minimum(WITH_RULE, a)] for a in ALONE])


def cuts(counted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The two cuts of each signal, from `tables`."""
    positives = counted[0, 0, 0] + counted[0, 0, 2]
    common = (counted / np.maximum(positives, 1)).mean(axis=-1, keepdims=True)
    scores = _f1(np.moveaxis(counted + FIRM * common, 2, 0))
    best = scores.reshape(-1, scores.shape[-1]).argmax(axis=0)
    first, second = np.unravel_index(best, scores.shape[:2])
    return ALONE[first], np.minimum(WITH_RULE[second], ALONE[first])


def _counts(  # noqa: PLR0917 - what is told, and two cuts
    odds: np.ndarray,
    ruled: np.ndarray,
    labels: np.ndarray,
    alone: float,
    with_rule: float,
    kept: float = KEPT,
    more_false: float = MORE_FALSE,
) -> np.ndarray:
    """Hits, false tags and misses, x passages x signals, the rules' luck taken off."""
    quiet, backed = odds >= alone, odds >= with_rule
    found = np.where(ruled, kept * backed + (1 - kept) * quiet, quiet)
    false = np.where(ruled, quiet + more_false * (backed & ~quiet), quiet)
    return np.array([labels * found, ~labels * false, labels * (1 - found)])


def _validated(
    odds: np.ndarray, ruled: np.ndarray, labels: np.ndarray, beside: np.ndarray | float, seed: int
) -> np.ndarray:
    """F1 of each signal on parts that the cuts were not chosen on."""
    sums = np.zeros((3, odds.shape[1]))
    for repeat in range(REPEATS):
        part = np.random.default_rng(seed + repeat).permutation(len(odds)) % PARTS
        for held in range(PARTS):
            learn, test = part != held, part == held
            counted = tables(odds[learn], ruled[learn], labels[learn]) + beside
            alone, with_rule = cuts(counted)
            sums += _counts(odds[test], ruled[test], labels[test], alone, with_rule).sum(axis=1)
    return _f1(sums)


def _slope(
    odds: np.ndarray,
    ruled: np.ndarray,
    labels: np.ndarray,
    alone: np.ndarray,
    with_rule: np.ndarray,
) -> float:
    """How much the chance of a tag rises with the odds, for all signals, by maximum likelihood."""
    past = odds - np.where(ruled, with_rule, alone)
    at_cut = np.log(LEAST / (1 - LEAST))

    def loss(slope: float) -> float:
        z = at_cut + slope * past
        return float((np.logaddexp(0, z) - labels * z).sum())

    return float(minimize_scalar(loss, bounds=(0.1, 2.0), method="bounded").x)


def _f1(counted: np.ndarray) -> np.ndarray:
    """F1 of hits, false tags and misses, which come first."""
    hits, false, missed = counted
    return 2 * hits / np.maximum(2 * hits + false + missed, 1e-9)
