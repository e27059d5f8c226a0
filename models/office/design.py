"""Whom to draw: how many of each stratum, with which probability, and who by a lot that can be repeated."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

from models.types import Bools, Floats, Ints

UNIT = 1_000_000
"""Probabilities are whole millionths, so that they are exactly those that are published."""
Words = npt.NDArray[np.uint64]


def seed_of(*parts: object) -> int:
    """64 bits that hang on the parts alone, the same on every machine."""
    told = "\x1f".join(str(one) for one in parts).encode()
    return int.from_bytes(hashlib.blake2b(told, digest_size=8).digest(), "big")


def scrambled(keys: Words, seed: int) -> Words:
    """Each 64-bit key as 64 bits that look random under `seed` (SplitMix64; Steele et al. 2014)."""
    with np.errstate(over="ignore"):
        z = keys ^ np.uint64(seed)
        for _ in range(2):
            z = z + np.uint64(0x9E3779B97F4A7C15)
            z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            z = z ^ (z >> np.uint64(31))
    return z


def held_out(keys: Words, experiment: str, share: float) -> Bools:
    """Who belongs to the holdout of an experiment: the same people on every night."""
    drawn = scrambled(keys, seed_of("holdout", experiment)) >> np.uint64(11)
    return np.asarray(drawn.astype(np.float64) * 2.0**-53 < share)


def allocated(total: float, worth: Floats, spread: Floats, known: Floats) -> Floats:
    """How many of `total` new answers each family gets so that the worth of its doubt is least.

    Minimises sum(worth² spread² / (known + new)), `known` being answers that are there already:
    known + new is in proportion to worth x spread (Neyman 1934), where that asks for fewer than
    are known, none. Families of no worth get none; where all are, nobody does.
    """
    pull = worth * spread
    if not (pull > 0).any():
        return np.zeros(len(worth))
    level = np.where(pull > 0, known / np.where(pull > 0, pull, 1.0), np.inf)
    rank = np.argsort(level, kind="stable")
    rank = rank[np.isfinite(level[rank])]
    upto = (total + np.cumsum(known[rank])) / np.cumsum(pull[rank])
    after = np.append(level[rank][1:], np.inf)
    height = upto[int(np.argmax(upto <= after))]
    return np.where(pull > 0, np.maximum(0.0, height * pull - known), 0.0)


def chances(wanted: int, family: Ints, by_need: Floats, even_share: float) -> Ints:
    """Probability, in millionths, with which each customer is drawn: `wanted` are, in expectation.

    A share of the list falls on all alike, so that nobody has no chance; the rest on families as
    `by_need` says, on all alike where it says nothing. What a family cannot use falls on the others. `family` numbers the families
    from 0. With fewer customers than are wanted all are drawn.
    """
    n = len(family)
    if n <= wanted:
        return np.full(n, UNIT, dtype=np.int64)
    size = np.bincount(family, minlength=len(by_need)).astype(np.float64)
    need = np.where(size > 0, by_need, 0.0)
    need = need / need.sum() if need.sum() > 0 else size / n
    share = wanted * (even_share * size / n + (1 - even_share) * need)
    return _whole(_capped(share, size, wanted)[family] / size[family])


def _capped(share: Floats, size: Floats, wanted: int) -> Floats:
    """`share` with nobody above its size: what is over goes to those below, by their shares."""
    full = np.zeros(len(size), dtype=bool)
    for _ in range(len(size)):
        over = ~full & (share >= size)
        if not over.any():
            break
        full |= over
        left, rest = wanted - size[full].sum(), share[~full].sum()
        share = np.where(full, size, share * (left / rest if rest > 0 else 0.0))
    return np.minimum(share, size)


def _whole(chance: Floats) -> Ints:
    return np.clip(np.rint(chance * UNIT), 0, UNIT).astype(np.int64)


def drawn(chance: Ints, start: int) -> Bools:
    """Who is drawn, with exactly their chances: a systematic sample (Madow 1949) in the given order.

    `start` is a random number; strata that stand together get their expected number, or one more or
    less.
    """
    upto = np.cumsum(chance) + start % UNIT
    return np.asarray(upto // UNIT > (upto - chance) // UNIT)
