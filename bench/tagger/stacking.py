"""How far the score and the rules are to be trusted, learnt from passages that the score never saw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

KEPT = 0.86
MORE_FALSE = 1.3
"""The rules' author read training passages: on passages that nobody read, rules find .86 of what
they find here, and 1.3 times as much that is not there (two sets, rules alone)."""
RIDGE = np.array([2.0, 5.0, 5.0])
"""How firmly a signal's shift, slope and trust in rules are held to those of all signals."""
LEAST = 0.35
"""Chance from which on a passage is tagged: about half the F1 to be had, where F1 is greatest
(Lipton and others 2014); cuts chosen for each signal did no better on passages held out."""
EITHER = np.array([-1.2, 0.25, 2.5])
"""What rules find, or what the odds are sure of: for signals whose odds know too little."""
MARGIN = 0.05
PARTS, REPEATS = 4, 3
Rows = tuple[np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Fitted:
    """Shift, slope and trust in rules of each signal, the least chance that is a tag, and F1s.

    `f1` are cross-validated, `by_rules` those of rules alone, on the same passages.
    """

    coefficients: np.ndarray
    least: np.ndarray
    f1: np.ndarray
    by_rules: np.ndarray
    either: np.ndarray


def fit(
    odds: np.ndarray,
    ruled: np.ndarray,
    labels: np.ndarray,
    *,
    either: np.ndarray | None = None,
    seed: int = 0,
) -> Fitted:
    """Logistic models, one a signal, drawn towards the one of all signals.

    `odds`: held-out log odds, passages x signals. Where rules or sure odds are better by
    `MARGIN` in cross-validated F1, or where `either` says so, they decide.
    """
    signals = range(odds.shape[1])
    rows = [_rows(odds[:, j], ruled[:, j], labels[:, j]) for j in signals]
    fitted = _stack(rows)
    stacked = _validated(odds, ruled, labels, seed)
    simple = np.array([_f1(_chance(row[0], EITHER) >= LEAST, *row[1:]) for row in rows])
    better = simple > stacked + MARGIN
    if either is not None:
        better |= either
    fitted[better] = EITHER
    alone = np.array([_f1(row[0][:, 2] > 0, *row[1:]) for row in rows])
    least = np.full(len(rows), LEAST)
    return Fitted(fitted, least, np.where(better, simple, stacked), alone, better)


def _stack(rows: list[Rows]) -> np.ndarray:
    whole = tuple(np.concatenate(part) for part in zip(*rows, strict=True))
    common = _logistic(whole, np.array([0.0, 1.0, 1.5]), RIDGE * 0.001)
    return np.array([_logistic(row, common, RIDGE) for row in rows])


def _validated(odds: np.ndarray, ruled: np.ndarray, labels: np.ndarray, seed: int) -> np.ndarray:
    """F1 of each signal on parts that the stack was not fitted on."""
    sums = np.zeros((3, odds.shape[1]))
    for repeat in range(REPEATS):
        part = np.random.default_rng(seed + repeat).permutation(len(odds)) % PARTS
        for held in range(PARTS):
            learn, test = part != held, part == held
            signals = range(odds.shape[1])
            fitted = _stack(
                [_rows(odds[learn, j], ruled[learn, j], labels[learn, j]) for j in signals]
            )
            for j in signals:
                design, label, weight = _rows(odds[test, j], ruled[test, j], labels[test, j])
                told = _chance(design, fitted[j]) >= LEAST
                sums[:, j] += [(weight * x).sum() for x in (told * label, told, label)]
    return 2 * sums[0] / np.maximum(sums[1] + sums[2], 1e-9)


def _rows(odds: np.ndarray, ruled: np.ndarray, label: np.ndarray) -> Rows:
    """Design, labels and weights, with the rules' luck on passages that were read taken off."""
    design = np.column_stack([np.ones(len(odds)), odds, ruled])
    weight = np.ones(len(odds))
    weight[label & ruled] = KEPT
    weight[~label & ruled] = MORE_FALSE
    missed = design[label & ruled].copy()
    missed[:, 2] = 0
    return (
        np.vstack([design, missed]),
        np.concatenate([label, np.ones(len(missed), dtype=bool)]).astype(float),
        np.concatenate([weight, np.full(len(missed), 1 - KEPT)]),
    )


def _chance(design: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-(design @ coefficients)))


def _logistic(rows: Rows, centre: np.ndarray, ridge: np.ndarray) -> np.ndarray:
    design, label, weight = rows

    def loss(c: np.ndarray) -> tuple[float, np.ndarray]:
        z = design @ c
        cost = (weight * (np.logaddexp(0, z) - label * z)).sum() + (ridge * (c - centre) ** 2).sum()
        slope = design.T @ (weight * (_chance(design, c) - label)) + 2 * ridge * (c - centre)
        return cost, slope

    return minimize(loss, centre, jac=True, method="L-BFGS-B").x


def _f1(told: np.ndarray, label: np.ndarray, weight: np.ndarray) -> float:
    hits = (weight * told * label).sum()
    return float(2 * hits / max((weight * told).sum() + (weight * label).sum(), 1e-9))
