"""How much is left to hear: the mass of themes not heard yet, and conversations that would hear them."""

from __future__ import annotations

from math import ceil, log
from typing import NamedTuple

import numpy as np

Z = 1.959963984540054


class Unseen(NamedTuple):
    """Share of what customers mention that is of themes nobody mentioned yet, with 95 % limits."""

    share: float | None
    lo: float | None
    hi: float | None
    more: int | None
    """Further conversations until it is at most the target; null: it cannot be told."""


def unseen(conversations: int, once: int, twice: int, mentions: int, target: float) -> Unseen:
    """Mass of themes not heard in so many conversations, from those heard in one and in two of them.

    Turing's estimator (Good 1953) in the form of Chao and Jost (2012) for incidence: `mentions` are
    all pairs of a conversation and a theme in it. Limits by Esty (1983). `more` extrapolates the
    same curve: a share falls by the same factor with each conversation.
    """
    if conversations < 1 or mentions < 1:
        return Unseen(None, None, None, None)
    factor = _factor(conversations, once, twice)
    share = once / mentions * factor
    spread = Z * (once * (1 - once / mentions) + 2 * twice) ** 0.5 / mentions
    lo, hi = max(0.0, share - spread), min(1.0, share + spread)
    if once == 0:
        hi = min(1.0, max(hi, 1 - 0.025 ** (1 / mentions)))
    return Unseen(share, lo, hi, _more(once / mentions, factor, target))


def _factor(conversations: int, once: int, twice: int) -> float:
    """By which the share falls with one conversation more."""
    top = (conversations - 1) * once
    if once == 0:
        return 0.0
    if twice == 0:
        alone = (conversations - 1) * (once - 1)
        return alone / (alone + 2) if alone else 0.0
    return top / (top + 2 * twice)


def _more(turing: float, factor: float, target: float) -> int | None:
    """Conversations until turing x factor^(more + 1) is at most `target`."""
    if turing * factor <= target:
        return 0
    if not 0 < factor < 1 or target <= 0:
        return None
    return max(0, ceil(log(target / turing) / log(factor) - 1 - 1e-9))


def smallest_heard(conversations: int) -> float | None:
    """Prevalence of a theme that so many conversations hear at least once with 95 %; null: of none."""
    return float(1 - np.float64(0.05) ** (1 / conversations)) if conversations else None
