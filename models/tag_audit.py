"""What people's labels say of a tagger: precision, recall, and shares corrected for its errors.

A corrected share is the tagger's over the whole corpus plus the audited mean of human less tagger:
the difference estimator (Särndal, Swensson and Wretman 1992), for shares the same as
prediction-powered inference (Angelopoulos and others 2023), here within strata and, in them, within
tagged and untagged passages, whose numbers are known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, nan, sqrt

import numpy as np
import polars as pl

from models.proportions import wilson
from models.types import Floats, Ints

LEAST_COVERED = 0.95
"""Of tagged (or untagged) passages as many must be in strata from which somebody labelled."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its 95 % interval; nan where it cannot be told."""

    value: float
    lo: float
    hi: float


UNTOLD = Interval(nan, nan, nan)


@dataclass(frozen=True, slots=True)
class Audit:
    """One signal's results; shares are of passages."""

    precision: Interval
    recall: Interval
    corrected: Interval
    missed: Interval = UNTOLD
    """Of those without the tag, as many truly carry the signal."""


@dataclass(frozen=True, slots=True)
class Domain:
    """Tagged or untagged passages by stratum (H,): how many there are, were labelled, have it."""

    size: Ints
    labelled: Ints
    positive: Ints


def domain_share(domain: Domain) -> Interval:
    """Share of a domain's passages that truly carry the signal.

    A stratified mean with finite population correction, and Wilson's (1927) interval at the
    smaller of two effective numbers: Kish's (1965) for unequal weights, and that of the variance
    found (as Korn and Graubard 1998 do with the exact interval). Strata without a label are stood
    for by the others if they hold little; else nothing is told.
    """
    total = float(domain.size.sum())
    if not total:
        return UNTOLD
    told = (domain.labelled > 0) & (domain.size > 0)
    if domain.size[told].sum() < LEAST_COVERED * total:
        return UNTOLD
    n = domain.labelled[told].astype(np.float64)
    weight = domain.size[told] / domain.size[told].sum()
    share = domain.positive[told] / n
    p = float((weight * share).sum())
    rest = 1.0 - n / domain.size[told]
    kish = float((weight**2 * rest / n).sum())
    if kish <= 0:
        return Interval(p, p, p)
    found = float((weight**2 * rest * share * (1 - share) / np.maximum(n - 1, 1)).sum())
    size = 1 / kish
    if 0 < p < 1 and found > 0:
        size = min(size, p * (1 - p) / found)
    _, lo, hi = wilson(np.array([p * size]), np.array([size]))
    return Interval(p, float(lo[0]), float(hi[0]))


def audit(tagged: Domain, untagged: Domain) -> Audit:
    """Results of one signal from its tagged and its untagged passages."""
    t, u = float(tagged.size.sum()), float(untagged.size.sum())
    right = domain_share(tagged) if t else Interval(0.0, 0.0, 0.0)
    missed = domain_share(untagged) if u else Interval(0.0, 0.0, 0.0)
    whole = t + u
    corrected = _sum(_scaled(right, t / whole), _scaled(missed, u / whole))
    recall = _recall(_scaled(right, t), _scaled(missed, u)) if t else UNTOLD
    return Audit(right if t else UNTOLD, recall, corrected, missed)


def _scaled(one: Interval, by: float) -> Interval:
    return Interval(one.value * by, one.lo * by, one.hi * by)


def _sum(a: Interval, b: Interval) -> Interval:
    """Sum of two independent estimates, by the variances that their limits recover (MOVER)."""
    down = sqrt((a.value - a.lo) ** 2 + (b.value - b.lo) ** 2)
    up = sqrt((a.hi - a.value) ** 2 + (b.hi - b.value) ** 2)
    value = a.value + b.value
    return Interval(value, max(0.0, value - down), min(1.0, value + up))


def _recall(found: Interval, missed: Interval) -> Interval:
    """Found / (found + missed), its limits from those of the ratio (Donner and Zou 2012)."""
    if not found.value + missed.value > 0:
        return UNTOLD
    low, high = _ratio(missed, found)
    value = found.value / (found.value + missed.value)
    return Interval(value, 0.0 if high == inf else 1 / (1 + high), 1 / (1 + low))


def _ratio(top: Interval, under: Interval) -> tuple[float, float]:
    both = top.value * under.value
    low = _root(
        both, top.lo * under.hi * (2 * top.value - top.lo) * (2 * under.value - under.hi), -1
    )
    high = _root(
        both, top.hi * under.lo * (2 * top.value - top.hi) * (2 * under.value - under.lo), 1
    )
    below = under.hi * (2 * under.value - under.hi)
    above = under.lo * (2 * under.value - under.lo)
    return max(0.0, low / below) if below > 0 else 0.0, high / above if above > 0 else inf


def _root(both: float, product: float, sign: int) -> float:
    return both + sign * sqrt(max(both * both - product, 0.0))


def counts(stratum: Ints, tagged: Floats, human: Floats, sizes: Ints) -> tuple[Domain, Domain]:
    """Tagged and untagged domains of labelled rows.

    `stratum` (R,), `tagged` (R,) and `human` (R,) 0 or 1; `sizes` (H, 2) the untagged and tagged
    passages of each stratum in the corpus.
    """
    h = len(sizes)
    found = []
    for given in (1, 0):
        own = tagged == given
        labelled = np.bincount(stratum[own], minlength=h)
        positive = np.bincount(stratum[own], weights=human[own], minlength=h)
        found.append(Domain(sizes[:, given], labelled, positive.astype(np.int64)))
    return found[0], found[1]


def audit_rows(
    signals: Sequence[str],
    sizes: Mapping[str, int],
    tagged: Mapping[tuple[str, str], int],
    rows: pl.DataFrame,
) -> list[dict[str, object]]:
    """Results of one audit by signal; figures that cannot be told are None.

    `sizes` are the passages of each stratum in the corpus, `tagged` those of (stratum, signal) that
    the tagger gave it. `rows` are the labelled ones: stratum, and per signal the tagger's answer
    under its name and people's under `human_<name>`, 0 or 1.
    """
    names = sorted(sizes)
    place = {name: i for i, name in enumerate(names)}
    stratum = rows["stratum"].replace_strict(place, return_dtype=pl.Int64).to_numpy()
    whole = np.array([sizes[name] for name in names], dtype=np.int64)
    return [
        _row(name, stratum, whole, np.array([tagged.get((h, name), 0) for h in names]), rows)
        for name in signals
    ]


def _row(
    signal: str, stratum: Ints, whole: Ints, given: Ints, rows: pl.DataFrame
) -> dict[str, object]:
    answered, human = (
        rows[name].cast(pl.Float64).to_numpy() for name in (signal, f"human_{signal}")
    )
    found = audit(*counts(stratum, answered, human, np.stack([whole - given, given], axis=1)))
    return {
        "signal": signal,
        "n_passages": int(whole.sum()),
        "n_audited": rows.height,
        "n_audited_tagged": int(answered.sum()),
        "n_audited_positive": int(human.sum()),
        "share_tagged": float(given.sum() / whole.sum()),
        **_limits("precision", found.precision),
        **_limits("recall", found.recall),
        **_limits("share_corrected", found.corrected),
        **_limits("missed", found.missed),
    }


def _limits(name: str, one: Interval) -> dict[str, float | None]:
    figures = {name: one.value, f"{name}_lo": one.lo, f"{name}_hi": one.hi}
    return {key: None if np.isnan(value) else float(value) for key, value in figures.items()}
