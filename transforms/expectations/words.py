"""What is expected of customers' words: that tags, channels and vocabulary stay what they were.

Warnings only: a mix may move because customers changed their mind. Limits are such that chance and
the usual swings of a season stay within them (docs/methods.md has the measured false alarms).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt

from transforms.expectations.verdicts import Dossier
from transforms.word_drift import Shares, Shift

PSI_LIMIT = 0.25
"""What the literature on stability calls a shift; chance is added to it."""
SHARE_RATIO = 4.0
"""Factor by which a signal's share may change within weeks."""
TAGGABLE_DRIFT = 0.10
UNKNOWN_RATIO, UNKNOWN_DRIFT = 1.5, 0.02
MIN_ROWS = 100
DEVIATIONS = 4.0
CLUSTER = 5.0
"""Words come in passages: as many of them count as one independent one."""


@dataclass(frozen=True, slots=True)
class Words:
    """The last four weeks beside the twelve before: mixes, shares by name, unknown words by block."""

    mixes: Mapping[str, Shift] = field(default_factory=dict)
    signals: Mapping[str, Shares] = field(default_factory=dict)
    taggable: Mapping[str, Shares] = field(default_factory=dict)
    unknown: Sequence[Shares] = ()


def words_dossier(words: Words) -> Dossier:
    """Everything expected of the passages of the last weeks."""
    dossier = Dossier("passages")
    for name, shift in words.mixes.items():
        _mix(dossier, f"{name}_mix_shift", shift)
    for name, shares in words.signals.items():
        _signal(dossier, name, shares)
    for name, shares in words.taggable.items():
        _taggable(dossier, name, shares)
    _unknown(dossier, words.unknown)
    return dossier


def _enough(dossier: Dossier, rule: str, *counts: int) -> bool:
    if min(counts, default=0) >= MIN_ROWS:
        return True
    dossier.undecidable(rule, "warn", "too little said in sixteen weeks", n=min(counts, default=0))
    return False


def _mix(dossier: Dossier, rule: str, shift: Shift) -> None:
    if _enough(dossier, rule, shift.n_now, shift.n_before):
        dossier.bound(rule, "warn", shift.psi, None, PSI_LIMIT + shift.chance, n=shift.n_now)


def _chance(shares: Shares) -> float:
    spread = shares.before * (1 - shares.before)
    return DEVIATIONS * sqrt(spread * (1 / shares.n_now + 1 / shares.n_before))


def _signal(dossier: Dossier, name: str, shares: Shares) -> None:
    if not _enough(dossier, "signal_share", shares.n_now, shares.n_before):
        return
    half = _chance(shares)
    lo = max(0.0, min(shares.before / SHARE_RATIO, shares.before - half))
    hi = min(1.0, max(shares.before * SHARE_RATIO, shares.before + half))
    dossier.bound("signal_share", "warn", shares.now, lo, hi, n=shares.n_now, label=name)


def _taggable(dossier: Dossier, name: str, shares: Shares) -> None:
    if not _enough(dossier, "taggable_share", shares.n_now, shares.n_before):
        return
    half = max(TAGGABLE_DRIFT, _chance(shares))
    lo, hi = max(0.0, shares.before - half), min(1.0, shares.before + half)
    dossier.bound("taggable_share", "warn", shares.now, lo, hi, n=shares.n_now, label=name)


def _unknown(dossier: Dossier, blocks: Sequence[Shares]) -> None:
    rule = "unknown_words"
    if len(blocks) < 4 or not _enough(dossier, rule, *(block.n_now for block in blocks)):
        if len(blocks) < 4:
            dossier.undecidable(rule, "warn", "fewer than sixteen weeks of words")
        return
    usual = sum(block.now for block in blocks[1:]) / len(blocks[1:])
    chance = DEVIATIONS * sqrt(usual * (1 - usual) * CLUSTER / blocks[0].n_now)
    most = max(UNKNOWN_RATIO * usual, usual + UNKNOWN_DRIFT) + chance
    dossier.bound(rule, "warn", blocks[0].now, None, most, n=blocks[0].n_now)
