"""Which signals lead which targets: everything tested at one cutoff, and what is adopted.

A signal passes a weekly gate for a category (or pooled over categories) when its lead test and its
out-of-sample test are both significant after Benjamini-Hochberg over everything tested at that
gate, it lowered out-of-sample error, and demand does not rather lead the signal. The gates of all
closed weeks from the 52nd on are computed; adoption follows three of the last four. That both
tests have to be passed, and three times, leaves room for asking every week: what is falsely adopted
at some time stays far below the bound (bench.signals and bench.placebo measure it).

Returns and tickets follow sales, and so what leads sales leads them too. Where sales are known, what
is tested of them is what came beyond what sales let expect (``models.outcomes``): a signal of
demand is then none of theirs, and the swings of sales are no noise of theirs.

What promotions did to units is taken off first, each week with effects learnt before it
(``models.undriven``): their swings would be noise, and customers speak of promotions.

The pooled test of a signal that all categories share is that of one series of weeks; bench.placebo
measures on real demand what pooled and single tests adopt that they should not.

``insufficient``: fewer than 52 weeks with taggable conversations, fewer than 30 mentions, or
mentions in fewer than 13 weeks, as of the cutoff: not tested. Also where nothing was found and
fewer conversations a week are heard than it would take to find a lead worth having: a signal
counted in few conversations is mostly noise, and no lead found in noise is no verdict.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from models.asked import Asked, asked_of
from models.evidence_rows import ALPHA, EVIDENCE, MIN_WEEKS, Gates, TargetTest, rows_of
from models.gate import Adoption, adoption
from models.leadtest import Sequences, sequences
from models.multiplicity import q_values
from models.panel import Known
from models.power import conversations_needed
from models.spec import ForecastSpec
from models.types import Bools, Floats

MIN_MENTIONS, MIN_MENTION_WEEKS = 30, 13
PURGED_T, REVERSE_T, NEARLY = 3.0, 2.7, 0.75


@dataclass(frozen=True, slots=True)
class Proof:
    """The evidence table, and per target the tests behind it."""

    evidence: pl.DataFrame
    tests: dict[str, TargetTest]


def _results(asked: Sequence[Asked], period: int) -> list[Sequences]:
    """Return the sequences of each; those that begin another's are read from it.

    Sequences are causal week by week: the first weeks of the longer are the shorter's.
    """
    out: dict[int, Sequences] = {}
    left = sorted(range(len(asked)), key=lambda i: (-asked[i].demand.shape[1], i))
    while left:
        longest = asked[left[0]]
        same = [i for i in left if asked[i].begins(longest)]
        ends = np.array(sorted({asked[i].demand.shape[1] for i in same}), dtype=np.int64)
        whole = sequences(longest.demand, longest.rate, longest.lags, period, ends)
        out |= {i: whole.first(asked[i].demand.shape[1]) for i in same}
        left = [i for i in left if i not in out]
    return [out[i] for i in range(len(asked))]


def _target_test(asked: Asked, results: Sequences) -> TargetTest:
    heard = np.cumsum((asked.taggable > 0).astype(np.int64), axis=1)
    enough = (
        (heard[None] >= MIN_WEEKS)
        & (np.cumsum(asked.mentions, axis=2) >= MIN_MENTIONS)
        & (np.cumsum(asked.mentions > 0, axis=2) >= MIN_MENTION_WEEKS)
    )
    told = (~np.isnan(asked.demand)).sum(axis=1) >= MIN_WEEKS
    enough[:, :-1] &= told[None, :, None]
    if len(asked.categories) == 1:
        enough[:, -1] = False
    everyone = np.repeat(asked.taggable.sum(axis=1)[None], len(asked.signals), axis=0)
    return TargetTest(
        asked.signals, asked.categories, results, asked.rate, asked.demand, asked.expected, asked.free,
        enough,
        asked.mentions.sum(axis=2), everyone,
        heard[:, -1], np.append(asked.series, asked.series.sum()),
        conversations_needed(asked.mentions, asked.taggable[None]),
        np.zeros(enough.shape[:2], dtype=bool),
    )  # fmt: skip


def direction_ok(results: Sequences) -> Bools:
    """Return where demand does not rather lead the signal.

    Demand does not lead the signal to speak of, or the signal's lead is the stronger of the two, or
    it is nearly as strong and remains in what demand's past leaves of the signal: a true two-way
    link passes, a mirror of demand does not.
    """
    lead, purged = np.abs(results.t), np.abs(results.purged_t)
    nearly = (lead >= NEARLY * results.reverse_t) & (purged >= PURGED_T)
    return np.asarray((results.reverse_t < REVERSE_T) | (lead >= results.reverse_t) | nearly)


def _flat(parts: Iterable[Floats]) -> Floats:
    """Return (tests, W) from per-target (K, C, W)."""
    return np.concatenate(
        [part.reshape(part.shape[0] * part.shape[1], part.shape[2]) for part in parts]
    )


def _gates(tests: list[TargetTest], fdr: float) -> tuple[Floats, Bools, Adoption]:
    """Return q as of each gate week, passes, and the state after the last gate."""
    first = MIN_WEEKS - 1
    p = _flat(np.maximum(t.results.p, t.results.oos_p)[:, :, first:] for t in tests)
    enough = _flat(t.enough_by_week[:, :, first:].astype(np.float64) for t in tests) > 0
    q = q_values(np.where(enough, p, np.nan))
    gain = _flat(t.results.oos_gain[:, :, first:] for t in tests)
    right = _flat(direction_ok(t.results)[:, :, first:].astype(np.float64) for t in tests) > 0
    passed = (np.nan_to_num(q, nan=1.0) <= fdr) & (p <= ALPHA) & (gain > 0) & right
    return q, passed, adoption(passed)


def prove(known: Known, spec: ForecastSpec) -> Proof:
    """Return the evidence as of the cutoff: one row per signal, target and category or pool."""
    return prove_many([known], spec)[0]


def prove_many(knowns: Sequence[Known], spec: ForecastSpec) -> list[Proof]:
    """Return ``prove`` of each, bit for bit what one at a time gives.

    Where an earlier cutoff knew of a target what the latest knows of the same weeks, tests are made
    once and read as they stood; where anything was known otherwise, they are made anew.
    """
    asked = [asked_of(known, spec) for known in knowns]
    tests: list[dict[str, TargetTest]] = [{} for _ in knowns]
    for target in sorted({name for each in asked for name in each}):
        at = [i for i, each in enumerate(asked) if target in each]
        results = _results([asked[i][target] for i in at], spec.season_weeks)
        for i, result in zip(at, results, strict=True):
            tests[i][target] = _target_test(asked[i][target], result)
    return [_judge(known, spec, each) for known, each in zip(knowns, tests, strict=True)]


def _judge(known: Known, spec: ForecastSpec, tests: dict[str, TargetTest]) -> Proof:
    if not tests:
        return Proof(pl.DataFrame(schema=EVIDENCE), {})
    q, passed, state = _gates(list(tests.values()), spec.fdr)
    latest = q[:, -1] if q.shape[1] else np.full(len(q), np.nan)
    parts, start = [], 0
    for target, test in tests.items():
        shape = test.adopted.shape
        own = slice(start, start + test.adopted.size)
        gates = Gates(
            latest[own].reshape(shape),
            direction_ok(test.results)[:, :, -1],
            state.adopted[own].reshape(shape),
            state.since[own].reshape(shape),
            passed[own].reshape(*shape, passed.shape[1]),
        )
        single = len(test.categories) == 1
        test.adopted[:, : 1 if single else None] = gates.adopted[:, : 1 if single else None]
        parts.append(rows_of(known, target, test, gates))
        start = own.stop
    return Proof(pl.concat(parts), tests)
