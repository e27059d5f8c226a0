"""What a score and the rules say together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.types import Bools, Singles


@dataclass(frozen=True, slots=True)
class Stack:
    """Per signal: chance = 1 / (1 + exp(-(shift + slope * log odds + rule * found by rules))).

    A passage is tagged from the chance `least` on; below, the tagger abstains.
    """

    shift: Singles
    slope: Singles
    rule: Singles
    least: Singles

    def chance(self, odds: Singles, ruled: Bools) -> Singles:
        """Chance of each signal, passages x signals, from log odds and whether rules found it."""
        z = self.shift + self.slope * odds + self.rule * ruled
        return np.asarray(1 / (1 + np.exp(-z)), dtype=np.float32)

    def open(self, odds: Singles) -> Bools:
        """Where a rule would make a tag: elsewhere rules need not be tried."""
        return self.chance(odds, np.ones(odds.shape, dtype=np.bool_)) >= self.least

    def tagged(self, chance: Singles) -> Bools:
        """Which passages carry which signal."""
        return np.asarray(chance >= self.least)
