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
from models.gate import Adoption, adoption
from models.leadtest import Sequences, sequences
from models.multiplicity import q_values
from models.panel import Known
from models.power import conversations_needed
from models.spec import ForecastSpec
from models.types import Bools, Floats, Ints

MIN_WEEKS, MIN_MENTIONS, MIN_MENTION_WEEKS = 52, 30, 13
ALPHA = 0.05
PURGED_T, REVERSE_T, NEARLY = 3.0, 2.7, 0.75
EVIDENCE: dict[str, pl.DataType] = {
    "as_of": pl.Date(),
    "signal": pl.String(),
    "target": pl.String(),
    "category": pl.String(),
    "status": pl.String(),
    "lead_weeks": pl.Int32(),
    **dict.fromkeys(
        ("effect", "effect_lo", "effect_hi", "p_value", "q_value", "oos_gain_share", "oos_p_value"),
        pl.Float64(),
    ),
    "direction_ok": pl.Boolean(),
    "adopted_since": pl.Date(),
    "change_reason": pl.String(),
    **dict.fromkeys(("n_weeks", "n_mentions", "n_conversations", "n_series"), pl.Int64()),
    "conversations_per_week_needed": pl.Float64(),
}


@dataclass(frozen=True, slots=True)
class TargetTest:
    """One target's tests: K signals, C categories with the pool last, T weeks.

    ``rate`` (K, C-1, T): each signal as heard, nan before it tells; ``demand`` (C-1, T): the log
    index; ``expected`` (C-1, T): what sales let expect of it, None of units; ``free`` (S, T): demand
    of the series without promotions, None where there are none. ``enough`` and
    ``adopted`` are (K, C); counts likewise; ``enough_by_week`` (K, C, T).
    """

    names: tuple[str, ...]
    categories: tuple[str, ...]
    results: Sequences
    rate: Floats
    demand: Floats
    expected: Floats | None
    free: Floats | None
    enough_by_week: Bools
    mentions: Floats
    conversations: Floats
    weeks_heard: Ints
    series: Ints
    needed: Floats
    adopted: Bools


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


@dataclass(frozen=True, slots=True)
class Gate:
    """One test's latest q, passes at every gate week (W,), week of its last change, direction."""

    q: float
    passed: Bools
    since: int
    right: bool


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


def _reason(passed: Bools, since: int, *, adopted: bool) -> str:
    recent = passed[-4:]
    count = f"passed {int(recent.sum())} of the last {len(recent)} weekly gates"
    if adopted:
        return f"adopted: {count}"
    return f"retired: {count}" if since >= 0 else f"never adopted: {count}"


def _status(p_value: float, *, adopted: bool, right: bool, few: bool) -> str:
    """Return the status of a tested pair; ``few``: less is said a week than it takes to tell."""
    if adopted:
        return "confirmed"
    if not right:
        return "rejected"
    if p_value <= ALPHA:
        return "candidate"
    return "insufficient" if few else "rejected"


def _row(test: TargetTest, place: tuple[int, int], gate: Gate) -> dict[str, object]:
    """Return what is known of the signal and scope at a place (k, c), without the key."""
    k, c = place
    r, pooled = test.results, c == len(test.categories)
    enough = bool(test.enough_by_week[k, c, -1])
    adopted = bool(test.adopted[k, c])
    signal = r.signal[k] if pooled else r.signal[k, c]
    sd = float(np.sqrt((np.ascontiguousarray(signal) ** 2).mean())) if signal.size else 0.0
    effect, se = float(r.effect[k, c, -1]) * sd, float(r.effect_se[k, c, -1]) * sd
    told: dict[str, object] = {
        "lead_weeks": int(r.lag[k, c, -1]),
        "effect": effect,
        "effect_lo": effect - 1.96 * se,
        "effect_hi": effect + 1.96 * se,
        "p_value": float(r.p[k, c, -1]),
        "q_value": gate.q,
        "oos_gain_share": float(r.oos_gain[k, c, -1]),
        "oos_p_value": float(r.oos_p[k, c, -1]),
        "direction_ok": gate.right,
    }
    needed = float(test.needed[k, c])
    few = float(test.conversations[k, c]) < needed * float(test.weeks_heard[c])
    p_value = min(float(r.p[k, c, -1]), float(r.oos_p[k, c, -1]))
    status = _status(p_value, adopted=adopted, right=gate.right, few=few)
    reason = _reason(gate.passed, gate.since, adopted=adopted)
    if status == "insufficient":
        reason += "; fewer conversations than it takes to tell"
    return {
        "status": status if enough else "insufficient",
        **(told if enough else dict.fromkeys(told)),
        "change_reason": reason if enough else "not enough said yet",
        "n_weeks": int(test.weeks_heard[c]),
        "n_mentions": round(float(test.mentions[k, c])),
        "n_conversations": round(float(test.conversations[k, c])),
        "n_series": int(test.series[c]),
        "conversations_per_week_needed": needed if np.isfinite(needed) else None,
    }


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
    rows: list[dict[str, object]] = []
    i = 0
    for target, test in tests.items():
        weeks = known.panels[target].weeks
        n_categories = len(test.categories) + 1
        right = direction_ok(test.results)[:, :, -1]
        for k, name in enumerate(test.names):
            for c in range(n_categories):
                if c == n_categories - 1 and n_categories == 2:
                    i += 1
                    continue
                test.adopted[k, c] = state.adopted[i]
                since = int(state.since[i])
                last_q = float(q[i, -1]) if q.shape[1] else np.nan
                gate = Gate(last_q, passed[i], since, bool(right[k, c]))
                row = _row(test, (k, c), gate)
                key = {
                    "as_of": known.cutoff,
                    "signal": name,
                    "target": target,
                    "category": test.categories[c] if c < n_categories - 1 else None,
                }
                start = weeks[MIN_WEEKS - 1 + since] if test.adopted[k, c] else None
                day = None if start is None else start.item()
                rows.append({**key, **row, "adopted_since": day})
                i += 1
    return Proof(pl.DataFrame(rows, schema=EVIDENCE), tests)
