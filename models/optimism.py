"""What past errors hide: weights were fitted on the weeks in which those errors are counted.

The newest quarter of the past is forecast twice, with weights fitted on all of the past and with
weights fitted on what was known before that quarter; by how much the second errs more is measured,
not assumed: a panel with many alike series hides almost nothing, one that keeps changing a tenth
(optimism of the training error: Efron 1983).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from models.ensemble import Family, weights_of
from models.grams import Bands, Trials, combined
from models.panel import Groups
from models.types import Floats, Ints

SERIES, OF_A_GROUP = 400, 100
MIN_ORIGINS, MIN_ROWS = 6, 30
MOST = 1.5


def _sample(groups: Groups) -> Ints:
    """Return ascending rows of whole groups, about SERIES of them, at most OF_A_GROUP of each."""
    order = np.argsort(groups.codes, kind="stable")
    sizes = np.bincount(groups.codes, minlength=groups.n)
    place = np.arange(len(order)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    first = np.zeros(len(order), dtype=np.int64)
    first[order] = place
    kept = np.minimum(sizes, OF_A_GROUP)
    stride = max(int(kept.sum()) // SERIES, 1)
    return np.flatnonzero((first < OF_A_GROUP) & (groups.codes % stride == 0))


def _rows(trials: Trials, groups: Groups, rows: Ints) -> tuple[Trials, Groups]:
    present, codes = np.unique(groups.codes[rows], return_inverse=True)
    own = replace(
        trials, rows=trials.rows[rows], actual=trials.actual[rows], scale=trials.scale[rows]
    )
    return own, Groups(codes.astype(np.int64), len(present))


def _before(trials: Trials, weeks: Ints, first: int) -> Trials:
    """Return what was tried and known before week ``first``; ``weeks`` (O, H) are the targets'."""
    actual = np.where(weeks >= first, np.nan, trials.actual)
    newest = int(weeks.max())
    return replace(trials, actual=actual, span=max(trials.span - (newest - first), 1.0))


def optimism(
    trials: Trials, weeks: Ints, groups: Groups, bands: Bands, families: Sequence[Family]
) -> Floats:
    """Return (B,) by what errors ahead exceed past ones, at least 1; nan where too little is known.

    ``weeks`` (O, H): the target weeks of the trials, ascending by origin. Measured on a sample of
    whole groups; the middles of the distribution are judged, by their absolute scaled errors.
    """
    out, n_origins = np.full(len(bands), np.nan), len(trials.at)
    if n_origins < MIN_ORIGINS or not len(trials.rows):
        return out
    own, within = _rows(trials, groups, _sample(groups))
    cut = n_origins - max(n_origins // 4, 1)
    earlier = _before(own, weeks, int(weeks[cut, 0]))
    late = (own.forecasts, own.rows, own.at[cut:])
    actual, scale = own.actual[:, cut:], own.scale[:, None, None]
    both = [
        np.abs(combined(late, weights_of(one, within, bands, families), bands)[1] - actual) / scale
        for one in (own, earlier)
    ]
    known = ~np.isnan(both[0]) & ~np.isnan(both[1])
    for b, (low, high) in enumerate(bands):
        told = known[:, :, low:high]
        if told.sum() >= MIN_ROWS and not np.isnan(earlier.actual[:, :, low:high]).all():
            fitted, honest = (float(e[:, :, low:high][told].sum()) for e in both)
            out[b] = min(max(honest / max(fitted, 1e-12), 1.0), MOST)
    return out
